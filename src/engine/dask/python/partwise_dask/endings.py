"""How values end, and the news of it for the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .graph import Node
from .plain_error import PlainError
from .value import Bytes

Emit = Callable[[dict[str, Any], Bytes], None]


class Endings:
    """Ends nodes, once each time they are made, and tells the client."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def done(self, node: Node, size: int | None, data: Bytes = b"") -> None:
        """The value is there, with its bytes when it is small; one that nobody keeps has no size."""
        node.ended.set()
        sized = {} if size is None else {"bytes": size}
        self._emit({"op": "end", "key": node.key, "state": "done", **sized}, data)

    def fail(self, node: Node, error: PlainError) -> None:
        """The value will never be, nor will what was to be made in its task."""
        if node.ended.is_set() and node.error is not None:
            return
        node.error = error
        node.future = None
        node.ended.set()
        for one in node.carried:
            if not one.ended.is_set():
                self.fail(one, error)
        state = "cancelled" if node.cancelled else "failed"
        self._emit({"op": "end", "key": node.key, "state": state, "error": error}, b"")

    def undo(self, node: Node) -> None:
        """The value was there and is lost: it is made again."""
        node.ended.clear()
        self._emit({"op": "recompute", "key": node.key, "reason": "its sidecar died"}, b"")
