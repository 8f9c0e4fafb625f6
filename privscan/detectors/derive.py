"""Derives a rule's trigger from its pattern or its words.

A trigger is a looser form of the exact pattern that holds on raw JSON text too: it never needs a neighbour that an
escape could hide, never counts past the pattern's minimum, and takes every escape JSON allows short of \\u (records
with such escapes are looked at anyway). So a record without a trigger cannot hold a match, which
`privscan rules check` proves on every rule's examples.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from privscan.detectors.syntax import REST, Piece, parsed, pieces_of, sequences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENOUGH = 12  # bytes a trigger asks for at most, and the bits of evidence that suffice: the rest of a pattern is cut
ENOUGH_BITS = 44.0
DIGIT_RUN = 5
COUNTED = 4  # repeats that a loose form counts at most: counting makes what is compiled large
NEAR_CHARACTERS = 64  # a match this short lies wholly near its own digits
_REPEAT = re.compile(rb"\{(\d+),(\d+)\}")


def derive(pattern: str) -> dict[bytes, int]:
    """Return the triggers of an exact pattern, any of which may be seen, as Hyperscan expressions over raw bytes.

    With each stands the run of digits it holds: one of DIGIT_RUN or more need be looked for near such runs alone.
    ValueError when none can be derived (the rule then needs `keywords` or a `trigger` of its own).

    >>> list(derive(r"[0-9]{9}").values()), list(derive(r"ghp_[0-9A-Za-z]{36}").values())
    ([9], [0])
    """
    tree = parsed(pattern)
    short = tree.getwidth()[1] <= NEAR_CHARACTERS
    found: dict[bytes, int] = {}
    for way in sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE)):
        pieces = pieces_of(way, outer=True)
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
    tree = parsed(pattern)
    ways = [pieces_of(way, outer=False) for way in sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE))]
    blank = rb"(?:[\s.]|\\+[nrt]){0,4}"
    return {
        rb'["\x1e\x1f]' + blank + b"".join(piece.text for piece in pieces) + blank + rb'\\*["\x1e]': _digit_run(pieces)
        for pieces in ways
    }


def loose(pattern: str) -> bytes:
    """Return an expression over raw bytes that holds wherever the pattern does: of all of it, not of a part.

    Its alternatives stay together and no more than a few repeats are counted: else it would be many times as large.

    >>> loose("[0-9]{3}-[0-9]{2,12}")
    b'(?:[\\\\x30-\\\\x39]){3,3}\\\\x2d(?:[\\\\x30-\\\\x39]){2,}'
    """
    tree = parsed(pattern)
    (only,) = sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE), most=1)
    return _REPEAT.sub(_uncounted, b"".join(_nearest(pieces_of(only, outer=True))))


def _uncounted(repeat: re.Match[bytes]) -> bytes:
    least, most = int(repeat[1]), int(repeat[2])
    return repeat[0] if most in (least, *range(COUNTED + 1)) else b"{%d,}" % least


def _nearest(pieces: Sequence[Piece]) -> list[bytes]:
    """Return the pieces' texts; of the neighbours asked for on one side only the nearest."""
    inner = [place for place, piece in enumerate(pieces) if piece.least or piece.text.endswith(b"}")]
    if not inner:
        raise ValueError("the pattern can match nothing at all")
    first, last = max(inner[0] - 1, 0), inner[-1] + 2
    return [piece.text for piece in pieces[first:last]]


def least_run(pattern: str) -> int:
    """Return the length of the run of digits that every match of a pattern holds.

    >>> least_run(r"[A-Z]?[0-9]{3}[ -]?[0-9]{4}|[0-9]{8}")
    7
    """
    tree = parsed(pattern)
    return min(_digit_run(pieces_of(way, outer=False)) for way in sequences(tree, fold=False))


def _digit_run(pieces: Iterable[Piece]) -> int:
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


def _stretch(pieces: Sequence[Piece]) -> tuple[bytes, int]:
    """Cut the most telling short stretch out of a sequence: short, because long ones make slow automata.

    Where it starts is chosen for what begins it (a literal, a digit) and for being worth ENOUGH_BITS.
    """
    best: tuple[float, list[Piece]] | None = None
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
        # a neighbour behind what may go on without end says little, and keeps a scan busy
        closed = bool(stretch) and not stretch[-1].text.endswith(b",}")
        if closed and len(rest) == 1 and not rest[0].least and not rest[0].bits and not rest[0].text.endswith(b"}"):
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
    texts = [piece.text for piece in chosen]
    for end in (0, -1):  # what repeats at an edge need repeat only as often as it must
        shortest = re.fullmatch(rb"(.*)\{(\d+),\d*\}", texts[end], re.DOTALL)
        if shortest:
            texts[end] = shortest[1] + b"{%s}" % shortest[2]
    texts[-1] = texts[-1].removesuffix(REST)
    return b"".join(texts), run


def _shortened(piece: Piece, bits: float) -> Piece:
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
