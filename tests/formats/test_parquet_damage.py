"""What damaged, hostile and unwritable Parquet files do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privscan.errors import InputError, PrivscanError
from privscan.model import Shard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

from .tables import FORMAT, ONE_SHARD, SECRET, clean, leaves, read, swap


def damaged(table: pa.Table, tmp_path: Path, **options: Any) -> tuple[Path, bytearray]:
    path = tmp_path / "bad.parquet"
    pq.write_table(table, path, **options)
    return path, bytearray(path.read_bytes())


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(lambda d: d[:-100], id="cut-short"),
        pytest.param(lambda d: d[:3], id="three-bytes"),
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"SECRET" * 50, id="not-parquet"),
        pytest.param(lambda d: d[:-8] + b"\xff\xff\xff\x7fPAR1", id="footer-too-long"),
        pytest.param(lambda d: d[:-60] + b"\xff" * 52 + d[-8:], id="footer-garbled"),
        pytest.param(lambda d: d[:-4] + b"PARE", id="encrypted"),
    ],
)
def test_a_bad_footer_is_an_input_error(cut: Callable[[bytearray], bytes], tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path)
    path.write_bytes(cut(data))
    shard = Shard(0, 0, str(path), "bad.parquet", "parquet", 0, 1)
    for act in (lambda: FORMAT.plan(str(path), "bad.parquet", 0, 1), lambda: list(FORMAT.blocks(shard))):
        with pytest.raises(InputError) as caught:
            act()
        assert str(caught.value).startswith("bad.parquet: ")
        assert "SECRET" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^gone: cannot be read \(No such file"):
        FORMAT.plan(str(tmp_path / "gone"), "gone", 0, 1)


def test_a_bad_page_ends_the_shard_behind_what_could_be_read(tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path, row_group_size=100, compression="zstd", use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(1).column(0)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    rows = []
    with pytest.raises(InputError, match=r"^bad.parquet: row group 1 cannot be read past its row 0 of 100") as caught:
        rows.extend(len(block) for block in FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))
    rows += [len(block) for block in FORMAT.blocks(Shard(0, 0, str(path), "bad.parquet", "parquet", 0, 1))]
    assert rows == [100, 100]
    assert "SECRET" not in str(caught.value)


def test_a_page_that_fails_its_checksum_is_an_input_error(tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path, compression="none", use_dictionary=False, write_page_checksum=True)
    at = data.find(b"SECRET-7-")
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="row group 0"):
        list(FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))


def test_a_row_group_with_fewer_rows_than_it_says_is_an_input_error(tmp_path: Path) -> None:
    path, data = damaged(pa.table({"a": ["SECRET"] * 100}), tmp_path, compression="none")
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    hundred, more = b"\xc8\x01", b"\xca\x01"  # 100 and 101 as the footer writes them
    assert hundred in data[footer:]
    path.write_bytes(data[:footer] + data[footer:].replace(hundred, more))
    with pytest.raises(InputError, match=r"row 100 of 101|row 0 of 101"):
        list(FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "list", "key"])
def test_rows_with_bad_utf8_are_problems_and_are_not_written(kind: str, tmp_path: Path) -> None:
    good = pa.array(["fine", "REPLACE-ME", None, "last"], "string_view" if kind == "string_view" else "string")
    array: pa.Array = good.cast("large_string") if kind == "large_string" else good
    if kind == "dictionary":
        array = good.dictionary_encode()
    if kind == "list":
        array = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), good)
    if kind == "key":
        array = pa.MapArray.from_arrays([0, 1, 2, 2, 3], pa.array(["fine", "REPLACE-ME", "last"]), pa.array([1, 2, 3]))
    path, data = damaged(
        pa.table({"n": [1, 2, 3, 4], "a": array}), tmp_path, compression="none", write_statistics=False
    )
    path.write_bytes(data.replace(b"REPLACE-ME", b"\xff\xfe\xfd\xfcACE-ME"))
    target = tmp_path / "out.parquet"
    block = next(FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))
    assert list(block.problems) == [1]
    problem = block.problems[1]
    assert (problem.uri, problem.record, problem.stage) == ("bad.parquet", 1, "read")
    assert {leaf.record for leaf in block.leaves(block.rows())} == {0, 2, 3}
    assert block.texts(())[1] is None
    clean(path, target)
    assert read(target).column("n").to_pylist() == [1, 3, 4]
    assert b"ACE-ME" not in target.read_bytes()


@pytest.mark.parametrize("depth", [30, 49, 400])
@pytest.mark.parametrize("wrap", [pa.list_, lambda kind: pa.struct([("s", kind)])], ids=["lists", "structs"])
def test_deep_nesting_is_read_or_refused(wrap: Any, depth: int, tmp_path: Path) -> None:
    kind, value = pa.string(), "x"
    for _ in range(depth):
        kind = wrap(kind)
        value = [value] if pa.types.is_list(kind) else {"s": value}
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"a": pa.array([value], kind) if depth < 100 else pa.nulls(1, kind)}), source)
    try:
        clean(source, target, 1, swap("x", "new"))
    except InputError:
        assert depth > 48
    else:
        assert leaves(target)[0].text == "new"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_gets_past_as_anything_but_our_own_error(data: st.DataObject, tmp_path: Path) -> None:
    path, raw = damaged(FUZZED, tmp_path, row_group_size=20, compression="snappy")
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    try:
        clean(path, tmp_path / "out.parquet", 1, swap("b", "new"))
    except PrivscanError as error:
        assert error.__suppress_context__
        assert "SECRET" not in str(error)
    else:
        read(tmp_path / "out.parquet").validate(full=True)


FUZZED = pa.table(
    {
        "a": ["b", "SECRET", None, "d"] * 15,
        "l": pa.array([["b", "c"], None, [], ["SECRET", None]] * 15),
        "m": pa.array([[("b", 1.5)], None, [], [("SECRET", None)]] * 15, pa.map_(pa.string(), pa.float64())),
        "d": pa.array(["b", "SECRET", None, "b"] * 15).dictionary_encode(),
    }
)
