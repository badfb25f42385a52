"""One client's graphs on the cluster: submitted, watched, recovered, fetched, let go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from distributed import Future, KilledWorker, wait

from . import companions, tasks
from .cluster import Cluster, facts_of
from .errors import SidecarLost, SidecarUnusable, TaskFailed, ValuesLost
from .graph import Node, dask_graph, missing_for
from .value import INLINE_BYTES, Beside, Bytes, Handle, HandleLost, Inline, Value, value_of

logger = logging.getLogger("partwise.session")

MAX_DEATHS = 3
#: Losses that are noticed within this time are made good together, so that what they share is made once.
GATHER_LOSSES = 0.005
#: Dask sends what a client says no more often than every 10 ms, and what the scheduler says to a worker every 5 ms. So
#: that a graph has to wait for neither, releases are seldom, and follow a graph: what comes within these 10 ms after
#: it goes together, while the graph runs.
RELEASE_DELAY = 0.1
RELEASE_AFTER_GRAPH = 0.002
#: So many values may be waited for at the workers that make them, each on a connection of its own.
MAX_ASKED = 64
#: A worker is asked again after so long.
ASK_SECONDS = 10.0
#: When Dask knows that a value is made, and what was made in its task has not come: the time to wait before asking who
#: has it, and the time that the worker has that was asked already.
LATE = 0.02
TOO_LATE = 2.0

PlainError = dict[str, Any]
Emit = Callable[[dict[str, Any], Bytes], None]


def plain_error(name: str, message: str, **details: Any) -> PlainError:
    """An error of partwise as JavaScript reads it."""
    return {"name": name, "message": message, **({"details": details} if details else {})}


class Session:
    """What one TypeScript client has on the cluster."""

    def __init__(self, cluster: Cluster, emit: Emit) -> None:
        self.cluster = cluster
        self.client = cluster.client
        self.topic = f"partwise-{uuid.uuid4().hex[:12]}"
        self._emit = emit
        self._kept: dict[str, Node] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._retry: set[Node] = set()
        self._retrying: asyncio.Task[None] | None = None
        self._counted: set[str] = set()
        self._next_worker = 0
        self._closed = False
        self._released: list[Any] = []
        self._letting_go: asyncio.TimerHandle | None = None
        self._let_go_at = 0.0
        self._asking = 0
        #: Workers that did not answer when they were asked directly.
        self._unreachable: set[str] = set()
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
            )
        for key in keep:
            self._kept[key] = nodes[key]
        read = {dep.key for node in nodes.values() for dep in node.deps}
        # Tasks that nobody reads or keeps run for what they do.
        targets = [node for node in nodes.values() if node.kept or node.key not in read]
        await self._start(targets)
        if self._released and asyncio.get_running_loop().time() - self._let_go_at > RELEASE_DELAY:
            self._let_go_in(RELEASE_AFTER_GRAPH)

    async def put(
        self, key: str, data: bytes, source: dict[str, Any] | None, specs: bytes | None, *, everywhere: bool = False
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
            futures = [node.future for node in nodes]
            if any(future is None for future in futures):
                continue
            values = await self._gather([future for future in futures if future is not None])
            pieces: list[Bytes] = []
            for node, value in zip(nodes, values, strict=True):
                try:
                    pieces.append(value.to_bytes() if value is not None else _lost())
                except HandleLost:
                    self._value_is_lost(node)
            if len(pieces) == len(nodes):
                return pieces

    def release(self, keys: Iterable[str]) -> None:
        """Gives kept values up; Dask frees them when no task needs them."""
        for key in keys:
            node = self._kept.pop(key, None)
            if node is not None:
                node.kept = False
                if (node.ended.is_set() or node.specs is None) and node.future is not None:
                    self._released.append(node.future)
                    node.future = None
        if self._released and self._letting_go is None:
            self._let_go_in(RELEASE_DELAY)

    def _let_go_in(self, seconds: float) -> None:
        if self._letting_go is not None:
            self._letting_go.cancel()
        self._letting_go = asyncio.get_running_loop().call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        if self._letting_go is not None:
            self._letting_go.cancel()
            self._letting_go = None
        self._let_go_at = asyncio.get_running_loop().time()
        self._released.clear()

    async def cancel(self, run: str) -> None:
        """Stops a graph: what waits never starts, what runs is asked to stop."""
        for node in [node for node in self._kept.values() if node.run == run and not node.ended.is_set()]:
            node.cancelled = True
            self._fail(node, plain_error("AbortedError", "stopped by its signal"))
        with contextlib.suppress(Exception):
            await self.client.run(tasks.abort, run, on_error="ignore")

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

    async def close(self) -> None:
        """Lets everything go."""
        self._closed = True
        self._let_go()
        runs = {node.run for node in self._kept.values() if not node.ended.is_set()}
        self._kept.clear()
        for run in runs:
            with contextlib.suppress(Exception):
                await self.client.run(tasks.abort, run, on_error="ignore")
        for job in list(self._jobs):
            job.cancel()
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
                self._fail(node, bad)
            elif node.error is None:
                runnable.append(node)
        for node in runnable:
            if node.specs is None:
                if node.data is None:
                    self._fail(node, _unrecoverable(node))
                    await self._start([target for target in targets if target.error is None])
                    return
                if node.future is None:
                    await self._scatter(node, node.data)
        made = [node for node in runnable if node.specs is not None]
        wanted = {id(node) for node in targets}
        watched = [node for node in made if node.kept or id(node) in wanted]
        made, watched = _carry(made, watched)
        graph = dask_graph(made, self.topic)
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
                self._job(self._watch(node, future))
                if node.carried:
                    self._ask_early(node, future)

    async def _watch(self, node: Node, future: Any) -> None:
        with contextlib.suppress(Exception):
            await wait([future])
        if node.asked is not None and future.status != "finished":
            node.asked[1].cancel()
        if future is None or node.future is not future or self._closed:
            return  # made again meanwhile, or let go
        try:
            if future.status == "finished":
                await self._finished(node, future)
            elif future.status == "error":
                await self._errored(node, await future.exception())
            else:
                self._cancelled_by_dask(node)
        except Exception as error:
            logger.exception("watching %s failed", node.key)
            self._fail(
                node,
                plain_error("PartwiseError", f"Dask engine: {node.where}: {type(error).__name__}: {error}"),
            )

    def _cancelled_by_dask(self, node: Node) -> None:
        """Something it was made from was put, and went with its worker."""
        gone = [
            one for one in node.ancestors() if one.future is not None and one.future.status in ("lost", "cancelled")
        ]
        self._inputs_are_lost(node, gone)

    async def _finished(self, node: Node, future: Future) -> None:
        if node.carried:
            await self._take_late(node, future)
        if node.ended.is_set():
            return  # its worker said so already
        if not node.kept:
            node.future = None
            node.ended.set()
            self._emit({"op": "end", "key": node.key, "state": "done"}, b"")
            return
        value: Value | None = None
        if future.type is Inline:
            (value,) = await self._gather([future])
            if value is None:
                return  # its worker died just now; Dask makes it again, and this is called again
        if isinstance(value, Inline):
            self._done(node, value.nbytes, value.data)
            return
        sizes = await self.client.nbytes([future.key], summary=False)
        self._done(node, int(sizes.get(future.key, 0)))

    def _done(self, node: Node, size: int, data: Bytes = b"") -> None:
        node.ended.set()
        self._emit({"op": "end", "key": node.key, "state": "done", "bytes": size}, data)

    def _ask_early(self, node: Node, future: Future) -> None:
        """Asks for what is carried where it will probably be made: where what it is made from is."""
        worker = next((dep.worker for dep in node.deps if dep.worker is not None), None)
        if worker is not None and worker not in self._unreachable and self._asking < MAX_ASKED:
            node.asked = (worker, self._job(self._take_early(node, future, worker)))

    async def _take_early(self, node: Node, future: Future, worker: str) -> None:
        self._asking += 1
        try:
            while node.future is future and not future.done():
                found = await companions.ask(self.client, worker, future.key, ASK_SECONDS)
                if found is not None and node.future is future:
                    self._taken(node, worker, found)
                    return
        except Exception as error:
            logger.info("worker %s cannot be asked directly: %s", worker, error)
            self._unreachable.add(worker)
        finally:
            self._asking -= 1

    async def _take_late(self, node: Node, future: Future) -> None:
        """Sees to what is carried by a node that is made. What is lost is made by itself."""
        worker, asked = node.asked or (None, None)
        if asked is not None:
            await asyncio.wait([asked], timeout=LATE)
            if not node.carried:
                return
        holders = list((await self.client.who_has([future])).get(future.key, ()))
        if asked is not None and worker in holders:
            await asyncio.wait([asked], timeout=TOO_LATE)
            if not node.carried:
                return
            self._unreachable.add(str(worker))
        if asked is not None:
            asked.cancel()
        for holder in holders:
            with contextlib.suppress(Exception):
                found = (
                    (await self.client.run(companions.take, future.key, workers=[holder], on_error="ignore")).get(
                        holder
                    )
                    if holder in self._unreachable
                    else await companions.ask(self.client, holder, future.key)
                )
                if found is not None and node.carried:
                    self._taken(node, holder, found)
        for one in node.carried:
            one.beside = None
            self._again(one)
        node.carried = []

    def _taken(self, node: Node, worker: str, found: Beside) -> None:
        """What was carried is here; so the node is made."""
        node.worker = worker
        data, at = memoryview(found.data), 0
        for one, outcome in zip(node.carried, found.outcomes, strict=True):
            size = outcome.get("size", 0)
            if "error" in outcome:
                self._fail(one, outcome["error"])
            elif not one.ended.is_set():
                self._done(one, size, data[at : at + size])
            at += size
        # The lineage keeps this node for long, and them with it.
        node.carried = []
        if node.kept and found.size > INLINE_BYTES and not node.ended.is_set():
            self._done(node, found.size)

    async def _errored(self, node: Node, error: BaseException | None) -> None:
        if isinstance(error, TaskFailed):
            self._fail(node, error.plain)
        elif isinstance(error, ValuesLost):
            names = set(error.keys)
            victim = next((one for one in node.ancestors() if one.key == error.task), node)
            self._inputs_are_lost(node, [dep for dep in victim.deps if dep.key in names])
        elif isinstance(error, SidecarLost):
            self._killed(node, error)
        elif isinstance(error, SidecarUnusable) and not self.cluster.bundled and tasks.NOT_SET_UP in str(error):
            # A worker that came later, on a machine that does not see the driver's files.
            await self.cluster.bring_bundle()
            self._again(node)
        elif isinstance(error, SidecarUnusable):
            self._fail(node, plain_error("PartwiseError", f"Dask engine: {node.where} cannot run: {error}"))
        elif isinstance(error, KilledWorker):
            victim = next((one for one in node.ancestors() if one.dask_key == error.task), node)
            self._fail(
                node,
                plain_error(
                    "WorkerLostError",
                    f"Dask engine: {victim.where} has killed {error.allowed_failures + 1} workers in a row, "
                    f"the last at {error.last_worker}. It probably runs out of memory or crashes native code: "
                    "use smaller partitions, or run it on the inline engine to see why.",
                    key=victim.key,
                ),
            )
        else:
            text = f"{type(error).__name__}: {error}"
            self._fail(node, plain_error("PartwiseError", f"Dask engine: {node.where} failed. {text}"))

    def _killed(self, node: Node, error: SidecarLost) -> None:
        victim = next((one for one in node.ancestors() if one.key == error.task), node)
        if error.attempt not in self._counted:
            self._counted.add(error.attempt)
            victim.deaths += 1
        if victim.deaths < MAX_DEATHS:
            self._again(node)
            return
        self._fail(
            node,
            plain_error(
                "WorkerLostError",
                f"Dask engine: {victim.where} has killed {MAX_DEATHS} sidecars in a row ({error.reason}). "
                "It probably runs out of memory or crashes native code: use smaller partitions, or run it on the "
                "inline engine to see why.",
                key=victim.key,
            ),
        )

    def _fail(self, node: Node, error: PlainError) -> None:
        if node.ended.is_set() and node.error is not None:
            return
        node.error = error
        node.future = None
        node.ended.set()
        for one in node.carried:
            if not one.ended.is_set():
                self._fail(one, error)
        state = "cancelled" if node.cancelled else "failed"
        self._emit({"op": "end", "key": node.key, "state": state, "error": error}, b"")

    # -- making good what is lost -----------------------------------------------------------------

    def _value_is_lost(self, node: Node) -> None:
        node.future = None
        node.ended.clear()
        self._emit({"op": "recompute", "key": node.key, "reason": "its sidecar died"}, b"")
        self._again(node)

    def _inputs_are_lost(self, node: Node, lost: Iterable[Node]) -> None:
        for one in lost:
            if one.future is None:
                continue
            one.future = None
            if one.ended.is_set() and one.error is None and one.kept:
                self._emit({"op": "recompute", "key": one.key, "reason": "its sidecar died"}, b"")
                one.ended.clear()
                self._again(one)
        self._again(node)

    def _again(self, node: Node) -> None:
        node.future = None
        self._retry.add(node)
        self._retry.update(one for one in node.carried if not one.ended.is_set())
        if self._retrying is None:
            self._retrying = self._job(self._retry_all())

    async def _retry_all(self) -> None:
        await asyncio.sleep(GATHER_LOSSES)
        nodes, self._retry = list(self._retry), set()
        self._retrying = None
        await self._start([node for node in nodes if node.future is None and node.error is None])

    async def _cluster_changed(self, joined: list[str], left: list[str]) -> None:
        facts = await facts_of(self.cluster)
        self._emit({"op": "cluster", "facts": facts, "joined": joined, "left": left}, b"")
        if joined and await self.rebalance():
            self._emit({"op": "cluster", "facts": {}, "joined": [], "left": []}, b"")

    async def rebalance(self, keys: list[str] | None = None) -> int:
        """Gives workers that hold too few of this client's large values some of those that others have too many of.

        Copies; Dask's memory manager drops the surplus ones. Only ``keys``, when they are given. Returns how many
        values were copied.
        """
        chosen = self._kept.values() if keys is None else [self._kept[key] for key in keys]
        futures = [
            node.future
            for node in chosen
            if node.future is not None and node.ended.is_set() and node.future.type is Handle
        ]
        threads = await self.client.nthreads()
        if len(threads) < 2 or not futures:
            return 0
        holders = await self.client.who_has(futures)
        moves = shares(
            {future.key: list(holders.get(future.key, ())) for future in futures},
            {address: int(count) for address, count in threads.items()},
        )
        by_key = {future.key: future for future in futures}
        for worker, keys in moves.items():
            await self.client.replicate([by_key[key] for key in keys], n=1, workers=[worker])
        return sum(map(len, moves.values()))

    # -- small things -----------------------------------------------------------------------------

    async def _scatter(self, node: Node, data: bytes) -> None:
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

    def _job(self, work: Any) -> asyncio.Task[None]:
        job: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._job_done)
        return job

    def _job_done(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and job.exception() is not None and not self._closed:
            logger.error("the gateway failed", exc_info=job.exception())
            self._emit({"op": "broken", "error": f"{type(job.exception()).__name__}: {job.exception()}"}, b"")

    def _on_event(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict):
            self._emit({"op": "event", "event": message}, b"")

    def _on_sidecar_event(self, message: dict[str, Any]) -> None:
        if message["type"] in ("sidecar", "spill") or message.get("key") in self._kept:
            self._emit({"op": "event", "event": message}, b"")


def _carry(made: list[Node], watched: list[Node]) -> tuple[list[Node], list[Node]]:
    """Takes the nodes that can be made in another's task out of both lists, and notes them there."""
    seen = {id(node) for node in watched}
    carried: set[int] = set()
    for node in made:
        node.carried = []
    for node in made:
        if node.beside is not None and id(node.beside) in seen:
            node.beside.carried.append(node)
            node.ended.clear()
            carried.add(id(node))
    return [one for one in made if id(one) not in carried], [one for one in watched if id(one) not in carried]


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


class NodeFailed(Exception):
    """A value that was asked for will never be."""

    def __init__(self, error: PlainError, cancelled: bool) -> None:
        super().__init__(error.get("message"))
        self.error = error
        self.cancelled = cancelled


def _lost() -> Bytes:
    raise HandleLost


def _unrecoverable(node: Node) -> PlainError:
    return plain_error(
        "WorkerLostError",
        f"Dask engine: the value {node.key} is lost (its worker or sidecar died) and was put without a source, so it "
        "cannot be made again. Load it again.",
        key=node.key,
    )


__all__ = ["Handle", "NodeFailed", "Session", "plain_error"]
