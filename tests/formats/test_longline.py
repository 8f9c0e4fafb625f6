"""A line that is not copied says what it says as one of many, and is written the same."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from privscan import jsontext, longtext
from privscan.formats import Rewrite, longline
from privscan.formats.jsonl import JsonlBlock
from privscan.formats.longline import LongLine
from privscan.longtext import LongText
from privscan.model import LeafKind, Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEXT = 'so "é" 中文 😀 \n\t/ \\ '
RECORD = {"id": 7, "text": TEXT * 40, "n": [1e5, -3, True, None, {"a/b~c": TEXT}], "": TEXT * 9, TEXT: "key"}
LINES = {
    "utf-8": json.dumps(RECORD, ensure_ascii=False).encode(),
    "escaped": json.dumps(RECORD).encode(),
    "slashes": json.dumps(RECORD).replace("/", "\\/").encode(),
    "pretty": json.dumps(RECORD, indent="\t").replace("\n", " ").encode(),
    "a mark of its encoding": b"\xef\xbb\xbf" + json.dumps(RECORD).encode(),
    "a mark and no JSON": b"\xef\xbb\xbf" + json.dumps(RECORD).encode() + b"x",
    "lone surrogates": rb'{"a": "\ud83d \ude00 \ud83d\ude00 so", "b": "\udc00"}',
    "blank": b" \t  ",
    "a string": b'"so it is"',
    "not UTF-8": b'{"text": "so \xff it is"}',
    "half a character": '{"text": "so é'.encode()[:-1],
    "not JSON": b'{"text": "so" it is}',
    "two values": b'{"text": "so"} {"it": "is"}',
    "no end": b'{"text": "so it is',
    "a control character": b'{"text": "so \x01 it is"}',
    "deep": b"[" * 1000 + b'"so"' + b"]" * 1000,
    "deeper than it may be": b"[" * 1025 + b'"so"' + b"]" * 1025,
    "wide": b"[" + b'{"a": ["so"]},' * 2000 + b"1]",
    "brackets in a string": b'{"text": "' + b"[{" * 3000 + b'"}',
    "keys twice": b'{"a": "so", "a": "it", "a": {"a": "is"}}',
}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longtext, "LEAST", 64)
    monkeypatch.setattr(longtext, "STEP", 50)
    monkeypatch.setattr(longline, "PIECE", 7)
    monkeypatch.setattr(longline, "FRAME", 100)


def both(line: bytes, uri: str = "a.jsonl", first: int = 0) -> tuple[JsonlBlock, LongLine]:
    shard = Shard(0, 0, uri, uri, "jsonl")
    return JsonlBlock(shard, first, line), LongLine(shard, first, bytearray(line))  # type: ignore[arg-type]


def body(rendered: bytes | Iterable[bytes | memoryview]) -> bytes:
    return rendered if isinstance(rendered, bytes) else b"".join(rendered)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["newline", "CRLF", "end of file"])
@pytest.mark.parametrize("line", LINES.values(), ids=list(LINES))
def test_a_long_line_is_read_as_others_are(line: bytes, end: bytes) -> None:
    for first in (0, 3):
        one, long = both(line + end, first=first)
        assert (list(long.rows()), long.problems, long.nbytes) == (list(one.rows()), one.problems, one.nbytes)
        assert long.line(0) == one.line(0)
        assert body(long.render({}, frozenset())) == body(one.render({}, frozenset()))
        good = [row for row in one.rows() if row not in one.problems]
        told = [leaf._replace(place=0) for leaf in one.leaves(good)]
        assert [leaf._replace(place=0) for leaf in long.leaves(good)] == told
        stretched = list(long.stretched(good))
        assert [leaf._replace(text=str(leaf.text), place=0) for leaf in stretched] == told
        texts: Any = long.stretched_texts(())
        assert [text if text is None or isinstance(text, str) else "".join(text.stretches()) for text in texts] == (
            one.texts(()) or [None]
        )


def changed(block: Any, leaves: Iterable[Any]) -> bytes:
    """Return the line with something rewritten in every leaf."""
    edits = []
    for leaf in leaves:
        size = len(leaf.text)
        spans = [(at, min(at + 3, size), '<Ä">') for at in range(size // 3, size, 17)] or [(0, size, "<x>")]
        new = None if leaf.kind is LeafKind.NUMBER else "anything"
        edits.append(Rewrite(leaf, new, spans))
    return body(block.render({0: edits[::-1]}, frozenset()))


@pytest.mark.parametrize(
    "name", ["utf-8", "escaped", "slashes", "pretty", "a mark of its encoding", "wide", "keys twice"]
)
def test_a_long_line_is_rewritten_as_others_are(name: str) -> None:
    one, long = both(LINES[name] + b"\n")
    leaves = list(long.stretched([0]))
    assert any(longtext.long(leaf.text) is not None for leaf in leaves) == (name not in ("wide", "keys twice"))
    wanted = changed(one, one.leaves([0]))
    assert changed(long, leaves) == changed(long, long.leaves([0])) == wanted
    assert jsontext.check(wanted.removeprefix(b"\xef\xbb\xbf")) == ""


def unzstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read()


@pytest.mark.parametrize(
    ("uri", "unpack"), [("a.jsonl.gz", gzip.decompress), ("a.jsonl.zst", unzstd)], ids=["gzip", "zstd"]
)
def test_a_long_line_is_compressed_in_frames(uri: str, unpack: Callable[[bytes], bytes]) -> None:
    one, long = both(LINES["utf-8"] + b"\n", uri)
    assert unpack(body(long.render({}, frozenset()))) == LINES["utf-8"] + b"\n"
    assert unpack(changed(long, long.stretched([0]))) == unpack(changed(one, one.leaves([0])))


def test_a_record_that_goes_leaves_nothing() -> None:
    _, long = both(LINES["utf-8"] + b"\n")
    assert body(long.render({}, frozenset([0]))) == b""
    assert isinstance(next(iter(long.stretched([0]))).text, str)
    assert any(isinstance(leaf.text, LongText) for leaf in long.stretched([0]))
