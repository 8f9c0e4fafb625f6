"""Side by side with other tools: the same records, the same scores; one that is not installed says so."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import sides
from benchmarks.measure import Bench

if TYPE_CHECKING:
    from pathlib import Path

MAIL, SSN = "jo.kranz@oltena.de", "536-22-8741"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A data folder of a labelled set and of reviewed lines; an interpreter without any other tool."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    python.chmod(0o755)
    text = f"Write to {MAIL}, my social security number is {SSN}"
    spans = [[9, 9 + len(MAIL), "EMAIL_ADDRESS"], [text.index(SSN), len(text), "US_SSN"]]
    secret = 'api_key = "q8Xv2LmTz7RbKw4PdYc3"'
    sets = {
        "pii/set.jsonl": [{"text": text, "spans": spans}, {"text": "or to mo at oltena", "spans": [[6, 18, "EMAIL"]]}],
        "secrets/creddata_lines.jsonl": [
            {"text": secret, "spans": [[11, 31, "Key"]], "negatives": []},
            {"text": "KEY_SIZE = 2048", "spans": [], "negatives": []},
        ],
    }
    for name, rows in sets.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Bench(work=tmp_path, data=tmp_path, peer_python=str(python))


def test_tables_score_ours_and_name_those_that_are_missing(bench: Bench) -> None:
    structured, secrets = sides.tables(bench)
    cells = dict(zip(structured.columns, structured.rows[0], strict=True))
    assert (cells["EMAIL R"], cells["EMAIL P"], cells["SSN R"], cells["SSN P"]) == (0.5, 1.0, 1.0, 1.0)
    assert cells["CARD R"] is None
    assert secrets.rows[0][:5] == ("privscan", 1, 1.0, 1, 0.0)
    others = [*structured.rows[1:], *secrets.rows[1:]]
    assert len(others) == len(sides.PII_PEERS) + len(sides.SECRET_PEERS)
    assert all(row[-1] == "not installed" for row in others)


def test_without_data_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert list(sides.tables(Bench(work=tmp_path))) == []
