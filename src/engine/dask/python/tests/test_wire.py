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


def test_a_message_that_is_too_long_or_no_map_is_refused_before_it_is_read() -> None:
    async def read(data: bytes) -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        await wire.read(reader, limit=100)

    for sizes in ((2**31, 0), (1, 2**40)):
        with pytest.raises(ValueError, match="at most 100"):
            asyncio.run(read(wire.PREFIX.pack(*sizes)))
    with pytest.raises(ValueError, match="map"):
        asyncio.run(read(wire.PREFIX.pack(1, 0) + b"\x01"))


def test_large_messages_and_small_ones_come_in_order_over_a_stream() -> None:
    large = bytes(range(256)) * (3 * wire.LARGE // 256)

    async def main() -> None:
        received: list[tuple[int, bytes]] = []
        done = asyncio.Event()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while len(received) < 5:
                header, payload = await wire.read(reader)
                received.append((header["n"], bytes(payload)))
            done.set()
            writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        _, stream = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer = wire.Writer(stream)
        sent = [(0, b"a"), (1, large), (2, b"b"), (3, large[1:]), (4, b"")]
        for n, payload in sent:
            writer.send({"n": n}, [payload])
        await asyncio.wait_for(done.wait(), 15)
        assert received == sent
        writer.close()
        server.close()

    asyncio.run(main())


def test_a_connection_that_ends_in_a_large_message_is_an_error_on_one_side_and_none_on_the_other() -> None:
    async def main() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(100)
            writer.transport.abort()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        reader, stream = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer = wire.Writer(stream)
        writer.send({}, [bytes(64 * wire.LARGE)])
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asyncio.wait_for(wire.read(reader), 15)
        writer.send({"n": 1})
        writer.close()
        server.close()

        half = asyncio.StreamReader()
        half.feed_data(wire.PREFIX.pack(1, 2 * wire.LARGE) + b"\x80" + bytes(wire.LARGE))
        half.feed_eof()
        with pytest.raises(asyncio.IncompleteReadError):
            await wire.read(half)

    asyncio.run(main())
