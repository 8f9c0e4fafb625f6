"""What is kept between runs: whole or absent."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from privscan import kept

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "entry")
    kept.store(path, b"payload")
    kept.store(path, b"another")
    assert kept.load(path) == b"another"
    assert [entry.name for entry in (tmp_path / "folder").iterdir()] == ["entry"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: whole[:-1], id="cut"),
        pytest.param(lambda whole: whole[:-1] + b"!", id="changed"),
        pytest.param(lambda whole: whole[:10], id="shorter-than-its-seal"),
        pytest.param(lambda whole: whole[:0], id="empty"),
    ],
)
def test_what_is_not_whole_is_absent(tmp_path: Path, damage) -> None:
    path = tmp_path / "entry"
    kept.store(str(path), b"payload")
    path.write_bytes(damage(path.read_bytes()))
    assert kept.load(str(path)) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    kept.store(str(tmp_path / "file" / "entry"), b"payload")
    assert kept.load(str(tmp_path / "file" / "entry")) is None


def test_what_nobody_asks_for_goes(tmp_path: Path) -> None:
    names = [f"sieve-{sign * 32}.hs" for sign in "abc"]
    for name in (*names, "new-x1y2", "mine.txt"):
        kept.store(str(tmp_path / name), b"payload")
        os.utime(tmp_path / name, (0, time.time() - 31 * kept.DAY))
    assert kept.load(str(tmp_path / names[0])) == b"payload"
    kept._sweep.cache_clear()  # as in another process
    kept.store(str(tmp_path / names[1]), b"payload")
    assert {entry.name for entry in tmp_path.iterdir()} == {names[0], names[1], "mine.txt"}


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "entry").mkdir()  # nothing can be renamed to it
    kept.store(str(tmp_path / "entry"), b"payload")
    assert [entry.name for entry in tmp_path.iterdir()] == ["entry"]


def _make(path: str, made: str, go: Any) -> None:
    go.wait()
    with kept.held(path):
        if kept.load(path) is None:
            with open(made, "a", encoding="ascii") as file:
                file.write("made\n")
            kept.store(path, b"payload")


def test_one_process_makes_what_several_want(tmp_path: Path) -> None:
    path, made = tmp_path / "folder" / "entry", tmp_path / "made"
    go = multiprocessing.Event()
    several = [multiprocessing.Process(target=_make, args=(str(path), str(made), go)) for _ in range(3)]
    for process in several:
        process.start()  # before the lock is taken: a fork would hold it too
    with kept.held(str(path)):  # all of them have to wait, so that none comes late to what another made long ago
        go.set()
        time.sleep(3 * kept.LOOK_AGAIN)
        assert not made.exists()
    for process in several:
        process.join()
    assert made.read_text(encoding="ascii") == "made\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["entry"]


def test_a_wait_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.2)
    with kept.held(str(tmp_path / "entry")), kept.held(str(tmp_path / "entry")):
        kept.store(str(tmp_path / "entry"), b"payload")
    assert kept.load(str(tmp_path / "entry")) == b"payload"
