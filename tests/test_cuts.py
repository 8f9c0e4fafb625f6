"""Passages that stand elsewhere are removed from records, told of, and proved; nothing else changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan import config
from privscan.run import Run
from privscan.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

FOOT = "All rights are reserved by us"
MAIL = "ines.moravec@fjordlight-mail.net"
LONG = " ".join(f"Lamp{at}" for at in range(60))


def body(seed: int) -> str:
    return " ".join(f"river{seed}x{at}" for at in range(12))


def cut(folder: Path, rows: list[Any], method: str = "near", verb: str = "dedup", **more: Any) -> list[dict[str, Any]]:
    """Run over the rows, as they are told; return what is left of them. Every promise must hold."""
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    run = privscan.clean if verb == "clean" else privscan.deduplicate
    fields = more.pop("dedup_fields", [])
    own = {name: more.pop(name) for name in ("cache_dir", "select", "exclude_fields") if name in more}
    run(str(path), str(folder / "out"), dedup=method, dedup_options=more, dedup_fields=fields, workers=1, **own)
    checks = {check.name: check.detail for check in verify(str(folder / "out"), **_cache(own)) if check.passed is False}
    assert not checks
    return [json.loads(line) for line in (folder / "out/data/a.jsonl").read_text().splitlines()]


def _cache(own: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in own.items() if name == "cache_dir"}


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out/duplicates.jsonl").read_text().splitlines()]


def texts(rows: list[dict[str, Any]]) -> list[str]:
    return [row["text"] for row in rows]


SCOPES: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "lines": ([f"{body(1)}\n{FOOT}", f"{FOOT}\n{body(2)}"], {"scope": "line"}, [f"{body(1)}\n{FOOT}", body(2)]),
    "two lines may stay": (
        [f"{body(seed)}\n{FOOT}" for seed in range(3)],
        {"scope": "line", "keep": 2},
        [f"{body(0)}\n{FOOT}", f"{body(1)}\n{FOOT}", body(2)],
    ),
    "in too few records": (
        [f"{body(1)}\n{FOOT}", f"{body(2)}\n{FOOT}"],
        {"scope": "line", "over": 2},
        [f"{body(1)}\n{FOOT}", f"{body(2)}\n{FOOT}"],
    ),
    "paragraphs": (
        [f"{FOOT}\n{FOOT}\n\n{body(1)}", f"{body(2)}\n\n{FOOT}\n{FOOT}\n\n{body(3)}", f"{body(4)}\n{FOOT}"],
        {"scope": "paragraph"},
        [f"{FOOT}\n{FOOT}\n\n{body(1)}", f"{body(2)}\n\n{body(3)}", f"{body(4)}\n{FOOT}"],
    ),
    "long runs of words": (
        [f"{body(1)}. {LONG}!", f"{body(2)} — {LONG.upper()} {body(3)}"],
        {"method": "substring"},
        [f"{body(1)}. {LONG}!", f"{body(2)} — {body(3)}"],
    ),
    "one word again and again": (["go " * 500, body(1)], {"method": "substring"}, ["go " * 50, body(1)]),
    "a verse again and again": (
        [f"{body(1)} " * 30],
        {"method": "substring"},
        [" ".join([*[body(1)] * 4, *body(1).split()[:2]]) + " "],
    ),
    "exact copies first": ([LONG, LONG, body(1)], {"method": "substring"}, [LONG, body(1)]),
    "nothing but passages": ([f"{FOOT}\n{body(1)}", FOOT, body(2)], {"scope": "line"}, [f"{FOOT}\n{body(1)}", body(2)]),
    "copies left alone": ([body(1), body(1)], {"scope": "line", "method": "off", "over": 2}, [body(1), body(1)]),
    "only listed": ([f"{body(1)}\n{FOOT}", FOOT], {"scope": "line", "keep": 0}, [f"{body(1)}\n{FOOT}", FOOT]),
}


@pytest.mark.parametrize(("rows", "options", "left"), SCOPES.values(), ids=SCOPES)
def test_what_is_left(tmp_path: Path, rows: list[str], options: dict[str, Any], left: list[str]) -> None:
    if "scope" in options:
        options = {"over": 0} | options
    assert texts(cut(tmp_path, [{"text": text} for text in rows], **options)) == left


def test_told_with_place_and_fingerprint(tmp_path: Path) -> None:
    rows = [
        {"text": f"{body(1)}\n{FOOT}"},
        {"text": f"{FOOT}\n{body(2)}"},
        {"text": FOOT},
        {"text": f"{body(1)}\n{FOOT}"},
    ]
    cut(tmp_path, rows, scope="line", over=0)
    line, whole, copy = told(tmp_path)
    assert copy == {"uri": "a.jsonl", "record": 3} | _kept(0, "exact")
    assert whole == {"uri": "a.jsonl", "record": 2} | _kept(0, "line")
    assert len(line.pop("passage")) == 16
    place = {"field": "/text", "start": 0, "end": len(FOOT) + 1, "words": 6, "dropped": False}
    assert line == {"uri": "a.jsonl", "record": 1} | _kept(0, "line") | place
    report = json.loads((tmp_path / "out/report.json").read_text())
    counts = {entry["outcome"]: entry["count"] for entry in report["tally"]["outcomes"]}
    assert counts == {"clean": 1, "redacted": 1, "duplicate": 2}


def test_a_record_shows_what_was_removed_from_it(tmp_path: Path, cli: Any) -> None:
    cut(tmp_path, [{"text": f"{body(seed)}\n{FOOT}"} for seed in range(2)], scope="line", over=0)
    done = cli("duplicates", "show", "out", "1")
    assert done.returncode == 0, done.stderr
    words = done.stdout.decode().split()
    assert words[:8] == "a.jsonl row 1 stays, without 1 passages that".split()
    start = len(body(1))
    assert words[-6:] == ["line", "/text", f"{start}-{start + len(FOOT) + 1}", "6", "a.jsonl", "0"]
    assert cli("duplicates", "show", "out", "0").returncode == 2
    assert b"0 families in all" in cli("duplicates", "list", "out").stdout


def _kept(record: int, method: str) -> dict[str, Any]:
    return {"kept_uri": "a.jsonl", "kept_record": record, "similarity": 1.0, "method": method}


def test_fields_and_chats(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": body(seed)} for seed in (1, 2)]
    answer = {"role": "assistant", "content": f"{FOOT}\n\n{FOOT} indeed"}
    rows = [{"messages": [message, answer], "note": FOOT} for message in talk]
    left = cut(tmp_path, rows, method="off", scope="paragraph", over=0)
    assert [row["messages"][1]["content"] for row in left] == [answer["content"], ""]
    assert [row["note"] for row in left] == [FOOT, FOOT]
    (tmp_path / "two").mkdir()
    left = cut(tmp_path / "two", rows, method="off", scope="field", over=0, dedup_fields=["/note"])
    assert [row["note"] for row in left] == [FOOT, ""]
    assert [row["messages"] for row in left] == [row["messages"] for row in rows]


def test_findings_and_passages_in_one_record(tmp_path: Path, cache_dir: str) -> None:
    line = f"{FOOT}, write to {MAIL} today"
    long = f"{LONG} {MAIL.partition('@')[0]}"  # a finding that reaches over the end of the passage
    rows = [
        {"text": f"{line}\n{body(1)}\n{long}"},
        {"text": f"{MAIL} {body(2)}\n{line}"},
        {"text": f"{body(3)}\n{long}@b.org"},
    ]
    options: dict[str, Any] = {"cache_dir": cache_dir, "select": ["pii.email"], "verb": "clean"}
    left = cut(tmp_path, rows, scope="line", over=0, **options)
    assert left[1]["text"] == f"<EMAIL_ADDRESS> {body(2)}"
    assert {row["record"] for row in map(json.loads, (tmp_path / "out/findings.jsonl").read_text().splitlines())} == {
        0,
        1,
        2,
    }
    (tmp_path / "two").mkdir()
    left = cut(tmp_path / "two", rows, method="substring", **options)
    assert left[2]["text"] == f"{body(3)}\n<EMAIL_ADDRESS>"
    assert MAIL not in json.dumps(left)


def test_the_same_bytes_for_any_workers_cuts_and_formats(tmp_path: Path) -> None:
    rows = [f"{body(seed)}\n{FOOT if seed % 3 else LONG}\n{body(seed + 900)}" for seed in range(300)]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(rows))
    )
    table = pa.table({"id": pa.array(range(300)), "text": pa.array(rows)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=50)
    for kind in ("jsonl", "parquet"):
        seen = []
        for number, (workers, split) in enumerate(((1, 32 << 20), (2, 1 << 13))):
            out = tmp_path / f"{kind}{number}"
            settings = config.settings(
                "dedup",
                dedup="near",
                workers=workers,
                split=split,
                dedup_options={"scope": "line", "memory": 64 << 20},
                key=b"k" * 32,
            )
            Run(settings, [str(tmp_path / f"a.{kind}")], str(out)).run()
            seen.append(((out / f"data/a.{kind}").read_bytes(), (out / "duplicates.jsonl").read_bytes()))
        assert seen[0] == seen[1]
        assert [check.detail for check in verify(str(out), key=b"k" * 32) if check.passed is False] == []
    left = pq.read_table(tmp_path / "parquet0/data/a.parquet").column("text").to_pylist()
    assert left == texts([json.loads(line) for line in (tmp_path / "jsonl0/data/a.jsonl").read_text().splitlines()])
    assert sum(LONG in text for text in left) == sum(FOOT in text for text in left) == 1


@pytest.mark.parametrize("shift", [-5, 5])
def test_verify_sees_what_was_removed_besides(tmp_path: Path, shift: int) -> None:
    cut(tmp_path, [{"text": f"{body(seed)}\n{FOOT}"} for seed in range(2)], scope="line", over=0)
    path = tmp_path / "out/duplicates.jsonl"
    rows = told(tmp_path)
    path.write_text(json.dumps(rows[0] | {"start": rows[0]["start"] + shift}) + "\n")
    assert {check.promise for check in verify(str(tmp_path / "out")) if check.passed is False} >= {0, 3}


ODD = b"""{"text": ""}
{"text": "go"}
{"text": null}
{"n": [1, 2.50, 1e5]}
["all rights are reserved by us"]
"all rights are reserved by us"
{"text":
{"text": "%b", "text": "%b"}
{"text": "\\ud800 all rights \\u0061re reserved by us"}

{"text": "  all rights are reserved by us\\r\\n"}
"""


@pytest.mark.parametrize(
    "options", [{"method": "substring"}, {"scope": "line", "over": 0}, {"scope": "field", "over": 0}]
)
def test_odd_records(tmp_path: Path, options: dict[str, Any]) -> None:
    lines = (ODD % (LONG.encode(), LONG.upper().encode())).splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    method = options.pop("method", "off")
    report = privscan.deduplicate(
        str(tmp_path / "a.jsonl"), str(tmp_path / "out"), dedup=method, dedup_options=options, workers=1
    )
    assert sum(report.tally.outcomes.values()) == report.tally.records == 10
    assert report.tally.outcomes["quarantined"] == 1
    left = (tmp_path / "out/data/a.jsonl").read_bytes().splitlines(keepends=True)
    assert left[:4] == lines[:4]
    assert [check.detail for check in verify(str(tmp_path / "out")) if check.passed is False] == []
    if method == "substring":
        assert json.loads(left[5])["text"] == ""
        assert left[5] == b'{"text": "%b", "text": ""}\n' % LONG.encode()
    else:
        assert [row["record"] for row in told(tmp_path)] == [5, 10]


def test_a_million_words(tmp_path: Path) -> None:
    words = [f"w{at % 99_999}" for at in range(1_000_000)]
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": " ".join(words)}) + "\n")
    more: dict[str, Any] = {"dedup_options": {"memory": 64 << 20}, "workers": 1}
    privscan.deduplicate(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), dedup="substring", **more)
    assert json.loads((tmp_path / "out/data/a.jsonl").read_text())["text"].split() == words[:99_999]


def test_verify_holds_what_was_removed_against_the_record_it_stands_in(tmp_path: Path) -> None:
    cut(tmp_path, [{"text": f"{body(seed)}\n{FOOT if seed else ''}"} for seed in range(3)], scope="line", over=0)
    rows = told(tmp_path)
    assert [row["kept_record"] for row in rows] == [1]
    (tmp_path / "out/duplicates.jsonl").write_text(json.dumps(rows[0] | {"kept_record": 0}) + "\n")
    failed = [check.detail for check in verify(str(tmp_path / "out")) if check.promise == 3]
    assert failed == ["a.jsonl, record 2: lost a passage that does not stand in a.jsonl, record 0"]


def test_a_verse_without_end_is_told_with_a_record_that_holds_what_was_removed(tmp_path: Path) -> None:
    """Of what is said over and over the stretch begins behind the copies that stay, in the middle of a passage."""
    verse = [f"w{at}" for at in range(29)]
    rows = [{"text": " ".join((verse * 3)[10:69])}, {"text": f"lead in words {' '.join(verse * 48)}"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = str(tmp_path / "out")
    privscan.deduplicate(str(tmp_path / "a.jsonl"), out, dedup="substring", dedup_options={"keep": 2}, workers=1)
    assert [row["kept_record"] for row in told(tmp_path)] == [1]  # in its own beginning
    assert [check.detail for check in verify(out) if check.passed is False] == []
