"""JSON Lines, plain, gzip or zstd: one JSON value a line, any shape.

Every line is checked (UTF-8, JSON) before anything else sees it; what fails is a problem and is never written. Lines
without edits leave byte for byte as they came (CRLF, BOM, blank lines, a missing last newline); in the others only the
changed tokens are spliced. A record's number is its 0-based line. Compressed output is a row of frames (gzip members),
one a block: every decoder reads them as one stream, and they do not depend on who wrote which.
"""

from __future__ import annotations

import functools
import gzip
import io
import os
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from privscan import jsontext
from privscan.errors import InputError
from privscan.formats import foreign, joined, lines, vectors
from privscan.formats.lines import count, whole_lines
from privscan.model import Leaf, LeafKind, Problem, Shard
from privscan.places import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from privscan.formats import Rewrite, Writer

CODECS = {".gz": "gzip", ".zst": "zstd"}
BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"
_VALUES = msgspec.json.Decoder(msgspec.Raw)  # looks at every byte, makes nothing of it
LONG = 1 << 20  # bytes: of longer lines no second copy is made
DECODED_BYTES = 1 << 15  # at a time, to see whether they are text


def codec_of(path: str) -> str:
    """Return "gzip", "zstd" or "" by the file's name."""
    return CODECS.get(os.path.splitext(path)[1].lower(), "")


