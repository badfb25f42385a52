"""Length-prefixed msgpack: ``[u32 header length][u64 payload length][header][payload]``, little endian.

The payload is raw bytes that belong to the header, so that values pass without being packed and unpacked.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import socket
import struct
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

import msgpack

PREFIX = struct.Struct("<IQ")
MAX_HEADER = 1 << 30
#: Messages up to this size are copied to be written in one piece.
SMALL = 1 << 16
#: Parts from this size on get memory that is not filled with zeros first.
LARGE = 1 << 20
#: So much of a large message is given to a stream at once, which copies what the system does not take.
CHUNK = 1 << 18

Header = dict[str, Any]
Piece = bytes | bytearray | memoryview


def pack(header: Header, payload: Sequence[Piece] = ()) -> list[Piece]:
    """A message in pieces, ready to be written one after another."""
    head: bytes = msgpack.packb(header, use_bin_type=True)
    size = sum(len(memoryview(piece).cast("B")) for piece in payload)
    return [PREFIX.pack(len(head), size) + head, *payload]


def unpack_header(data: Piece) -> Header:
    """The header of a message."""
    header = msgpack.unpackb(data, raw=False, strict_map_key=False)
    if not isinstance(header, dict):
        raise ValueError("a message's header has to be a map")
    return header


def send(sock: socket.socket, header: Header, payload: Sequence[Piece] = ()) -> None:
    """Writes one message to a blocking socket; a small one at once, so that the other side wakes up once."""
    pieces = pack(header, payload)
    for piece in [b"".join(pieces)] if sum(map(len, pieces)) <= SMALL else pieces:
        sock.sendall(piece)


def receive(sock: socket.socket) -> tuple[Header, Piece]:
    """Reads one message from a blocking socket. Raises ConnectionError at its end."""
    head_size, size = PREFIX.unpack(_exactly(sock, PREFIX.size))
    header = unpack_header(_exactly(sock, head_size))
    return header, _exactly(sock, size)


def empty(size: int) -> bytearray | memoryview:
    """Memory to receive into."""
    if size < LARGE or sys.platform == "win32":
        return bytearray(size)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # The system's time to give pages is most of what receiving takes.
        block.madvise(mmap.MADV_HUGEPAGE)
    # It goes with its last view.
    return memoryview(block)


def _exactly(sock: socket.socket, size: int) -> bytearray | memoryview:
    data = empty(size)
    view = memoryview(data)
    at = 0
    while at < size:
        got = sock.recv_into(view[at:])
        if got == 0:
            raise ConnectionError("the other side closed the connection")
        at += got
    return data


async def read(reader: asyncio.StreamReader, limit: int | None = None) -> tuple[Header, Piece]:
    """Reads one message from a stream. Raises IncompleteReadError at its end, ValueError at one beyond the limit."""
    head_size, size = PREFIX.unpack(await reader.readexactly(PREFIX.size))
    if head_size > MAX_HEADER or (limit is not None and head_size + size > limit):
        raise ValueError(f"a message of {head_size} + {size} bytes, at most {limit or MAX_HEADER} are allowed here")
    header = unpack_header(await reader.readexactly(head_size))
    return header, await _exactly_from(reader, size)


async def _exactly_from(reader: asyncio.StreamReader, size: int) -> Piece:
    if size < LARGE:
        return await reader.readexactly(size) if size else b""
    # The stream would put a large payload together in a buffer that grows, and copy that.
    data = memoryview(empty(size))
    at = 0
    while at < size:
        chunk = await reader.read(min(size - at, LARGE))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", size)
        data[at : at + len(chunk)] = chunk
        at += len(chunk)
    return data


class Writer:
    """Writes messages to a stream, one after another; of large ones only so much at a time as the stream takes."""

    def __init__(self, stream: asyncio.StreamWriter) -> None:
        self._stream = stream
        self._waiting: deque[list[Piece]] = deque()
        self._writing: asyncio.Task[None] | None = None

    def send(self, header: Header, payload: Sequence[Piece] = ()) -> None:
        """Writes a message, at once or when those before are written."""
        if self._stream.is_closing():
            return
        pieces = pack(header, payload)
        if self._writing is None and sum(map(len, pieces)) < LARGE:
            self._stream.writelines(pieces)
            return
        self._waiting.append(pieces)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    def close(self) -> None:
        """Closes the stream; what is not written yet never is."""
        if self._writing is not None:
            self._writing.cancel()
        self._stream.close()

    async def _write(self) -> None:
        # The reader of the other direction notices the end of a connection.
        with contextlib.suppress(ConnectionError):
            while self._waiting:
                for piece in self._waiting.popleft():
                    for at in range(0, len(piece), CHUNK):
                        self._stream.write(memoryview(piece)[at : at + CHUNK])
                        await self._stream.drain()
        self._writing = None
