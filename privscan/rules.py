"""Rules as data: load the packs, check them, choose among them, read their examples.

Promises: every rule that comes out of `load_rules` is whole (no unknown key, no missing field, a known validator, an
example and a counter-example), its id is its own, and a rule that is wrong is named with its file, key and remedy.
"""

from __future__ import annotations

import hashlib
import itertools
import operator
import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan import gitleaks, kept, shared
from privscan.errors import RuleError, UsageError, nearest
from privscan.examples import CLOSE, OPEN
from privscan.model import Confidence, Rule, Severity
from privscan.regions import CODES
from privscan.validators import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["compiled", "digest", "load_rules", "notes", "packs", "select"]

ON_FAILED = ("reject", "keep", "lower")

_LISTS = frozenset(f.name for f in fields(Rule) if f.type == "tuple[str, ...]")
_KEYS = frozenset(f.name for f in fields(Rule)) - {"source"}
_CONTENT = operator.attrgetter(*sorted(_KEYS))
_REQUIRED = ("id", "entity", "name", "pattern", "examples", "counter_examples")
_OF_PATTERNS = ("pattern", "keywords", "trigger", "digits", "validators", "context", "window", "before", "on_failed")
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)+")
_ENTITY = re.compile(r"[A-Z][A-Z0-9_]*")
_LOADED: dict[str, tuple[Rule, ...]] = {}  # the shipped rules, by the digest of their packs


def packs() -> Path:
    """Return the folder of the shipped packs: package data in a wheel, `rules/` beside the package in a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_rules", here.parent / "rules"):
        if folder.is_dir():
            return folder
    raise RuleError("the shipped rule packs are missing from this installation; install privscan again")


def load_rules(paths: Sequence[str] = (), cache: str | None = None) -> tuple[Rule, ...]:
    """Return the shipped rules and those of the user's files or folders of TOML, sorted by id.

    The user's patterns are compiled here, so that a bad one is told at once; the shipped ones are when first used.
    `cache` is a folder to keep the shipped rules in, read and checked: TOML takes a second of them. Raises
    RuleError with file, rule, key and remedy.
    """
    rules = list(_shipped(cache))
    for path in paths:
        if not Path(path).exists():
            raise RuleError(f"{path}: no such rule file or folder")
        if not (files := _files(path)):
            raise RuleError(f"{path}: holds no rule file, .toml")
        for file in files:
            own = _read(Path(file), file)
            for rule in of(own, ["patterns"]):
                compiled(rule)
            rules += own
    _distinct(rules)
    if paths:
        _paired(rules)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def shipped(cache: str | None = None) -> frozenset[str]:
    """Return the ids of the shipped rules; those of the user's packs are others."""
    return frozenset(rule.id for rule in _shipped(cache))


def compiled(rule: Rule) -> re.Pattern[str]:
    """Return the rule's pattern, its placeholders compiled on the way; RuleError where one is no regular expression."""
    for key, text in (*(("placeholders", p) for p in rule.placeholders), ("pattern", rule.pattern)):
        try:
            pattern = re.compile(text)
        except re.error as error:
            raise RuleError(f"{rule.source}: {rule.id}: {key}: not a regular expression: {error}") from None
    if pattern.match(""):
        raise RuleError(f"{rule.source}: {rule.id}: pattern: matches nothing at all; make a part of it obligatory")
    return pattern


