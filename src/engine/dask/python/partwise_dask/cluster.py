"""The Dask cluster as the gateway sees it: attach, bring partwise there, ask about workers. Public Client API only."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import io
import json
import logging
import os
import platform
import sys
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cloudpickle
from distributed import Client, Security, performance_report

from . import __version__, bootstrap, tasks
from .errors import build_changed

logger = logging.getLogger("partwise.cluster")

#: What workers never load: pictures, the command line, the compiler.
DRIVER_ONLY = {"@observablehq/plot", "@resvg/resvg-js", "linkedom", "commander", "yaml"}


async def _connected(client: Any) -> Any:
    return await client


#: Seconds from a worker's arrival to the news of it.
SETTLE = 0.3


class ClusterProblem(Exception):
    """The cluster cannot be used as it is; the message says why and what to do."""


class Cluster:
    """One Dask client, and what it has brought to the cluster."""

    def __init__(self, client: Client, home: str) -> None:
        self.client = client
        self.home = home
        self.build = bootstrap.content_of(home) or "none"
        self._bundling: asyncio.Task[None] | None = None
        self._report: Any = None
        self._change_listeners: set[Callable[[list[str], list[str]], Awaitable[None]]] = set()
        self._joined: list[str] = []
        self._left: list[str] = []
        self._changing: asyncio.Task[None] | None = None
        self._listeners: set[Callable[[dict[str, Any]], None]] = set()
        package = Path(__file__).parent
        self._sources = {f"partwise_dask/{path.name}": path.read_bytes() for path in sorted(package.glob("*.py"))}
        digest = hashlib.sha256()
        for name, data in self._sources.items():
            digest.update(name.encode() + data)
        self._content = digest.hexdigest()[:16]

    @staticmethod
    async def attach(address: str, home: str, security: Security | None, timeout: float) -> Cluster:
        """Connects to a scheduler and sets partwise up on it and its workers."""
        connecting = Client(
            address, asynchronous=True, security=security, timeout=timeout, name="partwise", direct_to_workers=True
        )
        # Dask's own limit is for each attempt; somebody who accepts and never answers would hold it for long.
        client = await asyncio.wait_for(_connected(connecting), timeout + 1)
        cluster = Cluster(client, home)
        await cluster.install()
        return cluster

    def on_sidecar_event(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Tells what happens in sidecars outside of tasks. Returns what takes the listener off."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def on_change(self, listener: Callable[[list[str], list[str]], Awaitable[None]]) -> Callable[[], None]:
        """Tells which workers came and went. Returns what takes the listener off."""
        self._change_listeners.add(listener)
        return lambda: self._change_listeners.discard(listener)

    def _scheduler_event(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict) and message.get("action") in ("add-worker", "remove-worker"):
            (self._joined if message["action"] == "add-worker" else self._left).append(str(message["worker"]))
            if self._changing is None:
                self._changing = asyncio.get_running_loop().create_task(self._changed())

    async def _changed(self) -> None:
        # Workers often come in numbers, and a new one needs a moment to start its sidecar.
        await asyncio.sleep(SETTLE if self._joined else 0.01)
        joined, left = sorted(set(self._joined)), sorted(set(self._left))
        self._joined, self._left = [], []
        self._changing = None
        for listener in list(self._change_listeners):
            await listener(joined, left)

    def _tell(self, event: tuple[float, Any]) -> None:
        for listener in list(self._listeners):
            listener(event[1])

    async def install(self) -> None:
        """Registers the plugins, and brings the build where workers do not have it."""
        # By value: the cluster cannot import what it has never seen.
        cloudpickle.register_pickle_by_value(bootstrap)
        common = (self._sources, __version__, self._content)
        self.client.subscribe_topic(tasks.SIDECAR_TOPIC, self._tell)
        self.client.subscribe_topic(bootstrap.WORKERS_TOPIC, self._scheduler_event)
        try:
            await self.client.register_plugin(bootstrap.PartwiseScheduler(*common))
            await self.client.register_plugin(bootstrap.PartwiseWorker(*common, self.build, self.home))
        except RuntimeError as error:
            raise ClusterProblem(str(error)) from None
        await self.client.run(tasks.prepare, self.build, on_error="ignore")
        workers = await self.describe()
        if any(facts.get("missing") for facts in workers.values()):
            await self.bring_bundle()
            workers = await self.describe()
        for address, facts in workers.items():
            if "problem" in facts:
                raise ClusterProblem(f"worker {facts['name']} at {address}: {facts['problem']}")

    async def bring_bundle(self) -> None:
        """Sends the build and the packages it needs to every worker, now and later; once, whoever asks.

        Raises ClusterProblem when the build is no longer what it was.
        """
        if self._bundling is None:
            self._bundling = asyncio.get_running_loop().create_task(self._bring_bundle())
        try:
            await asyncio.shield(self._bundling)
        except Exception:
            self._bundling = None
            raise

    async def _bring_bundle(self) -> None:
        self._assert_unchanged()
        bundle = await asyncio.to_thread(make_bundle, self.home)
        # Again, it takes seconds: the folder on a worker has to hold what its name says.
        self._assert_unchanged()
        logger.info("sending %.1f MB of JavaScript to the workers", len(bundle) / 1e6)
        plugin = bootstrap.PartwiseWorker(self._sources, __version__, self._content, self.build, self.home, bundle)
        await self.client.register_plugin(plugin)

    def _assert_unchanged(self) -> None:
        content = bootstrap.content_of(self.home)
        if content is None and self.build == "none":
            raise ClusterProblem(
                f"workers have no partwise, and there is no build in {self.home!r} to send them. Start the gateway "
                "with --home FOLDER (or PARTWISE_HOME), the folder of the partwise npm package."
            )
        if content != self.build:
            raise ClusterProblem(build_changed(self.home))

    async def wait_for_workers(self, count: int, timeout: float) -> None:
        """Waits until the cluster has so many workers. Raises ClusterProblem when time is over."""
        try:
            await self.client.wait_for_workers(count, timeout=timeout)
        except TimeoutError:
            there = len(await self.client.nthreads())
            raise ClusterProblem(
                f"{there} of {count} workers are there after {timeout:g} s. Start more (`dask worker "
                f"{self.client.scheduler.address}`, or the cluster's own way to scale), or wait longer (`timeout`)."
            ) from None

    async def logs(self, lines: int | None) -> dict[str, list[list[str]]]:
        """The last lines that each worker wrote: level and text."""
        found = await self.client.get_worker_logs(n=lines)
        return {worker: [[str(level), str(text)] for level, text in entries] for worker, entries in found.items()}

    async def report(self, path: str | None) -> None:
        """Begins to record for Dask's performance report, or ends it and writes the page when no path is given."""
        if path is None:
            if self._report is not None:
                recording, self._report = self._report, None
                await recording.__aexit__(None, None, None, code="partwise")
            return
        if importlib.util.find_spec("bokeh") is None:
            raise ClusterProblem(
                f"a performance report needs bokeh. Run `{sys.executable} -m pip install bokeh` here and where the "
                "scheduler runs."
            )
        if self._report is not None:
            raise ClusterProblem("a performance report is being recorded already.")
        recording = performance_report(filename=path)
        await recording.__aenter__()
        self._report = recording

    async def describe(self) -> dict[str, dict[str, Any]]:
        """What every worker says about itself, by address."""
        answers = await self.client.run(tasks.describe, self.build, on_error="return")
        return {address: _facts(address, answer) for address, answer in answers.items()}


