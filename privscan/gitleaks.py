"""Reads a configuration of gitleaks, or of its heir betterleaks, as rules of ours.

What the regular expressions say in Go's syntax is said in Python's; keywords gate, entropy, stop words and allowed
values become checks. What cannot be honoured is named in a `Translation`'s notes, never dropped silently; a pattern
that has no equal is a RuleError that names its rule. Formats: the projects' own documentation of their TOML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan.errors import RuleError
from privscan.goregex import group_named, pythonic
from privscan.model import Confidence, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

WINDOW = 2048  # characters round a keyword in which a match may stand; there the whole file counts
_RULE = frozenset(
    {"id", "description", "regex", "secretGroup", "entropy", "keywords", "allowlist", "allowlists", "tags"}
)
_LIST = frozenset(
    {"description", "regexes", "regexTarget", "stopwords", "paths", "commits", "condition", "targetRules"}
)
_TOP = frozenset({"title", "description", "extend", "rules", "allowlist", "allowlists", "minVersion"})
_WHOLE = {
    "path": "no path is looked at: the rule counts for every file",
    "report": "the rule reports",
    "skipReport": "the rule reports",
    "required": "the rule reports alone",
    "validate": "nothing is asked of an issuer",
    "verify": "nothing is asked of an issuer",
}


def _listed(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(entry, kind) for entry in value)


_STRINGS, _TABLES = ("a list of strings", _listed(str)), ("a list of tables", _listed(dict))
_TEXT: tuple[str, Callable[[Any], bool]] = ("a string", lambda value: isinstance(value, str))
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("id", "description", "regex", "regexTarget", "condition"), _TEXT),
    **dict.fromkeys(("keywords", "regexes", "stopwords", "paths", "commits", "targetRules"), _STRINGS),
    **dict.fromkeys(("rules", "allowlists"), _TABLES),
    "allowlist": ("a table", lambda value: isinstance(value, dict) or _TABLES[1](value)),
    "secretGroup": ("a whole number", lambda value: isinstance(value, int) and value >= 0),
    "entropy": ("a number", lambda value: isinstance(value, int | float)),
}
"""What stands under a key, in words, and how to see that it does."""


@dataclass(slots=True)
class Translation:
    """The rules of a configuration, and what of it is not honoured, a sentence each."""

    rules: list[Rule] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def recognised(data: Mapping[str, Any]) -> bool:
    """Say whether a TOML document is such a configuration: it extends one, or its rules have a `regex` or `path`."""
    rows = data.get("rules", [])
    named = isinstance(rows, list) and any(isinstance(row, dict) and ("regex" in row or "path" in row) for row in rows)
    return "rule" not in data and (named or any(key in data for key in ("allowlist", "allowlists", "extend")))


def translated(data: Mapping[str, Any], source: str) -> Translation:
    """Return the rules of a configuration; RuleError for a rule that cannot be had."""
    out = Translation()
    for key in sorted(set(data) - _TOP):
        out.notes.append(f'{source}: "{key}" is not honoured')
    _extended(data.get("extend"), source, out)
    _fits(data, source)
    common = [*_lists(data, source)]
    for number, row in enumerate(data.get("rules", []), 1):
        where = f"{source}: {row.get('id') or f'rule {number}'}"
        _fits(row, where)
        if "regex" not in row:
            out.notes.append(f"{where}: a rule of paths alone; left out, for records have no path")
            continue
        meant = [entry for entry in common if row.get("id") in entry.get("targetRules", [row.get("id")])]
        out.rules.append(_rule(row, [*_lists(row, where), *meant], where, source, out.notes))
    return out


def _extended(extend: Any, source: str, out: Translation) -> None:
    if not isinstance(extend, dict):
        return
    if extend.get("useDefault"):
        out.notes.append(f"{source}: extend.useDefault: the rules shipped here stand in for that project's own")
    for key in ("path", "url"):
        if extend.get(key):
            out.notes.append(f"{source}: extend.{key} is not followed; give that file to --rules too")
    if extend.get("disabledRules"):
        out.notes.append(f"{source}: extend.disabledRules is not honoured; use --ignore with the ids here")


def _fits(table: Mapping[str, Any], where: str) -> None:
    """RuleError for a key that holds another kind of value than it should."""
    for key in sorted(table.keys() & _KINDS.keys()):
        words, holds = _KINDS[key]
        if not holds(table[key]):
            raise RuleError(f"{where}: {key}: must be {words}")


def _lists(table: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Yield the allowlists of a table, of the old form (one table) and the new (a list of them)."""
    old = table.get("allowlist", [])
    for entry in (*([old] if isinstance(old, dict) else old), *table.get("allowlists", [])):
        _fits(entry, f"{where}: allowlist")
        yield entry


