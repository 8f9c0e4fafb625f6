"""The cheap gate: which records can hold a match at all, told by one Hyperscan pass over raw bytes.

A trigger is a looser form of a rule's exact pattern that holds on raw JSON text too: it never needs a neighbour that
an escape could hide, never counts past the pattern's minimum, and takes every escape JSON allows short of \\u (records
with such escapes are looked at anyway). So a record without a trigger cannot hold a match, which
`privscan rules check` proves on every rule's examples.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
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

ENOUGH = 12  # bytes a trigger asks for at most, and the bits of evidence that suffice: the rest of a pattern is cut
ENOUGH_BITS = 36.0
MOST_WAYS = 32  # alternatives of a pattern that become triggers of their own
ESCAPED = frozenset(b'"\\/\b\f\n\r\t')  # what JSON writes as a backslash and one character
ESCAPE_LETTERS = frozenset(b"bfnrt")
HIGH = frozenset(range(0x80, 0x100))
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
SPACE = frozenset(b" \t\n\r\f\v\x1c\x1d\x1e\x1f")
DIGIT = frozenset(b"0123456789")
EVERY = frozenset(range(256))
ASSERTIONS = (sre.AT, sre.ASSERT, sre.ASSERT_NOT)
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
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
    """A stretch of trigger: its text, the fewest raw bytes it takes, and how telling they are.

    `bits` is what seeing it is worth, `first` what its first byte alone is worth, `wide` whether one of its characters
    may be several bytes.
    """

    text: bytes
    least: int
    bits: float
    first: float = 0.0
    wide: bool = False


def _frequencies() -> list[float]:
    """Return how often each byte stands in ordinary text and code, roughly: what a trigger is worth depends on it."""
    shares = (
        (b"abcdefghijklmnopqrstuvwxyz", 0.70),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0.04),
        (b"0123456789", 0.03),
        (b" \n", 0.15),
        (bytes(HIGH), 0.04),
        (b"\"',.-_/:()=\\", 0.035),
    )
    out = [0.00005] * 256
    for members, share in shares:
        for byte in members:
            out[byte] = share / len(members)
    return out


FREQUENCY = _frequencies()


def _bits(values: frozenset[int]) -> float:
    return -math.log2(min(sum(FREQUENCY[byte] for byte in values), 1.0))


Item = tuple[Any, Any, bool]  # operation, its argument, whether case is ignored


def _sequences(items: Iterable[tuple[Any, Any]], *, fold: bool) -> list[list[Item]]:
    """Return the sequences a parse tree stands for: groups opened, alternatives apart while they are few."""
    found: list[list[Item]] = [[]]
    for op, value in items:
        if op is sre.SUBPATTERN:
            _group, added, removed, inner = value
            ways = _sequences(inner, fold=(fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE)
        elif op is sre.ATOMIC_GROUP:
            ways = _sequences(value, fold=fold)
        elif op is sre.BRANCH:
            ways = [way for branch in value[1] for way in _sequences(branch, fold=fold)]
        else:
            ways = [[(op, value, fold)]]
        if len(found) * len(ways) > MOST_WAYS:
            ways = [[(op, value, fold)]]
        found = [head + way for head in found for way in ways]
    return found


def _pieces(sequence: Sequence[Item], *, outer: bool) -> list[_Piece]:
    """Turn a sequence into pieces. Only an outermost one may ask for neighbours."""
    pieces: list[_Piece] = []
    for position, (op, value, fold) in enumerate(sequence):
        if op in ASSERTIONS:
            if outer:
                pieces += _neighbour(sequence, position)
            continue
        if op in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            break  # what stands so far is a trigger; a back-reference cannot be one
        pieces.append(_piece(op, value, fold=fold))
    return pieces


def _neighbour(sequence: Sequence[Item], position: int) -> list[_Piece]:
    """Write a leading or trailing assertion as one byte class; leave out those that stand elsewhere."""
    op, value, _ = sequence[position]
    before = all(entry[0] in ASSERTIONS for entry in sequence[:position])
    after = all(entry[0] in ASSERTIONS for entry in sequence[position + 1 :])
    if before == after:
        return []
    if op is sre.AT and value is sre.AT_BOUNDARY:
        body = [entry for entry in sequence if entry[0] not in ASSERTIONS]
        if not _edge(body[0 if before else -1], 0 if before else -1) <= WORD:
            return []
        banned = WORD
    elif op is sre.ASSERT_NOT and len(value[1]) == 1 and value[1][0][0] in (sre.IN, sre.LITERAL):
        inner_op, inner = value[1][0]
        banned = _members(inner) if inner_op is sre.IN else _members([(sre.LITERAL, inner)])
        if (value[0] < 0) is not before:
            return []
    else:
        return []
    allowed = (EVERY - banned) | HIGH | frozenset(b'"\\') | (ESCAPE_LETTERS | frozenset(b"/") if before else frozenset())
    return [_Piece(_char_class(allowed), 0, 0.0)]


def _edge(item: tuple[Any, ...], index: int) -> frozenset[int]:
    """Return the bytes an item may begin (index 0) or end (-1) with; everything when that is not plain."""
    op, value = item[0], item[1]
    if op is sre.LITERAL:
        return _members([(op, value)])
    if op is sre.IN:
        return _members(value)
    if op in REPEATS and value[0] > 0 and len(value[2]) > 0:
        return _edge(value[2][index], index)
    if op is sre.SUBPATTERN and len(value[3]) > 0:
        return _edge(value[3][index], index)
    if op is sre.BRANCH and all(len(branch) for branch in value[1]):
        return frozenset().union(*(_edge(branch[index], index) for branch in value[1]))
    return EVERY


def _piece(op: Any, value: Any, *, fold: bool) -> _Piece:
    if op is sre.LITERAL:
        return _literal(value, fold=fold)
    if op is sre.NOT_LITERAL:
        return _class_piece((EVERY - _members([(sre.LITERAL, value)])) | HIGH, fold=False)
    if op is sre.ANY:
        return _class_piece(EVERY, fold=False)
    if op is sre.IN:
        return _class_piece(_members(value), fold=fold)
    if op in REPEATS:
        return _repeat(*value, fold=fold)
    if op in (sre.SUBPATTERN, sre.ATOMIC_GROUP, sre.BRANCH):
        ways = [_joined(_pieces(way, outer=False)) for way in _all_ways(op, value, fold=fold)]
        text = b"(?:" + b"|".join(way.text for way in ways) + b")"
        first = min(way.first for way in ways)
        return _Piece(text, min(w.least for w in ways), min(w.bits for w in ways), first, any(w.wide for w in ways))
    raise ValueError(f"no trigger can be derived from {op}")


def _all_ways(op: Any, value: Any, *, fold: bool) -> list[list[Item]]:
    """Return the alternatives of a group that are too many to stand apart."""
    if op is sre.BRANCH:
        return [[(o, v, fold) for o, v in branch] for branch in value[1]]
    if op is sre.SUBPATTERN:
        inside = (fold or bool(value[1] & re.IGNORECASE)) and not value[2] & re.IGNORECASE
        return [[(o, v, inside) for o, v in value[3]]]
    return [[(o, v, fold) for o, v in value]]


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    text = b"".join(piece.text for piece in pieces)
    first = next((piece.first for piece in pieces if piece.least), 0.0)
    return _Piece(
        b"(?:" + text + b")", sum(p.least for p in pieces), sum(p.bits for p in pieces), first, any(p.wide for p in pieces)
    )


def _literal(code: int, *, fold: bool) -> _Piece:
    if code < 0x80:
        return _class_piece(frozenset([code]), fold=fold)
    letter = chr(code)
    forms = {letter, letter.lower(), letter.upper()} if fold else {letter}
    spelled = [b"".join(b"\\x%02x" % byte for byte in form.encode()) for form in sorted(forms)]
    return _Piece(b"(?:" + b"|".join(spelled) + b")", 2, 14.0, 10.0)


def _class_piece(values: frozenset[int], *, fold: bool) -> _Piece:
    if fold:
        letters = {byte for byte in values if chr(byte).isascii() and chr(byte).isalpha()}
        values |= {byte ^ 0x20 for byte in letters}
    text = _char_class(values)
    if values == {0x2F}:
        return _Piece(rb"\\*\x2f", 1, 7.0, 6.0)
    if values & ESCAPED and not values >= EVERY - frozenset(b'"'):
        text = b"(?:" + text + b"|" + ANY_ESCAPE + b")"
    bits = _bits(values)
    return _Piece(text, 1, bits, bits, bool(values & HIGH))


def _repeat(least: int, most: Any, inner: Any, *, fold: bool) -> _Piece:
    body = _joined(_pieces([(op, value, fold) for op, value in inner], outer=False))
    if not body.text.strip(b"(?:)"):
        return _Piece(b"", 0, 0.0)
    open_ended = most is sre.MAXREPEAT or most > 32 or (body.wide and most > 8)
    ceiling = b"" if open_ended else b"%d" % (most * 4 if body.wide else most)
    return _Piece(body.text + b"{%d,%s}" % (least, ceiling), least * body.least, least * body.bits, body.first, body.wide)


def derive(pattern: str) -> tuple[bytes, ...]:
    """Return the triggers of an exact pattern, any of which may be seen, as Hyperscan expressions over raw bytes.

    ValueError when none can be derived (the rule then needs `keywords` or a `trigger` of its own).

    >>> derive(r"ghp_[0-9A-Za-z]{36}")
    (b'\\\\x67\\\\x68\\\\x70\\\\x5f(?:[\\\\x30-\\\\x39\\\\x41-\\\\x5a\\\\x61-\\\\x7a]){8}',)
    """
    tree = sre_parse.parse(pattern)
    ways = _sequences(tree, fold=bool(tree.state.flags & re.IGNORECASE))
    return tuple(dict.fromkeys(_stretch(_pieces(way, outer=True)) for way in ways))


def _stretch(pieces: Sequence[_Piece]) -> bytes:
    """Cut the most telling short stretch out of a sequence: short, because long ones make slow automata.

    Where it starts is chosen for what begins it (a literal, a digit) and for being worth ENOUGH_BITS.
    """
    best: tuple[float, list[_Piece]] | None = None
    for start, piece in enumerate(pieces):
        head = pieces[:start] if start == 1 and not pieces[0].least and not pieces[0].text.endswith(b"}") else []
        if not piece.least:
            continue
        stretch, bits, size = [], 0.0, 0
        for entry in pieces[start:]:
            if size and (bits >= ENOUGH_BITS or size >= ENOUGH):
                break
            cut = _shortened(entry, bits)
            stretch.append(cut)
            bits, size = bits + cut.bits, size + cut.least
        rest = pieces[start + len(stretch) :]
        if rest and len(rest) == 1 and rest[0].least == 0 and rest[0].bits == 0.0 and not rest[0].text.endswith(b"}"):
            stretch.append(rest[0])
        while stretch and stretch[-1].least == 0 and stretch[-1].text.endswith(b"}"):
            stretch.pop()  # an optional tail says nothing
        worth = min(bits, ENOUGH_BITS) + 2 * min(piece.first, 8.0)
        if best is None or worth > best[0] + 0.5:
            best = worth, [*head, *stretch]
    if best is None or sum(piece.least for piece in best[1]) < 2:
        raise ValueError("the pattern can match fewer than two characters")
    chosen = best[1]
    for edge in (chosen[0], chosen[-1]):  # what repeats at an edge need repeat only as often as it must
        shortest = re.fullmatch(rb"(.*)\{(\d+),\d*\}", edge.text, re.DOTALL)
        if shortest:
            edge.text = shortest[1] + b"{%s}" % shortest[2]
    return b"".join(piece.text for piece in chosen)


def _shortened(piece: _Piece, bits: float) -> _Piece:
    """Cut a long repeat down to what is still wanted of it; the rest of the sequence is then cut off behind it."""
    repeat = re.fullmatch(rb"(.*)\{(\d+),\d*\}", piece.text, re.DOTALL)
    if repeat is None or not piece.least:
        return piece
    times = int(repeat[2])
    each = piece.bits / times
    wanted = max(1, min(times, math.ceil((ENOUGH_BITS - bits) / max(each, 0.1)), ENOUGH))
    if wanted >= times:
        return _Piece(piece.text, piece.least, piece.bits, piece.first, piece.wide)
    share = wanted / times
    return _Piece(repeat[1] + b"{%d,}" % wanted, max(int(piece.least * share), 1), piece.bits * share, piece.first, piece.wide)


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
# so that `ssnNumber` counts and `lessness` does not; a capital behind a lower-case letter opens a word (`userSsn`).
_BEFORE = _char_class((EVERY - WORD) | ESCAPE_LETTERS | frozenset(b"_"))
_AFTER = _char_class(EVERY - frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789"))
TELLING = 5  # letters of a word that stands for its phrase


def keyword_triggers(words: Iterable[str]) -> tuple[bytes, ...]:
    """Return triggers for words and phrases in text or in a field's name, one a word: literals are nearly free.

    A phrase is triggered by its longest word, or, where that is short, by its usual joints.
    """
    found: set[bytes] = set()
    for word in words:
        forms = {word.lower()} if word.isascii() else {word.lower(), word.upper(), word.title(), folded(word)}
        for form in forms:
            parts = [part for part in re.split(r"[\s_-]+", form) if part]
            longest = max(parts, key=len)
            if len(parts) > 1 and len(longest) >= TELLING:
                parts = [longest]
            joints = (b"",) if len(parts) == 1 else (b" ", b"_", b"-", b"")
            found |= {_BEFORE + joint.join(map(_spell, parts)) + _AFTER for joint in joints}
            if form.isascii() and parts[0][0].isalpha():
                found.add(_camel("".join(parts)))
    return tuple(sorted(found))


def _camel(word: str) -> bytes:
    return b"[a-z]" + word[0].upper().encode() + (_spell(word[1:]) if word[1:] else b"") + _AFTER


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


def group_of(expression: bytes) -> str:
    """Name the database an expression runs fastest in: expressions of like behaviour share one.

    Behaviour is decided by what stands first: digits, a rare literal, or a wide class.
    """
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


def triggers_of(rule: Rule, number: int, *, needs_context: bool) -> list[Trigger]:
    """Return a rule's triggers: written by hand, its keywords, its context where nothing counts without, or derived.

    RuleError names the rule when no trigger can be had.
    """
    words = rule.keywords or (rule.context if needs_context else ())
    if rule.trigger:
        return [Trigger(number, rule.trigger.encode(), group_of(rule.trigger.encode()))]
    if words:
        return [Trigger(number, expression, "keywords") for expression in keyword_triggers(words)]
    try:
        return [Trigger(number, expression, group_of(expression)) for expression in derive(rule.pattern)]
    except (ValueError, RecursionError) as error:
        raise RuleError(
            f"{rule.source}: rule {rule.id}: no trigger can be derived from its pattern ({error}); "
            "give the rule `keywords` or a `trigger`"
        ) from None


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
