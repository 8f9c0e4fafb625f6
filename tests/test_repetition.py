"""Deduplication as a run: its flags, reference sets, what stays, and that nothing lost is lost for good."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import config
from privscan.errors import ConfigError, UsageError
from privscan.run import Run
from privscan.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    Cli = Callable[..., subprocess.CompletedProcess[bytes]]

ROOT = Path(__file__).parents[1]
MAIL = "ines.moravec@fjordlight-mail.net"


def words(seed: int, count: int = 60) -> str:
    return " ".join(f"lamp{seed * at % 97}x{seed}" for at in range(1, count))


def lay(path: Path, *texts: Any) -> str:
    rows = (text if isinstance(text, dict) else {"text": text} for text in texts)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def dedup(source: str | list[str], out: Path, **options: Any) -> tuple[list[int], list[dict[str, Any]]]:
    """Deduplicate; return the rows of the first file that stay (by their place) and the rows of the duplicates file."""
    method, threshold = options.pop("method", "near"), options.pop("threshold", None)
    privscan.deduplicate(
        source, str(out), dedup=method, dedup_threshold=threshold or 0.8, dedup_options=options, workers=1
    )
    found = [json.loads(line) for line in (out / "duplicates.jsonl").read_text().splitlines()]
    first = source if isinstance(source, str) else source[0]
    count = len(Path(first).read_text().splitlines())
    gone = {row["record"] for row in found if row.get("dropped", True) and row["uri"] == os.path.basename(first)}
    kept = [row for row in range(count) if row not in gone]
    lines = Path(first).read_bytes().splitlines(keepends=True)
    assert (out / "data" / os.path.basename(first)).read_bytes() == b"".join(lines[row] for row in kept)
    return kept, found


TEXT = words(1)
STAYS: dict[str, tuple[list[Any], dict[str, Any], list[int]]] = {
    "the first": ([TEXT, TEXT, TEXT + " end"], {}, [0]),
    "two": ([TEXT, TEXT, TEXT + " end"], {"keep": 2}, [0, 1]),
    "all, only listed": ([TEXT, TEXT], {"keep": 0}, [0, 1]),
    "the longest": ([TEXT, TEXT + " end", TEXT], {"keep_policy": "longest"}, [1]),
    "the newest": (
        [{"text": TEXT, "made": made} for made in ("2023-01-02", "2024-01-01T10:00:00Z", None, "soon")],
        {"keep_policy": "newest", "keep_field": "/made"},
        [1],
    ),
    "the source named first": (
        [{"text": TEXT, "from": name} for name in ("web", "books", "wiki/en")],
        {"keep_policy": "source", "keep_field": "/from", "sources": ["wiki", "books"]},
        [2],
    ),
    "shorter shingles": (["a b c d e f", "b c d e f g"], {"ngram": 1, "threshold": 0.7}, [0]),
    "a first turn alike": (
        [
            {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": TEXT}, answer]}
            for answer in ({"role": "assistant", "content": words(2)}, {"role": "assistant", "content": words(3)})
        ],
        {"chat": "first-turn"},
        [0],
    ),
    "a text inside another": ([words(1, 30), words(1, 90)], {"method": "contained"}, [1]),
    "empty, one word, one word again and again": (["", "", "go", "go " * 9, "GO " * 500, None], {}, [0, 1, 2, 3, 5]),
}


@pytest.mark.parametrize(("rows", "options", "kept"), STAYS.values(), ids=STAYS)
def test_what_stays(tmp_path: Path, rows: list[Any], options: dict[str, Any], kept: list[int]) -> None:
    source = lay(tmp_path / "a.jsonl", *rows)
    assert dedup(source, tmp_path / "out", **options)[0] == kept
    assert [check.passed for check in verify(str(tmp_path / "out"))][:7] == [True] * 7


def test_the_copy_with_the_least_personal_data_stays(tmp_path: Path, cache_dir: str) -> None:
    texts = [f"{TEXT} {MAIL} {MAIL[1:]}", f"{TEXT} someone", f"{TEXT} {MAIL}", words(9)]
    source = lay(tmp_path / "a.jsonl", *texts)
    for verb in (privscan.clean, privscan.deduplicate):
        out = tmp_path / verb.__name__
        options: dict[str, Any] = {"dedup_options": {"keep_policy": "fewest-findings"}, "cache_dir": cache_dir}
        verb(source, str(out), select=["pii.email"], workers=1, **options)
        assert (out / "data/a.jsonl").read_text().splitlines() == [json.dumps({"text": texts[at]}) for at in (1, 3)]


def test_the_source_is_the_file_where_no_field_tells(tmp_path: Path) -> None:
    paths = [lay(tmp_path / name, TEXT, words(int(name[0]))) for name in ("2.jsonl", "3.jsonl")]
    kept, found = dedup(paths, tmp_path / "out", keep_policy="source", sources=["3.jsonl"])
    assert kept == [1]
    assert (found[0]["uri"], found[0]["kept_uri"]) == ("2.jsonl", "3.jsonl")


# ---------------------------------------------------------------- reference sets


def test_against_data_an_index_and_both(tmp_path: Path) -> None:
    old = lay(tmp_path / "old.jsonl", words(1), words(2), words(2) + " more")
    new = lay(tmp_path / "new.jsonl", words(3), words(2) + " new", words(1), words(3))
    index = str(tmp_path / "index.parquet")
    dedup(old, tmp_path / "first", index=index)
    told = []
    for number, path in enumerate((old, index, str(tmp_path / "first/data"))):
        kept, found = dedup(new, tmp_path / f"out{number}", against=[path])
        assert kept == [0]
        assert [(row["kept_uri"], row["kept_record"], row.get("against")) for row in found] == [
            ("old.jsonl", 1, True),
            ("old.jsonl", 0, True),
            ("new.jsonl", 0, None),
        ]
        told.append((tmp_path / f"out{number}/duplicates.jsonl").read_bytes())
    assert len(set(told)) == 1
    other = lay(tmp_path / "other.jsonl", words(3))
    assert dedup(new, tmp_path / "out3", against=[index, other])[0] == []
    assert dedup(new, tmp_path / "out4", against=[index], keep=0)[0] == [0, 1, 2, 3]


def test_signatures_are_added_to_run_by_run(tmp_path: Path) -> None:
    indexes: list[str] = []
    for number in range(3):
        source = lay(tmp_path / f"{number}.jsonl", *(words(seed) for seed in range(1, 3 + number)))
        index = str(tmp_path / f"{number}.parquet")
        kept, _ = dedup(source, tmp_path / f"out{number}", against=indexes, index=index)
        assert kept == ([0, 1] if number == 0 else [number + 1])
        indexes.append(index)


def test_an_unreadable_record_of_a_reference_set_is_told(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text('{"text": \n')
    source = lay(tmp_path / "a.jsonl", TEXT)
    report = privscan.deduplicate(
        source, str(tmp_path / "out"), dedup_options={"against": [str(tmp_path / "old.jsonl")]}, workers=1
    )
    assert not report.complete
    assert [(problem.uri, problem.stage) for problem in report.problems] == [("old.jsonl", "against")]


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "preset": ({"preset": "finewb"}, ConfigError, 'did you mean "fineweb"'),
    "policy": ({"keep_policy": "newst"}, ConfigError, 'did you mean "newest"'),
    "no date": ({"keep_policy": "newest"}, ConfigError, "needs --keep-field"),
    "no source": ({"keep_policy": "source"}, ConfigError, "needs --source"),
    "field of no policy": ({"keep_field": "/a"}, ConfigError, "leave it out"),
    "sources of no policy": ({"sources": ["a"]}, ConfigError, "leave it out"),
    "copies": ({"keep": -1}, ConfigError, "--keep must be"),
    "bands": ({"bands": 0}, ConfigError, "bands must be from 1 to 1000"),
    "chat": ({"chat": "turn"}, ConfigError, '--dedup-chat "turn"'),
    "memory": ({"memory": "much"}, ConfigError, "is no size"),
    "no memory there is": ({"memory": "9" * 400}, ConfigError, "is no size"),
    "little memory": ({"memory": "1MB"}, ConfigError, "64MB or more"),
    "name": ({"ngrams": 3}, ConfigError, 'did you mean "ngram"'),
    "reference": ({"against": ["no-such-file"]}, UsageError, "no such file"),
    "keep field": ({"keep_policy": "newest", "keep_field": "/mad"}, UsageError, '--keep-field "/mad".*"/made"'),
    "index of exact": ({"index": "x.parquet", "method": "exact"}, ConfigError, "needs --dedup near"),
    "reference of no pass": ({"against": ["a.jsonl"], "method": "off"}, ConfigError, "leave --dedup off out"),
    "policy of contained": ({"keep_policy": "source", "sources": ["a"], "method": "contained"}, ConfigError, "longest"),
    "place of the index": ({"index": "no/x.parquet"}, UsageError, "cannot be written"),
}


@pytest.mark.parametrize(("options", "error", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], error: type[Exception], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source = lay(tmp_path / "a.jsonl", {"text": TEXT, "made": "2024"})
    with pytest.raises(error, match=reason):
        dedup(source, tmp_path / "out", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl"]


def test_flags_keys_and_presets_say_the_same(tmp_path: Path, cli: Cli) -> None:
    lay(tmp_path / "a.jsonl", TEXT, TEXT + " end", TEXT)
    (tmp_path / "c.toml").write_text('dedup_preset = "stack"\nkeep = 2\nngram = 4\nmemory_budget = "256MB"\n')
    flags = ("--dedup-preset", "stack", "--keep", "2", "--ngram", "4")
    for out, before, after in (("one", (), flags), ("two", ("--config", "c.toml"), ())):
        assert cli(*before, "dedup", "a.jsonl", "-o", out, "-q", *after).returncode == 0
    told = [json.loads((tmp_path / out / "report.json").read_text())["settings"] for out in ("one", "two")]
    assert told[0] == told[1]
    assert told[0]["dedup_threshold"] == 0.7
    assert told[0]["dedup_options"] == {"rows": 10, "ngram": 4, "keep": 2}


def test_passages_are_listed_the_same_by_any_number_of_workers(tmp_path: Path) -> None:
    texts = [f"{words(row + 1, 30)}\n{words(99, 70)}\n{words(row + 200, 9)}" for row in range(40)]
    source = lay(tmp_path / "a.jsonl", *texts, texts[0])
    told = []
    for number, (workers, split) in enumerate(((1, 32 << 20), (2, 1 << 14))):
        options = {"repeated": "span"}
        asked = config.settings(
            "dedup", dedup="near", workers=workers, split=split, dedup_options=options, key=b"k" * 32
        )
        report = Run(asked, [source], str(tmp_path / f"out{number}")).run()
        found = {"found": 39, "words": 39 * 69, "records": 39}
        assert report.details["repeated"] == {"what": "span", "cut": False} | found
        told.append((tmp_path / f"out{number}/repeated.jsonl").read_bytes())
    assert told[0] == told[1]
    rows = [json.loads(line) for line in told[0].splitlines()]
    assert {texts[row["record"]][row["start"] : row["end"]] for row in rows} == {words(99, 70)}
    assert len({row["passage"] for row in rows}) == 1
    assert [check.passed for check in verify(str(tmp_path / "out0"))][:7] == [True] * 7


# ---------------------------------------------------------------- cut off

KILL = """
import importlib, os, signal, sys
from privscan import config
from privscan.run import Run
module, name, at, *paths = sys.argv[1:]
place = importlib.import_module(module)
for part in name.split(".")[:-1]:
    place = getattr(place, part)
