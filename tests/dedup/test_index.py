"""Saved signatures: read back as they were, by us and by datasketch; refused when foreign or damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasketch import MinHash

from privscan.dedup import DedupSettings, Part, index
from privscan.dedup.choose import choose
from privscan.dedup.shingle import shingle
from privscan.dedup.sign import Signer
from privscan.dedup.store import Store, drops
from privscan.errors import InputError, OutputError, PrivscanError, UsageError

from .longhand import similarity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NEAR = DedupSettings()


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory, corpus: list[str]) -> tuple[str, list[int]]:
    """An index of the corpus, and the rows that stayed."""
    folder = tmp_path_factory.mktemp("index")
    parts = [sign(folder / f"{n}.sign", corpus[low:high], n) for n, (low, high) in enumerate(((0, 150), (150, None)))]
    summary = choose(parts, NEAR, str(folder / "work"))
    gone = [row + 150 * n for n, path in enumerate(summary.drops) for row in drops(path)]
    target = str(folder / "index.parquet")
    count = index.save(parts, summary.drops, NEAR, lambda file: f"file{file}.jsonl", target)
    stays = [row for row in range(len(corpus)) if row not in gone]
    assert count == len(stays)
    return target, stays


def sign(path: Path, texts: Sequence[str], file: int) -> Part:
    with Signer(str(path), NEAR) as signer:
        signer.add(0, range(len(texts)), texts)
    return Part(str(path), file)


def unpacked(path: str, folder: Path, settings: DedupSettings = NEAR) -> list[tuple[str, str]]:
    return list(index.unpack(path, settings, str(folder / "stem")))


def test_comes_back_as_it_was_signed(tmp_path: Path, corpus: list[str], saved: tuple[str, list[int]]) -> None:
    found = unpacked(saved[0], tmp_path)
    assert [name for _, name in found] == ["file0.jsonl", "file1.jsonl"]
    store = Store([Part(path, -1) for path, _ in found], NEAR)
    fresh = Store([sign(tmp_path / "fresh", [corpus[row] for row in saved[1]], 0)], NEAR)
    rows = np.arange(len(saved[1]))
    assert store.gather("row", rows).tolist() == [row if row < 150 else row - 150 for row in saved[1]]
    for name in ("text", "sum", *(f"band{band}" for band in range(25))):
        assert (store.gather(name, rows) == fresh.gather(name, rows)).all()
    mine, theirs = store.gather("meta", rows), fresh.gather("meta", rows)
    assert (mine["low"] == theirs["low"]).all()
    for row in rows.tolist():
        sets = [
            np.unique(each.shingles(rows[row : row + 1], meta["offset"][row : row + 1], meta["count"][row : row + 1]))
            for each, meta in ((store, mine), (fresh, theirs))
        ]
        assert sets[0].tolist() == sets[1].tolist()


def test_datasketch_reads_it(corpus: list[str], saved: tuple[str, list[int]]) -> None:
    table = pq.read_table(saved[0])
    told = json.loads(table.schema.metadata[index.KEY])
    errors = []
    for place in range(40):
        pair = []
        for at in (place, place + 1):
            values = np.array(table["signature"][at].as_py(), np.uint32)
            found = MinHash(told["hashes"], seed=told["seed"], scheme=told["scheme"], hashvalues=values)
            own = MinHash(told["hashes"], seed=told["seed"], scheme=told["scheme"], hashfunc=lambda value: value)
            own.update_batch(shingle([corpus[saved[1][at]]], 5).hashes.tolist())
            assert (own.hashvalues == found.hashvalues).all()
            pair.append(found)
        texts = [corpus[saved[1][at]] for at in (place, place + 1)]
        errors.append(pair[0].jaccard(pair[1]) - similarity(*texts))
    assert abs(float(np.mean(errors))) < 0.05


def test_a_later_run_drops_all_of_it(tmp_path: Path, corpus: list[str], saved: tuple[str, list[int]]) -> None:
    against = [Part(path, -1 - n) for n, (path, _) in enumerate(unpacked(saved[0], tmp_path))]
    again = [sign(tmp_path / "again.sign", [*corpus, "something entirely new and never seen before"], 0)]
    summary = choose(again, NEAR, str(tmp_path / "work"), against)
    assert summary.matched == len(corpus)
    assert sorted(drops(summary.drops[0])) == list(range(len(corpus)))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "n-gram": ({"ngram": 3}, "made with ngram 5, this run has 3"),
    "hashes": ({"bands": 20}, "made with hashes 125, this run has 100"),
    "seed": ({"seed": 2}, "made with seed 1"),
    "chat": ({"chat": "first-turn"}, "made with chat dialogue"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG)
def test_other_settings_are_refused(
    tmp_path: Path, saved: tuple[str, list[int]], change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        unpacked(saved[0], tmp_path, replace(NEAR, **change))


def test_other_bands_of_as_many_hashes_are_not(tmp_path: Path, saved: tuple[str, list[int]]) -> None:
    assert len(unpacked(saved[0], tmp_path, replace(NEAR, bands=5, rows=25))) == 2


def damaged(table: pa.Table, kind: str) -> pa.Table:
    told = json.loads(table.schema.metadata[index.KEY])
    if kind == "version":
        return table.replace_schema_metadata({index.KEY: json.dumps(told | {"version": 2})})
    if kind == "no JSON":
        return table.replace_schema_metadata({index.KEY: "{"})
    if kind == "no object":
        return table.replace_schema_metadata({index.KEY: "[]"})
    if kind == "no shingles":
        return table.drop_columns(["shingles"])
    return table.set_column(4, "signature", table["signature"].cast(pa.list_(pa.uint32())))


DAMAGES = {
    "version": "is of version 2",
    "no JSON": "does not say",
    "no object": "does not say",
    "no shingles": "other columns",
    "another type": "other columns",
}


@pytest.mark.parametrize(("kind", "reason"), DAMAGES.items(), ids=DAMAGES)
def test_foreign_indexes_are_refused(tmp_path: Path, saved: tuple[str, list[int]], kind: str, reason: str) -> None:
    path = str(tmp_path / "i.parquet")
    pq.write_table(damaged(pq.read_table(saved[0]), kind), path)
    assert index.is_index(path)
    with pytest.raises(UsageError if kind == "version" else InputError, match=reason):
        unpacked(path, tmp_path)
    with pytest.raises(PrivscanError, match=reason):
        index.check(path, NEAR)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.98], ids=str)
def test_torn_indexes_are_refused(tmp_path: Path, saved: tuple[str, list[int]], part: float) -> None:
    with open(saved[0], "rb") as file:
        whole = file.read()
    path = tmp_path / "i.parquet"
    path.write_bytes(whole[: int(len(whole) * part)])
    assert not index.is_index(str(path))
    with pytest.raises(InputError, match="damaged or was cut off"):
        unpacked(str(path), tmp_path)


def test_data_is_no_index(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "d.parquet")
    assert not index.is_index(str(tmp_path / "d.parquet"))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        index.save([], (), NEAR, str, str(tmp_path / "no" / "i.parquet"))


def test_an_empty_index(tmp_path: Path) -> None:
    path = str(tmp_path / "i.parquet")
    assert index.save([], (), NEAR, str, path) == 0
    assert unpacked(path, tmp_path) == []
