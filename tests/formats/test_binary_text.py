"""Strings that a Parquet file calls bytes are read as text, value by value; other bytes pass as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

MAIL = b"jane.roe@mail.acme-widgets.com"
VALUES = [
    ("an address", MAIL, b"<EMAIL_ADDRESS>"),
    ("in a sentence", b"\xc3\xa9crire \xc3\xa0 " + MAIL + b"\r\n\tbient\xc3\xb4t", None),
    ("JSON", b'{"to": "' + MAIL + b'"}', b'{"to": "<EMAIL_ADDRESS>"}'),
    ("no UTF-8", MAIL + b" \xff", MAIL + b" \xff"),
    ("control characters", b"\x0a\x1e" + MAIL, b"\x0a\x1e" + MAIL),
    ("such behind the head", MAIL + b" " * 80 + b"\x00", MAIL + b" " * 80 + b"\x00"),
    ("a picture of letters", b"P1\n1 1\n1\n# " + MAIL, b"P1\n1 1\n1\n# " + MAIL),
    ("nothing", b"", b""),
    ("null", None, None),
]
IN = [value for _, value, _ in VALUES]
OUT = [
    b"\xc3\xa9crire \xc3\xa0 <EMAIL_ADDRESS>\r\n\tbient\xc3\xb4t" if n == "in a sentence" else v for n, _, v in VALUES
]
SHAPES: list[tuple[str, pa.DataType, Any]] = [
    ("binary", pa.binary(), lambda value: value),
    ("large", pa.large_binary(), lambda value: value),
    ("view", pa.binary_view(), lambda value: value),
    ("list", pa.list_(pa.binary()), lambda value: [b"\x00", value, b"plain"]),
    ("boxed", pa.struct([("bytes", pa.binary()), ("path", pa.string())]), lambda v: {"bytes": v, "path": "x"}),
    ("map", pa.map_(pa.string(), pa.large_binary()), lambda value: [("k", value), ("l", b"")]),
]


@pytest.mark.parametrize("mute", [False, True], ids=["by name", "bytes as such"])
def test_text_among_bytes_is_cleaned_and_nothing_else(tmp_path: Path, options: dict[str, Any], mute: bool) -> None:
    """All shapes at once, as a run is slow to start; `mute` files do not say what Arrow made of them."""
    columns = {name: pa.array([shape(value) for value in IN], kind) for name, kind, shape in SHAPES}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", store_schema=not mute, row_group_size=4)
    options |= {"select": ["pii.email"], "policy": "web"}
    report = privscan.clean(str(tmp_path / "a.parquet"), str(tmp_path / "out"), dedup="off", **options)
    assert report.complete
    told = pq.read_table(tmp_path / "out" / "data" / "a.parquet")
    for name, _, shape in SHAPES:
        assert told[name].to_pylist() == [shape(value) for value in OUT], name
    cache, key = options["cache_dir"], options["key"]
    assert [check.detail for check in verify(str(tmp_path / "out"), cache_dir=cache, key=key) if not check.passed] == []
