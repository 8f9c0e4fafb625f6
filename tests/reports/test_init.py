"""Formats by name, ours and other packages'."""

from __future__ import annotations

import io
import json as standard
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from privscan.errors import UsageError
from privscan.reports import FORMATS, check, write

if TYPE_CHECKING:
    from pathlib import Path

    from privscan.model import Report

MODULE = """
def words(report):
    return f"{report.tally.records} records"

def nothing(report):
    return None

json = words
"""
ENTRY_POINTS = """
[privscan.reports]
words = privscan_report_words:words
nothing = privscan_report_words:nothing
json = privscan_report_words:json
lost = privscan_report_words:lost
gone = privscan_report_gone:words
"""


def written(report: Report, name: str) -> str:
    stream = io.StringIO()
    write(report, name, stream)
    return stream.getvalue()


@pytest.fixture
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with report formats, as an installer would lay it out."""
    (tmp_path / "privscan_report_words.py").write_text(MODULE)
    record = tmp_path / "privscan_report_words-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: privscan-report-words\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "start"), [("console", "privscan clean"), ("html", "<!doctype html>"), ("json", '{\n  "schema": 1,')]
)
def test_each_format_writes(full: Report, name: str, start: str) -> None:
    assert written(full, name).startswith(start)


def test_json_is_json(full: Report) -> None:
    assert standard.loads(written(full, "json"))["tally"]["records"] == full.tally.records


@pytest.mark.usefixtures("_plugin")
def test_a_format_of_another_package_is_found_by_name(full: Report) -> None:
    assert written(full, "words") == "1204398 records"


@pytest.mark.usefixtures("_plugin")
def test_another_package_cannot_take_over_a_format_of_ours(full: Report) -> None:
    assert written(full, "json").startswith("{")


@pytest.mark.usefixtures("_plugin")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nothing", "returned NoneType, not text"),
        ("lost", "does not load .AttributeError."),
        ("gone", "does not load .ModuleNotFoundError."),
        ("word", 'no report format is called "word"; did you mean "words"'),
    ],
)
def test_what_is_wrong_with_another_package_is_said(full: Report, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        written(full, name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("htm", '"htm"; did you mean "html"'),
        ("q", "known: ai-act, card, card-section"),
        ("\x1b[31m", r'"\\x1b\[31m"'),
    ],
)
def test_an_unknown_format_is_a_usage_error(full: Report, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        written(full, name)
    with pytest.raises(UsageError, match=says):
        check(name)


@pytest.mark.usefixtures("_plugin")
@pytest.mark.parametrize("name", ["console", "html", "json", "words"])
def test_a_known_format_passes_the_check(name: str) -> None:
    check(name)


def test_names_are_sorted() -> None:
    assert list(FORMATS) == sorted(FORMATS)


def test_importing_the_formats_imports_nothing_heavy() -> None:
    heavy = "{'rich', 'jinja2', 'importlib.metadata'}"
    code = f"import sys; import privscan.reports; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
