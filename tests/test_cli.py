"""The command line: exit codes of real processes, what it prints and where, what it does not load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import privscan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., subprocess.CompletedProcess[bytes]]

MAIL = b'{"text":"write to jane.roe@mail.acme-widgets.com"}\n'
HEAVY = {
    "pyarrow",
    "numpy",
    "hyperscan",
    "presidio_analyzer",
    "datasketch",
    "jinja2",
    "stdnum",
    "phonenumbers",
    "rich",
    "tqdm",
    "orjson",
}

CODES: list[tuple[str, list[str], bytes, int]] = [
    ("nothing found", ["scan", "-"], b'{"text":"plain"}\n', 0),
    ("nothing to look at", ["scan", "-"], b"", 0),
    ("found", ["scan", "-"], MAIL, 1),
    ("found, under the gate", ["scan", "-", "--fail-on", "critical"], MAIL, 0),
    ("found, no gate", ["scan", "-", "--fail-on", "never"], MAIL, 0),
    ("cleaned", ["clean", "-", "-o", "out"], MAIL, 0),
    ("cleaned, with a gate", ["clean", "-", "-o", "out", "--fail-on", "low"], MAIL, 1),
    ("only copied", ["dedup", "-", "-o", "out"], MAIL * 2, 0),
    ("asked for nothing that is", ["scan", "-", "--min-confidence", "sure"], MAIL, 2),
    ("broken", ["scan", "-"], b"{broken\n", 3),
    ("a report to nowhere", ["scan", "no.jsonl", "-f", "json=no/x"], b"", 2),
    ("a baseline to nowhere", ["scan", "no.jsonl", "--write-baseline", "no/x", "--key-file", __file__], b"", 2),
    ("broken and found", ["scan", "-"], MAIL + b"{broken\n", 3),
]


@pytest.mark.parametrize(("args", "stdin", "code"), [case[1:] for case in CODES], ids=[case[0] for case in CODES])
def test_exit_codes(cli: Cli, args: list[str], stdin: bytes, code: int) -> None:
    done = cli(
        *args,
        "-q",
        "--select" if args[0] != "dedup" else "--dedup-field",
        "pii.email" if args[0] != "dedup" else "/text",
        stdin=stdin,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout == b""
    assert bool(done.stderr) is (code in (2, 3))


def test_standard_input_is_cleaned_and_not_kept(cli: Cli, tmp_path: Path) -> None:
    assert cli("clean", "-", "-o", "out", "-q", stdin=MAIL + b'{"text":"plain"}\n' + MAIL).returncode == 0
    assert (
        tmp_path / "out/data/stdin.jsonl"
    ).read_bytes() == b'{"text":"write to <EMAIL_ADDRESS>"}\n{"text":"plain"}\n'
    assert not (tmp_path / "out/.work").exists()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["inputs"][0]["records"] == 3
    assert manifest["read_from"] == {}
    assert cli("verify", "out", "-q").returncode == 3
    (tmp_path / "in.jsonl").write_bytes(MAIL + b'{"text":"plain"}\n' + MAIL)
    assert cli("verify", "out", "-q", "--input", "in.jsonl").returncode == 0


HELP = [["--help"], ["-V"], ["scan", "--help"], ["clean", "-h"], ["rules", "--help"]]


@pytest.mark.parametrize("args", HELP, ids=" ".join)
def test_help_loads_nothing_heavy(process_env: dict[str, str], tmp_path: Path, args: list[str]) -> None:
    code = f"""
import sys
sys.argv = ["privscan", *{args!r}]
from privscan.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *sorted({HEAVY!r} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], env=process_env, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "loaded:"
    assert b"privscan" in done.stdout or b"Usage" in done.stdout


