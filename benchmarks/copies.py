"""Near duplicates against other tools, on planted copies and on known ones; the join of many signatures; the goals."""

from __future__ import annotations

import functools
import json
import random
import re
import statistics
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpus, neardup
from benchmarks.copies_child import NOT_INSTALLED, synthetic
from benchmarks.measure import ROOT
from benchmarks.neardup import THRESHOLD, jaccard
from benchmarks.quality import rows_of
from benchmarks.tables import Table
from privscan.dedup.shingle import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

CHILD = Path(__file__).with_name("copies_child.py")
TOOLS = (
    ("privscan", "privscan, each pair checked exactly"),
    ("rensa", "rensa, buckets"),
    ("datasketch", "datasketch with xxHash, buckets"),
    ("text-dedup", "text-dedup, pairs checked, then clusters"),
)
ONCE = "text-dedup"  # takes minutes where the others take seconds
SNIPPETS = 13  # of prose a document: 4.2 KB
ALIKE = 0.25  # of documents stand in a family
ROWS_PER_MB = 5000  # synthetic rows for each megabyte of `--big`: ten million by default
MEMORY = (512 << 20, 1 << 30)
DOCUMENTS, MEGABYTES, RECALL = 10_000, 42, 0.999
JOIN, JOIN_MEMORY = 45 / 10_000_000, 1200  # CPU seconds a signature; MB


def tables(bench: Bench) -> Iterator[Table]:
    """Judge a run on known pairs, time and judge each tool on the same texts, join signatures at two budgets."""
    yield (known := neardup.table(bench))
    yield (made := _compared(bench, "planted copies", *planted(bench)))
    if bench.data and (docs := bench.data / "neardup" / "docs.jsonl").exists():
        rows = list(rows_of(docs))
        clusters = [row.get("cluster", row["id"]) for row in rows]  # without one a document is alone
        numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
        yield _compared(bench, "known copies", [row["text"] for row in rows], [numbers[name] for name in clusters])
    yield (joined := _joined(bench))
    yield _goals(known, made, joined)


def _compared(bench: Bench, title: str, texts: list[str], families: list[int]) -> Table:
    path = Path(bench.fresh("copies"), "texts.jsonl")
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    size = sum(len(text.encode()) for text in texts) / 1e6
    alike = pairs(texts, families)
    rows: list[tuple[Cell, ...]] = []
    first = 0.0
    for name, what in TOOLS:
        told = _child(bench, name, path, 1 if name == ONCE else bench.runs)
        if told is None:
            rows.append((what, None, None, None, None, None, None, None, f"not installed; pip install {name}"))
            continue
        cpu = statistics.median(told["cpu"])
        first = first or cpu
        judged = judge(texts, families, alike, dict(told["kept"]))
        version = "" if name == "privscan" else told["version"]
        rows.append((what, len(texts) / cpu, size / cpu, cpu / first, *judged, version))
    columns = ("tool", "documents/CPU s", "MB/CPU s", "x privscan's time", "dropped", "dropped wrongly", "pairs left")
    return Table(
        f"Tools on {title} at {THRESHOLD}, 25 x 5 hashes, {len(texts)} documents, {size:.1f} MB, {len(alike)} pairs",
        (*columns, "pair recall", "version"),
        rows,
    )


def _goals(known: Table, made: Table, joined: Table) -> Table:
    """Return what was to be reached beside what was."""
    ours = dict(zip(made.columns, made.rows[0], strict=True))
    facts = {str(row[0]): row[1] for row in known.rows}
    count, _, cpu, peak, *_ = joined.rows[-1]
    found: tuple[tuple[str, Cell, float, bool], ...] = (
        ("documents a CPU second, all steps", ours["documents/CPU s"], DOCUMENTS, True),
        ("MB a CPU second, all steps", ours["MB/CPU s"], MEGABYTES, True),
        ("pair recall on planted copies", ours["pair recall"], RECALL, True),
        ("rows dropped with no row as alike that stays", ours["dropped wrongly"], 0, False),
        ("pairs left together", ours["pairs left"], 0, False),
        ("pair recall on known copies", facts["pair recall"], RECALL, True),
        ("known pairs left together", facts["of them still together"], 0, False),
        (f"CPU s to join {count} signatures", cpu, float(str(count)) * JOIN, False),
        (f"MB at most for {count} signatures", peak, JOIN_MEMORY, False),
    )
    rows: list[tuple[Cell, ...]] = [
        (what, value, goal, "yes" if (float(str(value)) >= goal if least else float(str(value)) <= goal) else "NO")
        for what, value, goal, least in found
        if value is not None
    ]
    return Table("Goals", ("what", "reached", "goal", "met"), rows)


