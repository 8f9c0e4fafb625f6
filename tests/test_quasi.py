"""Combinations of fields are counted, never listed; the figures hold for any order, format and number of workers."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan import quasi

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    {"zip": "10115", "birth_date": "1980-01-02", "sex": "F", "race": "x"},
    {"zip": "10115", "birth_date": "1980-01-02", "sex": "f ", "race": "y"},
    {"zip": "10115", "birth_date": "1980-01-02", "sex": "M", "race": "x"},
    *({"zip": "20095", "birth_date": "1999-09-09", "sex": "M", "race": "z"} for _ in range(6)),
]
OTHERS = [{"messages": [{"role": "user", "content": 'my "age": 7'}], "page": 3}, {"zip": "10115", "note": "alone"}]


def told(paths: list[str], cache_dir: str, **options: Any) -> list[dict[str, Any]]:
    report = privscan.scan(paths, select=["pii.email"], cache_dir=cache_dir, fail_on="never", **options)
    return report.details.get("quasi_identifiers", [])


def lines(path: Path, records: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
def test_groups_are_counted_by_size(tmp_path: Path, cache_dir: str, nested: bool) -> None:
    records = [{"id": number, "patient": person} if nested else person for number, person in enumerate(PEOPLE)]
    found = {
        entry["fields"]: entry
        for entry in told([lines(tmp_path / "a.jsonl", [*records, *OTHERS])], cache_dir, workers=1)
    }
    assert set(found) == {"postcode + birth + sex + ethnicity", "postcode + birth + sex"}
    every, classic = found["postcode + birth + sex + ethnicity"], found["postcode + birth + sex"]
    assert (every["records"], every["groups"], every["smallest"], every["exact"]) == (9, 4, 1, True)
    assert every["groups_by_size"] == {"1": 3, "2-4": 0, "5-9": 1}
    assert classic["groups_by_size"] == {"1": 1, "2-4": 1, "5-9": 1}


def test_parquet_fields_and_workers_make_no_difference(tmp_path: Path, cache_dir: str) -> None:
    plain = told([lines(tmp_path / "a.jsonl", PEOPLE)], cache_dir, workers=1)
    pq.write_table(pa.Table.from_pylist(PEOPLE), tmp_path / "b.parquet")
    assert told([str(tmp_path / "b.parquet")], cache_dir, workers=1) == plain
    halves = [lines(tmp_path / "c.jsonl", PEOPLE[::2]), lines(tmp_path / "d.jsonl", PEOPLE[1::2])]
    assert told(halves, cache_dir, workers=2) == plain
    assert told([str(tmp_path / "a.jsonl")], cache_dir, workers=1, fields=["/*"]) == plain
    assert told([str(tmp_path / "a.jsonl")], cache_dir, workers=1, exclude_fields=["/sex", "/race", "/zip"]) == []


def test_text_has_none(tmp_path: Path, cache_dir: str) -> None:
    assert told([lines(tmp_path / "a.jsonl", OTHERS)], cache_dir, workers=1) == []


def test_nothing_of_a_value_is_kept(tmp_path: Path, cache_dir: str) -> None:
    kept = told([lines(tmp_path / "a.jsonl", PEOPLE)], cache_dir, workers=1)
    assert not any(word in json.dumps(kept) for word in ("10115", "20095", "1980", "1999"))


def test_what_is_kept_has_a_bound_and_depends_on_no_order() -> None:
    chance = random.Random(3)
    parts = [
        Counter({("a + b", f"{chance.getrandbits(64):016x}"): chance.randint(1, 3) for _ in range(9000)})
        for _ in range(4)
    ]
    parts[3].update(dict(list(parts[0].items())[:500]))  # groups that several parts share
    forth, back, tree = Counter(), Counter(), Counter()
    for part in parts:
        forth = quasi.merged(forth, part)
    for part in reversed(parts):
        back = quasi.merged(back, part)
    tree = quasi.merged(quasi.merged(parts[2], parts[0]), quasi.merged(parts[1], parts[3]))
    assert forth == back == tree
    assert len(forth) == quasi.KEPT
    (entry,) = quasi.told(forth)
    assert not entry["exact"]
    assert entry["groups"] == pytest.approx(4 * 9000 - 0, rel=0.05)
