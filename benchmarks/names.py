"""How well and how fast names and street addresses are found, by domain, with spaCy and Presidio beside.

Scored are sets the tagger was never trained on, and of the others the documents kept from training. A gold span is
found when a finding of its type overlaps it; "letters" is the share of its characters that findings of any type cover,
which is what redaction needs. Marks at the edges, a leading "the" and a trailing "'s" do not count.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpus, labels, quality
from benchmarks.peer_child import NOT_INSTALLED
from benchmarks.tables import Table
from privscan.detectors.models import folder
from training import data as gold_sets
from training.score import Score, bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

CHILD = Path(__file__).with_name("names_child.py")
DOMAINS = {
    "templates": ("pii/presidio_synth_v2", "pii/presidio_generated_large"),
    "government": ("pii/us_offices_contact",),
    "news": ("names/uner_pt",),
    "old newspapers": ("pii/europeana_de", "pii/europeana_fr", "pii/europeana_nl"),  # as a machine read them
    "wikipedia": ("pii/wikigold_en", "names/crossner_politics", "names/crossner_science", "names/crossner_literature"),
    "web": ("names/uner_en", "names/uner_da", "names/uner_sv"),
    "tweets": ("pii/broad_twitter_b", "pii/broad_twitter_f", "pii/wnut17_en_train"),
    "clinical": ("pii/meddocan_es_train",),
}
SMALL = ("templates", "tweets")  # domains that are scored in small letters as well
STREETS = ("pii/presidio_synth_v2", "pii/presidio_generated_large", "pii/us_offices_contact", "pii/meddocan_es_train")
GOALS = {
    "templates": (0.72, 0.75, 0.92),
    "government": (0.72, 0.75, 0.92),
    "news": (0.72, 0.75, 0.92),
}  # F1, P, letters
LETTERS = {"tweets": 0.80, "templates, small": 0.80, "tweets, small": 0.80}
STREET_GOALS = (0.85, 0.95)  # recall, precision
CODE_GOAL = 20.0  # false people a megabyte of code
SPEED_GOAL, RATIO_GOAL, MEMORY_GOAL = 1.5, 80.0, 350.0  # MB a CPU second, times Presidio with its model, MB
PROSE = 2_000_000  # characters our stage is timed on
PEER_PROSE = {"spacy": 150_000, "presidio": 30_000}

CREDIT = re.compile(
    r"(?i)\bby\b|author|copyright|\(c\)|written|contribut|maintain|thanks|@\w|credit|implement|idea|support|suggest|report"
    r"|hacked|wrote|et al|\bmodif|\brewr|\b(?:19|20)\d\d\b"
)  # a line of code with one of these names somebody

Spans = list[tuple[int, int, str]]


@dataclass(slots=True)
class Texts:
    """Texts of a domain with their gold spans ("P", "L", "O" or a label of the set)."""

    name: str
    texts: list[str] = field(default_factory=list)
    gold: list[Spans] = field(default_factory=list)


def tables(bench: Bench) -> Iterator[Table]:
    """Score our findings, then those of the peers that are installed; time all of them."""
    if not bench.data:
        yield Table("Names", ("",), [], "needs --data DIR with names/ and pii/")
        return
    sets = list(_sets(bench.data))
    found = {"privscan": _ours(bench, sets)}
    shown = [Texts(texts.name, texts.texts[: bench.sample], texts.gold[: bench.sample]) for texts in sets]
    if importlib.util.find_spec(folder.RAMPART):
        found["with rampart"] = _ours(bench, shown, "rampart")
    for peer in ("spacy", "presidio"):
        told = _peer(bench, peer, [text for texts in shown for text in texts.texts], score=True)
        if told is not None:
            spans = iter(told["spans"])
            found[peer] = {texts.name: [[tuple(s) for s in next(spans)] for _ in texts.texts] for texts in shown}
    if len(found) > 1:  # on as much as the peers were shown
        found = {"privscan": found["privscan"], "privscan, same": found["privscan"]} | found
    yield _people(bench, sets, found)
    yield _streets(bench)
    yield from _code(bench)
    yield _speed(bench)


def _sets(data: Path) -> Iterator[Texts]:
    for domain, files in DOMAINS.items():
        out = Texts(domain)
        for name in files:
            if not (data / f"{name}.jsonl").exists():
                continue
            known = name in gold_sets.GOLD
            for identity, text in gold_sets.read(data / f"{name}.jsonl"):
                if not known or gold_sets.is_dev(identity):
                    out.texts.append(text.text)
                    out.gold.append(text.spans)
        if not out.texts:
            continue
        yield out
        if domain in SMALL:
            pairs = [(t, g) for t, g in zip(out.texts, out.gold, strict=True) if len(t.lower()) == len(t)]
            yield Texts(f"{domain}, small", [text.lower() for text, _ in pairs], [spans for _, spans in pairs])


def _ours(bench: Bench, sets: Sequence[Texts], ner: str = "") -> dict[str, list[Spans]]:
    made = Path(bench.fresh("names"))
    paths = [_written(made / f"{number}.jsonl", texts.texts) for number, texts in enumerate(sets)]
    found = quality.findings(bench, paths, ner)
    kinds = {"PERSON": "P", "LOCATION": "L", "STREET_ADDRESS": "L", "ORGANIZATION": "O"}
    out: dict[str, list[Spans]] = {}
    for path, texts in zip(paths, sets, strict=True):
        rows = found[path.name]
        out[texts.name] = [
            _joined((row["start"], row["end"], kinds.get(row["entity"], "")) for row in rows.get(place, ()))
            for place in range(len(texts.texts))
        ]
    return out


def _joined(spans: Iterable[tuple[int, int, str]]) -> Spans:
    """Return spans with those of one kind that overlap made one: two rules on one value are one finding."""
    out: Spans = []
    for start, end, kind in sorted(spans, key=lambda span: (span[2], span)):
        if out and out[-1][2] == kind and start < out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]), kind)
        else:
            out.append((start, end, kind))
    return out


def _written(path: Path, texts: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return path


def _people(bench: Bench, sets: Sequence[Texts], found: dict[str, dict[str, list[Spans]]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    means: dict[str, list[float]] = defaultdict(list)
    for texts in sets:
        for system, spans in found.items():
            score = _score(texts, spans[texts.name], len(texts.texts) if system == "privscan" else bench.sample)
            if texts.name in GOALS:
                means[system].append(score.f1)
            cells = (score.gold, score.precision, score.recall, score.f1, score.exact, score.letter_recall)
            rows.append((texts.name, system, *cells, *_judged(texts.name, system, score)))
    for system, values in means.items():
        mean = sum(values) / len(values)
        goal = ("F1 .72", "yes" if mean >= 0.72 else "NO") if system == "privscan" else ("", "")
        rows.append((f"mean of {', '.join(GOALS)}", system, None, None, None, mean, None, None, *goal))
    head = ("domain", "system", "gold", "precision", "recall", "F1", "exact F1", "letters", "goal", "met")
    return Table("People, by domain", head, rows, "precision and recall: spans that overlap by a character or more")


def _judged(name: str, system: str, score: Score) -> tuple[str, str]:
    if system != "privscan" or name not in GOALS | LETTERS:
        return "", ""
    if name in LETTERS:
        return f"letters {LETTERS[name]:.2f}", "yes" if score.letter_recall >= LETTERS[name] else "NO"
    _, precision, letters = GOALS[name]
    met = score.precision >= precision and score.letter_recall >= letters
    return f"P {precision:.2f}, letters {letters:.2f}", "yes" if met else "NO"


def _score(texts: Texts, found: Sequence[Spans], most: int, kind: str = "P") -> Score:
    out = Score()
    for text, gold, spans in zip(texts.texts[:most], texts.gold, found, strict=False):
        wanted = [bare(text, start, end) for start, end, label in gold if label == kind]
        every = [(*bare(text, start, end), label) for start, end, label in spans]
        mine = [(start, end) for start, end, label in every if label == kind]
        out.gold += len(wanted)
        out.predicted += len(mine)
        out.found += sum(any(start < stop and begin < end for begin, stop in mine) for start, end in wanted)
        out.right += sum(any(start < stop and begin < end for begin, stop in wanted) for start, end in mine)
        out.same += len(set(wanted) & set(mine))
        for start, end in wanted:
            out.letters += end - start
            out.covered += len({at for begin, stop, _ in every for at in range(max(start, begin), min(end, stop))})
    return out


def _streets(bench: Bench) -> Table:
    """Score street addresses; bare postcodes, house numbers and places that a set labels so are left out."""
    assert bench.data
    paths = [path for name in STREETS if (path := bench.data / f"{name}.jsonl").exists()]
    found = quality.findings(bench, paths)
    rows: list[tuple[Cell, ...]] = []
    recall, precision = STREET_GOALS
    for path in paths:
        gold = hit = mine = right = 0
        for record, row in enumerate(quality.rows_of(path)):
            text = row["text"]
            wanted = [(a, b) for a, b, label in row["spans"] if _is_street(label, text[a:b])]
            every = [(a, b) for a, b, label in row["spans"] if gold_sets.kind_of(label) == "L"]
            rows_ = found[path.name].get(record, ())
            spans = _joined((r["start"], r["end"], "") for r in rows_ if r["entity"] == "STREET_ADDRESS")
            gold, mine = gold + len(wanted), mine + len(spans)
            hit += sum(any(s[0] < b and a < s[1] for a, b, _ in spans) for s in wanted)
            right += sum(any(s[0] < b and a < s[1] for s in every) for a, b, _ in spans)
        shares = (hit / gold if gold else None, right / mine if mine else None)
        met = (shares[0] or 0) >= recall and (shares[1] or 0) >= precision
        rows.append((path.stem, gold, hit, shares[0], mine, right, shares[1], "yes" if met else "NO"))
    head = ("set", "gold", "found", "recall", "predicted", "right", "precision", "met")
    return Table(
        f"Streets (goal: recall {recall}, precision {precision})", head, rows, "gold: with a letter and a digit"
    )


def _is_street(label: str, value: str) -> bool:
    return labels.type_of_label(label) == "ADDRESS" and any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def _code(bench: Bench) -> Iterator[Table]:
    path = _written(Path(bench.fresh("code"), "library.jsonl"), _upto(corpus.library(), bench.megabytes * 1e6))
    rows = [row for rows in quality.findings(bench, [path])[path.name].values() for row in rows]
    people = [row for row in rows if row["entity"] == "PERSON" and row["state"] == "new"]
    texts = [row["text"] for row in quality.rows_of(path)]
    named = [row for row in people if CREDIT.search(_line(texts[row["record"]], row["start"]))]
    people = [row for row in people if row not in named]
    size = path.stat().st_size / 1e6
    rate = len(people) / size
    by_rule = defaultdict(int)
    for row in people:
        by_rule[row["rule"]] += 1
    told = ", ".join(f"{rule} {count}" for rule, count in sorted(by_rule.items(), key=lambda entry: -entry[1]))
    cells = (size, len(named), len(people), rate, CODE_GOAL, "yes" if rate <= CODE_GOAL else "NO", told)
    head = ("MB", "in credits", "elsewhere", "per MB", "goal", "met", "rules")
    note = "credits: lines that name authors; elsewhere stand some real names, too"
    yield Table("People in Python's own library", head, [cells], note)


def _line(text: str, at: int) -> str:
    return text[text.rfind("\n", 0, at) + 1 : at + 200].split("\n", maxsplit=1)[0]


def _speed(bench: Bench) -> Table:
    """Time the stage that looks for names alone, in this process, and the peers in theirs."""
    pieces = list(corpus.prose(bench.data) or corpus.prose(None))
    ours = _upto(pieces, min(PROSE, bench.megabytes * 1e6))
    told = _peer(bench, "privscan", ours, score=False)
    assert told is not None
    rate, memory = told["characters"] / told["cpu"] / 1e6, told["peak"] / 1e6
    rows: list[tuple[Cell, ...]] = [
        ("privscan, names", told["characters"] / 1e6, rate, 1.0, f"{SPEED_GOAL} MB/s", _yes(rate >= SPEED_GOAL), memory)
    ]
    for peer, size in PEER_PROSE.items():
        told = _peer(bench, peer, _upto(pieces, min(size, bench.megabytes * 1e6)), score=False)
        if told is None:
            rows.append((f"{peer}: no pipeline given (--spacy)", None, None, None, "", "", None))
            continue
        theirs = told["characters"] / told["cpu"] / 1e6
        goal = (f"{RATIO_GOAL:.0f} times", _yes(rate / theirs >= RATIO_GOAL)) if peer == "presidio" else ("", "")
        rows.append(
            (f"{peer} {told['version']}", told["characters"] / 1e6, theirs, rate / theirs, *goal, told["peak"] / 1e6)
        )
    rows.append(("memory of the stage", None, None, None, f"{MEMORY_GOAL:.0f} MB", _yes(memory <= MEMORY_GOAL), memory))
    head = ("system", "MB of prose", "MB/CPU s", "privscan is x times", "goal", "met", "peak MB")
    return Table("Speed of looking for names, one thread", head, rows)


def _yes(met: bool) -> str:  # noqa: FBT001 - it is a word for it
    return "yes" if met else "NO"


def _upto(pieces: Iterable[str], size: float) -> list[str]:
    out, total = [], 0
    for piece in pieces:
        if total >= size:
            break
        out.append(piece)
        total += len(piece)
    return out


def _peer(bench: Bench, name: str, texts: Sequence[str], *, score: bool) -> dict[str, Any] | None:
    """Run one system over texts in a process of its own; None where it is not there."""
    if name != "privscan" and not bench.spacy:
        return None
    path = _written(Path(bench.fresh("peer"), "texts.jsonl"), texts)
    python = sys.executable if name == "privscan" else bench.peer_python
    command = [python, str(CHILD), name, str(path), bench.spacy, str(int(score))]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHILD.parent.parent)
    if done.returncode == NOT_INSTALLED:
        return None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1])) | {"wall": time.monotonic() - start}
