"""Runs the rules: trigger, exact pattern, validators, context, confidence. Holds all rules of a run, compiled.

A match is never dropped for a reason that `explain` could not tell: every step that moved its confidence stands in its
evidence.
"""

from __future__ import annotations

import re
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
    weigh,
)
from privscan.detectors.words import Words, around, field_words
from privscan.model import LeafKind, Match, Span, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

BIG_LEAF = 1 << 20  # bytes; longer leaves are scanned by themselves, their hits thinned
THIN = 64  # bytes: of hits of one rule closer than this one is kept, and its window widened by as much
_HARD_ESCAPE = re.compile(rb"\\[^nrt\"]|\\\Z")  # the few that a replacement cannot undo at a glance
_NAME_END = re.compile(rb"[^\"]{0,64}\"\s{0,8}:")
# Where in a leaf to look, in code points: from, to, and the last place where a match can begin.
Window = tuple[int, int, int]
NO_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte <= 0x39)
CLOSE = 16  # bytes between hits that are looked at together


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
        self.cache_dir = settings.cache_dir
        self._compiled: dict[int, Compiled] = {}
        self._sieves: dict[int, triggers.Sieve] = {}

    def compiled(self, number: int) -> Compiled:
        entry = self._compiled.get(number)
        if entry is None:
            entry = self._compiled[number] = Compiled(self.rules[number], self.hopeless[number])
        return entry

    # ------------------------------------------------------------ gate

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with a trigger in their raw bytes and where, or with an escape that could hide one."""
        rows: dict[int, list[int] | None] = {}
        if self.databases is None:
            return rows
        buffers = list(block.buffers())
        for buffer, starts in buffers:
            self._triggered(memoryview(buffer), starts, rows)
        if len(buffers) > 1:
            rows = dict.fromkeys(rows)
        for name, members in block.names():
            if self.databases.names(f"\x1f{name}\x1f".encode(errors="surrogatepass")):
                rows.update(dict.fromkeys(members))
        rows.update(dict.fromkeys(block.obscured()))
        return rows

    def _triggered(self, buffer: memoryview, starts: np.ndarray[Any, Any], rows: dict[int, list[int] | None]) -> None:
        """Scan in pieces of about SCAN_BYTES of whole rows, each with the byte before it and the one behind."""
        assert self.databases is not None
        row, total = 0, len(starts)
        while row < total:
            begin = int(starts[row])
            following = max(int(np.searchsorted(starts, begin + triggers.SCAN_BYTES)), row + 1)
            end = int(starts[following]) if following < total else len(buffer)
            low = max(begin - 1, 0)
            numbers, ends = self.databases.scan(buffer[low:end], THIN if end - begin > BIG_LEAF else 0)
            if len(ends):
                # a trigger ends inside its row, or one byte past it (its neighbour): never before the row begins
                owners = np.searchsorted(starts, ends + (low - 2), side="right") - 1
                order = np.lexsort((ends, numbers, owners))
                marks = (ends[order] + low).tolist()
                for owner, number, at, stop in _clusters(owners[order].tolist(), numbers[order].tolist(), marks):
                    if owner < 0:
                        continue
                    known = rows.get(owner)
                    if known is None:
                        if self._idle(number, buffer, (int(starts[owner]), end), marks[at], marks[stop - 1]):
                            continue
                        rows[owner] = known = []
                    known += marks[at:stop]  # a row looked at anyway is not worth a second opinion
            row = following

    def _idle(self, number: int, buffer: memoryview, row: tuple[int, int], first: int, last: int) -> bool:
        """Say whether the neighbourhood of a cluster of hits holds no match of the rule: not even its loose form.

        A word in a field's name reaches over the whole field. Where a validator rejects, what it would reject does
        not count, as far as the escapes there can be undone at a glance.
        """
        before, after, anchored = self.reaches[number]
        if row[1] - first > BIG_LEAF:
            return False
        low, high = max(first - before - 8, row[0] - 1), last + after + 8
        raw = bytes(buffer[low:high])
        more = raw.count(b"\\")
        if not raw.isascii():
            more += len(raw) - len(raw.decode("utf-8", "ignore"))
        named = not anchored and (
            _NAME_END.match(buffer, last - 1) is not None or _NAME_END.match(buffer, first - 1) is not None
        )
        if more or named:  # characters that take several bytes: the reach is in characters
            low, high = max(low - 2 * more, row[0] - 1), high + 2 * more
            raw = bytes(buffer[low : max(row[1], high) if named else high])
        if not self.sieve(number).holds(raw):
            return True
        entry = self.compiled(number)
        if named or not entry.rejecting or _HARD_ESCAPE.search(raw):
            return False
        text = raw.decode("utf-8", "replace")
        if more:
            text = text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t").replace("\\r", "\r")
        at = 0
        while found := entry.pattern.search(text, at):
            if not entry.rejects(found[entry.group]):
                return False
            at = found.start() + 1
        return True

    def sieve(self, number: int) -> triggers.Sieve:
        kept = self._sieves.get(number)
        if kept is None:
            kept = self._sieves[number] = triggers.Sieve(self.rules[number].pattern, self.cache_dir)
        return kept

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
        while found := pattern.search(text, at, stop):
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
        if weighed is None or weighed[0] < self.minimum:
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


def _clusters(owners: list[int], numbers: list[int], ends: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (owner, rule, from, to): the runs of hits of one rule in one row that stand close together."""
    at = 0
    for place in range(1, len(ends) + 1):
        same = (
            place < len(ends)
            and owners[place] == owners[at]
            and numbers[place] == numbers[at]
            and ends[place] - ends[place - 1] <= CLOSE
        )
        if not same:
            yield owners[at], numbers[at], at, place
            at = place


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