def _rule(
    row: Mapping[str, Any], allowed: Sequence[Mapping[str, Any]], where: str, source: str, notes: list[str]
) -> Rule:
    unknown = sorted(set(row) - _RULE)
    notes += [f'{where}: "{key}" is not honoured' + (f": {_WHOLE[key]}" if key in _WHOLE else "") for key in unknown]
    try:
        pattern = group_named(pythonic(row["regex"]), row.get("secretGroup", 0))
        tree = re.compile(pattern)
    except (re.error, ValueError, RecursionError) as error:
        raise RuleError(f"{where}: regex: cannot be said here ({error}); rewrite or remove the rule") from None
    if tree.match(""):
        raise RuleError(f"{where}: regex: matches nothing at all; make a part of it obligatory")
    checks = [f"entropy/{float(row['entropy']):g}"] if row.get("entropy") else []
    for entry in allowed:
        checks += _checks(entry, where, notes)
    keywords = [word.lower() for word in row.get("keywords", []) if word.strip()]
    inside = [word for word in keywords if word in _plain(row["regex"])]
    slug = re.sub(r"[^a-z0-9]+", "-", str(row.get("id", "")).lower()).strip("-") or "rule"
    return Rule(
        id=f"secret.gitleaks.{slug}",
        entity=re.sub(r"[^A-Z0-9]+", "_", slug.upper()).strip("_").lstrip("0123456789_") or "SECRET",
        name=str(row.get("description") or row.get("id") or "imported rule"),
        pattern=pattern,
        keywords=() if inside else tuple(keywords),
        trigger="\n".join(f"(?i){re.escape(word)}" for word in keywords) if keywords and inside == keywords else "",
        validators=tuple(checks),
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        checked=Confidence.MEDIUM,
        on_failed="reject",
        window=WINDOW,
        before=WINDOW,
        source=source,
    )


def _checks(entry: Mapping[str, Any], where: str, notes: list[str]) -> Iterator[str]:
    """Yield the checks that an allowlist comes to."""
    notes += [f'{where}: allowlist: "{key}" is not honoured' for key in sorted(set(entry) - _LIST)]
    notes += [
        f"{where}: allowlist: {key} are not honoured: records have none"
        for key in ("paths", "commits")
        if entry.get(key)
    ]
    kinds = [key for key in ("regexes", "stopwords", "paths", "commits") if entry.get(key)]
    if str(entry.get("condition", "OR")).upper() in ("AND", "&&") and len(kinds) > 1:
        notes.append(
            f"{where}: allowlist: a condition AND over {' and '.join(kinds)} is not honoured: nothing is allowed"
        )
        return
    if entry.get("regexTarget", "secret") not in ("secret", ""):
        notes.append(f'{where}: allowlist: regexTarget "{entry["regexTarget"]}" is read as the secret alone')
    for text in entry.get("regexes", []):
        try:
            pattern = pythonic(text)
            re.compile(pattern)
        except (re.error, ValueError) as error:
            raise RuleError(f"{where}: allowlist: regexes: cannot be said here ({error})") from None
        yield f"unlike/{pattern}"
    if entry.get("stopwords"):
        yield "without/" + "\n".join(entry["stopwords"])


def _plain(regex: str) -> str:
    """Return what of an expression is literal, near enough to see whether a keyword is part of it."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"\\[bBdDwWsSAz]", " ", regex)).lower()
