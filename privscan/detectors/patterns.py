"""Runs the rules: trigger, exact pattern, validators, context, confidence. Holds all rules of a run, compiled.

A match is never dropped for a reason that `explain` could not tell: every step that moved its confidence stands in its
evidence.
"""

from __future__ import annotations

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
from privscan.detectors.words import Words, around, field_words
from privscan.model import LeafKind, Match, Span, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

# Where in a leaf to look, in code points: from, to, and the last place where a match can begin.
Window = tuple[int, int, int]


class Patterns:
    """The rules of a run as one detector."""

    def __init__(self, settings: Settings) -> None:
        self.rules = tuple(rule for rule in settings.rules if rule.detector == "patterns")
        self.minimum = settings.min_confidence
        self.hopeless = [needs_context(rule, self.minimum) for rule in self.rules]
        kept = plan(self.rules, self.hopeless, settings.cache_dir)
        self.reaches = [Reach(*reach) for reach in kept["reaches"]]
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
            entry = self._compiled[number] = Compiled(self.rules[number], self.hopeless[number])
        return entry

    # ------------------------------------------------------------ gate

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with a trigger in their raw bytes and where, or with an escape that could hide one."""
        return self.gate.rows(block) if self.gate is not None else {}

    # ------------------------------------------------------------ detect

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return matches by position in `leaves`, those below the minimum confidence left out."""
        found: dict[int, list[Match]] = {}
        for number, position, window in self._windows(leaves):
            matches = list(self._confirm(self.compiled(number), leaves[position], window))
            if matches:
                found.setdefault(position, []).extend(matches)
        return {position: _settled(matches) for position, matches in found.items()}

    def _windows(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, int, Window | None]]:
        """Yield (rule, leaf position, window, None for the whole leaf), merged, in a fixed order."""
        if self.databases is None or not leaves:
            return
        small: list[int] = []
        for position, leaf in enumerate(leaves):
            if len(leaf.text) < BIG_LEAF:
                small.append(position)
            else:
                yield from self._spread(leaves, [position])
        if small:
            yield from self._spread(leaves, small)

    def _spread(self, leaves: Sequence[Leaf], positions: Sequence[int]) -> Iterator[tuple[int, int, Window | None]]:
        """Scan some leaves as one buffer of `\\x1f key \\x1f text \\x1e` and turn hits into windows."""
        assert self.databases is not None
        parts: list[bytes] = []
        begins: list[int] = []
        at = 0
        for position in positions:
            leaf = leaves[position]
            head = (
                b"\x1f" + leaf.key.encode("utf-8", "surrogatepass") + b"\x1f"
                if leaf.kind is not LeafKind.KEY
                else b"\x1f"
            )
            body = leaf.text.encode("utf-8", "surrogatepass")
            parts += (head, body, b"\x1e")
            at += len(head)
            begins.append(at)
            at += len(body) + 1
        buffer = b"".join(parts)
        big = at >= BIG_LEAF and len(positions) == 1
        numbers, ends = self.databases.scan(buffer, THIN if big else 0)
        if not len(numbers):
            return
        starts = np.array(begins, dtype=np.int64)
        lengths = np.array([len(parts[3 * i]) for i in range(len(positions))], dtype=np.int64)
        owners = np.searchsorted(starts - lengths, ends - 2, side="right") - 1
        order = np.lexsort((ends, numbers, owners))
        yield from self._merged(
            leaves, positions, parts, starts, owners[order].tolist(), numbers[order].tolist(), ends[order].tolist()
        )

    def _merged(
        self,
        leaves: Sequence[Leaf],
        positions: Sequence[int],
        parts: Sequence[bytes],
        starts: np.ndarray[Any, Any],
        owners: list[int],
        numbers: list[int],
        ends: list[int],
    ) -> Iterator[tuple[int, int, Window | None]]:
        """Merge the sorted hits of one rule in one leaf into windows."""
        last: tuple[int, int] | None = None
        low = high = final = 0
        whole = False
        index = _Index()
        for owner, number, end in zip(owners, numbers, ends, strict=True):
            if owner < 0 or (whole and (owner, number) == last):
                continue
            text = leaves[positions[owner]].text
            before, after, anchored = self.reaches[number]
            slack = THIN if len(text) >= BIG_LEAF else 0
            offset = end - int(starts[owner])
            in_key = offset <= 0
            at = offset if len(parts[3 * owner + 1]) == len(text) else index.at(owner, parts[3 * owner + 1], offset)
            if (owner, number) == last and at - before <= high:
                high, final = at + after + slack, at + slack if anchored else len(text)
                continue
            if last is not None:
                yield last[1], positions[last[0]], None if whole else (low, high, final)
            last, whole = (owner, number), in_key
            low, high, final = max(at - before, 0), at + after + slack, at + slack if anchored else len(text)
        if last is not None:
            yield last[1], positions[last[0]], None if whole else (low, high, final)

    def _confirm(self, entry: Compiled, leaf: Leaf, window: Window | None) -> Iterator[Match]:
        """Yield the matches of one rule in a window of a leaf."""
        text = leaf.text
        size = len(text)
        at, stop, final = (0, size, size) if window is None else (window[0], min(window[1], size), window[2])
        pattern, group, rule = entry.pattern, entry.group, entry.rule
        while found := entry.search(text, at, stop, final):
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
        if entry.keywords is not None and not self._near(entry.keywords, leaf, span, rule.window, rule.window):
            return None
        context, named = self._context(entry, leaf, span)
        lone = alone(leaf, span) if rule.alone and not context and not named else ""
        if entry.hopeless and not context and not named and not lone:
            return None  # nothing a validator says would lift it over the minimum
        weighed = entry.weighed((entry.verdicts(value), context, named, lone))
        if weighed is None or (weighed[0] < self.minimum and not rule.requires):  # those are judged with their partner
            return None
        level, score, evidence, _ = weighed
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


class _Index:
    """Turns byte offsets of a leaf into code points; counts a leaf's bytes once."""

    def __init__(self) -> None:
        self._owner, self._points = -1, np.zeros(1, dtype=np.int64)

    def at(self, owner: int, body: bytes, offset: int) -> int:
        """Return how many code points the first `offset` bytes of a body hold."""
        if owner != self._owner:
            starts = (np.frombuffer(body, dtype=np.uint8) & 0xC0) != 0x80
            self._owner, self._points = owner, np.concatenate(([0], np.cumsum(starts)))
        return int(self._points[min(max(offset, 0), len(body))])
