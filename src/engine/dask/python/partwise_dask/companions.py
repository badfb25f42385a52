"""Values that were made in the task of another one, on their way from the worker to the gateway.

The gateway asks for them when it hands the task over, directly at the worker that will probably run it, and is answered
the moment they are made: neither the news that the task is done nor the values go through the scheduler.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from weakref import WeakValueDictionary

from distributed.protocol import to_serialize

from .value import Beside, Value

#: The name of the request among those that a worker answers.
REQUEST = "partwise_companions"

_lock = threading.Lock()
#: Values whose companions nobody has asked for, by their key in Dask. The companions go when the value goes.
_made: WeakValueDictionary[str, Value] = WeakValueDictionary()
#: Who waits for the companions of a value that is not made yet.
_asked: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Future[Beside]]] = {}


def offer(key: str, value: Value, companions: Beside) -> None:
    """Hands companions to who waits for them, or keeps them with the value. Any thread may call it."""
    with _lock:
        asked = _asked.pop(key, None)
        if asked is None:
            value.beside = companions
            _made[key] = value
            return
    loop, answer = asked
    loop.call_soon_threadsafe(_settle, answer, companions)


def _settle(answer: asyncio.Future[Beside], companions: Beside) -> None:
    if not answer.done():
        answer.set_result(companions)


async def serve(key: str, seconds: float) -> dict[str, Any]:
    """The companions of a value, once; empty when they are not made here within ``seconds``."""
    loop = asyncio.get_running_loop()
    with _lock:
        value = _made.pop(key, None)
        if value is not None and value.beside is not None:
            found, value.beside = value.beside, None
            return _message(found)
        if seconds <= 0:
            return {}
        answer: asyncio.Future[Beside] = loop.create_future()
        _asked[key] = (loop, answer)
    try:
        return _message(await asyncio.wait_for(answer, seconds))
    except asyncio.TimeoutError:
        return {}
    finally:
        with _lock:
            if _asked.get(key) == (loop, answer):
                del _asked[key]


def take(key: str) -> Beside | None:
    """As :func:`serve`, for a gateway that does not reach the worker: it is called by the scheduler."""
    with _lock:
        value = _made.pop(key, None)
        if value is None or value.beside is None:
            return None
        found, value.beside = value.beside, None
    return found._replace(data=bytes(found.data))


def _message(found: Beside) -> dict[str, Any]:
    return {"size": found.size, "outcomes": found.outcomes, "data": to_serialize(found.data)}


async def ask(client: Any, worker: str, key: str, seconds: float = 0.0) -> Beside | None:
    """Asks a worker for companions, and waits for them up to ``seconds``. Raises OSError when it does not answer."""
    answer = await getattr(client.rpc(worker), REQUEST)(key=key, seconds=seconds)
    if answer is None:
        raise ConnectionError("it is not set up for partwise")
    return Beside(**answer) if answer else None
