"""What a run comes to at its end: the report, made of the results of its shards."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import privscan
from privscan import gate, manifest, quasi, repeated, rules, runfolder, sampling, shard, states
from privscan.model import Artifact, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.echo import Names
    from privscan.model import Tally
    from privscan.run import Run

__all__ = ["report"]

SAMPLES = shard.SAMPLES  # of each entity in the report: as many as a shard keeps, so that cuts make no difference
PROBLEMS = 100


def report(run: Run, tally: Tally, names: Names) -> Report:
    """Return the report of a run whose shards came to `tally`; `names` says how fields may be told."""
    settings = run.settings
    samples: Counter[str] = Counter()
    kept = []
    for sample in (sample for result in run.results for sample in result.samples):
        samples[sample["entity"]] += 1
        if samples[sample["entity"]] <= SAMPLES:
            kept.append(names.sample(sample))
    problems = [*run.problems, *(problem for result in run.results for problem in result.problems)]
    return Report(
        command=settings.command,
        tool={"name": "privscan", "version": privscan.__version__, "rules_sha256": settings.rules_sha256},
        started=run.started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - run.clock, 3),
        policy=manifest.policy_told(settings),
        inputs=tuple(_artifacts(run)),
        outputs=tuple(run.outputs),
        tally=tally,
        problems=tuple(problems[:PROBLEMS]),
        samples=tuple(kept),
        gate=gate.judge(tally, settings.fail_on, settings.gate),
        complete=not problems,
        key=settings.key_source,
        settings=settings.told(),
        notes=(*rules.notes(settings.rule_files), *run.inputs.notes),
        details=_details(run, tally),
    )


def _details(run: Run, tally: Tally) -> dict[str, Any]:
    """Return what the report tells beyond its tally, by name; each is shown by a section of the reports."""
    settings = run.settings
    told: dict[str, Any] = {"rules": manifest.rules_told(settings, tally)}
    if settings.suppress:
        told["suppressions"] = states.told(settings.suppress, tally.excuses, settings.day)
    if settings.known:
        told["baseline"] = {"sha256": settings.known.sha256, "fingerprints": len(settings.known.prints)}
    if run.groups:
        told["quasi_identifiers"] = quasi.told(run.groups)
    if run.folder is not None:
        told |= repeated.told(run, run.folder)
    if run.drawn:
        told["sample"] = sampling.told(run.drawn, [result.tally for result in run.results])
    return told


def _artifacts(run: Run) -> Iterator[Artifact]:
    """Yield the inputs as they were read."""
    records: Counter[int] = Counter()
    for piece, result in zip(run.pieces, run.results, strict=True):
        records[piece.shard.file] += result.tally.records
    for number, file in enumerate(run.inputs.files):
        digest, path = "", run.stdin if file.path == "-" else file.path
        if run.folder is not None and not run.scratch and path != "-":
            with contextlib.suppress(OSError):
                digest = runfolder.sha256(path)
        yield Artifact(file.uri, run.before[file.path][0], records[number], digest)