def test_results_go_to_stdout_and_nothing_else_does(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(MAIL)
    console = cli("scan", "a.jsonl")
    assert console.stderr == b""
    assert b"EMAIL_ADDRESS" in console.stdout
    assert b"\x1b" not in console.stdout
    both = cli("scan", "a.jsonl", "-f", "json", "-f", "html=page.html", "--findings", "found.jsonl")
    assert (both.returncode, both.stderr) == (1, b"")
    assert json.loads(both.stdout)["gate"] == {"fail_on": "medium", "failing": 1}
    assert b"</html>" in (tmp_path / "page.html").read_bytes()
    assert json.loads((tmp_path / "found.jsonl").read_bytes())["entity"] == "EMAIL_ADDRESS"


def test_verbose_tells_every_problem_on_stderr(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"{broken\n" * 3)
    lines = cli("scan", "a.jsonl", "-q", "-v").stderr.decode().splitlines()
    assert [line.split(":")[1] for line in lines] == [f" a.jsonl, record {row}" for row in range(3)]


def test_quiet_still_says_what_went_wrong(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"{broken\n" * 2)
    done = cli("scan", "a.jsonl", "-q")
    first, rest = done.stderr.decode().splitlines()
    assert done.returncode == 3
    assert first.startswith("privscan: a.jsonl, record 0: not JSON")
    assert rest == "privscan: and 1 more; -v tells each"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_reader_that_goes_away_changes_no_exit_code(start: Any, tmp_path: Path, code: int) -> None:
    (tmp_path / "a.jsonl").write_bytes({0: b"{}\n", 1: MAIL, 3: b"{broken\n"}[code])
    process = start("scan", "a.jsonl")
    process.stdout.close()
    assert (process.stderr.read(), process.wait(60)) == (b"", code)
    process.stderr.close()
    process.stdin.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_standard_output_without_room_is_told(start: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(MAIL)
    with open("/dev/full", "wb") as full, start("scan", "a.jsonl", stdout=full) as process:
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told.decode().count("\n")) == (3, 1)
    assert told.startswith(b"privscan: standard output: cannot be written (No space left on device); free space")


QUICK = [
    ["policy", "list"],
    ["config"],
    ["config", "--schema", "policy"],
    ["rules", "list"],
    ["rules", "show", "pii.email"],
]


@pytest.mark.parametrize("args", QUICK, ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(start: Any, args: list[str]) -> None:
    process = start(*args)
    process.stdout.close()
    assert (process.stderr.read(), process.wait(60)) == (b"", 0)
    process.stderr.close()
    process.stdin.close()


def test_a_report_is_told_again_without_the_data(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(MAIL)
    first = cli("clean", "a.jsonl", "-o", "out", "-f", "json")
    (tmp_path / "a.jsonl").unlink()
    again = cli("report", "out", "-f", "json")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert b"EMAIL_ADDRESS" in cli("report", "out/report.json").stdout


def test_a_key_comes_from_a_file_or_the_environment_and_is_told_nowhere(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(MAIL)
    (tmp_path / "key").write_bytes(b"0123456789abcdef\n")
    runs = {
        "file": cli("clean", "a.jsonl", "-o", "file", "-f", "json", "--key-file", "key"),
        "environment": cli(
            "clean", "a.jsonl", "-o", "environment", "-f", "json", env={"PRIVSCAN_KEY": "0123456789abcdef"}
        ),
        "ephemeral": cli("clean", "a.jsonl", "-o", "ephemeral", "-f", "json"),
    }
    prints = {}
    for name, done in runs.items():
        assert json.loads(done.stdout)["key"] == name
        assert b"0123456789abcdef" not in done.stdout + done.stderr
        assert all(
            b"0123456789abcdef" not in path.read_bytes() for path in (tmp_path / name).rglob("*.*") if path.is_file()
        )
        prints[name] = json.loads((tmp_path / name / "findings.jsonl").read_bytes())["fingerprint"]
    assert prints["file"] == prints["environment"] != prints["ephemeral"]
    assert cli("scan", "a.jsonl", env={"PRIVSCAN_KEY": "short"}).returncode == 2


def test_the_functions_do_what_the_verbs_do(
    cli: Cli, tmp_path: Path, cache_dir: str, told: Callable[[Path], Any]
) -> None:
    (tmp_path / "a.jsonl").write_bytes(MAIL * 3 + b'{"text":"plain"}\n')
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    cli("clean", "a.jsonl", "-o", "one", "-q", "--key-file", "key", "--dedup-field", "/text")
    privscan.clean(
        str(tmp_path / "a.jsonl"),
        str(tmp_path / "two"),
        key=b"0123456789abcdef",
        key_source="file",
        dedup_fields=["/text"],
        cache_dir=cache_dir,
    )
    assert told(tmp_path / "one") == told(tmp_path / "two")


def test_the_module_and_the_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "privscan", "-V"], capture_output=True, check=True, cwd=str(privscan.__path__[0]) + "/.."
    )
    assert done.stdout.decode() == f"privscan {privscan.__version__}\n"


@pytest.mark.parametrize("group", ["", "rules", "policy", "duplicates"])
def test_no_line_of_a_list_of_verbs_is_cut(cli: Cli, group: str) -> None:
    done = cli(*filter(None, [group, "--help"]))
    assert done.returncode == 0
    assert b"Commands:" in done.stdout
    assert b"..." not in done.stdout.partition(b"Commands:")[2]
