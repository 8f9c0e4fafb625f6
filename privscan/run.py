"""Plan shards, map them, merge, write the run folder. The order of results never depends on the order of work."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import privscan
from privscan import formats, inputs, manifest, runfolder, shard
from privscan.dedup import Part
from privscan.errors import InputError, OutputError, PrivscanError
from privscan.model import Artifact, Outcome, Problem, Report, Severity, Shard, State, Tally
from privscan.parallel import Workers
from privscan.shard import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from privscan.config import Settings
    from privscan.inputs import Inputs
    from privscan.runfolder import RunFolder
    from privscan.shard import Tools

SAMPLES = 3  # of each entity in the report
PROBLEMS = 100
Tick = "Callable[[int, int], None]"  # bytes and findings done since the last call


class Run:
    """One run, from paths to report."""

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[str],
        out: str | None = None,
        *,
        findings: str | None = None,
        overwrite: bool = False,
        resume: bool = False,
        tick: Callable[[int, int], None] | None = None,
    ) -> None:
        self.settings, self.paths, self.out, self.findings = settings, list(paths), out, findings
        self.started = datetime.datetime.now(datetime.UTC)
        self.clock = time.monotonic()
        self.tick = tick or (lambda _bytes, _findings: None)
        self.inputs = inputs.gather(paths, exclude=out)
        self.before = {file.path: manifest.identity(file.path) for file in self.inputs.files}
        self.problems = list(self.inputs.problems)
        self.writes_data = settings.command in ("clean", "dedup")
        self.folder: RunFolder | None = None
        self.results: list[Result] = []
        self.drops: list[str] = []
        self.scratch: str | None = None
        if out is not None:
            self.folder = runfolder.RunFolder(out)
            self.folder.open(overwrite=overwrite, resume=resume, stamp=self.stamp())
        elif findings is not None:
            self.scratch = tempfile.mkdtemp(prefix="privscan-")
            self.folder = runfolder.RunFolder(self.scratch)
            self.folder.open(overwrite=True, resume=False, stamp={})

    def stamp(self) -> dict[str, Any]:
        """Return what must be the same for a resumed run to give the same bytes."""
        return {
            "version": privscan.__version__,
            "settings": self.settings.told() | {"rules_sha256": self.settings.rules_sha256, "split": self.settings.split},
            "policy_sha256": self.settings.policy.sha256,
            "key": manifest.key_check(self.settings) if self.settings.key_source != "ephemeral" else "ephemeral",
            "files": [[file.uri, *self.before[file.path]] for file in self.inputs.files],
        }

    def run(self) -> Report:
        """Do it all; the report says how it went."""
        workers = None
        try:
            workers = Workers(self.settings, shard.tools, self.worker_count())
            if self.writes_data and self.settings.dedup.method != "off":
                self.drops = self.duplicates(workers)
            for result in workers.map(work, self.tasks()):
                self.results.append(result)
            self.unchanged()
            report = self.finish()
            workers.close()
            return report
        except BaseException:
            if workers is not None:
                workers.close(now=True)
            raise
        finally:
            if self.scratch:
                shutil.rmtree(self.scratch, ignore_errors=True)

    def total_bytes(self) -> int:
        """Return the bytes of progress a whole run makes: the inputs as they lie, and a quarter for signing them."""
        size = sum(size for size, _ in self.before.values())
        return size + size // 4 if self.writes_data and self.settings.dedup.method != "off" else size

    def worker_count(self) -> int:
        """Return how many processes are worth their start."""
        total = sum(size for size, _ in self.before.values())
        worth = max(1, -(-total // (self.settings.split // 4)))
        return min(self.settings.workers, worth)

    # ------------------------------------------------------------ shards

    @functools.cached_property
    def plan(self) -> list[Shard]:
        """Cut the inputs into shards, numbered in the order of the output. A file that cannot be planned is a problem."""
        planned: list[Shard] = []
        for number, file in enumerate(self.inputs.files):
            try:
                cut = formats.known()[file.format].plan(file.path, file.uri, number, self.settings.split)
            except (OSError, InputError) as error:
                reason = str(error) if isinstance(error, InputError) else f"cannot be read ({error.strerror})"
                self.problems.append(Problem(file.uri, None, "plan", reason))
                continue
            planned += cut
        return [replace(entry, index=index) for index, entry in enumerate(planned)]

    def tasks(self) -> Iterator[tuple[Any, ...]]:
        for entry in self.plan:
            drops = self.drops[entry.index] if self.drops else None
            stem = self.folder.stem(entry.index) if self.folder else None
            yield entry, self.folder, stem, self.writes_data, drops, self.ticker()

    def ticker(self) -> Callable[[int, int], None] | None:
        """Return the progress call for work in this process; other processes are told of when they end."""
        return self.tick if self.worker_count() == 1 else None

    def duplicates(self, workers: Workers) -> list[str]:
        """Sign every shard, then choose which rows go; return one file of dropped rows a shard."""
        from privscan.dedup.choose import choose

        assert self.folder is not None
        stems = [f"{self.folder.stem(entry.index)}.sign" for entry in self.plan]
        for done in workers.map(sign, ((entry, stem) for entry, stem in zip(self.plan, stems, strict=True))):
            self.tick(done // 4, 0)
        parts = [Part(stem, entry.file) for entry, stem in zip(self.plan, stems, strict=True)]
        return list(choose(parts, self.settings.dedup, self.folder.work).drops)

    def told_duplicates(self) -> Counter[str]:
        """Write one row a dropped row, and count them by method."""
        from privscan.dedup.store import drops

        assert self.folder is not None
        methods: Counter[str] = Counter()
        for entry, path in zip(self.plan, self.drops, strict=True):
            with open(f"{self.folder.stem(entry.index)}.duplicates", "w", encoding="utf-8") as out:
                for record, twin in sorted(drops(path).items()):
                    methods[twin.method] += 1
                    row = {"uri": entry.uri, "record": record, "kept_uri": self.inputs.files[twin.file].uri, "kept_record": twin.row}
                    out.write(json.dumps(row | {"similarity": twin.similarity, "method": twin.method}) + "\n")
        return methods

    def unchanged(self) -> None:
        """See that no input was written to while it was read."""
        for file in self.inputs.files:
            if file.path != "-" and manifest.identity(file.path) != self.before[file.path]:
                self.problems.append(
                    Problem(file.uri, None, "read", "changed while it was read; run again when nothing writes to it")
                )

    # ------------------------------------------------------------ the end

    def finish(self) -> Report:
        tally = Tally()
        for result in self.results:
            tally = tally + result.tally
        if self.drops:
            tally.methods += self.told_duplicates()
        for problem in self.problems:
            tally.reasons[(problem.stage, problem.reason)] += 1
        if not self.inputs.files:
            self.problems.append(Problem(", ".join(self.paths), None, "plan", "nothing to read: no file of a known format"))
        outputs = self.assemble() if self.writes_data else ()
        report = self.report(tally, outputs)
        if self.folder is not None:
            self.write(report)
        return report

    def assemble(self) -> tuple[Artifact, ...]:
        """Join every file's parts and put it under data/ by rename."""
        assert self.folder is not None
        artifacts = []
        by_file: dict[int, list[Shard]] = {}
        for entry in self.plan:
            by_file.setdefault(entry.file, []).append(entry)
        for entries in by_file.values():
            artifacts.append(self.assembled(self.folder, entries))
        return tuple(artifacts)

    def assembled(self, folder: RunFolder, entries: Sequence[Shard]) -> Artifact:
        first = entries[0]
        target = os.path.join(folder.path, "data", first.uri)
        joined = f"{folder.stem(first.index)}.joined"
        tallies = [self.results[entry.index].tally.outcomes for entry in entries]
        records = sum(counts[Outcome.CLEAN] + counts[Outcome.REDACTED] for counts in tallies)
        try:
            if not (os.path.exists(joined) and os.path.exists(target)):
                whole = f"{folder.stem(first.index)}.whole"
                parts = [part for entry in entries if os.path.exists(part := f"{folder.stem(entry.index)}.data")]
                if parts:
                    formats.known()[first.format].assemble(first, parts, whole)
                    for entry in entries:
                        open(f"{folder.stem(entry.index)}.joined", "wb").close()
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.replace(whole, target)
            return Artifact(f"data/{first.uri}", os.path.getsize(target), records, runfolder.sha256(target))
        except OSError as error:
            raise runfolder.unwritable(target, error) from None

    def report(self, tally: Tally, outputs: tuple[Artifact, ...]) -> Report:
        settings = self.settings
        samples: Counter[str] = Counter()
        kept = []
        for result in self.results:
            for sample in result.samples:
                samples[sample["entity"]] += 1
                if samples[sample["entity"]] <= SAMPLES:
                    kept.append(sample)
        problems = [*self.problems, *(problem for result in self.results for problem in result.problems)]
        return Report(
            command=settings.command,
            tool={"name": "privscan", "version": privscan.__version__, "rules_sha256": settings.rules_sha256},
            started=self.started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self.clock, 3),
            policy=manifest.policy_told(settings),
            inputs=tuple(self.artifacts()),
            outputs=outputs,
            tally=tally,
            problems=tuple(problems[:PROBLEMS]),
            samples=tuple(kept),
            gate=gate(tally, settings.fail_on),
            complete=not problems,
            key=settings.key_source,
            settings=settings.told(),
            notes=tuple(self.inputs.notes),
        )

    def artifacts(self) -> Iterator[Artifact]:
        records: Counter[int] = Counter()
        for entry, result in zip(self.plan, self.results, strict=True):
            records[entry.file] += result.tally.records
        for number, file in enumerate(self.inputs.files):
            digest = ""
            if self.folder is not None and not self.scratch and file.path != "-":
                with contextlib.suppress(OSError):
                    digest = runfolder.sha256(file.path)
            yield Artifact(file.uri, self.before[file.path][0], records[number], digest)

    def write(self, report: Report) -> None:
        """Write the run folder's side files, the manifest last: a folder with a manifest is whole."""
        from privscan.reports import html
        from privscan.reports import json as report_json

        folder = self.folder
        assert folder is not None
        stems = [folder.stem(entry.index) for entry in self.plan]
        folder.join("findings.jsonl", (f"{stem}.findings" for stem in stems))
        if self.findings:
            manifest.export_findings(os.path.join(folder.path, "findings.jsonl"), self.findings)
        if self.scratch:
            return
        own = "".join(json.dumps(problem.row()) + "\n" for problem in self.problems)
        folder.put(f"{runfolder.WORK}/own.quarantine", own)
        folder.join("quarantine.jsonl", [f"{folder.work}/own.quarantine", *(f"{stem}.quarantine" for stem in stems)])
        if self.writes_data:
            folder.join("duplicates.jsonl", (f"{stem}.duplicates" for stem in stems))
        folder.put("report.json", report_json.dump(report))
        folder.put("report.html", html.render(report))
        folder.put("manifest.json", json.dumps(manifest.of(self.settings, report, self.paths, self.inputs), indent=1) + "\n")
        folder.close()


