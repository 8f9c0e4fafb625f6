"""WebDataset archives: members that share a name up to its first dot are one record.

Promises: members leave in their order; those without an edit leave byte for byte, headers and all. A `.json` member is
read as JSON and spliced as JSON Lines are; a member that is UTF-8 is text; all others are binary values. The field of
a member is its extension (`/jpg`, `/json/caption`), that of the name they share `/__key__`. A value that goes whole
leaves an empty member. Memory: a record.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import xxhash

from privscan import jsontext
from privscan.errors import InputError
from privscan.formats import among, joined, vectors
from privscan.formats.members import BLOCK, LARGEST, Member, anew, members
from privscan.model import Blob, Leaf, LeafKind, Problem, Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from privscan.formats import Block, Rewrite

__all__ = ["Tar", "TarBlock"]

KEY: Final = "__key__"
_BLOCK_BYTES: Final = 2 << 20
_RECORD_BYTES: Final = 1 << 30
_ESCAPED: Final = re.compile(rb"\\[u/]")
_END: Final = bytes(2 * BLOCK)


class Part(NamedTuple):
    """A member as part of a record: what follows the first dot of its name, and its text where it is one."""

    member: Member
    suffix: str
    text: str | None

    @property
    def is_json(self) -> bool:
        return self.text is not None and self.suffix.rpartition(".")[2] == "json"


class Record(NamedTuple):
    """Members of one name. `loose` are those that are no files, as they lie, in front of the first."""

    key: str
    parts: tuple[Part, ...]
    loose: bytes
    problem: str


class TarBlock:
    """A run of whole records; `tail` is what ends the archive, where the block is the last."""

    quoted = False

    def __init__(self, uri: str, first: int, records: Sequence[Record], tail: bytes) -> None:
        self.uri, self.first, self._records, self._tail = uri, first, records, tail
        self.nbytes = sum(len(part.member.body or b"") + BLOCK for record in records for part in record.parts)
        self.problems = {
            row: Problem(uri, first + row, "read", record.problem)
            for row, record in enumerate(records)
            if record.problem
        }

    def rows(self) -> Sequence[int]:
        return range(len(self._records))

    def buffers(self) -> Iterator[tuple[bytes, np.ndarray[Any, Any]]]:
        pieces, starts, at = [b"\x1e"], [], 1
        for record in self._records:
            starts.append(at)
            for piece in (record.key.encode("utf-8", "surrogateescape"), *_texts(record)):
                pieces += [piece, b"\x1e"]
                at += len(piece) + 1
        yield b"".join(pieces), np.array(starts, dtype=np.int64)

    def obscured(self) -> list[int]:
        return [
            row
            for row, record in enumerate(self._records)
            if any(part.is_json and _ESCAPED.search(part.member.body or b"") for part in record.parts)
        ]

    def names(self) -> Iterator[tuple[str, Sequence[int]]]:
        rows: dict[str, list[int]] = {}
        for row, record in enumerate(self._records):
            for part in record.parts:
                rows.setdefault(part.suffix, []).append(row)
        return ((f"/{suffix}", found) for suffix, found in rows.items())

    def heads(self) -> Iterator[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for row, record in enumerate(self._records):
            for part in record.parts:
                body = part.member.body or b""
                if part.text is None and len(body) >= 4:
                    found.setdefault(part.suffix, []).append((int.from_bytes(body[:2]), row))
        for suffix, pairs in found.items():
            heads, rows = zip(*pairs, strict=True)
            yield suffix, np.array(heads, dtype=np.uint16), np.array(rows, dtype=np.int64)

    def lists(self, wanted: Callable[[str], bool]) -> tuple[()]:
        return ()  # names stand in the JSON themselves

    def gathered(self, leaves: list[Leaf], rows: Iterable[int], wanted: Callable[[str], bool]) -> list[Leaf]:
        return leaves

    def leaves(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        for row in rows:
            record = self._records[row]
            if record.key:
                yield Leaf(self.first + row, f"/{KEY}", KEY, record.key, LeafKind.STRING, (row, -1, 0, 0))
            for number, part in enumerate(record.parts):
                yield from _leaves(self.first + row, row, number, part)

    def texts(self, fields: Sequence[str], chat: str = "dialogue") -> list[str | None]:
        from privscan.dedup.text import text_of

        out: list[str | None] = []
        for row, record in enumerate(self._records):
            if row in self.problems:
                out.append(None)
                continue
            values = {part.suffix: _value(part) for part in record.parts if part.text is not None}
            text = text_of(values, fields, chat)
            binary = [part for part in record.parts if part.text is None]
            if binary and not fields:  # a picture is more than what is said of it
                digest = xxhash.xxh3_128((text or "").encode("utf-8", "surrogatepass"))
                for part in binary:
                    digest.update(part.suffix.encode("utf-8", "surrogateescape") + b"\0")
                    digest.update(part.member.body or b"")
                text = digest.hexdigest()
            out.append(text)
        return out

    def render(self, edits: Mapping[int, Sequence[Rewrite]], without: frozenset[int]) -> bytes:
        """Return the members of the records that stay, and what ends the archive."""
        out: list[bytes] = []
        for row, record in enumerate(self._records):
            out.append(record.loose)
            if row not in without and row not in self.problems:
                out += _written(record, edits.get(row, ()))
        return b"".join([*out, self._tail])


def _texts(record: Record) -> Iterator[bytes]:
    return (part.member.body or b"" for part in record.parts if part.text is not None)


def _value(part: Part) -> Any:
    return jsontext.parse(part.member.body or b"") if part.is_json else part.text


def _leaves(record: int, row: int, number: int, part: Part) -> Iterator[Leaf]:
    field = "/" + part.suffix.replace("~", "~0").replace("/", "~1")
    name = part.suffix.rpartition(".")[2]
    if part.text is None:
        if part.member.body:
            yield Leaf(record, field, name, Blob.of(part.member.body), LeafKind.BINARY, (row, number, 0, 0))
        return
    if not part.is_json:
        if part.text:
            yield Leaf(record, field, name, part.text, LeafKind.STRING, (row, number, 0, len(part.text)))
        return
    found = []
    for token in jsontext.tokens(part.text):
        raw = part.text[token.start : token.end]
        if raw:
            content = jsontext.decode(raw) if token.kind is not LeafKind.NUMBER else raw
            key = token.key or name
            place = (row, token.start, token.end, number)  # as `vectors` reads it; put in order below
            found.append(Leaf(record, field + token.pointer, key, content, token.kind, place))
    from privscan.media import dispatch

    text = part.text
    for leaf in vectors.gathered(found, dispatch.telling, lambda _row: text):
        yield leaf._replace(place=(row, number, *leaf.place[1:3]))


def _written(record: Record, edits: Sequence[Rewrite]) -> Iterator[bytes]:
    """Yield the record's members; those with an edit, and all where the key has one, with a header made anew."""
    by_part: dict[int, list[Rewrite]] = {}
    for edit in edits:
        by_part.setdefault(edit.leaf.place[1], []).append(edit)
    key = _renamed(by_part.pop(-1)[0]) if -1 in by_part else None
    for number, part in enumerate(record.parts):
        member = part.member
        if number not in by_part and key is None:
            yield member.header + (member.body or b"") + member.fill
            continue
        body = _body(part, by_part[number]) if number in by_part else member.body or b""
        name = None if key is None else f"{key}.{part.suffix}" if part.suffix else key
        yield anew(member, body, name)


