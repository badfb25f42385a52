"""The values of tasks as Dask holds them: small ones as bytes, large ones as handles to a sidecar's memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dask.sizeof import sizeof
from distributed.protocol import dask_deserialize, dask_serialize

if TYPE_CHECKING:
    from .sidecar import SidecarProcess

#: Values up to this size are plain bytes everywhere (as INLINE_BYTES in sidecar-server.ts).
INLINE_BYTES = 64 * 1024

Bytes = bytes | bytearray | memoryview


class Beside(NamedTuple):
    """Values that were made in the task of another one."""

    #: The bytes of that other one.
    size: int
    #: One for each value, in the order in which they were asked for: its ``size``, or the ``error`` as JavaScript knows
    #: errors.
    outcomes: Sequence[dict[str, Any]]
    #: The values one after another.
    data: Bytes


class HandleLost(Exception):
    """The sidecar that held a value has died, and no bytes of it are here."""


class Inline:
    """A small value: its bytes."""

    __slots__ = ("__weakref__", "beside", "data")

    def __init__(self, data: Bytes) -> None:
        self.data = data
        #: What was made in the same task, until the gateway takes it; copies of this value are without it.
        self.beside: Beside | None = None

    @property
    def nbytes(self) -> int:
        return len(self.data)

    def to_bytes(self) -> Bytes:
        return self.data


class Handle:
    """A large value. It lies in the memory of a sidecar, or is parked here as bytes until a task wants it.

    When the last reference goes, so does the memory in the sidecar.
    """

    __slots__ = ("__weakref__", "_data", "_key", "_lock", "_process", "beside", "nbytes")

    def __init__(
        self,
        nbytes: int,
        *,
        data: Bytes | None = None,
        process: SidecarProcess | None = None,
        key: str | None = None,
    ) -> None:
        self.nbytes = nbytes
        #: As Inline's.
        self.beside: Beside | None = None
        self._data = data
        self._process = process
        self._key = key
        self._lock = threading.Lock()

    @property
    def lost(self) -> bool:
        """True when neither a living sidecar nor this process has the value."""
        return self._data is None and (self._process is None or not self._process.alive)

    def to_bytes(self) -> Bytes:
        """The value's bytes, copied out of the sidecar if need be. Raises HandleLost."""
        with self._lock:
            if self._data is not None:
                return self._data
            if self._process is None or self._key is None or not self._process.alive:
                raise HandleLost
            try:
                return self._process.fetch(self._key)
            except (ConnectionError, LookupError) as error:
                raise HandleLost from error

    def place(self, process: SidecarProcess) -> str:
        """The key of the value in this sidecar, brought there if need be. Raises HandleLost."""
        with self._lock:
            if self._process is process and self._key is not None:
                return self._key
            data = self._data
            if data is None:
                if self._process is None or self._key is None or not self._process.alive:
                    raise HandleLost
                try:
                    data = self._process.fetch(self._key)
                except (ConnectionError, LookupError) as error:
                    raise HandleLost from error
            old_process, old_key = self._process, self._key
            self._key = process.put(data)
            self._process = process
            self._data = None
        if old_process is not None and old_key is not None:
            old_process.free(old_key)
        return self._key

    def __del__(self) -> None:
        process, key = getattr(self, "_process", None), getattr(self, "_key", None)
        if process is not None and key is not None:
            process.free(key)


Value = Inline | Handle


def value_of(data: Bytes) -> Value:
    """A value from its bytes."""
    return Inline(data) if len(data) <= INLINE_BYTES else Handle(len(data), data=data)


@sizeof.register(Inline)
@sizeof.register(Handle)
def _sizeof(value: Value) -> int:
    return int(value.nbytes) + 64


@dask_serialize.register(Inline)
def _pack_inline(value: Inline) -> tuple[dict[str, Any], list[Bytes]]:
    return {}, [value.data]


@dask_deserialize.register(Inline)
def _unpack_inline(header: dict[str, Any], frames: list[Bytes]) -> Inline:
    return Inline(_joined(frames))


@dask_serialize.register(Handle)
def _pack_handle(value: Handle) -> tuple[dict[str, Any], list[Bytes]]:
    # Never an error here: Dask would try the transfer again and again. The receiver sees that the value is lost.
    try:
        return {"nbytes": value.nbytes, "lost": False}, [value.to_bytes()]
    except HandleLost:
        return {"nbytes": value.nbytes, "lost": True}, []


@dask_deserialize.register(Handle)
def _unpack_handle(header: dict[str, Any], frames: list[Bytes]) -> Handle:
    return Handle(int(header["nbytes"]), data=None if header["lost"] else _joined(frames))


def _joined(frames: list[Bytes]) -> Bytes:
    return frames[0] if len(frames) == 1 else b"".join(frames)
