"""Parquet in, Parquet out: row groups as blocks, columns nobody touched passed through as they are.

Promises: schema, metadata (the `huggingface` key and all others), nullability, order of rows and columns, row group
boundaries (less the rows that go; a group that lost all its rows goes too), and each column's codec, dictionary use and
encoding stay as they were; the bytes written do not depend on how a file was cut into shards. Memory: a batch to read,
a decoded row group to write.

Scanned: strings and numbers at any depth, the keys of maps, dictionary columns by their values, extension types by
their storage, binary values by what they are (`privscan.media`). Not scanned, passed through: booleans, dates, times,
and lists of more than
`columns.LONGEST_NUMBER_LIST` numbers. A number with an edit becomes null. Where the schema allows no null, "" and 0
stand for it.

Not kept: the order a row group claims to be sorted by (a redacted value may break it), values of a dictionary that no
row of the row group uses, compression levels and page sizes (a file does not record them).
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from xxhash import xxh3_128_hexdigest

from privscan.dedup.text import text_of
from privscan.errors import InputError, OutputError
from privscan.formats import among, binary, vectors
from privscan.formats import columns as flat
from privscan.formats.footer import BROKEN, options_of, schema_of
from privscan.formats.objects import records
from privscan.formats.rebuild import compact, gapped, has_dictionary, kept, rebuild, recast, rewrite
from privscan.model import Leaf, LeafKind, Problem, Shard
from privscan.writing import unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np

    from privscan.formats import Block, Rewrite

__all__ = ["Parquet", "ParquetBlock", "ParquetWriter", "Rendered"]

BATCH_BYTES = 2 << 20
"""What a block holds at most, as far as rows allow: one row is never cut."""
BATCH_ROWS = 8192
"""Rows of a block at most: what is written once in a dictionary page may be long and repeat in every row."""
CHUNK_ROWS = 8192
"""Rows written at a time, so that pages end in the same places however the rows arrived."""
STREAM_BYTES = 1 << 20


class Rendered(NamedTuple):
    """Rows for the writer: the row group they belong to, and the batches that hold them, in order."""

    group: int
    batches: tuple[pa.RecordBatch, ...]


class ParquetBlock:
    """A record batch of one row group. `first` is the file row of row 0; `problems` are rows that cannot be decoded."""

    quoted = False

    def __init__(self, batch: pa.RecordBatch, group: int, first: int, uri: str) -> None:
        self.first = first
        self.nbytes: int = batch.nbytes
        self._batch = batch
        self._group = group
        self._columns: list[list[flat.Column]] | None = None
        self.problems = self._problems(uri)

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def rows(self) -> Sequence[int]:
        """Return all rows: in Parquet none is blank."""
        return range(len(self))

    def buffers(self) -> Iterator[tuple[memoryview, np.ndarray[Any, Any]]]:
        """Yield one buffer for each scanned column, as `columns.joined` makes it; starts are int64, one a row."""
        return (flat.joined(column) for column in self._scanned())

    def heads(self) -> Iterator[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Yield, for each binary column, its name, the first two bytes of its values as numbers, and their rows."""
        return ((column.name, *binary.heads(column)) for column in self._binary())

    def lists(self, wanted: Callable[[str], bool]) -> list[int]:
        """Return the rows with a list of numbers that is one value by its column's name."""
        columns = (column for group in self._flat() for column in group)
        return sorted({row for column in columns for row in vectors.held(column, wanted)})

    def gathered(self, leaves: list[Leaf], rows: Iterable[int], wanted: Callable[[str], bool]) -> list[Leaf]:
        """Return the leaves, behind them one for each list of numbers under a wanted name."""
        asked = set(rows) - self.problems.keys()
        return vectors.appended(leaves, self._flat(), asked, self.first, wanted)

    def obscured(self) -> tuple[()]:
        """Return no rows: what a trigger sees is the text itself."""
        return ()

    def names(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Yield each scanned column's path (`/messages/*/content`) and the rows where it has a value."""
        for column in self._scanned():
            if rows := flat.filled(column):
                yield column.pattern, rows

    def leaves(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        """Yield the leaves of the given rows in document order, none of rows with a problem."""
        good = (row for row in rows if row not in self.problems)
        return iter(flat.leaves(self._flat(), good, self.first))

    def texts(self, fields: Sequence[str], chat: str = "dialogue") -> list[str | None]:
        """Return one text a row for deduplication, None where a row has none or a problem (see `text_of`)."""
        texts: list[str | None] = [None] * len(self)
        rows: Sequence[int] = [row for row in self.rows() if row not in self.problems]
        names = self._batch.schema.names
        alone = [name for name in names if name == "text"] or [name for name in names if name == "content"]
        if len(alone) == 1 and not fields and not self.problems:
            column = self._batch.column(alone[0])
            if flat.is_text(column.type):
                texts = column.to_pylist()
                rows = [row for row, text in enumerate(texts) if not text]
        if rows:
            for row, record in zip(rows, records(self._batch, rows, fields), strict=True):
                texts[row] = text_of(record, fields, chat)
        if not fields:  # a picture is more than what is said of it: rows are alike where its bytes are the same
            for row, digest in binary.digests(self._binary()).items():
                texts[row] = f"{xxh3_128_hexdigest((texts[row] or '').encode())} {digest}"
        return texts

    def render(self, edits: Mapping[int, Sequence[Rewrite]], without: frozenset[int]) -> Rendered:
        """Return the rows that stay; only columns with an edit are built anew."""
        changes: dict[int, dict[int, dict[int, str | None]]] = {}
        gaps: dict[int, list[int]] = {}
        for edited in edits.values():
            for edit in edited:
                top, number, position = edit.leaf.place
                if number >= 0:
                    changes.setdefault(top, {}).setdefault(number, {})[position] = edit.text
                elif self._nullable_list(top):
                    gaps.setdefault(top, []).append(position)
                else:
                    number = -1 - number  # as it stands among the leaves
                    values = vectors.places(self._flat()[top][number], position)
                    changes.setdefault(top, {}).setdefault(number, {}).update(dict.fromkeys(values))
        arrays = list(self._batch.columns)
        for top, changed in changes.items():
            try:
                arrays[top] = rewrite(arrays[top], self._flat()[top], changed)
            except pa.ArrowException:
                raise OutputError(_unwritable(self._batch.schema.field(top).name)) from None
        for top, places in gaps.items():
            arrays[top] = gapped(arrays[top], places)
        anew = bool(changes or gaps)
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._batch.schema) if anew else self._batch
        return Rendered(self._group, tuple(kept(batch, without | self.problems.keys())))

    def _nullable_list(self, top: int) -> bool:
        field = self._batch.schema.field(top)
        return bool(field.nullable and flat.is_list(field.type))

    def _problems(self, uri: str) -> dict[int, Problem]:
        try:
            self._batch.validate(full=True)  # many times as fast as a look at each column
        except pa.ArrowInvalid:
            try:
                bad = {row for column in self._scanned() for row in flat.garbled(column)}
                reason = "a string that is not valid UTF-8"
            except BROKEN:
                bad, self._columns = set(self.rows()), []
                reason = "damaged: a list or dictionary holds less than it says"
            return {row: Problem(uri, self.first + row, "read", reason) for row in sorted(bad)}
        return {}

    def _scanned(self) -> Iterator[flat.Column]:
        columns = (column for group in self._flat() for column in group)
        seen = (column.written if column.kind is LeafKind.BINARY else column for column in columns)
        return (column for column in seen if column is not None and column.kind is not None)

    def _binary(self) -> Iterator[flat.Column]:
        return (column for group in self._flat() for column in group if column.kind is LeafKind.BINARY)

    def _flat(self) -> list[list[flat.Column]]:
        if self._columns is None:
            pairs = zip(self._batch.columns, self._batch.schema, strict=True)
            self._columns = [flat.flatten(array, field, turn) for turn, (array, field) in enumerate(pairs)]
        return self._columns


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    arrays = [recast(array, kind) for array, kind in zip(batch.columns, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class ParquetWriter:
    """Collects a shard's rows, row group by row group, in a file that appears under its name when it is whole."""

    def __init__(self, path: str, schema: pa.Schema, options: Mapping[str, Any]) -> None:
        self._path = path
        self._schema = schema
        self._group = -1
        self._pending: list[pa.RecordBatch] = []
        self._waiting = 0
        self._chunks: list[pa.RecordBatch] = []
        with _writing(path):
            # A file, not a name: Arrow takes a name with a colon for a URI.
            self._file = pa.OSFile(path + ".tmp", "wb")
            self._out = pq.ParquetWriter(self._file, schema, **options)

    def write(self, rendered: Rendered) -> None:
        """Take the rows of a block; a new row group closes the one before. OutputError if that cannot be written."""
        with _writing(self._path):
            if rendered.group != self._group:
                self._flush()
                self._group = rendered.group
            for batch in rendered.batches:
                self._add(_as(batch, self._schema))

    def close(self) -> None:
        """Finish the file and give it its name."""
        with _writing(self._path):
            self._flush()
            if self._schema.metadata:
                self._out.add_key_value_metadata(self._schema.metadata)
            self._out.close()
            self._file.close()
            os.replace(self._path + ".tmp", self._path)

    def _add(self, batch: pa.RecordBatch) -> None:
        while self._waiting + batch.num_rows >= CHUNK_ROWS:
            count = CHUNK_ROWS - self._waiting
            self._pending.append(batch.slice(0, count))
            batch = batch.slice(count)
            self._cut()
        if batch.num_rows:
            self._pending.append(batch)
            self._waiting += batch.num_rows

    def _cut(self) -> None:
        if len(self._pending) == 1:
            self._chunks += self._pending
        elif self._pending:
            try:
                self._chunks.append(pa.concat_batches(self._pending))
            except pa.ArrowInvalid:  # over 2 GiB in one column
                self._chunks += self._pending
        self._pending, self._waiting = [], 0

    def _flush(self) -> None:
        self._cut()
        if not self._chunks:
            return
        table = pa.Table.from_batches(self._chunks, self._schema)
        self._chunks = []
        for i, field in enumerate(self._schema):
            if has_dictionary(field.type):
                whole = pa.concat_arrays(table.column(i).chunks)
                leaves = (compact(column.array) for column in flat.flatten(whole, field))
                table = table.set_column(i, field, rebuild(whole, leaves))
        self._out.write_table(table, row_group_size=table.num_rows)


class Parquet:
    """The format as `privscan.formats.MODULES` names it."""

    name = "parquet"

    def plan(self, path: str, uri: str, file: int, split: int) -> list[Shard]:
        """Cut a file into runs of whole row groups of at least `split` bytes; one shard for a file without any.

        `index` counts from 0 in the file. InputError if the footer cannot be read.
        """
        with _reading(uri), _open(path) as source:
            meta = source.metadata
            groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
            sizes = [(group.num_rows, group.total_byte_size) for group in groups]
        # Bytes on disk are told column by column, thousands in wide files: share the file out by decoded size.
        scale = os.path.getsize(path) / max(1, sum(size for _, size in sizes))
        shards: list[Shard] = []
        start = row = first = 0
        taken = 0.0
        for stop, (rows, size) in enumerate(sizes, start=1):
            row, taken = row + rows, taken + size * scale
            if taken >= split or stop == len(sizes):
                shards.append(Shard(len(shards), file, path, uri, self.name, start, stop, first))
                start, first, taken = stop, row, 0.0
        return shards or [Shard(0, file, path, uri, self.name, 0, 0, 0)]

    def blocks(self, shard: Shard) -> Iterator[ParquetBlock]:
        """Yield the shard's rows, about 2 MB at a time, no block across two row groups.

        InputError where a page or the footer is damaged, behind the blocks that could be read.
        """
        row = shard.first_record
        with _reading(shard.uri):
            source = _open(shard.path)
        with source:
            for group in _groups(shard, source):
                for batch in _batches(source, group, shard.uri):
                    yield ParquetBlock(batch, group, row, shard.uri)
                    row += batch.num_rows

    def holding(self, shard: Shard, records: Sequence[int]) -> Iterator[Block]:
        """Yield the blocks with the records; other row groups are not read."""
        return among(self.blocks, self.plan(shard.path, shard.uri, shard.file, 0), records)

    def writer(self, shard: Shard, part: str) -> ParquetWriter:
        """Return a writer to `part` with schema and properties of the shard's file."""
        with _reading(shard.uri), _open(shard.path) as source:
            schema, options = schema_of(source), options_of(source)
        return ParquetWriter(part, schema, options)

    def assemble(self, shard: Shard, parts: Sequence[str], target: str) -> None:
        """Rename the only part to `target`, or copy the row groups of several into it; `shard` is any of the file's."""
        if len(parts) == 1:
            with _writing(target):
                os.replace(parts[0], target)
            return
        writer, group = self.writer(shard, target), 0
        for part in parts:
            with _reading(os.path.basename(target)), _open(part) as source:
                for inner in range(source.metadata.num_row_groups):
                    for batch in _batches(source, inner, os.path.basename(target)):
                        writer.write(Rendered(group, (batch,)))
                    group += 1
        writer.close()


def _open(path: str) -> pq.ParquetFile:
    # Pages are streamed, not fetched a row group ahead; a checksum is looked at where a page has one.
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=STREAM_BYTES, page_checksum_verification=True)


@contextmanager
def _reading(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise InputError(f"{uri}: cannot be read ({os.strerror(error.errno or 0)}); mend it and run again") from None
    except BROKEN:
        raise InputError(
            f"{uri}: no readable Parquet footer; the file is cut short, damaged, encrypted or of another "
            "format: fetch or write it again, or leave it out"
        ) from None


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = error.errno or errno.EIO  # Arrow's own words may quote data
        raise unwritable(path, OSError(code, os.strerror(code))) from None
    except (pa.ArrowException, ValueError, MemoryError):
        raise OutputError(
            f"{path}: rows do not fit the file's schema or the memory; run again with --resume and fewer --workers"
        ) from None


def _unwritable(column: str) -> str:
    return f'column "{column}": the new values do not fit its type; give it a wider dictionary index or leave it out'


def _groups(shard: Shard, source: pq.ParquetFile) -> range:
    count = source.metadata.num_row_groups
    return range(shard.start or 0, count if shard.stop is None else min(shard.stop, count))


def _batches(source: pq.ParquetFile, group: int, uri: str) -> Iterator[pa.RecordBatch]:
    """Yield a row group in batches of at most `BATCH_ROWS` rows and, as far as rows allow, `BATCH_BYTES` bytes."""
    done = expected = 0
    try:
        meta = source.metadata.row_group(group)
        expected = meta.num_rows
        rows = max(1, min(BATCH_ROWS, BATCH_BYTES * expected // max(1, meta.total_byte_size)))
        for batch in source.iter_batches(rows, row_groups=[group], use_threads=False):
            step = max(1, batch.num_rows * BATCH_BYTES // max(BATCH_BYTES, batch.nbytes))
            for start in range(0, batch.num_rows, step):
                yield batch.slice(start, step)
            done += batch.num_rows
        if done != expected:
            raise ValueError(done)
    except BROKEN:
        raise InputError(
            f"{uri}: row group {group} cannot be read past its row {done} of {expected}; a page is damaged or missing: "
            "fetch or write the file again, or leave it out"
        ) from None
