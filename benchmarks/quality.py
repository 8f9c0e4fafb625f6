"""How much is found of what is there, how often the alarm is false, and what is left after redaction."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import privscan
from benchmarks import corpus, labels
from benchmarks.labels import Labelled, Score
from benchmarks.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

PLANTED = 2000  # records of a labelled set made here
WORST = 25  # rules told in the table of alarms


def tables(bench: Bench) -> Iterator[Table]:
    """Score the labelled sets and the lines with secrets, count alarms, and scan a redacted copy again."""
    labelled = _labelled_sets(bench)
    yield from _labels(bench, labelled)
    if bench.data and (bench.data / "secrets").is_dir():
        yield from _secrets(bench, bench.data / "secrets" / "creddata_lines.jsonl")
    yield from _alarms(bench)
    yield _residue(bench, labelled)


def findings(bench: Bench, paths: list[Path], ner: str = "") -> dict[str, dict[int, list[dict[str, Any]]]]:
    """Scan files as the command line would; return the findings' rows by file name and record."""
    target = Path(bench.fresh("scan"), "findings.jsonl")
    privscan.scan([str(path) for path in paths], findings=str(target), fail_on="never", ner=ner)
    found: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with target.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            found[os.path.basename(row["uri"])][row["record"]].append(row)
    return found


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


# ---------------------------------------------------------------- labelled sets


def _labelled_sets(bench: Bench) -> list[Path]:
    """Return labelled files: those of the data folder, else one with values planted here."""
    if bench.data and (files := sorted((bench.data / "pii").glob("*.jsonl"))):
        return files
    path = Path(bench.fresh("labelled"), "planted.jsonl")
    made = itertools.islice(corpus.records(corpus.prose(None), corpus.HIGH, bench.seed), PLANTED)
    with path.open("w", encoding="utf-8") as out:
        for number, record in enumerate(made):
            out.write(json.dumps({"id": number, "text": record.text, "spans": record.spans}) + "\n")
    return [path]


def _labels(bench: Bench, files: list[Path]) -> list[Table]:
    found = findings(bench, files)
    scored = {path.stem: labels.score(path.stem, _documents(path, found[path.name])) for path in files}
    whole: dict[str, Score] = defaultdict(Score)
    by_label: dict[str, Score] = defaultdict(Score)
    ignored: Counter[str] = Counter()
    sets: list[tuple[Cell, ...]] = []
    for name, result in scored.items():
        ignored += result.ignored
        for label, counts in result.labels.items():
            by_label[label] += counts
        for kind, counts in result.types.items():
            whole[kind] += counts
            sets.append((name + (" *" if name in labels.LOOSE else ""), kind, *_score(counts)))
    head = ("gold", "found", "recall", "predicted", "right", "precision", "F2")
    uncounted = ", ".join(f"{kind} {count}" for kind, count in ignored.most_common())
    return [
        Table(
            "Labelled sets, by type",
            ("type", *head),
            [(kind, *_score(whole[kind])) for kind in labels.TYPES if kind in whole],
            f"Not counted, of types that the set does not label: {uncounted or 'none'}",
        ),
        Table(
            "Labelled sets, by set and type",
            ("set", "type", *head),
            sorted(sets, key=lambda row: (str(row[1]), str(row[0]))),
            "* not every value is labelled: precision is a lower bound",
        ),
        Table(
            "Labelled sets, recall by label",
            ("label", "type", "gold", "found", "recall"),
            [(label, labels.type_of_label(label), c.gold, c.found, c.recall) for label, c in sorted(by_label.items())],
        ),
    ]


def _documents(path: Path, found: dict[int, list[dict[str, Any]]]) -> Iterator[tuple[list[Labelled], list[Labelled]]]:
    for record, row in enumerate(rows_of(path)):
        gold = [Labelled(start, end, labels.type_of_label(label), label) for start, end, label in row["spans"]]
        yield gold, _spans(found.get(record, ()))


def _spans(rows: Any) -> list[Labelled]:
    """Return the findings in the text of a record as spans."""
    return [
        Labelled(row["start"], row["end"], labels.type_of_finding(row["rule"], row["entity"]), row["rule"])
        for row in rows
        if row["field"] == "/text"
    ]


def _score(counts: Score) -> tuple[Cell, ...]:
    recall, precision = counts.recall, counts.precision
    f2 = 5 * precision * recall / (4 * precision + recall) if precision and recall else None
    return counts.gold, counts.found, recall, counts.predicted, counts.right, precision, f2


# ---------------------------------------------------------------- secrets


