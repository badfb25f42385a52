"""What can go wrong in a task, as exceptions that cross processes by their arguments."""

from __future__ import annotations

from typing import Any

import msgpack


class TaskFailed(Exception):
    """A task's own error, as the JavaScript side encoded it."""

    def __init__(self, encoded: bytes) -> None:
        super().__init__(encoded)
        self.encoded = encoded

    @property
    def plain(self) -> dict[str, Any]:
        """The error as JavaScript knows it: name, message, stack, details, cause."""
        plain = msgpack.unpackb(self.encoded, raw=False)
        assert isinstance(plain, dict)
        return plain

    def __str__(self) -> str:
        return str(self.plain.get("stack") or self.plain.get("message"))

    def __reduce__(self) -> tuple[Any, ...]:
        return TaskFailed, (self.encoded,)


class ValuesLost(Exception):
    """Inputs that this task needs died with a sidecar; their tasks have to run again."""

    def __init__(self, task: str, keys: tuple[str, ...]) -> None:
        super().__init__(task, keys)
        self.task = task
        self.keys = keys


class SidecarLost(Exception):
    """The sidecar died while it ran this task."""

    def __init__(self, task: str, attempt: str, reason: str) -> None:
        super().__init__(task, attempt, reason)
        self.task = task
        self.attempt = attempt
        self.reason = reason


class SidecarUnusable(Exception):
    """The sidecar cannot be started on this worker; the message says what to do."""


def build_changed(home: str) -> str:
    """What to say when the code that the driver runs is no longer where it was."""
    return (
        f"the partwise build in {home} has changed since the engine connected (`npm run build`, or an update). "
        "Start the program again: driver and workers have to run the same code."
    )


class SidecarKilled(SidecarUnusable):
    """A signal ended the sidecar while it started: another attempt may well work."""
