"""Rules that count together: a key beside its id, a token beside its issuer's host, in one record.

A rule with `requires` is looked for only in records in which one of the rules it names is found: its partner, which may
be a rule that is never reported itself. So a value of a bare shape costs nothing and alarms nobody elsewhere. Beside
its partner it is worth a step more than its own confidence says. It holds no blank: only long words are looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from privscan.detectors.compiled import Compiled
from privscan.detectors.patterns import Patterns, reach_across
from privscan.detectors.syntax import parsed
from privscan.model import Confidence
from privscan.rules import heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings
    from privscan.detectors.marks import Told
    from privscan.formats import Block
    from privscan.model import Leaf, Match, Rule

STEP = 0.3  # of the score


class Together:
    """The rules with partners as one detector: its gate is the partners' own."""

    def __init__(self, settings: Settings) -> None:
        self.minimum = settings.min_confidence
        asking: dict[str, list[Rule]] = defaultdict(list)
        for rule in settings.rules:
            for name in rule.requires:
                asking[name].append(rule)
        partners = [
            rule for rule in settings.rules if not rule.requires and not asking.keys().isdisjoint(heads(rule.id))
        ]
        self._rules = {
            rule.id: list({one.id: one for name in heads(rule.id) for one in asking.get(name, ())}.values())
            for rule in partners
        }
        self._compiled: dict[str, tuple[Compiled, int]] = {}
        self._partners = Patterns(settings, tuple(map(told, partners)))
        asking_all = [rule for rules in self._rules.values() for rule in rules]
        self.reach = max([self._partners.reach, *(reach_across(rule) for rule in asking_all)])

    def candidates(self, block: Block) -> Told:
        """Ask for all of the rows in which a partner stands: the value may stand in any field."""
        found = self._partners.candidates(block)
        for marks in found.values():
            marks.whole = True
        return found

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return the matches beside their partners by position in `leaves`, those below the minimum left out."""
        return self.beside(leaves, self.partners(leaves))

    def partners(self, leaves: Sequence[Leaf]) -> list[tuple[int, Match]]:
        """Return the partners among some leaves: (position in `leaves`, match)."""
        found = self._partners.detect(leaves)
        return [(position, match) for position, matches in found.items() for match in matches]

    def beside(self, leaves: Sequence[Leaf], partners: Sequence[tuple[int, Match]]) -> dict[int, list[Match]]:
        """Return what `detect` does, where the partners are known."""
        records: dict[int, list[tuple[int, Match]]] = defaultdict(list)
        for position, match in partners:
            records[leaves[position].record].append((position, match))
        out: dict[int, list[Match]] = {}
        for position, leaf in enumerate(leaves) if records else ():
            found = list(self._beside(leaves, position, records[leaf.record])) if leaf.record in records else []
            if found:
                out[position] = found
        return out

    def _beside(self, leaves: Sequence[Leaf], position: int, partners: Sequence[tuple[int, Match]]) -> Iterator[Match]:
        """Yield the matches in one leaf of all rules that the partners in its record call for."""
        called: dict[str, list[tuple[int, Match]]] = defaultdict(list)
        for place, other in partners:
            for rule in self._rules[other.rule]:
                if not rule.within or place == position or leaves[place].field != leaves[position].field:
                    called[rule.id].append((place, other))
        entries = [self._entry(name, called[name][0][1].rule) for name in sorted(called)]
        text = leaves[position].text
        least = min((width for _, width in entries), default=0)
        words = [found.span() for found in re.finditer(rf"\S{{{least},}}", text)] if entries else []
        for entry, width in entries:
            partners_of = called[entry.rule.id]
            here = [other for place, other in partners_of if place == position]
            near = entry.rule.within if len(here) == len(partners_of) else 0
            elsewhere = next((other for place, other in partners_of if place != position), None)
            for start, end in words:
                if end - start < width or (near and not any(_gap(other, start, end) <= near for other in here)):
                    continue
                for match in self._partners.confirm(entry, leaves[position], (start, end, end)):
                    by = _nearest(match, here, near) if elsewhere is None else elsewhere
                    raised = self._raised(match, by.rule) if by is not None else None
                    if raised is not None:
                        yield raised

    def _entry(self, name: str, partner: str) -> tuple[Compiled, int]:
        """Return a rule made ready and the least width of its matches."""
        entry = self._compiled.get(name)
        if entry is None:
            rule = next(rule for rule in self._rules[partner] if rule.id == name)
            width = int(parsed(rule.pattern).getwidth()[0])
            entry = self._compiled[name] = (Compiled(rule, hopeless=False), width)
        return entry

    def _raised(self, match: Match, partner: str) -> Match | None:
        level = Confidence(min(match.confidence + 1, Confidence.HIGH))
        if level < self.minimum:
            return None
        score = round(min(match.score + STEP, 0.99), 2)
        return replace(match, confidence=level, score=score, evidence=(*match.evidence, f"with:{partner}"))


def told(rule: Rule) -> Rule:
    """Return a rule that is only a partner as one that is found, whatever its confidence; others as they are."""
    return replace(rule, partner=False, confidence=Confidence.HIGH) if rule.partner else rule


def _gap(partner: Match, start: int, end: int) -> int:
    """Return how many characters lie between a partner and a stretch; negative where they touch."""
    return max(partner.span.start - end, start - partner.span.end)


def _nearest(match: Match, partners: Sequence[Match], near: int) -> Match | None:
    """Return the first partner that does not touch the match and, with `near`, is so near to it."""
    for partner in partners:
        gap = _gap(partner, match.span.start, match.span.end)
        if gap >= 0 and (not near or gap <= near):
            return partner
    return None
