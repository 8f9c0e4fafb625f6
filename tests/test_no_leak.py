"""No value, nor a piece of one, outside of the data: side files, output, errors, and what a failing part may say."""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import account, detectors
from privscan.detectors import patterns
from privscan.errors import PrivscanError
from privscan.model import Leaf, LeafKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLANTED = {
    "mail": "jane.roe@mail.acme-widgets.com",
    "second mail": "richard.miles@mail.acme-widgets.com",
    "card": "5105 1051 0510 5100",
    "token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "password": "vT9kq2LmZ8wR4xHn",
    "iban": "DE75512108001245126199",
}
PIECES = [piece for value in PLANTED.values() for piece in (value, value[: len(value) // 2], value[-8:])]


def rows() -> list[Any]:
    mail, second, card = PLANTED["mail"], PLANTED["second mail"], PLANTED["card"]
    return [
        {"text": f"write to {mail} or pay with {card}", "iban": PLANTED["iban"]},
        {mail: {"inner": {second: f"x {mail}"}}, "list": [{second: 1}, {second: {mail: card}}]},
        {"config": f'password = "{PLANTED["password"]}"\ntoken: {PLANTED["token"]}'},
        {"arguments": json.dumps({"to": mail, second: {"card": card}})},
        [mail, [second, {"a~b/c": card}]],
    ]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    body = "".join(json.dumps(row) + "\n" for row in rows())
    broken = "".join(f'{{"{value}": "{value}\n' for value in PLANTED.values())
    depth = "[" * 2000 + f'"{PLANTED["mail"]}"' + "]" * 2000 + "\n"
    (folder / "a.jsonl").write_text(body + broken + depth)
    (folder / "b.jsonl").write_bytes(b'{"text": "' + PLANTED["mail"].encode() + b'\xff"}\n')
    (folder / "c.jsonl.gz").write_bytes((body + broken).encode())
    (folder / "d.parquet").write_bytes((body + broken).encode())
    return folder


def assert_silent(told: bytes, where: str) -> None:
    text = told.decode("utf-8", "replace")
    flat = re.sub(r"\s+", " ", text)
    for piece in PIECES:
        assert piece not in text, where
        assert piece not in flat, where


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_tells_no_value_anywhere(tmp_path: Path, source: Path, cli: Callable[..., Any], workers: int) -> None:
    done = cli("clean", "in", "-o", "out", "-v", "--workers", workers, "--fail-on", "low", "--findings", "found.jsonl")
    assert done.returncode == 3
    assert_silent(done.stdout, "stdout")
    assert_silent(done.stderr, "stderr")
    sides = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and "data" not in path.parts[-2]]
    assert {path.name for path in sides} >= {
        "findings.jsonl",
        "quarantine.jsonl",
        "report.json",
        "report.html",
        "manifest.json",
    }
    for path in [*sides, tmp_path / "found.jsonl"]:
        assert_silent(path.read_bytes(), path.name)
    for value in PLANTED.values():
        for path in (tmp_path / "out" / "data").rglob("*"):
            assert value.encode() not in path.read_bytes(), path.name
    findings = [json.loads(line) for line in (tmp_path / "found.jsonl").read_bytes().splitlines()]
    assert len(findings) >= 12
    assert any(row["field"] == "/<EMAIL_ADDRESS>/inner/<EMAIL_ADDRESS>~key" for row in findings)
    for finding in {row["rule"]: row for row in findings}.values():
        shown = cli("explain", "out", finding["id"])
        assert shown.returncode == 0, shown.stderr
        assert_silent(shown.stdout + shown.stderr, "explain")
        assert finding["rule"].encode() in shown.stdout
    assert len(list(source.iterdir())) == 4


class Talkative:
    """A detector that fails with what it saw."""

    def candidates(self, block: Any) -> list[int]:
        return list(block.rows())

    def detect(self, leaves: Any) -> dict[int, Any]:
        seen = " ".join(leaf.text for leaf in leaves)
        if PLANTED["token"] in seen:
            raise ValueError(seen)
        return {}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_detector_that_fails_costs_its_record_and_tells_nothing(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfd: Any, workers: int
) -> None:
    real = detectors.build
    monkeypatch.setattr(detectors, "build", lambda settings: (*real(settings), Talkative()))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    report = privscan.clean(
        str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **(options | {"workers": workers, "split": 256})
    )
    assert [(problem.record, problem.reason) for problem in report.problems] == [(2, "a detector failed (ValueError)")]
    assert report.tally.outcomes["quarantined"] == 1
    out, err = capfd.readouterr()
    assert_silent((out + err).encode(), "output")
    for path in (tmp_path / "out").glob("*.*"):
        assert_silent(path.read_bytes(), path.name)


@pytest.mark.parametrize("split", [64, 1 << 20])
def test_problems_stand_in_the_order_of_the_records(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, split: int
) -> None:
    """Whatever they are, wherever a block ends: one that a detector fails on is met behind those that are no JSON."""
    real = detectors.build
    monkeypatch.setattr(detectors, "build", lambda settings: (*real(settings), Talkative()))
    bad = json.dumps({"text": PLANTED["token"]}) + "\n{no JSON\n"
    (tmp_path / "a.jsonl").write_text(bad * 3)
    privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), dedup="off", **(options | {"split": split}))
    told = [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_bytes().splitlines()]
    assert [(row["record"], row["stage"]) for row in told] == list(enumerate(["detect", "read"] * 3))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_defect_of_ours_tells_its_place_only(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    def broken(_kind: object, block: Any) -> list[int]:
        raise KeyError(block.buffer)

    monkeypatch.setattr("privscan.formats.jsonl.JsonlBlock.rows", lambda block: broken(None, block))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    with pytest.raises(PrivscanError, match="unexpected KeyError at") as told:
        privscan.scan(str(tmp_path / "a.jsonl"), **(options | {"workers": workers, "split": 256}))
    lines = traceback.format_exception(told.type, told.value, told.tb)
    assert_silent("".join(lines).encode(), "traceback")
    assert patterns.__name__  # the real detectors were at work


HIDDEN = {"/a@b.org": "<M>", "/a@b.org/c@d.org": "<N>", "/x/0/e@f.org": "<O>"}
SHOWN = [
    ("/a@b.org", "/<M>"), ("/a@b.org~key", "/<M>~key"), ("/a@b.org/c@d.org~key", "/<M>/<N>~key"),
    ("/a@b.org/c@d.org/z", "/<M>/<N>/z"), ("/x/0/e@f.org/1", "/x/0/<O>/1"), ("/x/1", "/x/1"),
    ("/a@b.orgs", "/a@b.orgs"),
]  # fmt: skip


@pytest.mark.parametrize(("pointer", "expected"), SHOWN, ids=[case[0] for case in SHOWN])
def test_keys_that_hold_a_value_are_covered_at_any_depth(pointer: str, expected: str) -> None:
    assert account.shown(pointer, HIDDEN) == expected


def test_what_holds_data_does_not_show_it() -> None:
    assert "secret" not in repr(Leaf(1, "/secret", "secret", "my secret", LeafKind.STRING, None))