def _facts(address: str, answer: Any) -> dict[str, Any]:
    if isinstance(answer, dict) and "nthreads" in answer:
        return answer
    # What could not even begin is answered by Dask itself.
    error = str(answer.get("exception_text") if isinstance(answer, dict) else answer)
    if "No module named 'partwise_dask" in error:
        loaded = f"it has loaded another partwise_dask than the driver's ({error}). Restart it."
        return {"name": address, "problem": loaded}
    return {"error": error}


def make_bundle(home: str) -> bytes:
    """A zip of the build and of the packages that it needs on workers of this platform."""
    out = io.BytesIO()
    root = Path(home)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(root / "package.json", "package.json")
        for name in bootstrap.build_files(str(root / "dist")):
            archive.write(root / "dist" / name, f"dist/{name}")
        for name, folder in sorted(packages_of(root).items()):
            for path in sorted(folder.rglob("*")):
                relative = path.relative_to(folder)
                if path.is_file() and relative.parts[0] != "node_modules" and path.suffix not in (".map", ".ts", ".md"):
                    archive.write(path, f"node_modules/{name}/{relative}")
    return out.getvalue()


def packages_of(root: Path) -> dict[str, Path]:
    """The packages that a worker may load, by name: dependencies of dependencies, optional ones that are here."""
    modules = find_modules(root)
    found: dict[str, Path] = {}
    wanted = [name for name in _dependencies(root) if name not in DRIVER_ONLY]
    while wanted:
        name = wanted.pop()
        folder = modules / name
        if name in found or not (folder / "package.json").exists():
            continue
        found[name] = folder
        wanted.extend(_dependencies(folder))
    return found


def find_modules(root: Path) -> Path:
    """Where the packages of the package in ``root`` are: below it, or beside it when it is installed itself."""
    own = root / "node_modules"
    if own.is_dir():
        return own
    for parent in root.resolve().parents:
        if parent.name == "node_modules":
            return parent
    return own


def _dependencies(folder: Path) -> list[str]:
    facts = json.loads((folder / "package.json").read_text())
    return [*facts.get("dependencies", {}), *facts.get("optionalDependencies", {})]


def versions() -> dict[str, str]:
    """What runs here, for `doctor` and for error messages."""
    import dask
    import distributed
    import msgpack

    return {
        "partwise": __version__,
        "python": platform.python_version(),
        "dask": str(dask.__version__),
        "distributed": str(distributed.__version__),
        "msgpack": ".".join(map(str, msgpack.version)),
        "host": platform.node(),
        "pid": str(os.getpid()),
    }


async def facts_of(cluster: Cluster) -> dict[str, Any]:
    """What a client wants to know about the cluster before it begins, and when it changes."""
    threads = await cluster.client.nthreads()
    workers = await cluster.describe()
    return {
        "workers": {address: int(count) for address, count in threads.items()},
        "limits": {address: facts["limit"] for address, facts in workers.items() if "limit" in facts},
        "dashboard": cluster.client.dashboard_link,
        "versions": versions(),
        "build": cluster.build,
    }
