"""Where bytes of a kind stand in a buffer of any size, without a copy of it for every question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE: Final = 1 << 21  # bytes asked of at once: a usual block is one piece

Array = np.ndarray[Any, Any]


def places(data: Array, kind: Callable[[Array], Array]) -> Array:
    """Return the places (int64, ascending) at which `kind` (uint8 array to boolean array of its length) holds.

    >>> places(np.frombuffer(b"a,b,c", dtype=np.uint8), lambda piece: piece == ord(",")).tolist()
    [1, 3]
    """
    if len(data) <= PIECE:
        return np.flatnonzero(kind(data))
    return np.concatenate(
        [np.flatnonzero(kind(data[start : start + PIECE])) + start for start in range(0, len(data), PIECE)]
    )
