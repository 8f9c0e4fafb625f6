"""CPU seconds: the core in this process, whole commands as children, start-up, and two workers against one."""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpus
from benchmarks.measure import Bench, Cost, child, here, load, medians, privscan, told
from benchmarks.tables import Table
from privscan import config, formats
from privscan.reports.json import load as load_report
from privscan.shard import process_shard, tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.tables import Cell

CORE_GOALS = {("low", False): 150.0}
CLEAN_GOALS = {"low": 60.0, "high": 20.0}
HELP_GOAL, EMPTY_GOAL = 0.2, 0.6  # seconds
WORKERS_GOAL = 1.7
POLICY = "web"  # every rule of identifiers and secrets, no model; what the model of `standard` costs is told apart


def tables(bench: Bench) -> Iterator[Table]:
    """Measure the core and the commands at low and high density."""
    pieces = corpus.prose(bench.data)
    made = {mix: _made(bench, pieces, mix) for mix in (corpus.LOW, corpus.HIGH, corpus.COPIES)}
    yield _core(bench, made)
    yield _commands(bench, made)
    yield _workers(bench, made[corpus.LOW])


def startup(bench: Bench) -> list[Table]:
    """Measure `--help` and the scan of an empty file, with the rules' databases cached and not."""
    folder = Path(bench.fresh("startup"))
    empty = folder / "empty.jsonl"
    empty.touch()
    scan = privscan("scan", str(empty), "-q")
    child(scan)
    rows: list[tuple[Cell, ...]] = []
    for command, goal in ((privscan("--help"), HELP_GOAL), (scan, EMPTY_GOAL)):
        cost = medians(bench.runs, lambda command=command: child(command))  # type: ignore[misc]
        rows.append((told(command, bench), cost.cpu, cost.wall, goal, _met(-cost.cpu, -goal)))
    homes = iter([str(folder / f"home{run}") for run in range(bench.runs)])

    def cold() -> Cost:
        home = next(homes)
        os.mkdir(home)
        return child(["env", f"HOME={home}", *scan])

    cost = medians(bench.runs, cold)
    rows.append(("the same, rules compiled anew", cost.cpu, cost.wall, None, None))
    return [Table("Start-up", ("command", "CPU s", "wall s", "goal s", "met (CPU)"), rows, load())]


