"""Plan shards, map them, merge, write the run folder. The order of results never depends on the order of work."""

from __future__ import annotations

import contextlib
import datetime
import functools
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import privscan
from privscan import (
    account,
    against,
    closing,
    echo,
    fields,
    formats,
    inputs,
    manifest,
    pieces,
    quasi,
    repeated,
    rows,
    runfolder,
    sampling,
    shard,
)
from privscan.dedup import Part, Summary
from privscan.errors import InputError, PrivscanError, UsageError
from privscan.model import Artifact, Outcome, Problem, Report, Shard, Tally
from privscan.parallel import Workers
from privscan.pieces import Piece
from privscan.writing import appearing, check_place, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from privscan.config import Settings
    from privscan.runfolder import RunFolder
    from privscan.shard import Result


class Run:
    """One run, from paths to report. UsageError before anything is written where it cannot be done as asked.

    With `resume`, work that an earlier process left in the run folder is taken over where it is whole. `only` names the
    files to read of those found, `tick` is told bytes and findings done since the last call.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[str],
        out: str | None = None,
        *,
        findings: str | None = None,
        overwrite: bool = False,
        resume: bool = False,
        only: Container[str] | None = None,
        tick: Callable[[int, int], None] | None = None,
    ) -> None:
        self.settings, self.paths, self.findings = settings, list(paths), findings
        self.started, self.clock = datetime.datetime.now(datetime.UTC), time.monotonic()
        self.tick = tick or (lambda _bytes, _findings: None)
        if findings is not None:
            manifest.check_findings(findings)
        check_place(settings.dedup.index, "--save-index ")
        self.inputs = inputs.gather(paths, exclude=out)
        if only is not None:
            self.inputs.files = [file for file in self.inputs.files if file.uri in only]
        self.before = {file.path: manifest.identity(file.path) for file in self.inputs.files}
        self.problems = list(self.inputs.problems)
        self.folder: RunFolder | None = None
        self.stdin, self.work, self.scratch = "-", "", ""
        self.over = False  # an earlier process has done it all
        self.whole: set[int] = set()  # inputs whose copies stand in the output already
        self.pieces: list[Piece] = []  # in order, with their results
        self.results: list[Result] = []
        self.groups: quasi.Groups = Counter()
        self.values = echo.Values()
        self.outputs: list[Artifact] = []
        self.drops: dict[str, str] = {}
        self.references = against.References()
        self.chosen: Summary | None = None
        self.repeats: repeated.Repeats | None = None
        self.drawn: sampling.Draw | None = None
        self.left = 0  # bytes of progress the piece at hand has not made
        if "-" not in self.before:
            self.check_fields()  # before an earlier run is overwritten
        self.open(out, overwrite=overwrite, resume=resume)

    @property
    def writes_data(self) -> bool:
        """Whether the command copies records."""
        return self.settings.command in ("clean", "dedup")

    @property
    def seeks_duplicates(self) -> bool:
        """Whether there is a first pass that signs the records."""
        return self.writes_data and self.settings.dedup.active

    def open(self, out: str | None, *, overwrite: bool, resume: bool) -> None:
        """Make the run folder ready, and the key and the standard input that a resume would need."""
        if out is None:
            self.scratch = self.work = tempfile.mkdtemp(prefix="privscan-")
        if out is not None or self.findings is not None:
            self.folder = runfolder.RunFolder(out or os.path.join(self.scratch, "run"))
            self.over = resume and "-" not in self.before and self.folder.whole(self.stamp())
            if self.over:
                return
            resumed = self.folder.open(overwrite=overwrite, resume=resume, stamp=self.stamp())
            self.work = self.folder.work
            self.whole = self.folder.files_done() if resumed else set()
            if self.settings.key_source == "ephemeral":
                self.settings = replace(self.settings, key=self.folder.key(self.settings.key))

    def check_fields(self) -> None:
        """UsageError for a field to look at, or to compare, that no record has."""
        asked = self.settings
        compared = asked.dedup_fields if self.seeks_duplicates else ()
        ranked = (asked.dedup.keep_field,) if self.seeks_duplicates and asked.dedup.keep_field else ()
        fields.check(
            lambda: self.plan,
            [("--field", self.settings.fields), ("--dedup-field", compared), ("--keep-field", ranked)],
        )

    def stamp(self) -> dict[str, Any]:
        """Return what must be the same for a resumed run to give the same bytes."""
        settings = self.settings
        return {
            "version": privscan.__version__,
            "settings": settings.told()
            | {"rules_sha256": settings.rules_sha256, "split": settings.split, "samples": settings.samples},
            "policy_sha256": settings.policy.sha256,
            "suppress_sha256": manifest.suppress_sha256(settings),
            "baseline_sha256": settings.known.sha256 if settings.known else "",
            "key": manifest.key_check(settings) if settings.key_source != "ephemeral" else "ephemeral",
            "command": settings.command,
            "files": [[file.uri, *self.before[file.path]] for file in self.inputs.files],
            "against": against.identity(settings) if self.seeks_duplicates else [],
            "model": manifest.model_told(settings),
        }

    def keep_stdin(self) -> None:
        """Keep standard input in a file where it is read twice; a resume goes on with what was kept whole."""
        self.stdin = os.path.join(self.work, "stdin.jsonl")
        if not os.path.exists(self.stdin):
            with appearing(self.stdin) as name, open(name, "wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        self.before["-"] = (os.path.getsize(self.stdin), 0)
        self.check_fields()

    def run(self) -> Report:
        """Do it all; the report says how it went."""
        if self.over and self.folder is not None:
            if self.findings:
                manifest.export_findings(rows.path(self.folder.path), self.findings)
            return rows.report(self.folder.path)
        workers = None
        try:
            if "-" in self.before and (self.writes_data or self.settings.fields):
                self.keep_stdin()
            workers = Workers(self.settings, shard.tools, self.workers)
            if self.folder is not None and self.seeks_duplicates:
                self.drops = self.duplicates(self.folder, workers)
            for result in workers.map(pieces.work, self.tasks()):
                self.done(result)
            self.unchanged()
            report = self.finish()
            workers.close()
            return report
        except BaseException as error:
            if workers is not None:
                workers.close(now=True)
            if self.folder is not None and isinstance(error, PrivscanError) and error.exit_code == UsageError.exit_code:
                self.folder.abandon()
            raise
        finally:
            self.sweep()

    def sweep(self) -> None:
        """Leave nothing lying about that a resume has no use for."""
        with contextlib.suppress(OSError):  # an error on its way matters more
            pieces.sweep(self.work)
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def total_bytes(self) -> int:
        """Return the bytes of progress a whole run makes: the inputs as they lie, and a quarter for signing them."""
        return self.size + self.size // 4 if self.seeks_duplicates else self.size

    @functools.cached_property
    def workers(self) -> int:
        """How many processes are worth their start."""
        worth = max(1, -(-self.size // (self.settings.split // 4)))
        return min(self.settings.workers, worth)

    # ------------------------------------------------------------ shards and pieces

    @functools.cached_property
    def plan(self) -> list[Shard]:
        """Cut the inputs into shards, numbered in the order of the output. A file that cannot be is a problem."""
        planned: list[Shard] = []
        for number, file in enumerate(self.inputs.files):
            path = self.stdin if file.path == "-" else file.path
            try:
                cut = formats.named(file.format).plan(path, file.uri, number, self.split)
            except (OSError, InputError) as error:
                reason = (
                    str(error)
                    if isinstance(error, InputError)
                    else f"cannot be read ({error.strerror}); mend it and run again"
                )
                self.problems.append(Problem(file.uri, None, "plan", reason))
                continue
            planned += cut
        if self.settings.sample and planned:
            drawn = sampling.draw(planned, self.size, self.settings.sample)
            if len(drawn.shards) < len(planned):
                self.drawn, planned = drawn, list(drawn.shards)
        return [replace(entry, index=index) for index, entry in enumerate(planned)]

    @property
    def size(self) -> int:
        """Bytes of the inputs as they lie."""
        return sum(size for size, _ in self.before.values())

    @property
    def split(self) -> int:
        """Bytes of a file that one shard takes."""
        return sampling.split(self.size) if self.settings.sample else self.settings.split

    def cut(self) -> Iterator[Piece]:
        """Yield the shards as workers take them: large streams in pieces where there are several workers."""
        counts = Counter(entry.file for entry in self.plan)
        for entry in self.plan:
            size = self.before[self.inputs.files[entry.file].path][0] // counts[entry.file]
            if self.workers > 1 and pieces.streams(entry, size, self.settings.split):
                yield from pieces.cut(entry, size, self.settings.split, self.work)
            else:
                yield Piece(entry, f"{entry.index:06d}", size)

    def tasks(self) -> Iterator[tuple[Any, ...]]:
        for piece in self.cut():
            self.pieces.append(piece)
            if self.drops and piece.name not in self.drops:
                raise InputError(f"{piece.shard.uri}: changed while it was read; run again when nothing writes to it")
            joined = piece.shard.file in self.whole
            yield piece, self.folder, self.writes_data, joined, self.drops.get(piece.name), self.ticker(piece)

    def ticker(self, piece: Piece) -> Callable[[int, int], None] | None:
        """Return the progress call for work in this process; other processes are told of when they end.

        Bytes are those of the file as it lies: what was decompressed is taken for four times as much.
        """
        self.left = piece.size
        if self.workers > 1:
            return None
        swell = 1 if pieces.plain(piece.shard) else pieces.SWELL

        def tick(size: int, findings: int) -> None:
            step = min(size // swell, self.left)
            self.left -= step
            self.tick(step, findings)

        return tick

    def done(self, result: Result) -> None:
        """Take the next piece's result; put a file's copy in its place when all of it is done."""
        piece = self.pieces[len(self.results)]
        if self.results and (last := self.pieces[len(self.results) - 1].shard.file) != piece.shard.file:
            self.assemble(last)
        self.results.append(result)
        self.groups = quasi.merged(self.groups, result.groups)
        self.values.update(result.values)
        result.groups, result.values = Counter(), echo.Values()  # they are many
        if self.workers > 1:
            self.tick(piece.size, result.tally.findings.total())
        else:
            self.tick(self.left, 0)

    def duplicates(self, folder: RunFolder, workers: Workers) -> dict[str, str]:
        """Sign every piece, then choose which rows go; return each piece's file of dropped rows by its name."""
        from privscan.dedup.choose import choose

        signed: list[Piece] = []

        def tasks() -> Iterator[tuple[Any, ...]]:
            for piece in self.cut():
                signed.append(piece)
                yield piece, f"{folder.stem(piece.name)}.sign"

        for number, _ in enumerate(workers.map(pieces.sign, tasks())):
            self.tick(signed[number].size // 4, 0)
        parts = [Part(f"{folder.stem(piece.name)}.sign", piece.shard.file) for piece in signed]
        asked = self.settings.dedup
        if asked.against:
            self.references = against.sign_against(self.settings, folder.work, workers)
            self.problems += self.references.problems
        chosen = self.chosen = choose(parts, asked, folder.work, self.references.parts)
        if asked.passage:
            repeated.find(self, folder, workers, parts, chosen.drops)
        if asked.index:
            from privscan.dedup import index

            index.save(parts, chosen.drops, asked, self.named, asked.index)
        return dict(zip((piece.name for piece in signed), chosen.drops, strict=True))

    def named(self, file: int) -> str:
        """Return the name of an input file, or below 0 of a file of a reference set."""
        return self.inputs.files[file].uri if file >= 0 else self.references.name(file)

    def unchanged(self) -> None:
        """See that no input was written to while it was read."""
        for file in self.inputs.files:
            if file.path != "-" and manifest.identity(file.path) != self.before[file.path]:
                self.problems.append(
                    Problem(file.uri, None, "read", "changed while it was read; run again when nothing writes to it")
                )

    # ------------------------------------------------------------ the end

    def finish(self) -> Report:
        if self.results:
            self.assemble(self.pieces[-1].shard.file)
        files = (name for file in self.inputs.files for name in (file.uri, os.path.abspath(file.path)))
        own = functools.partial(echo.own, self.settings.policy, self.settings.rules, files)
        names = echo.Names(self.values, self.settings.key, own)
        if self.folder is not None:
            with writing(self.work):
                names.rewrite(map(self.folder.stem, (piece.name for piece in self.pieces)))
        tally = Tally.total(result.tally for result in self.results)
        tally.fields = names.counted(account.fewest(tally.fields))
        if self.folder is not None and self.drops:
            for piece in self.pieces:
                stem = self.folder.stem(piece.name)
                tally.methods += pieces.told_duplicates(piece, self.drops[piece.name], stem, self.named)
        if not self.inputs.files:
            known = ".jsonl, .ndjson and .jsonlines, plain, .gz or .zst, .parquet and .tar"
            reason = f"nothing to read: no file of a known format ({known})"
            self.problems.append(Problem(", ".join(self.paths), None, "plan", reason))
        if self.drawn:
            reason = f"{tally.records} of about {max(self.drawn.records, tally.records)} records were looked at"
            self.problems.append(Problem(", ".join(self.paths), None, "sample", reason))
        for problem in self.problems:
            tally.reasons[(problem.stage, problem.reason)] += 1
        report = closing.report(self, tally, names)
        if self.folder is not None:
            self.write(self.folder, report)
        return report

    def assemble(self, number: int) -> None:
        """Join an input's parts and put its copy under data/ by rename.

        The folder is told first, and the parts go last: cut off anywhere, either they or the copy can be used.
        """
        folder = self.folder
        if folder is None or not self.writes_data:
            return
        done = ((self.pieces[at], self.results[at]) for at in reversed(range(len(self.results))))
        ours = list(itertools.takewhile(lambda pair: pair[0].shard.file == number, done))[::-1]
        entry = ours[0][0].shard
        outcomes = [result.tally.outcomes for _, result in ours]
        records = sum(counts[Outcome.CLEAN] + counts[Outcome.REDACTED] for counts in outcomes)
        parts = [f"{folder.stem(piece.name)}.data" for piece, _ in ours]
        uri = f"data/{entry.uri}"
        target = os.path.join(folder.path, uri)
        with writing(target):
            if number in self.whole:
                made = Artifact(uri, os.path.getsize(target), records, runfolder.sha256(target))
            else:
                whole = parts[0]
                if len(parts) > 1 or not os.path.getsize(whole):
                    whole = os.path.join(folder.work, f"file-{number:06d}.data")
                    formats.named(entry.format).assemble(entry, parts, whole)
                made = Artifact(uri, os.path.getsize(whole), records, runfolder.sha256(whole))
                folder.file_done(number, made)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.replace(whole, target)
            for part in parts:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part)
        self.outputs.append(made)

    def write(self, folder: RunFolder, report: Report) -> None:
        """Write the run folder's side files, the manifest last."""
        from privscan.reports import Listing, html
        from privscan.reports import json as report_json

        stems = [folder.stem(piece.name) for piece in self.pieces]
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
            if self.settings.dedup.passage and not self.settings.dedup.cuts:
                folder.join("repeated.jsonl", (f"{stem}.repeated" for stem in stems))
        folder.put("report.json", report_json.dump(report))
        folder.put("report.html", html.render(report, Listing(rows.read(folder.path)), self.settings.cache_dir))
        sides = [name for name in runfolder.SIDE_FILES if os.path.exists(os.path.join(folder.path, name))]
        told = manifest.of(self.settings, report, self.paths, self.inputs)
        told["files"] = {name: runfolder.sha256(os.path.join(folder.path, name)) for name in sides}
        told["stamp"] = runfolder.seal(self.stamp())
        folder.close(json.dumps(told, indent=1) + "\n")


__all__ = ["Run"]
