"""What a Parquet file says of how it was written, as the options that write it that way again.

Read: format version, names of list items, INT96, and by column codec, dictionary use, encoding, statistics, page index.
A file does not say: compression level, page sizes, checksums.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BROKEN", "options_of", "schema_of"]

BROKEN = (
    pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError, MemoryError,
    NotImplementedError,
)  # fmt: skip
"""What Arrow raises on damaged files. Its messages may quote data and are never passed on."""


def schema_of(source: pq.ParquetFile) -> pa.Schema:
    """Return the schema to write: every key of the file's own metadata, the Arrow schema it carries among them.

    The metadata has to be handed to Arrow's writer as such (`add_key_value_metadata`): of a schema it makes its own.
    Views become large strings and lists, which Arrow can write however they are sliced; the schema carried along turns
    them back.
    """
    fields = [field.with_type(_writable(field.type)) for field in source.schema_arrow]
    return pa.schema(fields, metadata=source.metadata.metadata)


def _writable(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary_view(kind):
        return pa.large_binary()
    if isinstance(kind, pa.BaseExtensionType) or "view" not in str(kind):
        return kind
    if types.is_struct(kind):
        return pa.struct([field.with_type(_writable(field.type)) for field in kind])
    if types.is_map(kind):
        fields = (field.with_type(_writable(field.type)) for field in (kind.key_field, kind.item_field))
        return pa.map_(*fields, kind.keys_sorted)
    inner = kind.value_field.with_type(_writable(kind.value_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(inner, kind.list_size)
    return pa.large_list(inner) if types.is_large_list(kind) or types.is_large_list_view(kind) else pa.list_(inner)


def options_of(source: pq.ParquetFile) -> dict[str, Any]:
    """Return what `pyarrow.parquet.ParquetWriter` needs to write the file's kind again."""
    meta, schema = source.metadata, schema_of(source)
    width = len(source.schema)
    options: dict[str, Any] = {
        "store_schema": False,  # the file's own is among its metadata
        "use_deprecated_int96_timestamps": any(source.schema.column(i).physical_type == "INT96" for i in range(width)),
    }
    # The version a file states does not say which types its writer used, nor how it named list items: try.
    for version, compliant in product((meta.format_version, "2.6"), (True, False)):
        tried = {**options, "version": version, "use_compliant_nested_type": compliant}
        written = _probe(schema, tried)
        if written.equals(source.schema):
            break
    else:
        tried = {**options, "version": "2.6"}
        written = _probe(schema, tried)
    paths = [written.column(i).path for i in range(len(written))]
    group = _readable(source)
    if group is not None:
        tried |= _column_options({path: group.column(i) for i, path in enumerate(paths)})
    return tried


def _readable(source: pq.ParquetFile) -> pq.RowGroupMetaData | None:
    """Return the first row group with rows whose pages can be read, None if there is none.

    Arrow checks a footer's codecs when it reads pages; asked for a damaged one's name, it ends the process.
    """
    for number in range(source.num_row_groups):
        try:
            next(source.iter_batches(1, row_groups=[number], use_threads=False))
        except (StopIteration, *BROKEN):
            continue
        return source.metadata.row_group(number)
    return None


def _probe(schema: pa.Schema, options: Mapping[str, Any]) -> pq.ParquetSchema:
    out = pa.BufferOutputStream()
    with pq.ParquetWriter(out, schema, **options):
        pass
    return pq.ParquetFile(pa.BufferReader(out.getvalue())).schema


def _column_options(chunks: Mapping[str, pq.ColumnChunkMetaData]) -> dict[str, Any]:
    """Read codec, dictionary use, encoding and statistics from a row group's column chunks, by path."""
    dictionary = [path for path, chunk in chunks.items() if any("DICTIONARY" in name for name in chunk.encodings)]
    encodings = {
        path: name
        for path, chunk in chunks.items()
        for name in chunk.encodings
        if path not in dictionary and name.startswith(("DELTA_", "BYTE_STREAM"))
    }
    options: dict[str, Any] = {
        "compression": {path: _codec(chunk.compression) for path, chunk in chunks.items()} or "none",
        "use_dictionary": dictionary,
        "write_statistics": [path for path, chunk in chunks.items() if chunk.is_stats_set],
        "write_page_index": any(chunk.has_offset_index for chunk in chunks.values()),
    }
    return options | ({"column_encoding": encodings} if encodings else {})


def _codec(name: str) -> str:
    return "none" if name == "UNCOMPRESSED" else "lz4" if name.startswith("LZ4") else name.lower()
