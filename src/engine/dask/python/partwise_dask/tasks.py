"""What runs on Dask workers: one function for all tasks, and a few that the gateway calls on all workers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import msgpack

from .companions import offer
from .errors import SidecarLost, SidecarUnusable, TaskFailed, ValuesLost
from .sidecar import Sidecar, SidecarProcess
from .value import Beside, Bytes, Handle, HandleLost, Inline, Value

#: The sidecars of the workers in this process, by the worker's id and the driver's build. The plugin fills it.
SIDECARS: dict[tuple[str, str], Sidecar] = {}


NOT_SET_UP = "partwise is not set up on this worker; its log says why."

#: Why a worker of this process has no sidecar, by the worker's id and the driver's build.
PROBLEMS: dict[tuple[str, str], str] = {}

#: What happens in sidecars outside of tasks: lost lives, values made again while they were read.
SIDECAR_TOPIC = "partwise-sidecar"


def run(head: bytes, specs: bytes, *values: Value) -> Value:
    """Runs the JavaScript tasks ``specs`` over ``values``, where the worker is.

    ``head`` is msgpack: ``task`` (the key), ``attempt`` (the key in Dask), ``run`` (the graph), ``topic`` (where events
    go), ``build`` (the driver's), ``deps`` (the keys of the values, in order), ``beside`` (keys that are made here too
    and sent along), ``sizes`` (how ``specs`` divides: those of the task, then those of each key beside it),
    ``shortcut`` (the key, here and in Dask, of a value that saves the task, should it be on this worker).
    """
    from distributed import get_worker

    facts = msgpack.unpackb(head, raw=False)
    worker = get_worker()
    try:
        sidecar = sidecar_of(worker.id, facts["build"])
        process = sidecar.process()
    except SidecarUnusable as error:
        raise SidecarUnusable(f"worker {worker.name} at {worker.address}: {error}") from None
    deps, payload = _inputs(facts, values, process)
    if facts["shortcut"]:
        _add_shortcut(facts["shortcut"], worker.data, process, (deps, payload))
    try:
        header, body = process.request(
            {"op": "run", "run": facts["run"], "sizes": facts["sizes"], "deps": deps}, [specs, *payload]
        )
    except ConnectionError as error:
        raise SidecarLost(facts["task"], facts["attempt"], str(error)) from None
    for event in header.get("events", ()):
        worker.log_event(facts["topic"], {"task": facts["task"], **event, "on": worker.address})
    if header["ok"]:
        sidecar.tasks_done += 1
        own = 0 if "handle" in header else int(header["bytes"])
        value: Value = (
            Handle(int(header["bytes"]), process=process, key=str(header["handle"]))
            if "handle" in header
            else Inline(body[:own] if facts["beside"] else body)
        )
        if facts["beside"]:
            offer(facts["attempt"], value, Beside(value.nbytes, header["beside"], memoryview(body)[own:]))
        return value
    if header.get("lost"):
        raise ValuesLost(facts["task"], tuple(header["lost"]))
    raise TaskFailed(msgpack.packb(header["error"]))


def _inputs(
    facts: dict[str, Any], values: tuple[Value, ...], process: SidecarProcess
) -> tuple[list[dict[str, Any]], list[Bytes]]:
    deps: list[dict[str, Any]] = []
    payload: list[Bytes] = []
    lost: list[str] = []
    for key, value in zip(facts["deps"], values, strict=True):
        if isinstance(value, Inline):
            deps.append({"key": key, "size": value.nbytes})
            payload.append(value.data)
            continue
        try:
            deps.append({"key": key, "handle": value.place(process)})
        except HandleLost:
            lost.append(key)
        except ConnectionError as error:
            raise SidecarLost(facts["task"], facts["attempt"], str(error)) from None
    if lost:
        raise ValuesLost(facts["task"], tuple(lost))
    return deps, payload


def _add_shortcut(
    keys: tuple[str, str],
    held: Mapping[str, Any],
    process: SidecarProcess,
    inputs: tuple[list[dict[str, Any]], list[Bytes]],
) -> None:
    key, dask_key = keys
    value = held.get(dask_key)
    deps, payload = inputs
    if isinstance(value, Inline):
        deps.append({"key": key, "size": value.nbytes})
        payload.append(value.data)
    elif isinstance(value, Handle):
        # What is lost saves nothing; the task does without.
        with contextlib.suppress(HandleLost, ConnectionError):
            deps.append({"key": key, "handle": value.place(process)})


def sidecar_of(worker_id: str, build: str) -> Sidecar:
    """The sidecar of a worker for this build. Raises SidecarUnusable when the plugin has not set it up."""
    sidecar = SIDECARS.get((worker_id, build))
    if sidecar is None:
        raise SidecarUnusable(PROBLEMS.get((worker_id, build), NOT_SET_UP))
    return sidecar


async def abort(run_id: str, build: str, dask_worker: Any = None) -> None:
    """Stops what runs on a worker for a graph, and waits until it has ended."""
    sidecar = SIDECARS.get((dask_worker.id, build))
    if sidecar is not None:
        await asyncio.get_running_loop().run_in_executor(None, lambda: sidecar.process().abort(run_id))


async def prepare(build: str, dask_worker: Any = None) -> None:
    """Starts a sidecar that rests, or could not be started before."""
    sidecar = SIDECARS.get((dask_worker.id, build))
    if sidecar is not None:
        with contextlib.suppress(SidecarUnusable):
            await asyncio.get_running_loop().run_in_executor(None, sidecar.process)


def describe(build: str, dask_worker: Any = None) -> dict[str, Any]:
    """What a worker is and does."""
    key = (dask_worker.id, build)
    sidecar = SIDECARS.get(key)
    executing = dask_worker.state.executing_count
    return {
        **({"problem": PROBLEMS[key]} if key in PROBLEMS else {}),
        "name": str(dask_worker.name),
        "nthreads": dask_worker.state.nthreads,
        "busy": executing > 0,
        "resources": dict(dask_worker.state.total_resources),
        **(sidecar.info() if sidecar is not None else {"missing": key not in PROBLEMS}),
    }