def work(
    kit: Tools,
    entry: Shard,
    folder: RunFolder | None,
    stem: str | None,
    data: bool,  # noqa: FBT001 - a task is a tuple
    drops: str | None,
    tick: Callable[[int, int], None] | None,
) -> Result:
    """Process one shard in any process, or take over what an earlier run left of it."""
    if folder is not None:
        kept = folder.recall(entry.index)
        if kept is not None:
            return kept
    try:
        result = shard.process_shard(entry, kit, stem, data=data, duplicates=drops, tick=tick)
    except OSError as error:
        raise runfolder.unwritable(stem or entry.uri, error) from None
    if folder is not None:
        folder.remember(result)
    return result


def sign(kit: Tools, entry: Shard, stem: str) -> int:
    """Sign one shard's rows for deduplication; return its bytes. Signed before: nothing to do."""
    from privscan.dedup.sign import Signer

    if os.path.exists(stem):
        return 0
    signer = Signer(stem, kit.settings.dedup)
    total = 0
    with contextlib.suppress(InputError):  # pass two meets it again and tells of it
        for block in formats.known()[entry.format].blocks(entry):
            texts = block.texts(kit.settings.dedup_fields)
            signer.add(block.first, [block.first + row for row in range(len(texts))], texts)
            total += block.nbytes
    signer.close()
    return total


def gate(tally: Tally, fail_on: Severity | None) -> dict[str, Any]:
    """Return the gate's verdict: new findings at or over the severity it fails on."""
    failing = 0
    if fail_on is not None:
        for (_, _, _, severity, state), count in tally.findings.items():
            if state == State.NEW and Severity.of(severity) >= fail_on:
                failing += count
    return {"fail_on": "never" if fail_on is None else fail_on.label, "failing": failing}


def exit_code(report: Report) -> int:
    """Return the exit code; a pure function of the report."""
    if not report.complete:
        return 3
    return 1 if report.gate["failing"] else 0


__all__ = ["InputError", "Inputs", "OutputError", "PrivscanError", "Run", "exit_code", "gate"]
