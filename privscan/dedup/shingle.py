"""Texts to the hashes of their word n-grams, a batch of texts at a time and no Python per word.

A word is a run of letters, digits, marks and underscores, lower-cased; a character of a script written without spaces
(Chinese, Japanese, Thai, ...) is a word of its own. The hash of a word is the same in any text, batch or encoding.
A text shorter than n words has one shingle: all its words.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["BATCH_CHARACTERS", "UNSPACED", "Shingles", "passages", "shingle", "stretched", "word_spans"]

BATCH_CHARACTERS = 1 << 17
"""Characters of text to hand to `shingle` at once: enough to drown the cost of a call, little enough for a cache."""

# Scripts whose writing does not part words, as (first, last) code points. Planes 2 and 3 are all Han.
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han repetition marks, zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3040, 0x312F),  # Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31FF),  # Bopomofo and Katakana extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0xA4CF),  # Han, Yi
    (0xA980, 0xA9FF),  # Javanese, Myanmar extension B
    (0xAA60, 0xAADF),  # Myanmar extension A, Tai Viet
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x16FE0, 0x1B2FF),  # Tangut, Khitan, Kana supplements, Nushu
)
_PLANES = 0x20000  # below: looked up in the Unicode database; from here on all Han, or nothing
_HAN_END = 0x40000
_ALONE = 1 << 31  # flag in the fold table: this character is a word of its own

_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)
_CHUNK = 1 << 15  # characters hashed at a time: the powers, their inverses and the sums stay in the cache
_STEP = np.uint64(0xD1342543DE82EF95)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_OTHER = np.uint64(0xA0761D6478BD642F)
_HALF = np.uint64(32)

_LATIN_FOLD = bytes(ord(chr(c).lower()) if chr(c).isalnum() or chr(c) == "_" else 0 for c in range(256))


class Shingles(NamedTuple):
    """The shingle hashes of a batch of texts, repeats and order kept.

    Text i has `hashes[offsets[i]:offsets[i + 1]]`; `sums[i]` adds up their 64-bit forms, so that texts with the same
    shingles in any order have the same sum. A text without a word has no shingle and the sum 0.
    """

    hashes: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    sums: NDArray[np.uint64]


def shingle(texts: Sequence[str], ngram: int) -> Shingles:
    """Return the word `ngram`-gram hashes of every text.

    Memory is some 30 bytes a character of the whole batch; callers batch by `BATCH_CHARACTERS`.
    """
    words, first = _hashed(texts, ngram)
    rolled, counts = _rolled(words, ngram), np.diff(first)
    keep, offsets = _begins(first, ngram)
    few = np.flatnonzero((counts > 0) & (counts < ngram))
    if few.size:
        rolled[first[few]] = _short(words, first[few], counts[few], ngram)
        keep[first[few]] = True
        offsets[1:] = np.cumsum(np.where(counts < ngram, counts > 0, counts - (ngram - 1)))
    hashes = _mixed(rolled)[keep]
    sums = np.zeros(len(texts), np.uint64)
    filled = np.flatnonzero(np.diff(offsets))
    if filled.size:
        sums[filled] = np.add.reduceat(hashes, offsets[filled])
    hashes >>= _HALF
    return Shingles(hashes.astype(np.uint32), offsets, sums)


def stretched(stretches: Iterable[str], ngram: int) -> Iterator[tuple[NDArray[np.uint32], int]]:
    """Yield the (hashes, sum) of some shingles of one text, given in stretches; together they are what `shingle` gives.

    Memory is that of the longest stretch; a word may go on over any number of them.
    """
    before = np.zeros(0, np.uint64)  # the words whose n-grams are still open
    found = False
    for fresh in _words_of(stretches):
        before = np.concatenate((before, fresh))
        if before.size >= ngram:
            found = True
            yield _summed(_rolled(before, ngram))
            before = before[before.size - ngram + 1 :]
    if before.size and not found:
        yield _summed(_short(before, np.zeros(1, np.int64), np.array([before.size]), ngram))


def _summed(rolled: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], int]:
    hashes = _mixed(rolled)
    total = int(hashes.sum())
    hashes >>= _HALF
    return hashes.astype(np.uint32), total


def _words_of(stretches: Iterable[str]) -> Iterator[NDArray[np.uint64]]:
    """Yield the hashes of the words of a text given in stretches."""
    last = _Open()  # the word a stretch ends with, which may go on in the next
    for stretch in stretches:
        values, starts, ends = _words(stretch)
        if last.size and (not starts.size or starts[0] or _alone(stretch[0])):
            yield last.closed()
        first = int(bool(last.size))
        if first:
            last.extend(values[: int(ends[0])])
            if int(ends[0]) < len(stretch):
                yield last.closed()
        count = starts.size
        if count > first and int(ends[-1]) == len(stretch) and not _alone(stretch[-1]):
            count -= 1
        words = np.zeros(max(count - first, 0), np.uint64)
        _hash_words(values, starts[first:count], ends[first:count], words)
        if words.size:
            yield words
        if first <= count < starts.size:
            last.extend(values[int(starts[-1]) :])
    if last.size:
        yield last.closed()


def _alone(character: str) -> bool:
    """Say whether a character of a word is one by itself."""
    return bool(_words(f"a{character}")[1].size > 1)


class _Open:
    """The hash of a word whose end is not known yet."""

    def __init__(self) -> None:
        self.size, self._total, self._scale = 0, 0, 1

    def extend(self, values: NDArray[Any]) -> None:
        """Add characters."""
        powers, _ = _powers()
        for offset in range(0, values.size, _CHUNK):
            piece = values[offset : offset + _CHUNK]
            self._total += int((piece * powers[: piece.size]).sum()) * self._scale
            self._scale = self._scale * pow(_BASE, piece.size, 1 << 64) & _MASK
        self.size += values.size

    def closed(self) -> NDArray[np.uint64]:
        """Return the hash of the word, and begin another."""
        word = np.array([self._total & _MASK], np.uint64)
        self.size, self._total, self._scale = 0, 0, 1
        return word


def passages(texts: Sequence[str], ngram: int) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.int64]]:
    """Return (64-bit hashes, 32-bit checks, offsets) of the word `ngram`-grams of every text; a shorter one has none.

    The checks come of other hashes of the words, so that two that agree in both are the same words.
    """
    words, first = _hashed(texts, ngram)
    keep, offsets = _begins(first, ngram)
    hashes = _mixed(_rolled(words, ngram))[keep]
    words[words != 0] ^= _OTHER
    checks = _mixed(_rolled(_mixed(words), ngram))[keep] >> _HALF
    return hashes, checks.astype(np.uint32), offsets


def _hashed(texts: Sequence[str], ngram: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all words, `ngram` - 1 missing ones (0) behind them, and the first word of each text."""
    values, starts, ends = _words("\0".join(texts))
    bounds = np.fromiter(itertools.accumulate((len(text) + 1 for text in texts), initial=0), np.int64, len(texts) + 1)
    words = np.zeros(starts.size + ngram - 1, np.uint64)
    _hash_words(values, starts, ends, words)
    return words, np.searchsorted(starts, bounds)


