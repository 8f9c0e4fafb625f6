"""The benchmarks run and tell: tables come out, corpora repeat, scores count right. No timing is asserted."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import corpus, neardup
from benchmarks.labels import Labelled, Score, merged, score, type_of_finding, type_of_label
from benchmarks.measure import ROOT, Bench, child
from benchmarks.peer_child import NOT_INSTALLED, PEERS
from benchmarks.quality import findings, rows_of
from benchmarks.tables import Table
from privscan import rules

if TYPE_CHECKING:
    from pathlib import Path

PROSE = [
    "The quick brown fox jumps over the lazy dog and goes home to rest for the night. ",
    "Nothing is planted here. ",
]
PLANTED = "Tools on planted copies at 0.8"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def bare_python(tmp_path: Path) -> str:
    """An interpreter without any peer."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    ("part", "titles"),
    [
        pytest.param("startup", ["Start-up"], id="startup"),
        pytest.param("speed", ["Core", "Commands", "Workers"], id="speed"),
        pytest.param("memory", ["Peak memory"], id="memory"),
        pytest.param("peers", ["Peers", "Peers"], id="peers"),
        pytest.param("rules", ["Rules by cost", "Rules by cost"], id="rules"),
        pytest.param("media", ["Media flagged", "Media speed"], id="media"),
        pytest.param("dedup", ["Near duplicates at 0.8", PLANTED, "Join of made-up signatures", "Goals"], id="dedup"),
    ],
)
def test_part_runs_on_a_tiny_corpus_and_prints_its_tables(
    tmp_path: Path, bare_python: str, part: str, titles: list[str]
) -> None:
    told, work = tmp_path / "results.json", tmp_path / "work"
    sizes = ("--megabytes", "0.1", "--big", "0.2", "--runs", "1", "--sample", "5")
    done = run(part, *sizes, "--json", str(told), "--work", str(work), "--peer-python", bare_python)
    assert done.returncode == 0, done.stderr
    results = json.loads(told.read_text())
    assert [table["title"].split(",")[0] for table in results["tables"]] == titles
    assert results["command"].startswith(f"python -m benchmarks {part} ")
    for table in results["tables"]:
        assert table["title"] in done.stdout
        assert table["rows"]
        assert {len(row) for row in table["rows"]} == {len(table["columns"])}
    assert ("not installed; pip install" in done.stdout) == (part in {"peers", "dedup"})


def test_quality_runs_on_a_data_folder(tmp_path: Path) -> None:
    data, told = tmp_path / "data", tmp_path / "results.json"
    lay_out(data)
    sizes = ("--megabytes", "0.1", "--big", "0.2", "--runs", "1")
    done = run("quality", "dedup", "--data", str(data), "--json", str(told), *sizes)
    assert done.returncode == 0, done.stderr
    tables = {table["title"]: table for table in json.loads(told.read_text())["tables"]}
    by_type = {row[0]: row[1:] for row in tables["Labelled sets, by type"]["rows"]}
    assert by_type["EMAIL"][:5] == [2, 1, 0.5, 1, 1]
    assert "PHONE" not in by_type
    secrets = {row[0]: row[1:] for row in tables["Secrets, reviewed lines of code and configuration"]["rows"]}
    assert secrets["Token"] == [1, 1, 1.0, 1, 0]
    residue = dict(tables["After redaction, policy standard"]["rows"])
    assert residue["findings left in the copies (goal 0)"] == 0
    assert residue["records redacted"] >= 2
    copies = {row[0]: row[1] for row in tables["Near duplicates at 0.8"]["rows"]}
    assert (copies["pair recall"], copies["rows dropped"]) == (1.0, 1)


