"""Questions of the same kind that go to the cluster together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from .jobs import Jobs

#: While so many are awaited, what comes within this time goes together: nobody waits for one of them.
MANY = 32
GATHERED = 0.02
#: One worker that does not answer must not hold up what is asked of others.
SLOW = 0.2

A = TypeVar("A")


class Batched(Generic[A]):
    """Asks about futures: the first at once, and what is asked while that is under way together with the next call.

    ``awaited`` says how many more there are that may be asked about soon.
    """

    def __init__(
        self, jobs: Jobs, ask: Callable[[list[Any]], Awaitable[Sequence[A]]], awaited: Callable[[], int]
    ) -> None:
        self._jobs = jobs
        self._ask = ask
        self._awaited = awaited
        self._waiting: list[tuple[Any, asyncio.Future[A]]] = []
        self._busy = False

    async def __call__(self, future: Any) -> A:
        """The answer for one future."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, answer))
        if not self._busy:
            self._busy = True
            self._jobs.start(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                if self._awaited() > MANY:
                    await asyncio.sleep(GATHERED)
                batch, self._waiting = self._waiting, []
                await asyncio.wait([self._jobs.start(self._answer(batch))], timeout=SLOW)
        finally:
            self._busy = False

    async def _answer(self, batch: list[tuple[Any, asyncio.Future[A]]]) -> None:
        try:
            found = await self._ask([future for future, _ in batch])
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), one in zip(batch, found, strict=True):
            if not answer.done():
                answer.set_result(one)
