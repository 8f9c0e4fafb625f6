"""Detectors, operators and reports of another package: built, installed and run for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import privscan

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-privacy"
version = "2.4"

[project.entry-points."privscan.detectors"]
badge = "acme_privacy:Badges"

[project.entry-points."privscan.operators"]
reverse = "acme_privacy:reverse"

[project.entry-points."privscan.reports"]
tally = "acme_privacy:tally"
"""

MODULE = '''
"""Finds badge numbers, writes values backwards, tells what was found in one line."""

import os
import re
from pathlib import Path

from privscan.model import Confidence, Match, Severity, Span

Path(os.environ["ACME_LOADED"]).touch()
BADGE = re.compile(r"badge (B[0-9]{4})")


class Badges:
    def __init__(self, settings):
        self.confidence = settings.min_confidence

    def candidates(self, block):
        return block.rows()

    def detect(self, leaves):
        return {place: found for place, leaf in enumerate(leaves) if (found := self.matches(leaf.text))}

    def matches(self, text):
        if "broken" in text:
            raise ValueError(f"cannot read {text}")
        return [
            Match(Span(*hit.span(1)), "acme.badge", "BADGE", Confidence.HIGH, 0.9, Severity.HIGH, ("acme:badge",))
            for hit in BADGE.finditer(text)
        ]


def reverse(key, entity, value, params):
    if value.endswith("666"):
        raise RuntimeError(f"will not touch {value}")
    return params.get("before", "") + value[::-1].lower()


def tally(report):
    found = sorted({entity for entity, *_ in report.tally.findings})
    return f"acme: {report.tally.records} records, {', '.join(found) or 'nothing'}\\n"
'''

POLICY = """
id = "acme"
name = "With the parts of another package"
select = ["pii.email"]
detectors = ["patterns", "badge"]

[actions."acme.badge"]
operator = "reverse"
before = "~"
"""

PLAIN = '{"n": 1, "text": "nothing here"}'
BADGE = '{"n": 2, "text": "badge B1234 opened the door, mail kim.vale@brightwater-labs.net"}'
BROKEN = '{"n": 3, "text": "a broken badge B4319-x with kim.vale@brightwater-labs.net"}'
UNTOUCHED = '{"n": 4, "text": "badge B9666 opened the door"}'


def run(*arguments: str, cwd: Path, site: Path, loaded: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in `cwd` with the packages in `site`; `loaded` appears when the plug-in is imported."""
    checkout = Path(privscan.__file__).parents[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRIVSCAN_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(checkout), str(site)]),
        "PRIVSCAN_CACHE_DIR": str(site / "cache"),
        "ACME_LOADED": str(loaded),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "privscan", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the package is installed in, by pip and without any index."""
    source, site = tmp_path_factory.mktemp("acme"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (source / "acme_privacy.py").write_text(MODULE, encoding="utf-8")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return site


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a policy that names the package's parts."""
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def clean(desk: Path, site: Path, *records: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    (desk / "in.jsonl").write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    arguments = ["clean", "in.jsonl", "-o", "out", "--policy", "policy.toml", *options]
    return run(*arguments, cwd=desk, site=site, loaded=desk / "loaded")


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_detector_operator_and_report_of_a_package_do_their_work(desk: Path, installed: Path) -> None:
    done = clean(desk, installed, PLAIN, BADGE, options=("-f", "tally", "-f", "tally=tally.txt"))
    assert done.returncode == 0, done.stderr
    assert (desk / "out/data/in.jsonl").read_text(encoding="utf-8").splitlines() == [
        PLAIN,
        '{"n": 2, "text": "badge ~4321b opened the door, mail <EMAIL_ADDRESS>"}',
    ]
    found = {row["rule"]: row for row in rows(desk / "out/findings.jsonl")}
    assert set(found) == {"acme.badge", "pii.email"}
    badge = found["acme.badge"]
    assert (badge["entity"], badge["severity"], badge["start"], badge["end"]) == ("BADGE", "high", 6, 11)
    assert badge["evidence"] == ["acme:badge"]
    told = "acme: 2 records, BADGE, EMAIL_ADDRESS\n"
    assert told in done.stdout
    assert (desk / "tally.txt").read_text(encoding="utf-8") == told


def test_the_manifest_names_the_parts_and_their_package(desk: Path, installed: Path) -> None:
    clean(desk, installed, BADGE)
    manifest = json.loads((desk / "out/manifest.json").read_text(encoding="utf-8"))
    assert manifest["plugins"] == [
        "privscan.detectors: badge (acme-privacy 2.4)",
        "privscan.operators: reverse (acme-privacy 2.4)",
    ]


def test_a_report_can_be_had_later(desk: Path, installed: Path) -> None:
    clean(desk, installed, BADGE)
    done = run("report", "out", "-f", "tally", cwd=desk, site=installed, loaded=desk / "loaded")
    assert (done.returncode, done.stdout) == (0, "acme: 1 records, BADGE, EMAIL_ADDRESS\n")


def test_what_is_not_named_is_not_even_imported(desk: Path, installed: Path) -> None:
    done = clean(desk, installed, BADGE, options=("--policy", "standard"))
    assert done.returncode == 0, done.stderr
    assert not (desk / "loaded").exists()
    assert "badge B1234 opened" in (desk / "out/data/in.jsonl").read_text(encoding="utf-8")
    assert json.loads((desk / "out/manifest.json").read_text(encoding="utf-8"))["plugins"] == []


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(("--policy", "policy.toml"), "badge", id="in-a-policy"),
        pytest.param(("--policy", "standard", "-f", "tally"), "tally", id="as-a-format"),
    ],
)
def test_what_is_not_installed_cannot_be_named(desk: Path, tmp_path: Path, options: tuple[str, ...], word: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (desk / "policy.toml").write_text(POLICY.replace('"reverse"', '"keep"').replace('before = "~"', ""), "utf-8")
    done = clean(desk, elsewhere, BADGE, options=options)
    assert done.returncode == 2, done.stderr
    assert f'"{word}"' in done.stderr
    assert not (desk / "out/data/in.jsonl").exists()


@pytest.mark.parametrize(
    ("record", "values"),
    [
        pytest.param(BROKEN, ("kim.vale", "B4319"), id="detector"),
        pytest.param(UNTOUCHED, ("B9666",), id="operator"),
    ],
)
def test_a_part_that_raises_costs_the_record_not_the_run(
    desk: Path, installed: Path, record: str, values: tuple[str, ...]
) -> None:
    done = clean(desk, installed, PLAIN, record, BADGE, options=("-v", "-f", "json", "-f", "console"))
    assert done.returncode == 3, done.stderr
    kept = rows(desk / "out/data/in.jsonl")
    assert [row["n"] for row in kept] == [1, 2]
    assert [(row["uri"], row["record"]) for row in rows(desk / "out/quarantine.jsonl")] == [("in.jsonl", 1)]
    written = [path.read_text(encoding="utf-8") for path in (desk / "out").rglob("*") if path.is_file()]
    for text in (done.stdout, done.stderr, *written):
        assert not [value for value in values if value in text]
