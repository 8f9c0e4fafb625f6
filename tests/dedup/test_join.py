"""Buckets to pairs, and pairs by window."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup import join

if TYPE_CHECKING:
    from pathlib import Path


def bucket_pairs(hashes: list[int]) -> list[tuple[int, int]]:
    keys = np.sort(np.array([value << 32 | row for row, value in enumerate(hashes)], np.uint64))
    runs = list(join.bucket_pairs(keys, 1 << 12))
    for run in runs:
        assert (np.diff(run.astype(np.int64)) > 0).all()
    return [(pair & 0xFFFFFFFF, pair >> 32) for run in runs for pair in run.tolist()]


@given(st.lists(st.sampled_from([0, 1, 5, 2**31, 2**32 - 1]), max_size=32))
def test_small_buckets_give_all_pairs_once(hashes: list[int]) -> None:
    expected = [(a, b) for a, b in combinations(range(len(hashes)), 2) if hashes[a] == hashes[b]]
    assert sorted(bucket_pairs(hashes)) == expected


@pytest.mark.parametrize("size", [33, 64, 100, 513, 10_000])
def test_large_buckets_are_a_star_and_neighbours(size: int) -> None:
    pairs = bucket_pairs([7] * size)
    assert len(pairs) == len(set(pairs)) <= 32 * size
    assert {(0, row) for row in range(1, size)} <= set(pairs)
    assert {(row - 1, row) for row in range(1, size)} <= set(pairs)


def test_two_buckets_are_not_mixed() -> None:
    hashes = [1, 2] * 200
    assert all(hashes[a] == hashes[b] and a < b for a, b in bucket_pairs(hashes))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=30))
def test_repeats_point_to_the_first(keys: list[tuple[int, int]]) -> None:
    rows, first = join._repeats(np.array(keys, np.uint64).reshape(-1, 2), np.arange(len(keys), dtype=np.uint32))
    expected = {row: keys.index(key) for row, key in enumerate(keys) if keys.index(key) != row}
    assert dict(zip(rows.tolist(), first.tolist(), strict=True)) == expected


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_every_hash_has_a_partition(parts: int) -> None:
    found = join._partition(np.array([0, 1, 2**31, 2**32 - 1], np.uint32), parts)
    assert found.min() == 0
    assert found.max() == parts - 1


@pytest.mark.parametrize(("together", "windows"), [(1, 7), (5000, 3), (1 << 19, 1)])
def test_windows_give_every_pair_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int, windows: int
) -> None:
    monkeypatch.setattr(join, "_TOGETHER", together)
    draw = np.random.default_rng(3)
    runs = [np.unique(draw.integers(0, 100_000, 5000).astype(np.uint64) << np.uint64(32)) for _ in range(3)]
    path = tmp_path / "pairs"
    with join.Pairs(str(path), 100_000) as pairs:
        for run in runs:
            pairs.add(run)
        found = list(pairs.windows())
    assert len(found) == windows
    assert np.concatenate(found).tolist() == np.unique(np.concatenate(runs)).tolist()
    assert not path.exists()
