"""Rules that count together: beside their partner in the record, in another field or the same text, and not alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from privscan import scan

if TYPE_CHECKING:
    from pathlib import Path

PACK = r"""
[[rule]]
id = "acme.id"
entity = "ACME_ID"
name = "Acme id"
pattern = '''\bAC-\d{6}\b'''
confidence = "medium"
examples = ["⟦AC-123456⟧"]
counter_examples = ["AC-1"]

[[rule]]
id = "acme.key"
entity = "ACME_KEY"
name = "Acme key"
pattern = '''\b[0-9a-f]{16}\b'''
requires = ["acme.id"]
confidence = "low"
examples = ["AC-123456 ⟦0123456789abcdef⟧"]
counter_examples = ["0123456789abcdef"]

[[rule]]
id = "acme.near"
entity = "ACME_NEAR"
name = "Acme key close to its id"
pattern = '''\bz[0-9a-f]{16}\b'''
requires = ["acme"]
within = 32
confidence = "low"
examples = ["AC-123456 ⟦z0123456789abcdef⟧"]
counter_examples = ["z0123456789abcdef"]
"""
ID, KEY = "AC-123456", "0123456789abcdef"
CASES = [
    ("the same text", {"text": f"{ID} and {KEY}"}, ["acme.id", "acme.key"]),
    ("two fields", {"id": ID, "more": {"key": KEY}}, ["acme.id", "acme.key"]),
    ("the other way round", {"key": KEY, "id": ID}, ["acme.id", "acme.key"]),
    ("alone", {"text": KEY}, []),
    ("close by", {"text": f"{ID} z{KEY}"}, ["acme.id", "acme.near"]),
    ("too far", {"text": f"{ID} {'so ' * 20} z{KEY}"}, ["acme.id"]),
    ("near means the same text", {"id": ID, "key": f"z{KEY}"}, ["acme.id"]),
]


def test_a_rule_counts_beside_its_partner(tmp_path: Path, cache_dir: str) -> None:
    pack, data, found = tmp_path / "acme.toml", tmp_path / "rows.jsonl", tmp_path / "found.jsonl"
    pack.write_text(PACK, encoding="utf-8")
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "acme"\nname = "Acme"\nselect = ["acme"]\n', encoding="utf-8")
    data.write_text("".join(json.dumps(record) + "\n" for _, record, _ in CASES), encoding="utf-8")
    scan(str(data), rule_files=[str(pack)], policy=str(policy), findings=str(found), cache_dir=cache_dir)
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    for number, (name, _, expected) in enumerate(CASES):
        assert sorted(row["rule"] for row in rows if row["record"] == number) == expected, name
    beside = next(row for row in rows if row["rule"] == "acme.key")
    assert beside["confidence"] == "medium"
    assert "with:acme.id" in beside["evidence"]


@pytest.mark.parametrize(
    ("record", "alike"),
    [({"a": "AKIAQ234567234567234", "b": "k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ"}, True), ({"b": KEY * 2}, False)],
)
def test_halves_of_a_pair_are_found_in_whatever_fields(record, alike, tmp_path: Path, cache_dir: str) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(record) + "\n", encoding="utf-8")
    report = scan(str(data), policy="secrets", cache_dir=cache_dir)
    assert any(rule == "secret.pair.aws" and level == "medium" for _, rule, level, *_ in report.tally.findings) is alike
