"""One run from paths to report: the same bytes however the work is cut, cut off and taken up again."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import config, pieces
from privscan.errors import PrivscanError, UsageError
from privscan.formats import jsonl
from privscan.formats import lines as cut
from privscan.gate import exit_code
from privscan.gate import judge as gate
from privscan.model import Outcome, Report, Severity, Tally
from privscan.run import Run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Options = dict[str, Any]
    Told = Callable[[Path], dict[str, bytes]]
    Packed = Callable[[str, bytes], bytes]

NAMES = ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"]
SPLIT = 1 << 16


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 KB, so that small files have many of them."""
    monkeypatch.setattr(cut, "BLOCK_BYTES", 1 << 13)


def clean(source: Path, out: Path, options: Options, **more: Any) -> Report:
    return privscan.clean(str(source), str(out), **(options | {"split": SPLIT} | more))


# ---------------------------------------------------------------- the same for any number of workers


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", NAMES)
def test_workers_make_no_difference(
    tmp_path: Path,
    options: Options,
    corpus: bytes,
    told: Told,
    packed: Packed,
    unpacked: Callable[[Path], bytes],
    name: str,
) -> None:
    source = tmp_path / name
    source.write_bytes(packed(name, corpus))
    alone = clean(source, tmp_path / "one", options)
    shared = clean(source, tmp_path / "two", options, workers=3)
    assert told(tmp_path / "two") == told(tmp_path / "one")
    assert alone.complete
    assert alone.tally == shared.tally
    assert alone.tally.outcomes[Outcome.REDACTED] > 400
    assert alone.tally.outcomes[Outcome.DUPLICATE] > 300
    copy = unpacked(tmp_path / "two" / "data" / name)
    assert len(copy.splitlines()) == 4000 - alone.tally.outcomes[Outcome.DUPLICATE]
    assert b"@mail.acme-widgets" not in copy


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-2]], ids=["half", "end"])
@pytest.mark.parametrize("name", NAMES[1:])
def test_a_broken_stream_ends_the_same_for_any_number_of_workers(
    tmp_path: Path,
    options: Options,
    corpus: bytes,
    told: Told,
    packed: Packed,
    name: str,
    damage: Callable[[bytes], bytes],
) -> None:
    source = tmp_path / name
    source.write_bytes(damage(packed(name, corpus)))
    alone = clean(source, tmp_path / "one", options, split=1 << 15)
    clean(source, tmp_path / "two", options, split=1 << 15, workers=2)
    assert told(tmp_path / "two") == told(tmp_path / "one")
    assert exit_code(alone) == 3
    assert "cannot be read beyond record" in alone.problems[0].reason


@pytest.mark.usefixtures("small_blocks")
def test_a_line_too_long_in_a_stream_is_quarantined_by_any_number_of_workers(
    tmp_path: Path, options: Options, corpus: bytes, told: Told, packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "MAX_LINE", 1 << 16)
    source = tmp_path / "a.jsonl.zst"
    bomb = b'{"text":"' + bytes(2 << 16) + b'"}\n'
    half = corpus.index(b"\n", len(corpus) // 2) + 1
    source.write_bytes(packed(source.name, corpus[:half] + bomb + bomb + corpus[half:] + bomb))
    alone = clean(source, tmp_path / "one", options, split=1 << 15)
    clean(source, tmp_path / "two", options, split=1 << 15, workers=2)
    assert told(tmp_path / "two") == told(tmp_path / "one")
    assert alone.tally.records == 4003
    assert alone.tally.outcomes[Outcome.QUARANTINED] == 3


def test_a_stream_is_cut_at_blocks_and_its_spool_files_go(
    tmp_path: Path, corpus: bytes, packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "BLOCK_BYTES", 1 << 13)
    source = tmp_path / "a.jsonl.gz"
    source.write_bytes(packed(source.name, corpus))
    shard = jsonl.Jsonl().plan(str(source), source.name, 0, SPLIT)[0]
    read, rows = b"", 0
    for piece in pieces.cut(shard, 1000, SPLIT, str(tmp_path)):
        assert piece.shard.first_record == rows
        spooled = (tmp_path / os.path.basename(piece.shard.path)).read_bytes()
        assert len(spooled) < SPLIT + (1 << 13)
        read, rows = read + spooled, rows + spooled.count(b"\n")
        piece.discard()
    assert read == corpus
    assert list(tmp_path.iterdir()) == [source]


def test_scan_and_clean_find_the_same(tmp_path: Path, options: Options, corpus: bytes) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus)
    privscan.clean(str(source), str(tmp_path / "out"), **options, dedup="off")
    privscan.scan(str(source), findings=str(tmp_path / "found.jsonl"), **options)
    assert (tmp_path / "found.jsonl").read_bytes() == (tmp_path / "out" / "findings.jsonl").read_bytes()


