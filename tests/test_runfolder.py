"""The run folder: what may be replaced, what is kept for a resume, what appears whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.errors import OutputError, UsageError
from privscan.model import Artifact, Problem, Tally
from privscan.runfolder import RunFolder, pack, seal, sha256, unpack
from privscan.shard import Result

if TYPE_CHECKING:
    from pathlib import Path

STAMP: dict[str, Any] = {"version": "1", "files": [["a", 1, 2]]}


def opened(path: Path, *, overwrite: bool = False, resume: bool = False, stamp: dict[str, Any] = STAMP) -> bool:
    return RunFolder(str(path)).open(overwrite=overwrite, resume=resume, stamp=stamp)


def whole(path: Path) -> None:
    opened(path)
    (path / "data").mkdir()
    (path / "data" / "a.jsonl").write_text("{}\n")
    RunFolder(str(path)).close(json.dumps({"schema": "privscan/manifest/1"}))


def foreign(path: Path) -> None:
    (path / "data").mkdir(parents=True)
    (path / "data" / "precious.jsonl").write_text("{}\n")


def stray(path: Path) -> None:
    whole(path)
    (path / "notes.txt").write_text("mine")


def filed(path: Path) -> None:
    path.write_text("x")


def faked(path: Path) -> None:
    foreign(path)
    (path / "manifest.json").write_text('{"schema": "somebody else"}')


REFUSED: list[tuple[str, Any, dict[str, bool], str]] = [
    ("whole", whole, {}, "is not empty; give --overwrite, --resume or another folder"),
    ("whole, resumed", whole, {"resume": True}, "holds a whole run, of other inputs or settings"),
    ("cut off", opened, {}, "is not empty"),
    ("a file", filed, {"overwrite": True}, "is a file"),
    ("of somebody else", foreign, {}, "is not empty"),
    ("of somebody else, overwritten", foreign, {"overwrite": True}, "holds no run of privscan"),
    ("of another program, overwritten", faked, {"overwrite": True}, "holds no run of privscan"),
    ("with a stray file, overwritten", stray, {"overwrite": True}, "holds notes.txt, which is no part of a run"),
]


@pytest.mark.parametrize(("make", "flags", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(tmp_path: Path, make: Any, flags: dict[str, bool], reason: str) -> None:
    out = tmp_path / "out"
    make(out)
    before = sorted((str(path), path.read_bytes() if path.is_file() else b"") for path in tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=reason):
        opened(out, **flags)
    assert sorted((str(path), path.read_bytes() if path.is_file() else b"") for path in tmp_path.rglob("*")) == before


def test_whole_asks_for_every_file_as_it_was(tmp_path: Path) -> None:
    whole(tmp_path)
    folder = RunFolder(str(tmp_path))
    copy = {"uri": "data/a.jsonl", "sha256": sha256(str(tmp_path / "data" / "a.jsonl"))}

    def says(**told: Any) -> bool:
        (tmp_path / "manifest.json").write_text(json.dumps({"stamp": seal(STAMP)} | told))
        return folder.whole(STAMP)

    assert says(files={}, outputs=[copy])
    assert not says(files={}, outputs=[copy], stamp=seal({}))
    assert not says(files={}, outputs=[copy | {"sha256": ""}])
    assert not says(files={"findings.jsonl": ""}, outputs=[copy])
    assert not says(outputs=[copy])
    assert not says(files={}, outputs=["data/a.jsonl"])


@pytest.mark.parametrize("make", [whole, opened, None], ids=["whole", "cut off", "new"])
def test_overwrite_starts_anew(tmp_path: Path, make: Any) -> None:
    out = tmp_path / "out"
    if make is not None:
        make(out)
    assert opened(out, overwrite=True) is False
    assert os.listdir(out) == [".work"]
    assert os.listdir(out / ".work") == ["plan.json"]


def test_resume_goes_on_with_the_same_stamp_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert opened(out, resume=True) is False  # nothing there yet
    assert opened(out, resume=True) is True
    with pytest.raises(UsageError, match="other inputs or settings"):
        opened(out, resume=True, stamp=STAMP | {"version": "2"})


def test_a_key_outlives_the_process_and_not_the_run(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    folder.open(overwrite=False, resume=False, stamp=STAMP)
    assert folder.key(b"a" * 32) == b"a" * 32
    assert folder.key(b"b" * 32) == b"a" * 32
    assert stat.S_IMODE(os.stat(tmp_path / "out" / ".work" / "key").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "out" / ".work").st_mode) == 0o700
    folder.close("{}")
    assert os.listdir(tmp_path / "out") == ["manifest.json"]


def test_parts_are_recalled_when_they_are_as_they_were_left(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    folder.open(overwrite=False, resume=False, stamp=STAMP)
    stem = folder.stem("000000")
    for kind in ("data", "findings", "quarantine"):
        with open(f"{stem}.{kind}", "w", encoding="ascii") as file:
            file.write(kind)
    result = Result(0, Tally(records=3))
    assert folder.recall(stem, joined=False) is None
    folder.remember(stem, result)
    assert folder.recall(stem, joined=False) == result
    os.unlink(f"{stem}.data")
    assert folder.recall(stem, joined=False) is None
    assert folder.recall(stem, joined=True) == result
    os.unlink(f"{stem}.findings")
    assert folder.recall(stem, joined=True) is None


def test_a_copy_is_done_when_it_stands_under_its_name_and_is_the_one_meant(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    folder.open(overwrite=False, resume=False, stamp=STAMP)
    copy = tmp_path / "out" / "data" / "a.jsonl"
    copy.parent.mkdir()
    copy.write_text("{}\n")
    made = Artifact("data/a.jsonl", 3, 1, sha256(str(copy)))
    copy.unlink()
    folder.file_done(7, made)
    assert folder.files_done() == set()
    copy.write_text("[]\n")
    assert folder.files_done() == set()
    copy.write_text("{}\n")
    assert folder.files_done() == {7}


WORD = st.text(max_size=8)
COUNTS = st.dictionaries(st.tuples(WORD, WORD), st.integers(1, 9), max_size=4).map(Counter)
TALLIES = st.builds(
    Tally,
    records=st.integers(0, 99),
    bytes=st.integers(0, 99),
    outcomes=st.dictionaries(WORD, st.integers(1, 9), max_size=3).map(Counter),
    findings=st.dictionaries(st.tuples(WORD, WORD, WORD, WORD, WORD), st.integers(1, 9), max_size=3).map(Counter),
    fields=COUNTS,
    files=COUNTS,
    reasons=COUNTS,
    **dict.fromkeys(
        ("methods", "excuses", "media", "topics"), st.dictionaries(WORD, st.integers(1, 9), max_size=3).map(Counter)
    ),
)


@given(TALLIES, TALLIES, TALLIES)
def test_tallies_add_up_in_any_grouping(one: Tally, two: Tally, three: Tally) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Tally() == one


@given(TALLIES, st.lists(st.builds(Problem, WORD, st.none() | st.integers(0), WORD, WORD), max_size=3), WORD)
def test_results_survive_being_kept(tally: Tally, problems: list[Problem], broken: str) -> None:
    result = Result(4, tally, problems, [{"entity": "E", "record": 1}], broken)
    assert unpack(json.loads(json.dumps(pack(result)))) == result


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        opened(tmp_path / "file" / "out")
