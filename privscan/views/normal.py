"""Plain letters and digits behind others: full-width, mathematical, of other scripts, hidden, pulled apart.

Only what stands together as a number or an address is read anew: a page of Arabic, Chinese or Russian is none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "normal"

# The zeros of the scripts people write numbers in; nine more digits stand behind each.
_ZEROS: Final[tuple[int, ...]] = (
    *(0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66),
    *(0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10),
)
# Ranges, not single characters: `re` tries those beyond the first plane one by one.
_DIGITS = "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _ZEROS) + "\U0001d7ce-\U0001d7ff"
_LATIN = "\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7cb\u24b6-\u24e9"
_BLANKS = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_ZERO_WIDTH = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_FALSE_DIGITS = {"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"}

_JOINT = rf"[ .\-/(){_BLANKS}{_DASHES}]"
_FOREIGN = re.compile(rf"[{_DIGITS}](?:{_JOINT}?[{_DIGITS}]){{5,}}")
_WIDE = re.compile(rf"[{_LATIN}](?:[\uff01-\uff5e._%+@-]|[{_LATIN}{_DIGITS}]){{3,}}")
# What stands before is asked for behind the first character: `re` looks for those that begin with a class at once.
_HIDDEN = re.compile(rf"[{_ZERO_WIDTH}](?<=[0-9A-Za-z@.+_-].)[{_ZERO_WIDTH}]*(?=[0-9A-Za-z@.+_-])")
_ODD_JOINT = re.compile(rf"[{_BLANKS}{_DASHES}](?<=[0-9)].)(?=[0-9(])")
_NUMERAL = re.compile(r"[0-9lIOo|](?<![0-9A-Za-z|].)(?<=(?=[lIOo|]{0,4}[0-9]).)[0-9lIOo|]{8,33}(?![0-9A-Za-z|])")
_SPREAD = re.compile(r"[0-9](?<![0-9.,\-].)(?:([ .\-_/*|])[0-9])(?:\1[0-9]){7,30}(?![0-9]|[ .,\-_/*|][0-9])")
_CHANCE = re.compile(r"[0-9][ .\-_/*|][0-9][ .\-_/*|][0-9][ .\-_/*|][0-9]|[0-9][lIOo|][0-9lIOo|]|[lIOo|][0-9]{3}")
_ODD = re.compile(rf"[{_DIGITS}{_LATIN}{_BLANKS}{_DASHES}{_ZERO_WIDTH}]")
_AROUND = 3  # characters beside a spread-out number: digits there make it a row of a table


def likely(text: str) -> bool:
    """Say whether an odd letter, digit or blank stands in a text, or digits that are pulled apart."""
    return (not text.isascii() and _ODD.search(text) is not None) or _CHANCE.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the neighbourhoods of what reads differently in plain letters and digits."""
    yield from respelled(leaf, settled(_changes(leaf.text)), NAME)


def _changes(text: str) -> Iterator[Change]:
    """Yield what changes, kind by kind."""
    if not text.isascii():
        for pattern in (_FOREIGN, _WIDE):
            for found in pattern.finditer(text):
                yield from _plain(found[0], found.start())
        yield from (Change(found.start(), found.end(), "") for found in _HIDDEN.finditer(text))
        for found in _ODD_JOINT.finditer(text):
            yield Change(found.start(), found.end(), _joint(found[0]))
    for found in _NUMERAL.finditer(text):
        if sum(map(str.isdigit, found[0])) * 3 >= len(found[0]) * 2:
            for place, letter in enumerate(found[0], found.start()):
                if letter in _FALSE_DIGITS:
                    yield Change(place, place + 1, _FALSE_DIGITS[letter])
    for found in _SPREAD.finditer(text):
        if not _tabular(text, found.start(), found.end()):
            yield from (Change(place, place + 1, "") for place in range(found.start() + 1, found.end(), 2))