name = name.split(".")[-1]
real, calls = getattr(place, name), 0
def last(*given, **more):
    global calls
    calls += 1
    if calls == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **more)
setattr(place, name, last)
options = {"against": [paths[1]], "index": paths[2], "scope": "line"}
settings = config.settings("dedup", dedup="near", workers=1, split=1 << 16, dedup_options=options, key=b"k" * 32)
Run(settings, [paths[0]], paths[3]).run()
"""

STAGES = {
    "before the second shard is signed": ("privscan.dedup.sign", "Signer.close", 2),
    "while a signature file is written": ("privscan.dedup.store", "Writer.block", 3),
    "before an index is unpacked": ("privscan.dedup.index", "unpack", 1),
    "while bands are joined": ("privscan.dedup.join", "Pairs.add", 5),
    "while drops are written": ("privscan.dedup.choose", "save_array", 2),
    "before the index is saved": ("privscan.dedup.index", "save", 1),
    "while the index is saved": ("privscan.dedup.index", "_batch", 1),
    "while records are copied": ("privscan.pieces", "process_shard", 2),
    "while duplicates are told": ("privscan.pieces", "told_duplicates", 2),
    "before passages are sought": ("privscan.repeated", "find", 1),
    "while passages are found": ("privscan.dedup.passages", "_repeated", 1),
    "while passages are listed": ("privscan.pieces", "list_repeated", 2),
    "while passages are removed": ("privscan.cuts", "Cuts.into", 2),
    "before the report": ("privscan.repeated", "told", 1),
    "while the folder is filled": ("privscan.runfolder", "RunFolder.put", 4),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in several shards, an index to hold it against, and the run that nothing cut off."""
    folder = tmp_path_factory.mktemp("whole")
    foot = "\nall rights are reserved by us"
    texts = [
        words(seed % 150 + 1, 80) + (" end" if seed % 7 == 0 else "") + foot * (seed % 3 == 0) for seed in range(400)
    ]
    lay(folder / "a.jsonl", *texts)
    dedup(lay(folder / "old.jsonl", *texts[:20]), folder / "old", index=str(folder / "old.parquet"))
    finish(folder, folder / "out", str(folder / "new.parquet"), resume=False)
    return folder


