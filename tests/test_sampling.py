"""A sample: about as many records as asked for, estimates whose intervals hold, and never called complete."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import sampling
from privscan.errors import UsageError
from privscan.gate import exit_code
from privscan.model import Shard, Tally
from privscan.reports import sections

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 20,000 records, one in twenty with an address, in three files."""
    folder: Path = tmp_path_factory.mktemp("sample")
    for part in range(3):
        with (folder / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            for row in range(6667):
                mail = f" or p{row}@mail.acme-widgets.com" if row % 20 == 7 else ""
                file.write(
                    json.dumps({"text": f"record {row} of {part} says what it says again and again{mail}"}) + "\n"
                )
    return folder


def scanned(source: Path, cache_dir: str, **more: Any) -> privscan.Report:
    return privscan.scan(str(source), cache_dir=cache_dir, select=["pii.email"], key=b"k" * 32, workers=1, **more)


def test_a_sample_is_told_as_one(source: Path, cache_dir: str) -> None:
    report = scanned(source, cache_dir, sample=3000)
    told = report.details["sample"]
    assert 1500 <= report.tally.records == told["records"] <= 9000
    assert told["of"] == pytest.approx(20_001, rel=0.1)
    rate, low, high = told["per_thousand"]["EMAIL_ADDRESS"]
    assert low <= 50 <= high
    assert low <= rate <= high
    assert not report.complete
    assert exit_code(report) == 3
    assert "sample" in {part.id for part in sections.of(report)}
    assert scanned(source, cache_dir, sample=3000).tally == report.tally


def test_a_sample_of_everything_is_whole(source: Path, cache_dir: str) -> None:
    report = scanned(source, cache_dir, sample=10**6, fail_on="never")
    assert report.tally.records == 20_001
    assert report.complete
    assert "sample" not in report.details


def test_what_is_written_is_never_a_sample(source: Path, cache_dir: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--sample: is for scan"):
        privscan.clean(str(source), str(tmp_path / "out"), cache_dir=cache_dir, sample=10)


def tally(records: int, found: int) -> Tally:
    made = Tally(records=records)
    made.findings = Counter({("JWT", "secret.jwt", "high", "high", "new"): found, ("X", "x", "low", "low", "known"): 9})
    return made


def test_intervals_are_those_of_the_book() -> None:
    shard = Shard(0, 0, "a", "a", "jsonl")
    drawn = sampling.Draw((shard,) * 4, 40, 4000)
    told = sampling.told(drawn, [tally(100, n) for n in (1, 3, 2, 2)])
    # rate .02, s2 = (1+1+0+0)/3, variance = .9 * 4/3 * 2 / 400**2
    reach = 1.96 * (0.9 * 4 / 3 * 2 / 400**2) ** 0.5
    assert told["per_thousand"] == {"JWT": pytest.approx([20, 1000 * (0.02 - reach), 1000 * (0.02 + reach)], abs=1e-3)}
    everything = sampling.told(replace(drawn, of=4), [tally(100, n) for n in (1, 3, 2, 2)])
    assert everything["per_thousand"]["JWT"] == [20, 20, 20]
    assert sampling.told(drawn, [tally(0, 0)])["per_thousand"]["JWT"] == [0, 0, 0]
