"""report.json: an exact round trip, and a clear refusal of anything else."""

from __future__ import annotations

import json as standard
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.errors import InputError
from privscan.model import Artifact, Outcome, Problem, Report, Tally
from privscan.reports import json

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
COUNTS = st.integers(0, 2**70)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PLAINS = st.dictionaries(TEXT, PLAIN, max_size=3)


def counters(*columns: st.SearchStrategy[str]) -> st.SearchStrategy[Counter[Any]]:
    keys = columns[0] if len(columns) == 1 else st.tuples(*columns)
    return st.dictionaries(keys, COUNTS, max_size=4).map(Counter)


LEVELS = st.sampled_from(["low", "medium", "high"])
STATES = st.sampled_from(["new", "known", "suppressed", "placeholder"])
TALLIES = st.builds(
    Tally,
    records=COUNTS,
    bytes=COUNTS,
    outcomes=counters(st.sampled_from([outcome.value for outcome in Outcome])),
    findings=counters(TEXT, TEXT, LEVELS, LEVELS, STATES),
    fields=counters(TEXT, TEXT),
    files=counters(TEXT, TEXT),
    reasons=counters(TEXT, TEXT),
    methods=counters(TEXT),
)
ARTIFACTS = st.lists(st.builds(Artifact, TEXT, COUNTS, COUNTS, TEXT), max_size=2).map(tuple)
REPORTS = st.builds(
    Report,
    command=TEXT,
    tool=st.dictionaries(TEXT, TEXT, max_size=3),
    started=TEXT,
    seconds=st.floats(0, 1e9),
    policy=PLAINS,
    inputs=ARTIFACTS,
    outputs=ARTIFACTS,
    tally=TALLIES,
    problems=st.lists(st.builds(Problem, TEXT, st.none() | COUNTS, TEXT, TEXT), max_size=3).map(tuple),
    samples=st.lists(PLAINS, max_size=2).map(tuple),
    gate=PLAINS,
    complete=st.booleans(),
    key=TEXT,
    settings=PLAINS,
    notes=st.lists(TEXT, max_size=2).map(tuple),
)


@given(REPORTS)
def test_any_report_comes_back_as_it_was(report: Report) -> None:
    data = json.dump(report)
    assert data.isascii()
    assert json.load(data) == report
    assert json.dump(json.load(data)) == data


@pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])
def test_round_trip(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    assert json.load(json.dump(report)) == report


def test_bytes_do_not_depend_on_the_order_of_merging(full: Report) -> None:
    parts = [Tally(methods=Counter({name: 1}), fields=Counter({(name, "JWT"): 2})) for name in "cab"]
    one, other = parts[0] + parts[1] + parts[2], parts[2] + parts[1] + parts[0]
    assert json.dump(replace(full, tally=one)) == json.dump(replace(full, tally=other))


def test_counters_are_rows_with_named_columns_one_a_line(full: Report) -> None:
    data = json.dump(full)
    tree = standard.loads(data)
    assert next(iter(tree)) == "schema"
    assert list(tree["tally"]["findings"][0]) == ["entity", "rule", "confidence", "severity", "state", "count"]
    assert {"outcome": "dropped", "count": 3} in tree["tally"]["outcomes"]
    assert data.count(b'"confidence": ') == len(full.tally.findings)
    assert all(line.count(b'"confidence": ') <= 1 for line in data.splitlines())


def _without(tree: dict[str, Any]) -> None:
    del tree["tally"]["files"]


def _count(tree: dict[str, Any]) -> None:
    tree["tally"]["findings"][1]["count"] = "many"


def _level(tree: dict[str, Any]) -> None:
    tree["tally"]["findings"][0]["severity"] = "dreadful"


def _rows(tree: dict[str, Any]) -> None:
    tree["tally"]["fields"] = {}


def _artifact(tree: dict[str, Any]) -> None:
    tree["inputs"][2] = "a.jsonl"


def _record(tree: dict[str, Any]) -> None:
    tree["problems"][3]["record"] = True


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda tree: tree.pop("schema"), "no schema version"),
        (lambda tree: tree.update(schema="1"), "no schema version"),
        (lambda tree: tree.update(schema=True), "no schema version"),
        (lambda tree: tree.update(schema=0), "no schema version"),
        (lambda tree: tree.update(schema=2), "newer privscan .schema 2, this one reads 1.: update"),
        (lambda tree: tree.update(complete=1), "damaged at report.complete"),
        (lambda tree: tree.update(tool={"python": 3}), "damaged at report.tool.python"),
        (lambda tree: tree.pop("gate"), "damaged at report.gate"),
        (_without, "damaged at report.tally.files"),
        (_count, r"damaged at report.tally.findings\[1\]"),
        (_level, r"damaged at report.tally.findings\[0\]"),
        (_rows, "damaged at report.tally.fields"),
        (_artifact, r"damaged at report.inputs\[2\]"),
        (_record, r"damaged at report.problems\[3\].record"),
    ],
)
def test_a_wrong_report_is_refused_with_the_place(full: Report, spoil: Callable[[Any], object], says: str) -> None:
    tree = standard.loads(json.dump(full))
    spoil(tree)
    with pytest.raises(InputError, match=says):
        json.load(standard.dumps(tree).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"3", b"[" * 100_000, b"9" * 5_000],
    ids=["empty", "cut", "not text", "list", "null", "number", "deep", "long number"],
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="this is not a report"):
        json.load(data)


def test_a_refusal_does_not_quote_the_file() -> None:
    with pytest.raises(InputError) as caught:
        json.load(b'{"schema": 1, "command": "x", "tool": {"a": ["sesame"]}}')
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_number_that_json_does_not_have_is_not_written(full: Report) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dump(replace(full, seconds=float("nan")))
