"""Rules that count together: a key beside its id, a token beside its account, in one record.

A rule with `requires` is worth a step more where one of the rules it names is found in the record, in whatever field,
or within so many characters of the same text. By itself it is worth what its own confidence says: mostly too little.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from privscan.detectors import hits, triggers
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf, Match, Rule

STEP = 0.3  # of the score


class Together:
    """Finds nothing itself: judges what the other detectors found, once they are through."""

    def __init__(self, settings: Settings) -> None:
        self.minimum = settings.min_confidence
        self.rules = {rule.id: rule for rule in settings.rules if rule.requires}
        lines = {line for rule in self.rules.values() for line in rule.trigger.splitlines() if "\\x1f" not in line}
        self._hits = triggers.scanner([line.encode() for line in sorted(lines)], settings.cache_dir) if lines else None

    def candidates(self, block: Block) -> dict[int, None]:
        """Ask for all of the rows in which one half stands: the other may stand in any field."""
        return dict.fromkeys(hits.rows_with(self._hits, block)) if self._hits is not None else {}

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:  # noqa: ARG002 - the protocol's
        """Find nothing."""
        return {}

    def settle(self, leaves: Sequence[Leaf], found: Mapping[int, Sequence[Match]]) -> dict[int, list[Match]]:
        """Return the matches, those of composite rules raised beside a partner, or left out below the minimum."""
        if not any(match.rule in self.rules for matches in found.values() for match in matches):
            return {position: list(matches) for position, matches in found.items()}
        records: dict[int, list[tuple[int, Match]]] = defaultdict(list)
        for position, matches in found.items():
            records[leaves[position].record] += [(position, match) for match in matches]
        out: dict[int, list[Match]] = {}
        for position, matches in found.items():
            beside = records[leaves[position].record]
            judged = [self._judged(match, position, beside) for match in matches]
            kept = [match for match in judged if match is not None]
            if kept:
                out[position] = kept
        return out

    def _judged(self, match: Match, position: int, beside: Sequence[tuple[int, Match]]) -> Match | None:
        rule = self.rules.get(match.rule)
        if rule is None:
            return match
        partner = _partner(rule, match, position, beside)
        if not partner:
            return match if match.confidence >= self.minimum else None
        level = Confidence(min(match.confidence + 1, Confidence.HIGH))
        if level < self.minimum:
            return None
        score = round(min(match.score + STEP, 0.99), 2)
        return replace(match, confidence=level, score=score, evidence=(*match.evidence, f"with:{partner}"))


def _partner(rule: Rule, match: Match, position: int, beside: Sequence[tuple[int, Match]]) -> str:
    """Return the id of a rule that is named and found near enough, "" for none."""
    for place, other in beside:
        named = any(other.rule == name or other.rule.startswith(f"{name}.") for name in rule.requires)
        if not named or (place == position and other.span == match.span):
            continue
        gap = max(other.span.start - match.span.end, match.span.start - other.span.end)
        if not rule.within or (place == position and gap <= rule.within):
            return other.rule
    return ""
