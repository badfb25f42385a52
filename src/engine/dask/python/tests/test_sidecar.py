"""The sidecar: started, asked, lost and started again; values as handles on it."""

from __future__ import annotations

import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from distributed.protocol import deserialize, serialize

from partwise_dask import bootstrap
from partwise_dask.cluster import packages_of
from partwise_dask.errors import SidecarLost, SidecarUnusable, TaskFailed, ValuesLost
from partwise_dask.plugin import check_version
from partwise_dask.sidecar import Sidecar, SidecarOptions, SidecarProcess
from partwise_dask.value import Handle, HandleLost, Inline, value_of

# A number as the JavaScript side writes it.
NUMBER = bytes.fromhex("04000000 00000000 ff0f4954".replace(" ", ""))


def until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_values_go_in_and_come_out_as_they_were(sidecar: Sidecar) -> None:
    process = sidecar.process()
    key = process.put(NUMBER)
    assert process.fetch(key)[8:] == NUMBER[8:]
    assert process.info()["limit"] == 2**28


def test_a_handle_moves_between_processes_and_its_end_frees_it(sidecar: Sidecar) -> None:
    process = sidecar.process()
    handle = Handle(100_000, data=NUMBER)
    key = handle.place(process)
    assert handle.place(process) == key
    moved = deserialize(*serialize(handle))
    assert isinstance(moved, Handle)
    assert bytes(moved.to_bytes())[8:] == NUMBER[8:]
    del handle
    gc.collect()

    def gone() -> bool:
        try:
            process.fetch(key)
        except LookupError:
            return True
        return False

    until(gone)


def test_a_dead_sidecar_is_started_again_and_its_values_are_lost_not_wrong(
    sidecar: Sidecar, events: list[dict[str, object]]
) -> None:
    process = sidecar.process()
    handle = Handle(100_000, data=NUMBER)
    handle.place(process)
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: sidecar.lives == 2)
    assert [event["type"] for event in events] == ["sidecar"]
    assert handle.lost
    with pytest.raises(HandleLost):
        handle.place(sidecar.process())
    # A transfer does not fail: the receiver is told.
    moved = deserialize(*serialize(handle))
    assert isinstance(moved, Handle)
    assert moved.lost


def test_who_waits_for_a_connection_hears_of_the_death_of_the_sidecar(sidecar: Sidecar) -> None:
    process = sidecar.process()
    os.kill(process.pid, signal.SIGSTOP)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            process.info()
        except ConnectionError as error:
            errors.append(error)

    # One gets the idle connection, if there is one; the sidecar opens no others now.
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    os.kill(process.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(10)
    assert len(errors) == 3


def test_small_values_are_bytes_and_large_ones_are_parked() -> None:
    assert isinstance(value_of(b"x" * 10), Inline)
    large = value_of(b"x" * 100_000)
    assert isinstance(large, Handle)
    assert not large.lost
    assert large.to_bytes() == b"x" * 100_000


def test_a_sidecar_that_cannot_start_says_why(tmp_path: Path, home: str) -> None:
    def start(**changes: str) -> None:
        SidecarProcess(SidecarOptions(**{"home": home, "threads": 1, **changes}), lambda event: None)  # type: ignore[arg-type]

    with pytest.raises(SidecarUnusable, match="no `no-such-node` on the PATH"):
        start(node="no-such-node")
    with pytest.raises(SidecarUnusable, match="no partwise build"):
        start(home=str(tmp_path))
    broken = tmp_path / "dist/src/engine/dask"
    broken.mkdir(parents=True)
    (broken / "sidecar.js").write_text("throw new Error('broken on purpose')")
    with pytest.raises(SidecarUnusable, match="broken on purpose"):
        start(home=str(tmp_path))


def test_another_version_of_partwise_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"version": "0.0.9"}')
    with pytest.raises(SidecarUnusable, match=r"partwise 0\.0\.9 .* the driver has 1\.2\.3"):
        check_version(str(tmp_path), "1.2.3")


