"""Sees that the fields a run was told to look at, or to compare, are in the data: a misspelt one would pass it unscanned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan import account, formats
from privscan.errors import InputError, UsageError, nearest
from privscan.shard import covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from privscan.model import Leaf, Shard

NAMES = 200  # distinct fields kept to tell which comes nearest


def check(plan: Iterable[Shard], flags: Sequence[tuple[str, Sequence[str]]]) -> None:
    """UsageError when a pattern, given as (flag, patterns), names no field of any record.

    Reads records until every pattern has been met, which mostly is the first one. Where there is no record at all
    there is nothing to miss.
    """
    missing = {pattern: flag for flag, patterns in flags for pattern in patterns}
    if not missing:
        return
    names: set[str] = set()
    empty = True
    for leaf in _leaves(plan):
        empty = False
        pointer = leaf.field.removesuffix("~key")
        for pattern in [pattern for pattern in missing if covers(pattern, pointer)]:
            del missing[pattern]
        if not missing:
            return
        if len(names) < NAMES:
            names.add(account.general(pointer))
    if not empty:
        pattern, flag = next(iter(missing.items()))
        raise UsageError(f'{flag} "{pattern}": no record has this field{nearest(pattern, plain(names))}')


def plain(names: Iterable[str]) -> list[str]:
    """Return the fields an error may name: keys are data too, so only what looks like a column's name."""
    return [name for name in names if all(part == "*" or part.isidentifier() for part in name.split("/")[1:])]


def _leaves(plan: Iterable[Shard]) -> Iterator[Leaf]:
    for shard in plan:
        try:
            for block in formats.known()[shard.format].blocks(shard):
                yield from block.leaves([row for row in block.rows() if row not in block.problems])
        except InputError:  # told when the shard is processed
            continue
