"""Reads a pattern's parse tree as pieces: stretches of looser expression over raw bytes, and what each is worth.

A piece holds on raw JSON text too: it never needs a neighbour that an escape could hide, never counts past the
pattern's minimum, and takes every escape JSON allows short of \\u (records with such escapes are looked at anyway).
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass, replace

# The parse tree has been stable since Python 2.5 under two names; nothing public gives it.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_WAYS = 32  # alternatives of a pattern that become triggers of their own
ESCAPED = frozenset(b'"\\/\b\f\n\r\t')  # what JSON writes as a backslash and one character
ESCAPE_LETTERS = frozenset(b"bfnrt")
HIGH = frozenset(range(0x80, 0x100))
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
SPACE = frozenset(b" \t\n\r\f\v\x1c\x1d\x1e\x1f")
DIGIT = frozenset(b"0123456789")
EVERY = frozenset(range(256))
ASSERTIONS = (sre.AT, sre.ASSERT, sre.ASSERT_NOT)
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
CLASSES = (sre.IN, sre.ANY, sre.NOT_LITERAL)
JOINTS = frozenset(b" .-/()+")  # between the digits of a number as people write it
ANY_ESCAPE = rb'(?:\\+["\\/bfnrt])'
REST = rb"[\x80-\xbf]?[\x80-\xbf]?[\x80-\xbf]?"  # of a character whose first byte is seen


@functools.lru_cache(maxsize=4096)
def char_class(values: frozenset[int]) -> bytes:
    """Write a set of byte values as a class.

    >>> char_class(frozenset(b"0123456789"))
    b'[\\\\x30-\\\\x39]'
    """
    if len(values) == 1:
        return b"\\x%02x" % next(iter(values))
    ordered = sorted(values)
    out, start = [], ordered[0]
    for here, following in zip(ordered, [*ordered[1:], 999], strict=True):
        if following != here + 1:
            out.append(b"\\x%02x" % start if start == here else b"\\x%02x-\\x%02x" % (start, here))
            start = following
    return b"[" + b"".join(out) + b"]"


@functools.lru_cache(maxsize=16)  # one rule is asked of several times in a row
def parsed(pattern: str) -> Any:
    """Return a pattern's parse tree."""
    return sre_parse.parse(pattern)


def _category(name: Any) -> frozenset[int]:
    """Bytes that may begin or continue a character of a category; non-ASCII digits are the views' business."""
    word, space = WORD | HIGH, SPACE | HIGH
    return {
        sre.CATEGORY_DIGIT: DIGIT,
        sre.CATEGORY_NOT_DIGIT: EVERY - DIGIT,
        sre.CATEGORY_SPACE: space,
        sre.CATEGORY_NOT_SPACE: EVERY - SPACE,
        sre.CATEGORY_WORD: word,
        sre.CATEGORY_NOT_WORD: EVERY - WORD,
    }[name]


def members(items: Sequence[tuple[Any, Any]]) -> frozenset[int]:
    """Return the bytes that may take part in a character of an `[...]` set."""
    return _members(tuple(items))


