"""Signatures against datasketch, the scheme's own implementation."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup.minhash import EMPTY, band_hashes, permutations, signatures

VALUES = st.lists(st.integers(0, 2**32 - 1), max_size=40)


def oracle(values: list[int], hashes: int, seed: int) -> list[int]:
    sketch = MinHash(hashes, seed=seed, scheme="affine32", hashfunc=lambda value: value)
    for value in values:
        sketch.update(value)
    return [int(value) for value in sketch.hashvalues]


def signed(groups: list[list[int]], hashes: int, seed: int) -> np.ndarray:
    offsets = np.cumsum([0, *map(len, groups)])
    values = [value for group in groups for value in group]
    return signatures(np.array(values, np.uint32), offsets, hashes, seed)


@given(st.lists(VALUES, min_size=1, max_size=6), st.sampled_from([(125, 1), (125, 7), (16, 0), (1, 2**32 - 1)]))
def test_equals_datasketch(groups: list[list[int]], scheme: tuple[int, int]) -> None:
    found = signed(groups, *scheme)
    assert [column.tolist() for column in found.T] == [oracle(group, *scheme) for group in groups]


def test_blocks_do_not_show() -> None:
    draw = np.random.default_rng(4)
    sizes = [0, 70_000, 3, 0, 65_536, 1, 40_000, 40_000, 0]
    groups = [draw.integers(0, 2**32, size, dtype=np.uint32) for size in sizes]
    together = signatures(np.concatenate(groups), np.cumsum([0, *sizes]), 8, 1)
    for index, group in enumerate(groups):
        alone = signatures(group, np.array([0, group.size]), 8, 1)
        assert together[:, index].tolist() == alone[:, 0].tolist()


def test_empty_set() -> None:
    assert (signed([[]], 125, 1) == EMPTY).all()
    assert signed([[]], 125, 1).T.tolist() == [oracle([], 125, 1)]


def test_factors_are_odd_and_seeded() -> None:
    assert (permutations(125, 1)[0] & 1).all()
    assert permutations(125, 1)[0].tolist() != permutations(125, 2)[0].tolist()


def test_estimate_is_near_the_truth() -> None:
    draw = np.random.default_rng(9)
    errors = []
    for _ in range(60):
        pool = draw.choice(2**32, 900, replace=False).astype(np.uint32)
        found = signatures(np.concatenate((pool[:600], pool[300:])), np.array([0, 600, 1200]), 125, 1)
        errors.append(float((found[:, 0] == found[:, 1]).mean()) - 1 / 3)
    assert abs(float(np.mean(errors))) < 0.03


@pytest.mark.parametrize(("bands", "rows"), [(25, 5), (1, 4), (6, 1)], ids=str)
def test_a_band_changes_with_each_of_its_values_and_no_other(bands: int, rows: int) -> None:
    draw = np.random.default_rng(2)
    one = draw.integers(0, 2**32, (bands * rows, 1), dtype=np.uint32)
    before = band_hashes(one, bands)
    assert before.shape == (bands, 1)
    for at in range(bands * rows):
        other = one.copy()
        other[at] ^= np.uint32(1)
        assert np.flatnonzero(before != band_hashes(other, bands)).tolist() == [at // rows]
