"""What a gate tells of the rows of a block: where something can be found in them, and by which rules."""

from __future__ import annotations

from typing import Any


class Marks(list[int]):
    """Offsets in the block's only buffer; `whole` where they say nothing, and all leaves of the row are meant.

    `rules` are the rules, by their numbers, that the gate lets look at the row, None for all of them.
    """

    __slots__ = ("rules", "whole")

    def __init__(self) -> None:
        super().__init__()
        self.whole = False
        self.rules: set[int] | None = set()


class Told(dict[int, Marks]):
    """The marks of the rows that a gate, `by`, lets through: of the others it asks nothing."""

    __slots__ = ("by",)

    def __init__(self, by: Any) -> None:
        super().__init__()
        self.by = by

    def marks(self, row: int) -> Marks:
        """Return the marks of a row that is let through from now on."""
        found = self.get(row)
        if found is None:
            found = self[row] = Marks()
        return found

    def asked(self, row: int) -> frozenset[int] | None:
        """Return the rules that may look at a row, None for all of them."""
        found = self.get(row)
        if found is None:
            return frozenset()
        return None if found.rules is None else frozenset(found.rules)
