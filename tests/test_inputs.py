"""Which files a run reads, what they are called, and where it refuses to write."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from privscan import inputs
from privscan.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b'{"a":1}\n')


def uris(*paths: Path | str, exclude: Path | None = None) -> list[str]:
    return [file.uri for file in inputs.gather([str(path) for path in paths], str(exclude) if exclude else None).files]


def test_folders_are_read_in_a_fixed_order_and_keep_relative_names(tmp_path: Path) -> None:
    tree(tmp_path, "b/z.jsonl", "b/a.ndjson.gz", "a.parquet", "c.jsonl.zst", "b/c/d.JSONL", "readme.md", "x.json")
    found = inputs.gather([str(tmp_path)])
    assert [file.uri for file in found.files] == [
        "a.parquet",
        "b/a.ndjson.gz",
        "b/c/d.JSONL",
        "b/z.jsonl",
        "c.jsonl.zst",
    ]
    assert [file.format for file in found.files] == ["parquet", "jsonl", "jsonl", "jsonl", "jsonl"]
    assert "2 files of other kinds under" in found.notes[0]


def test_names_that_meet_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    tree(tmp_path, "one/a.jsonl", "two/a.jsonl", "two/b.jsonl")
    assert uris(tmp_path / "one", tmp_path / "two") == ["one/a.jsonl", "two/a.jsonl", "two/b.jsonl"]
    assert uris(tmp_path / "one", tmp_path / "two" / "b.jsonl") == ["a.jsonl", "b.jsonl"]
    tree(tmp_path, "more/one/a.jsonl")
    assert uris(tmp_path / "one", tmp_path / "more" / "one") == ["one/a.jsonl", "more/one/a.jsonl"]
    assert uris(tmp_path / "one/a.jsonl", tmp_path / "more/one/a.jsonl") == ["one/a.jsonl", "more/one/a.jsonl"]
    tree(tmp_path, "stdin.jsonl")
    with pytest.raises(UsageError, match="standard input and a file"):
        uris("-", tmp_path / "stdin.jsonl", tmp_path / "one", tmp_path / "more" / "one")


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    tree(tmp_path, "in/a.jsonl", "in/b.jsonl")
    os.symlink(tmp_path / "in" / "a.jsonl", tmp_path / "c.jsonl")
    found = inputs.gather([str(tmp_path / "in"), str(tmp_path / "in" / "b.jsonl"), str(tmp_path / "c.jsonl")])
    assert [file.uri for file in found.files] == ["a.jsonl", "b.jsonl"]
    assert len(found.notes) == 2


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    tree(tmp_path, "in/a.jsonl", "in/deep/b.jsonl")
    os.symlink(tmp_path / "in", tmp_path / "in" / "deep" / "again")
    os.symlink("loop.jsonl", tmp_path / "in" / "loop.jsonl")
    os.symlink("nowhere.jsonl", tmp_path / "in" / "lost.jsonl")
    found = inputs.gather([str(tmp_path / "in")])
    assert [file.uri for file in found.files] == ["a.jsonl", "deep/b.jsonl"]
    assert sorted(problem.uri for problem in found.problems) == ["loop.jsonl", "lost.jsonl"]
    assert all("leads nowhere or in a circle" in problem.reason for problem in found.problems)
    assert any("not followed again" in note for note in found.notes)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    tree(tmp_path, "a.jsonl", "b.jsonl", "shut/c.jsonl")
    (tmp_path / "a.jsonl").chmod(0)
    (tmp_path / "shut").chmod(0)
    found = inputs.gather([str(tmp_path)])
    (tmp_path / "shut").chmod(0o700)
    assert [file.uri for file in found.files] == ["b.jsonl"]
    assert {problem.uri for problem in found.problems} == {"a.jsonl", "shut"}


BAD = [
    ("nothing there", "no.jsonl", "no such file or folder"),
    ("of no known format", "a.txt", r"not a format privscan reads; it reads \.jsonl"),
    ("a link to nowhere", "lost.jsonl", "a link that leads nowhere"),
    ("a pipe, at which a run would wait for ever", "pipe.jsonl", "is a pipe"),
]


@pytest.mark.parametrize(("name", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_paths_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "a.txt").write_text("x")
    os.symlink("nowhere", tmp_path / "lost.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UsageError, match=reason):
        uris(tmp_path / name)
    if name.endswith(".jsonl") and os.path.lexists(tmp_path / name):
        assert re.search(reason, {p.uri: p.reason for p in inputs.gather([str(tmp_path)]).problems}[name])


def test_an_output_inside_the_input_is_not_read(tmp_path: Path) -> None:
    tree(tmp_path, "a.jsonl", "out/data/a.jsonl", "out/findings.jsonl", "outer/b.jsonl")
    os.symlink(tmp_path / "out" / "data", tmp_path / "copies")
    os.symlink(tmp_path / "out" / "findings.jsonl", tmp_path / "found.jsonl")
    assert uris(tmp_path, exclude=tmp_path / "out") == ["a.jsonl", "outer/b.jsonl"]


APART = [
    ("the folder itself", "in", "in"),
    ("by a link", "in", "link"),
    ("a file in it", "in/a.jsonl", "in"),
    ("its parent", "in", "."),
    ("a folder in it", "in/deep", "in"),
]


@pytest.mark.parametrize(("source", "out"), [case[1:] for case in APART], ids=[case[0] for case in APART])
def test_never_in_place(tmp_path: Path, source: str, out: str) -> None:
    tree(tmp_path, "in/a.jsonl", "in/deep/b.jsonl")
    os.symlink(tmp_path / "in", tmp_path / "link")
    with pytest.raises(UsageError, match="never changed"):
        uris(tmp_path / source, exclude=tmp_path / out)
    assert uris(tmp_path / "in", exclude=tmp_path / "in2") == ["a.jsonl", "deep/b.jsonl"]
