"""JSON Lines in and out: bytes kept, blocks that depend on nothing but the bytes, damage told."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from privscan import formats, jsontext
from privscan.errors import InputError
from privscan.formats import Rewrite, jsonl
from privscan.formats import lines as cut
from privscan.formats.jsonl import Jsonl, JsonlBlock
from privscan.formats.lines import whole_lines
from privscan.model import LeafKind, Shard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = Jsonl()


def block(body: bytes, first: int = 0, uri: str = "a.jsonl") -> JsonlBlock:
    return JsonlBlock(Shard(0, 0, "a.jsonl", uri, "jsonl"), first, body)


class Dribble(io.RawIOBase):
    """A source that gives as little as it likes."""

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        self._body, self._sizes, self._at = body, sizes, 0

    def read(self, size: int = -1) -> bytes:
        step = min(size, self._sizes[self._at % len(self._sizes)])
        self._at += 1
        out, self._body = self._body[:step], self._body[step:]
        return out


def lines_of(found: jsonl.JsonlBlock) -> list[bytes]:
    return [found.line(row) for row in range(len(found.starts))]


def test_gates_are_shown_characters_not_escapes() -> None:
    lines = [rb'{"a":"x"}', rb'{"a":"caf\u00e9"}', rb'{"a":"\u0022"}', b"", rb'{"a":"1\/2", "b":']
    found = block(b"\n".join(lines) + b"\n")
    ((buffer, starts),) = found.buffers()
    seen = [buffer[start:stop] for start, stop in zip(starts, [*starts[1:], len(buffer)], strict=True)]
    assert seen == [lines[0] + b"\n", '{"a":"café"}\n'.encode(), lines[2] + b"\n", b"\n", lines[4] + b"\n"]
    assert list(found.obscured()) == [2, 4]
    assert lines_of(found) == [line + b"\n" for line in lines]


@given(
    st.lists(st.sampled_from(["caf\u00e9", "x", "\U0001f600 a@b.org", "1/2"]), min_size=1, max_size=6), st.booleans()
)
def test_marks_are_offsets_of_what_gates_are_shown(texts: list[str], ascii_only: bool) -> None:
    found = block("".join(json.dumps({"k": text}, ensure_ascii=ascii_only) + "\n" for text in texts).encode())
    ((buffer, starts),) = found.buffers()
    stops = [*starts[1:], len(buffer)]
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops, strict=True)):
        end = start + bytes(buffer[start:stop]).rindex(b'"') - 1
        (leaf,) = [leaf for leaf in found.leaves([row], {row: [end]}) if leaf.kind == "string"]
        assert leaf.text == texts[row]


LINE = st.one_of(
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from([b"", b" ", b'{"a":1}', b'{"a":"x@y.org"}', b'{"a":1}\r', b"\xef\xbb\xbf", b"\t \r"]),
)


@given(st.lists(LINE, min_size=1, max_size=12), st.booleans())
def test_render_without_edits_gives_good_lines_back(lines: list[bytes], newline: bool) -> None:
    body = b"\n".join(lines) + (b"\n" if newline else b"")
    if not body:
        return
    found = block(body)
    rest = b"".join(line for row, line in enumerate(lines_of(found)) if row not in found.problems)
    assert found.render({}, frozenset()) == rest
    assert b"".join(lines_of(found)) == body
    if not found.problems:
        assert found.render({}, frozenset()) == body


@given(st.lists(LINE, min_size=1, max_size=12))
def test_every_record_has_a_problem_or_can_be_parsed(lines: list[bytes]) -> None:
    found = block(b"\n".join(lines) + b"\n")
    assert found.problems.keys() <= set(found.rows())
    list(found.leaves(row for row in found.rows() if row not in found.problems))
    assert len(found.texts(())) == len(found.starts)
    blank = [row for row in range(len(found.starts)) if row not in found.rows()]
    assert not b"".join(found.line(row) for row in blank).removeprefix(jsonl.BOM).strip(b" \t\r\n")


@given(
    st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")), max_size=20),
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.booleans(),
)
def test_cuts_depend_on_nothing_but_the_bytes(lines: list[bytes], sizes: list[int], newline: bool) -> None:
    body = b"\n".join(lines) + (b"\n" if newline else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "BLOCK_BYTES", 16)
        whole = list(whole_lines(io.BytesIO(body)))
        assert list(whole_lines(Dribble(body, sizes))) == whole
        assert b"".join(piece for piece, _ in whole) == body
        # entered at any block's start, the same blocks follow
        at = 0
        for place, (piece, _) in enumerate(whole):
            assert list(whole_lines(io.BytesIO(body[at:]))) == whole[place:]
            at += len(piece)


def test_a_line_too_long_is_left_out_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cut, "BLOCK_BYTES", 64)
    monkeypatch.setattr(cut, "MAX_LINE", 1 << 20)
    long = b'{"a":"' + b"x" * (3 << 19) + b'"}\n'
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a":1}\n' + long + b'{"a":2}\n')
    blocks = list(FORMAT.blocks(Shard(0, 0, str(path), "a.jsonl", "jsonl")))
    assert [entry.first for entry in blocks] == [0, 1, 2]
    assert "longer than 1 MiB" in blocks[1].problems[0].reason
    assert b"".join(entry.render({}, frozenset()) for entry in blocks) == b'{"a":1}\n{"a":2}\n'


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=60), st.integers(20, 200))
def test_plan_cuts_behind_newlines_and_counts_them(tmp_path_factory: Any, lines: list[bytes], split: int) -> None:
    path = tmp_path_factory.mktemp("plan") / "a.jsonl"
    path.write_bytes(b"\n".join(lines))
    shards = FORMAT.plan(str(path), "a.jsonl", 0, split)
    bodies = []
    for shard in shards:
        blocks = list(FORMAT.blocks(shard))
        assert shard.first_record == sum(part.count(b"\n") for part in bodies)
        bodies.append(b"".join(entry.buffer[1 : 1 + entry.nbytes] for entry in blocks))
    assert b"".join(bodies) == path.read_bytes()


EDITS: list[tuple[str, bytes, str, str, bytes]] = [
    (
        "spacing and numbers survive",
        b'{ "n":1e5, "s" : "ab" , "z":0.10}\n',
        "/s",
        "<X>",
        b'{ "n":1e5, "s" : "<X>" , "z":0.10}\n',
    ),
    ("a number becomes null", b'{"n":4111111111111111}\n', "/n", "", b'{"n":null}\n'),
    ("escapes elsewhere survive", b'{"s":"ab","t":"\\u00e9\\/"}\n', "/s", "<X>", b'{"s":"<X>","t":"\\u00e9\\/"}\n'),
    ("key", b'{"ab":{"c":1}}\r\n', "/ab~key", "<X>", b'{"<X>":{"c":1}}\r\n'),
    ("second of duplicate keys", b'{"s":"1","s":"ab"}', "/s", "<X>", b'{"s":"<X>","s":"<X>"}'),
    ("quotes are escaped", b'["ab"]\n', "/0", '"\\', b'["\\"\\\\"]\n'),
]


@pytest.mark.parametrize(
    ("line", "field", "new", "expected"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_edits_are_spliced(line: bytes, field: str, new: str, expected: bytes) -> None:
    found = block(line)
    leaves = [leaf for leaf in found.leaves([0]) if leaf.field == field]
    edits = [
        Rewrite(leaf, None, ()) if leaf.kind is LeafKind.NUMBER else Rewrite(leaf, new, ((0, len(leaf.text), new),))
        for leaf in leaves
    ]
    assert found.render({0: edits}, frozenset()) == expected


ODD = [
    ("CRLF", b'{"a":1}\r\n{"a":2}\r\n', [0, 1]),
    ("blank lines", b'\n{"a":1}\n  \n \t \r\n{"a":2}\n\n', [1, 4]),
    ("long blank line", b"          \n[1]\n", [1]),
    ("no last newline", b'{"a":1}\n{"a":2}', [0, 1]),
    ("byte order mark", b'\xef\xbb\xbf{"a":"x"}\n{"a":2}\n', [0, 1]),
    ("byte order mark alone", b'\xef\xbb\xbf\n{"a":2}\n', [1]),
    ("line separator inside", '{"a":"x\u2028y"}\n'.encode(), [0]),
    ("values of any kind", b'1\n"x"\nnull\ntrue\n[]\n{}\n', [0, 1, 2, 3, 4, 5]),
]


@pytest.mark.parametrize(("body", "rows"), [case[1:] for case in ODD], ids=[case[0] for case in ODD])
def test_odd_but_good(body: bytes, rows: list[int]) -> None:
    found = block(body)
    assert list(found.rows()) == rows
    assert found.problems == {}
    assert len(found.texts(())) == len(found.starts)
    assert found.render({}, frozenset()) == body


def test_a_byte_order_mark_in_the_middle_is_a_problem() -> None:
    assert list(block(b'{"a":1}\n\xef\xbb\xbf{"a":1}\n').problems) == [1]
    assert list(block(b'\xef\xbb\xbf{"a":1}\n', first=7).problems) == [0]


MANY = b"".join(b'{"n":%d,"s":"%x"}\n' % (row, row * 7919 * 104729) for row in range(20_000))
DAMAGE: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("gzip cut short", "a.jsonl.gz", lambda body: gzip.compress(body)[:-40]),
    ("gzip without its end", "a.jsonl.gz", lambda body: gzip.compress(body)[:-4]),
    ("gzip with a wrong checksum", "a.jsonl.gz", lambda body: gzip.compress(body)[:-8] + b"\0" * 8),
    ("gzip, then something else", "a.jsonl.gz", lambda body: gzip.compress(body) + b"something else"),
    ("no gzip at all", "a.jsonl.gz", lambda body: body),
    ("zstd cut short", "a.jsonl.zst", lambda body: zstandard.compress(body)[:-40]),
    ("zstd cut by a byte", "a.jsonl.zst", lambda body: zstandard.compress(body)[:-1]),
    (
        "zstd cut in the second frame",
        "a.jsonl.zst",
        lambda body: zstandard.compress(body) + zstandard.compress(body)[:30],
    ),
    ("no zstd at all", "a.jsonl.zst", lambda body: body),
]


@pytest.mark.parametrize(("name", "damage"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damage_is_told_and_what_was_read_comes_first(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(damage(MANY))
    read = b""
    told = r"a\.jsonl\.\w+: cannot be read beyond record \d+ \(.+\); restore the file"
    with pytest.raises(InputError, match=told) as error:  # noqa: PT012 - what came before the error counts
        for entry in FORMAT.blocks(Shard(0, 0, str(path), name, "jsonl")):
            read += entry.buffer[1 : 1 + entry.nbytes]
    assert (MANY + MANY).startswith(read)
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_frames_are_read_as_one_stream(tmp_path: Path, codec: str) -> None:
    name = {"gzip": "a.jsonl.gz", "zstd": "a.jsonl.zst"}[codec]
    path = tmp_path / name
    path.write_bytes(b"".join(jsonl.compress(MANY[at : at + 50_000], codec) for at in range(0, len(MANY), 50_000)))
    blocks = FORMAT.blocks(Shard(0, 0, str(path), name, "jsonl"))
    assert b"".join(entry.buffer[1 : 1 + entry.nbytes] for entry in blocks) == MANY


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_an_empty_output_can_be_read(tmp_path: Path, name: str, unpacked: Callable[[Path], bytes]) -> None:
    part, target = tmp_path / "part", tmp_path / name
    part.write_bytes(b"")
    FORMAT.assemble(Shard(0, 0, "", name, "jsonl"), [str(part)], str(target))
    assert unpacked(target) == b""


NAMES = [
    ("a.jsonl", True), ("A.JSONL", True), ("a.ndjson.gz", True), ("a.jsonlines.zst", True), ("a.json", False),
    ("a.jsonl.bz2", False), ("jsonl", False), ("a.gz", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ours"), NAMES, ids=[name for name, _ in NAMES])
def test_known_by_name(name: str, ours: bool) -> None:
    assert (formats.name_of(name) == "jsonl") is ours


def test_leaves_are_numbered_by_line() -> None:
    found = block(b'\n{"a":"x"}\n{"b":[1,"y"]}\n', first=10)
    assert [(leaf.record, leaf.field, leaf.text) for leaf in found.leaves(found.rows())] == [
        (11, "/a~key", "a"), (11, "/a", "x"), (12, "/b~key", "b"), (12, "/b/0", "1"), (12, "/b/1", "y"),
    ]  # fmt: skip
    assert json.loads(found.line(1)) == {"a": "x"}


PARTS = st.sampled_from(
    [b'{"a":1}', b"[1", b"2]", b"1,2", b"1", b'["abc', b'def"]', b'{"a":', b'"b":2}', b"", b" ", b"1 2", b'"\\"', b"[]"]
)


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_lines_are_checked_together_as_they_are_one_by_one(lines: list[bytes]) -> None:
    found = block(b"\n".join(lines) + b"\n")
    bad = {row for row, line in enumerate(lines) if line.strip() and jsontext.check(line)}
    assert set(found.problems) == bad
    assert list(found.rows()) == [row for row, line in enumerate(lines) if line.strip()]
