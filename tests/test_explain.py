"""`explain` tells the whole story of a finding and shows nothing of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan.account import blot
from privscan.errors import UsageError
from privscan.explain import explain, masked

if TYPE_CHECKING:
    from pathlib import Path

MAIL = "jane.roe@mail.acme-widgets.com"


@pytest.fixture
def run(tmp_path: Path, options: dict[str, Any]) -> Path:
    rows = [{"text": f"please write to {MAIL} or to Bob on 3rd of May"}, {"text": f"{MAIL} {MAIL}"}, {MAIL: 1}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **options)
    return tmp_path / "out"


def findings(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "findings.jsonl").read_bytes().splitlines()]


def test_the_story(run: Path) -> None:
    first, second, third, key = findings(run)
    told = explain(str(run), first["id"])
    assert told.row == first
    assert told.rule is not None
    assert told.rule.id == "pii.email"
    assert told.context == "please write to ‹EMAIL_ADDRESS, 30 characters› or to ▒ on ▒ of ▒"
    assert told.steps[0][0].startswith("shape of")
    assert told.steps[-1][1] == first["confidence"]
    both = "‹EMAIL_ADDRESS, 30 characters› ‹EMAIL_ADDRESS, 30 characters›"
    assert [explain(str(run), row["id"]).context for row in (second, third)] == [both, both]
    assert "not shown" in explain(str(run), key["id"]).context
    assert explain(str(run), first["id"][:8]).row == first


def test_an_input_that_moved_or_changed(run: Path, tmp_path: Path) -> None:
    wanted = findings(run)[0]["id"]
    (tmp_path / "a.jsonl").rename(tmp_path / "b.jsonl")
    assert "say where with --input" in explain(str(run), wanted).context
    assert "EMAIL_ADDRESS" in explain(str(run), wanted, moved=str(tmp_path / "b.jsonl")).context
    with (tmp_path / "b.jsonl").open("a") as file:
        file.write("{}\n")
    assert "has changed" in explain(str(run), wanted, moved=str(tmp_path / "b.jsonl")).context


REFUSED = [
    ("no id", "xyz", "4 to 12 hex digits"),
    ("too short", "abc", "4 to 12 hex digits"),
    ("not there", "000000000000", "holds no finding"),
]


@pytest.mark.parametrize(("finding", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(run: Path, finding: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        explain(str(run), finding)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no manifest"):
        explain(str(tmp_path), "0000")


def test_several_of_a_short_id(run: Path) -> None:
    rows = findings(run)
    rows[1]["id"] = rows[0]["id"][:8] + "0000"
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    (run / "findings.jsonl").write_text(text)
    with pytest.raises(UsageError, match="not the file this run wrote"):
        explain(str(run), rows[0]["id"])
    told = json.loads((run / "manifest.json").read_text())
    told["files"]["findings.jsonl"] = hashlib.sha256(text.encode()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(UsageError, match="give more of the id"):
        explain(str(run), rows[0]["id"][:8])


MASKED = [
    ("start", "x@y.org now", [(0, 7, "E")], "‹E, 7 characters› now"),
    ("overlapping", "abcdefgh", [(0, 4, "E"), (2, 8, "F")], "‹E, 4 characters›‹F, 6 characters›"),
    ("far away", "a " * 100 + "Bob", [(0, 1, "E")], "‹E, 1 characters›" + " a" * 24),
]


@pytest.mark.parametrize(("text", "spans", "expected"), [case[1:] for case in MASKED], ids=[case[0] for case in MASKED])
def test_masked(text: str, spans: list[tuple[int, int, str]], expected: str) -> None:
    assert masked(text, spans, spans[0][:2]) == expected


@pytest.mark.parametrize("word", ["Bob", "McX", "42nd", "İpek", "Ольга", "王小明", "éva", "x_1"])
def test_blot_leaves_small_latin_words_only(word: str) -> None:
    assert blot(f"ask {word} now") == "ask ▒ now"


def test_blot_covers_handles() -> None:
    assert blot("so proud of @lights today") == "so proud of ▒ today"
