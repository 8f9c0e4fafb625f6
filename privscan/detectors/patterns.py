"""Runs the rules: trigger, exact pattern, validators, context, confidence. Holds all rules of a run, compiled.

A match is never dropped for a reason that `explain` could not tell: every step that moved its confidence stands in its
evidence.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors import triggers
from privscan.detectors.compiled import (
    CONTEXT_AFTER,
    CONTEXT_BEFORE,
    Compiled,
    Reach,
    alone,
    needs_context,
    plan,
)
from privscan.detectors.gate import BIG_LEAF, THIN, Gate
from privscan.detectors.marks import Told
from privscan.detectors.words import Words, around, field_words, ours
from privscan.model import LeafKind, Match, Span, State
from privscan.places import counter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf, Rule

Array = np.ndarray[Any, Any]
# Where in a leaf to look, in code points: from, to, and the last place where a match can begin.
Window = tuple[int, int, int]


class Patterns:
    """Some rules of a run as one detector; those that count only beside a partner are left to `together`."""

    def __init__(self, settings: Settings, rules: Sequence[Rule]) -> None:
        self.rules = tuple(
            rule for rule in rules if rule.detector == "patterns" and not rule.requires and not rule.partner
        )
        self.entities = frozenset(rule.entity for rule in settings.rules)
        self.minimum = settings.min_confidence
        self.hopeless = [needs_context(rule, self.minimum) for rule in self.rules]
        kept = plan(self.rules, self.hopeless, settings.cache_dir)
        self.reaches = [Reach(*reach) for reach in kept["reaches"]]
        self.reach = max(map(reach_across, self.rules), default=0)
        self._begins = kept["begins"]
        self._reaches = np.array(self.reaches, dtype=np.int64).reshape(-1, 3)
        found = [triggers.Trigger(number, text.encode("latin-1"), group) for number, text, group in kept["triggers"]]
        self.databases = triggers.compile_rules(found, self.rules, settings.cache_dir) if found else None
        self._compiled: dict[int, Compiled] = {}
        self.gate = (
            Gate(self.databases, self.reaches, self.rules, self.compiled, settings.cache_dir)
            if self.databases
            else None
        )

    def compiled(self, number: int) -> Compiled:
        entry = self._compiled.get(number)
        if entry is None:
            begins = self._begins[number]
            entry = self._compiled[number] = Compiled(self.rules[number], self.hopeless[number], begins)
        return entry

    # ------------------------------------------------------------ gate

    def candidates(self, block: Block) -> Told:
        """Return the rows with a trigger in their raw bytes and where, or with an escape that could hide one."""
        return self.gate.rows(block) if self.gate is not None else Told(None)

    # ------------------------------------------------------------ detect

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return matches by position in `leaves`, those below the minimum confidence left out."""
        found: dict[int, list[Match]] = {}
        before, end = (-1, -1), 0  # rule and leaf of the last match, and where it ended
        for number, position, window in self._windows(leaves):
            if window is not None and window[0] < end and before == (number, position):
                window = (end, *window[1:])  # noqa: PLW2901 - a window may begin in the match of the one before
            matches = list(self.confirm(self.compiled(number), leaves[position], window))
            if matches:
                found.setdefault(position, []).extend(matches)
                before, end = (number, position), matches[-1].span.end
        return {position: _settled(matches) for position, matches in found.items()}

    def _windows(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, int, Window | None]]:
        """Yield (rule, leaf position, window, None for the whole leaf), merged, in a fixed order."""
        if self.databases is None or not leaves:
            return
        small: list[int] = []
        for position, leaf in enumerate(leaves):
            asked = self._asked(leaf)
            if asked is not None and not asked:
                continue
            if len(leaf.text) < BIG_LEAF:
                small.append(position)
            else:
                yield from self._spread(leaves, [position])
        if small:
            yield from self._spread(leaves, small)

    def _asked(self, leaf: Leaf) -> frozenset[int] | None:
        """Return the rules that our gate asks of a leaf, None where it was not asked: all may find something."""
        asked: frozenset[int] | None = leaf.asked.get(self.gate) if leaf.asked is not None else None
        return asked

    def _let(self, leaves: Sequence[Leaf], owners: Array, numbers: Array) -> Array:
        """Return for each hit (leaf, rule) whether the gate asked that rule of that leaf, or was not asked itself."""
        told = [(place, rules) for place, leaf in enumerate(leaves) if (rules := self._asked(leaf)) is not None]
        if not told:
            return np.ones(len(owners), dtype=bool)
        every = len(self.rules)
        free = np.ones(len(leaves), dtype=bool)
        free[[place for place, _ in told]] = False
        let = np.array([place * every + rule for place, rules in told for rule in rules], dtype=np.int64)
        return free[owners] | np.isin(owners * every + numbers, let)

    def _spread(self, leaves: Sequence[Leaf], positions: Sequence[int]) -> Iterator[tuple[int, int, Window | None]]:
        """Scan some leaves as one buffer of `\\x1f key \\x1f text \\x1e` and turn hits into windows."""
        assert self.databases is not None
        joined = io.BytesIO()  # a leaf of 100 MB is written piece by piece: no third copy of it is made
        heads: list[int] = []
        begins: list[int] = []
        for position in positions:
            leaf = leaves[position]
            named = leaf.kind is not LeafKind.KEY
            head = b"\x1f" + leaf.key.encode("utf-8", "surrogatepass") + b"\x1f" if named else b"\x1f"
            heads.append(len(head))
            joined.write(head)
            begins.append(joined.tell())
            for start in range(0, len(leaf.text), BIG_LEAF):
                joined.write(leaf.text[start : start + BIG_LEAF].encode("utf-8", "surrogatepass"))
            joined.write(b"\x1e")
        buffer = joined.getbuffer()
        big = len(buffer) >= BIG_LEAF and len(positions) == 1
        numbers, ends = self.databases.scan(buffer, THIN if big else 0)
        if not len(numbers):
            return
        starts = np.array(begins, dtype=np.int64)
        owners = np.searchsorted(starts - np.array(heads, dtype=np.int64), ends - 2, side="right") - 1
        order = np.lexsort((ends, numbers, owners))
        order = order[owners[order] >= 0]
        order = order[self._let([leaves[at] for at in positions], owners[order], numbers[order])]
        sizes = np.array([len(leaves[position].text) for position in positions], dtype=np.int64)
        found = _Found(owners[order], numbers[order], ends[order])
        for owner, number, window in found.windows(buffer, starts, sizes, self._reaches):
            yield number, positions[owner], window

    def confirm(self, entry: Compiled, leaf: Leaf, window: Window | None) -> Iterator[Match]:
        """Yield the matches of one rule in a window of a leaf, None for all of it."""
        text = leaf.text
        size = len(text)
        at, stop, final = (0, size, size) if window is None else (window[0], min(window[1], size), window[2])
        pattern, group, rule = entry.pattern, entry.group, entry.rule
        while (found := entry.search(text, at, stop, final)) and found.start() <= final:
            if found.end() == stop < size:  # the window's edge is not the text's: let the match run on
                stop = min(stop + rule.window, size)
                again = pattern.match(text, found.start(), size)
                if again is None:
                    at = found.start() + 1
                    continue
                found = again
                stop = max(stop, found.end())
            start, end = found.span(group)
            match = self._judge(entry, leaf, text[start:end], Span(start, end)) if end > start else None
            if match is not None:
                yield match
                at = max(end, found.start() + 1)
            else:
                at = found.start() + 1
                at = max(at, start) if start > found.start() else at
            if at >= stop or at > final:
                return

    def _judge(self, entry: Compiled, leaf: Leaf, value: str, span: Span) -> Match | None:
        """Weigh one candidate; None when it is rejected or below the minimum."""
        rule = entry.rule
        if ours(leaf.text, span, self.entities):
            return None
        if entry.keywords is not None and not self._near(entry.keywords, leaf, span, rule.window, rule.window):
            return None
        context, named = self._context(entry, leaf, span)
        lone = alone(leaf, span) if rule.alone and not context and not named else ""
        if entry.hopeless and not context and not named and not lone:
            return None  # nothing a validator says would lift it over the minimum
        weighed = entry.weighed((entry.verdicts(value), context, named, lone))
        if weighed is None or (weighed[0] < self.minimum and not rule.requires):  # those are judged with their partner
            return None
        level, score, evidence = weighed
        state = State.NEW
        if "placeholder" in evidence or any(sample.search(value) for sample in entry.placeholders):
            state = State.PLACEHOLDER
        return Match(span, rule.id, rule.entity, level, score, rule.severity, evidence, state)

    def _context(self, entry: Compiled, leaf: Leaf, span: Span) -> tuple[str, str]:
        """Return the context word near the span and the one in the field's name, "" for none."""
        if entry.context is None:
            return "", ""
        near = around(entry.context, leaf.text, span, CONTEXT_BEFORE, CONTEXT_AFTER)
        named = entry.context.find_name(field_words(leaf.field)) if leaf.kind is not LeafKind.KEY else ""
        return near, named

    def _near(self, words: Words, leaf: Leaf, span: Span, before: int, after: int) -> bool:
        return bool(around(words, leaf.text, span, before, after) or words.find_name(field_words(leaf.field)))


