"""Files appear whole or not at all, and what cannot be written is told."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from privscan.errors import OutputError, UsageError
from privscan.writing import appearing, check_place, writing

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_system_says_is_told_with_place_and_remedy() -> None:
    told = r"/x: cannot be written \(No space left on device\); free space .* --resume"
    with pytest.raises(OutputError, match=told), writing("/x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with appearing(str(target)) as name:
        with open(name, "w", encoding="utf-8") as file:
            file.write("whole")
        assert not target.exists()
    assert target.read_text(encoding="utf-8") == "whole"
    assert list(tmp_path.iterdir()) == [target]


def _half(target: str, error: Exception) -> None:
    with appearing(target) as name, open(name, "w", encoding="utf-8") as file:
        file.write("ha")
        raise error


@pytest.mark.parametrize(
    ("error", "told"), [(ValueError("half"), ValueError), (OSError(errno.ENOSPC, "full"), OutputError)]
)
def test_half_a_file_is_no_file(tmp_path: Path, error: Exception, told: type[Exception]) -> None:
    target = tmp_path / "file"
    target.write_text("earlier", encoding="utf-8")
    with pytest.raises(told):
        _half(str(target), error)
    assert target.read_text(encoding="utf-8") == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_is_looked_at_before_anything_is_read(tmp_path: Path) -> None:
    check_place(None)
    check_place(str(tmp_path / "file"))
    for target in (tmp_path, tmp_path / "no" / "file"):
        with pytest.raises(UsageError, match=r"--flag .*: cannot be written; give a file in a folder that is there"):
            check_place(str(target), "--flag ")