def test_findings_as_parquet_hold_the_same_rows(tmp_path: Path, options: Options, corpus: bytes) -> None:
    import pyarrow.parquet as pq

    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus)
    for name in ("found.jsonl", "found.parquet"):
        privscan.scan(str(source), findings=str(tmp_path / name), **options)
    rows = [json.loads(line) for line in (tmp_path / "found.jsonl").read_bytes().splitlines()]
    assert pq.read_table(tmp_path / "found.parquet").to_pylist() == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "found.jsonl", "found.parquet"]


# ---------------------------------------------------------------- cut off and taken up again


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[bytes]) -> None:
    """Wait until something has happened, for as long as the process lives."""
    end = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, (
            process.stdout and process.stdout.read(),
            process.stderr and process.stderr.read(),
        )
        assert time.monotonic() < end
        time.sleep(0.002)


def children(pid: int) -> list[int]:
    """The processes under a process."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(number) for number in file.read().split()]


def gone(pids: list[int]) -> bool:
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] != "Z":
                    return False
        except (FileNotFoundError, ProcessLookupError):
            continue
    return True


linux = pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="reads /proc")


@pytest.fixture
def big(tmp_path: Path, corpus: bytes) -> Path:
    """A folder whose cleaning takes a while: many files, enough for two workers."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(16):
        text = corpus.replace(b'"text": "', b'"text": "%d ' % number)
        (folder / f"{number:02}.jsonl").write_bytes(text)
    return folder


ARGS = ("clean", "in", "-o", "out", "-q", "--dedup", "exact", "--select", "pii.email", "--workers", "2")


@linux
@pytest.mark.parametrize("keyed", [True, False], ids=["key given", "key made for the run"])
def test_killed_and_resumed_gives_the_same_bytes(
    big: Path,
    tmp_path: Path,
    start: Callable[..., subprocess.Popen[bytes]],
    cli: Any,
    told: Told,
    cache_dir: str,
    keyed: bool,
) -> None:
    files = len(list(big.iterdir()))
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "p"\nname = "p"\ndetectors = ["patterns"]\n[default]\noperator = "pseudonym"\n')
    args = (*ARGS, "--policy", policy)
    process = start(*args, env={"PRIVSCAN_KEY": "k" * 32} if keyed else {})
    work = tmp_path / "out" / ".work"
    wait_for(lambda: work.is_dir() and any(work.glob("part-*.json")), process)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    end = time.monotonic() + 10
    while not gone(workers):
        assert time.monotonic() < end, "a worker outlived its run"
        time.sleep(0.01)
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert os.stat(work).st_mode & 0o077 == 0
    key = b"k" * 32
    if not keyed:
        assert os.stat(work / "key").st_mode & 0o177 == 0
        key = (work / "key").read_bytes()
        assert len(key) == 32
    finished = {path: path.stat().st_mtime_ns for path in work.glob("part-*.json")}
    assert 0 < len(finished) < files
    refused = cli(*args, env={"PRIVSCAN_KEY": "k" * 32} if keyed else {})
    assert refused.returncode == 2
    assert b"--resume" in refused.stderr
    seen = {}
    process = start(*args, "--resume", env={"PRIVSCAN_KEY": "k" * 32} if keyed else {})
    while process.poll() is None:
        for path in finished:
            try:
                seen[path] = path.stat().st_mtime_ns
            except FileNotFoundError:
                continue
        time.sleep(0.005)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    assert seen == finished, "a finished part was done again"
    assert not work.exists()
    named = {"policy": str(policy), "select": ["pii.email"], "dedup": "exact", "workers": 1, "cache_dir": cache_dir}
    privscan.clean(str(big), str(tmp_path / "fresh"), key=key, **named)
    resumed, fresh = told(tmp_path / "out"), told(tmp_path / "fresh")
    del resumed["report"], fresh["report"]  # tells where the key came from
    assert resumed == fresh


