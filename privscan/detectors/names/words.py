"""Text as arrays: words with their places, and for each distinct word the numbers of its features.

Everything is done on whole arrays of code points, nothing word by word in Python. A word's hash is a polynomial over
its code points, so that the hashes of all words, and of all their beginnings and ends, come out of one running sum.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

SPACE, LOWER, UPPER, LETTER, DIGIT, BREAK, MARK, WALL = range(8)
WALLS = 5  # boundary words between texts: as far as the network sees to one side
WALL_MARK = "\x1e"
MULTIPLIER = 0x9E3779B97F4A7C15  # odd: it has an inverse modulo 2**64
INVERSE = pow(MULTIPLIER, -1, 1 << 64)
MIX = np.uint64(0xD6E8FEB86659FD93)
_BITS = (1 << 64) - 1
AFFIXES = ((1, 0), (2, 0), (3, 0), (4, 0), (0, 1), (0, 2), (0, 3), (0, 4))  # letters from the front, from the end
FEATURES = 4 + len(AFFIXES) + 3


class Words(NamedTuple):
    """The words of a joined text: start and end (code points), 64-bit hash, and the arrays the features need."""

    starts: Array
    ends: Array
    hashes: Array
    lowered: Array
    kinds: Array
    sums: Array


@functools.cache
def tables() -> tuple[Array, Array]:
    """Return, for the 65,536 code points of the first plane, their kind and their small letter."""
    kinds = np.empty(65536, np.uint8)
    lowered = np.arange(65536, dtype=np.uint32)
    by_letter = {"L": LETTER, "M": LETTER, "N": DIGIT, "Z": SPACE, "C": SPACE}
    for point in range(65536):
        category = unicodedata.category(chr(point))
        kinds[point] = {"Ll": LOWER, "Lu": UPPER, "Lt": UPPER}.get(category) or by_letter.get(category[0], MARK)
        if category in ("Lu", "Lt") and len(small := chr(point).lower()) == 1:
            lowered[point] = ord(small)
    kinds[ord("_")] = LETTER
    for mark in "\n\r\x0b\x0c\u0085\u2028\u2029":
        kinds[ord(mark)] = BREAK
    kinds[ord(WALL_MARK)] = WALL
    return kinds, lowered


@functools.cache
def _powers(size: int) -> tuple[Array, Array]:
    out = []
    for base in (MULTIPLIER, INVERSE):
        steps = np.full(size + 1, base, np.uint64)
        steps[0] = 1
        out.append(np.multiply.accumulate(steps))
    return out[0], out[1]


def powers(size: int) -> tuple[Array, Array]:
    """Return the powers of the multiplier and of its inverse, for texts of up to `size` code points."""
    return _powers(1 << max(int(size).bit_length(), 12))


def split(text: str) -> Words:
    """Cut a text into words: runs of letters and digits, runs of one mark, runs of line breaks, single walls."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kind_of, small = tables()
    near = np.minimum(points, 65535)
    kinds = np.where(points < 65536, kind_of[near], MARK).astype(np.uint8)
    lowered = np.where(points < 65536, small[near], points).astype(np.uint32)
    group = kinds.copy()
    group[(kinds >= LOWER) & (kinds <= DIGIT)] = LOWER
    new = np.empty(len(points) + 1, bool)
    new[0] = new[-1] = True
    new[1:-1] = group[1:] != group[:-1]
    marks = group == MARK
    new[1:-1] |= marks[1:] & (points[1:] != points[:-1])
    new[1:-1] |= group[1:] == WALL
    cuts = np.flatnonzero(new)
    starts, ends = cuts[:-1], cuts[1:]
    words = group[starts] != SPACE
    starts, ends = starts[words], ends[words]
    up, down = powers(len(points) + 1)
    with np.errstate(over="ignore"):
        sums = np.concatenate(([np.uint64(0)], np.cumsum(points * up[: len(points)], dtype=np.uint64)))
        hashes = (sums[ends] - sums[starts]) * down[starts]
        small_sums = np.concatenate(([np.uint64(0)], np.cumsum(lowered * up[: len(points)], dtype=np.uint64)))
    return Words(starts, ends, mixed(hashes + (ends - starts).astype(np.uint64)), lowered, kinds, small_sums)


