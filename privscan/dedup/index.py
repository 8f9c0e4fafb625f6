"""Signatures as a Parquet file, for a later run to compare with and for other tools to read.

One row a record that has a text and stays in the output:

    uri         string                     the record's file, relative to the scanned root
    record      int64                      its 0-based row
    text        fixed_size_binary(16)      XXH3-128 of the compared text, big-endian
    sum         uint64                     sum of the 64-bit shingle hashes, modulo 2^64
    signature   fixed_size_list<uint32>    MinHash values of scheme affine32
    shingles    list<uint32>               distinct hashes of the word n-grams, ascending

The schema's metadata holds, under `privscan.signatures`, JSON: version, ngram, hashes, seed, scheme, chat. datasketch
takes a row as `MinHash(hashes, seed=seed, scheme="affine32", hashvalues=numpy.array(signature, "uint32"))`.
No text is in it; whether a given text is, can be told from it.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from privscan.dedup.minhash import band_hashes, signatures
from privscan.dedup.store import Store, Writer, columns, drops
from privscan.errors import InputError, UsageError
from privscan.writing import appearing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from privscan.dedup import DedupSettings, Part

__all__ = ["KEY", "check", "is_index", "save", "unpack"]

KEY = b"privscan.signatures"
_VERSION = 1
_BATCH = 1024
_HALF = np.uint64(32)
_NAMES = ("uri", "record", "text", "sum", "signature", "shingles")


def save(
    parts: Sequence[Part], dropped: Sequence[str], settings: DedupSettings, name: Callable[[int], str], target: str
) -> int:
    """Write the rows of `parts` that stay to `target`, by rename, and return how many they are.

    `dropped` are the files `choose` wrote, `name` tells a file's name by its number. Memory: 1,024 rows. OutputError.
    """
    store, count = Store(parts, settings), 0
    try:
        with (
            appearing(target) as temporary,
            pq.ParquetWriter(temporary, _schema(settings), compression="zstd") as writer,
        ):
            for index, part in enumerate(parts):
                gone = drops(dropped[index])
                for rows in _stay(store, index, gone):
                    writer.write_batch(_batch(store, rows, name(part.file), settings))
                    count += rows.size
    finally:
        store.close()
    return count


def is_index(path: str) -> bool:
    """Say whether a Parquet file says it is an index; a file that cannot be read does not."""
    try:
        return KEY in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def check(path: str, settings: DedupSettings) -> None:
    """UsageError for an index of another version, or made with other settings; InputError for a damaged one."""
    try:
        _check(path, pq.read_schema(path), settings)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"index {path}: cannot be read ({type(error).__name__}); save it again") from None


def unpack(path: str, settings: DedupSettings, stem: str) -> Iterator[tuple[str, str]]:
    """Turn an index into signature files `stem`-N.sign, one a run of rows of one file; yield (path, the file's name).

    Raises as `check` does.
    """
    try:
        with pq.ParquetFile(path) as source:
            _check(path, source.schema_arrow, settings)
            yield from _unpacked(source, settings, stem)
    except (OSError, pa.ArrowException, ValueError) as error:
        kind = type(error).__name__
        raise InputError(f"index {path}: is damaged or was cut off ({kind}); save it again") from None


def _unpacked(source: pq.ParquetFile, settings: DedupSettings, stem: str) -> Iterator[tuple[str, str]]:
    writer: Writer | None = None
    name, number, target = "", 0, ""
    for batch in source.iter_batches(_BATCH):
        uris = np.array(batch.column(_NAMES.index("uri")).cast(pa.string()).to_pylist(), object)
        cuts = [0, *(np.flatnonzero(uris[1:] != uris[:-1]) + 1).tolist(), uris.size]
        for low, high in itertools.pairwise(cuts):
            if low == high:
                continue
            if writer is None or uris[low] != name:
                if writer is not None:
                    writer.close()
                    yield target, name
                name, target = str(uris[low]), f"{stem}-{number:06d}.sign"
                writer, number = Writer(target, settings), number + 1
            _write(writer, batch.slice(low, high - low), settings)
    if writer is not None:
        writer.close()
        yield target, name


def _write(writer: Writer, batch: pa.RecordBatch, settings: DedupSettings) -> None:
    rows = batch.num_rows
    values: dict[str, NDArray[Any]] = {
        name: np.zeros((rows, *kind.shape), kind.base) for name, kind in columns(settings).items()
    }
    values["row"][:] = batch.column("record").to_numpy()
    text = b"".join(batch.column("text").to_pylist())
    values["text"][:] = np.frombuffer(text, ">u8").reshape(rows, 2)
    values["sum"][:] = batch.column("sum").to_numpy()
    signed = batch.column("signature").flatten().to_numpy().reshape(rows, settings.hashes).T
    shingles = batch.column("shingles")
    counts = shingles.value_lengths().to_numpy()
    meta = values["meta"]
    start = writer.shingles(shingles.flatten().to_numpy())
    meta["offset"][:] = start + 4 * (np.cumsum(counts) - counts)
    meta["count"][:] = counts
    meta["low"][:] = signed.astype(np.uint8).T
    for band, hashes in enumerate(band_hashes(np.ascontiguousarray(signed), settings.bands)):
        values[f"band{band}"][:] = hashes
    writer.block(values)


def _told(settings: DedupSettings) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "ngram": settings.ngram,
        "hashes": settings.hashes,
        "seed": settings.seed,
        "scheme": "affine32",
        "chat": settings.chat,
    }


def _schema(settings: DedupSettings) -> pa.Schema:
    word = pa.uint32()
    kinds = (pa.string(), pa.int64(), pa.binary(16), pa.uint64(), pa.list_(word, settings.hashes), pa.list_(word))
    fields = [pa.field(name, kind, nullable=False) for name, kind in zip(_NAMES, kinds, strict=True)]
    return pa.schema(fields, {KEY: json.dumps(_told(settings)).encode()})


def _check(path: str, schema: pa.Schema, settings: DedupSettings) -> None:
    try:
        told = json.loads(schema.metadata[KEY])
        version = told["version"]
    except (KeyError, TypeError, ValueError):
        raise InputError(f"index {path}: does not say how it was made; save it again") from None
    if version != _VERSION:
        raise UsageError(f"index {path}: is of version {str(version)[:10]}, this privscan reads {_VERSION}")
    for name, wanted in _told(settings).items():
        if told.get(name) != wanted:
            made = str(told.get(name))[:20]
            raise UsageError(f"index {path}: was made with {name} {made}, this run has {wanted}; use the same")
    if not schema.equals(_schema(settings)):
        raise InputError(f"index {path}: has other columns than an index; save it again")


def _stay(store: Store, part: int, gone: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of a part that are not dropped, as the store numbers them."""
    low, stop = int(store.bounds[part]), int(store.bounds[part + 1])
    for start in range(low, stop, _BATCH):
        rows = np.arange(start, min(start + _BATCH, stop))
        rows = rows[~np.isin(store.gather("row", rows), gone)]
        if rows.size:
            yield rows


def _batch(store: Store, rows: NDArray[np.int64], uri: str, settings: DedupSettings) -> pa.RecordBatch:
    meta = store.gather("meta", rows)
    counts = meta["count"].astype(np.int64)
    keys = store.shingles(rows, meta["offset"], counts) | np.repeat(
        np.arange(rows.size, dtype=np.uint64) << _HALF, counts
    )
    keys = np.unique(keys)
    hashes = keys.astype(np.uint32)  # the row's number is cut off
    sizes = np.bincount((keys >> _HALF).astype(np.int64), minlength=rows.size)
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    signed = np.ascontiguousarray(signatures(hashes, offsets, settings.hashes, settings.seed).T).reshape(-1)
    texts = np.ascontiguousarray(store.gather("text", rows).astype(">u8")).tobytes()
    schema = _schema(settings)
    arrays = [
        pa.array([uri] * rows.size, pa.string()),
        pa.array(store.gather("row", rows)),
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows.size, [None, pa.py_buffer(texts)]),
        pa.array(store.gather("sum", rows)),
        pa.FixedSizeListArray.from_arrays(pa.array(signed), settings.hashes),
        pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(hashes)),
    ]
    arrays = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