@linux
@pytest.mark.usefixtures("big")
@pytest.mark.parametrize(("sent", "count"), [(signal.SIGINT, 2), (signal.SIGINT, 1), (signal.SIGTERM, 2)], ids=str)
def test_interrupted_leaves_no_half_file_and_no_worker(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]], sent: signal.Signals, count: int
) -> None:
    process = start(*ARGS[:-1], count)
    out = tmp_path / "out"
    wait_for(lambda: any(out.glob(".work/part-*.data")), process)
    workers = children(process.pid)
    assert len(workers) == (2 if count == 2 else 0)
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode().count("\n") == 1
    assert "interrupted" in err.decode()
    assert gone(workers)
    assert not (out / "manifest.json").exists()
    for path in out.glob("data/*"):
        assert path.read_bytes().count(b"\n") == 3600
    assert not list(out.glob(".work/*.spool"))


def cut_off(run: Run, stop: int) -> None:
    """Run until so many parts are done, then stop as a lost machine would, tidying nothing."""
    done = run.done

    def count(result: Any) -> None:
        done(result)
        if len(run.results) == stop:
            raise KeyboardInterrupt

    run.done = count  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run.run()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("stop", [1, 3, 5, 8])
@pytest.mark.parametrize("workers", [1, 2])
def test_resume_after_any_number_of_parts(
    tmp_path: Path, options: Options, corpus: bytes, told: Told, packed: Packed, stop: int, workers: int
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a.jsonl", "b.jsonl.zst", "c.jsonl"):
        (source / name).write_bytes(packed(name, corpus))
    options = options | {"split": 1 << 17}
    fresh = clean(source, tmp_path / "fresh", options)
    asked = config.settings("clean", dedup="near", **(options | {"workers": workers}))
    cut_off(Run(asked, [str(source)], str(tmp_path / "out")), stop)
    other = config.settings("clean", dedup="near", **(options | {"workers": 3 - workers if stop == 3 else workers}))
    report = Run(other, [str(source)], str(tmp_path / "out"), resume=True).run()
    assert told(tmp_path / "out") == told(tmp_path / "fresh")
    assert report.outputs == fresh.outputs


def test_a_part_changed_meanwhile_is_done_again(tmp_path: Path, options: Options, corpus: bytes, told: Told) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus)
    clean(source, tmp_path / "fresh", options)
    asked = config.settings("clean", dedup="near", split=SPLIT, **options)
    cut_off(Run(asked, [str(source)], str(tmp_path / "out")), 3)
    parts = sorted(tmp_path.glob("out/.work/part-*.data"))
    parts[0].write_bytes(parts[0].read_bytes()[:-5])
    sorted(tmp_path.glob("out/.work/part-*.findings"))[1].write_bytes(b"")
    sorted(tmp_path.glob("out/.work/part-*.json"))[2].write_bytes(b'{"resu')
    Run(asked, [str(source)], str(tmp_path / "out"), resume=True).run()
    assert told(tmp_path / "out") == told(tmp_path / "fresh")


def test_resume_refuses_other_inputs_settings_and_whole_runs(tmp_path: Path, options: Options, corpus: bytes) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus)
    out = str(tmp_path / "out")
    asked = config.settings("clean", split=SPLIT, **options)
    cut_off(Run(asked, [str(source)], out), 1)
    others = [
        dataclasses.replace(asked, key=b"another key of thirty-two bytes."),
        config.settings("clean", split=SPLIT, **(options | {"select": ["pii.email", "pii.card"]})),
        config.settings("clean", split=SPLIT, dedup="exact", **options),
    ]
    for other in others:
        with pytest.raises(UsageError, match="other inputs or settings"):
            Run(other, [str(source)], out, resume=True)
    source.write_bytes(corpus + b"{}\n")
    with pytest.raises(UsageError, match="other inputs or settings"):
        Run(asked, [str(source)], out, resume=True)
    report = Run(asked, [str(source)], out, overwrite=True).run()
    again = Run(asked, [str(source)], out, resume=True, findings=str(tmp_path / "findings.jsonl"))
    assert again.over
    assert again.run().tally == report.tally  # there is nothing left to do
    assert (tmp_path / "findings.jsonl").read_bytes() == (tmp_path / "out" / "findings.jsonl").read_bytes()
    with pytest.raises(UsageError, match="other inputs or settings"):
        Run(others[0], [str(source)], out, resume=True)
    copy = tmp_path / "out" / "data" / "a.jsonl"
    copy.write_bytes(copy.read_bytes() + b"{}\n")
    with pytest.raises(UsageError, match="changed since"):
        Run(asked, [str(source)], out, resume=True)


