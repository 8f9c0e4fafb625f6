"""A line of JSON so long that no copy is made of it: the block of such a line, which is its only one.

Its tokens are told by their bytes; its long strings are shown to detectors as `LongText`, which reads them a stretch at
a time, and are written as pieces of the line.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from privscan import jsontext, longtext
from privscan.formats.jsonl import BOM, JsonlBlock, compress
from privscan.longtext import Joined, LongText
from privscan.model import Leaf, LeafKind, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    import numpy as np

    from privscan.formats import Rewrite
    from privscan.jsontext import Token

PIECE = 1 << 20  # bytes looked at at once
FRAME = 1 << 22  # bytes compressed at once
_BLANK = re.compile(rb"[ \t\r\n]*+")
_NUL = rb"\u0000"
_ESCAPES = (b"\\u", b"\\/")


class LongLine(JsonlBlock):
    """One line over `LONG` bytes, in a `bytearray` of its own that it takes over."""

    buffer: bytearray

    def line(self, row: int) -> bytes:
        return bytes(memoryview(self.buffer)[1 : 1 + self.nbytes])

    def _is_text(self) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")()
        view = memoryview(self.buffer)
        try:
            for at in range(0, len(view), PIECE):
                decoder.decode(view[at : at + PIECE], final=at + PIECE >= len(view))
        except UnicodeDecodeError:
            return False
        return True

    def _deep(self) -> bool:
        opens = self.buffer.count(b"[") + self.buffer.count(b"{")
        return opens >= jsontext.MAX_DEPTH and jsontext.depth(self.buffer) > jsontext.MAX_DEPTH

    def _check(self) -> None:
        """Look at a line that is no JSON, or begins with a mark of its encoding, or is blank."""
        begin = self._begin()
        found = _BLANK.match(self.buffer, begin)
        if found is not None and found.end() == len(self.buffer):
            self._rows = ()
            return
        if begin > 1 and self._whole(begin):
            return
        reason = jsontext.check(bytes(memoryview(self.buffer)[begin:]))
        if reason:
            self.problems[0] = Problem(self.uri, self.first, "read", reason)

    @property
    def _spelled(self) -> tuple[bytearray, np.ndarray[Any, Any], frozenset[int], list[int]]:  # type: ignore[override]
        obscured = 0 not in self.problems and any(self.buffer.find(escape) >= 0 for escape in _ESCAPES)
        return self.buffer, self.starts, frozenset(), [0] if obscured else []

    def leaves(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        for token in self._tokens(rows, marks):
            yield self._leaf(token, self._content(token))

    def stretched(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        """Yield the leaves as `leaves` does; the text of long strings is a `LongText`."""
        for token in self._tokens(rows, marks):
            start, end = token[:2]
            long = token.kind is LeafKind.STRING and end - start >= longtext.LEAST
            if long and not longtext.packed(self.buffer, start, end):
                yield self._leaf(token, LongText(self.buffer, start, end))  # type: ignore[arg-type]
            else:
                yield self._leaf(token, self._content(token))

    def stretched_texts(self, fields: Sequence[str], chat: str = "dialogue") -> list[str | Joined | None]:
        """Return the line's text for deduplication as `texts` does; it is not held where it is long.

        What is compared is told by the record as it is with names in place of its long strings.
        """
        from privscan.dedup.text import text_of

        tokens = (token for token in jsontext.tokens(self.buffer) if token.kind is LeafKind.STRING)
        long = [token for token in tokens if token.end - token.start >= longtext.LEAST]
        if 0 in self.problems or not self._rows or not long or self.buffer.find(_NUL) >= 0:
            return list(self.texts(fields, chat))
        view, at, parts = memoryview(self.buffer), self._begin(), list[bytes | memoryview]()
        for number, token in enumerate(long):
            parts += (view[at : token.start], b"%b%d." % (_NUL, number))
            at = token.end
        text = text_of(jsontext.parse(b"".join([*parts, view[at:]])), fields, chat)
        if text is None:
            return [None]
        named = iter(re.split(r"\0([0-9]+)\.", text))
        joined: list[str | LongText] = [next(named)]
        for number_, behind in zip(named, named, strict=True):
            joined += (LongText(self.buffer, *long[int(number_)][:2]), behind)
        return [Joined(joined)]

    def _begin(self) -> int:
        """Return where the line's value may begin: behind the mark of its encoding."""
        return 1 + len(BOM) if self.first == 0 and self.buffer.startswith(BOM, 1) else 1

    def _tokens(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None) -> Iterator[Token]:
        for row in rows:
            for token in jsontext.tokens(self.buffer, marks.get(row) if marks is not None else None):
                if token.start < token.end:
                    yield token

    def _leaf(self, token: Token, text: str) -> Leaf:
        return Leaf(self.first, token.pointer, token.key, text, token.kind, (0, token.start, token.end))

    def _content(self, token: Token) -> str:
        raw = str(memoryview(self.buffer)[token.start : token.end], "utf-8")
        return raw if token.kind is LeafKind.NUMBER else jsontext.decode(raw)

    def _text(self, row: int) -> str:
        return str(memoryview(self.buffer), "latin-1")  # a character a byte: the places of tokens are those of bytes

    def render(
        self, edits: Mapping[int, Sequence[Rewrite]], without: frozenset[int]
    ) -> bytes | Iterable[bytes | memoryview]:
        """Return the pieces of the line, or the frames, of FRAME bytes or more, that they are compressed to."""
        if 0 in without or 0 in self.problems:
            return b""
        pieces = self._pieces(edits.get(0, ()))
        return self._frames(pieces) if self.codec else pieces

    def _frames(self, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
        held = bytearray()
        for piece in pieces:
            for at in range(0, len(piece), FRAME):
                held += piece[at : at + FRAME]
                if len(held) >= FRAME:
                    yield compress(bytes(held), self.codec)
                    held.clear()
        if held:
            yield compress(bytes(held), self.codec)

    def _pieces(self, edits: Sequence[Rewrite]) -> Iterator[bytes | memoryview]:
        view, at = memoryview(self.buffer), 1
        for leaf, new, spans in sorted(edits, key=lambda edit: edit.leaf.place):
            _, start, end = leaf.place
            yield view[at:start]
            if leaf.kind is LeafKind.NUMBER or new is None:
                yield b"null"
            elif (text := longtext.long(leaf.text)) is not None:
                yield from text.pieces(spans)
            else:
                yield jsontext.splice(str(view[start:end], "utf-8"), spans).encode("utf-8")
            at = end
        yield view[at : 1 + self.nbytes]
