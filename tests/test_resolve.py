"""Edits cover the union of what was found, never overlap, and do not depend on the order of discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import resolve
from privscan.model import Action, Confidence, Match, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPLACE, MASK, KEEP, DROP = (Action(name) for name in ("replace", "mask", "keep", "drop"))
ACTIONS = {"A": REPLACE, "B": MASK, "C": KEEP, "D": DROP}


def match(start: int, end: int, entity: str = "A", confidence: Confidence = Confidence.MEDIUM) -> Match:
    return Match(Span(start, end), f"t.{entity.lower()}", entity, confidence, 0.5, Severity.MEDIUM)


def in_order(matches: Iterable[Match]) -> list[Match]:
    return sorted(matches, key=repr)


def action_of(found: Match) -> Action:
    return ACTIONS[found.entity]


MATCHES = st.lists(
    st.builds(
        lambda start, size, entity, confidence: match(start, start + size, entity, confidence),
        st.integers(0, 40), st.integers(1, 12), st.sampled_from("ABCD"), st.sampled_from(list(Confidence)),
    ),
    max_size=12,
)  # fmt: skip


@given(MATCHES)
def test_edits_cover_every_match_and_no_more(matches: list[Match]) -> None:
    covering = [found for found in matches if found.entity != "C"]
    wanted = {place for found in covering for place in range(*found.span)}
    edits = resolve.edits(matches, action_of)
    assert {place for edit in edits for place in range(*edit.span)} == wanted
    assert sum(edit.span.end - edit.span.start for edit in edits) == len(wanted)
    assert [edit.span for edit in edits] == sorted(edit.span for edit in edits)
    assert in_order([found for edit in edits for found in edit.matches]) == in_order(covering)


@given(MATCHES.flatmap(lambda matches: st.tuples(st.just(matches), st.permutations(matches))))
def test_the_order_of_matches_makes_no_difference(pair: tuple[list[Match], list[Match]]) -> None:
    def plain(matches: list[Match]) -> list[tuple[Span, Action, list[Match]]]:
        return [(edit.span, edit.action, in_order(edit.matches)) for edit in resolve.edits(matches, action_of)]

    assert plain(pair[0]) == plain(pair[1])


CASES: list[tuple[str, list[Match], list[tuple[int, int, str]]]] = [
    ("nothing", [], []),
    ("one", [match(2, 5)], [(2, 5, "replace")]),
    ("side by side", [match(0, 3), match(3, 5)], [(0, 3, "replace"), (3, 5, "replace")]),
    ("kept", [match(0, 3, "C")], []),
    ("kept under another", [match(0, 3, "C"), match(1, 2)], [(1, 2, "replace")]),
    ("overlap of masks is replaced whole", [match(0, 4, "B"), match(2, 6, "B")], [(0, 6, "replace")]),
    ("the strongest acts on its own span", [match(0, 6, "B", Confidence.HIGH), match(2, 4)], [(0, 6, "mask")]),
    ("drop wins", [match(0, 6, "B", Confidence.HIGH), match(2, 4, "D")], [(0, 6, "drop")]),
]


@pytest.mark.parametrize(("matches", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_edits(matches: list[Match], expected: list[tuple[int, int, str]]) -> None:
    edits = resolve.edits(matches, action_of)
    assert [(*edit.span, edit.action.operator) for edit in edits] == expected


def test_strength_orders_proved_before_long() -> None:
    key: Callable[[Match], object] = resolve.strength
    assert key(match(0, 3, confidence=Confidence.HIGH)) > key(match(0, 30))  # type: ignore[operator]
