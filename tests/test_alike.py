"""The texts of single records, had again: from any place of any format, and nothing else of the file looked at."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from privscan import alike, formats

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 60
TEXTS = [f"record {row} of a dull and long list of records" for row in range(ROWS)]
LINES = [json.dumps({"text": text}).encode() + b"\n" for text in TEXTS]
WANTED = [0, 1, 20, 31, 58, 59]


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for row, text in enumerate(TEXTS):
            entry = tarfile.TarInfo(f"{row:04d}.txt")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS}), out, row_group_size=7)
    return out.getvalue()


FILES = {
    "a.jsonl": lambda: b"".join(LINES),
    "crlf.jsonl": lambda: b"\xef\xbb\xbf" + b"".join(LINES).replace(b"\n", b"\r\n").rstrip(),
    "a.jsonl.gz": lambda: b"".join(gzip.compress(b"".join(LINES[at : at + 9])) for at in range(0, ROWS, 9)),
    "a.jsonl.zst": lambda: b"".join(zstandard.compress(b"".join(LINES[at : at + 9])) for at in range(0, ROWS, 9)),
    "a.parquet": _parquet,
    "a.tar": _tar,
    "a.tar.gz": lambda: gzip.compress(_tar()),
}


@pytest.mark.parametrize("split", [600, 1 << 30], ids=["many shards", "one"])
@pytest.mark.parametrize("name", FILES)
def test_texts_come_from_any_place(tmp_path: Path, name: str, split: int) -> None:
    (tmp_path / name).write_bytes(FILES[name]())
    shards = formats.named(formats.name_of(name)).plan(str(tmp_path / name), name, 0, split)
    found = alike.texts_of(shards, WANTED[::-1], (), "dialogue")
    assert found == {row: TEXTS[row] for row in WANTED}


def test_what_cannot_be_had_is_left_out(tmp_path: Path) -> None:
    lines = [*LINES[:5], b"\n", b"{broken\n", b"[" * 3000 + b"\n", b'{"text": "\xff"}\n', LINES[9]]
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    shards = formats.named("jsonl").plan(str(tmp_path / "a.jsonl"), "a.jsonl", 0, 1 << 20)
    assert alike.texts_of(shards, range(12), (), "dialogue") == {row: TEXTS[row] for row in (0, 1, 2, 3, 4, 9)}
    assert alike.texts_of([], [3], (), "dialogue") == {}


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.parquet", "gone.jsonl"])
def test_a_file_that_changed_gives_what_it_can(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES.get(name, FILES["a.jsonl"])())
    shards = formats.named(formats.name_of(name)).plan(str(path), name, 0, 1 << 20)
    path.write_bytes(path.read_bytes()[:-40]) if name != "gone.jsonl" else path.unlink()
    assert alike.texts_of(shards, WANTED, (), "dialogue").items() <= {row: TEXTS[row] for row in WANTED}.items()


@given(rows=st.sets(st.integers(0, ROWS + 5)), split=st.integers(50, 4000))
def test_any_rows_of_any_cut(tmp_path_factory: pytest.TempPathFactory, rows: set[int], split: int) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    path.write_bytes(b"".join(LINES))
    shards = formats.named("jsonl").plan(str(path), "cut.jsonl", 0, split)
    assert alike.texts_of(shards, rows, (), "dialogue") == {row: TEXTS[row] for row in rows if row < ROWS}
