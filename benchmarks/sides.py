"""privscan side by side with other tools on the same labelled records: the structured types, and secrets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import labels, quality
from benchmarks.labels import Labelled, Score
from benchmarks.sides_child import NOT_INSTALLED
from benchmarks.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

CHILD = Path(__file__).with_name("sides_child.py")
KINDS = ("CARD", "EMAIL", "IBAN", "IP", "PHONE", "SSN")
GOAL = 0.95  # recall and precision of each
LEFT_OUT = ("meddocan", "pl_", *labels.LOOSE)  # the others look for English forms; or not all is labelled
PII_PEERS = (
    ("presidio", "presidio-analyzer, as it comes, blank spaCy"),
    ("presidio-every", "presidio-analyzer, every pattern recogniser on"),
    ("datafog", "DataFog, regex engine"),
    ("scrubadub", "scrubadub, default detectors"),
)
SECRET_PEERS = (("detect-secrets", "detect-secrets"), ("credsweeper", "CredSweeper, with its model"))


def tables(bench: Bench) -> Iterator[Table]:
    """Compare on the labelled sets of the data folder; nothing without one."""
    if bench.data is None:
        return
    rows = list(_sample(bench, bench.data / "pii"))
    if rows:
        yield _structured(bench, rows)
    path = bench.data / "secrets" / "creddata_lines.jsonl"
    if path.exists():
        yield _secrets(bench, list(quality.rows_of(path)))


def _sample(bench: Bench, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (set, record): of each English set with labels of the kinds, `sample` records far apart."""
    for path in sorted(folder.glob("*.jsonl")):
        rows = list(quality.rows_of(path))
        if path.stem.startswith(LEFT_OUT) or not any(_kind(label) for row in rows for _, _, label in row["spans"]):
            continue
        step = max(len(rows) // bench.sample, 1)
        yield from ((path.stem, row) for row in rows[::step][: bench.sample])


def _kind(label: str) -> str:
    if label in ("US_SSN", "SSN"):
        return "SSN"
    kind = labels.type_of_label(label)
    return kind if kind in KINDS else ""


def _structured(bench: Bench, rows: list[tuple[str, dict[str, Any]]]) -> Table:
    path = _written(bench, [row["text"] for _, row in rows])
    ours = quality.findings(bench, [path])[path.name]
    own = [[(r["start"], r["end"], _own(r)) for r in ours.get(n, ())] for n in range(len(rows))]
    lines: list[tuple[Cell, ...]] = [("privscan", *_cells(rows, own), None)]
    for name, title in PII_PEERS:
        told = _peer(bench, name, path)
        if told is None:
            lines.append((title, *(None for _ in KINDS for _ in "PR"), "not installed"))
        else:
            lines.append((f"{title} {told['version']}", *_cells(rows, told["found"]), None))
    columns = tuple(f"{kind} {what}" for kind in KINDS for what in ("R", "P"))
    note = f"R recall, P precision, by a character's overlap; goal of privscan: {GOAL} each"
    return Table(f"Side by side, structured types ({len(rows)} records)", ("tool", *columns, ""), lines, note)


def _own(row: dict[str, Any]) -> str:
    if row["rule"].startswith("pii.us.ssn"):
        return "SSN"
    kind = labels.type_of_finding(row["rule"], row["entity"])
    return kind if kind in KINDS else ""


def _cells(rows: list[tuple[str, dict[str, Any]]], found: list[list[tuple[int, int, str]]]) -> Iterator[Cell]:
    """Yield recall and precision of each kind over all sets."""
    by_set: dict[str, list[tuple[list[Labelled], list[Labelled]]]] = {}
    for (name, row), spans in zip(rows, found, strict=True):
        gold = [Labelled(start, end, _kind(label), label) for start, end, label in row["spans"]]
        mine = [Labelled(start, end, kind, kind) for start, end, kind in spans if kind]
        by_set.setdefault(name, []).append((gold, mine))
    whole = dict.fromkeys(KINDS, Score())
    for name, documents in by_set.items():
        for kind, counts in labels.score(name, documents).types.items():
            whole[kind] += counts
    for kind in KINDS:
        yield from (whole[kind].recall, whole[kind].precision)


def _secrets(bench: Bench, rows: list[dict[str, Any]]) -> Table:
    """Count records with a reviewed credential in which anything is found, and those without one that are flagged."""
    path = _written(bench, [row["text"] for row in rows])
    ours = quality.findings(bench, [path])[path.name]
    own = [sum(r["rule"][:7] == "secret." and r["state"] == "new" for r in ours.get(n, ())) for n in range(len(rows))]
    lines: list[tuple[Cell, ...]] = [("privscan", *_shares(rows, own), None)]
    for name, title in SECRET_PEERS:
        told = _peer(bench, name, path)
        if told is None:
            lines.append((title, None, None, None, None, "not installed"))
        else:
            lines.append((f"{title} {told['version']}", *_shares(rows, told["found"]), None))
    columns = ("tool", "with a secret", "share found", "without", "share flagged", "")
    note = "Identifiers (UUIDs) and nonces are left out of the records with a secret"
    return Table("Side by side, reviewed lines of code and configuration", columns, lines, note)


def _shares(rows: list[dict[str, Any]], found: list[int]) -> tuple[Cell, ...]:
    gold = [n for n, row in enumerate(rows) if any(label not in ("UUID", "Nonce") for _, _, label in row["spans"])]
    none = [n for n, row in enumerate(rows) if not row["spans"]]
    share = [sum(found[n] > 0 for n in picked) / len(picked) if picked else None for picked in (gold, none)]
    return len(gold), share[0], len(none), share[1]


def _written(bench: Bench, texts: list[str]) -> Path:
    path = Path(bench.fresh("sides"), "records.jsonl")
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def _peer(bench: Bench, name: str, path: Path) -> dict[str, Any] | None:
    """Run one peer; None where it is not installed. RuntimeError with the end of its complaint where it fails."""
    done = subprocess.run([bench.peer_python, str(CHILD), name, str(path)], capture_output=True, text=True, check=False)
    if done.returncode == NOT_INSTALLED:
        return None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
