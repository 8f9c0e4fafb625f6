"""Texts inside longer ones, against overlaps computed the long way round."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from privscan.dedup import DedupSettings, Part
from privscan.dedup.budget import Budget
from privscan.dedup.choose import choose
from privscan.dedup.contain import ANCHORS, anchors
from privscan.dedup.minhash import premixed
from privscan.dedup.sign import Signer
from privscan.dedup.store import twins

from .longhand import edited, grams, story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

CONTAINED = DedupSettings(method="contained")


def overlap(one: str, other: str) -> float:
    mine, theirs = grams(one), grams(other)
    return len(mine & theirs) / min(len(mine), len(theirs)) if mine and theirs else 0.0


@pytest.fixture(scope="session")
def nested() -> list[str]:
    """Long texts, whole pieces of them, edited pieces, pieces of two texts, and texts of their own."""
    pick, texts = random.Random(11), []
    longs = [story(seed, 400) for seed in range(20)]
    for words in longs:
        texts.append(" ".join(words))
        for _ in range(3):
            start, length = pick.randrange(300), pick.randrange(20, 100)
            piece = words[start : start + length]
            texts.append(" ".join(piece if pick.random() < 0.5 else edited(piece, pick.randrange(99), 3)))
        other = pick.choice(longs)
        texts.append(" ".join(words[:60] + other[:60]))
    texts += [" ".join(story(500 + seed, 90)) for seed in range(40)]
    pick.shuffle(texts)
    return texts


def check(texts: Sequence[str], found: dict[int, Any]) -> None:
    for row, twin in found.items():
        assert twin.row not in found
        assert overlap(texts[row], texts[twin.row]) >= 0.8
        assert twin.similarity == pytest.approx(overlap(texts[row], texts[twin.row]), abs=1e-6)
        assert len(grams(texts[row])) <= len(grams(texts[twin.row]))
    kept = [text for row, text in enumerate(texts) if row not in found]
    for at, one in enumerate(kept):
        assert all(overlap(one, other) < 0.8 for other in kept[:at])


def test_pieces_go_and_wholes_stay(nested: list[str], deduplicate: Callable[..., Any]) -> None:
    summary, found = deduplicate(nested, CONTAINED)
    check(nested, found)
    assert len(found) > 40
    assert {twin.method for twin in found.values()} == {"contained"}
    assert summary.near == len(found)


def test_partitions_do_not_show(
    nested: list[str], deduplicate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, expected = deduplicate(nested, CONTAINED)
    monkeypatch.setattr("privscan.dedup.choose.budget", lambda *_, **__: Budget(300, 50, 1000))
    _, found = deduplicate(nested, CONTAINED)
    assert found == expected


def test_one_piece_in_a_thousand_texts(deduplicate: Callable[..., Any]) -> None:
    letter = story(1, 60)
    texts = [" ".join([*story(row + 10, 60), *letter]) for row in range(1000)]
    _, found = deduplicate([" ".join(letter), *texts], CONTAINED)
    assert set(found) == {0}


def test_few_words_are_not_sought_inside_others(deduplicate: Callable[..., Any]) -> None:
    words = story(3, 100)
    _, found = deduplicate([" ".join(words), " ".join(words[:11]), " ".join(words[:12])], CONTAINED)
    assert set(found) == {2}


def test_a_question_of_an_evaluation_in_a_page(tmp_path: Path) -> None:
    question, page = story(8, 40), story(9, 400)
    texts = [" ".join(page[:200] + question + page[200:]), " ".join(page), " ".join(question[:20])]
    parts = [Part(str(tmp_path / name), file) for name, file in (("a", 0), ("r", -1))]
    for part, rows in zip(parts, (texts, [" ".join(question)]), strict=True):
        with Signer(part.path, CONTAINED) as signer:
            signer.add(0, range(len(rows)), rows)
    summary = choose(parts[:1], CONTAINED, str(tmp_path / "work"), parts[1:])
    found = dict(twins(summary.drops[0]))
    assert {row: (twin.file, twin.row) for row, twin in found.items()} == {0: (-1, 0), 2: (-1, 0)}


def test_anchors_are_shingles_of_the_text() -> None:
    draw = np.random.default_rng(2)
    sizes = [0, 1, 8, 500]
    values = draw.integers(0, 2**32, sum(sizes), dtype=np.uint32)
    offsets = np.cumsum([0, *sizes])
    found = anchors(values, offsets)
    assert found.shape == (4, ANCHORS)
    for row in range(1, 4):
        assert set(found[row].tolist()) <= set(premixed(values[offsets[row] : offsets[row + 1]]).tolist())
    assert len(set(found[3].tolist())) > 4
