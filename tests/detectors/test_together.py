"""Rules that count together: beside their partner in the record, in another field or the same text, and never alone."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from privscan import explain, rules, scan
from privscan.errors import RuleError

from .partners import PARTNERS

if TYPE_CHECKING:
    from pathlib import Path

PACK = (
    PARTNERS
    + r"""
[[rule]]
id = "acme.host"
entity = "ACME_HOST"
name = "Acme address"
pattern = '''\b[a-z]{2,20}\.acme\.example\b'''
partner = true
examples = ["⟦shop.acme.example⟧"]
counter_examples = ["acme.example"]

[[rule]]
id = "acme.token"
entity = "ACME_TOKEN"
name = "Acme token beside its address"
pattern = '''\bq[0-9a-f]{16}\b'''
keywords = ["token"]
window = 32
requires = ["acme.host"]
confidence = "low"
examples = ["shop.acme.example token: ⟦q0123456789abcdef⟧"]
counter_examples = ["token: q0123456789abcdef"]
"""
)
POLICY = 'id = "acme"\nname = "Acme"\nselect = ["acme"]\n'
ID, KEY = "AC-123456", "0123456789abcdef"
CASES = [
    ("the same text", {"text": f"{ID} and {KEY}"}, ["acme.id", "acme.key"]),
    ("two fields", {"id": ID, "more": {"key": KEY}}, ["acme.id", "acme.key"]),
    ("the other way round", {"key": KEY, "id": ID}, ["acme.id", "acme.key"]),
    ("alone", {"text": KEY}, []),
    ("close by", {"text": f"{ID} z{KEY}"}, ["acme.id", "acme.near"]),
    ("too far", {"text": f"{ID} {'so ' * 20} z{KEY}"}, ["acme.id"]),
    ("near in one text, any distance between two", {"id": ID, "key": f"z{KEY}"}, ["acme.id", "acme.near"]),
    ("near another of its partners", {"text": f"{ID} {'so ' * 20} {ID} z{KEY}"}, ["acme.id", "acme.id", "acme.near"]),
    ("behind it", {"text": f"z{KEY} {ID}"}, ["acme.id", "acme.near"]),
    ("a partner only", {"text": "see https://shop.acme.example/x"}, []),
    ("beside such a one", {"url": "https://shop.acme.example/x", "token": f"q{KEY}"}, ["acme.token"]),
    ("amid a text", {"a": f"the token: q{KEY}, so", "b": "at shop.acme.example it is"}, ["acme.token"]),
    ("without its keyword", {"url": "https://shop.acme.example/x", "etag": f"q{KEY}"}, []),
    ("without its partner", {"token": f"q{KEY}"}, []),
    ("JSON in a string", {"text": json.dumps({"host": "shop.acme.example", "token": f"q{KEY}"})}, ["acme.token"]),
    (
        "packed",
        {"text": base64.b64encode(f"at shop.acme.example token=q{KEY} ".encode() * 2).decode()},
        ["acme.token"] * 2,
    ),
]


def test_a_rule_counts_beside_its_partner(tmp_path: Path, cache_dir: str) -> None:
    pack, data, found = tmp_path / "acme.toml", tmp_path / "rows.jsonl", tmp_path / "found.jsonl"
    pack.write_text(PACK, encoding="utf-8")
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    data.write_text("".join(json.dumps(record) + "\n" for _, record, _ in CASES), encoding="utf-8")
    scan(str(data), rule_files=[str(pack)], policy=str(policy), findings=str(found), cache_dir=cache_dir)
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    for number, (name, _, expected) in enumerate(CASES):
        assert sorted(row["rule"] for row in rows if row["record"] == number) == expected, name
    beside = next(row for row in rows if row["rule"] == "acme.key")
    assert beside["confidence"] == "medium"
    assert "with:acme.id" in beside["evidence"]
    told = explain.steps(beside, next(rule for rule in rules.load_rules([str(pack)]) if rule.id == "acme.key"))
    assert ("in the same record: acme.id", "medium") in told


def test_a_partner_is_never_reported_and_comes_along(tmp_path: Path, cache_dir: str) -> None:
    pack, data = tmp_path / "acme.toml", tmp_path / "rows.jsonl"
    pack.write_text(PACK, encoding="utf-8")
    data.write_text(json.dumps({"url": "https://shop.acme.example/x", "token": f"q{KEY}"}) + "\n", encoding="utf-8")
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    options = {"rule_files": [str(pack)], "policy": str(policy), "min_confidence": "low", "cache_dir": cache_dir}
    whole = scan(str(data), **options)
    alone = scan(str(data), select=["acme.token"], **options)
    without = scan(str(data), ignore=["acme.host"], **options)
    assert [{rule for _, rule, *_ in report.tally.findings} for report in (whole, alone, without)] == [
        {"acme.token"},
        {"acme.token"},
        set(),
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        pytest.param('requires = ["acme.host"]', 'requires = ["acme.hosts"]', id="nobody"),
        pytest.param('requires = ["acme.host"]', 'requires = ["acme.near"]', id="one-that-requires-itself"),
        pytest.param('requires = ["acme.host"]', 'requires = ["acme.host"]\ntrigger = "q"', id="a-trigger-of-its-own"),
        pytest.param("partner = true", "partner = 1", id="no-truth-value"),
    ],
)
def test_a_pair_that_cannot_be_is_told(tmp_path: Path, wrong: str, told: str) -> None:
    pack = tmp_path / "acme.toml"
    pack.write_text(PACK.replace(wrong, told), encoding="utf-8")
    with pytest.raises(RuleError, match=r"acme\.toml: acme\.(?:token|host): (?:requires|partner)"):
        rules.load_rules([str(pack)])


@pytest.mark.parametrize(
    ("record", "alike"),
    [({"a": "AKIAQ234567234567234", "b": "k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ"}, True), ({"b": KEY * 2}, False)],
)
def test_halves_of_a_pair_are_found_in_whatever_fields(record, alike, tmp_path: Path, cache_dir: str) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(record) + "\n", encoding="utf-8")
    report = scan(str(data), policy="secrets", cache_dir=cache_dir)
    assert any(rule == "secret.pair.aws" and level == "medium" for _, rule, level, *_ in report.tally.findings) is alike


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        pytest.param(
            {"base_url": "https://acme.zendesk.com/api/v2", "value": "k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ"},
            "secret.zendesk.pair",
            id="another-field",
        ),
        pytest.param(
            {"text": f"k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ {'and so on ' * 30} acme.zendesk.com"},
            "secret.zendesk.pair",
            id="one-text-the-key-first",
        ),
        pytest.param(
            {
                "messages": [
                    {"content": "we are at acme.algolianet.com"},
                    {"content": f"and the key: {KEY}9f3b0c6de1a24785"},
                ]
            },
            "secret.algolia.pair",
            id="a-conversation",
        ),
        pytest.param(
            {"a": "0oa1b2c3d4e5f6g7h8i9", "b": "k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ"},
            "secret.okta.pair.secret",
            id="a-client-id",
        ),
        pytest.param({"url": "https://acme.algolia.net", "md5": f"{KEY}9f3b0c6de1a24785"}, "", id="a-hash"),
        pytest.param({"url": "https://acme.zendesk.com", "sum": f"{KEY}9f3b0c6de1a24785deadbe11"}, "", id="a-commit"),
        pytest.param(
            {"url": "https://www.zendesk.com", "v": "k4Tz81xWmJr7Yb2NcLp0Sd6Hf3Ga5EwQ9vUt1XyZ"}, "", id="their-page"
        ),
    ],
)
def test_a_key_is_found_beside_its_issuers_address(record, rule, tmp_path: Path, cache_dir: str) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps(record) + "\n", encoding="utf-8")
    report = scan(str(data), policy="secrets", cache_dir=cache_dir)
    assert {name for _, name, *_ in report.tally.findings if ".pair" in name} == ({rule} if rule else set())
