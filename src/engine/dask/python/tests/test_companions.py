"""Companions reach who asks for them, before or after they are made, once."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from partwise_dask import companions
from partwise_dask.value import Beside, Handle, Inline


def beside(data: bytes = b"abc") -> Beside:
    return Beside(100_000, [{"ok": True, "size": len(data)}], memoryview(data))


@pytest.mark.asyncio
async def test_who_asks_first_is_answered_when_they_are_made() -> None:
    value = Handle(100_000, data=b"x")
    asked = asyncio.create_task(companions.serve("early", 15.0))
    await asyncio.sleep(0)
    thread = threading.Thread(target=companions.offer, args=("early", value, beside()))
    thread.start()
    answer = await asked
    thread.join()
    assert answer["size"] == 100_000
    assert bytes(answer["data"].data) == b"abc"
    assert value.beside is None
    assert await companions.serve("early", 0) == {}


@pytest.mark.asyncio
async def test_who_asks_later_finds_them_with_the_value_once() -> None:
    value = Inline(b"small")
    companions.offer("late", value, beside(b"12345"))
    answer = await companions.serve("late", 0)
    assert bytes(answer["data"].data) == b"12345"
    assert await companions.serve("late", 0) == {}


def test_the_scheduler_may_take_them() -> None:
    value = Inline(b"small")
    companions.offer("roundabout", value, beside())
    found = companions.take("roundabout")
    assert found is not None and found.data == b"abc" and isinstance(found.data, bytes)
    assert companions.take("roundabout") is None


@pytest.mark.asyncio
async def test_they_go_with_the_value() -> None:
    value = Inline(b"small")
    companions.offer("freed", value, beside())
    del value
    gc.collect()
    assert await companions.serve("freed", 0) == {}


@pytest.mark.asyncio
async def test_nobody_waits_for_ever() -> None:
    assert await companions.serve("never", 0.01) == {}
    value = Inline(b"small")
    companions.offer("never", value, beside())
    assert value.beside is not None
