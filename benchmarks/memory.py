"""Peak memory, which must not grow with the input."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpus
from benchmarks.measure import child, privscan, told
from benchmarks.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

GOAL = 400  # MB
LINE = 100.0  # MB, of a record in a line of its own


def tables(bench: Bench) -> list[Table]:
    """Clean a small and a big corpus, and one long line, one run each. Copies give deduplication work."""
    pieces = corpus.prose(bench.data)
    rows: list[tuple[Cell, ...]] = []
    for size, workers in ((bench.megabytes, 1), (bench.big, 1), (bench.big, 2)):
        path = bench.corpus("memory", size, ".jsonl.zst")
        made = corpus.write(path, corpus.records(pieces, corpus.COPIES, bench.seed), size * 1e6)
        out = bench.fresh("memory")
        rows.append(_row(bench, made, privscan("clean", str(path), "-o", out, "--workers", str(workers), "-q")))
    line = Path(bench.fresh("line"), "line.jsonl")
    made = _write(line, pieces, min(LINE, bench.big) * 1e6)
    web = (str(line), "--policy", "web", "--workers", "1", "-q")
    rows.append(_row(bench, made, privscan("scan", *web)))
    rows += [
        _row(bench, made, privscan("clean", *web, "-o", bench.fresh("memory"), "--dedup", dedup))
        for dedup in ("off", "near")
    ]
    return [
        Table(
            "Peak memory",
            ("command", "MB in", "biggest process, MB", "all processes, MB", "goal", "met", "CPU s", "wall s"),
            rows,
            "Biggest process: peak resident set, as the kernel counts it. All: proportional set of the tree, sampled.",
        )
    ]


def _row(bench: Bench, made: int, command: list[str]) -> tuple[Cell, ...]:
    cost = child(command, tree=True)
    peak, tree = cost.peak / 1e6, cost.tree / 1e6
    met = "yes" if peak <= GOAL else "NO"
    return told(command, bench), made / 1e6, peak, tree, GOAL, met, cost.cpu, cost.wall


def _write(path: Path, pieces: Sequence[str], size: float) -> int:
    """Write one record of about so many bytes; return how many there are."""
    with path.open("wb") as out:
        total = out.write(b'{"text": "')
        for piece in itertools.cycle(pieces):
            total += out.write(json.dumps(piece, ensure_ascii=False)[1:-1].encode())
            if total >= size:
                break
        return total + out.write(b'"}\n')
