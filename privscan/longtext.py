"""Strings of JSON too long to be held as text: read from their raw bytes a stretch at a time, and shown as windows.

Python holds a text in as many bytes a character as its widest one needs: 100 MB of a line become 400 for one emoji.
Here a text is an index over bytes that are there anyway. Offsets are code points, as everywhere.
"""

from __future__ import annotations

import bisect
import json
import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from privscan import jsontext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["CORE", "LEAST", "Joined", "LongText", "Window", "long", "packed", "windows"]

LEAST = 1 << 22  # bytes of a string that is long
CORE = 1 << 20  # code points that a window answers for
STEP = 1 << 15  # bytes between the places an index knows
STRETCH = 1 << 17  # code points of a joined text that are read at once
ESCAPE = 6  # bytes of the longest escape of one code unit
_HIGH = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_LOW = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class LongText:
    """A string by its place in a line of JSON, with some stretches rewritten: has a length, slices, and `find`.

    `raw[start:end]` is the content of the string's token, known to be JSON.
    """

    __slots__ = ("_bytes", "_edits", "_kept", "_points", "_raw", "_size")

    def __init__(self, raw: bytes | bytearray, start: int, end: int) -> None:
        self._raw = raw
        self._bytes, self._points = [start], [0]  # every STEP: a place in `raw`, and how many code points stand before
        self._kept = (-1, "")  # the stretch read last
        self._edits: _Edits | None = None
        at = start
        while at < end:
            following = _boundary(raw, at, min(at + STEP, end), end)
            self._points.append(self._points[-1] + len(_read(raw, at, following)))
            self._bytes.append(following)
            at = following
        self._size = self._points[-1]

    def __len__(self) -> int:
        return self._size

    def __str__(self) -> str:
        return self[:]

    def __repr__(self) -> str:
        return f"LongText(characters={self._size})"

    def __getitem__(self, where: slice) -> str:
        """Return a stretch; the slice has no step."""
        start, end, _ = where.indices(self._size)
        if start >= end:
            return ""
        return self._read(start, end) if self._edits is None else "".join(self._edits.parts(self._read, start, end))

    def find(self, text: str) -> int:
        """Return where a short text stands first, -1 where it does not."""
        for window in windows(self, len(text)):
            found = self[window.low : window.high].find(text)
            if found >= 0:
                return window.low + found
        return -1

    def edited(self, spans: Sequence[tuple[int, int, str]]) -> LongText:
        """Return this text as it came, with spans (start, end, new) rewritten; they are ascending and apart."""
        made = object.__new__(LongText)
        made._raw, made._bytes, made._points, made._kept = self._raw, self._bytes, self._points, self._kept
        made._edits = _Edits(spans, self._points[-1])
        made._size = made._edits.size
        return made

    def pieces(self, spans: Sequence[tuple[int, int, str]]) -> Iterator[bytes | memoryview]:
        """Yield the content of the token with spans rewritten, a piece at a time; the rest byte for byte as it came."""
        view, at = memoryview(self._raw), self._bytes[0]
        for start, end, new in spans:
            yield view[at : self._place(start)]
            yield jsontext.encode(new).encode("utf-8")
            at = self._place(end)
        yield view[at : self._bytes[-1]]

    def _read(self, start: int, end: int) -> str:
        """Return a stretch of the text as it came."""
        first = bisect.bisect_right(self._points, start) - 1
        last = bisect.bisect_left(self._points, end)
        parts = [self._stretch(number) for number in range(first, last)]
        base = self._points[first]
        return "".join(parts)[start - base : end - base]

    def _stretch(self, number: int) -> str:
        if self._kept[0] != number:
            self._kept = (number, _read(self._raw, *self._bytes[number : number + 2]))
        return self._kept[1]

    def _place(self, point: int) -> int:
        """Return where in the raw bytes a code point begins."""
        number = min(bisect.bisect_right(self._points, point), len(self._points) - 1) - 1
        begin, end = self._bytes[number : number + 2]
        raw = bytes(self._raw[begin:end]).decode("utf-8")
        (offset,) = jsontext.raw_offsets(raw, [point - self._points[number]])
        return begin + len(raw[:offset].encode("utf-8"))


