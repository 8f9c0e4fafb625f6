"""The section on pictures and sound: figures only, and a drawing of sizes."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from privscan.reports import json as report_json
from privscan.reports import write
from privscan.reports.sections import media

if TYPE_CHECKING:
    from privscan.model import Report


@pytest.fixture
def shown(full: Report) -> Report:
    counts = {"pictures": 2100, "faces": 31, "pictures with faces": 12, "format:jpeg": 2000, "format:png": 100}
    counts |= {"side:512": 3, "side:2048": 2097, "metadata:gps": 7, "metadata:owner": 9}
    counts |= {"sounds": 4, "milliseconds": 7_260_000, "speech_milliseconds": 61_500}
    return replace(full, tally=replace(full.tally, media=Counter(counts)))


def test_counts_are_told_by_kind(shown: Report) -> None:
    part = media.section(shown)
    assert part is not None
    totals, metadata = part.tables
    assert totals.rows == (
        ("pictures", 2100, "2,000 jpeg, 100 png", "31 faces in 12"),
        ("recordings", 4, "2 h 1 min", "1 min 2 s of speech"),
    )
    assert metadata.rows == (("owner, author, rights", 9), ("place: coordinates", 7))
    assert part.charts[0].bars == (("257 to 512", 3), ("513 to 1024", 0), ("1025 to 2048", 2097))


def test_what_was_passed_on_unlooked_at_is_said(shown: Report) -> None:
    shown.tally.media["not looked at: faces"] = 5
    part = media.section(shown)
    assert part is not None
    assert any("5 values" in words and "faces" in words for words in part.words)


def test_a_run_without_media_has_no_such_section(full: Report) -> None:
    assert media.section(replace(full, tally=replace(full.tally, media=Counter()))) is None


@pytest.mark.parametrize("form", ["console", "html", "markdown"])
def test_every_format_shows_it(shown: Report, form: str) -> None:
    stream = io.StringIO()
    write(shown, form, stream)
    assert "Pictures and sound" in stream.getvalue()


def test_the_counts_come_back_from_json(shown: Report) -> None:
    assert report_json.load(report_json.dump(shown)).tally.media == shown.tally.media