def select(
    rules: Sequence[Rule], select: Sequence[str] = (), ignore: Sequence[str] = (), regulations: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """Return the rules that `select` or `regulations` name (all, when neither does) and `ignore` does not, in order.

    A selector is an entity (any case), a rule id, or the first parts of one (`pii.us`); old ids are understood.
    Raises UsageError for one that names no rule.
    """
    chosen = _named(rules, select) | _regulated(rules, regulations)
    if not select and not regulations:
        chosen = {rule.id for rule in rules}
    chosen |= _partners(rules, chosen)
    chosen -= _named(rules, ignore)
    return tuple(rule for rule in rules if rule.id in chosen)


def of(rules: Sequence[Rule], detectors: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules that one of the detectors finds."""
    return tuple(rule for rule in rules if rule.detector in detectors)


def digest(rules: Sequence[Rule]) -> str:
    """Return the SHA-256 (hex) of what the rules say, whatever file they stand in and whatever their order."""
    import orjson

    rows = sorted(orjson.dumps(_CONTENT(rule)) for rule in rules)
    return hashlib.sha256(b"\n".join(rows)).hexdigest()


def _shipped(cache: str | None) -> tuple[Rule, ...]:
    """Return the shipped rules: of this process, of the cache, or read anew when a file of a pack was written."""
    import msgspec

    folder = packs()
    files = _files(folder)
    code = (Path(__file__).with_name(name).read_bytes() for name in ("rules.py", "shared.py", "model.py"))
    content = hashlib.sha256(b"".join(code))
    for file in files:
        seen = os.stat(file)  # their bytes would take five times as long
        content.update(
            f"{file}\0{seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns}\0".encode(errors="surrogateescape")
        )
    name = content.hexdigest()[:32]
    if name not in _LOADED:
        path = os.path.join(cache, f"rules-{name}.msgpack") if cache else None
        rows = kept.load(path) if path else None
        if rows is None:
            rules = [rule for file in files for rule in _read(Path(file), Path(file).relative_to(folder).as_posix())]
            if path:
                kept.store(path, msgspec.msgpack.encode(rules))
        else:
            rules = msgspec.msgpack.decode(rows, type=list[Rule])
        _LOADED.clear()
        _LOADED[name] = tuple(rules)
    return _LOADED[name]


def _files(path: str | Path) -> list[str]:
    """Return a rule file, or those below a folder in a fixed order; policies are no rules."""
    if os.path.isfile(path):
        return [str(path)]
    found: list[str] = []
    for folder, below, names in os.walk(path):
        below[:] = [name for name in below if name != "policies"]
        found += [os.path.join(folder, name) for name in names if name.endswith(".toml")]
    return sorted(found)


def notes(paths: Sequence[str]) -> list[str]:
    """Return what is not honoured of the user's rule files that other programs' configurations are."""
    files = [file for path in paths for file in _files(path)]
    told = ((file, _parsed(Path(file), file)) for file in files)
    foreign = ((file, data) for file, data in told if gitleaks.recognised(data))
    return [note for file, data in foreign for note in gitleaks.translated(data, file).notes]


def _parsed(file: Path, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{source}: cannot be read as TOML: {error}") from None


def _read(file: Path, source: str) -> list[Rule]:
    data = _parsed(file, source)
    if gitleaks.recognised(data):
        return gitleaks.translated(data, source).rules
    for key in data:
        if key not in ("rule", "pieces"):
            raise RuleError(f'{source}: unknown table "{key}"; rules stand under [[rule]]')
    rows = data.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RuleError(f"{source}: rules stand under [[rule]], one table each")
    shared.put_in(rows, data.get("pieces", {}), source)
    return [_rule(row, source, number) for number, row in enumerate(rows, 1)]


def _rule(row: dict[str, Any], source: str, number: int) -> Rule:
    where = f"{source}: {row.get('id') or f'rule {number}'}"
    for key in row:
        if key not in _KEYS:
            raise RuleError(f'{where}: unknown key "{key}"{nearest(key, _KEYS)}')
    found_by = row.get("detector", "patterns")
    for key in _OF_PATTERNS if found_by != "patterns" else ():
        if key in row:
            raise RuleError(f'{where}: {key}: the detector "{found_by}" takes no patterns; take the key out')
    for key in _REQUIRED:
        if not row.get(key) and (key != "pattern" or found_by == "patterns"):
            raise RuleError(f"{where}: {key} is missing; every rule needs {', '.join(_REQUIRED)}")
    values = {key: _value(key, value, where) for key, value in row.items()}
    values.setdefault("on_failed", "keep" if row["id"].startswith("secret.") else "reject")
    rule = Rule(**values, source=source)
    _sound(rule, where)
    return rule


def _value(key: str, value: Any, where: str) -> Any:
    """Return one key's value as `Rule` holds it."""
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise RuleError(f"{where}: {key}: must be a list of strings")
        return tuple(value)
    if key in ("digits", "alone", "partner"):
        if not isinstance(value, bool):
            raise RuleError(f"{where}: {key}: must be true or false")
        return value
    if key in ("window", "before", "within"):
        if not isinstance(value, int) or isinstance(value, bool) or not 16 <= value <= 65536:
            raise RuleError(f"{where}: {key}: must be a number of characters from 16 to 65536")
        return value
    if not isinstance(value, str):
        raise RuleError(f"{where}: {key}: must be a string")
    levels: dict[str, Callable[[str], Any]] = {
        "severity": Severity.of,
        "confidence": Confidence.of,
        "checked": Confidence.of,
    }
    try:
        return levels.get(key, str)(value)
    except ValueError as error:
        raise RuleError(f"{where}: {key}: {error}") from None


def _sound(rule: Rule, where: str) -> None:
    """Check what one value says of another; RuleError names the key and the remedy."""
    if not _ID.fullmatch(rule.id):
        raise RuleError(f"{where}: id: must be dotted lower-case words, as in pii.us.ssn")
    if not _ENTITY.fullmatch(rule.entity):
        raise RuleError(f"{where}: entity: must be capitals, digits and underscores, as in US_SSN")
    if rule.on_failed not in ON_FAILED:
        raise RuleError(f'{where}: on_failed: "{rule.on_failed}" is none of {", ".join(ON_FAILED)}')
    for region in rule.regions:
        if region not in CODES:
            raise RuleError(f'{where}: regions: "{region}" is no country of ISO 3166{nearest(region, CODES)}')
    for name in rule.validators:
        if name not in TABLE:
            raise RuleError(f'{where}: validators: unknown validator "{name}"{nearest(name, TABLE)}')
    for example in rule.examples:
        if OPEN not in example:
            raise RuleError(f"{where}: examples: put {OPEN} {CLOSE} round the value to find in each")
    for example in rule.counter_examples:
        if OPEN in example:
            raise RuleError(f"{where}: counter_examples: take the marks out; nothing may be found in these")


def _distinct(rules: Sequence[Rule]) -> None:
    seen: dict[str, str] = {}
    for rule in rules:
        for name in (rule.id, *rule.aliases):
            if name in seen:
                raise RuleError(f'{rule.source}: {rule.id}: the id "{name}" is taken in {seen[name]}; give it another')
            seen[name] = rule.source


def _paired(rules: Sequence[Rule]) -> None:
    """Check that rules require what is found by its own pattern, and that a partner is all of their trigger."""
    known = {head for rule in of(rules, ["patterns"]) if not rule.requires for head in heads(rule.id)}
    for rule in rules:
        where = f"{rule.source}: {rule.id}: requires"
        if rule.requires and (rule.trigger or rule.before or rule.partner):
            raise RuleError(f"{where}: take out trigger, before and partner; what it requires is its trigger")
        for name in rule.requires:
            if name not in known:
                raise RuleError(f'{where}: "{name}" names no rule with a trigger of its own{nearest(name, known)}')


def _partners(rules: Sequence[Rule], chosen: set[str]) -> set[str]:
    """Return the ids of the partner rules that the chosen ones require."""
    asked = {name for rule in rules if rule.id in chosen for name in rule.requires}
    return {rule.id for rule in rules if rule.partner and not asked.isdisjoint(heads(rule.id))}


def heads(name: str) -> list[str]:
    """Return an id and all of its heads.

    >>> heads("secret.aws.key")
    ['secret', 'secret.aws', 'secret.aws.key']
    """
    return list(itertools.accumulate(name.split("."), "{}.{}".format))


def _named(rules: Sequence[Rule], selectors: Sequence[str]) -> set[str]:
    """Return the ids of the rules that selectors name; UsageError for one that names none."""
    named: set[str] = set()
    names = [(f"{name}.", rule.id) for rule in rules for name in (rule.id, *rule.aliases)] if selectors else []
    for selector in selectors:
        entity, head = selector.upper(), f"{selector.lower().rstrip('.')}."
        hit = {own for name, own in names if name.startswith(head)}
        hit |= {rule.id for rule in rules if rule.entity == entity}
        if not hit:
            known = {name for name in _answering(rules) if name.isupper() == selector.isupper()}
            raise UsageError(f'"{selector}" names no rule or entity{nearest(selector, known, "privscan rules list")}')
        named |= hit
    return named


def _regulated(rules: Sequence[Rule], regulations: Sequence[str]) -> set[str]:
    """Return the ids of the rules that one of the regulations calls personal."""
    known = {name for rule in rules for name in rule.regulations}
    for name in regulations:
        if name not in known:
            raise UsageError(f'no rule names the regulation "{name}"{nearest(name, known)}')
    return {rule.id for rule in rules if set(regulations) & set(rule.regulations)}


def _answering(rules: Sequence[Rule]) -> set[str]:
    """Return all that names a rule: entities, ids (old ones too) and their first parts."""
    found = {rule.entity for rule in rules}
    for name in (name for rule in rules for name in (rule.id, *rule.aliases)):
        parts = name.split(".")
        found |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return found