def reach_across(rule: Rule) -> int:
    """Return how many characters round a match of the rule may count for it, but for a match that is longer itself."""
    return max(rule.window, rule.before, rule.within) + CONTEXT_BEFORE


def _settled(matches: list[Match]) -> list[Match]:
    """Make what lies inside a placeholder of the same entity one too: part of a sample number is no number."""
    samples = [match for match in matches if match.state is State.PLACEHOLDER]
    if not samples or len(samples) == len(matches):
        return matches
    return [
        replace(match, state=State.PLACEHOLDER)
        if any(
            sample.entity == match.entity
            and sample.span.start <= match.span.start
            and match.span.end <= sample.span.end
            for sample in samples
        )
        else match
        for match in matches
    ]


class _Found:
    """The hits in a buffer of leaves, sorted by leaf, rule and place (ends: one past a trigger's last byte)."""

    def __init__(self, owners: Array, numbers: Array, ends: Array) -> None:
        self._owners, self._numbers, self._ends = owners, numbers, ends

    def windows(
        self, buffer: memoryview, starts: Array, sizes: Array, reaches: Array
    ) -> Iterator[tuple[int, int, Window | None]]:
        """Yield (leaf, rule, window in code points) of what is within reach of the hits, overlapping ones merged.

        A hit in a leaf's name opens the whole leaf: None. `starts` (bytes) and `sizes` (code points) have a row a
        leaf, `reaches` a row (before, after, anchored) a rule.
        """
        owners, numbers, ends = self._owners, self._numbers, self._ends
        if not len(ends):
            return
        continued = counter(np.frombuffer(buffer, dtype=np.uint8), lambda piece: (piece & 0xC0) == 0x80)
        begins = starts[owners]
        at = ends - begins - (continued(ends) - continued(begins))
        slack = np.where(sizes[owners] >= BIG_LEAF, THIN, 0)
        before, after, anchored = reaches[numbers].T
        lows, highs = np.maximum(at - before, 0), at + after + slack
        finals = np.where(anchored == 1, at + slack, sizes[owners])
        fresh = np.concatenate(([True], (owners[1:] != owners[:-1]) | (numbers[1:] != numbers[:-1])))
        begun = np.where(anchored == 1, finals, highs)  # a match begins there at the latest
        opens = np.flatnonzero(fresh | np.concatenate(([True], lows[1:] > begun[:-1])))
        closes = np.append(opens[1:], len(ends)) - 1
        named = (ends <= begins)[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]  # hits in a name come first
        rows = (owners[opens], numbers[opens], lows[opens], highs[closes], finals[closes], named[opens], fresh[opens])
        for owner, number, low, high, final, whole, first in zip(*(row.tolist() for row in rows), strict=True):
            if not whole:
                yield owner, number, (low, high, final)
            elif first:
                yield owner, number, None