def finish(folder: Path, out: Path, index: str, *, resume: bool) -> None:
    options = {"against": [str(folder / "old.parquet")], "index": index, "scope": "line"}
    settings = config.settings("dedup", dedup="near", workers=1, split=1 << 16, dedup_options=options, key=b"k" * 32)
    Run(settings, [str(folder / "a.jsonl")], str(out), resume=resume).run()


@pytest.mark.parametrize(("module", "name", "at"), STAGES.values(), ids=STAGES)
def test_killed_in_any_stage_and_resumed(
    tmp_path: Path, whole: Path, process_env: dict[str, str], module: str, name: str, at: int
) -> None:
    index = str(tmp_path / "new.parquet")
    paths = [str(whole / "a.jsonl"), str(whole / "old.parquet"), index, str(tmp_path / "out")]
    command = [sys.executable, "-c", KILL, module, name, str(at), *paths]
    done = subprocess.run(command, env=process_env, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    finish(whole, tmp_path / "out", index, resume=True)
    for side in ("data/a.jsonl", "duplicates.jsonl", "quarantine.jsonl", "findings.jsonl"):
        assert (tmp_path / "out" / side).read_bytes() == (whole / "out" / side).read_bytes()
    assert Path(index).read_bytes() == (whole / "new.parquet").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["new.parquet", "out"]
    assert not (tmp_path / "out/.work").exists()


@pytest.mark.parametrize("size", [2_000, 60_000, 150_000])
def test_no_room_for_the_work_files(whole: Path, cli: Cli, size: int) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    args = ("dedup", whole / "a.jsonl", "-o", "out", "-q", "--workers", "1", "--dedup-scope", "line")
    done = cli(*args, preexec_fn=limited)
    assert done.returncode == 3, done.stderr
    assert b"cannot be written" in done.stderr
    assert b"--resume" in done.stderr or b"free space" in done.stderr
    assert cli(*args, "--resume").returncode == 0