class Joined:
    """Texts behind each other, long ones among them, to be read from the first character to the last."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[str | LongText]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def stretches(self) -> Iterator[str]:
        """Yield the text a stretch at a time."""
        for part in self._parts:
            for start in range(0, len(part), STRETCH):
                yield part[start : start + STRETCH]


class _Edits:
    """What stands in a rewritten text: new stretches at `starts` to `ends`, what was there before between them."""

    def __init__(self, spans: Sequence[tuple[int, int, str]], size: int) -> None:
        self._spans = spans
        self._starts: list[int] = []
        self._ends: list[int] = []
        grown = 0
        for start, end, new in spans:
            self._starts.append(start + grown)
            self._ends.append(start + grown + len(new))
            grown += len(new) - (end - start)
        self.size = size + grown

    def parts(self, read: Callable[[int, int], str], start: int, end: int) -> Iterator[str]:
        """Yield what stands from `start` to `end`; `read` gives stretches of what was there before."""
        number, at = bisect.bisect_right(self._ends, start), start
        while at < end:
            following = self._starts[number] if number < len(self._spans) else self.size
            if at < following:
                stop = min(following, end)
                shift = self._spans[number - 1][1] - self._ends[number - 1] if number else 0
                yield read(at + shift, stop + shift)
                at = stop
            else:
                new = self._spans[number][2]
                yield new[at - following : end - following]
                at, number = following + len(new), number + 1


class Window(NamedTuple):
    """A stretch of a long text: `low` to `high` is shown, what begins in `start` to `end` is the window's own."""

    low: int
    start: int
    end: int
    high: int


def long(text: object) -> LongText | None:
    """Return a leaf's text where it is a long one: to the types it is a `str` as all are, or nobody could tell."""
    return text if isinstance(text, LongText) else None


def windows(text: LongText, overlap: int) -> Iterator[Window]:
    """Yield windows that share `overlap` code points with what stands on either side; their own parts make the text."""
    size = len(text)
    for start in range(0, size, CORE):
        end = min(start + CORE, size)
        yield Window(max(start - overlap, 0), start, end, min(end + overlap, size))


def packed(raw: bytes | bytearray, start: int, end: int) -> bool:
    """Say whether a string may be JSON itself, which only the whole of it tells."""
    text = _read(raw, start, _boundary(raw, start, min(start + 64, end), end)).lstrip()
    return not text or text[0] in "{["


def _boundary(raw: bytes | bytearray, low: int, at: int, end: int) -> int:
    """Return the first place from `at` on where neither a character nor an escape is open; `low` is such a place."""
    while at < end and raw[at] & 0xC0 == 0x80:
        at += 1
    slash = raw.rfind(b"\\", max(at - ESCAPE + 1, low), at)
    if slash >= 0:
        first = slash
        while first > low and raw[first - 1] == 0x5C:
            first -= 1
        if (slash - first) % 2 == 0:  # it opens an escape, and is not what another stands for
            at = max(at, slash + (ESCAPE if raw[slash + 1 : slash + 2] == b"u" else 2))
    if _HIGH.match(raw, max(at - ESCAPE, low), at) and _LOW.match(raw, at, end):
        at += ESCAPE
    return min(at, end)


def _read(raw: bytes | bytearray, start: int, end: int) -> str:
    """Return what a stretch of a token between two boundaries stands for."""
    piece = bytes(raw[start:end])
    if b"\\" not in piece:
        return piece.decode("utf-8")
    try:
        return orjson.loads(b'"%b"' % piece)  # type: ignore[no-any-return]
    except orjson.JSONDecodeError:
        return json.loads(f'"{piece.decode("utf-8")}"')  # type: ignore[no-any-return]
