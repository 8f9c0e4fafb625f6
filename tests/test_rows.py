"""What an earlier run left is told again only when it is what that run wrote."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

import privscan
from privscan import rows
from privscan.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAILS = "".join(f'{{"text": "write to p{n}@mail.acme-widgets.com"}}\n' for n in range(5))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache_dir: str) -> Path:
    folder: Path = tmp_path_factory.mktemp("rows")
    (folder / "a.jsonl").write_text(MAILS, encoding="utf-8")
    options: dict[str, Any] = {"cache_dir": cache_dir, "select": ["pii.email"], "workers": 1}
    for name in ("run", "other"):
        privscan.scan(str(folder / "a.jsonl"), out=str(folder / name), **options)
    return folder / "run"


def forget(run: Path, name: str, *other: Any) -> None:
    """Take a name, or put something else under it, in the manifest."""
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    del told[name]
    if other:
        told[name] = other[0]
    (run / "manifest.json").write_text(json.dumps(told), encoding="utf-8")


BROKEN: list[tuple[str, Callable[[Path], Any], str]] = [
    ("no manifest", lambda run: (run / "manifest.json").unlink(), r"holds no manifest\.json"),
    ("half a manifest", lambda run: (run / "manifest.json").write_text("{"), "is not JSON"),
    ("a list for a manifest", lambda run: (run / "manifest.json").write_text("[]"), "is of schema ''"),
    (
        "a part of one",
        lambda run: forget(run, "read_from"),
        "missing required field `read_from`; the run folder was changed",
    ),
    (
        "a word for a number",
        lambda run: forget(run, "inputs", ["a.jsonl"]),
        r"at `\$\.inputs\[0\]`; the run folder was",
    ),
    ("another schema", lambda run: (run / "manifest.json").write_text('{"schema": "x/9"}'), "is of schema"),
    (
        "findings of another run",
        lambda run: shutil.copy(run.parent / "findings.jsonl", run),
        "is not the file this run",
    ),
    ("no findings", lambda run: (run / "findings.jsonl").unlink(), "is missing, so the run folder is not whole"),
    ("report of another run", lambda run: (run / "report.json").write_text("{}"), r"report\.json: is not the file"),
]


@pytest.mark.parametrize(("spoil", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_folder_that_is_not_whole_is_refused(
    tmp_path: Path, run: Path, spoil: Callable[[Path], Any], said: str
) -> None:
    shutil.copytree(run, tmp_path / "run")
    shutil.copy(run.parent / "other/findings.jsonl", tmp_path)
    spoil(tmp_path / "run")
    with pytest.raises(UsageError, match=said):
        rows.check(str(tmp_path / "run"), "findings.jsonl", "report.json")


def test_lines_that_are_no_findings_are_told(tmp_path: Path, run: Path) -> None:
    whole = (run / "findings.jsonl").read_text(encoding="utf-8")
    for line in ("{", "[]", '{"id": "x"}'):
        (tmp_path / "findings.jsonl").write_text(f"{whole}{line}\n", encoding="utf-8")
        with pytest.raises(UsageError, match="line 6 is no finding"):
            list(rows.read(str(tmp_path)))


def test_formats_come_later_from_the_folder_alone(tmp_path: Path, run: Path, cli: Callable[..., Any]) -> None:
    shutil.copytree(run, tmp_path / "run")
    formats = ("csv=o.csv", "findings", "sarif=o.sarif", "junit=o.xml", "html=o.html", "card=card.md")
    flags = [word for name in formats for word in ("-f", name)]
    done = cli("report", "run", *flags, "--findings", "o.parquet")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (run / "findings.jsonl").read_bytes()
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        assert [len(line) for line in csv.reader(file)] == [14] * 6
    assert pq.read_table(tmp_path / "o.parquet").num_rows == 5
    assert (tmp_path / "o.html").read_bytes() == (run / "report.html").read_bytes()
    (run_,) = json.loads((tmp_path / "o.sarif").read_text(encoding="utf-8"))["runs"]
    assert run_["results"][0]["occurrenceCount"] == 5
    alone = cli("report", "run/report.json", "-f", "sarif")
    assert (alone.returncode, b"name the run folder" in alone.stderr) == (2, True)
    assert cli("report", "run/report.json", "-f", "html=again.html").returncode == 0
