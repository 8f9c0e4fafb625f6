"""What `verify` holds removed passages against: the records they are said to stand in, as far as memory is kept small.

Only hashes are held: those of all passages of the records that a removed passage names, up to a million words of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.model import LeafKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from privscan.model import Leaf

__all__ = ["Witness"]

_RECORDS = 20_000
_HASHES = 1 << 20


class Witness:
    """The records that the `removed` rows of a duplicates file name, and the passages met in them."""

    def __init__(self, removed: Iterable[dict[str, Any]]) -> None:
        self._kind = ""
        self._wanted: set[tuple[str, int]] = set()
        self._held: dict[tuple[str, int], NDArray[np.uint64]] = {}
        self._left = _HASHES
        for row in removed:
            self._kind = row["method"]
            self._wanted.add((row["kept_uri"], row["kept_record"]))
            if len(self._wanted) == _RECORDS:
                break

    def see(self, uri: str, record: int, leaves: Sequence[Leaf]) -> None:
        """Take the passages of a record where one that was removed may name it."""
        if (uri, record) in self._wanted and self._left > 0:
            from privscan.dedup.passages import hashed

            texts = [leaf.text for leaf in leaves if leaf.kind is LeafKind.STRING]
            found = self._held[uri, record] = np.unique(hashed(texts, self._kind)[1])
            self._left -= found.size

    def denies(self, row: dict[str, Any], text: str) -> bool:
        """Say whether the record a row names was met and does not hold the passage that was removed from the text."""
        held = self._held.get((row["kept_uri"], row["kept_record"]))
        if held is None or row.get("shortened"):
            return False
        from privscan.dedup.passages import hashed

        found = hashed([text[row["start"] : row["end"]]], self._kind)[1]
        return bool(found.size) and not bool(
            np.isin(found, held).any()
        )  # a stretch may be of several records' passages
