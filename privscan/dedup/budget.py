"""How much of everything is in memory at once, so that choosing stays within `--memory-budget`.

What grows with the rows is some 9 bytes each, 17 with a keep policy other than "first"; the rest of the budget is dealt
out to the sorts and to the shingles at hand. Fewer bytes mean more partitions, that is more passes over the files.
"""

from __future__ import annotations

from dataclasses import dataclass

from privscan.errors import UsageError

__all__ = ["Budget", "budget"]

_PROCESS = 110 << 20  # what the interpreter and its libraries take
_FIXED_ROW = 13  # state, leader, similarity, and what is made of them for a while
_ORDER_ROW = 24  # ranks, rows, and the keys they are made from
_SORT_ROW = 36  # a key, its row, their sorted copies, and the few that are equal
_PAIR = 24
_WORD = 48  # of every shingle compared
_LEAST = 24 << 20


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be held: rows of a partition, pairs of a run, shingles compared in one go."""

    partition_rows: int
    run_pairs: int
    words: int

    def partitions(self, rows: int) -> int:
        """Return into how many partitions so many rows are cut."""
        return max(1, -(-rows // self.partition_rows))


def budget(memory: int, rows: int, *, ordered: bool) -> Budget:
    """Deal out `memory` bytes; UsageError when they do not even hold what each of the rows needs."""
    fixed = rows * (_FIXED_ROW + (_ORDER_ROW if ordered else 0))
    left = memory - min(_PROCESS, memory // 4) - fixed
    if left < _LEAST:
        needed = -(-(fixed + _PROCESS + _LEAST) >> 20)
        raise UsageError(
            f"--memory-budget {memory >> 20}MB: {rows} rows need {needed}MB or more; raise it, or split the run"
        )
    return Budget(max(1024, left // 2 // _SORT_ROW), max(1024, left // 8 // _PAIR), min(1 << 19, left // 8 // _WORD))
