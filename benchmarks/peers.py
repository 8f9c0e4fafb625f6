"""Other tools on the same records in the same run. They find other things; what is compared is the cost of looking."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpus, sides, speed
from benchmarks.peer_child import NOT_INSTALLED
from benchmarks.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

OURS = 20  # times as many records as the peers get: privscan would be done too soon to time
CHILD = Path(__file__).with_name("peer_child.py")
PEERS = (  # name, what it is, goal, how to get it
    ("presidio-no-nlp", "presidio-analyzer, patterns only, no NLP engine", 300, "pip install presidio-analyzer"),
    ("presidio-blank", "presidio-analyzer, patterns only, blank spaCy", 300, "pip install presidio-analyzer"),
    ("detect-secrets", "detect-secrets, scan_file", 300, "pip install detect-secrets"),
    ("datafog", "DataFog, regex engine", 30, "pip install datafog"),
)


def tables(bench: Bench) -> Iterator[Table]:
    """Compare privscan's core with each peer at low and high density, and what they find where it is labelled."""
    pieces = corpus.prose(bench.data)
    for mix in (corpus.LOW, corpus.HIGH):
        yield _compared(bench, pieces, mix)
    yield from sides.tables(bench)


def _compared(bench: Bench, pieces: list[str], mix: corpus.Mix) -> Table:
    made = list(itertools.islice(corpus.records(pieces, mix, bench.seed), bench.sample * OURS))
    folder = Path(tempfile.mkdtemp(prefix="peers-", dir=bench.work))
    ours, theirs = folder / "ours.jsonl", folder / "theirs.jsonl"
    size, sample = _lines(ours, made), _lines(theirs, made[: bench.sample])
    rate = speed.core(bench, ours, data=False)
    rows: list[tuple[Cell, ...]] = [("privscan, core scan, all rules", bench.sample * OURS, rate, 1.0, None, None, "")]
    for name, title, goal, get in PEERS:
        told = _peer(bench, name, theirs)
        if told is None:
            rows.append((title, None, None, None, goal, None, f"not installed; {get}"))
            continue
        theirs_rate = sample / statistics.median(told["cpu"]) / 1e6
        ratio = rate / theirs_rate
        rows.append(
            (
                f"{title} {told['version']}",
                bench.sample,
                theirs_rate,
                ratio,
                goal,
                "yes" if ratio >= goal else "NO",
                f"{told['found']} found",
            )
        )
    return Table(
        f"Peers, {mix.name} density ({size / 1e6:.1f} MB; peers on the first {sample / 1e6:.2f} MB)",
        ("tool", "records", "MB/CPU s", "privscan is x times", "goal", "met", ""),
        rows,
    )


def _lines(path: Path, made: list[corpus.Record]) -> int:
    rows = (json.dumps({"id": row, "text": record.text}, ensure_ascii=False) + "\n" for row, record in enumerate(made))
    return path.write_bytes("".join(rows).encode())


def _peer(bench: Bench, name: str, path: Path) -> dict[str, Any] | None:
    """Run one peer; None where it is not installed. RuntimeError with the end of its complaint where it fails."""
    done = subprocess.run(
        [bench.peer_python, str(CHILD), name, str(path), str(bench.runs)], capture_output=True, text=True, check=False
    )
    if done.returncode == NOT_INSTALLED:
        return None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
