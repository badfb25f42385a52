"""Messages: what is written is read, and nothing else is believed."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading

import pytest

from partwise_dask import wire


def test_a_message_comes_back_with_its_payload_in_one_piece() -> None:
    left, right = socket.socketpair()
    with left, right:
        wire.send(left, {"op": "run", "n": 3, "deps": [{"key": "ż"}]}, [b"abc", memoryview(b"def"), bytearray(b"")])
        header, payload = wire.receive(right)
    assert header == {"op": "run", "n": 3, "deps": [{"key": "ż"}]}
    assert payload == b"abcdef"


def test_a_large_payload_comes_whole_and_can_be_kept_and_written() -> None:
    data = bytes(range(256)) * (wire.LARGE // 256) + b"end"
    left, right = socket.socketpair()
    with left, right:
        sender = threading.Thread(target=wire.send, args=(left, {}, [data]))
        sender.start()
        _, payload = wire.receive(right)
        sender.join()
    assert isinstance(payload, memoryview)
    gc.collect()
    assert payload == data
    payload[0] = 7
    assert bytes(payload[:2]) == b"\x07\x01"


def test_the_end_of_the_stream_in_a_message_is_an_error() -> None:
    left, right = socket.socketpair()
    with right:
        with left:
            left.sendall(wire.PREFIX.pack(10, 0) + b"abc")
        with pytest.raises(ConnectionError):
            wire.receive(right)


def test_a_header_that_is_too_long_or_no_map_is_refused_before_it_is_read() -> None:
    async def read(data: bytes) -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        await wire.read(reader, max_header=100)

    with pytest.raises(ValueError, match="at most 100"):
        asyncio.run(read(wire.PREFIX.pack(2**31, 0)))
    with pytest.raises(ValueError, match="map"):
        asyncio.run(read(wire.PREFIX.pack(1, 0) + b"\x01"))