class JsonlBlock:
    """A run of whole lines; `first` is the line number of the first."""

    quoted = True

    def __init__(self, shard: Shard, first: int, buffer: bytes) -> None:
        self.uri, self.first, self.codec = shard.uri, first, codec_of(shard.uri)
        self.nbytes = len(buffer)
        self.buffer = _framed(buffer)
        self._bytes = np.frombuffer(self.buffer, dtype=np.uint8)
        ends = places(self._bytes, lambda piece: piece == 0x0A) + 1
        self.starts = ends[:-1]
        self._ends = ends[1:]
        self.problems: dict[int, Problem] = {}
        self._rows: Sequence[int] = range(len(self.starts))
        if not self._whole():
            self._check()

    def line(self, row: int) -> bytes:
        """Return a row's bytes, newline included; the last line may lack it."""
        return bytes(self.buffer[int(self.starts[row]) : min(int(self._ends[row]), self.nbytes + 1)])

    def _whole(self, begin: int = 1) -> bool:
        """Say whether every line is one JSON value and nothing else, in one sweep: true nearly always.

        It is when there are as many values as lines, and nothing else than they and the newlines is left of the bytes.
        """
        try:
            values = _VALUES.decode_lines(memoryview(self.buffer)[begin:])
        except (msgspec.DecodeError, RecursionError):
            return False
        lines = len(self.starts)
        if len(values) != lines or sum(map(len, values)) + lines != len(self.buffer) - begin:
            return False
        return self._is_text() and not self._deep()

    def _is_text(self) -> bool:
        """Say whether the lines are UTF-8, a few at a time: what fits the cache is decoded four times as fast."""
        buffer = self.buffer
        if buffer.isascii():
            return True
        at = 0
        try:
            while at < len(buffer):
                end = buffer.find(b"\n", at + DECODED_BYTES) + 1 or len(buffer)
                buffer[at:end].decode("utf-8")
                at = end
        except UnicodeDecodeError:
            return False
        return True

    def _deep(self) -> bool:
        """Say whether a line may be nested deeper than the parsers behind this check can follow."""
        opens = places(self._bytes, lambda piece: (piece | 0x20) == 0x7B)  # [ and {
        most = jsontext.MAX_DEPTH - 1
        if len(opens) <= most:
            return False
        rows = np.searchsorted(self.starts, opens, side="right")
        return bool((rows[most:] == rows[:-most]).any())

    def _check(self) -> None:
        """Look at the lines one by one: which are blank, which are not JSON."""
        rows = []
        for row in range(len(self.starts)):
            line = self.line(row)
            if self.first + row == 0:
                line = line.removeprefix(BOM)
            if not line.strip(BLANK):
                continue
            rows.append(row)
            reason = jsontext.check(line)
            if reason:
                self.problems[row] = Problem(self.uri, self.first + row, "read", reason)
        self._rows = rows

    def refuse(self, problem: Problem) -> None:
        """Make the block's only line a problem."""
        self.problems, self._rows = {0: problem}, [0]

    def rows(self) -> Sequence[int]:
        return self._rows

    def buffers(self) -> Iterator[tuple[bytes, np.ndarray[Any, Any]]]:
        buffer, starts, _, _ = self._spelled
        yield buffer, starts

    def obscured(self) -> list[int]:
        return self._spelled[3]

    @functools.cached_property
    def _spelled(self) -> tuple[bytes, np.ndarray[Any, Any], frozenset[int], list[int]]:
        """The lines with characters in place of `\\u` and `\\/` escapes: (buffer, starts, rows changed, rows left)."""
        slashes = places(self._bytes[:-1], lambda piece: piece == 0x5C)
        behind = self._bytes[slashes + 1]
        at = slashes[(behind == 0x75) | (behind == 0x2F)]  # \\u and \\/
        rows: list[int] = np.unique(np.searchsorted(self.starts, at, side="right") - 1).tolist()
        parts: list[bytes] = []
        grown = np.zeros(len(self.starts) + 1, dtype=np.int64)
        changed, left, begin = set(), [], 0
        for row in rows:
            start, end = int(self.starts[row]), int(self._ends[row])
            new = jsontext.spelled(self.buffer[start:end]) if end - start < LONG and row not in self.problems else None
            if new is None:
                left.append(row)
                continue
            parts += (self.buffer[begin:start], new)
            grown[row + 1], begin = len(new) - (end - start), end
            changed.add(row)
        if not changed:
            return self.buffer, self.starts, frozenset(), left
        buffer = b"".join((*parts, self.buffer[begin:]))
        return buffer, self.starts + np.cumsum(grown)[:-1], frozenset(changed), left

    def names(self) -> tuple[()]:
        return ()  # names stand in the lines themselves

    def heads(self) -> tuple[()]:
        return ()  # JSON has no bytes

    def lists(self, wanted: Callable[[str], bool]) -> tuple[()]:
        return ()  # as with names

    def gathered(self, leaves: list[Leaf], rows: Iterable[int], wanted: Callable[[str], bool]) -> list[Leaf]:
        return vectors.gathered(leaves, wanted, self._text)

    def leaves(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        for row in rows:
            text = self._text(row)
            record = self.first + row
            for token in jsontext.tokens(text, self._marks(row, text, marks)):
                if token.start < token.end:
                    numeral = token.kind is LeafKind.NUMBER
                    content = text[token.start : token.end] if numeral else jsontext.content(text, *token[:2])
                    yield Leaf(record, token.pointer, token.key, content, token.kind, (row, token.start, token.end))

    def _marks(self, row: int, text: str, marks: Mapping[int, Sequence[int]] | None) -> list[int] | None:
        """Turn marks in the buffer into offsets of a line's text."""
        found = marks.get(row) if marks is not None else None
        _, starts, changed, _ = self._spelled
        if found is None or row in changed:
            return None
        line, start = self.line(row), int(starts[row])
        if len(line) == len(text):
            return [mark - start for mark in found]
        return [len(line[: mark - start].decode("utf-8", "ignore")) for mark in found]

    def _text(self, row: int) -> str:
        end = min(int(self._ends[row]), self.nbytes + 1)
        return str(memoryview(self.buffer)[int(self.starts[row]) : end], "utf-8")

    def texts(self, fields: Sequence[str], chat: str = "dialogue") -> list[str | None]:
        from privscan.dedup.text import text_of

        known = set(self.rows()) - self.problems.keys()
        return [
            text_of(jsontext.parse(self.line(row).removeprefix(BOM)), fields, chat) if row in known else None
            for row in range(len(self.starts))
        ]

    def render(
        self, edits: Mapping[int, Sequence[Rewrite]], without: frozenset[int]
    ) -> bytes | Iterable[bytes | memoryview]:
        """Return the block's bytes, compressed as the file is."""
        if not edits and not without and not self.problems:
            body = self.buffer[1 : 1 + self.nbytes]
        else:
            gone = without | self.problems.keys()
            out: list[bytes] = []
            at = 1
            for row in sorted(edits.keys() | gone):
                out.append(self.buffer[at : int(self.starts[row])])
                if row not in gone:
                    out.append(self._spliced(row, edits[row]))
                at = int(self._ends[row])
            out.append(self.buffer[at : self.nbytes + 1])
            body = b"".join(out)
        return compress(body, self.codec) if body else b""

    def _spliced(self, row: int, edits: Sequence[Rewrite]) -> bytes:
        text = self._text(row)
        out: list[str] = []
        at = 0
        for leaf, new, spans in sorted(edits, key=lambda edit: edit.leaf.place):
            _, start, end = leaf.place
            out.append(text[at:start])
            if leaf.kind is LeafKind.NUMBER or new is None:
                out.append("null")
            else:
                out.append(jsontext.splice(text[start:end], spans))
            at = end
        out.append(text[at:])
        return "".join(out).encode("utf-8")


def _framed(buffer: Any) -> Any:
    """Return lines behind a newline and closed by one; long ones, in a `bytearray`, are not copied."""
    if isinstance(buffer, bytearray):
        buffer[:0] = b"\n"
        if not buffer.endswith(b"\n"):
            buffer += b"\n"
        return buffer
    return b"\n" + buffer if buffer.endswith(b"\n") else b"\n" + buffer + b"\n"


def compress(body: bytes, codec: str) -> bytes:
    """Return one frame; the same bytes for the same body, whoever asks."""
    if codec == "gzip":
        return gzip.compress(body, 6, mtime=0)
    if codec == "zstd":
        import pyarrow as pa

        return pa.Codec("zstd", compression_level=3).compress(body, asbytes=True)  # type: ignore[no-any-return]
    return body


def _block(shard: Shard, number: int, buffer: Any) -> JsonlBlock:
    if not isinstance(buffer, bytearray):
        return JsonlBlock(shard, number, buffer)
    from privscan.formats.longline import LongLine

    return LongLine(shard, number, buffer)  # type: ignore[arg-type]


class JsonlWriter:
    """Appends rendered blocks to a part file."""

    def __init__(self, part: str) -> None:
        self._file = open(part, "wb")  # noqa: SIM115 - its lifetime is the writer's

    def write(self, rendered: bytes | Iterable[bytes | memoryview]) -> None:
        self._file.writelines([rendered] if isinstance(rendered, bytes) else rendered)

    def close(self) -> None:
        self._file.close()


class _Ranged:
    """A byte range of a file, read to its end."""

    def __init__(self, file: Any, left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int) -> bytes:
        chunk: bytes = self._file.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Jsonl:
    """The format as the run sees it."""

    name = "jsonl"

    def plan(self, path: str, uri: str, file: int, split: int) -> list[Shard]:
        """Cut a plain file behind the first newline at or after every `split` bytes, counting lines on the way.

        A compressed file is one shard: a stream cannot be entered in the middle.
        """
        whole = Shard(0, file, path, uri, self.name)
        if codec_of(path) or path == "-":
            return [whole]
        with open(path, "rb", buffering=0) as source:
            foreign.check(source.read(4), uri)
        if os.path.getsize(path) <= split + split // 2:
            return [whole]
        shards, start, first, seen, lines = [], 0, 0, 0, 0
        with open(path, "rb", buffering=0) as source:
            while chunk := source.read(1 << 22):
                while seen + len(chunk) > (goal := start + split):
                    cut = chunk.find(b"\n", max(goal - seen - 1, 0))
                    if cut < 0:
                        break
                    stop = seen + cut + 1
                    lines += chunk.count(b"\n", 0, cut + 1)
                    shards.append(Shard(0, file, path, uri, self.name, start, stop, first))
                    chunk, seen, start, first = chunk[cut + 1 :], stop, stop, lines
                lines += chunk.count(b"\n")
                seen += len(chunk)
        if start < seen:
            shards.append(Shard(0, file, path, uri, self.name, start, None, first))
        return shards

    def blocks(self, shard: Shard) -> Iterator[JsonlBlock]:
        """Yield blocks of about BLOCK_BYTES. InputError where the file stops being readable, behind what was read."""
        for number, buffer, whole in self.lines(shard):
            block = _block(shard, number, buffer)
            del buffer  # the block has its own: no second copy of a long line is kept while it is looked at
            if not whole:
                block.refuse(too_long(shard.uri, number))
            yield block

    def holding(self, shard: Shard, records: Sequence[int]) -> Iterator[JsonlBlock]:
        """Yield a block for each record, of its line alone; the others are counted, and looked at no further."""
        for first, buffer, whole in self.lines(shard):
            beyond = first + count(buffer)
            mine = [record for record in records if first <= record < beyond]
            apart = buffer.split(b"\n", mine[-1] - first + 1) if mine and whole else []
            for record in mine if whole else ():
                yield JsonlBlock(shard, record, apart[record - first])
            if records[-1] < beyond:
                return

    def lines(self, shard: Shard) -> Iterator[tuple[int, bytes, bool]]:
        """Yield (first record, bytes, whole) as `whole_lines` cuts them; InputError as `blocks`."""
        number = shard.first_record
        try:
            with self.open(shard) as source:
                for given in whole_lines(source):
                    start = number
                    number += count(given[0])
                    yield start, given.pop(0), given.pop()  # taken out, for the same reason
        except (OSError, EOFError) as error:
            raise InputError(_reading(shard.uri, number, error)) from None

    def open(self, shard: Shard) -> Any:
        if shard.path == "-":
            import sys

            pipe = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False), lines.BLOCK_BYTES)
            foreign.check(pipe.peek(4), shard.uri)
            return pipe
        codec = codec_of(shard.path)
        if codec:
            import pyarrow as pa

            return pa.CompressedInputStream(pa.OSFile(shard.path), codec)
        source = open(shard.path, "rb", buffering=0)  # noqa: SIM115 - the caller closes it
        if shard.start:
            source.seek(shard.start)
        return _Ranged(source, 1 << 62 if shard.stop is None else shard.stop - (shard.start or 0))

    def writer(self, shard: Shard, part: str) -> Writer:
        return JsonlWriter(part)

    def assemble(self, shard: Shard, parts: Sequence[str], target: str) -> None:
        """Join the parts. A compressed file that came out empty gets an empty frame."""
        joined(parts, target, compress(b"", codec_of(shard.uri)))


def too_long(uri: str, record: int) -> Problem:
    """Return the problem of a line over MAX_LINE."""
    return Problem(uri, record, "read", f"longer than {lines.MAX_LINE >> 20} MiB; split the record")


def _reading(uri: str, record: int, error: Exception) -> str:
    """Tell where a file broke off, without its path or content."""
    detail = str(error).split(": '")[0].split("\n")[0][:120]
    return f"{uri}: cannot be read beyond record {record} ({detail}); restore the file and scan it again"
