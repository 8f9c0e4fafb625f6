"""Distinct secrets: one row a value, the strongest finding of a place, the same in whatever form."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import privscan
from privscan import distinct
from privscan.reports import sections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]

URL = "postgres://app:r7Kq-92vbT@db.internal:5432/main"
TEXTS = [f"first {URL}", f"again {URL} and {URL}", 'api_key = "q8Xv2LmTz7RbKw4PdYc3"', "nothing"]


def row(value: str, record: int = 0, start: int = 0, **more: Any) -> dict[str, Any]:
    told = {"id": f"{record}-{start}", "uri": "a", "record": record, "field": "/text", "start": start, "end": start + 5}
    told |= {
        "entity": "E",
        "rule": "secret.e",
        "severity": "high",
        "confidence": "medium",
        "score": 0.6,
        "state": "new",
    }
    return told | {"fingerprint": value, "evidence": ["shape"]} | more


def test_what_overlaps_is_one_place_and_the_strongest_speaks() -> None:
    rows = [row("weak"), row("strong", start=3, confidence="high", evidence=["verified:crc32"]), row("weak", start=20)]
    told = distinct.told(rows)
    assert [(entry["fingerprint"], entry["verdict"], entry["count"]) for entry in told["most"]] == [
        ("strong", "verified", 1),
        ("weak", "likely", 1),
    ]


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        pytest.param({"confidence": "high", "evidence": ["verified:crc32"]}, "verified", id="proved"),
        pytest.param({"evidence": ["failed:crc32", "shape"]}, "check failed", id="wrong check"),
        pytest.param({"evidence": ["verified:secret"]}, "likely", id="judged, not proved"),
        pytest.param({"confidence": "low"}, "unlikely", id="low"),
    ],
)
def test_verdict(more: dict[str, Any], verdict: str) -> None:
    assert distinct.told([row("v", **more)])["most"][0]["verdict"] == verdict


def test_samples_stand_last_and_other_findings_do_not() -> None:
    rows = [row("sample", state="placeholder", severity="critical"), row("live", 1), row("mail", 2, rule="pii.email")]
    told = distinct.told(rows)
    assert [entry["fingerprint"] for entry in told["most"]] == ["live", "sample"]
    assert (told["values"], told["new"]) == (2, 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from("abc")), max_size=40, unique=True))
def test_counts_of_places_and_records(found: list[tuple[int, int, str]]) -> None:
    places = sorted({(record, slot): value for record, slot, value in found}.items())
    told = distinct.told(row(value, record, slot * 10) for (record, slot), value in places)
    counts = Counter(value for _, value in places)
    records = Counter(value for _, value in {(record, value) for (record, _), value in places})
    assert {entry["fingerprint"]: entry["count"] for entry in told["most"]} == counts
    assert {entry["fingerprint"]: entry["records"] for entry in told["most"]} == records
    assert all(entry["files"] == 1 for entry in told["most"])


def test_more_values_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "ALL", 8)
    rows = [row(str(number % 3), number) for number in range(9)] + [row(str(number), number) for number in range(9, 30)]
    told = distinct.told(rows)
    assert told["least"] is True
    assert {entry["fingerprint"]: entry["count"] for entry in told["most"][:3]} == {"0": 3, "1": 3, "2": 3}


def test_a_run_tells_them_in_its_report_and_on_demand(tmp_path: Path, cli: Cli, cache_dir: str) -> None:
    data, out = tmp_path / "a.jsonl", tmp_path / "out"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    report = privscan.scan(str(data), policy="secrets", out=str(out), workers=1, cache_dir=cache_dir)
    wanted = [("secret.url.credentials", 3, 2), ("secret.generic.assigned", 1, 1)]
    told = report.details["secrets"]
    assert [(entry["rule"], entry["count"], entry["records"]) for entry in told["most"]] == wanted
    assert "secrets" in {part.id for part in sections.of(report)}
    shown = cli("report", str(out), "--group-by", "secret", "-f", "json", "-f", f"markdown={tmp_path / 'a.md'}")
    assert [(entry["rule"], entry["count"], entry["records"]) for entry in json.loads(shown.stdout)["most"]] == wanted
    assert "| 3 | 2 | 1 |" in (tmp_path / "a.md").read_text()
    assert not any(secret in shown.stdout for secret in (b"r7Kq", b"q8Xv"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("--group-by", "entity"), b'nothing can be grouped by "entity"; give secret', id="unknown"),
        pytest.param(("--group-by", "secret", "-f", "html"), b"known: console, json, markdown", id="format"),
    ],
)
def test_what_cannot_be_grouped_is_refused(tmp_path: Path, cli: Cli, arguments: tuple[str, ...], words: bytes) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    done = cli("scan", str(tmp_path / "a.jsonl"), *arguments)
    assert done.returncode == 2
    assert words in done.stderr
