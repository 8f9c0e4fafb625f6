"""The cheap gate: which records can hold a match at all, told by Hyperscan over raw bytes.

Holds the compiled triggers of a run: compile, cache, scan a buffer. What a trigger is stands in `derive`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privscan.detectors.derive import DIGIT_RUN, derive, least_run, loose, whole
from privscan.detectors.syntax import parsed
from privscan.detectors.words import keyword_triggers
from privscan.errors import RuleError
from privscan.kept import held, load, store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from privscan.model import Rule

SCAN_BYTES = 1 << 20  # of one scan call: a block, so that the joined neighbourhoods are worth a call too
# A run of digits: where the slow expressions are looked for at all, and what must stand near a mere keyword.
DIGITS = rb"[^0-9][0-9](?:[ ./()+\\\x2d]{0,3}[0-9]){%d}"
RUNS = (DIGIT_RUN, 9)  # most numbers of persons are 9 digits or longer, and few other things are
NEAR_DIGITS = 256  # bytes on either side of such a run


class Trigger(NamedTuple):
    """One expression. `rule` is the rule's place in the caller's list, `group` where it is looked for.

    Groups: "words" and "others" everywhere (they run fastest apart), "run5" and "run9" near runs of as many digits.
    """

    rule: int
    expression: bytes
    group: str


Hits = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]
EVERYWHERE = ("words", "others")
_LIMITED = re.compile(rb"(?<![.\\])\{([01]),(?:1[6-9]|[2-9][0-9]|[0-9]{3,})\}")
THREADS = min(os.cpu_count() or 1, 4)
_NO_HITS = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


class Databases:
    """The compiled triggers of a run. Holds Hyperscan state, so one a process.

    Hits are two arrays of equal length: rules and end offsets (int64, bytes of the buffer, one past the trigger's last
    byte), in no order. Equal expressions of several rules are scanned for once.
    """

    def __init__(self, triggers: Sequence[Trigger], cache: str | None) -> None:
        groups = (*EVERYWHERE, *(f"run{length}" for length in RUNS))
        with ThreadPoolExecutor(THREADS) as pool:  # compiling is seconds of one processor each, and holds no lock
            parts = dict(zip(groups, pool.map(lambda group: _Part(triggers, group, cache), groups), strict=True))
        self._parts = {group: parts[group] for group in EVERYWHERE}
        self._near = {length: parts[f"run{length}"] for length in RUNS}
        self._runs = _load_or_compile([(length, DIGITS % (length - 1)) for length in RUNS], cache)

    def scan(self, buffer: Any, apart: int = 0) -> Hits:
        """Return the hits in a buffer; of hits of one expression less than `apart` bytes behind each other, one."""
        found = [part.scan(buffer, apart) for part in self._parts.values()]
        lengths, ends = _scan(self._runs, buffer, apart) if any(part.any for part in self._near.values()) else _NO_HITS
        if len(ends):
            found += [
                _near(part, buffer, np.sort(ends[lengths == length])) for length, part in self._near.items() if part.any
            ]
        return np.concatenate([rules for rules, _ in found]), np.concatenate([ends for _, ends in found])

    def names(self, name: bytes) -> bool:
        """Say whether a field's name alone makes a trigger, whatever stands in the field."""
        return any(len(part.scan(name, 0)[0]) for part in (*self._parts.values(), *self._near.values()))


class _Part:
    """The expressions of one group in one database, and the rules that share each of them."""

    def __init__(self, triggers: Sequence[Trigger], group: str, cache: str | None) -> None:
        sharing: dict[bytes, list[int]] = {}
        for trigger in triggers:
            if trigger.group == group:
                sharing.setdefault(trigger.expression, []).append(trigger.rule)
        self.any = bool(sharing)
        self._database = _load_or_compile(list(enumerate(sharing)), cache) if sharing else None
        counts = [len(rules) for rules in sharing.values()]
        self._rules = np.array([rule for rules in sharing.values() for rule in rules], dtype=np.int64)
        self._first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

    def scan(self, buffer: Any, apart: int) -> Hits:
        """Return (rules, ends), a hit for every rule that shares an expression."""
        if self._database is None:
            return _NO_HITS
        numbers, ends = _scan(self._database, buffer, apart)
        shares = self._first[numbers + 1] - self._first[numbers]
        if len(numbers) == int(shares.sum()):
            return self._rules[self._first[numbers]], ends
        again = np.repeat(np.arange(len(numbers)), shares)
        nth = np.arange(len(again)) - np.repeat(np.cumsum(shares) - shares, shares)
        return self._rules[self._first[numbers[again]] + nth], ends[again]


