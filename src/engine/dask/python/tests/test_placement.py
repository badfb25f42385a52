"""Values come to workers that join, although others leave just then."""

from __future__ import annotations

import asyncio

import pytest

from partwise_dask import placement


def test_values_are_moved_until_nothing_is_left_to_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "PAUSE", 0.0)
    outcomes: list[int | Exception] = [ValueError("the worker has gone"), 4, 0, 9]
    told: list[bool] = []

    async def move() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    asyncio.run(placement.until_even(move, lambda: told.append(True)))
    assert outcomes == [9]
    assert told == [True]


def test_moving_is_given_up_when_it_never_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "PAUSE", 0.0)
    tries: list[bool] = []

    async def move() -> int:
        tries.append(True)
        raise ValueError("no")

    asyncio.run(placement.until_even(move, lambda: None))
    assert len(tries) == placement.ATTEMPTS
