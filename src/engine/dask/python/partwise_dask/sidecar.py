"""The Node process beside a Dask worker: started, asked over a Unix socket, and started again when it dies."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from . import wire
from .bootstrap import content_of
from .errors import SidecarKilled, SidecarUnusable, build_changed
from .value import Bytes

logger = logging.getLogger("partwise.sidecar")

START_TIMEOUT = 30.0
#: So many sidecars in a row may die young; then something on this machine is wrong.
MAX_FAILED_STARTS = 5
YOUNG = 2.0
#: Seconds that the sidecar of another build than the newest may be idle before it ends.
REST_AFTER = 10.0


OLDEST_NODE = (20, 19)


def _too_old(node: str) -> str | None:
    """What to say when this Node is too old for partwise, which shows itself as any error; None otherwise."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired, ValueError):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=5).stdout.strip()
        if said.startswith("v") and tuple(int(part) for part in said[1:].split(".")[:2]) < OLDEST_NODE:
            return (
                f"`{node}` is Node.js {said[1:]}; 20.19 or newer is needed. Install it on every worker (conda install "
                "-c conda-forge nodejs=20, or the image in deploy/), or set PARTWISE_NODE to its path."
            )
    return None


@dataclass(frozen=True)
class SidecarOptions:
    """What a sidecar is started with."""

    #: The folder of the partwise build: ``<home>/dist/src/engine/dask/sidecar.js`` has to exist.
    home: str
    threads: int
    #: The hash of that build; another one is not started. None: whatever is there.
    content: str | None = None
    memory_limit: int | None = None
    temp_directory: str | None = None
    node: str = "node"
    #: The address of this machine at which other workers reach it; without one, its tasks cannot work in teams.
    host: str | None = None
    #: Whether what sidecars send each other is encrypted.
    secure: bool = False
    environment: dict[str, str] = field(default_factory=dict)


