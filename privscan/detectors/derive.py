"""Derives a rule's trigger from its pattern or its words.

A trigger is a looser form of the exact pattern that holds on raw JSON text too: it never needs a neighbour that an
escape could hide, never counts past the pattern's minimum, and takes every escape JSON allows short of \\u (records
with such escapes are looked at anyway). So a record without a trigger cannot hold a match, which
`privscan rules check` proves on every rule's examples.
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

ENOUGH = 12  # bytes a trigger asks for at most, and the bits of evidence that suffice: the rest of a pattern is cut
ENOUGH_BITS = 44.0
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
JOINTS = frozenset(b" .-/()+")  # between the digits of a number as people write it
DIGIT_RUN = 5
NEAR_CHARACTERS = 64  # a match this short lies wholly near its own digits
ANY_ESCAPE = rb'(?:\\+["\\/bfnrt])'


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
def _parsed(pattern: str) -> Any:
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


def _members(items: Sequence[tuple[Any, Any]]) -> frozenset[int]:
    """Return the bytes that may take part in a character of an `[...]` set."""
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


@dataclass(slots=True)
class _Piece:
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


def _sequences(items: Iterable[tuple[Any, Any]], *, fold: bool) -> list[list[Item]]:
    """Return the sequences a parse tree stands for: groups opened, alternatives apart while they are few."""
    found: list[list[Item]] = [[]]
    for op, value in items:
        if op is sre.SUBPATTERN:
            _group, added, removed, inner = value
            ways = _sequences(inner, fold=(fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE)
        elif op is sre.ATOMIC_GROUP:
            ways = _sequences(value, fold=fold)
        elif op is sre.BRANCH:
            ways = [way for branch in value[1] for way in _sequences(branch, fold=fold)]
        else:
            ways = [[(op, value, fold)]]
        if len(found) * len(ways) > MOST_WAYS:
            ways = [[(op, value, fold)]]
        found = [head + way for head in found for way in ways]
    return found


def _pieces(sequence: Sequence[Item], *, outer: bool) -> list[_Piece]:
    """Turn a sequence into pieces. Only an outermost one may ask for neighbours."""
    pieces: list[_Piece] = []
    for position, (op, value, fold) in enumerate(sequence):
        if op in ASSERTIONS:
            if outer:
                pieces += _neighbour(sequence, position)
            continue
        if op in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            break  # what stands so far is a trigger; a back-reference cannot be one
        pieces.append(_piece(op, value, fold=fold))
    return pieces


def _neighbour(sequence: Sequence[Item], position: int) -> list[_Piece]:
    """Write a leading or trailing assertion as one byte class; leave out those that stand elsewhere."""
    op, value, _ = sequence[position]
    before = all(entry[0] in ASSERTIONS for entry in sequence[:position])
    after = all(entry[0] in ASSERTIONS for entry in sequence[position + 1 :])
    if before == after:
        return []
    if op is sre.AT and value is sre.AT_BOUNDARY:
        body = [entry for entry in sequence if entry[0] not in ASSERTIONS]
        if not _edge(body[0 if before else -1], 0 if before else -1) <= WORD:
            return []
        banned = WORD
    elif op is sre.ASSERT_NOT and len(value[1]) == 1 and value[1][0][0] in (sre.IN, sre.LITERAL):
        inner_op, inner = value[1][0]
        banned = _members(inner) if inner_op is sre.IN else _members([(sre.LITERAL, inner)])
        if (value[0] < 0) is not before:
            return []
    else:
        return []
    allowed = (
        (EVERY - banned) | HIGH | frozenset(b'"\\') | (ESCAPE_LETTERS | frozenset(b"/") if before else frozenset())
    )
    return [_Piece(char_class(allowed), 0, 0.0)]


def _edge(item: tuple[Any, ...], index: int) -> frozenset[int]:
    """Return the bytes an item may begin (index 0) or end (-1) with; everything when that is not plain."""
    op, value = item[0], item[1]
    if op is sre.LITERAL:
        return _members([(op, value)])
    if op is sre.IN:
        return _members(value)
    if op in REPEATS and value[0] > 0:
        return _ends(list(value[2]), index)
    if op is sre.SUBPATTERN:
        return _ends(list(value[3]), index)
    if op is sre.BRANCH:
        return frozenset().union(*(_ends(list(branch), index) for branch in value[1]))
    return EVERY


def _ends(items: Sequence[tuple[Any, ...]], index: int) -> frozenset[int]:
    """Return the bytes a row of items may begin (index 0) or end (-1) with, those that may be left out seen to."""
    found: frozenset[int] = frozenset()
    for item in items if index == 0 else reversed(items):
        if item[0] not in REPEATS or item[1][0] > 0:
            return found | _edge(item, index)
        found |= _ends(list(item[1][2]), index)
    return EVERY


def _piece(op: Any, value: Any, *, fold: bool) -> _Piece:
    if op is sre.LITERAL:
        return _literal(value, fold=fold)
    if op is sre.NOT_LITERAL:
        return _class_piece((EVERY - _members([(sre.LITERAL, value)])) | HIGH, fold=False)
    if op is sre.ANY:
        return _class_piece(EVERY, fold=False)
    if op is sre.IN:
        return _class_piece(_members(value), fold=fold)
    if op in REPEATS:
        return _repeat(*value, fold=fold)
    if op in (sre.SUBPATTERN, sre.ATOMIC_GROUP, sre.BRANCH):
        ways = [_joined(_pieces(way, outer=False)) for way in _all_ways(op, value, fold=fold)]
        text = b"(?:" + b"|".join(way.text for way in ways) + b")"
        first = min(way.first for way in ways)
        return _Piece(text, min(w.least for w in ways), min(w.bits for w in ways), first, any(w.wide for w in ways))
    raise ValueError(f"no trigger can be derived from {op}")


def _all_ways(op: Any, value: Any, *, fold: bool) -> list[list[Item]]:
    """Return the alternatives of a group that are too many to stand apart."""
    if op is sre.BRANCH:
        return [[(o, v, fold) for o, v in branch] for branch in value[1]]
    if op is sre.SUBPATTERN:
        inside = (fold or bool(value[1] & re.IGNORECASE)) and not value[2] & re.IGNORECASE
        return [[(o, v, inside) for o, v in value[3]]]
    return [[(o, v, fold) for o, v in value]]


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    text = b"".join(piece.text for piece in pieces)
    first = next((piece.first for piece in pieces if piece.least), 0.0)
    least, bits = sum(piece.least for piece in pieces), sum(piece.bits for piece in pieces)
    counts = [piece.digits for piece in pieces if piece.digits != -1]
    digits = pieces[0].digits if len(pieces) == 1 else None
    if len(pieces) > 1 and counts and all(count is not None and count > 0 for count in counts):
        digits = sum(count for count in counts if count)
    return _Piece(b"(?:" + text + b")", least, bits, first, any(piece.wide for piece in pieces), digits)


def _literal(code: int, *, fold: bool) -> _Piece:
    if code < 0x80:
        return _class_piece(frozenset([code]), fold=fold)
    letter = chr(code)
    forms = {letter, letter.lower(), letter.upper()} if fold else {letter}
    spelled = [b"".join(b"\\x%02x" % byte for byte in form.encode()) for form in sorted(forms)]
    return _Piece(b"(?:" + b"|".join(spelled) + b")", 2, 14.0, 10.0, literal=True)


def _class_piece(values: frozenset[int], *, fold: bool) -> _Piece:
    if fold:
        letters = {byte for byte in values if chr(byte).isascii() and chr(byte).isalpha()}
        values |= {byte ^ 0x20 for byte in letters}
    text = char_class(values)
    if values == {0x2F}:
        return _Piece(rb"\\*\x2f", 1, 7.0, 6.0, digits=-1)
    if values & ESCAPED and not values >= EVERY - frozenset(b'"'):
        text = b"(?:" + text + b"|" + ANY_ESCAPE + b")"
    bits = _bits(values)
    digits = 1 if values <= DIGIT else -1 if values <= JOINTS else None
    single = len(values) <= 2 and len({byte | 0x20 if byte in WORD else byte for byte in values}) == 1
    return _Piece(text, 1, bits, bits, bool(values & HIGH), digits, single)


def _repeat(least: int, most: Any, inner: Any, *, fold: bool) -> _Piece:
    body = _joined(_pieces([(op, value, fold) for op, value in inner], outer=False))
    if not body.text.strip(b"(?:)"):
        return _Piece(b"", 0, 0.0)
    open_ended = most is sre.MAXREPEAT or most > 32 or (body.wide and most > 8)
    ceiling = b"" if open_ended else b"%d" % (most * 4 if body.wide else most)
    digits = None
    if body.digits is not None:
        digits = body.digits * least if body.digits > 0 and least else -1 if body.digits < 0 and most == 1 else None
    return _Piece(
        body.text + b"{%d,%s}" % (least, ceiling), least * body.least, least * body.bits, body.first, body.wide, digits
    )


def derive(pattern: str) -> dict[bytes, int]:
    """Return the triggers of an exact pattern, any of which may be seen, as Hyperscan expressions over raw bytes.

    With each stands the run of digits it holds: one of DIGIT_RUN or more need be looked for near such runs alone.
    ValueError when none can be derived (the rule then needs `keywords` or a `trigger` of its own).

    >>> list(derive(r"[0-9]{9}").values()), list(derive(r"ghp_[0-9A-Za-z]{36}").values())
    ([9], [0])
    """
    tree = _parsed(pattern)
    short = tree.getwidth()[1] <= NEAR_CHARACTERS
    found: dict[bytes, int] = {}
    for way in _sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE)):
        pieces = _pieces(way, outer=True)
        run = _digit_run(pieces)
        if short and run >= DIGIT_RUN:
            found[b"".join(piece.text for piece in pieces)] = run  # little text is scanned for it: it may be whole
        else:
            stretch, run = _stretch(pieces)
            found[stretch] = run
    return found


def whole(pattern: str) -> dict[bytes, int]:
    """Return expressions for a text that is one match of a pattern and nothing else, with runs of digits as `derive`.

    What opens and closes a text in raw JSON, in a column's buffer and among decoded leaves stands at their ends.

    >>> list(whole(r"[0-9]{9}").values())
    [9]
    """
    tree = _parsed(pattern)
    ways = [_pieces(way, outer=False) for way in _sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE))]
    blank = rb"(?:[\s.]|\\+[nrt]){0,4}"
    return {
        rb'["\x1e\x1f]' + blank + b"".join(piece.text for piece in pieces) + blank + rb'\\*["\x1e]': _digit_run(pieces)
        for pieces in ways
    }


def loose(pattern: str) -> bytes:
    """Return an expression over raw bytes that holds wherever the pattern does: of all of it, not of a part.

    >>> loose("[0-9]{3}-[0-9]{2}")
    b'(?:[\\\\x30-\\\\x39]){3,3}\\\\x2d(?:[\\\\x30-\\\\x39]){2,2}'
    """
    tree = _parsed(pattern)
    ways = _sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE))
    return b"|".join(dict.fromkeys(b"".join(_nearest(_pieces(way, outer=True))) for way in ways))


def _nearest(pieces: Sequence[_Piece]) -> list[bytes]:
    """Return the pieces' texts; of the neighbours asked for on one side only the nearest."""
    inner = [place for place, piece in enumerate(pieces) if piece.least or piece.text.endswith(b"}")]
    if not inner:
        raise ValueError("the pattern can match nothing at all")
    first, last = max(inner[0] - 1, 0), inner[-1] + 2
    return [piece.text for piece in pieces[first:last]]