def _rolled(words: NDArray[np.uint64], ngram: int) -> NDArray[np.uint64]:
    """Return a polynomial in `_STEP` over each word and the `ngram` - 1 behind it, made by doubling its length."""
    rolled, length = words.copy(), 1
    for bit in f"{ngram:b}"[1:]:
        ahead = rolled[length:].copy()
        rolled *= np.uint64(pow(int(_STEP), length, 1 << 64))
        rolled[: ahead.size] += ahead
        length *= 2
        if bit == "1":
            rolled *= _STEP
            rolled[: words.size - length] += words[length:]
            length += 1
    return rolled[: words.size - ngram + 1]


def _begins(first: NDArray[np.int64], ngram: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which words begin an n-gram of their own text, and where those of each text start among them."""
    counts = np.maximum(np.diff(first) - (ngram - 1), 0)
    keep = np.ones(int(first[-1]), np.bool_)
    for step in range(1, ngram):
        crossing = first[1:] - step  # these run on into the next text
        keep[crossing[crossing >= 0]] = False
    return keep, np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def word_spans(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the words of a text start, and the characters behind their ends."""
    return _words(text)[1:]


def _short(
    words: NDArray[np.uint64], first: NDArray[np.int64], counts: NDArray[np.int64], ngram: int
) -> NDArray[np.uint64]:
    """Return the one shingle of each text of fewer than `ngram` words, as if filled up with missing words."""
    total = np.zeros(first.size, np.uint64)
    for step in range(ngram):
        total *= _STEP
        total += np.where(step < counts, words[first + np.minimum(step, counts - 1)], np.uint64(0))
    return total


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over the whole word, in place."""
    values ^= values >> _HALF
    values *= _MIX[0]
    values ^= values >> np.uint64(29)
    values *= _MIX[1]
    return values


def _words(joined: str) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return (folded characters, 0 between words; first character of each word; the one behind its last)."""
    if joined.isascii():
        values: NDArray[Any] = np.frombuffer(joined.encode("ascii").translate(_LATIN_FOLD), np.uint8)
        return values, *_runs(values != 0)
    values = _folded(joined)
    if values.itemsize == 1 or values.max() < _ALONE:
        return values, *_runs(values != 0)
    alone = values >= _ALONE
    values &= np.uint32(_ALONE - 1)
    begin = values != 0
    end = begin.copy()
    apart = alone[1:] | alone[:-1]
    begin[1:] &= (end[:-1] == 0) | apart
    end[:-1] &= (values[1:] == 0) | apart
    return values, np.flatnonzero(begin), np.flatnonzero(end) + 1


def _folded(joined: str) -> NDArray[Any]:
    """Return what each character counts as: bytes where Latin-1 has every letter, whatever dashes and quotes there are.

    Most texts are a few characters away from that, so those are the only ones looked up.
    """
    points: NDArray[Any] = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.uint16)
    if points.size != len(joined):
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    plain = np.frombuffer(bytearray(points.astype(np.uint8)).translate(_LATIN_FOLD), np.uint8)
    far = np.flatnonzero(points > 0xFF)
    codes = points[far]
    looked_up = _FOLD.of(codes)
    if points.itemsize == 4:
        han = (codes >= _PLANES) & (codes < _HAN_END)
        looked_up[han] = codes[han] | np.uint32(_ALONE)
    values = plain if not looked_up.any() else plain.astype(np.uint32)
    values[far] = looked_up
    return values