def test_names_are_scored_beside_a_pipeline(tmp_path: Path) -> None:
    import spacy

    pipeline, data, told = spacy.blank("en"), tmp_path / "data", tmp_path / "results.json"
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Berg"}])
    pipeline.to_disk(tmp_path / "pipeline")
    text = "My colleague Jonathan Berg lives at 12 Elm Street, Springfield, and likes it."
    spans = [[13, 26, "PERSON"], [36, 62, "STREET_ADDRESS"]]
    (data / "pii").mkdir(parents=True)
    (data / "pii/presidio_synth_v2.jsonl").write_text(json.dumps({"id": 1, "text": text, "spans": spans}) + "\n")
    small = ("--megabytes", "0.02", "--data", str(data), "--spacy", str(tmp_path / "pipeline"))
    done = run("names", *small, "--json", str(told))
    assert done.returncode == 0, done.stderr
    tables = {table["title"].split(" (")[0]: table["rows"] for table in json.loads(told.read_text())["tables"]}
    people = {(row[0], row[1]): row[2:] for row in tables["People, by domain"]}
    assert (people["templates", "privscan"][0], people["templates", "privscan"][2]) == (1, 1.0)
    assert people["templates", "spacy"][:5] == [1, 1.0, 1.0, 1.0, 0.0]
    assert people["templates", "presidio"][2] == 1.0
    assert people["templates", "spacy"][5] == 4 / 13
    assert tables["Streets"][0][1:3] == [1, 1]
    assert [row[0].split()[0] for row in tables["Speed of looking for names, one thread"]][:2] == ["privscan,", "spacy"]


def lay_out(data: Path) -> None:
    """Write a folder of the shape that `--data` takes."""
    token = next(make(random.Random(1)) for _, sentence, make in corpus.VALUES if "GITHUB" in sentence)
    words = " ".join(f"word{number}" for number in range(40))
    mail, phone = "jo.kranz@oltena.de", "+1 212-345-6789"
    files: dict[str, list[dict[str, Any]]] = {
        "pii/mail.jsonl": [
            {"id": 1, "text": f"Write to {mail} now", "spans": [[9, 9 + len(mail), "EMAIL_ADDRESS"]]},
            {"id": 2, "text": f"or jo at oltena, or {phone}", "spans": [[3, 15, "EMAIL"]]},
        ],
        "secrets/creddata_lines.jsonl": [
            {"id": 1, "text": f"GITHUB_TOKEN={token}", "spans": [[13, 13 + len(token), "Token"]], "negatives": []},
            {"id": 2, "text": "TOKEN_SIZE = 20001", "spans": [], "negatives": [[13, 18, "Token"]]},
        ],
        "corpora/plain.jsonl": [{"id": 1, "text": PROSE[0] * 8}],
        "neardup/docs.jsonl": [{"id": name, "text": words} for name in "ab"] + [{"id": "c", "text": PROSE[0]}],
        "neardup/pairs.jsonl": [{"a": "a", "b": "b", "jaccard5": 1.0, "kind": "exact"}],
    }
    for name, rows in files.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_part_that_is_none_is_refused_by_name() -> None:
    done = run("sped")
    assert done.returncode == 2
    assert '"sped" is none of startup, quality, names, dedup, media, peers, rules, speed, memory' in done.stderr


# ---------------------------------------------------------------- corpora


