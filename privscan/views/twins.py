"""Latin letters behind those of other scripts that look like them, in addresses and in what holds a number.

A page of Russian or Greek is none: a look-alike counts beside what is plain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "twins"

# Cyrillic and Greek letters that look like Latin ones.
_TWINS = dict(
    zip(
        "авеорсухіјѕԁһԛԝАВЕЗІЈКМНОРСТХЅԚԜαορνικυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aBeopcyxijsdhqwABE3IJKMHOPCTXSQWaopvikuABEZHIKMNOPTYX",
        strict=True,
    )
)
# A look-alike beside what is plain, and the word it stands in.
_BESIDE = re.compile(rf"[{''.join(_TWINS)}][0-9A-Za-z@._%+\-]|[0-9A-Za-z@._%+\-][{''.join(_TWINS)}]")
_HALF_WORD = re.compile(r"[^\s<>\"',;()\[\]]{0,64}")
_MIXED = re.compile(r"[A-Za-z]")
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}(?:[0-9A-Z]{4,}|\Z)")


def likely(text: str) -> bool:
    """Say whether a look-alike stands beside a plain letter."""
    return not text.isascii() and _BESIDE.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the neighbourhoods of what reads differently in Latin letters."""
    yield from respelled(leaf, settled(_changes(leaf.text)), NAME)


def _changes(text: str) -> Iterator[Change]:
    at = 0
    while (beside := _BESIDE.search(text, at)) is not None:
        start, at = _word(text, beside.start())
        yield from _changes_of(text[start:at], start)


def _word(text: str, place: int) -> tuple[int, int]:
    """Return from where to where the word round a place goes."""
    back = _HALF_WORD.match(text[max(place - 64, 0) : place][::-1])
    ahead = _HALF_WORD.match(text, place)
    return place - (back.end() if back else 0), max(ahead.end() if ahead else 0, place + 1)


def _changes_of(token: str, start: int) -> Iterator[Change]:
    """Yield the changes of look-alike letters in a word that is Latin otherwise and is an address or holds a number."""
    plain = "".join(_TWINS.get(letter, letter) for letter in token)
    latin = plain.isascii() and _MIXED.search(token) is not None
    if (latin and ("@" in token or sum(map(str.isdigit, token)) >= 2)) or (plain.isascii() and _ACCOUNT.match(plain)):
        for place, letter in enumerate(token, start):
            if letter in _TWINS:
                yield Change(place, place + 1, _TWINS[letter])


_LOOK = (
    rb"(?:\xd0[\x85\x86\x88\x90\x92\x95\x9a\x9c-\x9e\xa0-\xa3\xa5\xb0\xb2\xb5\xbe]"
    rb"|\xd1[\x80\x81\x83\x85\x95\x96\x98]|\xce[\x91-\xbf])"
)
TRIGGERS: Final = (
    rb"[^\\][A-Za-z@]" + _LOOK,  # behind a backslash it is the escape of a line's end
    _LOOK + rb"[A-Za-z@]",
    _LOOK + _LOOK + rb"[0-9]{2} ?[0-9A-Z]{4}",
    rb"\\u(?i:0[34][0-9a-f]{2})[A-Za-z@]",
)
