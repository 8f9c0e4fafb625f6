"""`privscan rules check`: every promise a rule makes, tried through the whole engine.

Each example yields exactly its span, as JSONL in every escaping JSON allows and as Parquet; each counter-example yields
nothing at medium or above; every trigger fires on its examples; no rule takes another's example unless it is listed;
patterns take linear time on hostile text; alarms on a clean corpus do not rise over the recorded number.
"""

from __future__ import annotations

import json
import os
import signal
import sysconfig
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privscan import config, examples, rules, shard
from privscan.detectors import triggers
from privscan.detectors.compiled import needs_context
from privscan.detectors.patterns import Patterns
from privscan.detectors.together import told
from privscan.errors import RuleError
from privscan.model import Confidence, Rule, Shard

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from privscan.examples import Example

HOSTILE = 20_000  # characters of a hostile text
SLOW = 1.0  # CPU seconds it may take: a linear pattern needs a hundredth
PROBE, PROBE_SLOW = 2_000, 0.003  # a text and a time that tell at once of most patterns that they are linear
CLEAN_BYTES = 4 << 20  # of Python's own library, the clean corpus that every machine has
ALARMS = 1.0  # alarms per MB a rule may raise there unless `alarms.json` beside the packs allows more
NOT_ALARMS = ("EMAIL_ADDRESS", "URL", "IP_ADDRESS")  # entities that really stand in the library's sources


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing wrong with a rule. `detail` quotes the pack's own examples by number, never by content."""

    rule: str
    check: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Case:
    """One line to scan: an example of a rule as one way of writing it."""

    rule: Rule
    number: int
    positive: bool
    example: Example
    writing: str
    line: str


def check(path: str | None = None, cache_dir: str | None = None) -> tuple[list[Failure], int]:
    """Check the shipped packs, or the rules of one file or folder beside them; return failures and rules checked."""
    known = rules.shipped(cache_dir)
    loaded = rules.load_rules([path] if path else [], cache_dir)
    subject = [rule for rule in loaded if rule.id not in known] if path else list(loaded)
    failures = [failure for rule in subject if rule.detector == "patterns" for failure in _alone(rule)]
    if failures:
        return failures, len(subject)
    shown = tuple(map(told, loaded))  # what is never reported has examples all the same
    settings = replace(config.settings("scan", cache_dir=cache_dir, workers=1), rules=shown, fail_on=None)
    try:
        kit = shard.tools(settings)
    except RuleError:
        failures = [failure for rule in subject if rule.detector == "patterns" for failure in _refused(rule)]
        if not failures:
            raise
        return failures, len(subject)
    with tempfile.TemporaryDirectory(prefix="privscan-check-") as folder:
        cases = [case for rule in subject for case in _cases(rule)]
        failures += _judged(cases, _scanned_lines(cases, kit, folder), loaded)
        columns = [case for case in cases if case.writing == "plain"]
        failures += _judged(columns, _scanned_columns(columns, kit, folder), loaded, form="Parquet")
        failures += _blind([case for case in cases if case.positive and case.rule.detector == "patterns"], kit)
        failures += _alarms({rule.id for rule in subject}, kit, folder)
    return _once(failures), len(subject)


def _once(failures: Sequence[Failure]) -> list[Failure]:
    """Tell of an example once, however many ways of writing it fail."""
    seen: dict[tuple[str, str, str], Failure] = {}
    for failure in failures:
        seen.setdefault((failure.rule, failure.check, failure.detail.partition(" (")[0]), failure)
    return list(seen.values())


# ---------------------------------------------------------------- a rule by itself


def _alone(rule: Rule) -> Iterator[Failure]:
    """Check that the rule compiles, has a trigger, and cannot be made slow."""
    try:
        pattern = rules.compiled(rule)
        _triggers(rule)
    except RuleError as error:
        yield Failure(rule.id, "compiles", str(error))
        return
    if not any(_slow(pattern, text, PROBE_SLOW) for _, text in _hostile(rule, PROBE)):
        return
    for name, text in _hostile(rule, HOSTILE):
        if _slow(pattern, text, SLOW):
            yield Failure(rule.id, "linear time", f"more than {SLOW:g} s on {name}; avoid repeats inside repeats")
            return


def _triggers(rule: Rule) -> list[triggers.Trigger]:
    """Return a rule's triggers; one with a partner has none but that."""
    needs = needs_context(rule, Confidence.MEDIUM)
    return [] if rule.requires else triggers.triggers_of(rule, 0, needs_context=needs)


def _refused(rule: Rule) -> Iterator[Failure]:
    """Tell which triggers Hyperscan does not take."""
    for trigger in _triggers(rule):
        if reason := triggers.refused(trigger.expression):
            yield Failure(rule.id, "trigger", f"Hyperscan refuses it: {reason}; give `keywords` or a simpler `trigger`")


