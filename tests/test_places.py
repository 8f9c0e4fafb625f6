"""Counting bytes of a kind, in buffers of one piece and of many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import places


@pytest.mark.parametrize("piece", [64, 128, 1 << 21])
def test_what_stands_before_an_offset_is_counted(piece: int) -> None:
    @given(st.binary(max_size=400), st.lists(st.integers(0, 420), max_size=80))
    def counted(body: bytes, at: list[int]) -> None:
        count = places.counter(np.frombuffer(body, dtype=np.uint8), lambda data: data < 0x30)
        assert count(np.array(at, dtype=np.int64)).tolist() == [sum(byte < 0x30 for byte in body[:end]) for end in at]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "PIECE", piece)
        patch.setattr(places, "ASKED", 9)
        counted()
