"""The Parquet reader and writer: what goes through unchanged."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privscan import formats
from privscan.errors import OutputError
from privscan.formats import Rewrite
from privscan.formats import parquet as module
from privscan.formats.rebuild import plain, recast
from privscan.model import LeafKind, Problem

if TYPE_CHECKING:
    from pathlib import Path

from .tables import CHAT, FORMAT, ONE_SHARD, SECRET, TYPES, block_of, clean, equal, groups, read, same, swap, table_of


@pytest.fixture(params=TYPES.values(), ids=TYPES.keys())
def typed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with one column of the type, 30 rows in row groups of 7."""
    kind, values = request.param
    path = tmp_path / "typed.parquet"
    pq.write_table(table_of(kind, values * 10), path, row_group_size=7)
    return path


def test_a_file_without_edits_keeps_its_content_schema_and_row_groups(typed: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    clean(typed, target)
    before, after = pq.ParquetFile(typed), pq.ParquetFile(target)
    assert equal(target, typed)
    assert after.schema.equals(before.schema)
    assert after.schema_arrow.field("value").metadata[b"note"] == b"kept"
    assert groups(target) == [7, 7, 7, 7, 2]


def test_the_bytes_written_do_not_depend_on_the_shards(typed: Path, tmp_path: Path) -> None:
    edit = {"a": "new", "k": "key", "1": None}
    outs = []
    for split in (1, 500, ONE_SHARD):
        out = tmp_path / f"{split}.parquet"
        clean(typed, out, split, lambda leaf: edit.get(leaf.text, leaf.text), frozenset({3, 8, 9}))
        outs.append(out.read_bytes())
    assert outs[0] == outs[1] == outs[2]


def test_rows_that_go_take_nothing_else_with_them(typed: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    gone = frozenset({0, 5, *range(14, 21), 29})
    clean(typed, target, 1, same, gone)
    rows = pa.array([row for row in range(30) if row not in gone])
    runs = [read(typed).slice(row, 1) for row in rows.to_pylist()]
    assert equal(target, pa.concat_tables(runs))
    assert groups(target) == [5, 7, 7, 1]


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "none", "lz4", "brotli"])
def test_the_codec_is_kept(codec: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"a": ["x" * 99] * 9, "b": range(9)}), source, compression=codec)
    clean(source, target)
    chunk = pq.read_metadata(target).row_group(0).column(0)
    assert chunk.compression == pq.read_metadata(source).row_group(0).column(0).compression


