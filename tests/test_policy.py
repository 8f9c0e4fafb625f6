"""Policies: the shipped ones load, a wrong one is told where and why, every match has its action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from privscan.errors import ConfigError
from privscan.model import Action, Confidence, Match, Severity, Span, State
from privscan.policy import action, load, shipped
from privscan.rules import load_rules, select

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
id = "acme"
name = "Acme"
description = "ours"
select = ["pii", "secret"]
ignore = ["pii.age"]
min_confidence = "low"
placeholders = "keep"

[default]
operator = "replace"
template = "<{entity}>"

[actions.CREDIT_CARD]
operator = "mask"
char = "#"
keep_last = 4

[actions."pii.us"]
operator = "drop"

[actions.pii.us.ssn]
operator = "hash"
length = 16
"""


def written(folder: Path, text: str) -> str:
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def match(rule: str, entity: str, state: State = State.NEW) -> Match:
    return Match(Span(0, 1), rule, entity, Confidence.HIGH, 0.9, Severity.HIGH, (), state)


@pytest.mark.parametrize("name", shipped())
def test_shipped_policy_loads_and_selects_rules_there_are(name: str) -> None:
    policy = load(name)
    assert policy.id == name
    assert policy.description
    assert "patterns" in policy.detectors
    assert len(policy.sha256) == 64
    if {"patterns"} == set(policy.detectors):
        assert select(load_rules(), policy.select, policy.ignore)


def test_standard_web_and_secrets_are_shipped() -> None:
    assert {"standard", "web", "secrets"} <= set(shipped())


def test_policy_file_says_everything(tmp_path: Path) -> None:
    policy = load(written(tmp_path, GOOD))
    assert policy.min_confidence is Confidence.LOW
    assert policy.ignore == ("pii.age",)
    assert policy.detectors == ("patterns",)
    assert dict(policy.actions).keys() == {"CREDIT_CARD", "pii.us", "pii.us.ssn"}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        pytest.param(match("pii.email", "EMAIL_ADDRESS"), "replace", id="default"),
        pytest.param(match("pii.card", "CREDIT_CARD"), "mask", id="entity"),
        pytest.param(match("pii.us.itin", "US_ITIN"), "drop", id="rule prefix"),
        pytest.param(match("pii.us.ssn", "US_SSN"), "hash", id="longest prefix"),
        pytest.param(match("pii.us.ssn.bare", "US_SSN"), "hash", id="prefix of a longer id"),
        pytest.param(match("pii.usa", "OTHER"), "replace", id="a prefix ends at a dot"),
        pytest.param(match("pii.card", "CREDIT_CARD", State.PLACEHOLDER), "keep", id="placeholder"),
        pytest.param(match("pii.card", "CREDIT_CARD", State.SUPPRESSED), "keep", id="suppressed"),
    ],
)
def test_action(tmp_path: Path, found: Match, wanted: str) -> None:
    assert action(load(written(tmp_path, GOOD)), found).operator == wanted


def test_placeholders_are_redacted_unless_kept(tmp_path: Path) -> None:
    policy = load(written(tmp_path, GOOD.replace('placeholders = "keep"', "")))
    assert action(policy, match("pii.card", "CREDIT_CARD", State.PLACEHOLDER)).operator == "mask"


def test_parameters_are_sorted_pairs(tmp_path: Path) -> None:
    named = dict(load(written(tmp_path, GOOD)).actions)
    assert named["CREDIT_CARD"] == Action("mask", (("char", "#"), ("keep_last", 4)))


def test_operator_of_a_plug_in_needs_to_be_known(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace('"drop"', '"vault"\nkeep_for = "30d"'))
    with pytest.raises(ConfigError, match='unknown operator "vault"'):
        load(path)
    assert dict(load(path, lambda: {"vault"}).actions)["pii.us"] == Action("vault", (("keep_for", "30d"),))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("ignore", "ingore", 'unknown key "ingore"; did you mean "ignore"', id="unknown key"),
        pytest.param('"drop"', '"dorp"', 'actions.pii.us: unknown operator "dorp"; did you mean "drop"', id="operator"),
        pytest.param("keep_last", "keep_lst", 'mask takes no "keep_lst"; did you mean "keep_last"', id="parameter"),
        pytest.param("keep_last = 4", 'keep_last = "4"', "keep_last: must be a number", id="type of a parameter"),
        pytest.param("keep_last = 4", "keep_last = -1", "must not be negative", id="negative"),
        pytest.param('"#"', '"##"', "char: must be one character", id="two characters"),
        pytest.param('min_confidence = "low"', 'min_confidence = "lo"', "min_confidence", id="level"),
        pytest.param('"keep"', '"hide"', "placeholders", id="placeholders"),
        pytest.param('["pii", "secret"]', '"pii"', "select: must be a list", id="select"),
        pytest.param('id = "acme"', "", "id: must be", id="no id"),
        pytest.param('operator = "drop"', "", "operator: is missing", id="no operator"),
        pytest.param("[default]", "[default", "cannot be read as TOML", id="broken TOML"),
    ],
)
def test_wrong_policy_is_told_where_and_why(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, GOOD.replace(old, new)))
    assert said in str(caught.value)
    assert "acme.toml" in str(caught.value)


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match='did you mean "standard"'):
        load("standrad")
