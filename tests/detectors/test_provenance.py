"""Records without a licence or consent mark: found in every format, kept as they are, dropped where policy says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan.config import required
from privscan.errors import UsageError
from privscan.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"text": "one", "license": "MIT"},
    {"text": "two", "license": "proprietary"},
    {"text": "three", "license": ""},
    {"text": "four to jane@mail.acme-widgets.com", "license": None},
    {"text": "five", "license": " cc-by-4.0 "},
]
ASKED: dict[str, Any] = {"require_field": ["license"], "allow_values": ["mit,CC-BY-4.0"], "select": ["pii.email"]}
EXPECTED = [(1, "provenance.disallowed"), (2, "provenance.missing"), (3, "provenance.missing")]


def found(folder: Path) -> list[tuple[int, str]]:
    rows = [json.loads(line) for line in (folder / "findings.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["record"], row["rule"]) for row in rows if row["entity"] == "PROVENANCE"]


def write(folder: Path, kind: str) -> str:
    path = folder / f"in.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_rows_without_a_mark_are_findings_and_stay(tmp_path: Path, cache_dir: str, kind: str) -> None:
    source = write(tmp_path, kind)
    report = privscan.scan(source, out=str(tmp_path / "scan"), cache_dir=cache_dir, workers=1, **ASKED)
    assert found(tmp_path / "scan") == EXPECTED
    assert report.gate["failing"] == 4
    privscan.clean(source, str(tmp_path / "out"), cache_dir=cache_dir, workers=1, dedup="off", **ASKED)
    assert found(tmp_path / "out") == EXPECTED
    checks = verify(str(tmp_path / "out"), cache_dir=cache_dir)
    assert [(check.name, check.detail) for check in checks if check.passed is False] == []
    if kind == "jsonl":
        made = [json.loads(line) for line in (tmp_path / "out/data/in.jsonl").read_text(encoding="utf-8").splitlines()]
        assert made == [
            row | ({"text": "four to <EMAIL_ADDRESS>"} if number == 3 else {}) for number, row in enumerate(ROWS)
        ]


def test_a_policy_may_drop_them(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "p.toml").write_text(
        'id = "p"\nname = "P"\nselect = ["pii"]\n[actions.PROVENANCE]\noperator = "drop"\n'
    )
    asked = ASKED | {"policy": str(tmp_path / "p.toml")}
    report = privscan.clean(
        write(tmp_path, "jsonl"), str(tmp_path / "out"), cache_dir=cache_dir, workers=1, dedup="off", **asked
    )
    assert report.tally.outcomes == {"clean": 2, "dropped": 3}


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        (["license"], [], (("/license", ()),)),
        (["/meta/license"], ["MIT, Apache-2.0"], (("/meta/license", ("apache-2.0", "mit")),)),
        (["a", "b"], ["b=X"], (("/a", ()), ("/b", ("x",)))),
    ],
)
def test_flags_are_put_together(fields: list[str], values: list[str], expected: Any) -> None:
    assert required(fields, values) == expected


@pytest.mark.parametrize(("fields", "values"), [([], ["mit"]), (["a", "b"], ["mit"]), (["a"], ["c=mit"])])
def test_values_without_a_field_are_told(fields: list[str], values: list[str]) -> None:
    with pytest.raises(UsageError, match="give it as FIELD=A,B with a --require-field"):
        required(fields, values)