def test_properties_of_each_column_are_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table = pa.table({"a.b": ["x"] * 9, "i": range(9), "f": [0.5] * 9, "l": [["p"]] * 9, "s": ["q"] * 9})
    pq.write_table(
        table,
        source,
        compression={"a.b": "zstd", "i": "none", "f": "gzip", "l.list.element": "brotli", "s": "snappy"},
        use_dictionary=["a.b", "l.list.element"],
        column_encoding={"i": "DELTA_BINARY_PACKED", "f": "BYTE_STREAM_SPLIT", "s": "DELTA_BYTE_ARRAY"},
        write_statistics=["i", "s"],
        write_page_index=True,
        store_schema=False,
    )
    for split in (1, ONE_SHARD):
        clean(source, target, split)
        for i in range(5):
            before, after = (pq.read_metadata(path).row_group(0).column(i) for path in (source, target))
            for name in ("path_in_schema", "compression", "encodings", "is_stats_set", "has_offset_index"):
                assert getattr(after, name) == getattr(before, name), (before.path_in_schema, name)
        assert b"ARROW:schema" not in (pq.read_metadata(target).metadata or {})
        assert equal(target, source)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"version": "1.0"}, id="version-1"),
        pytest.param({"version": "2.4"}, id="version-2.4"),
        pytest.param({"use_compliant_nested_type": False}, id="items-called-item"),
        pytest.param({"use_deprecated_int96_timestamps": True}, id="int96"),
        pytest.param({"data_page_version": "2.0"}, id="data-page-2"),
        pytest.param({"write_page_checksum": True}, id="checksums"),
        pytest.param({"store_schema": False}, id="no-arrow-schema"),
    ],
)
def test_files_of_other_writers_keep_their_schema(options: dict[str, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    at = pa.array([1_000_000, None], pa.timestamp("ns"))
    table = pa.table(
        {
            "l": [["x"], None],
            "at": at,
            "u": pa.array([1, 2], pa.uint32()),
            "large": pa.array(["a", "b"], "large_string"),
        }
    )
    pq.write_table(table, source, **options)
    clean(source, target, 1)
    before, after = pq.ParquetFile(source), pq.ParquetFile(target)
    assert after.schema.equals(before.schema)
    assert after.read().equals(before.read(), check_metadata=True)
    assert after.metadata.format_version == before.metadata.format_version


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            pa.table({"a": pa.array([], pa.string()), "l": pa.array([], pa.list_(pa.int8()))}), [], id="zero-rows"
        ),
        pytest.param(pa.table({"a": [1]}).select([]), [], id="zero-columns"),
        pytest.param(pa.table({"a": ["x"]}), [1], id="one-row"),
        pytest.param(
            pa.table({"a": pa.nulls(3, pa.string()), "m": pa.nulls(3, pa.map_("string", "string"))}), [3], id="all-null"
        ),
        pytest.param(pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["a", "a"]), [1], id="same-name-twice"),
        pytest.param(pa.table({"": ["x"], "/~": ["y"], "ünï": ["z"]}), [1], id="odd-names"),
    ],
)
@pytest.mark.parametrize("split", [1, ONE_SHARD], ids=["cut", "whole"])
def test_odd_tables(table: pa.Table, expected: list[int], split: int, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    assert clean(source, target, split) == 1
    assert groups(target) == expected
    assert equal(target, source)
    seen = sum(len(block.texts(())) for block in FORMAT.blocks(FORMAT.plan(str(source), "in", 0, split)[0]))
    assert seen == read(source).num_rows


def test_nested_views_another_writer_wrote(tmp_path: Path) -> None:
    """Arrow reads them, but cannot write them: the file is made of large strings and the schema of views."""
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    claimed, written = (
        pa.schema([("m", pa.map_(pa.string(), pa.struct([("s", text), ("l", pa.list_(data, 1))])))])
        for text, data in ((pa.string_view(), pa.binary_view()), (pa.large_string(), pa.large_binary()))
    )
    pq.write_table(claimed.empty_table(), source)
    carried = pq.read_metadata(source).metadata
    rows = [[("k", {"s": "x", "l": [b"\xff"]}), ("l", None)], None, [], [("m", {"s": None, "l": None})]]
    with pq.ParquetWriter(source, written, store_schema=False) as writer:
        writer.write_table(pa.table([pa.array(rows, written.field(0).type)], schema=written))
        writer.add_key_value_metadata(carried)
    assert read(source).schema.equals(claimed)
    for split in (1, ONE_SHARD):
        clean(source, target, split)
        assert equal(target, source)
        clean(source, target, split, swap("x", "a new value longer than twelve"), frozenset({1}))
        assert read(target).column(0)[0].as_py()[0] == ("k", {"s": "a new value longer than twelve", "l": [b"\xff"]})


def test_metadata_is_kept_without_an_arrow_schema(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table = pa.table({"a": ["x", "y"]})
    with pq.ParquetWriter(source, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"huggingface": '{"info": 1}', "k": ""})
    for split in (1, ONE_SHARD):
        clean(source, target, split)
        assert pq.read_metadata(target).metadata == {b"huggingface": b'{"info": 1}', b"k": b""}


def test_no_row_groups_and_all_rows_gone(tmp_path: Path) -> None:
    source, target = tmp_path / "none.parquet", tmp_path / "out.parquet"
    pq.ParquetWriter(source, pa.schema([("a", pa.string())], metadata={"huggingface": "{}"})).close()
    clean(source, target)
    assert groups(target) == []
    assert equal(target, source)
    pq.write_table(pa.table({"a": ["x"] * 9}), source, row_group_size=3)
    for split in (1, ONE_SHARD):
        clean(source, target, split, same, frozenset(range(9)))
        assert groups(target) == []
        assert read(target).schema.equals(read(source).schema)


def test_plan_cuts_between_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": range(100)}), path, row_group_size=10, compression="none", use_dictionary=False)
    whole = FORMAT.plan(str(path), "u", 3, ONE_SHARD)
    assert [(s.start, s.stop, s.first_record, s.file, s.uri) for s in whole] == [(0, 10, 0, 3, "u")]
    each = FORMAT.plan(str(path), "u", 3, 1)
    assert [(s.start, s.stop, s.first_record) for s in each] == [(i, i + 1, 10 * i) for i in range(10)]
    third = FORMAT.plan(str(path), "u", 3, os.path.getsize(path) // 4)
    assert [(s.start, s.stop, s.first_record) for s in third] == [(0, 3, 0), (3, 6, 30), (6, 9, 60), (9, 10, 90)]


def test_blocks_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    # Long values that repeat: little on disk, much when decoded.
    pq.write_table(pa.table({"a": ["y" * 5000] * 3000, "b": [[0.5] * 100] * 3000}), path)
    blocks = list(FORMAT.blocks(FORMAT.plan(str(path), "u", 0, ONE_SHARD)[0]))
    assert sum(len(block) for block in blocks) == 3000
    assert max(block.nbytes for block in blocks) <= 2 * module.BATCH_BYTES


# More than a page of every column, in no pattern that batches could share.
CHUNKED = pa.table(
    {
        "t": [f"row {i} " + "z" * (i * 7919 % 1500) for i in range(4000)],
        "l": [[str(i) * 40] * (i % 5) for i in range(4000)],
    }
)


@pytest.mark.parametrize("sizes", [(64, 64), (100, 64), (7, 1000), (4000, 1)], ids=str)
def test_the_bytes_do_not_depend_on_how_rows_arrive(
    sizes: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(CHUNKED, source, row_group_size=3000, use_dictionary=False)
    outs = []
    for rows in sizes:
        monkeypatch.setattr(module, "BATCH_ROWS", rows)
        clean(source, tmp_path / "out.parquet", ONE_SHARD, same, frozenset(range(0, 4000, 7)))
        outs.append((tmp_path / "out.parquet").read_bytes())
    assert outs[0] == outs[1]


TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=6)


def nested(depth: int) -> st.SearchStrategy[tuple[pa.DataType, Any]]:
    """Make (type, strategy of its values), lists, structs and maps down to `depth`."""
    flat = st.sampled_from(
        [
            (pa.string(), TEXT),
            (pa.large_string(), TEXT),
            (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
            (pa.float64(), st.floats(allow_nan=False)),
            (pa.decimal128(9, 3), st.decimals(-99999, 99999, places=3)),
            (pa.bool_(), st.booleans()),
            (pa.binary(), st.binary(max_size=4)),
            (pa.timestamp("ns"), st.integers(-(2**62), 2**62)),
            (pa.dictionary(pa.int32(), pa.string()), TEXT),
        ]
    ).map(lambda pair: (pair[0], st.none() | pair[1]))
    if depth == 0:
        return flat
    inner = nested(depth - 1)
    listed = inner.map(lambda pair: (pa.list_(pair[0]), st.none() | st.lists(pair[1], max_size=3)))
    large = inner.map(lambda pair: (pa.large_list(pair[0]), st.none() | st.lists(pair[1], max_size=3)))
    fixed = inner.map(lambda pair: (pa.list_(pair[0], 2), st.none() | st.lists(pair[1], min_size=2, max_size=2)))
    struct = st.lists(inner, min_size=1, max_size=3).map(
        lambda pairs: (
            pa.struct([(f"f{i}", kind) for i, (kind, _) in enumerate(pairs)]),
            st.none() | st.fixed_dictionaries({f"f{i}": values for i, (_, values) in enumerate(pairs)}),
        )
    )
    mapped = inner.map(
        lambda pair: (pa.map_(pa.string(), pair[0]), st.none() | st.lists(st.tuples(TEXT, pair[1]), max_size=2))
    )
    return st.one_of(flat, listed, large, fixed, struct, mapped)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_table_goes_round(data: st.DataObject, tmp_path: Path) -> None:
    columns = {}
    rows = data.draw(st.integers(1, 12))
    for i in range(data.draw(st.integers(1, 3))):
        kind, values = data.draw(nested(2))
        columns[f"c{i}"] = pa.array(data.draw(st.lists(values, min_size=rows, max_size=rows)), kind)
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table(columns), source, row_group_size=data.draw(st.integers(1, rows)))
    clean(source, target, 1)
    assert equal(target, source)
    # An edit that changes nothing rebuilds every array on the way and must give the same table.
    shard = FORMAT.plan(str(source), "in", 0, ONE_SHARD)[0]
    for block in FORMAT.blocks(shard):
        edits: dict[int, list[Rewrite]] = {}
        for leaf in block.leaves(block.rows()):
            if leaf.kind is LeafKind.STRING or (leaf.kind is LeafKind.KEY and leaf.text):
                edits.setdefault(leaf.record - block.first, []).append(Rewrite(leaf, leaf.text, ()))
        batch = block.render(edits, frozenset()).batches[0]
        batch.validate(full=True)
        assert [str(array.to_pylist()) for array in timeless(batch)] == [
            str(array.to_pylist()) for array in timeless(block._batch)
        ]


def timeless(batch: pa.RecordBatch) -> list[pa.Array]:
    return [recast(array, plain(array.type)) for array in batch.columns]


@pytest.mark.parametrize(
    ("table", "fields", "expected"),
    [
        pytest.param(pa.table({"text": ["a", "b"], "x": ["p", "q"]}), [], ["a", "b"], id="text"),
        pytest.param(pa.table({"content": ["a", "b"]}), [], ["a", "b"], id="content"),
        pytest.param(pa.table({"text": ["a", None], "content": ["p", "q"]}), [], ["a", "q"], id="text-with-gaps"),
        pytest.param(pa.table({"x": ["a", "b"], "n": [1, 2], "y": ["p", None]}), [], ["a\np", "b"], id="all-strings"),
        pytest.param(pa.table({"x": ["a", None], "n": [1, 2]}), ["/n"], ["1", "2"], id="field-number"),
        pytest.param(pa.table({"x": ["a", None]}), ["x"], ["a", None], id="field-missing"),
        pytest.param(
            pa.table({"messages": pa.array([[{"role": "user", "content": t}] for t in "ab"], CHAT)}),
            [],
            ["a", "b"],
            id="chat",
        ),
        pytest.param(
            pa.table({"m": pa.array([[("k", "v"), ("k", "w")], []], pa.map_("string", "string"))}),
            ["/m/k"],
            ["w", None],
            id="map",
        ),
        pytest.param(
            pa.table({"t": pa.array([2**62, 1], pa.timestamp("ns")), "x": ["a", "b"]}), [], ["a", "b"], id="times"
        ),
        pytest.param(pa.table({"a/b": ["x", "y"]}), ["/a~1b"], ["x", "y"], id="escaped"),
        pytest.param(pa.table({"d": pa.array(["x", "y"]).dictionary_encode()}), ["*"], ["x", "y"], id="star"),
    ],
)
def test_texts(table: pa.Table, fields: list[str], expected: list[str | None], tmp_path: Path) -> None:
    assert block_of(table, tmp_path).texts(fields) == expected


def test_texts_of_any_type_do_not_fail(typed: Path) -> None:
    for block in FORMAT.blocks(FORMAT.plan(str(typed), "in", 0, ONE_SHARD)[0]):
        assert len(block.texts(())) == len(block.texts(["*"])) == len(block)
        if len(block) > 1:
            block.problems[0] = Problem("in", block.first, "read", "as if")
            assert block.texts(["/id"]) == [None, *(str(block.first + row) for row in range(1, len(block)))]
            assert block.texts(["*"])[0] is None


def test_accepts_by_name() -> None:
    accepted = [
        formats.name_of(name) == "parquet" for name in ("a.parquet", "b/A.PARQUET", "a.pq", "a.jsonl", "parquet")
    ]
    assert accepted == [True, True, True, False, False]


def test_a_target_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(SECRET, path)
    shard = FORMAT.plan(str(path), "in.parquet", 0, 1)[0]
    with pytest.raises(OutputError, match=r"part: cannot be written \(No such file"):
        FORMAT.writer(shard, str(tmp_path / "none" / "part"))


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path, part = tmp_path / "in:odd.parquet", tmp_path / "part:0"
    with io.FileIO(path, "w") as out:
        pq.write_table(SECRET, out)
    shard = FORMAT.plan(str(path), "in.parquet", 0, 1)[0]
    writer = FORMAT.writer(shard, str(part))
    for block in FORMAT.blocks(shard):
        writer.write(block.render({}, frozenset()))
    assert not part.exists()
    writer.close()
    assert read(part).equals(SECRET)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in:odd.parquet", "part:0"]
