"""Which rows stay: keep policies, several copies, reference sets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup import DedupSettings, Part
from privscan.dedup.choose import choose
from privscan.dedup.families import Fates, allow, sizes
from privscan.dedup.order import LAST, newest, source
from privscan.dedup.sign import Signer
from privscan.dedup.store import twins

from .longhand import edited, similarity, story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NEAR = DedupSettings()


def decide(
    folder: Path,
    texts: Sequence[str],
    settings: DedupSettings,
    keys: Sequence[int] | None = None,
    against: Sequence[str] = (),
) -> tuple[Any, dict[int, Any]]:
    folder.mkdir()
    parts = [Part(str(folder / "a.sign"), 0), Part(str(folder / "r.sign"), -1)]
    for part, rows, order in zip(parts, (texts, against), (keys, None), strict=True):
        with Signer(part.path, settings) as signer:
            signer.add(0, range(len(rows)), rows, order)
    summary = choose(parts[:1], settings, str(folder / "work"), parts[1:] if against else [])
    return summary, dict(twins(summary.drops[0]))


def gone(found: dict[int, Any]) -> set[int]:
    return {row for row, twin in found.items() if twin.dropped}


@pytest.mark.parametrize("seed", range(3))
def test_the_first_by_key_stays(tmp_path: Path, corpus: list[str], seed: int) -> None:
    keys = np.random.default_rng(seed).integers(0, 40, len(corpus)).tolist()
    _, found = decide(tmp_path / "a", corpus, replace(NEAR, keep_policy="longest"), keys)
    place = sorted(range(len(corpus)), key=lambda row: (keys[row], row))
    shuffled = [corpus[row] for row in place]
    _, plain = decide(tmp_path / "b", shuffled, NEAR)
    assert {(place[row], place[twin.row], twin.similarity, twin.method) for row, twin in plain.items()} == {
        (row, twin.row, twin.similarity, twin.method) for row, twin in found.items()
    }


@pytest.mark.parametrize("keep", [1, 2, 3, 100, 0])
def test_so_many_of_a_family_stay(tmp_path: Path, corpus: list[str], keep: int) -> None:
    summary, found = decide(tmp_path / "a", corpus, replace(NEAR, keep=keep))
    families: dict[int, list[int]] = {}
    for row, twin in found.items():
        families.setdefault(twin.row, []).append(row)
    assert max(map(len, families.values())) > 3
    for rows in families.values():
        stays = [row for row in sorted(rows) if not found[row].dropped]
        assert stays == sorted(rows)[: keep - 1 if keep else None]
    assert summary.capped == len(found) - len(gone(found))
    assert summary.exact + summary.near == len(gone(found))
    assert sum(count for _, count in summary.sizes) == summary.clusters == len(families)
    assert summary.largest == 1 + max(map(len, families.values()))


def test_what_a_reference_set_holds_goes(tmp_path: Path) -> None:
    words = story(3, 200)
    near, other = " ".join(edited(words, 1, 2)), " ".join(story(4, 200))
    texts = [other, near, " ".join(words), "a reference of few words", near]
    against = [" ".join(words), near, "a reference of few words"]
    summary, found = decide(tmp_path / "a", texts, replace(NEAR, keep=5), None, against)
    assert {row: (twin.file, twin.row, twin.method) for row, twin in found.items()} == {
        1: (-1, 1, "exact"),
        2: (-1, 0, "exact"),
        3: (-1, 2, "exact"),
        4: (-1, 1, "exact"),
    }
    assert gone(found) == {1, 2, 3, 4}
    assert (summary.rows, summary.matched, summary.capped) == (5, 4, 0)


def test_rows_near_any_row_of_a_reference_set_go(tmp_path: Path) -> None:
    words = story(5, 300)
    middle = [f"new{at}" for at in range(25)] + words[25:]
    end = [f"new{at}" for at in range(50)] + words[50:]
    against = [" ".join(words), " ".join(middle)]  # alike themselves, yet both count
    assert similarity(*against) > 0.8 > similarity(against[0], " ".join(end))
    assert similarity(against[1], " ".join(end)) > 0.8
    _, found = decide(tmp_path / "a", [" ".join(end)], NEAR, None, against)
    assert {row: (twin.file, twin.row) for row, twin in found.items()} == {0: (-1, 1)}


def test_with_keep_0_nothing_goes_and_all_is_told(tmp_path: Path, corpus: list[str]) -> None:
    _, found = decide(tmp_path / "a", corpus, replace(NEAR, keep=0), None, corpus[:10])
    assert not gone(found)
    assert set(range(10)) <= set(found)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30, unique_by=lambda pair: pair[0]))
def test_references_leave_no_copy(pairs: list[tuple[int, int]]) -> None:
    fates = Fates.of(10)
    members = np.array(sorted(row for row, _ in pairs), np.uint32)
    for row, leader in pairs:
        fates.leader[row] = leader
    stays = allow(fates, members, 2, references=3)
    for leader in range(10):
        mine = [stay for row, stay in zip(members.tolist(), stays.tolist(), strict=True) if fates.leader[row] == leader]
        assert sum(mine) == (min(1, len(mine)) if leader >= 3 else 0)
        assert mine == sorted(mine, reverse=True)


DATES = {
    "day": ("2024-05-02", "2024-05-01"),
    "zones": ("2024-05-01T10:00:00+00:00", "2024-05-01T11:00:00+02:00"),
    "Z": ("2024-05-01T10:00:01Z", "2024-05-01T10:00:00Z"),
    "seconds": ("1714557601", "1714557600"),
    "milliseconds": ("1714557601000", "1714557600"),
    "a fraction": ("1714557600.5", "1714557600"),
    "year": ("2024", "2023"),
    "before 1970": ("1969-01-02", "1969-01-01"),
    "any date": ("1950-01-01", "yesterday"),
    "nothing": ("1950-01-01", None),
    "not a number": ("1950-01-01", "nan"),
    "endless": ("1950-01-01", "inf"),
}


@pytest.mark.parametrize(("late", "early"), DATES.values(), ids=DATES)
def test_the_newest_first(late: str, early: str | None) -> None:
    assert newest(late) < newest(early)


@given(st.text(max_size=20))
def test_any_text_is_a_key(text: str) -> None:
    assert -(2**62) < newest(text) <= LAST


def test_sources() -> None:
    assert [source(name, ["books", "wiki/"]) for name in ("books", "wiki/a", "wikia", None)] == [0, 1, LAST, LAST]


def test_sizes_of_none() -> None:
    assert sizes(np.array([], np.int64)) == ()
