"""What a gate tells of a row: where something can be found in it, and by which rules."""

from __future__ import annotations

from typing import Any, NamedTuple


class Asked(NamedTuple):
    """The rules, by their numbers, that a gate lets look at a leaf. Means something to the owner of that gate alone."""

    by: Any
    rules: frozenset[int]


class Marks(list[int]):
    """Offsets in the block's only buffer; `whole` where they say nothing, and all leaves of the row are meant.

    `rules` are the rules that `by` asks of the row, None for all of them.
    """

    __slots__ = ("by", "rules", "whole")

    def __init__(self, by: Any) -> None:
        super().__init__()
        self.by, self.whole = by, False
        self.rules: set[int] | None = set()

    def asked(self) -> Asked | None:
        return None if self.rules is None else Asked(self.by, frozenset(self.rules))
