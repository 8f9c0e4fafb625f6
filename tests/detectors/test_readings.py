"""A value that only another reading shows is found through the gate, in JSON Lines and in Parquet, and redacted."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privscan import clean, scan

if TYPE_CHECKING:
    from pathlib import Path

MAIL = "jane.doe@fjordlight-mail.net"
TOLD = f"write to {MAIL} today"
ROWS = [
    base64.b64encode(TOLD.encode()).decode(),
    "see " + base64.b64encode(json.dumps({"to": TOLD}).encode()).decode() + " for more",
    TOLD.encode().hex(),
    "https://x.example/?to=" + MAIL.replace("@", "%40"),
    MAIL.replace("@", "&#64;"),
    'x = "' + "".join(f"\\x{ord(c):02x}" for c in TOLD) + '"',
    'x = "' + MAIL.replace("@", "\\u0040") + '"',
    "a=3D1 jane.d=\noe=40fjordlight-mail.net",
    json.dumps({"to": MAIL.replace("@", "%40")}),
]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_packed_values_are_found_and_redacted(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps({"text": row}) + "\n" for row in ROWS))
    else:
        pq.write_table(pa.table({"text": ROWS}), path)
    report = clean(str(path), str(tmp_path / "out"), policy="web", dedup="off")
    assert report.tally.outcomes == {"redacted": len(ROWS)}
    again = scan(str(tmp_path / "out" / "data"), policy="web")
    assert again.tally.findings == {}
    if kind == "jsonl":
        texts = [json.loads(line)["text"] for line in (tmp_path / "out/data/rows.jsonl").read_text().splitlines()]
        assert json.loads(texts[-1]) == {"to": "<EMAIL_ADDRESS>"}
        assert texts[3] == "https://x.example/?to=<EMAIL_ADDRESS>"