def _secrets(bench: Bench, path: Path) -> list[Table]:
    """Recall by category of reviewed credentials, and reviewed negatives that raise an alarm."""
    found = findings(bench, [path])[path.name]
    gold: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    negative: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    blamed: Counter[str] = Counter()
    for record, row in enumerate(rows_of(path)):
        spans = [span for span in _spans(found.get(record, ())) if span.type == "SECRET"]
        for start, end, label in row["spans"]:
            gold[label] += 1
            hit[label] += any(labels.overlap(span, Labelled(start, end, "", label)) for span in spans)
        for start, end, label in row["negatives"]:
            negative[label] += 1
            over = [span for span in spans if labels.overlap(span, Labelled(start, end, "", label))]
            flagged[label] += bool(over)
            blamed.update({span.source for span in over})
    rows: list[tuple[Cell, ...]] = [
        (label, gold[label], hit[label], _share(hit[label], gold[label]), negative[label], flagged[label])
        for label in sorted(gold | negative, key=lambda label: (-gold[label], label))
    ]
    rows.append(
        ("all", gold.total(), hit.total(), _share(hit.total(), gold.total()), negative.total(), flagged.total())
    )
    columns = ("category", "gold", "found", "recall", "reviewed negatives", "flagged")
    note = "Negatives flagged by: " + (", ".join(f"{rule} {count}" for rule, count in blamed.most_common()) or "none")
    return [Table("Secrets, reviewed lines of code and configuration", columns, rows, note)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# ---------------------------------------------------------------- alarms


def _alarms(bench: Bench) -> list[Table]:
    """Count findings on unlabelled text: most are false, those in e-mails and author lines are not."""
    files = _code(bench)
    if bench.data:
        files = [*sorted((bench.data / "corpora").glob("*.jsonl")), *files]
    found = findings(bench, files)
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    rows: list[tuple[Cell, ...]] = []
    sizes: Counter[str] = Counter()
    for path in files:
        group = "library" if path.name == "library.jsonl" else "corpora"
        seen = [row for entries in found[path.name].values() for row in entries]
        new = Counter(row["rule"] for row in seen if row["state"] == "new")
        sizes[group] += path.stat().st_size
        rules[group] += new
        size = path.stat().st_size / 1e6
        top = ", ".join(f"{rule} {count}" for rule, count in new.most_common(4))
        rows.append((path.stem, size, new.total(), new.total() / size, len(seen) - new.total(), top))
    both = rules["corpora"] + rules["library"]
    by_rule: list[tuple[Cell, ...]] = [
        (
            rule,
            *(
                cell
                for group in ("corpora", "library")
                for cell in (rules[group][rule], _rate(rules[group][rule], sizes[group]))
            ),
        )
        for rule, _ in [*both.most_common(WORST)]
    ]
    by_rule.append(
        ("all", *(c for g in ("corpora", "library") for c in (rules[g].total(), _rate(rules[g].total(), sizes[g]))))
    )
    return [
        Table("Alarms on plain text, by source", ("source", "MB", "alarms", "per MB", "placeholders", "rules"), rows),
        Table(
            f"Alarms on plain text, by rule (the {WORST} with most)",
            ("rule", "corpora", "per MB", "library source", "per MB"),
            by_rule,
        ),
    ]


def _rate(count: int, size: int) -> float | None:
    return count / size * 1e6 if size else None


def _code(bench: Bench) -> list[Path]:
    """Write the sources of the Python standard library as JSONL, one file a record."""
    path = Path(bench.fresh("library"), "library.jsonl")
    with path.open("w", encoding="utf-8") as out:
        for text in corpus.library():
            out.write(json.dumps({"text": text}) + "\n")
    return [path]


# ---------------------------------------------------------------- what is left


def _residue(bench: Bench, labelled: list[Path]) -> Table:
    """Clean everything, then scan the copies with the same policy: nothing may be found."""
    source, out = Path(bench.fresh("dirty")), bench.fresh("clean")
    files = list(labelled)
    if bench.data:
        files += [file for folder in ("secrets", "corpora") for file in sorted((bench.data / folder).iterdir())]
    for file in files:
        shutil.copy(file, source)
    first = privscan.clean(str(source), out, overwrite=True, dedup="off")
    left = findings(bench, [Path(out, "data")])
    rules = Counter(row["rule"] for records in left.values() for rows in records.values() for row in rows)
    rows: list[tuple[Cell, ...]] = [
        ("records", first.tally.records),
        ("records redacted", first.tally.outcomes["redacted"]),
        ("records quarantined", first.tally.outcomes["quarantined"]),
        ("findings redacted", first.tally.findings.total()),
        ("findings left in the copies (goal 0)", rules.total()),
        *((f"  {rule}", count) for rule, count in rules.most_common()),
    ]
    return Table("After redaction, policy standard", ("what", "count"), rows)
