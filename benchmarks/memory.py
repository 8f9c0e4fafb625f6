"""Peak memory, which must not grow with the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import corpus
from benchmarks.measure import child, privscan, told
from benchmarks.tables import Table

if TYPE_CHECKING:
    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

GOAL = 400  # MB


def tables(bench: Bench) -> list[Table]:
    """Clean a small and a big corpus, one run each. Both have copies, so that deduplication has work."""
    pieces = corpus.prose(bench.data)
    rows: list[tuple[Cell, ...]] = []
    for size, workers in ((bench.megabytes, 1), (bench.big, 1), (bench.big, 2)):
        path = bench.corpus("memory", size, ".jsonl.zst")
        made = corpus.write(path, corpus.records(pieces, corpus.COPIES, bench.seed), size * 1e6) / 1e6
        command = privscan("clean", str(path), "-o", bench.fresh("memory"), "--workers", str(workers), "-q")
        cost = child(command, tree=True)
        peak, tree = cost.peak / 1e6, cost.tree / 1e6
        rows.append(
            (told(command, bench), made, peak, tree, GOAL, "yes" if peak <= GOAL else "NO", cost.cpu, cost.wall)
        )
    return [
        Table(
            "Peak memory",
            ("command", "MB in", "biggest process, MB", "all processes, MB", "goal", "met", "CPU s", "wall s"),
            rows,
            "Biggest process: peak resident set, as the kernel counts it. All: proportional set of the tree, sampled.",
        )
    ]
