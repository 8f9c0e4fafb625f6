"""The gate of the rules: which rows of a block can hold a match, told from raw bytes alone.

Triggers say where to look, the loose form of a rule's pattern whether anything can be there at all (`triggers.Sieve`),
and where a validator rejects, what it would reject does not count. All hits of a rule are asked of together.
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors import raw, triggers
from privscan.detectors.marks import Told
from privscan.places import counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from privscan.detectors.compiled import Compiled, Reach
    from privscan.formats import Block
    from privscan.model import Rule

    Array = np.ndarray[Any, Any]

BIG_LEAF = 1 << 20  # bytes; longer leaves are scanned by themselves, their hits thinned
THIN = 64  # bytes: there, of hits of one rule closer than this one is kept, and its window widened by as much
SLACK = 8  # bytes round a window, for the neighbours a pattern asks for
DENSE = 8  # bytes a character takes at most, where most of them take several
NAME_REACH = 64  # bytes from a word to the end of the field's name it stands in

BACKSLASH = 0x5C
BACKSLASHES = 64  # in a row before a window: with more of them nothing is asked
FEW = 64  # hits round which characters are counted one by one, not in the whole buffer
MANY = 4  # windows of a rule that are first asked of together
TRIED = 32  # windows asked of one by one before it shows whether asking is worth it
# Rule, from and to (bytes of the buffer), its hits from and to.
Window = tuple[int, int, int, int, int]


class Gate:
    """The triggers of some rules, their reaches and sieves."""

    def __init__(
        self,
        databases: triggers.Databases,
        reaches: Sequence[Reach],
        rules: Sequence[Rule],
        compiled: Callable[[int], Compiled],
        cache: str | None,
    ) -> None:
        self._databases, self._rules, self._compiled, self._cache = databases, rules, compiled, cache
        self._reaches = np.array(reaches, dtype=np.int64).reshape(-1, 3)
        self._sieves: dict[int, triggers.Sieve] = {}
        self._asked: dict[int, int] = {}  # of each rule: windows asked of,
        self._kept: dict[int, int] = {}  # and those in which something can be

    def rows(self, block: Block) -> Told:
        """Return the rows with something to look at in their raw bytes, where, and by which rules."""
        rows = Told(self)
        buffers = list(block.buffers())
        unsaid = set(block.obscured())
        for name, members in block.names():
            if self._databases.names(f"\x1f{name}\x1f".encode(errors="surrogatepass")):
                unsaid.update(members)
        for buffer, starts in buffers:
            self._buffer(memoryview(buffer), starts, unsaid, rows, quoted=block.quoted)
        for marks in rows.values():
            marks.sort()
            marks.whole = len(buffers) > 1
        for row in unsaid:
            marks = rows.marks(row)
            marks.whole, marks.rules = True, None
        return rows

    def _buffer(self, buffer: memoryview, starts: Array, unsaid: set[int], rows: Told, *, quoted: bool) -> None:
        """Scan in pieces of about SCAN_BYTES of whole rows, each with the byte before it and the one behind.

        Of the rows `unsaid`, which are looked at whole, nothing is asked.
        """
        free = np.ones(len(starts) + 1, dtype=bool)
        free[list(unsaid)] = False
        row, total = 0, len(starts)
        while row < total:
            begin = int(starts[row])
            following = max(int(np.searchsorted(starts, begin + triggers.SCAN_BYTES)), row + 1)
            end = int(starts[following]) if following < total else len(buffer)
            low = max(begin - 1, 0)
            apart = THIN if end - begin > BIG_LEAF + triggers.SCAN_BYTES else 0
            numbers, ends = self._databases.scan(buffer[low:end], apart)
            if len(ends):
                # a trigger ends inside its row, or one byte past it (its neighbour): never before the row begins
                owners = np.searchsorted(starts, ends + (low - 2), side="right") - 1
                kept = free[owners]
                owners, numbers, ends = owners[kept], numbers[kept], ends[kept]
                hits = _Hits(buffer[:end], low, starts, owners, numbers, ends + low, apart, quoted=quoted)
                for number, group in itertools.groupby(hits.windows(self._reaches), operator.itemgetter(0)):
                    self._rule(number, list(group), hits, rows)
            row = following

    def _rule(self, number: int, windows: list[Window], hits: _Hits, rows: Told) -> None:
        """Mark the hits of one rule round which a match can stand."""
        sieve = self._sieves.get(number)
        if sieve is None:
            sieve = self._sieves[number] = triggers.Sieve(self._rules[number].pattern, self._cache)
        buffer = hits.buffer
        if len(windows) > MANY:
            small = [buffer[low:high] for _, low, high, _, _ in windows if high - low <= BIG_LEAF]
            if len(small) == len(windows) and not sieve.holds(b"\n".join([*small, b""])):
                return
        asked, kept = self._asked.get(number, 0), self._kept.get(number, 0)
        for _, low, high, first, last in windows:
            # where most windows hold something, the leaf is looked at sooner than asked of
            if high - low <= BIG_LEAF and (asked < TRIED or 2 * kept < asked):
                asked += 1
                head = bytes(buffer[max(low - BACKSLASHES, 0) : low])
                start = low - (len(head) - len(head.rstrip(b"\\")))  # else what they escape would be misread
                last_begin = int(hits.ends[last - 1]) - start if self._reaches[number][2] else high - start
                if low - start < BACKSLASHES and not self._can_hold(
                    number, sieve, bytes(buffer[start:high]), last_begin, quoted=hits.quoted
                ):
                    continue
                kept += 1
            marks = rows.marks(hits.owner(first))
            marks += hits.ends[first:last].tolist()
            if marks.rules is not None:
                marks.rules.add(number)
        self._asked[number], self._kept[number] = asked, kept

    def _can_hold(self, number: int, sieve: triggers.Sieve, stretch: bytes, last_begin: int, *, quoted: bool) -> bool:
        """Say whether a match that begins in so many bytes can stand in a window."""
        if not sieve.holds(stretch + b"\n"):  # to a pattern the end of its window is the end of the text
            return False
        return not _rejected(self._compiled(number), stretch, last_begin, quoted=quoted)


class _Hits:
    """The hits of a piece of a buffer, sorted by rule, row and place, and what stands round them."""

    def __init__(
        self,
        buffer: memoryview,
        low: int,
        starts: Array,
        owners: Array,
        numbers: Array,
        ends: Array,
        apart: int,
        *,
        quoted: bool,
    ) -> None:
        order = np.lexsort((ends, owners, numbers))
        order = order[owners[order] >= 0]
        self.buffer, self.quoted, self.owners, self.ends = buffer, quoted, owners[order], ends[order]
        self._numbers, self._low, self._apart = numbers[order], low, apart
        self._row_starts = starts[self.owners] - 1
        self._row_stops = np.append(starts, len(buffer))[self.owners + 1]
        self._bytes = np.frombuffer(buffer[low:], dtype=np.uint8)

    def owner(self, hit: int) -> int:
        return int(self.owners[hit])

    def windows(self, reaches: Array) -> Iterator[Window]:
        """Yield (rule, low, high, first hit, last hit) of what is within reach of the hits, overlapping ones merged.

        `reaches` has a row (before, after, anchored) a rule. A match of an anchored one begins before a hit's end: of
        those, windows are merged where a match could begin in both.
        """
        ends, numbers, owners = self.ends, self._numbers, self.owners
        if not len(ends):
            return iter(())
        before, after, anchored = reaches[numbers].T
        lows = np.maximum(ends - SLACK - self._bytes_of(ends, -before), self._row_starts)
        highs = np.minimum(ends + SLACK + self._bytes_of(ends, after), self._row_stops)
        loose = np.flatnonzero(anchored == 0)
        named = loose[[_NAME.match(self.buffer, end - 1) is not None for end in ends[loose].tolist()]]
        highs[named] = self._row_stops[named]  # a field's name speaks for all that stands in the field
        begun = np.where(anchored == 1, ends + SLACK, highs)
        apart = (lows[1:] > begun[:-1]) | (owners[1:] != owners[:-1]) | (numbers[1:] != numbers[:-1])
        opens = np.flatnonzero(np.concatenate(([True], apart)))
        firsts = opens.tolist()
        return zip(
            numbers[opens].tolist(),
            lows[opens].tolist(),
            np.maximum.reduceat(highs, opens).tolist(),
            firsts,
            [*firsts[1:], len(ends)],
            strict=True,
        )

    def _bytes_of(self, ends: Array, reach: Array) -> Array:
        """Return how many bytes so many characters before (negative) or behind some places take at most."""
        size = np.abs(reach) + self._apart
        at, far = ends - self._low, np.maximum(ends - self._low + 2 * reach, 0)
        if len(ends) < FEW:
            spans = zip(np.minimum(at, far).tolist(), np.maximum(at, far).tolist(), strict=True)
            extra = np.array([np.count_nonzero(_wide(self._bytes[start:end])) for start, end in spans])
        else:
            extra = np.abs(self._extra(at) - self._extra(far))
        return np.where(extra <= size, size + extra, DENSE * size)

    @functools.cached_property
    def _extra(self) -> Callable[[Array], Array]:
        return counter(self._bytes, _wide)


def _wide(piece: Array) -> Array:
    """Tell the bytes of which a character that takes several has more: those that continue one, and backslashes."""
    signed = piece.view(np.int8)
    told: Array = (signed < -0x40) | (signed == BACKSLASH)
    return told


_NAME = re.compile(rb"[^\"]{0,%d}\"\s{0,8}:" % NAME_REACH)


def _rejected(entry: Compiled, stretch: bytes, last_begin: int, *, quoted: bool) -> bool:
    """Say whether the rule finds nothing that begins in so many bytes, or its validators reject all of it.

    False where the bytes cannot be read, or a match may go on behind them.
    """
    for begin, text, cut in raw.texts(stretch, last_begin, quoted=quoted):
        if text is None or not _none_in(entry, text, max(last_begin - begin, 0), cut=cut):
            return False
    return True


def _none_in(entry: Compiled, text: str, last_begin: int, *, cut: bool) -> bool:
    at = 0
    while found := entry.search(text, at, len(text), last_begin):
        if (cut and found.end() == len(text)) or not entry.rejects(found[entry.group]):
            return False
        at = found.start() + 1
    return True
