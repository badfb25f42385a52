"""Errors as JavaScript reads them, and those that the gateway itself has to give."""

from __future__ import annotations

from typing import Any

from distributed import KilledWorker

from .errors import SidecarLost
from .graph import Node

#: Lives that one task may cost.
MAX_DEATHS = 3

PlainError = dict[str, Any]

_WHAT_TO_DO = (
    "It probably runs out of memory or crashes native code: use smaller partitions, or run it on the inline engine to "
    "see why."
)


def plain_error(name: str, message: str, **details: Any) -> PlainError:
    """An error of partwise as JavaScript reads it."""
    return {"name": name, "message": message, **({"details": details} if details else {})}


def unexpected(node: Node, what: str, error: BaseException | None) -> PlainError:
    """Something that nobody has thought of went wrong with a node."""
    return plain_error("PartwiseError", f"Dask engine: {node.where}{what} {type(error).__name__}: {error}")


def unrecoverable(node: Node) -> PlainError:
    """A value is lost that nothing can make again."""
    return plain_error(
        "WorkerLostError",
        f"Dask engine: the value {node.key} is lost (its worker or sidecar died) and was put without a source, so it "
        "cannot be made again. Load it again.",
        key=node.key,
    )


def killed_sidecars(node: Node, error: SidecarLost) -> PlainError:
    """A task has cost too many sidecars."""
    return plain_error(
        "WorkerLostError",
        f"Dask engine: {node.where} has killed {MAX_DEATHS} sidecars in a row ({error.reason}). {_WHAT_TO_DO}",
        key=node.key,
    )


def killed_workers(node: Node, error: KilledWorker) -> PlainError:
    """A task has cost so many workers that Dask gives it up."""
    last = getattr(error.last_worker, "address", error.last_worker)
    return plain_error(
        "WorkerLostError",
        f"Dask engine: {node.where} has killed {error.allowed_failures + 1} workers in a row, the last at {last}. "
        f"{_WHAT_TO_DO}",
        key=node.key,
    )


class NodeFailed(Exception):
    """A value that was asked for will never be."""

    def __init__(self, error: PlainError, cancelled: bool) -> None:
        super().__init__(error.get("message"))
        self.error = error
        self.cancelled = cancelled