def _runs(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    padded = np.zeros(inside.size + 2, np.bool_)
    padded[1:-1] = inside
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges[::2].copy(), edges[1::2].copy()


def _hash_words(
    values: NDArray[Any], starts: NDArray[np.int64], ends: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> None:
    """Hash every word into `hashes`: a difference of prefix sums of a polynomial modulo 2^64, moved to power 0."""
    powers, inverses = _powers()
    sums = np.zeros(_CHUNK + 1, np.uint64)
    low = 0
    while low < starts.size:
        origin = starts[low]
        high = int(np.searchsorted(ends, origin + _CHUNK, side="right"))
        if high == low:
            hashes[low] = _long_word(values[origin : ends[low]])
            low += 1
            continue
        piece = values[origin : ends[high - 1]]
        tail = sums[1 : piece.size + 1]
        np.multiply(piece, powers[: piece.size], out=tail)
        np.add.accumulate(tail, out=tail)
        at = starts[low:high] - origin
        part = sums.take(ends[low:high] - origin)
        part -= sums.take(at)
        part *= inverses.take(at)
        hashes[low:high] = part
        low = high


def _long_word(values: NDArray[Any]) -> np.uint64:
    """Return the same polynomial over a word longer than a chunk."""
    word = _Open()
    word.extend(values)
    return np.uint64(word.closed()[0])


@functools.cache
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the powers of the base from 0 up, and of its inverse, `_CHUNK` of each."""
    tables = []
    for factor in (_BASE, _INVERSE):
        table = np.full(_CHUNK, factor, np.uint64)
        table[0] = 1
        tables.append(np.multiply.accumulate(table))
    return tables[0], tables[1]


class _Fold:
    """What each code point counts as: its lower case, 0 between words, `_ALONE` set where it is a word of its own.

    Looked up in the Unicode database by the page of 256, when the first code point of one is asked for.
    """

    def __init__(self) -> None:
        self._table = np.zeros(_PLANES + 1, np.uint32)  # the last entry stands for all behind it, and is 0
        self._known = np.arange(0x1100) >= _PLANES >> 8  # pages looked up, or behind the table

    def of(self, codes: NDArray[Any]) -> NDArray[np.uint32]:
        """Return what code points count as; 0 from `_PLANES` on."""
        pages = codes >> 8
        if not self._known.take(pages).all():
            for page in np.unique(pages[~self._known[pages]]).tolist():
                self._look_up(page << 8)
                self._known[page] = True
        return self._table.take(codes, mode="clip")

    def _look_up(self, begin: int) -> None:
        part = self._table[begin : begin + 256]
        page = "".join(map(chr, range(begin, begin + 256)))
        words = re.sub(r"\W", "\0", page)
        lower = words.lower()
        if len(lower) != len(page):
            lower = "".join(letter.lower()[0] for letter in words)
        part[:] = np.frombuffer(lower.encode("utf-32-le", "surrogatepass"), np.uint32)
        for place in np.flatnonzero(part == 0).tolist():
            if unicodedata.category(page[place])[0] == "M":
                part[place] = begin + place
        for first, last in UNSPACED:
            if first < begin + 256 and begin <= last:
                alone = part[max(first - begin, 0) : last + 1 - begin]
                alone[alone != 0] |= np.uint32(_ALONE)
        if begin == 0xFE00:
            part[:0x10] = 0  # variation selectors choose a glyph; they are marks by category only
        if begin == 0x300:
            part[0xC2] = 0x3C3  # the two lower-case forms of sigma are one letter


_FOLD = _Fold()
