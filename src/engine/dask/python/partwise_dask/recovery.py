"""Making good what is lost: who has to run again after an error, and when nobody will."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from distributed import KilledWorker

from . import tasks
from .cluster import Cluster, ClusterProblem
from .endings import Endings
from .errors import SidecarLost, SidecarUnusable, TaskFailed, ValuesLost
from .graph import Node
from .jobs import Jobs
from .plain_error import MAX_DEATHS, killed_sidecars, killed_workers, plain_error, unexpected

#: Losses that are noticed within this time are made good together, so that what they share is made once.
GATHER_LOSSES = 0.005


class Recovery:
    """Gives lost nodes to Dask again, those that are noticed together in one graph."""

    def __init__(
        self, cluster: Cluster, jobs: Jobs, endings: Endings, start: Callable[[list[Node]], Awaitable[None]]
    ) -> None:
        self._cluster = cluster
        self._jobs = jobs
        self._endings = endings
        self._start = start
        self._lost: set[Node] = set()
        self._starting: asyncio.Task[None] | None = None
        #: Attempts whose sidecar's death is counted: everybody who waits for one hears of it.
        self._counted: set[str] = set()
        #: Keys that were made again because their worker had no build.
        self._equipped: set[str] = set()

    def again(self, node: Node) -> None:
        """Makes a node again, and what is lost of all it is made from."""
        node.future = None
        self._lost.add(node)
        self._lost.update(one for one in node.carried if not one.ended.is_set())
        if self._starting is None:
            self._starting = self._jobs.start(self._start_lost())

    def value_is_lost(self, node: Node) -> None:
        """A value that was there has gone with its sidecar."""
        self._endings.undo(node)
        self.again(node)

    def given_up_by_dask(self, node: Node) -> None:
        """Something it was made from was put, and went with its worker."""
        gone = [
            one for one in node.ancestors() if one.future is not None and one.future.status in ("lost", "cancelled")
        ]
        self._inputs_are_lost(node, gone)

    async def errored(self, node: Node, error: BaseException | None) -> None:
        """A node's task has failed: its own error ends it, a loss is made good."""
        if isinstance(error, TaskFailed):
            self._endings.fail(node, error.plain)
        elif isinstance(error, ValuesLost):
            names = set(error.keys)
            victim = next((one for one in node.ancestors() if one.key == error.task), node)
            self._inputs_are_lost(node, [dep for dep in victim.deps if dep.key in names])
        elif isinstance(error, SidecarLost):
            self._killed(node, error)
        elif isinstance(error, SidecarUnusable):
            await self._not_set_up(node, error)
        elif isinstance(error, KilledWorker):
            victim = next((one for one in node.ancestors() if one.dask_key == error.task), node)
            self._endings.fail(node, killed_workers(victim, error))
        else:
            self._endings.fail(node, unexpected(node, " failed.", error))

    def _killed(self, node: Node, error: SidecarLost) -> None:
        victim = next((one for one in node.ancestors() if one.key == error.task), node)
        if error.attempt not in self._counted:
            self._counted.add(error.attempt)
            victim.deaths += 1
        if victim.deaths < MAX_DEATHS:
            self.again(node)
        else:
            self._endings.fail(node, killed_sidecars(victim, error))

    async def _not_set_up(self, node: Node, error: SidecarUnusable) -> None:
        problem: Exception = error
        if tasks.NOT_SET_UP in str(error) and node.key not in self._equipped:
            # A worker that came later, on a machine that does not see the driver's files.
            self._equipped.add(node.key)
            try:
                await self._cluster.bring_bundle()
                self.again(node)
                return
            except ClusterProblem as found:
                problem = found
        self._endings.fail(node, plain_error("PartwiseError", f"Dask engine: {node.where} cannot run: {problem}"))

    def _inputs_are_lost(self, node: Node, lost: Iterable[Node]) -> None:
        for one in lost:
            if one.future is None:
                continue
            one.future = None
            if one.ended.is_set() and one.error is None and one.kept:
                self.value_is_lost(one)
        self.again(node)

    async def _start_lost(self) -> None:
        await asyncio.sleep(GATHER_LOSSES)
        nodes, self._lost = list(self._lost), set()
        self._starting = None
        await self._start([node for node in nodes if node.future is None and node.error is None])