def raw_alike(pattern: str) -> bool:
    """Say whether a pattern finds in raw JSON, escapes undone, all that it finds in the decoded leaf.

    It does unless it asks for the beginning or end of the text, or forbids a neighbour that the quote round a string
    in JSON would be.
    """
    return _alike(_parsed(pattern))


def _alike(items: Iterable[tuple[Any, Any]]) -> bool:
    for op, value in items:
        if op is sre.AT and value not in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            return False
        if op is sre.ASSERT_NOT and 0x22 in _ends(list(value[1]), 0 if value[0] > 0 else -1):
            return False
        if op in REPEATS:
            inner = [value[2]]
        elif op is sre.SUBPATTERN:
            inner = [value[3]]
        elif op in (sre.ASSERT, sre.ATOMIC_GROUP):
            inner = [value[1] if op is sre.ASSERT else value]
        elif op is sre.BRANCH:
            inner = list(value[1])
        elif op is sre.GROUPREF_EXISTS:
            return False
        else:
            continue
        if not all(_alike(part) for part in inner):
            return False
    return True


def least_run(pattern: str) -> int:
    """Return the length of the run of digits that every match of a pattern holds.

    >>> least_run(r"[A-Z]?[0-9]{3}[ -]?[0-9]{4}|[0-9]{8}")
    7
    """
    tree = _parsed(pattern)
    return min(_digit_run(_pieces(way, outer=False)) for way in _sequences(tree, fold=False))


