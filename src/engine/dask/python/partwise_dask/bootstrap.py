"""Brings partwise to a cluster that has never heard of it.

The plugins of this module travel by value (cloudpickle), so nothing has to be installed beside Dask: they carry the
sources of this package, and, when workers cannot see the driver's files, the JavaScript build.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import os
import shutil
import sys
import tempfile
import zipfile
from typing import Any

from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin

#: Where the scheduler tells of workers that come and go.
WORKERS_TOPIC = "partwise-workers"


def install_package(sources: dict[str, bytes], version: str, content: str) -> None:
    """Makes ``import partwise_dask`` give the version that the driver has."""
    module = sys.modules.get("partwise_dask")
    if module is None:
        folder = _unpacked(
            f"py-{content}", lambda target: _write_all(target, sources), lambda target: _has_all(target, sources)
        )
        sys.path.insert(0, folder)
        module = importlib.import_module("partwise_dask")
    brought = os.path.basename(os.path.dirname(os.path.dirname(str(module.__file__))))
    if brought.startswith("py-") and brought != f"py-{content}" and module.__version__ == version:
        raise RuntimeError(
            f"another build of partwise_dask {version}, which an earlier driver brought, is in use on "
            f"{os.uname().nodename}. Restart the scheduler and the workers."
        )
    if module.__version__ != version:
        raise RuntimeError(
            f"partwise_dask {module.__version__} is on {os.uname().nodename}, the driver has {version}. "
            f"Run `pip install partwise-dask=={version}` there (or uninstall it: the driver brings its own), "
            "and restart the workers."
        )


def _write_all(folder: str, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def _has_all(folder: str, files: dict[str, bytes]) -> bool:
    try:
        for name, data in files.items():
            with open(os.path.join(folder, name), "rb") as file:
                if file.read() != data:
                    return False
    except OSError:
        return False
    return True


def _unzip(folder: str, bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(folder)


def _unpacked(name: str, unpack: Any, is_whole: Any) -> str:
    """A folder of this user that holds what ``unpack`` writes; made once on every machine, whole or not at all.

    Made again when ``is_whole`` says no: temporary files are cleaned up by age on many machines.
    """
    base = os.path.join(tempfile.gettempdir(), f"partwise-{os.getuid()}")
    os.makedirs(base, mode=0o700, exist_ok=True)
    status = os.stat(base)
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise RuntimeError(f"{base} belongs to somebody else or others may write to it. Remove it.")
    target = os.path.join(base, name)
    if is_whole(target):
        return target
    making = tempfile.mkdtemp(dir=base)
    unpack(making)
    with contextlib.suppress(OSError):  # another worker of this machine may be faster
        os.rename(target, f"{making}-old")
    try:
        os.rename(making, target)
    except OSError:
        if not is_whole(target):
            raise
        shutil.rmtree(making, ignore_errors=True)
    shutil.rmtree(f"{making}-old", ignore_errors=True)
    return target


def content_of(home: str) -> str | None:
    """A hash of the JavaScript build below ``home``; None when there is none, or somebody is building it just now."""
    root = os.path.join(home, "dist")
    if not os.path.exists(os.path.join(root, "src", "engine", "dask", "sidecar.js")):
        return None
    digest = hashlib.sha256()
    for name in build_files(root):
        digest.update(name.encode())
        try:
            with open(os.path.join(root, name), "rb") as file:
                digest.update(file.read())
        except FileNotFoundError:
            return None
    return digest.hexdigest()[:16]


def build_files(root: str) -> list[str]:
    """The files of a build that workers need, relative to ``root``."""
    found = []
    for folder, folders, files in os.walk(root):
        if folder == root:
            folders[:] = [one for one in folders if one not in ("bench", "examples")]
        for name in files:
            if name.endswith((".js", ".wasm", ".json")):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


class PartwiseScheduler(SchedulerPlugin):  # type: ignore[misc]
    """Makes the scheduler understand partwise's graphs: it unpickles them."""

    idempotent = True

    def __init__(self, sources: dict[str, bytes], version: str, content: str) -> None:
        self.name = f"partwise-scheduler-{content}"
        self.facts = (sources, version, content)

    async def start(self, scheduler: Any) -> None:
        install_package(*self.facts)

    # Dask tells of these on its topic "all" as well, among events that cannot be sent: a client that listens there
    # loses its connection with the first of them.
    def add_worker(self, scheduler: Any, worker: str) -> None:
        scheduler.log_event(WORKERS_TOPIC, {"action": "add-worker", "worker": worker})

    def remove_worker(self, scheduler: Any, worker: str, **kwargs: Any) -> None:
        scheduler.log_event(WORKERS_TOPIC, {"action": "remove-worker", "worker": worker})


class PartwiseWorker(WorkerPlugin):  # type: ignore[misc]
    """Keeps a sidecar beside the worker."""

    idempotent = True

    def __init__(
        self,
        sources: dict[str, bytes],
        version: str,
        content: str,
        build: str,
        home: str,
        bundle: bytes | None = None,
    ) -> None:
        # Dask sets a plugin up once: another folder with the same build is another plugin.
        where = hashlib.sha256(home.encode()).hexdigest()[:8] if bundle is None else "bundle"
        self.name = f"partwise-worker-{content}-{build}-{where}"
        self.facts = (sources, version, content)
        self.version = version
        self.build = build
        self.home = home
        self.bundle = bundle

    async def setup(self, worker: Any) -> None:
        install_package(*self.facts)
        plugin = importlib.import_module("partwise_dask.plugin")
        await plugin.start(worker, self.build, self.find_home(), self.version)

    async def teardown(self, worker: Any) -> None:
        plugin = importlib.import_module("partwise_dask.plugin")
        await plugin.stop(worker, self.build)

    def find_home(self) -> tuple[str, str | None] | None:
        """Where this machine has the driver's build: PARTWISE_HOME, the same folder, or what travelled along.

        With the hash of what is there, by which a later change is noticed.
        """
        chosen = os.environ.get("PARTWISE_HOME")
        if chosen:
            return chosen, content_of(chosen)
        if content_of(self.home) == self.build:
            return self.home, self.build
        bundle = self.bundle
        if bundle is not None:
            folder = _unpacked(
                f"js-{self.build}",
                lambda target: _unzip(target, bundle),
                lambda target: content_of(target) == self.build,
            )
            return folder, self.build
        return None