def _renamed(edit: Rewrite) -> str:
    """Return the new name of a record, with its number: two that are told alike would be read as one."""
    out, at, text = "", 0, edit.leaf.text
    for start, end, new in edit.spans:
        out, at = f"{out}{text[at:start]}{new.replace('.', '_')}", end  # a dot would end the name
    return f"{out}_{edit.leaf.record}{text[at:]}"


def _body(part: Part, edits: Sequence[Rewrite]) -> bytes:
    if part.text is None:
        return edits[0].text.data if isinstance(edits[0].text, Blob) else b""
    if not part.is_json:
        return (edits[0].text or "").encode("utf-8", "surrogateescape")
    out, at = [], 0
    for leaf, new, spans in sorted(edits, key=lambda edit: edit.leaf.place):
        _, _, start, end = leaf.place
        out.append(part.text[at:start])
        gone = leaf.kind is LeafKind.NUMBER or new is None or isinstance(new, Blob)
        out.append("null" if gone else jsontext.splice(part.text[start:end], spans))
        at = end
    return "".join([*out, part.text[at:]]).encode("utf-8")


class TarWriter:
    """Appends rendered blocks to a part file."""

    def __init__(self, part: str, codec: str) -> None:
        self._file = open(part, "wb")  # noqa: SIM115 - its lifetime is the writer's
        self._codec = codec

    def write(self, rendered: bytes) -> None:
        self._file.write(gzip.compress(rendered, 6, mtime=0) if self._codec and rendered else rendered)

    def close(self) -> None:
        self._file.close()