def mixed(hashes: Array) -> Array:
    """Spread the bits of 64-bit hashes."""
    with np.errstate(over="ignore"):
        out = (hashes ^ (hashes >> np.uint64(32))) * MIX
        out = (out ^ (out >> np.uint64(29))) * MIX
        last: Array = out ^ (out >> np.uint64(32))
    return last


def lower_hashes(words: Words, picked: Array) -> Array:
    """Return the hashes of some words in small letters: what the name lists are sorted by."""
    return _part(words, words.starts[picked], words.ends[picked])


def lower_hash(word: str) -> int:
    """Return what `lower_hashes` does of one word of letters and digits of the first plane, without arrays."""
    out = 0
    for point in map(ord, reversed(word.translate(_small()))):
        out = out * MULTIPLIER + point & _BITS
    out = out + len(word) & _BITS
    out = (out ^ out >> 32) * int(MIX) & _BITS
    out = (out ^ out >> 29) * int(MIX) & _BITS
    return out ^ out >> 32


@functools.cache
def _small() -> dict[int, int]:
    lowered = tables()[1]
    changed = np.flatnonzero(lowered != np.arange(len(lowered)))
    return dict(zip(changed.tolist(), lowered[changed].tolist(), strict=True))


def _part(words: Words, starts: Array, ends: Array) -> Array:
    _, down = powers(len(words.lowered) + 1)
    with np.errstate(over="ignore"):
        return mixed((words.sums[ends] - words.sums[starts]) * down[starts] + (ends - starts).astype(np.uint64))


def features(words: Words, picked: Array, flags: Array, bits: int) -> Array:
    """Return the feature numbers of some words, `FEATURES` columns of values below 2**bits.

    `flags` are those of the name lists (see `lists`), one number a word.
    """
    starts, ends = words.starts[picked], words.ends[picked]
    shape = _shapes(words, starts, ends)
    columns = [words.hashes[picked], lower_hashes(words, picked)]
    for front, back in AFFIXES:
        if front:
            columns.append(_part(words, starts, np.minimum(starts + front, ends)))
        else:
            columns.append(_part(words, np.maximum(ends - back, starts), ends))
    flags = flags.astype(np.uint64)
    case = shape & np.uint64(0xFF)
    columns += [shape, columns[8] ^ mixed(case), flags << np.uint64(8) | case, flags & np.uint64(0x0F)]
    columns.append(flags >> np.uint64(4))
    mask = np.uint64((1 << bits) - 1)
    salts = mixed(np.arange(1, len(columns) + 1, dtype=np.uint64))
    return (mixed(np.stack(columns, axis=1) + salts) & mask).astype(np.int32)


def _shapes(words: Words, starts: Array, ends: Array) -> Array:
    """Return a number a word for its case (low byte) and its make-up: length, digits, letters of other scripts."""

    def count(kind: int) -> Array:
        sums = np.concatenate(([0], np.cumsum(words.kinds == kind)))
        return sums[ends] - sums[starts]

    length = ends - starts
    upper, lower, digits = count(UPPER), count(LOWER), count(DIGIT)
    first, last = words.kinds[starts].astype(np.int64), words.kinds[ends - 1].astype(np.int64)
    case = first + 8 * np.minimum(upper, 3) + 32 * (lower > 0) + 64 * (upper == length) + 128 * (digits > 0)
    more = np.minimum(length, 15) + 16 * np.minimum(digits, 7) + 128 * last + 1024 * np.minimum(count(LETTER), 3)
    shapes: Array = (case + (more << 8)).astype(np.uint64)
    return shapes