# ---------------------------------------------------------------- accounts


def test_an_input_written_to_meanwhile_makes_the_run_incomplete(
    tmp_path: Path, options: Options, corpus: bytes
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus)
    run = Run(config.settings("scan", **options), [str(source)])
    source.write_bytes(corpus + b"{}\n")
    report = run.run()
    assert not report.complete
    assert "changed while it was read" in report.problems[0].reason


def test_every_record_has_one_outcome_and_progress_adds_up(tmp_path: Path, options: Options, corpus: bytes) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(corpus + b"not json\n" + b"\xff\n")
    ticks: list[tuple[int, int]] = []
    for workers in (1, 2):
        ticks.clear()
        asked = config.settings("clean", dedup="near", split=SPLIT, **(options | {"workers": workers}))
        run = Run(asked, [str(source)], str(tmp_path / f"out{workers}"), tick=lambda *step: ticks.append(step))
        report = run.run()
        assert report.tally.records == 4002 == report.tally.outcomes.total()
        assert sum(findings for _, findings in ticks) == report.tally.findings.total()
        assert 0.98 * run.total_bytes() <= sum(size for size, _ in ticks) <= run.total_bytes()


def report(*, complete: bool, failing: int) -> Report:
    gate = {"fail_on": "medium", "failing": failing}
    return Report("scan", {}, "", 0.0, {}, (), (), Tally(), (), (), gate, complete, "file")


CODES = [("clean", True, 0, 0), ("findings", True, 3, 1), ("incomplete", False, 0, 3), ("both", False, 3, 3)]


@pytest.mark.parametrize(("complete", "failing", "code"), [case[1:] for case in CODES], ids=[case[0] for case in CODES])
def test_exit_code(complete: bool, failing: int, code: int) -> None:
    assert exit_code(report(complete=complete, failing=failing)) == code


GATES = [
    ("never", None, 0), ("low", Severity.LOW, 15), ("medium", Severity.MEDIUM, 14), ("high", Severity.HIGH, 12),
    ("critical", Severity.CRITICAL, 8),
]  # fmt: skip


@pytest.mark.parametrize(("fail_on", "failing"), [case[1:] for case in GATES], ids=[case[0] for case in GATES])
def test_only_new_findings_at_or_over_the_level_fail(fail_on: Severity | None, failing: int) -> None:
    tally = Tally()
    for power, severity in enumerate(Severity):
        for state in ("new", "known", "suppressed", "placeholder"):
            tally.findings[("E", "r", "high", severity.label, state)] = 2**power
    assert gate(tally, fail_on)["failing"] == failing


def test_an_unexpected_error_is_told_without_its_message(tmp_path: Path, options: Options, monkeypatch: Any) -> None:
    def broken(_block: object) -> list[int]:
        raise ValueError("4111 1111 1111 1111")

    monkeypatch.setattr(jsonl.JsonlBlock, "rows", broken)
    source = tmp_path / "a.jsonl"
    source.write_bytes(b'{"a":"4111 1111 1111 1111"}\n')
    for workers in (1, 2):
        with pytest.raises(PrivscanError, match=r"unexpected ValueError at \w+\.py:\d+") as told:
            privscan.scan(str(source), **(options | {"workers": workers, "split": 64}))
        shown = [told.value, told.value.__cause__]
        assert not any(re.search("4111", str(error)) for error in shown)
        assert told.value.__suppress_context__ or told.value.__cause__ is not None