@functools.lru_cache(maxsize=4096)
def _members(items: tuple[tuple[Any, Any], ...]) -> frozenset[int]:
    found: set[int] = set()
    negated = False
    for op, value in items:
        if op is sre.NEGATE:
            negated = True
        elif op is sre.LITERAL:
            found |= {value} if value < 0x80 else HIGH
        elif op is sre.RANGE:
            low, high = value
            found |= set(range(low, min(high, 0x7F) + 1))
            found |= HIGH if high >= 0x80 else frozenset()
        elif op is sre.CATEGORY:
            found |= _category(value)
    return (EVERY - found) | HIGH if negated else frozenset(found)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of trigger: its text, the fewest raw bytes it takes, and how telling they are.

    `bits` is what seeing it is worth, `first` what its first byte alone is worth, `wide` whether one of its characters
    may be several bytes, `digits` how many digits it holds for certain and nothing else (-1: an optional joint of
    digits, None: neither), `literal` whether it is one character, in either case.
    """

    text: bytes
    least: int
    bits: float
    first: float = 0.0
    wide: bool = False
    digits: int | None = None
    literal: bool = False


def _frequencies() -> list[float]:
    """Return how often each byte stands in ordinary text and code, roughly: what a trigger is worth depends on it."""
    shares = (
        (b"abcdefghijklmnopqrstuvwxyz", 0.70),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0.04),
        (b"0123456789", 0.03),
        (b" \n", 0.15),
        (bytes(HIGH), 0.04),
        (b"\"',.-_/:()=\\", 0.035),
    )
    out = [0.00005] * 256
    for members, share in shares:
        for byte in members:
            out[byte] = share / len(members)
    return out


FREQUENCY = _frequencies()


@functools.lru_cache(maxsize=4096)
def _bits(values: frozenset[int]) -> float:
    return -math.log2(min(sum(FREQUENCY[byte] for byte in values), 1.0))


Item = tuple[Any, Any, bool]  # operation, its argument, whether case is ignored
MOST_PIECES = 1 << 14
_PIECES: dict[tuple[Any, int, bool], tuple[Any, Piece]] = {}  # of the parse trees read last, each with what it is of


def sequences(items: Iterable[tuple[Any, Any]], *, fold: bool, most: int = MOST_WAYS) -> list[list[Item]]:
    """Return the sequences a parse tree stands for: groups opened, alternatives apart while they are `most` at most."""
    found: list[list[Item]] = [[]]
    for op, value in items:
        if op is sre.SUBPATTERN:
            _group, added, removed, inner = value
            ways = sequences(
                inner, fold=(fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE, most=most
            )
        elif op is sre.ATOMIC_GROUP:
            ways = sequences(value, fold=fold, most=most)
        elif op is sre.BRANCH:
            ways = [way for branch in value[1] for way in sequences(branch, fold=fold, most=most)]
        else:
            ways = [[(op, value, fold)]]
        if len(found) * len(ways) > most:
            ways = [[(op, value, fold)]]
        found = [head + way for head in found for way in ways]
    return found


def pieces_of(sequence: Sequence[Item], *, outer: bool) -> list[Piece]:
    """Turn a sequence into pieces. Only an outermost one may ask for neighbours."""
    pieces: list[Piece] = []
    for position, (op, value, fold) in enumerate(sequence):
        if op in ASSERTIONS:
            if outer:
                pieces += _neighbour(sequence, position)
            continue
        if op in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            if outer:
                break  # what stands so far is a trigger; a back-reference cannot be one
            pieces.append(Piece(rb"[\x00-\xff]{0,}", 0, 0.0))
            continue
        pieces.append(_piece(op, value, fold=fold))
    return pieces


def _neighbour(sequence: Sequence[Item], position: int) -> list[Piece]:
    """Write a leading or trailing assertion as one byte class; leave out those that stand elsewhere."""
    op, value, _ = sequence[position]
    before = all(entry[0] in ASSERTIONS for entry in sequence[:position])
    after = all(entry[0] in ASSERTIONS for entry in sequence[position + 1 :])
    if before == after:
        return []
    if op is sre.AT and value is sre.AT_BOUNDARY:
        body = [entry for entry in sequence if entry[0] not in ASSERTIONS]
        if not edge(body[0 if before else -1], 0 if before else -1) <= WORD:
            return []
        banned = WORD
    elif op is sre.ASSERT_NOT and len(value[1]) == 1 and value[1][0][0] in (sre.IN, sre.LITERAL):
        inner_op, inner = value[1][0]
        banned = members(inner) if inner_op is sre.IN else members([(sre.LITERAL, inner)])
        if (value[0] < 0) is not before:
            return []
    else:
        return []
    allowed = (
        (EVERY - banned) | HIGH | frozenset(b'"\\') | (ESCAPE_LETTERS | frozenset(b"/") if before else frozenset())
    )
    return [Piece(char_class(allowed), 0, 0.0)]


def edge(item: tuple[Any, ...], index: int) -> frozenset[int]:
    """Return the bytes an item may begin (index 0) or end (-1) with; everything when that is not plain."""
    op, value = item[0], item[1]
    if op is sre.LITERAL:
        return members([(op, value)])
    if op is sre.IN:
        return members(value)
    if op in REPEATS and value[0] > 0:
        return ends(list(value[2]), index)
    if op is sre.SUBPATTERN:
        return ends(list(value[3]), index)
    if op is sre.BRANCH:
        return frozenset().union(*(ends(list(branch), index) for branch in value[1]))
    return EVERY


def ends(items: Sequence[tuple[Any, ...]], index: int) -> frozenset[int]:
    """Return the bytes a row of items may begin (index 0) or end (-1) with, those that may be left out seen to."""
    found: frozenset[int] = frozenset()
    for item in items if index == 0 else reversed(items):
        if item[0] not in REPEATS or item[1][0] > 0:
            return found | edge(item, index)
        found |= ends(list(item[1][2]), index)
    return EVERY


def _piece(op: Any, value: Any, *, fold: bool) -> Piece:
    """Return the piece of one item of a parse tree, made once: the ways of a pattern share most of their items."""
    if op is sre.LITERAL:
        return _literal(value, fold=fold)
    key = (op, id(value), fold)
    known = _PIECES.get(key)
    if known is None:
        if len(_PIECES) >= MOST_PIECES:
            _PIECES.clear()
        known = _PIECES[key] = (value, _made(op, value, fold=fold))  # held, so that its id stays its own
    return known[1]


def _made(op: Any, value: Any, *, fold: bool) -> Piece:
    if op in CLASSES:
        piece = _class(op, value, fold=fold)
        return replace(piece, text=piece.text + REST) if piece.wide else piece
    if op in REPEATS:
        return _repeat(*value, fold=fold)
    if op in (sre.SUBPATTERN, sre.ATOMIC_GROUP, sre.BRANCH):
        ways = [_joined(pieces_of(way, outer=False)) for way in _all_ways(op, value, fold=fold)]
        text = b"(?:" + b"|".join(way.text for way in ways) + b")"
        first = min(way.first for way in ways)
        return Piece(text, min(w.least for w in ways), min(w.bits for w in ways), first, any(w.wide for w in ways))
    raise ValueError(f"no trigger can be derived from {op}")


def _class(op: Any, value: Any, *, fold: bool) -> Piece:
    """Write one character of a class, of one beyond ASCII a byte."""
    if op is sre.ANY:
        return _class_piece(EVERY, fold=False)
    if op is sre.NOT_LITERAL:
        return _class_piece((EVERY - members([(sre.LITERAL, value)])) | HIGH, fold=False)
    return _class_piece(members(value), fold=fold)


def _all_ways(op: Any, value: Any, *, fold: bool) -> list[list[Item]]:
    """Return the alternatives of a group that are too many to stand apart."""
    if op is sre.BRANCH:
        return [[(o, v, fold) for o, v in branch] for branch in value[1]]
    if op is sre.SUBPATTERN:
        inside = (fold or bool(value[1] & re.IGNORECASE)) and not value[2] & re.IGNORECASE
        return [[(o, v, inside) for o, v in value[3]]]
    return [[(o, v, fold) for o, v in value]]


def _joined(pieces: Sequence[Piece]) -> Piece:
    text = b"".join(piece.text for piece in pieces)
    first = next((piece.first for piece in pieces if piece.least), 0.0)
    least, bits = sum(piece.least for piece in pieces), sum(piece.bits for piece in pieces)
    counts = [piece.digits for piece in pieces if piece.digits != -1]
    digits = pieces[0].digits if len(pieces) == 1 else None
    if len(pieces) > 1 and counts and all(count is not None and count > 0 for count in counts):
        digits = sum(count for count in counts if count)
    return Piece(b"(?:" + text + b")", least, bits, first, any(piece.wide for piece in pieces), digits)


def _literal(code: int, *, fold: bool) -> Piece:
    if code < 0x80:
        return _class_piece(frozenset([code]), fold=fold)
    letter = chr(code)
    forms = {letter, letter.lower(), letter.upper()} if fold else {letter}
    spelled = [b"".join(b"\\x%02x" % byte for byte in form.encode()) for form in sorted(forms)]
    return Piece(b"(?:" + b"|".join(spelled) + b")", 2, 14.0, 10.0, literal=True)


@functools.lru_cache(maxsize=4096)
def _class_piece(values: frozenset[int], *, fold: bool) -> Piece:
    if fold:
        letters = {byte for byte in values if chr(byte).isascii() and chr(byte).isalpha()}
        values |= {byte ^ 0x20 for byte in letters}
    text = char_class(values)
    if values == {0x2F}:
        return Piece(rb"\\*\x2f", 1, 7.0, 6.0, digits=-1)
    if values & ESCAPED and not values >= EVERY - frozenset(b'"'):
        text = b"(?:" + text + b"|" + ANY_ESCAPE + b")"
    bits = _bits(values)
    digits = 1 if values <= DIGIT else -1 if values <= JOINTS else None
    single = len(values) <= 2 and len({byte | 0x20 if byte in WORD else byte for byte in values}) == 1
    return Piece(text, 1, bits, bits, bool(values & HIGH), digits, single)


def _repeat(least: int, most: Any, inner: Any, *, fold: bool) -> Piece:
    only = inner[0] if len(inner) == 1 and inner[0][0] in CLASSES else None  # then bytes are counted, not characters
    pieces = [_class(*only, fold=fold)] if only else pieces_of([(op, value, fold) for op, value in inner], outer=False)
    body = _joined(pieces)
    if not body.text.strip(b"(?:)"):
        return Piece(b"", 0, 0.0)
    open_ended = most is sre.MAXREPEAT or most > 32 or (body.wide and most > 8)
    ceiling = b"" if open_ended else b"%d" % (most * 4 if body.wide else most)
    digits = None
    if body.digits is not None:
        digits = body.digits * least if body.digits > 0 and least else -1 if body.digits < 0 and most == 1 else None
    return Piece(
        body.text + b"{%d,%s}" % (least, ceiling), least * body.least, least * body.bits, body.first, body.wide, digits
    )
