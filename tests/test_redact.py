"""Rewriting comes to an end, and what it leaves is found by nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

# what a rule would take for a value: the digest in a replacement, the whole of one, the stand-in's own shape
RECORDS = [
    ({"text": "api_secret = 'tyzayhgirb4itua2zozg8ik2jvqczgm6'"}, "<SECRET:"),
    ({"text": "WIFI:T:WPA;S:lab;P:r7Kq-92vbT;;"}, "P:<WIFI_KEY"),
]


@pytest.mark.parametrize("operator", ["pseudonym", "hash", "mask", "replace"])
def test_no_replacement_is_found_again(tmp_path: Path, options: dict[str, Any], operator: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f'id = "p"\nname = "P"\nselect = ["secret"]\n[default]\noperator = "{operator}"\n')
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record, _ in RECORDS))
    asked = options | {"policy": str(policy), "select": ["secret.generic", "secret.wifi"], "dedup": "off"}
    report = privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **asked)
    assert report.tally.outcomes == {"redacted": len(RECORDS)}
    lines = (tmp_path / "out" / "data" / "a.jsonl").read_text().splitlines()
    if operator in ("pseudonym", "hash"):
        assert all(left in line for line, (_, left) in zip(lines, RECORDS, strict=True))
    assert [check for check in verify(str(tmp_path / "out"), key=options["key"]) if check.passed is False] == []


def test_what_counts_for_its_company_is_looked_at_again_in_it(tmp_path: Path, options: dict[str, Any]) -> None:
    """A secret of a bare shape beside its issuer's host: its pseudonym has the same shape, and stands there too."""
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "p"\nname = "P"\nselect = ["secret"]\n[default]\noperator = "pseudonym"\n')
    record = {
        "url": "https://acme.auth0.com/x",
        "value": "sYnpbMqLTfN0IvwXNFkxH0kw0T0MtwG78EIMACbkWtxOARWIOKod5EkYbKw0S9lt",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    asked = options | {"policy": str(policy), "select": ["secret.auth0", "secret.host"], "dedup": "off"}
    report = privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **asked)
    assert report.tally.outcomes == {"redacted": 1}
    assert [check for check in verify(str(tmp_path / "out"), key=options["key"]) if check.passed is False] == []


def test_what_stands_in_the_place_of_a_key_is_no_name_for_its_value(tmp_path: Path, options: dict[str, Any]) -> None:
    (tmp_path / "a.jsonl").write_text('{"+1 415 639 2671": "4156392677"}\n')
    privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **options | {"select": ["pii.phone"]})
    assert (tmp_path / "out" / "data" / "a.jsonl").read_text() == '{"<PHONE_NUMBER>": "4156392677"}\n'
    assert [check for check in verify(str(tmp_path / "out")) if check.passed is False] == []
