"""Long texts looked at in windows: the findings and the copies are those of texts that are held whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import longtext
from privscan.detectors import windows
from privscan.formats import lines

from .partners import PARTNERS

if TYPE_CHECKING:
    from pathlib import Path

PACK = (
    PARTNERS
    + r"""
[[rule]]
id = "acme.run"
entity = "ACME_RUN"
name = "Acme run of any length"
pattern = '''\bQX[a-z0-9]{20,}\b'''
window = 64
confidence = "medium"
examples = ["⟦QXabcdefghijklmnopqrstuvwxyz⟧"]
counter_examples = ["QX"]

[[rule]]
id = "acme.said"
entity = "ACME_SAID"
name = "Acme number that a word must tell"
pattern = '''\b\d{7}\b'''
context = ["badge"]
confidence = "low"
examples = ["badge ⟦1234567⟧"]
counter_examples = ["1234567"]
"""
)
POLICY = 'id = "acme"\nname = "Acme"\nselect = ["acme", "pii.email"]\n'
CORE = 4096
LEAST = (1 << 40, 1 << 12)  # bytes of a text that is not held: none, nearly all
FILL = {
    "ascii": "lorem ipsum dolor sit amet ",
    "latin": "führe crème brûlée garçon ",
    "greek": "αλφα βητα γαμμα δελτα ",
    "cjk": "中文字符 測試。",
    "emoji": "so 😀 it 👩‍👩‍👧 goes ",
    "escapes": 'a "b" \\ c\n\t/ \x01 ',
    "no blanks": "lorem_ipsum;dolor.",
}
VALUES = (
    "ines.moravec@fjordlight-mail.net",
    "badge 1234567",
    "badge nr. 7654321",
    f"QX{'ab3' * 900}",
    "aW5lc0BmLW1haWwubmV0 %40",
)


@pytest.fixture
def look(tmp_path: Path, cache_dir: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that cleans a file both ways and returns (findings, copies, outcomes) of each."""
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1 << 13)
    monkeypatch.setattr(windows, "LEAST", 700)
    monkeypatch.setattr(longtext, "CORE", CORE)
    pack, policy, data = tmp_path / "acme.toml", tmp_path / "policy.toml", tmp_path / "rows.jsonl"
    pack.write_text(PACK, encoding="utf-8")
    policy.write_text(POLICY, encoding="utf-8")

    def clean(out: Path, **more: Any) -> tuple[list[Any], bytes, Any]:
        options: dict[str, Any] = {"rule_files": [str(pack)], "policy": str(policy), "cache_dir": cache_dir}
        report = privscan.clean(str(data), str(out), workers=1, key=b"k" * 32, **options, **more)
        rows = [json.loads(line) for line in (out / "findings.jsonl").read_bytes().splitlines()]
        rows = sorted(
            ({**row, "evidence": row["evidence"]} for row in rows),
            key=lambda row: (row["field"], row["start"], row["rule"]),
        )
        return rows, (out / "data" / "rows.jsonl").read_bytes(), report.tally.outcomes

    def both(body: bytes, **more: Any) -> list[Any]:
        data.write_bytes(body)
        told = []
        for least in LEAST:
            monkeypatch.setattr(longtext, "LEAST", least)
            told.append(clean(tmp_path / f"out{least}", overwrite=True, **more))
        return told

    return both


