"""Exact similarity, and the check of signatures before it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup.verify import agreements, least_agreement, similarities


@given(st.lists(st.lists(st.integers(0, 60) | st.just(2**32 - 1), max_size=40), min_size=1, max_size=6), st.data())
def test_similarities(groups: list[list[int]], data: st.DataObject) -> None:
    place = st.integers(0, len(groups) - 1)
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=10))
    values = np.array([value for group in groups for value in group], np.uint32)
    counts = np.array([len(group) for group in groups], np.int64)
    ends = np.array(pairs, np.int64).reshape(-1, 2).T
    sets = [frozenset(group) for group in groups]
    for least in (False, True):
        expected = []
        for one, other in pairs:
            a, b = sets[one], sets[other]
            whole = min(len(a), len(b)) if least else len(a | b)
            expected.append(len(a & b) / whole if whole else 0.0)
        assert similarities(values, counts, ends, least=least).tolist() == expected


def test_agreements_over_slices() -> None:
    low = np.random.default_rng(1).integers(0, 3, (50, 9), dtype=np.uint8)
    one, other = np.arange(20_000) % 50, np.arange(20_000) % 47
    expected = [int((low[a] == low[b]).sum()) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert agreements(low, one, other).tolist() == expected


@pytest.mark.parametrize(("threshold", "least"), [(1.0, 125), (0.8, 82), (0.5, 40), (0.01, 0)], ids=str)
def test_least_agreement(threshold: float, least: int) -> None:
    assert least_agreement(threshold, 125) == least
