"""What a session does beside answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Jobs:
    """Tasks of the event loop that nobody awaits: kept alive, and their failures told."""

    def __init__(self, broken: Callable[[BaseException], None]) -> None:
        self._broken = broken
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begins to work."""
        job: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._running.add(job)
        job.add_done_callback(self._ended)
        return job

    def stop(self) -> None:
        """Stops them all."""
        for job in list(self._running):
            job.cancel()

    def _ended(self, job: asyncio.Task[None]) -> None:
        self._running.discard(job)
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._broken(error)