def text_of(fill: str, shift: int) -> str:
    """Return a text with a value over, before and behind every cut."""
    out, number = fill * (shift // len(fill) + 1), 0
    while len(out) < 6 * CORE:
        value = VALUES[number % len(VALUES)] if number % 7 else VALUES[number // 7 % 3]
        gap = CORE // 2 - len(value) // 2 - number * 3 % 29
        out = out[:shift] if not number else out
        out += (fill * (max(gap, 30) // len(fill) + 1))[: max(gap, 30)] + " " + value + " "
        number += 1
    return out


@pytest.mark.parametrize("ascii_only", [False, True], ids=["utf-8", "escaped"])
@pytest.mark.parametrize("fill", FILL.values(), ids=list(FILL))
def test_a_text_in_windows_gives_what_it_gives_whole(look: Any, fill: str, ascii_only: bool) -> None:
    record = {
        "id": 7, "text": text_of(fill, 0), "n": [1234567, 1e5], "more": {"text": text_of(fill, 11), "badge": "1234567"},
        "packed": json.dumps({"text": text_of(fill, 5)[:9000]}), text_of(fill, 3)[:6000]: "a long key",
    }  # fmt: skip
    body = json.dumps(record, ensure_ascii=ascii_only).encode() + b"\n"
    short = b'{"a": "bob@fjordlight-mail.net"}\n'
    (whole, copy, outcomes), (seen, written, counted) = look(short + body + short)
    assert len(seen) >= 30
    assert {row["entity"] for row in seen} >= {"EMAIL_ADDRESS", "ACME_RUN", "ACME_SAID"}
    assert seen == whole
    assert written == copy
    assert counted == outcomes


KEY = "0123456789abcdef"
TOGETHER = {
    "far away in one text": ({"text": "AC-123456" + " so" * 9000 + f" {KEY}"}, ["ACME_ID", "ACME_KEY"]),
    "the other way round": ({"text": f"{KEY} " + " so" * 9000 + " AC-123456"}, ["ACME_ID", "ACME_KEY"]),
    "in a short field": ({"id": "AC-123456", "text": " so" * 9000 + f" {KEY}"}, ["ACME_ID", "ACME_KEY"]),
    "for a short field": ({"key": KEY, "text": " so" * 9000 + " AC-123456"}, ["ACME_ID", "ACME_KEY"]),
    "too far": ({"text": "AC-123456" + " so" * 9000 + f" z{KEY}"}, ["ACME_ID"]),
    "near": ({"text": " so" * 9000 + f" AC-123456 z{KEY}"}, ["ACME_ID", "ACME_NEAR"]),
    "alone": ({"text": " so" * 9000 + f" {KEY} z{KEY}"}, []),
    "longer than a window": ({"text": "so " * 4000 + "QX" + "a1" * 9000 + " so" * 9000}, ["ACME_RUN"]),
    "at the end": ({"text": "so " * 4000 + "QX" + "a1" * 9000}, ["ACME_RUN"]),
    "two of them": ({"text": "so " * 3000 + ("QX" + "a1" * 9000 + " so ") * 2}, ["ACME_RUN", "ACME_RUN"]),
    "no such thing after all": ({"text": "so " * 4000 + "xQX" + "a1" * 9000 + " so"}, []),
}


@pytest.mark.parametrize(("record", "expected"), TOGETHER.values(), ids=list(TOGETHER))
def test_what_counts_together_is_found_across_windows(look: Any, record: dict[str, str], expected: list[str]) -> None:
    (whole, copy, _), (seen, written, _) = look(json.dumps(record).encode())
    assert sorted(row["entity"] for row in seen) == expected
    assert [row | {"evidence": 0, "score": 0} for row in seen] == [row | {"evidence": 0, "score": 0} for row in whole]
    assert written == copy


@pytest.mark.parametrize("method", ["exact", "near", "contained"])
def test_long_lines_are_told_apart_by_all_of_them(look: Any, tmp_path: Path, method: str) -> None:
    words = [f"word{number * number % 9973}" for number in range(4000)]
    text = " ".join(words)
    texts = [
        text,
        text,
        text.replace("word9 ", "other "),
        " ".join(words[:3500]),
        text.upper(),
        " ".join(reversed(words)),
        "short",
        "short",
    ]
    texts += [f"\x00 {text}", "é中😀" * 3000, "é中😀" * 3000 + "é"]
    records = [{"title": "a", "text": text, "id": number} for number, text in enumerate(texts)]
    records += [{"x": text, "y": {"z": text}}, {"x": text, "y": {"z": f"{text}!"}}, {"y": text, "x": text}]
    body = "".join(
        json.dumps(record, ensure_ascii=number % 2 == 0) + "\n" for number, record in enumerate(records)
    ).encode()
    (whole, copy, outcomes), (seen, written, counted) = look(body, dedup=method)
    assert (seen, written, counted) == (whole, copy, outcomes)
    assert counted["duplicate"] >= 3
    duplicates = [(tmp_path / f"out{least}" / "duplicates.jsonl").read_bytes() for least in LEAST]
    assert duplicates[0] == duplicates[1]
