"""Loading, choosing and expanding rules: what is accepted, and what is said of what is not."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from privscan.errors import RuleError, UsageError
from privscan.examples import expand
from privscan.model import Confidence, Rule, Severity, Span
from privscan.rules import compiled, digest, load_rules, of, select

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = load_rules()

GOOD = """
[[rule]]
id = "acme.badge"
entity = "ACME_BADGE"
name = "Badge"
pattern = '''\\bBADGE-\\d{6}\\b'''
severity = "high"
examples = ["wears ⟦BADGE-482915⟧"]
counter_examples = ["BADGE-48"]
aliases = ["acme.oldbadge"]
"""


def written(folder: Path, text: str) -> str:
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_shipped_pack_is_whole_and_sorted() -> None:
    assert len(SHIPPED) >= 80
    assert [rule.id for rule in SHIPPED] == sorted(rule.id for rule in SHIPPED)
    assert {"pii.card", "pii.email", "pii.us.ssn", "secret.github.classic", "secret.pem"} <= {r.id for r in SHIPPED}


def test_shipped_rules_compile_and_match_their_own_examples() -> None:
    for rule in of(SHIPPED, ["patterns"]):  # one test, not two thousand: to set up a test takes longer than this does
        pattern = compiled(rule)
        group = "value" if "value" in pattern.groupindex else 0
        for example in rule.examples:
            made = expand(example, rule.id)
            assert made.marks, rule.id
            for mark in made.marks:
                text = leaf(made.record, mark.field)
                assert mark.span in {Span(*found.span(group)) for found in pattern.finditer(text)}, rule.id
        for example in rule.counter_examples:
            assert expand(example, rule.id).marks == (), rule.id


def test_shipped_rules_share_only_with_rules_there_are() -> None:
    known = {name for rule in SHIPPED for name in (rule.id, *heads(rule.id))}
    assert [rule.id for rule in SHIPPED if not known.issuperset(rule.shares)] == []


def heads(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def leaf(record: str, pointer: str) -> str:
    """Return the text of one leaf of a record, as the readers would."""
    value = json.loads(record)
    for part in pointer.removesuffix("~key").split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value if isinstance(value, str) else repr(value)


def test_users_file_joins_the_shipped_rules(tmp_path: Path) -> None:
    rules = load_rules([written(tmp_path, GOOD)])
    (badge,) = (rule for rule in rules if rule.id == "acme.badge")
    assert len(rules) == len(SHIPPED) + 1
    assert badge.severity is Severity.HIGH
    assert badge.confidence is Confidence.LOW
    assert badge.on_failed == "reject"
    assert badge.source.endswith("acme.toml")


def test_users_folder_is_read_and_policies_in_it_are_not(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.toml").write_text('id = "p"', encoding="utf-8")
    assert len(load_rules([str(tmp_path)])) == len(SHIPPED) + 1


def test_a_failed_check_keeps_a_secret_by_default() -> None:
    by_id = {rule.id: rule for rule in SHIPPED}
    assert by_id["secret.github.classic"].on_failed == "keep"
    assert by_id["pii.card"].on_failed == "reject"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("severity =", "severty =", '"severty"; did you mean "severity"', id="unknown key"),
        pytest.param('name = "Badge"', "", "name is missing", id="missing field"),
        pytest.param('"high"', '"huge"', "severity", id="unknown level"),
        pytest.param("acme.badge", "Acme Badge", "id:", id="id not dotted"),
        pytest.param("ACME_BADGE", "acme badge", "entity:", id="entity not capitals"),
        pytest.param("acme.badge", "pii.card", '"pii.card" is taken', id="duplicate id"),
        pytest.param("acme.oldbadge", "pii.email", '"pii.email" is taken', id="alias of another rule"),
        pytest.param("{6}", "{6}(", "not a regular expression", id="bad pattern"),
        pytest.param("\\bBADGE-\\d{6}\\b", "(?:BADGE)?", "matches nothing at all", id="empty match"),
        pytest.param("severity", 'validators = ["lunh"]\nseverity', 'did you mean "luhn"', id="unknown validator"),
        pytest.param('["wears ⟦BADGE-482915⟧"]', "[]", "examples is missing", id="no example"),
        pytest.param('["BADGE-48"]', "[]", "counter_examples is missing", id="no counter-example"),
        pytest.param("⟦BADGE-482915⟧", "BADGE-482915", "examples: put", id="example without marks"),
        pytest.param('["BADGE-48"]', '["⟦BADGE-48⟧"]', "take the marks out", id="marked counter-example"),
        pytest.param("severity", 'on_failed = "drop"\nseverity', "on_failed", id="unknown on_failed"),
        pytest.param("severity", "window = 3\nseverity", "window", id="window out of range"),
        pytest.param("severity", 'context = "badge"\nseverity', "list of strings", id="string for list"),
        pytest.param("severity", "keywords = 7\nseverity", "keywords: must be a list", id="number for list"),
        pytest.param("[[rule]]", "pieces = 3\n[[rule]]", "pieces: must be a table", id="pieces no table"),
        pytest.param("[[rule]]", "pieces = {a = 3}\n[[rule]]", "pieces: must be a table", id="a piece no text"),
        pytest.param("[[rule]]", "[[rules]]", 'unknown table "rules"', id="unknown table"),
        pytest.param("[[rule]]", "[[rule", "cannot be read as TOML", id="broken TOML"),
    ],
)
def test_wrong_rule_is_named_with_its_remedy(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(RuleError) as caught:
        load_rules([path])
    assert said in str(caught.value)
    assert "acme.toml" in str(caught.value)


ANY = ("-1", "true", '""', '"("', "[[]]", "{a = 1}")


@pytest.mark.parametrize("key", sorted(field.name for field in fields(Rule) if field.name != "source"))
def test_whatever_stands_under_a_key_there_is_a_rule_or_a_sentence(tmp_path: Path, key: str) -> None:
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
    for value in ANY:
        try:
            load_rules([written(tmp_path, "\n".join([*kept, f"{key} = {value}"]))])
        except RuleError as told:
            assert "acme.toml" in str(told)


def test_a_folder_without_rules_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="holds no rule file"):
        load_rules([str(tmp_path)])


def test_missing_rule_file_is_told() -> None:
    with pytest.raises(RuleError, match="no such rule file"):
        load_rules(["nowhere.toml"])


@pytest.mark.parametrize(
    ("chosen", "ignored", "inside", "outside"),
    [
        pytest.param(["pii.us"], [], "pii.us.ssn", "pii.uk.nhs", id="prefix"),
        pytest.param(["pii.us.ssn"], [], "pii.us.ssn", "pii.us.itin", id="whole id"),
        pytest.param(["credit_card"], [], "pii.card", "pii.email", id="entity in small letters"),
        pytest.param([], ["SECRET"], "pii.card", "secret.generic.field", id="ignore an entity"),
        pytest.param(["pii"], ["pii.us"], "pii.card", "pii.us.ssn", id="ignore beats select"),
    ],
)
def test_select(chosen: list[str], ignored: list[str], inside: str, outside: str) -> None:
    ids = {rule.id for rule in select(SHIPPED, chosen, ignored)}
    assert inside in ids
    assert outside not in ids


def test_select_understands_old_ids(tmp_path: Path) -> None:
    rules = load_rules([written(tmp_path, GOOD)])
    assert [rule.id for rule in select(rules, ["acme.oldbadge"])] == ["acme.badge"]


@pytest.mark.parametrize(
    ("selector", "said"),
    [("pii.crd", 'did you mean "pii.card"'), ("CREDIT_CRAD", 'did you mean "CREDIT_CARD"'), ("pii.c", "pii.c")],
)
def test_select_refuses_what_names_nothing(selector: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        select(SHIPPED, [selector])


def test_digest_depends_on_content_alone(tmp_path: Path) -> None:
    first = load_rules([written(tmp_path, GOOD)])
    (tmp_path / "deeper").mkdir()
    moved = load_rules([written(tmp_path / "deeper", GOOD)])
    changed = load_rules([written(tmp_path, GOOD.replace("{6}", "{6,7}"))])
    assert digest(first) == digest(moved) == digest(first[::-1])
    assert digest(first) != digest(changed)


@pytest.mark.parametrize(
    ("example", "record", "marks"),
    [
        pytest.param("a ⟦b⟧ c", {"text": "a b c"}, [("/text", 2, 3)], id="text"),
        pytest.param("⟦a⟧ b ⟦c⟧", {"text": "a b c"}, [("/text", 0, 1), ("/text", 4, 5)], id="two marks"),
        pytest.param('{"n": ⟦12⟧}', {"n": 12}, [("/n", 0, 2)], id="number"),
        pytest.param('{"a": {"b": ["x ⟦y⟧"]}}', {"a": {"b": ["x y"]}}, [("/a/b/0", 2, 3)], id="nested"),
        pytest.param('{"⟦k⟧/": 1}', {"k/": 1}, [("/k~1~key", 0, 1)], id="key, escaped in its pointer"),
        pytest.param('{"s": "q \\" ⟦y⟧"}', {"s": 'q " y'}, [("/s", 4, 5)], id="quote inside"),
        pytest.param("line\n⟦x⟧", {"text": "line\nx"}, [("/text", 5, 6)], id="newline"),
        pytest.param("nothing", {"text": "nothing"}, [], id="no mark"),
    ],
)
def test_expand(example: str, record: object, marks: list[tuple[str, int, int]]) -> None:
    made = expand(example, "acme.rule")
    assert json.loads(made.record) == record
    assert "\n" not in made.record
    assert [(mark.field, *mark.span) for mark in made.marks] == marks


def test_expand_fills_in_the_same_characters_every_time() -> None:
    first, again = (expand("⟦x_%{36:A-F0-9_-}⟧", "acme.rule") for _ in range(2))
    other = expand("⟦x_%{36:A-F0-9_-}⟧", "acme.other")
    text = json.loads(first.record)["text"]
    assert first == again
    assert first != other
    assert len(text) == 38
    assert set(text[2:]) <= set("ABCDEF0123456789_-")


@pytest.mark.parametrize(
    ("example", "said"),
    [("a ⟦b", "without"), ('{"a": ⟦}', "without"), ('{"a" ⟦1⟧}', "JSON"), ("%{made:nothing}", "made:nothing")],
)
def test_expand_refuses(example: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        expand(example, "acme.rule")


MODELLED = """
[[rule]]
id = "acme.voice"
entity = "VOICE"
name = "Found by a model"
detector = "ear"
examples = ["⟦la⟧"]
counter_examples = ["silence"]
"""


def test_a_rule_of_another_detector_needs_no_pattern(tmp_path: Path) -> None:
    loaded = load_rules([written(tmp_path, MODELLED)])
    assert [rule.id for rule in of(loaded, ["ear"])] == ["acme.voice"]
    assert "acme.voice" not in {rule.id for rule in of(loaded, ["patterns"])}


def test_a_rule_of_another_detector_takes_no_pattern(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match='keywords: the detector "ear" takes no patterns'):
        load_rules([written(tmp_path, MODELLED + 'keywords = ["x"]\n')])


def test_a_pattern_may_open_with_a_telling_name(tmp_path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(
        "[[rule]]\nid = 'acme.key'\nentity = 'ACME_KEY'\nname = 'Key'\npattern = '''%{told}(?P<value>[0-9a-f]{8})'''\n"
        "keywords = ['acme']\nexamples = ['acme key: ⟦%{8:0-9a-f}⟧']\ncounter_examples = ['acme 01234567']\n",
        encoding="utf-8",
    )
    (rule,) = (rule for rule in load_rules([str(file)]) if rule.id == "acme.key")
    pattern = compiled(rule)
    assert [bool(pattern.search(text)) for text in ("key = 01234567", "01234567", "of 01234567")] == [True, True, False]


def test_kept_rules_are_those_of_the_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in ("read", "kept"):
        monkeypatch.setattr("privscan.rules._LOADED", {})
        assert load_rules(cache=str(tmp_path)) == SHIPPED
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    monkeypatch.setattr("privscan.rules._LOADED", {})
    assert load_rules(cache=str(tmp_path)) == SHIPPED
