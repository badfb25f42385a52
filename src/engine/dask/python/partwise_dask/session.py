"""One client's graphs on the cluster: submitted, watched, fetched, let go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Iterable
from typing import Any

from distributed import Future, wait

from . import placement, tasks
from .batched import Batched
from .cluster import Cluster, facts_of
from .companion_taker import CompanionTaker
from .endings import Emit, Endings
from .graph import Node, carry, dask_graph, missing_for
from .jobs import Jobs
from .plain_error import NodeFailed, plain_error, unexpected, unrecoverable
from .recovery import Recovery
from .releases import Releases
from .value import INLINE_BYTES, Bytes, Handle, HandleLost, Inline, Value, value_of

logger = logging.getLogger("partwise.session")

#: How long what runs for a stopped graph is waited for.
STOP_SECONDS = 20


class Session:
    """What one TypeScript client has on the cluster."""

    def __init__(self, cluster: Cluster, emit: Emit) -> None:
        self.cluster = cluster
        self.client = cluster.client
        self.topic = f"partwise-{uuid.uuid4().hex[:12]}"
        self._emit = emit
        self._kept: dict[str, Node] = {}
        #: What runs, by its future: also what nobody keeps.
        self._running: dict[Any, Node] = {}
        self._closed = False
        self._jobs = Jobs(self._broken)
        self._endings = Endings(emit)
        self._releases = Releases()
        self._value_of = Batched(self._jobs, self._gather, lambda: len(self._running))
        self._size_of = Batched(self._jobs, self._sizes, lambda: len(self._running))
        self._recovery = Recovery(cluster, self._jobs, self._endings, self._start)
        self._companions = CompanionTaker(self.client, self._jobs, self._endings, self._recovery.again)
        self.client.subscribe_topic(self.topic, self._on_event)
        self._stop_changes = cluster.on_change(self._cluster_changed)
        self._stop_sidecars = cluster.on_sidecar_event(self._on_sidecar_event)

    # -- what the client asks for -----------------------------------------------------------------

    async def submit(self, run: str, wires: list[dict[str, Any]], blobs: list[bytes], keep: list[str]) -> None:
        """Takes a whole graph over: one message to the scheduler."""
        nodes: dict[str, Node] = {}
        for wire_task, blob in zip(wires, blobs, strict=True):
            key = wire_task["key"]
            nodes[key] = Node(
                key=key,
                run=run,
                deps=[nodes.get(dep) or self._kept[dep] for dep in wire_task["deps"]],
                specs=blob,
                label=wire_task["label"],
                partition=wire_task.get("partition"),
                resources=wire_task.get("resources") or {},
                kept=key in keep,
                beside=nodes.get(wire_task.get("beside", "")),
                shortcut=self._shortcut(wire_task.get("shortcut")),
            )
        for key in keep:
            self._kept[key] = nodes[key]
        read = {dep.key for node in nodes.values() for dep in node.deps}
        # Tasks that nobody reads or keeps run for what they do.
        targets = [node for node in nodes.values() if node.kept or node.key not in read]
        await self._start(targets)
        self._releases.follow_graph()

    def _shortcut(self, key: str | None) -> tuple[str, str] | None:
        node = self._kept.get(key) if key is not None else None
        return (node.key, node.dask_key) if node is not None else None

    async def put(
        self, key: str, data: Bytes, source: dict[str, Any] | None, specs: bytes | None, *, everywhere: bool = False
    ) -> None:
        """Takes a value over; ``source`` is the task that can make it again.

        With ``everywhere`` every worker gets it, and it can be put again as long as a task may need it.
        """
        deps = [self._kept[dep] for dep in source["deps"]] if source else []
        node = Node(key=key, run="put", deps=deps, specs=specs, label="put", kept=True)
        self._kept[key] = node
        # Small values are kept here too: putting them again costs nothing.
        node.data = data if everywhere or len(data) <= INLINE_BYTES else None
        node.everywhere = everywhere
        await self._scatter(node, data)

    async def fetch(self, keys: list[str]) -> list[Bytes]:
        """The values' bytes. Raises the first failed key's error as TaskFailed."""
        nodes = [self._kept[key] for key in keys]
        while True:
            for node in nodes:
                await node.ended.wait()
                if node.error is not None:
                    raise NodeFailed(node.error, node.cancelled)
            if any(node.key not in self._kept for node in nodes):
                raise KeyError(next(node.key for node in nodes if node.key not in self._kept))
            futures = [node.future for node in nodes]
            if any(future is None for future in futures):
                await asyncio.sleep(0)  # lost just now: it is about to be made again
                continue
            values = await self._gather([future for future in futures if future is not None])
            pieces: list[Bytes] = []
            for node, value in zip(nodes, values, strict=True):
                try:
                    if value is None:
                        raise HandleLost
                    pieces.append(value.to_bytes())
                except HandleLost:
                    self._recovery.value_is_lost(node)
            if len(pieces) == len(nodes):
                return pieces

    def release(self, keys: Iterable[str]) -> None:
        """Gives kept values up; Dask frees them when no task needs them."""
        for key in keys:
            node = self._kept.pop(key, None)
            if node is not None:
                node.kept = False
                if (node.ended.is_set() or node.specs is None) and node.future is not None:
                    self._releases.add(node.future)
                    node.future = None

    async def cancel(self, run: str) -> None:
        """Stops a graph: what waits never starts, what runs is stopped and waited for."""
        known = dict.fromkeys([*self._kept.values(), *self._running.values()])
        for node in [node for node in known if node.run == run and not node.ended.is_set()]:
            node.cancelled = True
            self._endings.fail(node, plain_error("AbortedError", "stopped by its signal"))
        await self._stop(run)
        # Sidecars refuse what comes late; what was made before may have to be made again.
        for node in known:
            for one in node.ancestors() if node.error is None else ():
                if one.run == run:
                    one.run = f"{run}/again"

    async def _stop(self, run: str) -> None:
        # A worker that is not heard of any more holds nobody up.
        with contextlib.suppress(Exception):
            stopping = self.client.run(tasks.abort, run, self.cluster.build, on_error="ignore")
            await asyncio.wait_for(stopping, STOP_SECONDS)

    async def locate(self, keys: list[str]) -> dict[str, list[str]]:
        """The workers that hold each value."""
        futures = {key: node.future for key in keys if (node := self._kept.get(key)) and node.future is not None}
        holders = await self.client.who_has(list(futures.values())) if futures else {}
        found: dict[str, list[str]] = {}
        for key in keys:
            node = self._kept.get(key)
            there = list(holders.get(futures[key].key, ())) if key in futures else []
            # Dask may not have heard of what its worker told us.
            early = node is not None and node.ended.is_set() and node.future is not None and node.worker is not None
            found[key] = there or ([str(node.worker)] if node is not None and early else [])
        return found

    async def rebalance(self, keys: list[str] | None = None) -> int:
        """Gives workers that hold too few of this client's large values some of the others'. Returns how many moved.

        Only ``keys``, when they are given.
        """
        chosen = self._kept.values() if keys is None else [self._kept[key] for key in keys]
        futures = [
            node.future
            for node in chosen
            if node.future is not None and node.ended.is_set() and node.future.type is Handle
        ]
        return await placement.rebalance(self.client, futures)

    async def close(self) -> None:
        """Lets everything go."""
        self._closed = True
        self._releases.let_go()
        runs = {node.run for node in [*self._kept.values(), *self._running.values()] if not node.ended.is_set()}
        self._kept.clear()
        await asyncio.gather(*(self._stop(run) for run in runs))
        self._jobs.stop()
        with contextlib.suppress(Exception):
            self.client.unsubscribe_topic(self.topic)
        self._stop_sidecars()
        self._stop_changes()

    # -- running and watching ---------------------------------------------------------------------

    async def _start(self, targets: list[Node]) -> None:
        """Makes the values of these nodes, and of all they are made from that is not there."""
        missing = missing_for(targets)
        failed = {id(node): node.error for node in missing if node.error is not None}
        runnable: list[Node] = []
        for node in missing:
            bad = next((dep.error for dep in node.deps if id(dep) in failed or dep.error is not None), None)
            if bad is not None:
                failed[id(node)] = bad
                self._endings.fail(node, bad)
            elif node.error is None:
                runnable.append(node)
        for node in runnable:
            if node.specs is None:
                if node.data is None:
                    self._endings.fail(node, unrecoverable(node))
                    await self._start([target for target in targets if target.error is None])
                    return
                if node.future is None:
                    await self._scatter(node, node.data)
        made = [node for node in runnable if node.specs is not None]
        wanted = {id(node) for node in targets}
        watched = [node for node in made if node.kept or id(node) in wanted]
        made, watched = carry(made, watched)
        graph = dask_graph(made, self.topic, self.cluster.build)
        if not watched:
            return
        by_resources: dict[tuple[tuple[str, float], ...], list[Node]] = {}
        for node in watched:
            by_resources.setdefault(tuple(sorted(node.resources.items())), []).append(node)
        for resources, group in by_resources.items():
            keys = [node.dask_key for node in group]
            futures = self.client.get(graph, keys, sync=False, resources=dict(resources) or None)
            for node, future in zip(group, futures, strict=True):
                node.future = future
                node.ended.clear()
                self._jobs.start(self._watch(node, future))
                if node.carried:
                    self._companions.early(node, future)

    async def _watch(self, node: Node, future: Any) -> None:
        self._running[future] = node
        with contextlib.suppress(Exception):
            await wait([future])
        self._running.pop(future, None)
        if node.asked is not None and future.status != "finished":
            node.asked[1].cancel()
        if future is None or node.future is not future or self._closed:
            return  # made again meanwhile, or let go
        try:
            if future.status == "finished":
                await self._finished(node, future)
            elif future.status == "error":
                await self._recovery.errored(node, await future.exception())
            else:
                self._recovery.given_up_by_dask(node)
        except Exception as error:
            logger.exception("watching %s failed", node.key)
            self._endings.fail(node, unexpected(node, ":", error))

    async def _finished(self, node: Node, future: Future) -> None:
        if node.carried:
            await self._companions.late(node, future)
        if node.ended.is_set():
            return  # its worker said so already
        if not node.kept:
            node.future = None
            self._endings.done(node, None)
            return
        value: Value | None = None
        if future.type is Inline:
            value = await self._value_of(future)
            if value is None:
                return  # its worker died just now; Dask makes it again, and this is called again
        if isinstance(value, Inline):
            self._endings.done(node, value.nbytes, value.data)
            return
        self._endings.done(node, await self._size_of(future))

    async def _scatter(self, node: Node, data: Bytes) -> None:
        # Several graphs may find at once that it is missing: each has a key of its own, and the last one's stays.
        key = node.renew_key()
        futures = await self.client.scatter({key: value_of(data)}, hash=False, broadcast=node.everywhere)
        node.dask_key = key
        node.future = futures[key]
        node.ended.set()

    async def _gather(self, futures: list[Future]) -> list[Value | None]:
        values = await self.client.gather(futures, errors="skip")
        if len(values) == len(futures):
            return list(values)
        found: list[Value | None] = []
        for future in futures:
            one = await self.client.gather([future], errors="skip")
            found.append(one[0] if one else None)
        return found

    async def _sizes(self, futures: list[Future]) -> list[int]:
        sizes = await self.client.nbytes([future.key for future in futures], summary=False)
        return [int(sizes.get(future.key, 0)) for future in futures]

    # -- what happens ----------------------------------------------------------------------------

    async def _cluster_changed(self, joined: list[str], left: list[str]) -> None:
        facts = await facts_of(self.cluster)
        self._emit({"op": "cluster", "facts": facts, "joined": joined, "left": left}, b"")
        if joined:
            forget = {"op": "cluster", "facts": {}, "joined": [], "left": []}
            await placement.until_even(self.rebalance, lambda: self._emit(forget, b""))

    def _on_event(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict):
            self._emit({"op": "event", "event": message}, b"")

    def _on_sidecar_event(self, message: dict[str, Any]) -> None:
        if message["type"] in ("sidecar", "spill") or message.get("key") in self._kept:
            self._emit({"op": "event", "event": message}, b"")

    def _broken(self, error: BaseException) -> None:
        if not self._closed:
            logger.error("the gateway failed", exc_info=error)
            self._emit({"op": "broken", "error": f"{type(error).__name__}: {error}"}, b"")
