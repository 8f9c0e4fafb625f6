from __future__ import annotations

import json
from typing import TYPE_CHECKING

import privscan

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """
id = "public"
name = "Public figures stay"
select = ["pii.person", "pii.email"]
allow = ["Ada  LOVELACE"]
detectors = ["patterns", "names"]
"""


def test_allowed_names_stay(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "p.toml").write_text(POLICY)
    text = "My name is Jonathan Berg and I have read all that Ada Lovelace wrote."
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}) + "\n")
    options = {"policy": str(tmp_path / "p.toml"), "cache_dir": cache_dir, "workers": 1}
    privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **options)
    (line,) = (tmp_path / "out/data/a.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "My name is <PERSON> and I have read all that Ada Lovelace wrote."
