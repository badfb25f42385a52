"""Fixtures: the built package of this repository, and a sidecar of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partwise_dask.sidecar import Sidecar, SidecarOptions

ROOT = Path(__file__).resolve().parents[5]


@pytest.fixture(scope="session")
def home() -> str:
    if not (ROOT / "dist/src/engine/dask/sidecar.js").exists():
        raise RuntimeError(f"build first: there is no dist in {ROOT}")
    return str(ROOT)


@pytest.fixture
def events() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def sidecar(home: str, events: list[dict[str, Any]], tmp_path: Path) -> Iterator[Sidecar]:
    options = SidecarOptions(home=home, threads=1, memory_limit=2**28, temp_directory=str(tmp_path))
    one = Sidecar(options, events.append)
    yield one
    one.close()
