"""The gateway's side of values that are made in another one's task: asked for early, or taken late."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from distributed import Client, Future

from . import companions
from .endings import Endings
from .graph import Node
from .jobs import Jobs
from .value import INLINE_BYTES, Beside

logger = logging.getLogger("partwise.session")

#: So many values may be waited for at the workers that make them, each on a connection of its own.
MAX_ASKED = 64
#: A worker is asked again after so long.
ASK_SECONDS = 10.0
#: When Dask knows that a value is made, and what was made in its task has not come: the time to wait before asking who
#: has it, and the time that the worker has that was asked already.
LATE = 0.02
TOO_LATE = 2.0


class CompanionTaker:
    """Brings what nodes carry to the client: without news of the scheduler when all goes well."""

    def __init__(self, client: Client, jobs: Jobs, endings: Endings, again: Callable[[Node], None]) -> None:
        self._client = client
        self._jobs = jobs
        self._endings = endings
        #: Makes a node by itself.
        self._again = again
        self._asking = 0
        #: Workers that did not answer when they were asked directly.
        self._unreachable: set[str] = set()

    def early(self, node: Node, future: Future) -> None:
        """Asks for what is carried where it will probably be made: where what it is made from is."""
        worker = next((dep.worker for dep in node.deps if dep.worker is not None), None)
        if worker is not None and worker not in self._unreachable and self._asking < MAX_ASKED:
            node.asked = (worker, self._jobs.start(self._ask(node, future, worker)))

    async def late(self, node: Node, future: Future) -> None:
        """Sees to what is carried by a node that is made. What is lost is made by itself."""
        worker, asked = node.asked or (None, None)
        if asked is not None:
            await asyncio.wait([asked], timeout=LATE)
            if not node.carried:
                return
        holders = list((await self._client.who_has([future])).get(future.key, ()))
        if asked is not None and worker in holders:
            await asyncio.wait([asked], timeout=TOO_LATE)
            if not node.carried:
                return
            self._unreachable.add(str(worker))
        if asked is not None:
            asked.cancel()
        for holder in holders:
            with contextlib.suppress(Exception):
                found = await self._take(future.key, holder)
                if found is not None and node.carried:
                    self._taken(node, holder, found)
        for one in node.carried:
            one.beside = None
            self._again(one)
        node.carried = []

    async def _ask(self, node: Node, future: Future, worker: str) -> None:
        self._asking += 1
        try:
            while node.future is future and not future.done():
                found = await companions.ask(self._client, worker, future.key, ASK_SECONDS)
                if found is not None and node.future is future:
                    self._taken(node, worker, found)
                    return
        except Exception as error:
            logger.info("worker %s cannot be asked directly: %s", worker, error)
            self._unreachable.add(worker)
        finally:
            self._asking -= 1

    async def _take(self, key: str, holder: str) -> Beside | None:
        if holder not in self._unreachable:
            return await companions.ask(self._client, holder, key)
        answers = await self._client.run(companions.take, key, workers=[holder], on_error="ignore")
        found: Beside | None = answers.get(holder)
        return found

    def _taken(self, node: Node, worker: str, found: Beside) -> None:
        """What was carried is here; so the node is made."""
        node.worker = worker
        data, at = memoryview(found.data), 0
        for one, outcome in zip(node.carried, found.outcomes, strict=True):
            size = outcome.get("size", 0)
            if "error" in outcome:
                self._endings.fail(one, outcome["error"])
            elif not one.ended.is_set():
                self._endings.done(one, size, data[at : at + size])
            at += size
        # The lineage keeps this node for long, and them with it.
        node.carried = []
        if node.kept and found.size > INLINE_BYTES and not node.ended.is_set():
            self._endings.done(node, found.size)
