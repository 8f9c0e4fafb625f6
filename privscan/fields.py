"""Sees that the fields a run was told to look at, or compare, are there: a misspelt one would pass data unscanned."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from privscan import account, formats
from privscan.errors import InputError, UsageError
from privscan.shard import covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from privscan.model import Shard

NAMES = 200  # distinct fields kept to tell which comes nearest


def check(plan: Callable[[], Iterable[Shard]], flags: Sequence[tuple[str, Sequence[str]]]) -> None:
    """UsageError when a pattern, given as (flag, patterns), names no field of any record.

    Reads records until every pattern has been met, which mostly is the first one. Where there is no record at all
    there is nothing to miss.
    """
    missing = {pattern: flag for flag, patterns in flags for pattern in patterns}
    if not missing:
        return
    names: set[str] = set()
    empty = True
    for pointer in _pointers(plan()):
        empty = False
        for pattern in [pattern for pattern in missing if covers(pattern, pointer)]:
            del missing[pattern]
        if not missing:
            return
        if len(names) < NAMES:
            names.add(account.general(pointer))
    if not empty:
        pattern, flag = next(iter(missing.items()))
        close = difflib.get_close_matches(pattern, names, n=1, cutoff=0.6)  # no list of them: keys may be data
        hint = (
            f'; did you mean "{close[0]}"?' if close else "; give the JSON Pointer of a field, as /messages/*/content"
        )
        raise UsageError(f'{flag} "{pattern}": no record has this field{hint}')


def _pointers(plan: Iterable[Shard]) -> Iterator[str]:
    """Yield the pointer of every leaf, and of every column whether it holds a value or not."""
    for shard in plan:
        try:
            if shard.format == "parquet":
                yield from _columns(shard.path)
            for block in formats.named(shard.format).blocks(shard):
                for leaf in block.leaves([row for row in block.rows() if row not in block.problems]):
                    yield leaf.field.removesuffix("~key")
        except InputError:  # told when the shard is processed
            continue


def _columns(path: str) -> Iterator[str]:
    """Yield the pointers a Parquet file's schema allows for."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return
    left = [("", field) for field in schema]
    while left:
        prefix, field = left.pop(0)
        kind, pointer = field.type, f"{prefix}/{field.name}"
        while pa.types.is_list(kind) or pa.types.is_large_list(kind):
            kind, pointer = kind.value_type, f"{pointer}/*"
        yield pointer
        if pa.types.is_struct(kind):
            left += [(pointer, inner) for inner in kind]
