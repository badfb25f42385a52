"""Starts and stops the sidecar of a worker; called by the plugin that ``bootstrap`` brings."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

from dask.utils import parse_bytes

from . import companions
from .errors import SidecarUnusable
from .sidecar import Sidecar, SidecarOptions
from .tasks import PROBLEMS, SIDECAR_TOPIC, SIDECARS

logger = logging.getLogger("partwise.plugin")

#: The sidecar's share of a worker's memory limit; the rest is for Python, for values on their way, and for scratch.
MEMORY_SHARE = 0.6


async def start(worker: Any, build: str, found: tuple[str, str | None] | None, version: str) -> None:
    """Starts a worker's sidecar for drivers of one build, in the folder that was found, with the hash of what is there.

    Without a folder the worker has none, and its tasks say so. Sidecars of other builds go when their drivers have.
    """
    worker.handlers[companions.REQUEST] = companions.serve
    if found is None:
        logger.info("the driver's build of partwise is not on this machine; the driver will bring it")
        return
    home, content = found
    key = (worker.id, build)
    PROBLEMS.pop(key, None)
    loop = asyncio.get_running_loop()

    def on_event(event: dict[str, Any]) -> None:
        loop.call_soon_threadsafe(worker.log_event, SIDECAR_TOPIC, {**event, "on": worker.address})

    previous = SIDECARS.get(key)
    if previous is not None:
        # The same code in another folder, perhaps because the first is no longer what it was.
        previous.options = options_for(worker, home, content)
        return
    for other, old in list(SIDECARS.items()):
        if other[0] == worker.id and other != key:
            old.retire()
    sidecar = Sidecar(options_for(worker, home, content), on_event)
    try:
        check_version(home, version)
    except SidecarUnusable as error:
        # Not fatal for a worker that others may use as well: partwise's tasks fail with this message.
        PROBLEMS[key] = str(error)
        logger.error("partwise on %s: %s", worker.address, error)
        return
    # From here on every task that needs the sidecar tries to start it, should it not run.
    SIDECARS[key] = sidecar
    try:
        await loop.run_in_executor(None, sidecar.process)
    except SidecarUnusable as error:
        logger.error("partwise on %s: %s", worker.address, error)


async def stop(worker: Any, build: str) -> None:
    """Ends the sidecar of a worker for drivers of one build."""
    sidecar = SIDECARS.pop((worker.id, build), None)
    if sidecar is not None:
        await asyncio.get_running_loop().run_in_executor(None, sidecar.close)


def check_version(home: str, version: str) -> None:
    """Raises SidecarUnusable when the build in ``home`` is another version of partwise."""
    try:
        found = json.loads(Path(home, "package.json").read_text()).get("version")
    except OSError as error:
        raise SidecarUnusable(f"PARTWISE_HOME is {home}, and there is no partwise ({error}).") from error
    if found != version:
        raise SidecarUnusable(
            f"partwise {found} is in {home}, the driver has {version}. "
            f"Run `npm install partwise@{version}` there, or unset PARTWISE_HOME: the driver brings its own build."
        )


def options_for(worker: Any, home: str, content: str | None) -> SidecarOptions:
    """What the sidecar of this worker may use."""
    limit = os.environ.get("PARTWISE_MEMORY_LIMIT")
    allowed = worker.memory_manager.memory_limit
    memory = parse_bytes(limit) if limit else int(allowed * MEMORY_SHARE) if allowed else None
    return SidecarOptions(
        home=home,
        content=content,
        threads=worker.state.nthreads,
        memory_limit=memory,
        temp_directory=os.environ.get("PARTWISE_TEMP") or worker.local_directory,
        node=os.environ.get("PARTWISE_NODE") or "node",
        host=worker.ip,
        secure=worker.address.startswith("tls://"),
    )
