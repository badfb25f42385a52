"""Questions that go together: who asks gets the answer to the own question, and nobody waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from partwise_dask.batched import MANY, Batched
from partwise_dask.jobs import Jobs


def jobs() -> Jobs:
    def broken(error: BaseException) -> None:
        raise error

    return Jobs(broken)


def test_the_first_goes_at_once_and_those_that_come_meanwhile_go_together() -> None:
    async def main() -> None:
        calls: list[list[Any]] = []

        async def ask(keys: list[Any]) -> Sequence[int]:
            calls.append(keys)
            await asyncio.sleep(0.01)
            return [key * 10 for key in keys]

        batched = Batched(jobs(), ask, lambda: 0)
        first = asyncio.create_task(batched(1))
        while not calls:
            await asyncio.sleep(0)
        assert await asyncio.gather(first, *(batched(key) for key in (2, 3, 4))) == [10, 20, 30, 40]
        assert calls == [[1], [2, 3, 4]]
        assert await batched(5) == 50

    asyncio.run(main())


def test_where_many_are_awaited_the_first_waits_for_more() -> None:
    async def main() -> None:
        calls: list[list[Any]] = []

        async def ask(keys: list[Any]) -> Sequence[int]:
            calls.append(keys)
            return keys

        batched = Batched(jobs(), ask, lambda: MANY + 1)
        first = asyncio.create_task(batched(1))
        await asyncio.sleep(0)
        await asyncio.gather(first, batched(2))
        assert calls == [[1, 2]]

    asyncio.run(main())


def test_one_that_hangs_or_fails_keeps_no_other_from_its_answer() -> None:
    async def main() -> None:
        async def ask(keys: list[Any]) -> Sequence[int]:
            if 1 in keys:
                await asyncio.Event().wait()
            if 2 in keys:
                raise OSError("gone")
            return keys

        batched = Batched(jobs(), ask, lambda: 0)
        hanging = asyncio.create_task(batched(1))
        await asyncio.sleep(0.01)
        with pytest.raises(OSError, match="gone"):
            await batched(2)
        assert await batched(3) == 3
        assert not hanging.done()
        hanging.cancel()

    asyncio.run(main())