def _hostile(rule: Rule, size: int) -> Iterator[tuple[str, str]]:
    """Yield texts that make a careless pattern backtrack: repeats of single characters and of broken examples."""
    for mark in ("a", "A", "0", " ", ".", "-", "_", "/", "a ", "0 ", "a.", "0-", '"', "=", ":", "a@", "\n"):
        yield f"repeated {mark!r}", mark * (size // len(mark)) + "\x00"
    for number, text in enumerate(rule.examples, 1):
        record = examples.expand(text, rule.id).record
        for cut in (1, 2, 3):
            part = record[: max(len(record) * cut // 3 - 1, 2)]
            yield f"example {number} cut and repeated", (part * (size // len(part) + 1))[:size] + "\x00"
        value = examples.OPEN_TO_CLOSE.search(text)
        plain = (
            record if value is None else examples.expand(f" {examples.OPEN}{value[1]}{examples.CLOSE}", rule.id).record
        )
        for at in _turns(plain):
            yield f"example {number} with a character repeated", plain[:at] + plain[at] * (size // 8) + "\x00"


def _turns(text: str) -> list[int]:
    """Return places in a text where a repeat may be pumped up: a few at each change of the kind of character."""
    kinds = ["d" if mark.isdigit() else "A" if mark.isupper() else "a" if mark.isalpha() else mark for mark in text]
    turns = [at for at in range(1, len(text)) if kinds[at] != kinds[at - 1]]
    return sorted({min(turn + more, len(text) - 1) for turn in turns[:12] for more in (0, 1)})


def _slow(pattern: re.Pattern[str], text: str, limit: float) -> bool:
    """Search all of a text; say whether it takes more CPU seconds than it may. One that never ends is broken off."""
    try:
        with _limit(limit * 4):
            start = time.thread_time()
            for _ in pattern.finditer(text):
                pass
            return time.thread_time() - start > limit
    except TimeoutError:
        return True


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after some seconds, where the system can interrupt a search (POSIX, main thread)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ---------------------------------------------------------------- examples through the engine


def _cases(rule: Rule) -> Iterator[_Case]:
    """Yield every example and counter-example in every way JSON may write it."""
    for positive, texts in ((True, rule.examples), (False, rule.counter_examples)):
        for number, text in enumerate(texts, 1):
            example = examples.expand(text, rule.id)
            yield _Case(rule, number, positive, example, "plain", example.record)
            if positive:
                for writing, line in _writings(json.loads(example.record)):
                    yield _Case(rule, number, positive, example, writing, line)


def _writings(value: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, line): the same value as other writers of JSON would write it."""
    plain = json.dumps(value, ensure_ascii=False)
    yield "ASCII only", json.dumps(value)
    yield "slashes escaped", plain.replace("/", "\\/")
    yield "every character escaped", _escaped(value)
    yield "a line break before and behind", _padded(value)


def _escaped(value: Any) -> str:
    r"""Write a value with every letter and digit of its strings as \uXXXX."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_escaped(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_escaped, value)) + "]"
    if isinstance(value, str):
        units = value.encode("utf-16-be", "surrogatepass")
        return '"' + "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2)) + '"'
    return json.dumps(value)


def _padded(value: Any) -> str:
    """Put a line break before and behind a record's text: written as an escape, its letter touches the value's."""
    if isinstance(value, dict) and set(value) == {"text"}:
        return json.dumps({"text": f"\n{value['text']}\n"}, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _scanned_lines(cases: Sequence[_Case], kit: shard.Tools, folder: str) -> dict[int, list[dict[str, Any]]]:
    """Scan all cases as one JSONL file; return the findings of each."""
    path = os.path.join(folder, "cases.jsonl")
    with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
        file.writelines(case.line + "\n" for case in cases)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in _findings(path, "jsonl", kit, folder):
        found[row["record"]].append(row)
    return found


def _scanned_columns(cases: Sequence[_Case], kit: shard.Tools, folder: str) -> dict[int, list[dict[str, Any]]]:
    """Scan all cases as Parquet, those with the same columns as one file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    groups: dict[str, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        value = json.loads(case.line)
        if isinstance(value, dict):
            groups[json.dumps(_shape(value))].append(number)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    path = os.path.join(folder, "cases.parquet")
    for numbers in groups.values():
        pq.write_table(pa.Table.from_pylist([json.loads(cases[number].line) for number in numbers]), path)
        for row in _findings(path, "parquet", kit, folder):
            found[numbers[row["record"]]].append(row)
    return found


def _shape(value: Any) -> Any:
    """Return the types of a value, so that records of one shape share a table."""
    if isinstance(value, dict):
        return {key: _shape(entry) for key, entry in value.items()}
    return [_shape(entry) for entry in value] if isinstance(value, list) else type(value).__name__


def _findings(path: str, format_: str, kit: shard.Tools, folder: str) -> list[dict[str, Any]]:
    stem = os.path.join(folder, "part")
    result = shard.process_shard(Shard(0, 0, path, os.path.basename(path), format_), kit, stem)
    if result.problems:
        raise RuleError(f"an example is no record: {result.problems[0].reason}")
    with open(f"{stem}.findings", "rb") as file:
        return [json.loads(line) for line in file]


def _judged(
    cases: Sequence[_Case], found: dict[int, list[dict[str, Any]]], loaded: Sequence[Rule], form: str = ""
) -> Iterator[Failure]:
    """Compare what was found with the marks of the examples."""
    known = {rule.id: rule for rule in loaded}
    for number, case in enumerate(cases):
        rows = found.get(number, [])
        way = form or case.writing
        name = f"{'example' if case.positive else 'counter-example'} {case.number} ({way})"
        own = [row for row in rows if row["rule"] == case.rule.id]
        if not case.positive:
            if own:
                yield Failure(case.rule.id, "counter-example", f"{name} is found")
            continue
        shift = 1 if case.writing.startswith("a line break") and case.line.startswith('{"text": "\\n') else 0
        if form and any(mark.field.endswith("~key") for mark in case.example.marks):
            continue  # a column's name is schema, not data
        for mark in case.example.marks:
            want = (mark.field, mark.span.start + shift, mark.span.end + shift)
            if want not in {(row["field"], row["start"], row["end"]) for row in own}:
                yield Failure(case.rule.id, "example", f"{name}: its marked span is not found exactly")
            for row in rows:
                same = row["field"] == want[0] and row["start"] < want[2] and want[1] < row["end"]
                if same and not _share(case.rule, known[row["rule"]]):
                    yield Failure(
                        case.rule.id, "overlap", f"{name} is also taken by {row['rule']}; list it in `shares`"
                    )


def _share(one: Rule, other: Rule) -> bool:
    """Say whether two rules may match the same value: either lists the other, or a prefix of its id.

    What a model takes for a name may be anything: it asks for no list.
    """
    if one.detector != other.detector:
        return True
    pairs = [(one.id, other.id), *((name, other.id) for name in one.shares), *((name, one.id) for name in other.shares)]
    return any(found == name or found.startswith(f"{name}.") for name, found in pairs)


def _blind(cases: Sequence[_Case], kit: shard.Tools) -> Iterator[Failure]:
    """See that a rule's own triggers fire on its examples as they are written: another rule's may have helped."""
    places = {
        rule.id: (patterns, number)
        for patterns in kit.detectors
        if isinstance(patterns, Patterns)
        for number, rule in enumerate(patterns.rules)
    }
    for case in cases:
        patterns, number = places.get(case.rule.id, (None, 0))
        if "\\u" in case.line or patterns is None or patterns.databases is None:
            continue  # such lines are looked at anyway, and a rule with a partner has that one's triggers
        fired, _ = patterns.databases.scan(f"\n{case.line}\n".encode("utf-8", "surrogatepass"))
        if number not in fired:
            yield Failure(case.rule.id, "trigger", f"does not fire on example {case.number} ({case.writing})")


# ---------------------------------------------------------------- a clean corpus


def _alarms(subject: set[str], kit: shard.Tools, folder: str) -> Iterator[Failure]:
    """Count alarms on Python's own library: code and prose with no one's data to speak of."""
    path = os.path.join(folder, "clean.jsonl")
    size = _clean_corpus(path)
    counts = Counter(
        row["rule"]
        for row in _findings(path, "jsonl", kit, folder)
        if row["entity"] not in NOT_ALARMS and row["state"] == "new"
    )
    allowed = _allowed()
    for rule, count in sorted(counts.items()):
        rate = count / (size / 1e6)
        if rule in subject and rate > max(ALARMS, allowed.get(rule, 0.0)):
            yield Failure(rule, "alarms", f"{rate:.1f} per MB of the Python library; {ALARMS:g} are allowed")


def _allowed() -> dict[str, float]:
    """Return the recorded alarms per MB of rules that may raise more than the rest."""
    path = rules.packs() / "alarms.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _clean_corpus(path: str) -> int:
    """Write modules of the Python library as rows; return the bytes written."""
    library = sysconfig.get_paths()["stdlib"]
    size = 0
    with open(path, "wb") as out:
        for name in sorted(os.listdir(library)):
            if name.endswith(".py") and size < CLEAN_BYTES:
                with open(os.path.join(library, name), encoding="utf-8", errors="replace") as file:
                    size += out.write(json.dumps({"text": file.read()}).encode() + b"\n")
    return size
