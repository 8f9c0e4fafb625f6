"""The copies of a run: told in its report, listed and shown afterwards, and no text of a record in any of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import privscan
from privscan import alike, duplicates, spread
from privscan.dedup.copies import copies
from privscan.dedup.store import DROP, save_array
from privscan.errors import UsageError
from privscan.reports import sections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from privscan.model import Report

    Cli = Callable[..., Any]

WORDS = [f"harbour{at} lamp" for at in range(60)]
MAIL = "ines.moravec@fjordlight-mail.net"
LETTER = f"{' '.join(WORDS)} write to {MAIL} today"
NEAR = LETTER.replace("harbour7 ", "Captain9 ")
OTHER = f"{' '.join(reversed(WORDS))} or to {MAIL} or tomas.reuter@fjordlight-mail.net"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache_dir: str) -> tuple[Path, Report]:
    """A cleaned corpus of two files: a letter, three exact copies of it, a near one, and another text."""
    folder = tmp_path_factory.mktemp("run")
    for name, texts in {"a.jsonl": [LETTER, NEAR, LETTER], "b.jsonl": [LETTER, OTHER, LETTER, "no twin"]}.items():
        (folder / name).write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    paths = [str(folder / name) for name in ("a.jsonl", "b.jsonl")]
    report = privscan.clean(paths, str(folder / "out"), select=["pii.email"], workers=1, cache_dir=cache_dir)
    return folder, report


def test_the_report_counts_a_value_over_all_copies(run: tuple[Path, Report]) -> None:
    told = run[1].details["repetition"]
    assert (told["values"], told["repeated"], told["least"]) == (2, 1, False)
    (row,) = told["most"]
    assert {name: row[name] for name in ("entity", "records", "exact_copies", "near_copies", "files")} == {
        "entity": "EMAIL_ADDRESS",
        "records": 6,
        "exact_copies": 3,
        "near_copies": 1,
        "files": 2,
    }


def test_the_report_tells_of_families(run: tuple[Path, Report]) -> None:
    told = run[1].details["duplicates"]
    assert (told["rows"], told["families"], told["sizes"]) == (7, 1, [[4, 1]])
    assert told["largest"] == [{"uri": "a.jsonl", "record": 0, "exact": 3, "near": 1}]
    (sample,) = told["samples"]
    assert (sample["record"], sample["kept_record"]) == (1, 0)
    assert sample["difference"] == "14 same, -xxxxxxx0 +Xxxxxxx0, 113 same"


def test_sections_show_it(run: tuple[Path, Report]) -> None:
    found = {part.id: part for part in sections.of(run[1])}
    assert found["repeated-values"].tables[0].rows[0][3:] == (6, 3, 1, 2)
    assert [chart.bars for chart in found["families"].charts] == [(("4 to 7", 1),)]
    assert [table.title for table in found["families"].tables] == [
        "Families by size",
        "The largest families",
        "The least alike pairs",
    ]


def test_no_text_in_what_is_told(run: tuple[Path, Report], cli: Cli) -> None:
    folder = run[0]
    shown = [cli("duplicates", "show", folder / "out", row).stdout for row in ("a.jsonl:0", "a.jsonl:1", "b.jsonl:0")]
    files = [(folder / "out" / name).read_bytes() for name in ("report.json", "report.html", "duplicates.jsonl")]
    for text in (*shown, *files):
        assert not re.search(rb"harbour|Captain|fjordlight|moravec", text)


def test_show(run: tuple[Path, Report]) -> None:
    out = str(run[0] / "out")
    near = duplicates.family(out, "a.jsonl:1")
    assert (near.kept, near.against, near.count) == (("a.jsonl", 0), False, 4)
    assert near.own is not None
    assert near.own["method"] == "near"
    assert near.difference == "14 same, -xxxxxxx0 +Xxxxxxx0, 113 same"
    kept = duplicates.family(out, "a.jsonl:0")
    assert (kept.own, kept.difference, len(kept.members)) == (None, "", 4)
    assert duplicates.families(out, 5) == ([(("a.jsonl", 0), 4)], 1)


def test_moved_and_changed_inputs(run: tuple[Path, Report], tmp_path: Path) -> None:
    out = str(run[0] / "out")
    (tmp_path / "a.jsonl").write_bytes((run[0] / "a.jsonl").read_bytes())
    assert duplicates.family(out, "a.jsonl:1", moved=str(tmp_path)).difference
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    assert not duplicates.family(out, "a.jsonl:1", moved=str(tmp_path)).difference


REFUSED = {
    "no copy": ("b.jsonl:3", "has no copy"),
    "no such row": ("b.jsonl:99", "has no copy"),
    "no file": ("c.jsonl:1", "is no file of this run"),
    "no number": ("a.jsonl", "FILE:ROW"),
    "which file": ("1", "read 2 files; give FILE:ROW, as a.jsonl:1"),
    "negative": ("a.jsonl:-1", "FILE:ROW"),
}


@pytest.mark.parametrize(("row", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(run: tuple[Path, Report], row: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        duplicates.family(str(run[0] / "out"), row)


def test_a_changed_file_is_refused(run: tuple[Path, Report], tmp_path: Path, cli: Cli) -> None:
    for name in ("manifest.json", "duplicates.jsonl"):
        (tmp_path / name).write_bytes((run[0] / "out" / name).read_bytes())
    (tmp_path / "duplicates.jsonl").write_text("{}\n")
    for verb in (("list",), ("show",)):
        done = cli("duplicates", *verb, tmp_path, *(["a.jsonl:1"] if verb == ("show",) else []))
        assert done.returncode == 2
        assert b"another sha256" in done.stderr


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_holds_no_word_of_either(one: str, other: str) -> None:
    told = alike.difference(one, other)
    rest = re.sub(r"\d+ same|\(\d+ more\)|more changes|not compared further", "", told)
    assert re.fullmatch(r"[-+xX0… ,]*", rest)


def test_long_texts_are_compared_so_far() -> None:
    assert alike.difference("a " * 5000, "a " * 5000) == "2000 same, not compared further"


def drops(path: Path, rows: list[tuple[int, int, int, float, int]]) -> str:
    save_array(str(path), np.array([(*row, True) for row in rows], DROP))
    return str(path)


def test_copies_of_parts(tmp_path: Path) -> None:
    one = drops(tmp_path / "1", [(1, 0, 0, 1.0, 0), (2, 0, 0, 0.9, 1), (3, -1, 7, 1.0, 0)])
    two = drops(tmp_path / "2", [(5, 0, 0, 0.85, 1), (6, 1, 4, 0.8, 1)])
    found, pairs = copies([(0, one), (1, two)])
    assert len(found) == 3
    assert [values.tolist() for values in found.of(0, np.array([0, 1, 7]))] == [[1, 0, 0], [2, 0, 0]]
    assert [values.tolist() for values in found.of(1, np.array([4]))] == [[0], [1]]
    assert [values.tolist() for values in found.of(-1, np.array([7]))] == [[1], [0]]
    assert found.largest(2) == [(0, 0, 1, 2), (-1, 7, 1, 0)]
    assert found.sizes == ((2, 1), (4, 1))
    assert [(pair.row, pair.kept) for pair in pairs] == [((1, 6), (1, 4)), ((1, 5), (0, 0))]


def test_no_copies() -> None:
    found, pairs = copies([])
    assert (len(found), found.sizes, found.largest(3), pairs) == (0, (), [], [])
    assert [values.tolist() for values in found.of(0, np.array([1]))] == [[0], [0]]


def finding(record: int, value: str, uri: str = "a") -> dict[str, Any]:
    told = {"uri": uri, "record": record, "entity": "E", "rule": "e", "severity": "high", "state": "new"}
    return told | {"fingerprint": value}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcde")), max_size=60), st.integers(1, 400))
def test_spread_counts_records(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[int, str]], read: int
) -> None:
    path = tmp_path_factory.mktemp("spread") / "f"
    found.sort()
    path.write_text("".join(json.dumps(finding(*entry)) + "\n" for entry in found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "_READ", read)
        counted = spread.Spread(None)
        counted.add([str(path), str(path) + ".none"], {"a": 0}.__getitem__)
    records = {value: len({record for record, other in found if other == value}) for _, value in found}
    told = counted.told()
    assert told["values"] == len(records)
    again = sorted(((-count, value) for value, count in records.items() if count > 1))
    assert [(-row["records"], row["fingerprint"]) for row in told["most"]] == again


def test_more_values_than_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_HELD", 3)
    for name in "ab":
        rows = [
            finding(0, "twice", name),
            *(finding(at, f"{name}{at}", name) for at in range(5)),
            finding(9, "twice", name),
        ]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    counted = spread.Spread(None)
    for name in "ab":
        counted.add([str(tmp_path / name)], {"a": 0, "b": 1}.__getitem__)
    told = counted.told()
    assert told["least"]
    assert [(row["fingerprint"], row["records"], row["files"]) for row in told["most"]] == [("twice", 4, 2)]
