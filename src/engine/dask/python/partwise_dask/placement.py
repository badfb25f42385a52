"""Which worker holds which values, and how they come to those that hold too few."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from distributed import Client, Future

logger = logging.getLogger("partwise.session")

#: A worker that joins often takes the place of one that the scheduler has not given up yet: what is moved to that one,
#: or from it, fails. Then once more, after so many seconds.
ATTEMPTS = 5
PAUSE = 1.0


async def until_even(move: Callable[[], Awaitable[int]], moved: Callable[[], None]) -> None:
    """Moves values until there is nothing to move, and tells each time that some have been."""
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            await asyncio.sleep(PAUSE)
        try:
            count = await move()
        except Exception as error:
            logger.info("values could not be moved: %s: %s", type(error).__name__, error)
            continue
        if count == 0:
            return
        moved()


async def rebalance(client: Client, futures: list[Future]) -> int:
    """Gives workers that hold too few of these values some of those that others have too many of.

    Copies; Dask's memory manager drops the surplus ones. Returns how many values were copied.
    """
    threads = await client.nthreads()
    if len(threads) < 2 or not futures:
        return 0
    holders: dict[Any, Any] = await client.who_has(futures)
    moves = shares(
        {future.key: list(holders.get(future.key, ())) for future in futures},
        {address: int(count) for address, count in threads.items()},
    )
    by_key = {future.key: future for future in futures}
    for worker, keys in moves.items():
        await client.replicate([by_key[key] for key in keys], n=1, workers=[worker])
    return sum(map(len, moves.values()))


def shares(holders: dict[str, list[str]], threads: dict[str, int]) -> dict[str, list[str]]:
    """Which keys to copy to which workers, so that each has as many as its threads are of all threads."""
    held: dict[str, list[str]] = {worker: [] for worker in threads}
    for key, workers in holders.items():
        known = [worker for worker in workers if worker in held]
        if known:
            held[min(known, key=lambda worker: len(held[worker]))].append(key)
    total, capacity = sum(map(len, held.values())), sum(threads.values())
    fair = {worker: total * count // capacity for worker, count in threads.items()}
    # Most from where there is most.
    above = [(at - fair[worker], key) for worker, keys in held.items() for at, key in enumerate(keys)]
    surplus = [key for excess, key in sorted(above) if excess >= 0]
    moves: dict[str, list[str]] = {}
    for worker, keys in held.items():
        wanted = fair[worker] - len(keys)
        if wanted > 0 and surplus:
            moves[worker] = [surplus.pop() for _ in range(min(wanted, len(surplus)))]
    return moves