def _near(part: _Part, buffer: Any, runs: np.ndarray[Any, Any]) -> Hits:
    """Scan only the neighbourhoods of some runs of digits (ascending ends), joined into one small buffer."""
    if not len(runs):
        return _NO_HITS
    lows = np.maximum(runs - NEAR_DIGITS, 0)
    highs = np.minimum(runs + NEAR_DIGITS, len(buffer))
    opens = np.flatnonzero(np.concatenate(([True], lows[1:] > highs[:-1])))
    starts = lows[opens]
    stops = np.maximum.reduceat(highs, opens)
    view = memoryview(buffer)
    joined = b"".join([view[low:high] for low, high in zip(starts.tolist(), stops.tolist(), strict=True)])
    rules, ends = part.scan(joined, 0)
    if not len(ends):
        return _NO_HITS
    seams = np.concatenate(([0], np.cumsum(stops - starts)[:-1]))
    owner = np.searchsorted(seams, ends - 1, side="right") - 1
    return rules, ends - seams[owner] + starts[owner]


class Sieve:
    """The loose form of one pattern, to be asked of a stretch of raw bytes before anything is decoded.

    One that Hyperscan does not take holds everywhere.
    """

    def __init__(self, pattern: str, cache: str | None) -> None:
        import hyperscan

        self._seen = False
        self._scan: Any = None
        flags = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
        key = _digest([(0, pattern.encode("utf-8", "surrogatepass") + _code())], flags)
        database = _kept(cache, f"sieve-{key}.hs", lambda: _sieve(pattern, flags))
        if database is not None:
            self._scan = database.scan

    def _note(self, *_: object) -> None:
        self._seen = True

    def holds(self, raw: Any) -> bool:
        """Say whether the stretch can hold a match."""
        if self._scan is None:
            return True
        self._seen = False
        self._scan(raw, self._note)
        return self._seen


def _scan(database: Any, buffer: Any, apart: int) -> Hits:
    numbers: list[int] = []
    ends: list[int] = []
    note_number, note_end = numbers.append, ends.append
    latest: dict[int, int] = {}

    def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        note_number(number)
        note_end(end)

    def on_match_thinned(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        if end >= latest.get(number, 0):
            latest[number] = end + apart
            note_number(number)
            note_end(end)

    database.scan(buffer, on_match_thinned if apart else on_match)
    return np.array(numbers, dtype=np.int64), np.array(ends, dtype=np.int64)


def _load_or_compile(expressions: Sequence[tuple[int, bytes]], cache: str | None) -> Any:
    import hyperscan

    flags = hyperscan.HS_FLAG_DOTALL
    return _kept(cache, f"triggers-{_digest(expressions, flags)}.hs", lambda: _compile(expressions, flags))


def _kept(cache: str | None, name: str, make: Callable[[], Any]) -> Any:
    """Return a database of the cache, else made and kept there; None where `make` says there is none."""
    import hyperscan

    path = os.path.join(cache, name) if cache else None
    found, database = _loaded(path)
    if not found:
        with held(path) if path else contextlib.nullcontext():
            found, database = _loaded(path)
            if not found:
                database = make()
                if path:
                    store(path, b"" if database is None else hyperscan.dumpb(database))
    if database is not None:
        database.scratch = hyperscan.Scratch(database)
    return database


def _loaded(path: str | None) -> tuple[bool, Any]:
    """Return whether something is kept at a path, and the database, None for what Hyperscan does not take."""
    import hyperscan

    kept = load(path) if path else None
    if not kept:
        return kept is not None, None
    with contextlib.suppress(hyperscan.HyperscanError):  # of another version or processor
        return True, hyperscan.loadb(kept, hyperscan.HS_MODE_BLOCK)
    return False, None


def _sieve(pattern: str, flags: int) -> Any:
    """Return the database of a pattern's loose form, None where Hyperscan does not take it."""
    import hyperscan

    with contextlib.suppress(ValueError, RecursionError, hyperscan.HyperscanError):
        return _compile([(0, loose(pattern))], flags)
    return None


@functools.cache
def _code() -> bytes:
    """Return what the loose form of a pattern depends on beside it."""
    sources = (Path(__file__).with_name(name).read_bytes() for name in ("syntax.py", "derive.py"))
    return hashlib.sha256(b"".join(sources)).digest()


@functools.cache
def _here() -> str:
    import hyperscan

    return f"{hyperscan.__version__} {platform.machine()} {platform.system()}"  # type: ignore[attr-defined]


def _digest(expressions: Sequence[tuple[int, bytes]], flags: int) -> str:
    """Key a database by what it was made of and where: a serialised one fits one version and processor."""
    digest = hashlib.sha256(f"{_here()} {flags}".encode())
    for number, expression in expressions:
        digest.update(b"%d:%b\0" % (number, expression))
    return digest.hexdigest()[:32]


def _compile(expressions: Sequence[tuple[int, bytes]], flags: int) -> Any:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[expression for _, expression in expressions],
        ids=[number for number, _ in expressions],
        elements=len(expressions),
        flags=[flags] * len(expressions),
    )
    return database


