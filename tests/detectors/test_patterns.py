"""The engine: what rules find, how sure they are, and that the gate loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privscan import config, detectors, formats, shard, validators
from privscan.detectors import compiled, patterns, triggers
from privscan.errors import RuleError
from privscan.model import Confidence, Leaf, LeafKind, Rule, Severity, Shard, Span, State

SETTINGS = config.settings("scan", workers=1, policy="web")


@pytest.fixture(scope="module")
def kit():
    return shard.tools(SETTINGS)


def leaf(text: str, field: str = "/text", kind: LeafKind = LeafKind.STRING) -> Leaf:
    return Leaf(0, field, field.rpartition("/")[2], text, kind, None)


def seen(kit, *leaves: Leaf) -> list[tuple[str, str, str]]:
    found = detectors.look(kit.detectors, leaves)
    return sorted(
        (match.entity, leaves[at].text[match.span.start : match.span.end], match.confidence.label)
        for at, matches in found.items()
        for match in matches
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("write to bob@corp-mail.de", [("EMAIL_ADDRESS", "bob@corp-mail.de", "high")], id="e-mail"),
        pytest.param("paid with 5105 1051 0510 5100", [("CREDIT_CARD", "5105 1051 0510 5100", "high")], id="card"),
        pytest.param("order 5105 1051 0510 5101", [], id="card-with-a-wrong-digit"),
        pytest.param("SSN 536-22-1234", [("US_SSN", "536-22-1234", "high")], id="ssn"),
        pytest.param("part 078-051-12", [], id="a-part-number"),
        pytest.param(
            "x" * 5000 + " bob@corp-mail.de " + "y" * 5000, [("EMAIL_ADDRESS", "bob@corp-mail.de", "high")], id="long"
        ),
        pytest.param(
            "é" * 700 + " bob@corp-mail.de",
            [("EMAIL_ADDRESS", "bob@corp-mail.de", "high")],
            id="offsets-in-code-points",
        ),
        pytest.param("\ud800 bob@corp-mail.de", [("EMAIL_ADDRESS", "bob@corp-mail.de", "high")], id="lone-surrogate"),
        pytest.param("", [], id="empty"),
    ],
)
def test_text(kit, text, expected) -> None:
    assert seen(kit, leaf(text)) == expected


@pytest.mark.parametrize(
    ("field", "text", "kind", "entity"),
    [
        ("/ssn", "536221234", LeafKind.NUMBER, "US_SSN"),
        ("/user/homePhone", "020 7183 8750", LeafKind.STRING, "PHONE_NUMBER"),
        ("/password", "Zq8kdLx!93", LeafKind.STRING, None),
        ("/count", "536221234", LeafKind.NUMBER, ""),
    ],
)
def test_field_names_are_evidence(kit, field, text, kind, entity) -> None:
    entities = {found[0] for found in seen(kit, leaf(text, field, kind))}
    assert entities == ({entity} if entity else set()) if entity is not None else entities


@pytest.mark.parametrize(
    ("field", "text", "kind", "found"),
    [
        pytest.param("/text", "485-777-3457", LeafKind.STRING, True, id="all-of-a-text"),
        pytest.param("/messages/3/content", " 4857773457.\n", LeafKind.STRING, True, id="an-answer-in-a-chat"),
        pytest.param("/text", "4857773457 is it", LeafKind.STRING, False, id="more-than-the-number"),
        pytest.param("/text", "4857773450", LeafKind.STRING, False, id="a-wrong-check-digit"),
        pytest.param("/order", "4857773457", LeafKind.STRING, False, id="a-field-of-another-kind"),
        pytest.param("/text", "4857773457", LeafKind.NUMBER, False, id="a-number"),
    ],
)
def test_a_number_alone_in_a_text_is_evidence(kit, field, text, kind, found) -> None:
    assert ("UK_NHS" in {entity for entity, _, _ in seen(kit, leaf(text, field, kind))}) is found


def test_placeholders_are_told_apart(kit) -> None:
    found = detectors.look(kit.detectors, [leaf("card 4111 1111 1111 1111, mail bob@example.com")])
    assert {match.state for match in found[0]} == {State.PLACEHOLDER}


def test_json_in_a_string_is_read(kit) -> None:
    inner = json.dumps({"to": "bob\u0040corp-mail.de", "ssn": 536221234}).replace("@", "\\u0040")
    found = detectors.look(kit.detectors, [leaf(inner, "/arguments")])
    spans = {inner[match.span.start : match.span.end] for match in found[0]}
    assert spans == {"bob\\u0040corp-mail.de", "536221234"}


def test_a_big_leaf_gives_what_its_parts_give(kit) -> None:
    part = "mail bob@corp-mail.de or SSN 536-22-1234. " + "lorem ipsum dolor " * 30
    text = part * (patterns.BIG_LEAF // len(part) + 2)
    found = detectors.look(kit.detectors, [leaf(text)])[0]
    assert len(found) == 2 * text.count("bob@")


LINES = [
    {"text": "nothing to see"},
    {"text": "mail bob@corp-mail.de"},
    {"messages": [{"role": "user", "content": "hi"}, {"role": "bot", "content": "call +49 30 901820 now"}]},
    {"text": "line\nSSN: 536-22-1234\nend", "n": 5},
    {"ssn": 536221234, "deep": {"list": [1, {"card": "5105105105105100"}]}},
    {"bob@corp-mail.de": "a key"},
    {"dob": "lorem ipsum " * 30 + "12 March 1990"},
    {"dob": "dob: " + "lorem ipsum " * 30 + "12 March 1990"},
    {"phones": ["030 901820", {"x": "y"}, "020 7183 8750"], "é": "ü 536-22-1234"},
    {"arguments": json.dumps({"ssn": 536221234, "q": "a\n5105105105105100"})},
]


@pytest.mark.parametrize("ascii_only", [False, True], ids=["utf-8", "ascii"])
def test_the_gate_loses_nothing(kit, tmp_path, ascii_only) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=ascii_only) + "\n" for line in LINES * 3), encoding="utf-8")
    total = 0
    for block in formats.named("jsonl").blocks(Shard(0, 0, str(path), "a.jsonl", "jsonl")):
        wanted = detectors.wanted(kit.detectors, block, block.rows())
        gated = found_in(kit, list(detectors.leaves(block, sorted(wanted), wanted)))
        assert gated == found_in(kit, list(block.leaves(block.rows())))
        total += len(gated)
    assert total >= 27


def found_in(kit, leaves):
    return {
        (leaves[at].record, leaves[at].field, match.span, match.rule, match.confidence)
        for at, matches in detectors.look(kit.detectors, leaves).items()
        for match in matches
    }


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_value_that_runs_past_its_window_is_not_turned_away_for_its_part(tmp_path, form) -> None:
    rule = replace(
        RULE, pattern=r"\bn\d{8,400}\b", context=(), validators=("luhn",), confidence=Confidence.HIGH, window=64
    )
    body = "7992739871" * 20
    digit = next(digit for digit in "0123456789" if validators.TABLE["luhn"](f"n{body}{digit}").state == "passed")
    texts = [f"so n{body}{digit} it is", f"so n{body}{'3' if digit != '3' else '4'} it is"]
    gate, block = own(tmp_path, rule), written(tmp_path, form, texts)
    assert 0 in gate.candidates(block)
    assert [leaf.record for leaf in leaves_with_matches(gate, block)] == [0]


def leaves_with_matches(gate, block):
    shown = list(block.leaves(block.rows()))
    return [shown[at] for at in gate.detect(shown)]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_leaf_is_shown_to_the_rules_that_its_gate_let_through(tmp_path, form) -> None:
    texts = ["number x123 and word ywv", "number x12", "word ywv"]
    gate, block = own(tmp_path, RULE_X, RULE_Y), written(tmp_path, form, texts)
    wanted = detectors.wanted([gate], block, block.rows())
    assert {row: near.asked[gate.gate] for row, near in wanted.items()} == {0: {0, 1}, 2: {1}}
    shown = [leaf for leaf in detectors.leaves(block, sorted(wanted), wanted) if leaf.kind == "string"]
    found = {shown[at].record: [match.rule for match in matches] for at, matches in gate.detect(shown).items()}
    assert found == {0: ["t.x", "t.y"], 2: ["t.y"]}
    fewer = [leaf._replace(asked={gate.gate: frozenset([1])}) for leaf in shown]
    assert {fewer[at].record for at in gate.detect(fewer)} == {0, 2}
    assert all(match.rule == "t.y" for matches in gate.detect(fewer).values() for match in matches)
    others = [leaf._replace(asked={object(): frozenset()}) for leaf in shown]
    assert gate.detect(others) == gate.detect([leaf._replace(asked=None) for leaf in shown])


RULE = Rule("t.x", "X", "An x", r"x\d{3}", context=("ex",), severity=Severity.LOW, confidence=Confidence.LOW)


RULE_X = replace(RULE, context=(), confidence=Confidence.HIGH)
RULE_Y = replace(RULE_X, id="t.y", name="A y", pattern=r"\byw[a-z]\b")


@pytest.mark.parametrize(
    ("rule", "states", "context", "field", "expected"),
    [
        (RULE, [], "", "", ("low", ("shape",))),
        (RULE, [], "ex", "", ("medium", ("context:ex",))),
        (RULE, [], "", "ex", ("medium", ("field:ex",))),
        (RULE, ["passed"], "", "", ("high", ("checksum:v",))),
        (replace(RULE, checked=Confidence.LOW), ["passed"], "ex", "", ("medium", ("checksum:v", "context:ex"))),
        (RULE, ["failed"], "ex", "", None),
        (replace(RULE, on_failed="keep", confidence=Confidence.MEDIUM), ["failed"], "", "", ("medium", ("failed:v",))),
        (replace(RULE, on_failed="lower", confidence=Confidence.HIGH), ["failed"], "", "", ("medium", ("failed:v",))),
        (RULE, ["shape"], "", "", ("low", ("shape:v",))),
        (RULE, ["n/a"], "", "", ("low", ("shape",))),
    ],
)
def test_weigh(rule, states, context, field, expected) -> None:
    verdicts = [("v", validators.Verdict(state)) for state in states]
    weighed = compiled.weigh(rule, verdicts, context, field)
    assert (weighed and (weighed[0].label, weighed[2])) == expected


def written(tmp_path, form: str, texts: list[str]):
    """Return the one block of a file of these texts."""
    path = tmp_path / f"a.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    else:
        pq.write_table(pa.table({"text": texts}), path)
    (block,) = formats.named(form).blocks(Shard(0, 0, str(path), path.name, form))
    return block


def own(tmp_path, *rules: Rule) -> patterns.Patterns:
    return patterns.Patterns(replace(SETTINGS, cache_dir=str(tmp_path)), rules)


def test_editing_a_pack_leaves_what_was_compiled_of_the_shipped_rules(tmp_path) -> None:
    email = next(rule for rule in SETTINGS.rules if rule.id == "pii.email")
    kept = []
    for word in ("", "badge", "staff"):
        packs = (replace(RULE, id="acme.badge", keywords=(word,)),) if word else ()
        detectors.build(replace(SETTINGS, rules=(email, *packs), cache_dir=str(tmp_path)))
        kept.append([len(list(tmp_path.glob(kind))) for kind in ("plan-*", "triggers-*")])
    assert kept == [[1, kept[0][1]], [2, kept[0][1] + 1], [3, kept[0][1] + 2]]


def test_a_pack_leaves_alone_what_stands_for_values_of_shipped_entities(tmp_path) -> None:
    tokens = replace(RULE, pattern="[0-9a-f]{16}", context=(), confidence=Confidence.HIGH)
    texts = [leaf("hash <EMAIL_ADDRESS:27bd26a2c5400fe1>"), leaf("hash 27bd26a2c5400fe1")]
    assert list(own(tmp_path, tokens).detect(texts)) == [1]


def test_a_match_runs_on_past_its_window(tmp_path) -> None:
    rule = replace(RULE, pattern=r"BEGIN[a-z ]{1,5000}END", context=(), confidence=Confidence.HIGH, window=64)
    text = "BEGIN" + "word " * 500 + "END"
    assert [match.span for match in own(tmp_path, replace(rule, window=4096)).detect([leaf(text)])[0]] == [
        Span(0, len(text))
    ]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_rows_where_no_exact_pattern_matches_are_not_decoded(tmp_path, form) -> None:
    rule = replace(RULE, pattern=r"ab(?=[a-z]*\d)[a-z0-9]{4}", context=(), confidence=Confidence.MEDIUM)
    texts = ["abcdef", "abcd1f", 'say "ab1def"', "line\nabc2ef", "a path\\nab3def", "nothing"]
    gate, block = own(tmp_path, rule), written(tmp_path, form, texts)
    assert sorted(gate.candidates(block)) == [1, 2, 3, 4]


def test_a_damaged_cache_is_made_anew(tmp_path) -> None:
    rule = replace(RULE, confidence=Confidence.HIGH)
    own(tmp_path, rule)
    files = list(tmp_path.glob("triggers-*.hs"))
    assert files
    for damage in (b"", b"x" * 100, files[0].read_bytes()[:-7]):
        for file in files:
            file.write_bytes(damage)
        assert own(tmp_path, rule).detect([leaf("x123")])
    whole = [file.read_bytes() for file in files]
    assert all(len(content) > 100 for content in whole)


def test_a_cache_that_cannot_be_written_costs_time_alone(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert own(tmp_path / "file" / "below", replace(RULE, confidence=Confidence.HIGH)).detect([leaf("x123")])


def test_concurrent_starts_share_a_cache(tmp_path) -> None:
    code = (
        "import sys; from privscan import config, shard; "
        "few = ['pii.email', 'pii.iban', 'secret.stripe']; "
        "made = config.settings('scan', workers=1, cache_dir=sys.argv[1], select=few); "
        "print(len(shard.tools(made).settings.rules))"
    )
    with ThreadPoolExecutor(3) as pool:
        runs = list(
            pool.map(
                lambda _: subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True),
                range(3),
            )
        )
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert not [name for name in os.listdir(tmp_path) if not name.endswith((".hs", ".json", ".msgpack"))]


def test_hyperscan_refusing_names_the_rule(tmp_path) -> None:
    with pytest.raises(RuleError, match=r"t\.x.*trigger"):
        own(tmp_path, replace(RULE, trigger="(?<=a)b"))


def test_no_trigger_names_the_rule() -> None:
    with pytest.raises(RuleError, match=r"t\.x.*keywords"):
        triggers.triggers_of(replace(RULE, pattern="x?", context=()), 0, needs_context=False)


def test_low_confidence_only_when_asked(tmp_path) -> None:
    rule = replace(RULE, context=())
    low = patterns.Patterns(replace(SETTINGS, min_confidence=Confidence.LOW, cache_dir=str(tmp_path)), (rule,))
    assert own(tmp_path, rule).detect([leaf("x123")]) == {}
    assert len(low.detect([leaf("x123")])[0]) == 1