def _digit_run(pieces: Iterable[_Piece]) -> int:
    """Return the longest run of digits, with joints of at most three characters, that must stand in a stretch."""
    longest = run = joints = 0
    for piece in pieces:
        if piece.digits is not None and piece.digits > 0:
            run, joints = run + piece.digits, 0
        elif piece.digits == -1 and joints < 3:
            joints += 1
        else:
            run = joints = 0
        longest = max(longest, run)
    return longest


def _stretch(pieces: Sequence[_Piece]) -> tuple[bytes, int]:
    """Cut the most telling short stretch out of a sequence: short, because long ones make slow automata.

    Where it starts is chosen for what begins it (a literal, a digit) and for being worth ENOUGH_BITS.
    """
    best: tuple[float, list[_Piece]] | None = None
    for start, piece in enumerate(pieces):
        head = pieces[:start] if start == 1 and not pieces[0].least and not pieces[0].text.endswith(b"}") else []
        if not piece.least:
            continue
        stretch, bits, size = [], 0.0, 0
        for entry in pieces[start:]:
            if size and (bits >= ENOUGH_BITS or size >= ENOUGH):
                break
            cut = _shortened(entry, bits)
            stretch.append(cut)
            bits, size = bits + cut.bits, size + cut.least
        rest = pieces[start + len(stretch) :]
        if rest and len(rest) == 1 and rest[0].least == 0 and rest[0].bits == 0.0 and not rest[0].text.endswith(b"}"):
            stretch.append(rest[0])
        while stretch and stretch[-1].least == 0 and stretch[-1].text.endswith(b"}"):
            stretch.pop()  # an optional tail says nothing
        letters = next((n for n, entry in enumerate(stretch) if not entry.literal), len(stretch))
        worth = min(bits, ENOUGH_BITS) + 2 * min(piece.first, 8.0) + 4 * min(letters, 6)
        if best is None or worth > best[0] + 0.5:
            best = worth, [*head, *stretch]
    if best is None or sum(piece.least for piece in best[1]) < 2:
        raise ValueError("the pattern can match fewer than two characters")
    chosen = best[1]
    run = _digit_run(chosen)
    for edge in (chosen[0], chosen[-1]):  # what repeats at an edge need repeat only as often as it must
        shortest = re.fullmatch(rb"(.*)\{(\d+),\d*\}", edge.text, re.DOTALL)
        if shortest:
            edge.text = shortest[1] + b"{%s}" % shortest[2]
    return b"".join(piece.text for piece in chosen), run


def _shortened(piece: _Piece, bits: float) -> _Piece:
    """Cut a long repeat down to what is still wanted of it; the rest of the sequence is then cut off behind it."""
    repeat = re.fullmatch(rb"(.*)\{(\d+),\d*\}", piece.text, re.DOTALL)
    if repeat is None or not piece.least:
        return piece
    times = int(repeat[2])
    each = piece.bits / times
    wanted = max(1, min(times, math.ceil((ENOUGH_BITS - bits) / max(each, 0.1)), ENOUGH))
    if wanted >= times:
        return replace(piece)
    share = wanted / times
    digits = piece.digits * wanted // times if piece.digits and piece.digits > 0 else piece.digits
    return replace(
        piece,
        text=repeat[1] + b"{%d,}" % wanted,
        least=max(int(piece.least * share), 1),
        bits=piece.bits * share,
        digits=digits,
    )
