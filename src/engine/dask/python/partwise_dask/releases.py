"""Values that the client has given up, let go together."""

from __future__ import annotations

import asyncio
from typing import Any

#: Dask sends what a client says no more often than every 10 ms, and what the scheduler says to a worker every 5 ms. So
#: that a graph has to wait for neither, releases are seldom, and follow a graph: what comes within these 10 ms after
#: it goes together, while the graph runs.
RELEASE_DELAY = 0.1
RELEASE_AFTER_GRAPH = 0.002


class Releases:
    """Futures that wait to be let go: Dask frees their values when no task needs them."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def add(self, future: Any) -> None:
        """Takes a future over; this was its last reference."""
        self._waiting.append(future)
        if self._timer is None:
            self._let_go_in(RELEASE_DELAY)

    def follow_graph(self) -> None:
        """A graph has gone to the scheduler: now they cost least."""
        if self._waiting and asyncio.get_running_loop().time() - self._last > RELEASE_DELAY:
            self._let_go_in(RELEASE_AFTER_GRAPH)

    def let_go(self) -> None:
        """Lets all of them go at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = asyncio.get_running_loop().time()
        self._waiting.clear()

    def _let_go_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.let_go)
