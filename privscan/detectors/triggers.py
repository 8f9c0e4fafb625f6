"""The cheap gate: which records can hold a match at all, told by one Hyperscan pass over raw bytes.

A trigger is a looser form of a rule's exact pattern that holds on raw JSON text too: it never needs a neighbour that
an escape could hide, never counts past the pattern's minimum, and takes every escape JSON allows short of \\u (records
with such escapes are looked at anyway). So a record without a trigger cannot hold a match, which
`privscan rules check` proves on every rule's examples.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

# The parse tree has been stable since Python 2.5 under two names; nothing public gives it.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]

import numpy as np

from privscan.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privscan.model import Rule

ENOUGH = 24  # bytes of minimum length after which a trigger is selective and the rest of the pattern is cut
ESCAPED = frozenset(b'"\\/\b\f\n\r\t')  # what JSON writes as a backslash and one character
ESCAPE_LETTERS = frozenset(b"bfnrt")
HIGH = frozenset(range(0x80, 0x100))
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
SPACE = frozenset(b" \t\n\r\f\v\x1c\x1d\x1e\x1f")
DIGIT = frozenset(b"0123456789")
EVERY = frozenset(range(256))
ANY_ESCAPE = rb'(?:\\+["\\/bfnrt])'
SCAN_BYTES = 256 * 1024  # of one scan call: the working set stays in the second-level cache


# ---------------------------------------------------------------- deriving a trigger


def _char_class(values: frozenset[int]) -> bytes:
    """Write a set of byte values as a class.

    >>> _char_class(frozenset(b"0123456789"))
    b'[\\\\x30-\\\\x39]'
    """
    if len(values) == 1:
        return b"\\x%02x" % next(iter(values))
    ordered = sorted(values)
    out, start = [], ordered[0]
    for here, following in zip(ordered, [*ordered[1:], 999], strict=True):
        if following != here + 1:
            out.append(b"\\x%02x" % start if start == here else b"\\x%02x-\\x%02x" % (start, here))
            start = following
    return b"[" + b"".join(out) + b"]"


def _category(name: Any) -> frozenset[int]:
    """Bytes that may begin or continue a character of a category; non-ASCII digits are the views' business."""
    word, space = WORD | HIGH, SPACE | HIGH
    return {
        sre.CATEGORY_DIGIT: DIGIT,
        sre.CATEGORY_NOT_DIGIT: EVERY - DIGIT,
        sre.CATEGORY_SPACE: space,
        sre.CATEGORY_NOT_SPACE: EVERY - SPACE,
        sre.CATEGORY_WORD: word,
        sre.CATEGORY_NOT_WORD: EVERY - WORD,
    }[name]


def _members(items: Sequence[tuple[Any, Any]]) -> frozenset[int]:
    """Return the bytes that may take part in a character of an `[...]` set."""
    found: set[int] = set()
    negated = False
    for op, value in items:
        if op is sre.NEGATE:
            negated = True
        elif op is sre.LITERAL:
            found |= {value} if value < 0x80 else HIGH
        elif op is sre.RANGE:
            low, high = value
            found |= set(range(low, min(high, 0x7F) + 1))
            found |= HIGH if high >= 0x80 else frozenset()
        elif op is sre.CATEGORY:
            found |= _category(value)
    return (EVERY - found) | HIGH if negated else frozenset(found)


@dataclass(slots=True)
class _Piece:
    """A stretch of trigger: its text, the fewest raw bytes it takes, and whether one character may be several bytes."""

    text: bytes
    least: int
    wide: bool = False


