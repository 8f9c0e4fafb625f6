"""Exact similarity, and the check of signatures before it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup.verify import agreements, jaccard, least_agreement

SETS = st.frozensets(st.integers(0, 60), max_size=40)


@given(SETS, SETS)
def test_jaccard(one: frozenset[int], other: frozenset[int]) -> None:
    expected = len(one & other) / len(one | other) if one | other else 0.0
    assert jaccard(np.array([*one], np.uint32), np.array([*other], np.uint32)) == expected


def test_agreements_over_slices() -> None:
    low = np.random.default_rng(1).integers(0, 3, (50, 9), dtype=np.uint8)
    one, other = np.arange(20_000) % 50, np.arange(20_000) % 47
    expected = [int((low[a] == low[b]).sum()) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert agreements(low, one, other).tolist() == expected


@pytest.mark.parametrize(("threshold", "least"), [(1.0, 125), (0.8, 82), (0.5, 40), (0.01, 0)], ids=str)
def test_least_agreement(threshold: float, least: int) -> None:
    assert least_agreement(threshold, 125) == least
