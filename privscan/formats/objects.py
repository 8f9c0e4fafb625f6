"""Rows of a record batch as Python objects, for what compares their texts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from privscan.formats.rebuild import plain, recast

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["records"]


def records(batch: pa.RecordBatch, rows: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows as Python objects with the columns the fields name, in types every value of which Python can hold."""
    tops = {field.removeprefix("/").split("/")[0].replace("~1", "/").replace("~0", "~") for field in fields}
    names = [(i, field.name) for i, field in enumerate(batch.schema) if not tops or "*" in tops or field.name in tops]
    arrays = [recast(batch.column(i), plain(batch.schema.field(i).type)) for i, _ in names]
    if len(rows) < batch.num_rows:
        arrays = [array.take(pa.array(rows, pa.int64())) for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Arrow warns of a map's key that stands there twice, and names it
        values = [array.to_pylist(maps_as_pydicts="lossy") for array in arrays]
    return [dict(zip((name for _, name in names), record, strict=True)) for record in zip(*values, strict=True)] or [
        {} for _ in rows
    ]
