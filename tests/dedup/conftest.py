"""The corpus, and pass one from texts to drops."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from privscan.dedup import DedupSettings, Duplicate, Part, Summary
from privscan.dedup.choose import choose
from privscan.dedup.sign import Signer
from privscan.dedup.store import twins

from .longhand import edited, story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Run = tuple[Summary, dict[int, Duplicate]]


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    """300 texts: singles, exact copies, copies in other case and punctuation, edits from light to heavy, cuts."""
    texts = []
    for seed in range(60):
        words = story(seed, 80 + seed * 3)
        texts.append(" ".join(words))
        if seed % 3 == 0:
            texts.append(" ".join(words))
            texts.append(", ".join(words).upper() + "!")
        if seed % 2:
            texts.extend(" ".join(edited(words, seed + 100 * n, n)) for n in (1, 2, 4, 8))
            texts.append(" ".join(words[: len(words) * 9 // 10]))
            texts.append(" ".join(words[len(words) // 2 :] + words[: len(words) // 2]))
        texts.append(" ".join(story(1000 + seed, 60)))
    random.Random(7).shuffle(texts)
    return texts


@pytest.fixture
def deduplicate(tmp_path: Path) -> Callable[..., Run]:
    """Return a function (texts, settings, lengths of the shards) -> (summary, dropped rows by row of the whole)."""
    runs = 0

    def run(texts: Sequence[str | None], settings: DedupSettings | None = None, shards: Sequence[int] = ()) -> Run:
        nonlocal runs
        runs += 1
        settings = settings or DedupSettings()
        folder = tmp_path / f"run{runs}"
        folder.mkdir()
        parts, starts, start = [], [], 0
        for number, length in enumerate([*shards, len(texts) - sum(shards)]):
            parts.append(Part(str(folder / f"{number}.sign"), number))
            with Signer(parts[-1].path, settings) as signer:
                for low in range(0, length, 50):  # file rows count from 0 in every shard: each is a file here
                    rows = range(low, min(low + 50, length))
                    signer.add(low, rows, [texts[start + row] for row in rows])
            starts.append(start)
            start += length
        summary = choose(parts, settings, str(folder / "work"))
        found = {}
        for number, path in enumerate(summary.drops):
            for row, why in (told for told in twins(path) if told[1].dropped):
                found[starts[number] + row] = Duplicate(
                    why.file, starts[why.file] + why.row, why.similarity, why.method
                )
        return summary, found

    return run
