"""What is kept between runs: whole or absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