class SidecarProcess:
    """One life of a sidecar. Requests may come from any thread; each uses a connection of its own."""

    def __init__(self, options: SidecarOptions, on_event: Callable[[dict[str, Any]], None]) -> None:
        self.alive = False
        #: Requests under way, and values that are held here for others.
        self.active = 0
        self.handles = 0
        self._on_event = on_event
        self._options = options
        node = shutil.which(options.node)
        script = Path(options.home, "dist", "src", "engine", "dask", "sidecar.js")
        if node is None:
            raise SidecarUnusable(
                f"there is no `{options.node}` on the PATH of this worker. Install Node.js 20.19 or newer on every "
                "worker (conda install -c conda-forge nodejs=20, or the image in deploy/), "
                "or set PARTWISE_NODE to its path."
            )
        if not script.exists():
            raise SidecarUnusable(f"there is no partwise build in {options.home} ({script} is missing).")
        if options.content is not None and content_of(options.home) != options.content:
            raise SidecarUnusable(build_changed(options.home))
        self._folder = tempfile.mkdtemp(prefix="partwise-sidecar-")
        self._path = os.path.join(self._folder, "socket")
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._freed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self._path)
        self._listener.listen()
        self._listener.settimeout(0.2)
        self._process = subprocess.Popen(
            [node, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **options.environment},
            start_new_session=True,
        )
        self.errors: list[str] = []
        threading.Thread(target=self._collect, args=(self._process.stderr,), daemon=True).start()
        self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        """Waits until the process ends, and returns its exit code."""
        code = self._process.wait()
        self._ended()
        return code

    def request(self, header: wire.Header, payload: Sequence[Bytes] = ()) -> tuple[wire.Header, Bytes]:
        """Asks, and waits for the answer. Raises ConnectionError when the sidecar dies."""
        with self._lock:
            self.active += 1
        answer: tuple[wire.Header, Bytes] | None = None
        try:
            answer = self._request(header, payload)
            return answer
        finally:
            with self._lock:
                self.active -= 1
                self.handles += answer is not None and "handle" in answer[0]

    def _request(self, header: wire.Header, payload: Sequence[Bytes]) -> tuple[wire.Header, Bytes]:
        sock = self._connection()
        try:
            wire.send(sock, header, payload)
            answer = wire.receive(sock)
        except OSError as error:
            sock.close()
            # A connection never ends while the process lives: it is dying, if it is not dead yet.
            self._process.kill()
            self._ended()
            raise ConnectionError(f"the sidecar (pid {self.pid}) died") from error
        with self._lock:
            self._idle.append(sock)
        return answer

    def fetch(self, key: str) -> Bytes:
        """The bytes of a value. Raises LookupError when the sidecar cannot bring it back."""
        header, payload = self.request({"op": "fetch", "handle": key})
        if not header["ok"]:
            raise LookupError(str(header["error"].get("message")))
        for event in header.get("events", ()):
            self._on_event(event)
        return payload

    def put(self, data: Bytes) -> str:
        """Places a value, and returns its key."""
        header, _ = self.request({"op": "put"}, [data])
        if not header["ok"]:
            raise MemoryError(str(header["error"].get("message")))
        return str(header["handle"])

    def free(self, key: str) -> None:
        """Gives a value up. Never blocks: finalizers call it, in any thread."""
        self._freed.put(key)

    def abort(self, run: str) -> None:
        """Stops what runs for a graph. Returns when it has ended."""
        self.request({"op": "abort", "run": run})

    def info(self) -> wire.Header:
        """Bytes held, the limit, the process id."""
        return self.request({"op": "info"})[0]

    def close(self) -> None:
        """Ends the process and waits for it."""
        self._process.kill()
        self._process.wait()
        self._ended()

    def _start(self) -> None:
        start = {
            "socket": self._path,
            "threads": self._options.threads,
            "memoryLimit": self._options.memory_limit,
            "tempDirectory": self._options.temp_directory,
            "host": self._options.host,
            "secure": self._options.secure,
        }
        line = json.dumps({key: value for key, value in start.items() if value is not None}) + "\n"
        ready: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        out = self._process.stdout
        assert out is not None and self._process.stdin is not None
        threading.Thread(target=lambda: ready.put(out.readline()), daemon=True).start()
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
            answer = ready.get(timeout=START_TIMEOUT)
        except (OSError, queue.Empty):
            answer = b""
        if not answer:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            killed = (self._process.poll() or 0) < 0
            self._process.kill()
            self._process.wait()
            time.sleep(0.05)  # the last words are read by another thread
            self._ended()
            if killed:
                raise SidecarKilled("a signal ended the sidecar while it started.")
            old = _too_old(self._options.node)
            if old is not None:
                raise SidecarUnusable(old)
            said = "".join(self.errors[-20:]).strip() or "it said nothing"
            raise SidecarUnusable(f"the sidecar did not start: {said}")
        self.alive = True
        threading.Thread(target=self._release_freed, daemon=True).start()

    def _collect(self, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            text = line.decode(errors="replace")
            self.errors = [*self.errors[-200:], text]
            logger.warning("%s", text.rstrip())

    def _connection(self) -> socket.socket:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        # The sidecar is told to connect. Connections are alike: whoever waits takes the first.
        try:
            stdin = self._process.stdin
            assert stdin is not None
            stdin.write(b"\n")
            stdin.flush()
            while self.alive:
                with contextlib.suppress(TimeoutError):
                    sock = self._listener.accept()[0]
                    sock.setblocking(True)
                    return sock
        except (OSError, ValueError) as error:
            self._ended()
            raise ConnectionError(f"the sidecar (pid {self.pid}) is gone") from error
        raise ConnectionError(f"the sidecar (pid {self.pid}) is gone")

    def _release_freed(self) -> None:
        while self.alive:
            try:
                keys = [self._freed.get(timeout=1.0)]
            except queue.Empty:
                continue
            with contextlib.suppress(queue.Empty):
                while True:
                    keys.append(self._freed.get_nowait())
            with contextlib.suppress(ConnectionError):
                self.request({"op": "free", "handles": keys})
            with self._lock:
                self.handles -= len(keys)

    def _ended(self) -> None:
        self.alive = False
        with self._lock:
            idle, self._idle = self._idle, []
        for sock in (*idle, self._listener):
            sock.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class Sidecar:
    """The sidecar of one worker through all its lives."""

    def __init__(self, options: SidecarOptions, on_event: Callable[[dict[str, Any]], None]) -> None:
        #: What its next life is started with.
        self.options = options
        self.tasks_done = 0
        #: Why the last attempt to start it failed; None when it did not.
        self.problem: str | None = None
        self.lives = 0
        self._on_event = on_event
        self._lock = threading.Lock()
        self._process: SidecarProcess | None = None
        self._failures = 0
        self._closed = False
        self._used = time.monotonic()
        self._retiring: threading.Thread | None = None
        self.id = uuid.uuid4().hex[:8]

    def process(self) -> SidecarProcess:
        """The living process, started if need be. Raises SidecarUnusable."""
        with self._lock:
            self._used = time.monotonic()
            process = self._process
            if process is not None and process.alive:
                return process
            if self._closed:
                raise SidecarUnusable("this worker is closing.")
            if self._failures >= MAX_FAILED_STARTS:
                self._failures = 0
                raise SidecarUnusable(f"the sidecar died {MAX_FAILED_STARTS} times in a row soon after its start.")
            process = self._started()
            self._process = process
            self.lives += 1
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
            return process

    def _started(self) -> SidecarProcess:
        for attempt in range(MAX_FAILED_STARTS):
            try:
                process = SidecarProcess(self.options, self._on_event)
                self.problem = None
                return process
            except SidecarUnusable as error:
                self.problem = str(error)
                if not isinstance(error, SidecarKilled) or attempt == MAX_FAILED_STARTS - 1:
                    raise
        raise AssertionError("the loop returns or raises")

    def retire(self) -> None:
        """From now on the process ends when it was idle for a while and holds nothing; a task starts it again."""
        with self._lock:
            if self._retiring is None and not self._closed:
                self._retiring = threading.Thread(target=self._rest_when_idle, daemon=True)
                self._retiring.start()

    def _rest_when_idle(self) -> None:
        while not self._closed:
            time.sleep(REST_AFTER / 2)
            self._rest_if_idle()

    def _rest_if_idle(self) -> None:
        with self._lock:
            process = self._process
            if process is None or process.active > 0 or process.handles > 0:
                return
            if time.monotonic() - self._used < REST_AFTER:
                return
            self._process = None
        process.close()

    def close(self) -> None:
        """Ends the process for good."""
        self._closed = True
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def info(self) -> dict[str, Any]:
        """What a person who looks after the cluster wants to know."""
        process = self._process
        if self.problem is not None:
            return {"problem": self.problem}
        facts: dict[str, Any] = {"lives": self.lives, "tasksDone": self.tasks_done, "home": self.options.home}
        if process is not None and process.alive:
            with contextlib.suppress(ConnectionError):
                facts.update(process.info())
        return facts

    def _watch(self, process: SidecarProcess) -> None:
        born = time.monotonic()
        code = process.wait()
        if self._closed or self._process is not process:
            return  # ended on purpose
        self._failures = self._failures + 1 if time.monotonic() - born < YOUNG else 0
        reason = f"sidecar {process.pid} ended with code {code}"
        logger.warning("%s; starting another", reason)
        self._on_event({"type": "sidecar", "reason": reason, "id": f"sidecar-{process.pid}"})
        with contextlib.suppress(SidecarUnusable):
            self.process()
