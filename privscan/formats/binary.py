"""Binary columns: how their values begin, which of them are text, and digests of them.

Many writers say of no string that it is one: what is UTF-8 and has no control characters is read as text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import xxhash

from privscan.model import LeafKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from privscan.formats.columns import Column, Ints

__all__ = ["digests", "heads", "written"]

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_HEAD = 64  # bytes, in which nearly all that is no text shows it


def heads(column: Column) -> tuple[NDArray[np.uint16], Ints]:
    """Return the first two bytes of a binary column's values as numbers, and the row each stands in.

    Values that are null or shorter than four bytes are left out.
    """
    values = column.texts
    if not pa.types.is_large_binary(values.type):
        values = (values.cast(pa.binary()) if pa.types.is_fixed_size_binary(values.type) else values).cast(
            pa.large_binary()
        )
    _, offsets, data = values.buffers()
    if data is None or not len(values):
        return np.zeros(0, np.uint16), np.zeros(0, np.int64)
    starts = np.frombuffer(offsets, np.int64, len(values) + 1, values.offset * 8)
    at = np.flatnonzero((np.diff(starts) >= 4) & values.is_valid().to_numpy(zero_copy_only=False))
    octets = np.frombuffer(data, np.uint8)
    first = octets[starts[at]].astype(np.uint16) << 8 | octets[starts[at] + 1]
    rows = np.searchsorted(column.first, at, side="right") - 1
    return first.astype(np.uint16), rows.astype(np.int64)


def digests(columns: Iterable[Column]) -> dict[int, str]:
    """Return a digest of all the bytes each row holds in some binary columns; rows without any are left out.

    It tells copies, and keeps no secret: two rows with the same bytes in the same places have the same one.
    """
    found: dict[int, xxhash.xxh3_128] = {}
    for number, column in enumerate(columns):
        at = np.flatnonzero(column.texts.is_valid().to_numpy(zero_copy_only=False))
        rows = np.searchsorted(column.first, at, side="right") - 1
        for place, row in zip(at.tolist(), rows.tolist(), strict=True):
            digest = found.setdefault(row, xxhash.xxh3_128())
            digest.update(b"%d " % number)
            digest.update(column.texts[place].as_buffer())
    return {row: digest.hexdigest() for row, digest in found.items()}


def written(column: Column) -> Column | None:
    """Return the values of a binary column that are text as a column of strings, None where there are none.

    What begins as a picture or a sound does, or is a biometric record, is left to those who look at these. Values of a
    fixed width are not read: nothing longer or shorter could be written back.
    """
    from privscan.media import sniff, templates

    if pa.types.is_fixed_size_binary(column.array.type) or not len(column.texts):
        return None
    values = column.texts.cast(pa.large_binary())
    _, offsets, data = values.buffers()
    edges = np.frombuffer(offsets, np.int64, len(values) + 1, values.offset * 8).tolist()
    octets = memoryview(data if data is not None else b"")
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    found: dict[int, str] = {}
    for place in np.flatnonzero(valid).tolist():
        value = octets[edges[place] : edges[place + 1]]
        if (text := _text(value)) and sniff.sniff(value) is None and not templates.look(value):
            found[place] = text
    if not found:
        return None
    texts, at = pa.array(found.values(), pa.large_string()), np.array(list(found), np.int64)
    first = np.searchsorted(at, column.first).astype(np.int64)
    return replace(column, kind=LeafKind.STRING, texts=texts, first=first, at=at)


def _text(value: memoryview) -> str:
    """Return the text that some bytes are, "" for what is none."""
    if _CONTROL.search(value[:_HEAD]) or _CONTROL.search(value):
        return ""
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        return ""
