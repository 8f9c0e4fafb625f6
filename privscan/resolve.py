"""From matches to edits: every character of every match is covered, no two edits overlap.

Overlapping matches are merged, never "best one wins": the loser's tail would stay in the clear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.model import Action, Edit, Match, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

REPLACE = Action("replace", (("template", "<{entity}>"),))


def strength(match: Match) -> tuple[int, float, int, int, str]:
    """Order matches: proved before guessed, grave before light, long before short; the rule's id breaks ties."""
    return (match.confidence, match.score, match.severity, match.span.end - match.span.start, match.rule)


def edits(matches: Iterable[Match], action_of: Callable[[Match], Action]) -> list[Edit]:
    """Sort once, sweep once. Matches whose action is `keep` cover nothing.

    The strongest match of a merged span names the action; where the span reaches past that match, the whole of it is
    replaced, because an operator that shows a part would show a part of the others.
    """
    covering = [(match, action) for match in matches if (action := action_of(match)).operator != "keep"]
    covering.sort(key=lambda pair: (pair[0].span, pair[0].rule))
    out: list[Edit] = []
    group: list[tuple[Match, Action]] = []
    start = end = 0
    for match, action in covering:
        if group and match.span.start < end:
            end = max(end, match.span.end)
        else:
            if group:
                out.append(_edit(group, Span(start, end)))
            group, start, end = [], match.span.start, match.span.end
        group.append((match, action))
    if group:
        out.append(_edit(group, Span(start, end)))
    return out


def _edit(group: Sequence[tuple[Match, Action]], span: Span) -> Edit:
    if len(group) == 1:
        return Edit(span, (group[0][0],), group[0][1])
    ranked = sorted(group, key=lambda pair: strength(pair[0]), reverse=True)
    drop = next((action for _, action in ranked if action.operator == "drop"), None)
    best, action = ranked[0]
    if drop is not None:
        action = drop
    elif best.span != span:
        action = REPLACE
    return Edit(span, tuple(match for match, _ in ranked), action)