def planted(bench: Bench) -> tuple[list[str], list[int]]:
    """Return texts and the family of each: copies, edits, cuts, swapped blocks, and others in the same frame."""
    rng, pieces = random.Random(bench.seed), corpus.snippets(bench.data)
    found: list[tuple[str, int]] = []
    frame = "".join(rng.choices(pieces, k=SNIPPETS // 2))
    size = family = 0
    while size < bench.megabytes * 1e6:
        words = "".join(rng.choices(pieces, k=rng.randint(SNIPPETS // 2, 2 * SNIPPETS))).split(" ")
        made = [" ".join(words)]
        if rng.random() < ALIKE / 3:
            made += [_variant(rng, words) for _ in range(rng.randint(1, 4))]
        elif rng.random() < ALIKE / 4:  # a frame that many share does not make them alike
            made = [frame + " ".join(words[: len(words) // 3])]
        found += [(text, family) for text in made]
        size += sum(map(len, made))
        family += 1
    rng.shuffle(found)
    return [text for text, _ in found], [number for _, number in found]


def _variant(rng: random.Random, words: list[str]) -> str:
    kind = rng.randrange(5)
    if kind == 0:
        return " ".join(words)
    if kind == 1:
        return " ".join(words).upper()
    if kind == 2:
        return " ".join(words[: int(len(words) * rng.uniform(0.6, 0.98))])
    if kind == 3:
        at = rng.randrange(len(words))
        return " ".join(words[at:] + words[:at])
    rate = rng.choice((0.002, 0.01, 0.02, 0.03, 0.05, 0.08))
    return " ".join(f"w{rng.randrange(10**6)}" if rng.random() < rate else word for word in words)


@functools.cache
def _word() -> re.Pattern[str]:
    """Return what a word is: letters, digits, marks and underscores; in scripts without spaces each of them."""
    alone = "".join(f"{chr(low)}-{chr(high)}" for low, high in (*UNSPACED, (0x20000, 0x3FFFF)))
    marks = "".join(re.escape(chr(code)) for code in range(0x20000) if unicodedata.category(chr(code))[0] == "M")
    glyphs = "\ufe00-\ufe0f"  # choose how a character looks, and count as nothing
    return re.compile(rf"(?=[\w{marks}])[{alone}]|(?:(?![{alone}{glyphs}])[\w{marks}])+")


def shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """Return the word 5-grams of the lower-cased text."""
    words = re.findall(r"\w+" if text.isascii() else _word(), text.lower())
    return {tuple(words[at : at + size]) for at in range(max(len(words) - size + 1, 1))}


def pairs(texts: list[str], families: list[int]) -> list[tuple[int, int]]:
    """Return the pairs within families at or over the threshold."""
    members: dict[int, list[int]] = {}
    for row, family in enumerate(families):
        members.setdefault(family, []).append(row)
    found = []
    for rows in members.values():
        if len(rows) > 1:
            sets = {row: shingles(texts[row]) for row in rows}
            found += [(a, b) for a in rows for b in rows if a < b and jaccard(sets[a], sets[b]) >= THRESHOLD]
    return found


def judge(
    texts: list[str], families: list[int], alike: list[tuple[int, int]], kept: dict[int, int]
) -> tuple[int, int, int, float]:
    """Return rows dropped, those with no row as alike that stays, true pairs that both stay, and the pair recall."""
    twins: dict[int, list[int]] = {}
    for a, b in alike:
        twins.setdefault(a, []).append(b)
        twins.setdefault(b, []).append(a)
    wrong = 0
    for row, leader in kept.items():
        if any(twin not in kept for twin in twins.get(row, ())):
            continue
        wrong += families[row] == families[leader] or jaccard(shingles(texts[row]), shingles(texts[leader])) < THRESHOLD
    left = sum(a not in kept and b not in kept for a, b in alike)
    return len(kept), wrong, left, 1 - left / len(alike) if alike else 1.0


def _joined(bench: Bench) -> Table:
    rows: list[tuple[Cell, ...]] = []
    most = max(1000, int(bench.big * ROWS_PER_MB))
    for count in (most // 10, most):
        path = Path(bench.fresh("join"), "synthetic.sign")
        synthetic(str(path), count)
        for memory in MEMORY:
            told = _child(bench, "join", path, memory)
            assert told is not None
            rows.append(
                (count, f"{memory >> 20} MB", told["cpu"], told["peak"] / 1e6, told["compared"], told["dropped"])
            )
        path.unlink()
    columns = ("signatures", "--memory-budget", "CPU s", "peak MB", "pairs checked", "dropped")
    return Table("Join of made-up signatures, 25 x 5, exact check included", columns, rows)


def _child(bench: Bench, name: str, path: Path, number: int) -> dict[str, Any] | None:
    """Run one tool; None where it is not installed."""
    python = sys.executable if name in ("privscan", "join") else bench.peer_python
    command = [python, str(CHILD), name, str(path), str(number)]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "HF_HOME": str(path.parent / "hf")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode == NOT_INSTALLED or (done.returncode and "No module named" in done.stderr):
        return None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
