"""What the gateway needs beside Python. Imports nothing of it, so that it can tell what is missing."""

from __future__ import annotations

import sys
from importlib import metadata

OLDEST_PYTHON = (3, 10)
OLDEST = {"dask": (2025, 4), "distributed": (2025, 4), "msgpack": (1, 0)}


def problem() -> str | None:
    """What is missing or too old, with the command that mends it; None when all is well."""
    install = f'Run `{sys.executable} -m pip install "dask[distributed]>=2025.4" "msgpack>=1.0"`.'
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        return (
            f"{sys.executable} is Python {found}; 3.10 or newer is needed. "
            "Pass another as `python` (or PARTWISE_PYTHON)."
        )
    for name, oldest in OLDEST.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            return f"{sys.executable} has no {name}. {install}"
        if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < oldest:
            return f"{sys.executable} has {name} {version}; {'.'.join(map(str, oldest))} or newer is needed. {install}"
    return None