def test_a_build_that_has_changed_is_not_started(tmp_path: Path, home: str) -> None:
    folder = tmp_path / "dist/src/engine/dask"
    folder.mkdir(parents=True)
    (folder / "sidecar.js").write_text("throw new Error('the first')")
    content = bootstrap.content_of(str(tmp_path))
    options = SidecarOptions(home=str(tmp_path), threads=1, content=content)
    with pytest.raises(SidecarUnusable, match="the first"):
        SidecarProcess(options, lambda event: None)
    (folder / "sidecar.js").write_text("throw new Error('the second')")
    with pytest.raises(SidecarUnusable, match=r"has changed since the engine connected .* Start the program again"):
        SidecarProcess(options, lambda event: None)
    sidecar = Sidecar(options, lambda event: None)
    with pytest.raises(SidecarUnusable):
        sidecar.process()
    assert "has changed" in sidecar.info()["problem"]
    # The same code elsewhere will do.
    sidecar.options = SidecarOptions(home=home, threads=1, content=bootstrap.content_of(home))
    assert sidecar.process().alive
    assert "problem" not in sidecar.info()
    sidecar.close()


def test_the_sidecar_of_an_older_build_rests_when_nobody_needs_it(
    sidecar: Sidecar, events: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partwise_dask.sidecar.REST_AFTER", 0.2)
    process = sidecar.process()
    key = process.put(NUMBER)
    sidecar.retire()
    time.sleep(0.6)
    assert process.alive
    assert process.fetch(key)
    process.free(key)
    until(lambda: not process.alive)
    # A task that comes later has it again; nothing was lost, so nobody is told.
    assert sidecar.process().pid != process.pid
    assert events == []


def test_what_travelled_along_is_made_again_when_files_of_it_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    build = tmp_path / "build/dist/src/engine/dask"
    build.mkdir(parents=True)
    (build / "sidecar.js").write_text("1")
    content = bootstrap.content_of(str(tmp_path / "build"))
    assert content is not None
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.write(build / "sidecar.js", "dist/src/engine/dask/sidecar.js")
    plugin = bootstrap.PartwiseWorker({}, "1", "c", content, "/nowhere", archive.getvalue())
    found = plugin.find_home()
    assert found == (str(tmp_path / f"partwise-{os.getuid()}/js-{content}"), content)
    (Path(found[0]) / "dist/src/engine/dask/sidecar.js").unlink()
    assert plugin.find_home() == found
    assert bootstrap.content_of(found[0]) == content
    assert os.listdir(tmp_path / f"partwise-{os.getuid()}") == [f"js-{content}"]


def test_the_package_of_another_driver_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = dict(sys.modules)
    for name in own:
        if name.partition(".")[0] == "partwise_dask":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", list(sys.path))
    sources = {"partwise_dask/__init__.py": b"__version__ = '1.2.3'"}
    bootstrap.install_package(sources, "1.2.3", "aaaa")
    bootstrap.install_package(sources, "1.2.3", "aaaa")
    with pytest.raises(RuntimeError, match=r"another build of partwise_dask 1\.2\.3.* Restart the scheduler"):
        bootstrap.install_package(sources, "1.2.3", "bbbb")
    with pytest.raises(RuntimeError, match=r"partwise_dask 1\.2\.3 is on .*, the driver has 1\.2\.4"):
        bootstrap.install_package(sources, "1.2.4", "bbbb")


def test_errors_cross_processes() -> None:
    for error in (
        TaskFailed(b"\x81\xa7message\xa1x"),
        ValuesLost("t", ("a", "b")),
        SidecarLost("t", "t-1", "it died"),
        SidecarUnusable("no node"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert copy.args == error.args


def test_what_workers_need_is_found_and_what_only_drivers_need_is_left_out(home: str) -> None:
    found = packages_of(Path(home))
    assert {"nodejs-polars", "piscina", "zod", "@msgpack/msgpack"} <= set(found)
    assert not {"@resvg/resvg-js", "typescript", "commander"} & set(found)
    files = bootstrap.build_files(os.path.join(home, "dist"))
    assert "src/engine/dask/sidecar.js" in files
    assert any(name.endswith(".wasm") for name in files)
    assert not any(name.startswith("bench/") or name.endswith(".map") for name in files)
    assert bootstrap.content_of(home) == bootstrap.content_of(home)
    assert bootstrap.content_of(os.path.join(home, "docs")) is None


def test_a_sidecar_that_is_killed_while_it_starts_is_started_again(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = subprocess.Popen
    pids: list[int] = []

    def start_and_kill_the_first(*arguments: Any, **options: Any) -> Any:
        process = started(*arguments, **options)
        pids.append(process.pid)
        if len(pids) == 1:
            process.kill()
        return process

    monkeypatch.setattr(subprocess, "Popen", start_and_kill_the_first)
    sidecar = Sidecar(SidecarOptions(home=home, threads=1, memory_limit=2**28), lambda event: None)
    assert sidecar.process().pid == pids[1]
    assert "problem" not in sidecar.info()
    sidecar.close()
