"""The gateway's memory of a graph: who makes each value from what, so that lost values can be made again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgpack
from dask._task_spec import Task, TaskRef

from . import tasks
from .value import Bytes

_generations = itertools.count()


@dataclass(eq=False)
class Node:
    """One value: the task that makes it, or the bytes it was put with.

    Nodes of freed values stay reachable from their dependents only: that is the lineage, and it goes with them.
    """

    key: str
    run: str
    deps: list[Node]
    #: What makes the value; None for one that was put.
    specs: bytes | None
    label: str = "partwise"
    partition: str | None = None
    resources: dict[str, float] = field(default_factory=dict)
    #: The bytes of a value that was put and can be put again.
    data: Bytes | None = None
    #: Whether every worker gets the value that was put.
    everywhere: bool = False
    kept: bool = False
    #: The key in Dask, another one each time the value is made.
    dask_key: str = ""
    future: Any = None
    #: The final error, as JavaScript knows errors; None while there is hope.
    error: dict[str, Any] | None = None
    cancelled: bool = False
    deaths: int = 0
    #: Set while the value is there, or will never be.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    #: The node in whose task this one can be made, its only input.
    beside: Node | None = None
    #: Nodes that are made in this one's task, the last time it was given to Dask.
    carried: list[Node] = field(default_factory=list)
    #: Another value that this one can be taken out of, where it is at hand: its key, and that in Dask.
    shortcut: tuple[str, str] | None = None
    #: The worker that was last known to hold it.
    worker: str | None = None
    #: Where what is carried was asked for, and the answer to come.
    asked: tuple[str, asyncio.Task[None]] | None = None

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"{self.partition} (task {self.key})" if self.partition else f"task {self.key}"

    def ancestors(self) -> Iterator[Node]:
        """This node and all that it is made from, each once."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            stack.extend(node.deps)

    def renew_key(self) -> str:
        """Another key in Dask, whose prefix groups tasks of a kind on the dashboard."""
        self.dask_key = f"{self.label}-{next(_generations):032x}"
        return self.dask_key


def missing_for(targets: Iterable[Node]) -> list[Node]:
    """Every node without a value that the targets are made from, themselves included, inputs first."""
    order: list[Node] = []
    done: set[int] = set()
    for target in targets:
        stack: list[tuple[Node, bool]] = [(target, False)]
        while stack:
            node, expanded = stack.pop()
            if expanded:
                order.append(node)
                continue
            if id(node) in done or node.future is not None:
                continue
            done.add(id(node))
            stack.append((node, True))
            stack.extend((dep, False) for dep in node.deps)
    return order


def carry(made: list[Node], watched: list[Node]) -> tuple[list[Node], list[Node]]:
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


def dask_graph(nodes: Iterable[Node], topic: str, build: str) -> dict[str, Task]:
    """The tasks that make these nodes, under new keys."""
    graph: dict[str, Task] = {}
    for node in nodes:
        node.renew_key()
        blobs = [node.specs or b"", *(one.specs or b"" for one in node.carried)]
        head = msgpack.packb(
            {
                "task": node.key,
                "attempt": node.dask_key,
                "run": node.run,
                "topic": topic,
                "build": build,
                "deps": [dep.key for dep in node.deps],
                "beside": [one.key for one in node.carried],
                "sizes": [len(blob) for blob in blobs],
                "shortcut": node.shortcut,
            }
        )
        graph[node.dask_key] = Task(
            node.dask_key, tasks.run, head, b"".join(blobs), *(TaskRef(dep.dask_key) for dep in node.deps)
        )
    return graph
