"""Signature files: what is written is read, and what is torn is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xxhash

from privscan.dedup import DedupSettings, Duplicate, Part
from privscan.dedup.shingle import shingle
from privscan.dedup.sign import Signer
from privscan.dedup.store import DROP, Store, drops, save_array, twins
from privscan.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NEAR = DedupSettings()


def sign(path: Path, texts: Sequence[str | None], settings: DedupSettings = NEAR, first: int = 0) -> Part:
    with Signer(str(path), settings) as signer:
        signer.add(first, range(first, first + len(texts)), texts)
    return Part(str(path), 0)


def test_reads_back_what_was_signed(tmp_path: Path, corpus: list[str]) -> None:
    texts = [*corpus, "naïve café " * 4, "lone \ud800 surrogate", "?"]
    parts = [sign(tmp_path / "a", texts[:100]), sign(tmp_path / "b", []), sign(tmp_path / "c", texts[100:], first=7)]
    store = Store(parts, NEAR)
    assert store.bounds.tolist() == [0, 100, 100, len(texts)]
    rows = np.arange(len(texts))
    assert store.gather("row", rows).tolist() == [*range(100), *range(7, 7 + len(texts) - 100)]
    digests = store.gather("text", rows)
    meta = store.gather("meta", rows)
    for row, text in enumerate(texts):
        high, low = digests[row].tolist()
        assert high << 64 | low == xxhash.xxh3_128_intdigest(text.encode("utf-8", "surrogatepass"))
        found = store.shingles(rows[row : row + 1], meta["offset"][row : row + 1], meta["count"][row : row + 1])
        assert found.tolist() == shingle([text], 5).hashes.tolist()
    store.close()


def test_gather_reads_few_rows_and_many_alike(tmp_path: Path) -> None:
    store = Store([sign(tmp_path / "a", [f"row {n}" for n in range(9000)])], NEAR)
    for rows in ([], [0], [3, 4000, 8999], [*range(100, 300)], [0, *range(4090, 4100), 8999]):
        assert store.gather("row", np.array(rows, np.int64)).tolist() == rows
    store.close()


def test_more_parts_than_open_files(tmp_path: Path) -> None:
    store = Store([sign(tmp_path / str(n), [f"text {n}"]) for n in range(150)], NEAR)
    for _ in range(2):
        assert store.gather("meta", np.arange(150))["count"].tolist() == [1] * 150
    store.close()


def test_rows_without_text_are_not_there(tmp_path: Path) -> None:
    store = Store([sign(tmp_path / "a", [None, "x", "", "y", None], first=10)], NEAR)
    assert store.column(0, "row").tolist() == [11, 13]
    store.close()


def test_same_bytes_for_any_blocks(tmp_path: Path, corpus: list[str]) -> None:
    sign(tmp_path / "a", corpus)
    with Signer(str(tmp_path / "b"), NEAR) as signer:
        for row, text in enumerate(corpus):
            signer.add(row, [row], [text])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_appears_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    signer = Signer(str(path), NEAR)
    signer.add(0, [0], ["x"])
    assert not path.exists()
    signer.close()
    assert path.exists()
    signer = Signer(str(tmp_path / "b"), NEAR)
    signer.add(0, [0], ["x"])
    with pytest.raises(ValueError, match="row 0"), signer:
        signer.add(0, [0], ["x"])
    assert os.listdir(tmp_path) == ["a"]


WRONG_ROWS = {"under the first": (5, [4]), "falling": (0, [1, 0]), "twice": (0, [1, 1])}


@pytest.mark.parametrize(("first", "rows"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_rows_must_ascend(tmp_path: Path, first: int, rows: list[int]) -> None:
    with pytest.raises(ValueError, match="row"), Signer(str(tmp_path / "a"), NEAR) as signer:
        signer.add(first, rows, ["x"] * len(rows))


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    part = sign(path, ["one two three", "four five six seven eight nine"])
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 11), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="sign the shard again"):
            Store([part], NEAR)


def test_a_changed_end_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    part = sign(path, ["one two three"])
    whole = path.read_bytes()
    at = whole.index(b'"blocks"')
    path.write_bytes(whole[:at] + b"X" + whole[at + 1 :])
    with pytest.raises(InputError, match="checksum"):
        Store([part], NEAR)


def test_a_lost_middle_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    part = sign(path, ["one two three"])
    store = Store([part], NEAR)
    os.truncate(path, 20)
    with pytest.raises(InputError, match="ends too soon"):
        store.column(0, "meta")
    store.close()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        Store([Part(str(tmp_path / "none"), 0)], NEAR)


def test_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        Signer(str(tmp_path / "none" / "a"), NEAR)


OTHERS = {
    "method": DedupSettings(method="exact"),
    "ngram": DedupSettings(ngram=4),
    "bands": DedupSettings(bands=20),
    "rows": DedupSettings(rows=4),
    "seed": DedupSettings(seed=2),
}


@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_other_settings_are_refused(tmp_path: Path, settings: DedupSettings) -> None:
    part = sign(tmp_path / "a", ["x"])
    with pytest.raises(InputError, match="other settings"):
        Store([part], settings)


def test_another_threshold_is_not(tmp_path: Path) -> None:
    store = Store([sign(tmp_path / "a", ["x"])], DedupSettings(threshold=0.5))
    assert store.rows == 1
    store.close()


def test_drops_read_back(tmp_path: Path) -> None:
    path = str(tmp_path / "d.npy")
    save_array(path, np.array([(2**40, 3, 2**41, 0.7, 1, True), (2**40 + 1, 0, 5, 1.0, 0, True)], DROP))
    near, exact = (2**40, Duplicate(3, 2**41, 0.7, "near")), (2**40 + 1, Duplicate(0, 5, 1.0, "exact"))
    assert list(twins(path)) == [near, exact]
    assert drops(path).tolist() == [2**40, 2**40 + 1]


TORN = {"missing": None, "empty": b"", "cut": b"\x93NUMPY\x01\x00v\x00", "noise": b"noise" * 20}


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_torn_drops(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "d.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="run the deduplication again"):
        drops(str(path))


def test_other_table_is_no_list_of_drops(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.arange(3))
    with pytest.raises(InputError, match="not a list"):
        drops(str(tmp_path / "d.npy"))