class Tar:
    """The format as `privscan.formats.MODULES` names it."""

    name = "tar"

    def plan(self, path: str, uri: str, file: int, split: int) -> list[Shard]:
        """Return one shard: an archive has no table of contents to enter it by."""
        return [Shard(0, file, path, uri, self.name)]

    def blocks(self, shard: Shard) -> Iterator[TarBlock]:
        """Yield records, about 2 MB at a time. InputError where the archive breaks off, behind what was read."""
        first, size = 0, 0
        held: list[Record] = []
        try:
            with _opened(shard.path) as source:
                for record in _records(source, shard.uri):
                    if record.key is _LAST:
                        yield TarBlock(shard.uri, first, held, record.loose)
                        return
                    if size >= _BLOCK_BYTES:
                        yield TarBlock(shard.uri, first, held, b"")
                        first, size, held = first + len(held), 0, []
                    held.append(record)
                    size += sum(len(part.member.body or b"") + BLOCK for part in record.parts)
        except (OSError, EOFError, zlib.error) as error:
            yield TarBlock(shard.uri, first, held, _END)
            detail = error.strerror if isinstance(error, OSError) and error.strerror else "the compression is damaged"
            raise InputError(f"{shard.uri}: cannot be read ({detail}); restore the file and scan it again") from None
        except InputError:
            yield TarBlock(shard.uri, first, held, _END)
            raise

    def holding(self, shard: Shard, records: Sequence[int]) -> Iterator[Block]:
        """Yield the blocks with the records; the archive is read up to the last."""
        return among(self.blocks, [shard], records)

    def writer(self, shard: Shard, part: str) -> TarWriter:
        return TarWriter(part, _codec(shard.uri))

    def assemble(self, shard: Shard, parts: Sequence[str], target: str) -> None:
        """Join the parts; an archive that came out empty gets its end."""
        joined(parts, target, gzip.compress(_END, 6, mtime=0) if _codec(shard.uri) else _END)


_LAST: Final = "\0end"


def _codec(path: str) -> str:
    return "" if path.lower().endswith(".tar") else "gzip"


def _opened(path: str) -> Any:
    return gzip.open(path, "rb") if _codec(path) else open(path, "rb")


def _records(source: Any, uri: str) -> Iterator[Record]:
    """Yield the records of an archive, last one with the key `_LAST` that holds what ends it."""
    parts: list[Part] = []
    key, loose, before, size = "", b"", b"", 0
    for member in members(source, uri):
        if not member.name:
            if parts:
                yield _record(key, parts, loose)
                loose = b""
            yield Record(_LAST, (), loose + before + member.header, "")
            return
        if member.body is None and member.size <= LARGEST:
            before += member.header
            continue
        folder, name = os.path.split(member.name)
        stem, _, suffix = name.partition(".")
        stem = os.path.join(folder, stem)
        if parts and (stem != key or any(part.suffix == suffix for part in parts) or size > _RECORD_BYTES):
            yield _record(key, parts, loose)
            parts, loose, size = [], b"", 0
        loose, before = loose + before, b""
        key = stem
        parts.append(Part(member, suffix, _text(member)))
        size += member.size


def _text(member: Member) -> str | None:
    """Return the text of a member that is one."""
    body = member.body
    if body is None or b"\0" in body[:4096]:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _record(key: str, parts: Sequence[Part], loose: bytes) -> Record:
    problem = next(filter(None, map(_problem, parts)), "")
    return Record(key, tuple(parts), loose, problem)


def _problem(part: Part) -> str:
    if part.member.body is None:
        return f"a member longer than {LARGEST >> 20} MiB; split the record"
    if part.suffix.rpartition(".")[2] == "json":
        reason = jsontext.check(part.member.body) if part.text is not None else "not valid UTF-8"
        return f"its .json: {reason}" if reason else ""
    if part.suffix in ("txt", "caption", "cls", "csv", "xml", "html", "transcript") and part.text is None:
        return f"its .{part.suffix} is not valid UTF-8"
    return ""