@pytest.mark.parametrize("mix", [corpus.LOW, corpus.HIGH, corpus.COPIES], ids=lambda mix: mix.name)
def test_corpus_repeats_by_seed(mix: corpus.Mix) -> None:
    first, again, other = (list(itertools.islice(corpus.records(PROSE, mix, seed), 300)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_high_density_has_one_to_four_values_in_every_record_at_the_spans_told() -> None:
    for record in itertools.islice(corpus.records(PROSE, corpus.HIGH, 1), 200):
        assert 1 <= len(record.spans) <= 4
        assert all(0 <= start < end <= len(record.text) for start, end, _ in record.spans)


def test_every_kind_of_planted_value_is_found(tmp_path: Path) -> None:
    made = list(itertools.islice(corpus.records(PROSE, corpus.HIGH, 1), 100))
    path = tmp_path / "planted.jsonl"
    path.write_text("".join(json.dumps({"text": record.text}) + "\n" for record in made))
    found = findings(Bench(work=tmp_path), [path])["planted.jsonl"]
    missed = [
        label
        for record, planted in enumerate(made)
        for start, end, label in planted.spans
        if not any(row["start"] < end and start < row["end"] for row in found.get(record, ()))
    ]
    assert missed == []


def test_copies_repeat_earlier_records() -> None:
    prose = [f"Piece number {number} of the prose. " for number in range(100_000)]
    texts = [record.text for record in itertools.islice(corpus.records(prose, corpus.COPIES, 1), 1000)]
    assert 50 < len(texts) - len(set(texts)) < 200


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst"])
def test_corpus_file_is_made_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"made{suffix}"
    size = corpus.write(path, corpus.records(PROSE, corpus.LOW, 1), 50_000)
    stamp = path.stat().st_mtime_ns
    assert size >= 50_000
    assert corpus.write(path, iter(()), 50_000) == size
    assert path.stat().st_mtime_ns == stamp
    if suffix == ".jsonl":
        assert path.stat().st_size == size
        assert {"id", "text"} == next(rows_of(path)).keys()


# ---------------------------------------------------------------- scores


def span(start: int, end: int, kind: str = "EMAIL", source: str = "EMAIL") -> Labelled:
    return Labelled(start, end, kind, source)


@pytest.mark.parametrize(
    ("gold", "found", "wanted", "ignored"),
    [
        pytest.param([span(0, 5)], [span(0, 5)], Score(1, 1, 1, 1), 0, id="exact"),
        pytest.param([span(0, 5)], [span(4, 9)], Score(1, 1, 1, 1), 0, id="one character shared"),
        pytest.param([span(0, 5)], [span(5, 9)], Score(1, 0, 1, 0), 0, id="next to it"),
        pytest.param([span(0, 5)], [span(0, 5, "PHONE")], Score(1, 0, 0, 0), 1, id="type the set does not label"),
        pytest.param([span(0, 5), span(9, 12, "")], [span(9, 12)], Score(1, 0, 0, 0), 1, id="over a label of no type"),
        pytest.param([span(0, 5)], [span(0, 3), span(2, 5)], Score(1, 1, 1, 1), 0, id="two rules on one value"),
        pytest.param([span(0, 5), span(6, 9)], [span(0, 9)], Score(2, 2, 1, 1), 0, id="one finding over two values"),
    ],
)
def test_score(gold: list[Labelled], found: list[Labelled], wanted: Score, ignored: int) -> None:
    result = score("set", [(gold, found)])
    assert result.types["EMAIL"] == wanted
    assert result.ignored.total() == ignored


def test_person_is_not_scored_where_the_label_means_roles() -> None:
    assert score("sec_filings_fin5", [([span(0, 5, "PERSON")], [])]).types == {}


def test_merged_keeps_types_apart() -> None:
    assert merged([span(0, 5), span(3, 8), span(3, 8, "PHONE"), span(8, 9)]) == [
        span(0, 8),
        span(8, 9),
        span(3, 8, "PHONE"),
    ]


def test_every_national_rule_and_secret_has_a_type() -> None:
    kinds = {rule.id: type_of_finding(rule.id, rule.entity) for rule in rules.load_rules()}
    assert kinds["pii.us.ssn"] == kinds["pii.passport"] == "NATIONAL"
    assert all(kind == "SECRET" for rule, kind in kinds.items() if rule.startswith("secret."))
    assert {type_of_label(label) for label in ("PER", "person", "NOMBRE_PERSONAL_SANITARIO")} == {"PERSON"}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [("a b c d e f", "A b c d e f", 1.0), ("a b c d e f", "b c d e f g", 1 / 3), ("a b", "c d", 0.0)],
)
def test_jaccard(one: str, other: str, wanted: float) -> None:
    assert neardup.jaccard(neardup.shingles(one), neardup.shingles(other)) == pytest.approx(wanted)


# ---------------------------------------------------------------- measuring and telling


def test_child_costs_its_own_memory_not_ours() -> None:
    ballast = bytearray(200_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    cost = child([sys.executable, "-I", "-S", "-c", "x = b'x' * 60_000_000; sum(range(10**6))"], tree=True)
    assert 60e6 < cost.peak < 150e6
    assert cost.cpu > 0
    assert len(ballast) == 200_000_000  # still held while the child ran


def test_child_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="ended with 7"):
        child([sys.executable, "-c", "raise SystemExit(7)"])


@pytest.mark.parametrize("name", PEERS)
def test_peer_that_is_not_installed_says_so(tmp_path: Path, bare_python: str, name: str) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text('{"text": "nothing"}\n')
    script = str(ROOT / "benchmarks" / "peer_child.py")
    done = subprocess.run([bare_python, script, name, str(path), "1"], capture_output=True, check=False)
    assert done.returncode == NOT_INSTALLED


def test_table_is_aligned() -> None:
    table = Table("Title", ("what", "count"), [("a", 1), ("long", None), ("b", 0.5)], "note")
    assert table.text() == "Title\nwhat  count\n----  -----\na         1\nlong      -\nb     0.500\nnote\n"
