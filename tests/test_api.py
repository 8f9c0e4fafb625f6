"""The public API: what a caller may rely on, typed and told."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING

import pytest

import privscan
from privscan import Finding, Options, Policy, Report, clean, config, deduplicate, load_findings, load_rules, scan
from privscan.errors import PrivscanError, RuleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUE = "orla.fenwick@saltmarsh-press.net"
RECORDS = [
    {"id": 1, "text": "The tide tables are on the second page."},
    {"id": 2, "text": f"Write to {VALUE} before noon."},
    {"id": 3, "text": "The tide tables are on the second page."},
]
OWN_RULE = """
[[rule]]
id = "harbour.berth"
entity = "BERTH"
name = "Berth number"
pattern = 'berth-[0-9]{4}'
examples = ["at ⟦berth-0042⟧"]
counter_examples = ["berth-42"]
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with one file of three records: clean, with an address, repeated."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "notes.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS), encoding="utf-8")
    return folder


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_paths_may_be_path_objects(corpus: Path, tmp_path: Path) -> None:
    out, found = tmp_path / "out", tmp_path / "found.jsonl"
    assert clean(corpus, out, select="pii.email", workers=1).outputs[0].records == 2
    assert scan([corpus / "notes.jsonl"], findings=found, select="pii.email", workers=1).complete
    assert found.read_bytes().count(b"\n") == 1
    assert (out / "manifest.json").exists()


def test_scan_reports_and_changes_nothing(corpus: Path) -> None:
    before = listing(corpus)
    report: Report = scan(str(corpus), workers=1)
    assert listing(corpus) == before
    assert report.complete
    assert report.tally.records == 3
    assert {(entity, rule) for entity, rule, *_ in report.tally.findings} == {("EMAIL_ADDRESS", "pii.email")}
    assert report.gate == {"fail_on": "medium", "failing": 1}
    assert VALUE not in repr(report)


def test_scan_writes_findings_without_values(corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "found.jsonl"
    scan([str(corpus)], findings=str(target), workers=1)
    text = target.read_text(encoding="utf-8")
    assert VALUE not in text
    assert list(json.loads(text)) == list(Finding.__dataclass_fields__)


def test_findings_of_a_run_are_read_again(corpus: Path, tmp_path: Path) -> None:
    scan(corpus, out=tmp_path / "run", select="pii.email", workers=1)
    found: list[Finding] = list(load_findings(tmp_path / "run"))
    assert [(finding.record, finding.field, finding.confidence.label) for finding in found] == [(1, "/text", "high")]
    assert str(RECORDS[1]["text"])[found[0].start : found[0].end] == VALUE
    with pytest.raises(UsageError, match="holds no manifest"):
        load_findings(corpus)


def test_clean_writes_redacted_deduplicated_copies(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report: Report = clean(str(corpus), str(out), workers=1)
    lines = (out / "data/notes.jsonl").read_text(encoding="utf-8").splitlines()
    redacted = {"id": 2, "text": "Write to <EMAIL_ADDRESS> before noon."}
    assert [json.loads(line) for line in lines] == [RECORDS[0], redacted]
    assert report.tally.outcomes == {"clean": 1, "redacted": 1, "duplicate": 1}
    assert report.gate == {"fail_on": "never", "failing": 0}


def test_dedup_leaves_every_text_as_it_is(corpus: Path, tmp_path: Path) -> None:
    report: Report = deduplicate(str(corpus), str(tmp_path / "out"), workers=1)
    lines = (tmp_path / "out/data/notes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == RECORDS[:2]
    assert report.tally.outcomes == {"clean": 2, "duplicate": 1}


def test_functions_and_commands_write_the_same_files(corpus: Path, tmp_path: Path) -> None:
    key = b"0123456789abcdef"
    clean(str(corpus), str(tmp_path / "api"), key=key, workers=1)
    (tmp_path / "key").write_bytes(key)
    command = [sys.executable, "-m", "privscan", "clean", str(corpus), "-o", str(tmp_path / "cli"), "-q"]
    subprocess.run([*command, "--key-file", str(tmp_path / "key"), "--workers", "1"], check=True, timeout=300)
    names = ("data/notes.jsonl", "findings.jsonl", "duplicates.jsonl", "quarantine.jsonl")
    api, cli = listing(tmp_path / "api"), listing(tmp_path / "cli")
    assert {name: api[name] for name in names} == {name: cli[name] for name in names}
    assert api.keys() == cli.keys()


def test_load_rules_takes_packs_of_ones_own(tmp_path: Path) -> None:
    pack = tmp_path / "own.toml"
    pack.write_text(OWN_RULE, encoding="utf-8")
    shipped, both = load_rules(), load_rules([str(pack)])
    assert {rule.id for rule in both} - {rule.id for rule in shipped} == {"harbour.berth"}
    assert [rule.id for rule in both] == sorted(rule.id for rule in both)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        pytest.param(lambda: scan("no/such/file.jsonl"), UsageError, "no/such/file.jsonl", id="path"),
        pytest.param(lambda: scan(".", policy="standrad"), UsageError, 'did you mean "standard"', id="policy"),
        pytest.param(lambda: scan(".", select=["pii.emial"]), UsageError, "pii.emial", id="select"),
        pytest.param(lambda: scan(".", fields=["text"]), UsageError, '"/text"', id="field"),
        pytest.param(lambda: scan(".", min_confidence="sure"), UsageError, "sure", id="confidence"),
        pytest.param(lambda: scan(".", workers=0), UsageError, "1 or more", id="workers"),
        pytest.param(lambda: scan(".", key=b"short"), UsageError, "16 bytes", id="key"),
        pytest.param(lambda: load_rules(["no/such/pack.toml"]), RuleError, "no/such/pack.toml", id="rules"),
    ],
)
def test_what_cannot_be_asked_is_an_error_with_a_remedy(
    call: Callable[[], object], error: type[PrivscanError], words: str
) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="polcy"):
        scan(".", polcy="web")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", [name for name in privscan.__all__ if inspect.isfunction(getattr(privscan, name))])
def test_docstrings_name_every_argument(name: str) -> None:
    offered = getattr(privscan, name)
    told = inspect.getdoc(offered) or ""
    arguments = inspect.signature(offered).parameters
    assert [argument for argument in arguments if argument != "options" and f"`{argument}`" not in told] == []
    assert all(argument.annotation is not argument.empty for argument in arguments.values())


def test_every_option_is_told_and_taken() -> None:
    told = inspect.getdoc(Options) or ""
    taken = set(inspect.signature(config.settings).parameters) - {"command", "key_source", "split"}
    assert set(Options.__annotations__) == taken
    assert [option for option in taken if f"`{option}`" not in told] == []


def test_names_stay_what_they_are_after_a_run(corpus: Path) -> None:
    scan(str(corpus), workers=1)
    assert all(callable(getattr(privscan, name)) for name in privscan.__all__ if name != "__version__")
    assert {Finding.__name__, Policy.__name__, Report.__name__} <= set(privscan.__all__)


def test_importing_the_package_is_cheap() -> None:
    code = "import privscan, sys; print(sorted({'pyarrow', 'numpy', 'hyperscan', 'typer', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_package_says_that_it_is_typed() -> None:
    assert resources.files("privscan").joinpath("py.typed").is_file()


def test_the_version_is_that_of_the_installed_package() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "privscan", "-V"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"privscan {privscan.__version__}\n"