class _Deriver:
    """Walks a parse tree once; `fold` is the case-insensitive state."""

    def sequence(self, items: Sequence[tuple[Any, Any]], *, fold: bool, outer: bool) -> list[_Piece]:
        """Turn a sequence into pieces. Only the outermost one may ask for neighbours."""
        items = list(items)
        pieces: list[_Piece] = []
        for position, (op, value) in enumerate(items):
            if op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
                if outer:
                    pieces += self.neighbour(op, value, before=not pieces, last=position == len(items) - 1, items=items)
                continue
            if op is sre.GROUPREF or op is sre.GROUPREF_EXISTS:
                break  # what stands so far is a trigger; a back-reference cannot be one
            pieces.append(self.piece(op, value, fold=fold))
            if outer and sum(piece.least for piece in pieces) >= ENOUGH:
                break
        return pieces

    def neighbour(self, op: Any, value: Any, *, before: bool, last: bool, items: list[Any]) -> list[_Piece]:
        """Write a leading or trailing assertion as one byte class; leave out those that stand elsewhere."""
        if op is sre.AT and value is sre.AT_BOUNDARY:
            banned = WORD
        elif op is sre.ASSERT_NOT and len(value[1]) == 1 and value[1][0][0] in (sre.IN, sre.LITERAL):
            inner_op, inner = value[1][0]
            banned = _members(inner) if inner_op is sre.IN else _members([(sre.LITERAL, inner)])
            if (value[0] < 0) is not before:
                return []
        else:
            return []
        if before and all(entry[0] in (sre.AT, sre.ASSERT, sre.ASSERT_NOT) for entry in items):
            return []
        if before:
            if op is sre.AT and not self.opens_with_word(items):
                return []
            return [_Piece(_char_class((EVERY - banned) | ESCAPE_LETTERS | HIGH | frozenset(b'"\\/')), 0)]
        if not last or (op is sre.AT and not self.ends_with_word(items)):
            return []
        return [_Piece(_char_class((EVERY - banned) | HIGH | frozenset(b'"\\')), 0)]

    def opens_with_word(self, items: list[Any]) -> bool:
        first = next(entry for entry in items if entry[0] not in (sre.AT, sre.ASSERT, sre.ASSERT_NOT))
        return self.edge(first, 0) <= WORD

    def ends_with_word(self, items: list[Any]) -> bool:
        body = [entry for entry in items if entry[0] not in (sre.AT, sre.ASSERT, sre.ASSERT_NOT)]
        return bool(body) and self.edge(body[-1], -1) <= WORD

    def edge(self, entry: tuple[Any, Any], index: int) -> frozenset[int]:
        """Return the bytes an item may begin (index 0) or end (-1) with; everything when that is not plain."""
        op, value = entry
        if op is sre.LITERAL:
            return _members([(op, value)])
        if op is sre.IN:
            return _members(value)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT) and value[0] > 0 and len(value[2]) > 0:
            return self.edge(value[2][index], index)
        if op is sre.SUBPATTERN and len(value[3]) > 0:
            return self.edge(value[3][index], index)
        if op is sre.BRANCH and all(len(branch) for branch in value[1]):
            return frozenset().union(*(self.edge(branch[index], index) for branch in value[1]))
        return EVERY

    def piece(self, op: Any, value: Any, *, fold: bool) -> _Piece:
        if op is sre.LITERAL:
            return self.literal(value, fold=fold)
        if op is sre.NOT_LITERAL:
            return self.members((EVERY - _members([(sre.LITERAL, value)])) | HIGH, fold=False)
        if op is sre.ANY:
            return self.members(EVERY, fold=False)
        if op is sre.IN:
            return self.members(_members(value), fold=fold)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            return self.repeat(*value, fold=fold)
        if op is sre.SUBPATTERN:
            _group, added, removed, inner = value
            inside = (fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
            return self.joined(self.sequence(inner, fold=inside, outer=False))
        if op is sre.ATOMIC_GROUP:
            return self.joined(self.sequence(value, fold=fold, outer=False))
        if op is sre.BRANCH:
            branches = [self.joined(self.sequence(branch, fold=fold, outer=False)) for branch in value[1]]
            text = b"(?:" + b"|".join(branch.text for branch in branches) + b")"
            return _Piece(text, min(branch.least for branch in branches), any(branch.wide for branch in branches))
        raise ValueError(f"no trigger can be derived from {op}")

    def joined(self, pieces: list[_Piece]) -> _Piece:
        text = b"".join(piece.text for piece in pieces)
        return _Piece(b"(?:" + text + b")", sum(p.least for p in pieces), any(p.wide for p in pieces))

    def literal(self, code: int, *, fold: bool) -> _Piece:
        if code < 0x80:
            return self.members(frozenset([code]), fold=fold)
        letter = chr(code)
        forms = {letter, letter.lower(), letter.upper()} if fold else {letter}
        spelled = [b"".join(b"\\x%02x" % byte for byte in form.encode()) for form in sorted(forms)]
        return _Piece(b"(?:" + b"|".join(spelled) + b")", 2)

    def members(self, values: frozenset[int], *, fold: bool) -> _Piece:
        if fold:
            letters = {byte for byte in values if chr(byte).isascii() and chr(byte).isalpha()}
            values |= {byte ^ 0x20 for byte in letters}
        text = _char_class(values)
        if values == {0x2F}:
            return _Piece(rb"\\*\x2f", 1)
        if values & ESCAPED and not values >= EVERY - frozenset(b'"'):
            text = b"(?:" + text + b"|" + ANY_ESCAPE + b")"
        return _Piece(text, 1, bool(values & HIGH))

    def repeat(self, least: int, most: Any, inner: Any, *, fold: bool) -> _Piece:
        body = self.joined(self.sequence(inner, fold=fold, outer=False))
        if not body.text.strip(b"(?:)"):
            return _Piece(b"", 0)
        least = min(least, ENOUGH) if body.least else least
        open_ended = most is sre.MAXREPEAT or most > 32 or (body.wide and most > 8)
        ceiling = b"" if open_ended else b"%d" % (most * 4 if body.wide else most)
        return _Piece(body.text + b"{%d,%s}" % (least, ceiling), least * body.least, body.wide)


def derive(pattern: str) -> bytes:
    """Return the trigger of an exact pattern, as a Hyperscan expression over raw bytes.

    ValueError when none can be derived (the rule then needs `keywords` or a `trigger` of its own).

    >>> derive(r"ghp_[0-9A-Za-z]{36}")
    b'\\\\x67\\\\x68\\\\x70\\\\x5f(?:[\\\\x30-\\\\x39\\\\x41-\\\\x5a\\\\x61-\\\\x7a]){24}'
    """
    tree = sre_parse.parse(pattern)
    pieces = _Deriver().sequence(tree, fold=bool(tree.state.flags & re.IGNORECASE), outer=True)
    while pieces and pieces[-1].least == 0 and pieces[-1].text.endswith(b"}"):
        pieces.pop()  # an optional tail says nothing
    if sum(piece.least for piece in pieces) < 2:
        raise ValueError("the pattern can match fewer than two characters")
    for edge in (pieces[0], pieces[-1]):  # what repeats at an edge need repeat only as often as it must
        shortest = re.fullmatch(rb"(.*)\{(\d+),\d*\}", edge.text, re.DOTALL)
        if shortest:
            edge.text = shortest[1] + b"{%s}" % shortest[2]
    return b"".join(piece.text for piece in pieces)


def folded(word: str) -> str:
    """Return a word in lower case without accents.

    >>> folded("Téléphone")
    'telephone'
    """
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return "".join(mark for mark in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(mark))


# A keyword stands as a word: behind no letter or digit (but an escape's letter), before no lower-case letter or digit,
# so that `userSsn` and `ssnNumber` count and `lessness` does not.
_BEFORE = _char_class((EVERY - WORD) | ESCAPE_LETTERS | frozenset(b"_"))
_AFTER = _char_class(EVERY - frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789"))


def keyword_trigger(words: Iterable[str]) -> bytes:
    """Return the trigger for any of some words or phrases standing as words in text or in a field's name."""
    plain: set[bytes] = set()
    camel: set[bytes] = set()
    for word in words:
        forms = {word.lower()} if word.isascii() else {word.lower(), word.upper(), word.title(), folded(word)}
        for form in forms:
            parts = [_spell(part) for part in re.split(r"[\s_-]+", form) if part]
            plain.add(rb"(?:[\s_\x2d\xa0]|\\+[nrt]){0,3}".join(parts))
        ascii_word = folded(word).replace(" ", "")
        if ascii_word.isascii() and ascii_word[:1].isalpha():
            first, rest = ascii_word[0].upper().encode(), ascii_word[1:]
            camel.add(b"[a-z]" + first + (b"(?i:" + re.escape(rest).encode() + b")" if rest else b""))
    behind = b"(?:" + _BEFORE + b"(?:" + b"|".join(sorted(plain)) + b")"
    return behind + (b"|" + b"|".join(sorted(camel)) if camel else b"") + b")" + _AFTER


def _spell(word: str) -> bytes:
    """Write a word's bytes; ASCII letters in either case."""
    runs = re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", word)
    return b"".join(
        b"(?i:" + re.escape(run).encode() + b")"
        if run.isascii()
        else b"".join(b"\\x%02x" % byte for byte in run.encode())
        for run in runs
    )


# ---------------------------------------------------------------- databases


@dataclass(frozen=True, slots=True)
class Trigger:
    """One expression of a database. `rule` is the rule's place in the caller's list."""

    rule: int
    expression: bytes
    group: str


def group_of(expression: bytes, *, keyword: bool) -> str:
    """Name the database an expression runs fastest in: expressions of like behaviour share one.

    Behaviour is decided by what stands first: digits, a rare literal, or a wide class.
    """
    if keyword:
        return "keywords"
    body = expression
    if body.startswith(b"[") and b"-\\xff]" in body[:80]:
        body = body[body.index(b"]") + 1 :]
    body = body.lstrip(b"(?:")
    if body.startswith((b"\\x3", b"[\\x30-\\x39]", b"[\\x31-\\x39]")):
        return "digits"
    if re.match(rb"(?:\\x[0-9a-f]{2}){3}", body):
        return "literals"
    return "classes"


class Databases:
    """The compiled triggers of a run. Holds Hyperscan state, so one a process.

    Offsets are bytes of the buffer, one past the trigger's last byte.
    """

    def __init__(self, triggers: Sequence[Trigger], cache: str | None) -> None:
        self._databases: list[Any] = []
        for name in sorted({trigger.group for trigger in triggers}):
            members = [trigger for trigger in triggers if trigger.group == name]
            self._databases.append(_load_or_compile(members, cache))

    def scan(self, buffer: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return two arrays of equal length: rule numbers and end offsets (int64), in no order."""
        rules: list[int] = []
        ends: list[int] = []
        note_rule, note_end = rules.append, ends.append

        def on_match(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
            note_rule(rule)
            note_end(end)

        for database in self._databases:
            database.scan(buffer, on_match)
        return np.array(rules, dtype=np.int64), np.array(ends, dtype=np.int64)

    def scan_thinned(self, buffer: Any, apart: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Do as `scan`, leaving out hits of a rule less than `apart` bytes behind its last: bounds what is kept."""
        rules: list[int] = []
        ends: list[int] = []
        latest: dict[int, int] = {}

        def on_match(rule: int, _start: int, end: int, _flags: int, _context: object) -> None:
            if end >= latest.get(rule, 0):
                latest[rule] = end + apart
                rules.append(rule)
                ends.append(end)

        for database in self._databases:
            database.scan(buffer, on_match)
        return np.array(rules, dtype=np.int64), np.array(ends, dtype=np.int64)


def _load_or_compile(triggers: Sequence[Trigger], cache: str | None) -> Any:
    import hyperscan

    path = os.path.join(cache, f"triggers-{_digest(triggers)}.hs") if cache else None
    database = _load(path) if path else None
    if database is None:
        database = _compile(triggers)
        if path:
            _store(path, hyperscan.dumpb(database))
    database.scratch = hyperscan.Scratch(database)
    return database


def _digest(triggers: Sequence[Trigger]) -> str:
    """Key a database by what it was made of and where: a serialised one fits one version and processor."""
    import hyperscan

    digest = hashlib.sha256(f"{hyperscan.__version__} {platform.machine()} {platform.system()}".encode())
    for trigger in triggers:
        digest.update(b"%d:%b\0" % (trigger.rule, trigger.expression))
    return digest.hexdigest()[:32]


def _compile(triggers: Sequence[Trigger]) -> Any:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[trigger.expression for trigger in triggers],
        ids=[trigger.rule for trigger in triggers],
        elements=len(triggers),
        flags=[hyperscan.HS_FLAG_DOTALL] * len(triggers),
    )
    return database


def refused(expression: bytes) -> str:
    """Return why Hyperscan will not take an expression, "" when it does."""
    import hyperscan

    try:
        _compile([Trigger(0, expression, "")])
    except hyperscan.HyperscanError as error:
        return str(error)
    return ""


def _load(path: str) -> Any | None:
    """Return the cached database, None when there is none or it is not whole: it is then made anew."""
    import hyperscan

    with contextlib.suppress(OSError, hyperscan.HyperscanError, ValueError):
        with open(path, "rb") as file:
            seal, payload = file.read(32), file.read()
        if hashlib.sha256(payload).digest() == seal:
            return hyperscan.loadb(payload, hyperscan.HS_MODE_BLOCK)
    return None


def _store(path: str, payload: bytes) -> None:
    """Put a database in the cache by rename, so that concurrent starts never see half of one."""
    with contextlib.suppress(OSError):  # a cache that cannot be written costs a second, not the run
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(temporary, path)


def trigger_of(rule: Rule, number: int, *, needs_context: bool) -> Trigger:
    """Return a rule's trigger: written by hand, its keywords, its context where nothing counts without, or derived.

    RuleError names the rule when no trigger can be had.
    """
    words = rule.keywords or (rule.context if needs_context else ())
    try:
        if rule.trigger:
            expression = rule.trigger.encode()
        elif words:
            expression = keyword_trigger(words)
        else:
            expression = derive(rule.pattern)
    except (ValueError, RecursionError) as error:
        raise RuleError(
            f"{rule.source}: rule {rule.id}: no trigger can be derived from its pattern ({error}); "
            "give the rule `keywords` or a `trigger`"
        ) from None
    return Trigger(number, expression, group_of(expression, keyword=bool(words) and not rule.trigger))


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