def core(bench: Bench, path: Path, *, data: bool, policy: str = POLICY) -> float:
    """Take a plain JSONL file through the line in this process, no file written; return MB per CPU second, the median.

    `data` redacts in memory as well. The file is taken part by part, each once, by tools that have compiled what they
    need on their way through the parts before; the first is not counted. Nothing is timed that was seen before.
    """
    settings = config.settings("clean" if data else "scan", workers=1, policy=policy)
    size = path.stat().st_size
    parts = formats.named("jsonl").plan(str(path), path.name, 0, size // (bench.runs + 1) + 1)
    kit = tools(settings)
    rates = []
    for part in parts if len(parts) > 1 else parts * 2:
        cost = here(lambda part=part: process_shard(part, kit, data=data))  # type: ignore[misc]
        rates.append(((part.stop or size) - (part.start or 0)) / cost.cpu / 1e6)
    return statistics.median(rates[1:])


def _made(bench: Bench, pieces: list[str], mix: corpus.Mix) -> tuple[Path, Path, int]:
    """Write a mix as .jsonl and .jsonl.zst; return the two files and the uncompressed bytes."""
    path = bench.corpus(mix.name, bench.megabytes, ".jsonl")
    size = corpus.write(path, corpus.records(pieces, mix, bench.seed), bench.megabytes * 1e6)
    return path, corpus.recompress(path), size


def _core(bench: Bench, made: dict[corpus.Mix, tuple[Path, Path, int]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for mix in (corpus.LOW, corpus.HIGH):
        path, _, size = made[mix]
        for data in (False, True):
            rate = core(bench, path, data=data)
            goal = CORE_GOALS.get((mix.name, data))
            rows.append((mix.name, "scan and redact" if data else "scan", size / 1e6, rate, goal, _met(rate, goal)))
    path, _, size = made[corpus.LOW]
    rate = core(bench, path, data=False, policy="standard")
    rows.append(("low", "scan, policy standard", size / 1e6, rate, None, None))
    rules = len(config.settings("scan", policy=POLICY).rules)
    return Table(
        f"Core, in process, no files written, policy {POLICY}: {rules} rules",
        ("density", "work", "MB", "MB/CPU s", "goal", "met"),
        rows,
        load(),
    )


def _commands(bench: Bench, made: dict[corpus.Mix, tuple[Path, Path, int]]) -> Table:
    plan: list[tuple[corpus.Mix, str, tuple[str, ...]]] = [
        (corpus.LOW, "clean", ("--dedup", "off")),
        (corpus.HIGH, "clean", ("--dedup", "off")),
        (corpus.LOW, "scan", ()),
        (corpus.HIGH, "scan", ()),
        (corpus.COPIES, "clean", ("--dedup", "exact")),
        (corpus.COPIES, "clean", ("--dedup", "near")),
        (corpus.COPIES, "dedup", ("--dedup", "near")),
    ]
    rows: list[tuple[Cell, ...]] = []
    for mix, verb, extra in plan:
        _, packed, size = made[mix]
        out = bench.fresh(verb)
        written = [] if verb == "scan" else ["-o", out, "--overwrite"]
        policy = [] if verb == "dedup" else ["--policy", POLICY]
        command = privscan(verb, str(packed), *written, *extra, *policy, "--workers", "1", "-q")
        cost = medians(bench.runs, lambda command=command: child(command))  # type: ignore[misc]
        rate = size / cost.cpu / 1e6
        goal = CLEAN_GOALS.get(mix.name) if verb == "clean" else None
        seen = _outcomes(Path(out, "report.json"))
        rows.append((told(command, bench), cost.cpu, rate, goal, _met(rate, goal), cost.wall, cost.peak / 1e6, seen))
    return Table(
        f"Commands, .zst to .zst, one worker, {bench.megabytes:g} MB uncompressed, start-up included",
        ("command", "CPU s", "MB/CPU s", "goal", "met", "wall s", "peak MB", "redacted + duplicates / records"),
        rows,
        load(),
    )


def _outcomes(path: Path) -> str:
    if not path.exists():
        return ""
    counts = load_report(path.read_bytes()).tally.outcomes
    return f"{counts['redacted']} + {counts['duplicate']} / {counts.total()}"


def _workers(bench: Bench, made: tuple[Path, Path, int]) -> Table:
    path, _, size = made
    shards = len(formats.named("jsonl").plan(str(path), path.name, 0, config.SPLIT))
    rows: list[tuple[Cell, ...]] = []
    alone = 0.0
    for workers in (1, 2):
        out = bench.fresh("workers")
        command = privscan(
            *("clean", str(path), "-o", out, "--overwrite", "--dedup", "off", "--policy", POLICY),
            *("--workers", str(workers), "-q"),
        )
        cost = medians(bench.runs, lambda command=command: child(command))  # type: ignore[misc]
        alone = alone or cost.wall
        ratio = alone / cost.wall
        goal = WORKERS_GOAL if workers == 2 else None
        rows.append((told(command, bench), cost.wall, size / cost.wall / 1e6, ratio, goal, _met(ratio, goal), cost.cpu))
    return Table(
        f"Workers, plain JSONL in {shards} shards (wall time: only an idle machine tells the truth)",
        ("command", "wall s", "MB/wall s", "x one worker", "goal", "met", "CPU s"),
        rows,
        load(),
    )


def _met(value: float, goal: float | None) -> str | None:
    return None if goal is None else "yes" if value >= goal else "NO"