def _plain(run: str, start: int) -> Iterator[Change]:
    """Yield the changes that write a run in ASCII (NFKC; decimal digits of any script)."""
    for place, character in enumerate(run, start):
        if character.isascii():
            continue
        digit = unicodedata.digit(character, None)
        new = _joint(character) if digit is None else str(digit)
        if new.isascii() and new != character:
            yield Change(place, place + 1, new)


def _joint(character: str) -> str:
    """Return a blank for a blank, a hyphen for a dash, NFKC for the rest."""
    if unicodedata.category(character) == "Zs":
        return " "
    return "-" if unicodedata.category(character) in ("Pd", "Sm") else unicodedata.normalize("NFKC", character)


def _tabular(text: str, start: int, end: int) -> bool:
    """Say whether digits go on beside a stretch: before it or behind it, on the next line too."""
    before, behind = text[max(start - _AROUND, 0) : start].rstrip(), text[end : end + _AROUND].lstrip()
    return before[-1:].isdigit() or behind[:1].isdigit() or before[-1:] in ("[", "|") or behind[:1] in ("]", "|")


def _spelled(code: int) -> bytes:
    """Return a character's UTF-8 as an expression."""
    return b"".join(b"\\x%02x" % byte for byte in chr(code).encode())


def _run(zero: int) -> tuple[bytes, bytes]:
    """Return triggers for six digits of a script: as they are, and as JSON escapes."""
    raw = chr(zero).encode()
    digit = b"".join(b"\\x%02x" % byte for byte in raw[:-1]) + b"[\\x%02x-\\x%02x]" % (raw[-1], raw[-1] + 9)
    escaped = b"(?:" + b"|".join(b"%04x" % (zero + n) for n in range(10)) + b")"
    gap = rb"[ .\x2d\x2f()\xc2\xe2\xe3\xef\x80-\xbc]{0,3}"
    return b"(?:" + digit + gap + b"){5}" + digit, rb"(?:\\u(?i:" + escaped + rb")[ .\x2d\x2f()]?){6}"


_GAP = rb"(?:\xc2\xa0|\xe2\x80[\x80-\x8a\x90-\x95\xaf]|\xe2\x88\x92|\xe3\x80\x80|\xef\xbc\x8d)"
_GAP_ESCAPED = rb"(?:\\u(?i:00a0|200[0-9a]|201[0-5]|202f|2212|3000|ff0d))"
TRIGGERS: Final = (
    *(trigger for zero in _ZEROS for trigger in _run(zero)),
    rb"\xef\xbc\xa0(?:[0-9A-Za-z]|\xef\xbc|\xef\xbd)",
    rb"(?:\xf0\x9d[\x90-\x9f][\x80-\xbf]){4}",
    rb"(?:\\u(?i:d835)\\u(?i:d[c-f])[0-9A-Fa-f]{2}){4}",
    rb"(?:\xef(?:\xbc[\x90-\x99\xa1-\xba]|\xbd[\x81-\x9a])){6}",
    rb"(?:\\u(?i:ff[1-5])[0-9A-Fa-f]){6}",
    rb"[0-9A-Za-z@.](?:\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad|\xcd\x8f)[0-9A-Za-z@.]",
    rb"\\u(?i:200[b-f]|2060|feff|034f|00ad)[0-9A-Za-z@.]",
    rb"[0-9]" + _GAP + rb"[0-9]{1,5}(?:[ .\x2d]|" + _GAP + rb")[0-9]",
    rb"[0-9]" + _GAP_ESCAPED + rb"[0-9]{1,5}(?:[ .\x2d]|" + _GAP_ESCAPED + rb")[0-9]",
    rb"[0-9][lIOo|]{1,2}[0-9]{2}",
    rb"[0-9]{2}[lIOo|]{1,2}[0-9]",
    *(rb"(?:[0-9]" + joint + rb"){8}[0-9]" for joint in (b" ", rb"\.", rb"\x2d", b"_", rb"\\*\x2f", rb"\*", rb"\|")),
)
