"""Deduplication held against known pairs: none at or over the threshold may stay together, no other row may go."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpus
from benchmarks.quality import rows_of
from benchmarks.tables import Table
from privscan import config
from privscan.run import Run

if TYPE_CHECKING:
    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

THRESHOLD = 0.8
FAMILIES = 60  # of edited copies, where no data folder has any
RATES = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08)  # of words changed in a copy


def table(bench: Bench) -> Table:
    """Deduplicate a folder of documents whose pairs are known and count what went wrong."""
    docs, pairs = _known(bench)
    out = bench.fresh("neardup")
    report = Run(
        config.settings("dedup", dedup="near", dedup_threshold=THRESHOLD), [str(docs)], out, overwrite=True
    ).run()
    documents = list(rows_of(docs))
    gone = {row["record"]: row["kept_record"] for row in rows_of(Path(out, "duplicates.jsonl"))}
    names = {documents[record]["id"] for record in gone}
    alike = {pair for pair, similarity in pairs.items() if similarity >= THRESHOLD}
    missed = [pair for pair in alike if not pair & names]
    wrong = [entry for entry in gone.items() if similarity_of(documents, *entry) < THRESHOLD]
    rows: list[tuple[Cell, ...]] = [
        ("documents", len(documents), None),
        ("known pairs", len(pairs), None),
        (f"known pairs at {THRESHOLD} or more", len(alike), None),
        ("of them still together", len(missed), 0),
        ("pair recall", 1 - len(missed) / len(alike) if alike else None, 1.0),
        ("rows dropped", report.tally.outcomes["duplicate"], None),
        (f"dropped and not alike at {THRESHOLD} to the row named as kept", len(wrong), 0),
    ]
    return Table(f"Near duplicates at {THRESHOLD}", ("what", "value", "goal"), rows)


def _known(bench: Bench) -> tuple[Path, dict[frozenset[str], float]]:
    """Return a file of documents and the similarity of its pairs, 0 for those not told."""
    if bench.data and (docs := bench.data / "neardup" / "docs.jsonl").exists():
        pairs = {frozenset((row["a"], row["b"])): row["jaccard5"] for row in rows_of(docs.with_name("pairs.jsonl"))}
        return docs, pairs
    return _made(bench)


def _made(bench: Bench) -> tuple[Path, dict[frozenset[str], float]]:
    rng = random.Random(bench.seed)
    pieces = corpus.snippets(None)
    path = Path(bench.fresh("docs"), "docs.jsonl")
    pairs: dict[frozenset[str], float] = {}
    with path.open("w", encoding="utf-8") as out:
        for family in range(FAMILIES):
            words = " ".join(rng.choices(pieces, k=corpus.SNIPPETS)).split()
            texts = {f"{family}-{rate}": _edited(rng, words, rate) for rate in RATES}
            for name, text in texts.items():
                out.write(json.dumps({"id": name, "text": text}) + "\n")
            sets = {name: shingles(text) for name, text in texts.items()}
            pairs |= {frozenset((a, b)): jaccard(sets[a], sets[b]) for a in sets for b in sets if a < b}
    return path, pairs


def _edited(rng: random.Random, words: list[str], rate: float) -> str:
    return " ".join(f"w{rng.randrange(10**6)}" if rng.random() < rate else word for word in words)


def similarity_of(documents: list[dict[str, str]], one: int, other: int) -> float:
    """Return the exact similarity of two documents by row; known pairs are listed within a family only."""
    return jaccard(shingles(documents[one]["text"]), shingles(documents[other]["text"]))


def shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """Return the word n-grams of the lower-cased text."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + size]) for at in range(max(len(words) - size + 1, 1))}


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    """Return the share of two sets that both have."""
    return len(one & other) / len(one | other)
