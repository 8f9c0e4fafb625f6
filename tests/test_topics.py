"""What the data speaks of is counted by record, adds up, and is no finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import privscan
from privscan import config, formats, topics
from privscan.model import Shard
from privscan.reports.sections.topics import section

if TYPE_CHECKING:
    from pathlib import Path

PROSE = (
    "Ada Lovelace was born in London in 1815 and was the only child of Lord Byron. She was known for her work on the "
    "engine that Charles Babbage had designed, and published the first program for it in 1843. The engine was never "
    "built, but her notes were called a vision of what machines would become."
)
TALK = f"{PROSE} Hi there, I was born in 1970 and my mother was called Ada. What do you think of that, dear friend?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(PROSE, True, id="a life"),
        pytest.param(PROSE * 200, True, id="a long one"),
        pytest.param(TALK, False, id="somebody speaks"),
        pytest.param("Ada Lovelace was born in 1815.", False, id="too short to tell"),
        pytest.param("the meadow is under water and nobody was there " * 20, False, id="no years"),
        pytest.param(PROSE.replace("1815", "21815").replace("1843", "2100"), False, id="numbers that are no years"),
        pytest.param(PROSE.replace("1815", "1999"), True, id="of two years"),
        pytest.param(PROSE.replace(" in 1815", "") * 9, True, id="few years, and enough"),
        pytest.param(PROSE + " and the rest of it" * 200, False, id="too few years for its length"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_encyclopaedic(text: str, expected: bool) -> None:
    assert topics.encyclopaedic(text) is expected


def test_names_in_encyclopaedic_prose_are_counted(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in (PROSE, TALK, "none")))
    options = {"cache_dir": cache_dir, "select": ["pii.person.name"], "workers": 1, "fail_on": "never"}
    report = privscan.scan(str(tmp_path), **options)
    assert report.tally.topics[topics.ALL] == 2
    assert report.tally.topics[topics.PROSE] == 1
    assert report.tally.topics[topics.NAMES] >= 3
    assert "public figures" in " ".join(section(report).words)
    half = privscan.scan(str(tmp_path), **options | {"select": ["pii.email"]})
    assert section(half) is None
    assert (report.tally + half.tally).topics == report.tally.topics


def test_records_with_words_of_a_topic_are_counted(tmp_path: Path, cache_dir: str) -> None:
    texts = ["Diabetes is a common disease. Cancer is another.", "The parish is Catholic.", "The sea."]
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps({"text": text, "more": text}) + "\n" for text in texts))
    settings = config.settings(
        "scan", policy="gdpr", select=["pii.special.health", "pii.special.religion"], cache_dir=cache_dir
    )
    format_ = formats.named("jsonl")
    (block,) = format_.blocks(Shard(0, 0, str(source), source.name, "jsonl"))
    assert topics.speaking(block, topics.special(settings), cache_dir) == {
        "pii.special.health": 1,
        "pii.special.religion": 1,
    }
    assert not topics.special(config.settings("scan", select=["pii.email"], cache_dir=cache_dir))
    assert not topics.speaking(block, (), cache_dir)