def scanner(expressions: Sequence[bytes], cache: str | None) -> Callable[[Any, int], Hits]:
    """Return a scan of a buffer for a few expressions of another room: (numbers of expressions, ends)."""
    database = _load_or_compile(list(enumerate(expressions)), cache)
    return lambda buffer, apart: _scan(database, buffer, apart)


def refused(expression: bytes) -> str:
    """Return why Hyperscan will not take an expression, "" when it does."""
    import hyperscan

    try:
        _compile([(0, expression)], hyperscan.HS_FLAG_DOTALL)
    except hyperscan.HyperscanError as error:
        return str(error)
    return ""


def triggers_of(rule: Rule, number: int, *, needs_context: bool) -> list[Trigger]:
    """Return a rule's triggers: written by hand, its keywords, its context where nothing counts without, or derived.

    RuleError names the rule when no trigger can be had.
    """
    words = rule.keywords or (rule.context if needs_context else ())
    promised = DIGIT_RUN if rule.digits else 0
    if rule.trigger:
        # one expression a line: literals at their heads make them cheap, an alternation of them does not
        return [
            Trigger(number, _sound(line.encode()), _group(max(promised, _run_of(line)), "others"))
            for line in rule.trigger.splitlines()
        ]
    try:
        if words:
            group = _group(max(promised, least_run(rule.pattern)), "words")
            lone = whole(rule.pattern) if rule.alone else {}
            found = [Trigger(number, expression, group) for expression in keyword_triggers(words)]
            return found + [
                Trigger(number, _sound(expression), _group(max(promised, run), "others"))
                for expression, run in lone.items()
            ]
        derived = derive(rule.pattern)
    except (ValueError, RecursionError) as error:
        raise RuleError(
            f"{rule.source}: rule {rule.id}: no trigger can be derived from its pattern ({error}); "
            "give the rule `keywords` or a `trigger`"
        ) from None
    return [
        Trigger(number, _sound(expression), _group(max(promised, run), "others")) for expression, run in derived.items()
    ]


def _sound(expression: bytes) -> bytes:
    """Return an expression without the upper limits of long repeats: it holds wherever the given one does.

    Vectorscan 5.4.12 loses matches of expressions like `[|][0-9]{1,20}word` behind an earlier byte like their first.
    """
    return _LIMITED.sub(rb"{\1,}", expression)


def _run_of(expression: str) -> int:
    """Return the run of digits that holds all that a trigger written by hand matches, 0 where nobody can say."""
    if "[[" in expression:  # `re` reads the classes of POSIX as something else
        return 0
    try:
        return least_run(expression) if parsed(expression).getwidth()[1] < NEAR_DIGITS else 0
    except (ValueError, RecursionError):  # Hyperscan takes more than `re` does
        return 0


def _group(run: int, otherwise: str) -> str:
    """Return where to look for what holds a run of so many digits: near the longest runs that will do."""
    return next((f"run{length}" for length in reversed(RUNS) if run >= length), otherwise)


def compile_rules(triggers: Sequence[Trigger], rules: Sequence[Rule], cache: str | None) -> Databases:
    """Compile all triggers; RuleError names the first rule whose trigger Hyperscan refuses."""
    import hyperscan

    try:
        return Databases(triggers, cache)
    except hyperscan.HyperscanError:
        for trigger in triggers:
            reason = refused(trigger.expression)
            if reason:
                rule = rules[trigger.rule]
                raise RuleError(
                    f"{rule.source}: rule {rule.id}: Hyperscan refuses its trigger ({reason}); "
                    "give the rule `keywords` or a simpler `trigger`"
                ) from None
        raise
