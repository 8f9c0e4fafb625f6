"""Media written as letters: `data:` URIs, runs of base64 and of hexadecimal in a text, and the way back.

A run is looked at when its first letters are those of a kind (`privscan.media.sniff`); what is in it, its leaf says.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.media import sniff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.media.sniff import Kind

__all__ = ["LEAST", "TRIGGERS", "Run", "runs", "written"]

LEAST: Final = 48
"""Letters of a run at least: nothing worth finding is shorter."""
_LETTER: Final = "[A-Za-z0-9+/_-]"
_STARTS: Final = "|".join([*sniff.base64_forms(), *sniff.faint_forms()])
_HEX_STARTS: Final = "|".join(sniff.hex_forms())
_URI: Final = r"data:[a-zA-Z0-9.+-]{1,40}/[\w.+-]{1,60}(?:;[\w-]{1,40}=[^;,\"\s]{0,80}){0,4};base64,\s{0,4}"
_GAPS: Final = re.compile(r"\\r\\n|\\n|\s+")
_URL: Final = str.maketrans("-_", "+/")

TRIGGERS: Final = (
    # before the first letter no other, but for the letter of an escape
    *(f"(?:[^A-Za-z0-9+/_]|\\\\[nrt])(?:{form}){_LETTER}{{20}}".encode() for form in sniff.base64_forms()),
    # of few known letters only where a string begins, or what a `data:` URI holds
    *(f"[\\x22\\x1e\\x1f,](?:{form}){_LETTER}{{40}}".encode() for form in sniff.faint_forms()),
    *(f"(?i){form}[0-9a-f]{{20}}".encode() for form in sniff.hex_forms()),
)
"""Hyperscan expressions: a row without one of them holds no media in its texts."""


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of runs of base64 and of hexadecimal: compiling them takes longer than most runs need."""
    # Behind the letters of a line another may follow: e-mail and PEM break them, some writers by a backslash and an n.
    letters = re.compile(
        rf"(?P<uri>{_URI})?(?<![A-Za-z0-9+/_])(?={_STARTS})(?P<run>{_LETTER}{{{LEAST},}}"
        rf"(?:(?:\r?\n|\\r\\n|\\n)[ \t]{{0,8}}{_LETTER}+)*={{0,2}})"
    )
    digits = re.compile(
        rf"(?<![0-9a-zA-Z])(?:0[xX]|\\x|X')?(?P<run>(?:{_HEX_STARTS})(?:[0-9a-f]{{2}}){{24,}})", re.IGNORECASE
    )
    return letters, digits


class Run(NamedTuple):
    """Media in a text: code points `start` to `end` (a whole `data:` URI), what it holds, and how it was written.

    `form` is "base64", "base64url" or "hex"; `head` is what stands in front of the letters.
    """

    start: int
    end: int
    kind: Kind
    data: bytes
    form: str
    head: str


def runs(text: str) -> Iterator[Run]:
    """Yield the media in a text, in order."""
    base, hexadecimal = _patterns()
    for found in base.finditer(text):
        letters = found["run"]
        data = _unpacked(letters)
        kind = sniff.sniff(data)
        if kind is not None:
            form = "base64url" if "-" in letters or "_" in letters else "base64"
            yield Run(found.start(), found.end(), kind, data, form, found["uri"] or "")
    for found in hexadecimal.finditer(text):
        data = bytes.fromhex(found["run"])
        kind = sniff.sniff(data)
        if kind is not None:
            head = text[found.start() : found.start("run")]
            yield Run(found.start(), found.end(), kind, data, "hex", head)


def _unpacked(letters: str) -> bytes:
    if "\n" in letters or "\\" in letters:
        letters = _GAPS.sub("", letters)
    letters = letters.rstrip("=").translate(_URL)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def written(run: Run, data: bytes) -> str:
    """Return new bytes as the run was written, on one line."""
    if run.form == "hex":
        return run.head + data.hex()
    pack = base64.urlsafe_b64encode if run.form == "base64url" else base64.b64encode
    return run.head + pack(data).decode("ascii")
