"""Rules of gitleaks and betterleaks are taken as they are; what cannot be honoured is said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from privscan import rules, scan
from privscan.errors import RuleError
from privscan.goregex import group_named, pythonic

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = r"""
title = "house rules"
[extend]
useDefault = true

[allowlist]
stopwords = ["forbidden"]
paths = ['''vendor/''']

[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''(?i)acme[_-](?:key|token)\s{0,3}[:=]\s{0,3}['"]?([[:alnum:]]{20})(?:['"\s]|\z)'''
entropy = 3
keywords = ["acme"]
tags = ["house"]
[[rules.allowlists]]
regexes = ['''(?i)EXAMPLE$''']

[[rules]]
id = "beta.pair"
regex = '''(id)-(x[0-9a-f]{12})'''
secretGroup = 2
keywords = ["beta"]

[[rules]]
id = "only-a-path"
path = '''\.pem$'''
"""
TEXTS = [
    ("found, the group alone", "ACME_TOKEN = 'k4Tz81xWmJr7Yb2NcLp0'", "k4Tz81xWmJr7Yb2NcLp0"),
    ("too little entropy", "acme_token = 'aaaaaaaaaaaaaaaaaaab'", ""),
    ("an allowed value", "acme_token = 'k4Tz81xWmJr7Yexample'", ""),
    ("a stop word of all rules", "acme_token = 'k4Tz8forbiddenb2NcLp'", ""),
    ("the second group", "beta id-x0123456789ab", "x0123456789ab"),
    ("no keyword near", "id-x0123456789ab", ""),
]


def test_a_configuration_is_taken_as_it_is(tmp_path: Path, cache_dir: str) -> None:
    config = tmp_path / "gitleaks.toml"
    config.write_text(CONFIG, encoding="utf-8")
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for _, text, _ in TEXTS), encoding="utf-8")
    found = tmp_path / "found.jsonl"
    report = scan(
        str(data), rule_files=[str(config)], select=["secret.gitleaks"], findings=str(found), cache_dir=cache_dir
    )
    spans = {row["record"]: (row["start"], row["end"]) for row in map(json.loads, found.read_text().splitlines())}
    for record, (name, text, value) in enumerate(TEXTS):
        start, end = spans.get(record, (0, 0))
        assert text[start:end] == value, name
    told = " ".join(report.notes)
    assert all(word in told for word in ("useDefault", "paths", "only-a-path"))


def test_notes_are_only_of_foreign_files(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("", encoding="utf-8")
    assert rules.notes([str(own)]) == []


GO = [
    (r"a(?i)b|c", r"a(?i:b|c)"),
    (r"(?i:ab)\z", r"(?i:ab)\Z"),
    (r"(?P<n>x)(?<m>y)$", r"(?P<n>x)(?P<m>y)\Z"),
    (r"(?m)^x$", r"(?m:^x$)"),
    (r"[[:^alpha:]]", None),
    (r"[[:xdigit:]&&]", r"[0-9A-Fa-f\&\&]"),
    (r"[]a]", r"[\]a]"),
    (r"\Qa.b\E+", r"a\.b+"),
    (r"\x{41}", "A"),
    (r"\pL", None),
    (r"(?U)a+", None),
    (r"[a", None),
    (r"a)", None),
]


@pytest.mark.parametrize(("go", "python"), GO, ids=[case[0] for case in GO])
def test_gos_expressions_are_said_in_pythons(go: str, python: str | None) -> None:
    if python is None:
        with pytest.raises(ValueError, match=r".+"):
            pythonic(go)
    else:
        assert pythonic(go) == python
        re.compile(python)


GROUPS = [
    ("(a)b", 0, "(?P<value>a)b"),
    ("(a)|b", 0, "(a)|b"),
    ("(a)?b", 0, "(a)?b"),
    (r"\((a)[(](b)", 2, r"\((a)[(](?P<value>b)"),
    ("(?:x)(?i:(a))", 0, "(?:x)(?i:(?P<value>a))"),
]


@pytest.mark.parametrize(("pattern", "number", "named"), GROUPS, ids=[case[0] for case in GROUPS])
def test_the_group_of_the_secret_gets_its_name(pattern: str, number: int, named: str) -> None:
    assert group_named(pattern, number) == named
    re.compile(named)


WRONG = [
    ("a group that is not there", "regex = 'ab'\nsecretGroup = 3", "no group 3"),
    ("no expression", "regex = '(a'", "x: regex"),
    ("one that matches nothing", "regex = 'a*'", "matches nothing"),
    ("a number for an expression", "regex = 7", "regex: must be a string"),
    ("a word for bits", "regex = 'ab'\nentropy = 'high'", "entropy: must be a number"),
    ("a word for a list", "regex = 'ab'\nkeywords = 'ab'", "keywords: must be a list of strings"),
    ("a word for a table", "regex = 'ab'\nallowlists = ['x']", "allowlists: must be a list of tables"),
    ("numbers for words", "regex = 'ab'\nallowlists = [{stopwords = [1]}]", "allowlist: stopwords: must be a list"),
]


@pytest.mark.parametrize(("body", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_rule_that_cannot_be_had_is_named(body: str, message: str, tmp_path: Path) -> None:
    config = tmp_path / "gitleaks.toml"
    config.write_text(f'[[rules]]\nid = "x"\n{body}\n', encoding="utf-8")
    with pytest.raises(RuleError, match=message):
        rules.load_rules([str(config)])
