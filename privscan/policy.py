"""What to do with what is found: read a policy, check it, answer for a match.

Promises: a policy that loads names only keys, operators and levels there are; every match has exactly one action, the
one its longest rule prefix or its entity names, else the default.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan import gate as gates
from privscan import states
from privscan.errors import ConfigError, nearest
from privscan.model import Action, Confidence, Match, Policy, State
from privscan.rules import packs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["OPERATORS", "action", "load", "shipped", "with_models"]

# Operators that come along, with the parameters each takes: name -> type. Plug-ins add names of their own.
OPERATORS: dict[str, dict[str, type]] = {
    "replace": {"template": str},
    "mask": {"char": str, "keep_last": int},
    "hash": {"length": int},
    "pseudonym": {},
    "drop": {},
    "keep": {},
    # of media: none at all; a face in one colour, blurred, in squares; speech silenced
    "null": {},
    "fill": {},
    "blur": {},
    "mosaic": {},
    "mute": {},
}
PLACEHOLDERS = ("redact", "keep")
ENGINES = ("privscan", "presidio")
STAGES = {"rampart": "models", "hub": "models", "gliner": "models", "spacy": "presidio"}  # whose names -> detector

_KEYS = frozenset(
    {
        "id",
        "name",
        "description",
        "select",
        "ignore",
        "regulations",
        "regions",
        "allow",
        "ner",
        "by_shape",
        "detectors",
        "min_confidence",
        "placeholders",
        "default",
        "actions",
        "gate",
        "suppress",
    }
)
_KEEP = Action("keep")


def shipped() -> tuple[str, ...]:
    """Return the names of the policies that come along, sorted."""
    return tuple(sorted(file.stem for file in (packs() / "policies").glob("*.toml")))


def load(name_or_path: str, operators: Callable[[], Iterable[str]] = tuple) -> Policy:
    """Return a shipped policy by its name, or the one a TOML file states; `operators` tells the names of plug-ins.

    Raises ConfigError with file, key and the nearest name there is.
    """
    source = name_or_path
    raw = text(name_or_path).encode("utf-8")
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{source}: cannot be read as TOML: {error}") from None
    return _policy(data, source, operators, hashlib.sha256(raw).hexdigest())


def text(name_or_path: str) -> str:
    """Return a policy as it is written; ConfigError where there is none."""
    source = name_or_path
    file = packs() / "policies" / f"{name_or_path}.toml" if name_or_path in shipped() else Path(name_or_path)
    if not file.is_file():
        raise ConfigError(f'"{source}" is neither a shipped policy nor a file{nearest(source, shipped())}')
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{source}: cannot be read as TOML: {error}") from None


def with_models(policy: Policy, engine: str = "", ner: str = "") -> Policy:
    """Return the policy with what --engine and --ner ask for beside it; ConfigError for what nobody provides."""
    if engine and engine not in ENGINES:
        raise ConfigError(f'--engine "{engine}": there is none of that name{nearest(engine, ENGINES)}')
    ner = ner or policy.ner
    kind, _, where = ner.partition(":")
    if ner and (kind not in STAGES or bool(where) != (kind != "rampart")):
        raise ConfigError(f'ner = "{ner}": must be rampart, hub:WHERE, gliner:WHERE or spacy:WHERE')
    if os.path.isdir(where):
        ner = f"{kind}:{os.path.abspath(where)}"
    more = {"presidio"} if engine == "presidio" else set()
    more |= {STAGES[kind]} if ner else set()
    return replace(policy, ner=ner, detectors=(*policy.detectors, *sorted(more - set(policy.detectors))))


def action(policy: Policy, match: Match) -> Action:
    """Return what the policy does with a match; `keep` for placeholders where it keeps them.

    A rule's id, or the longest prefix of it, is more telling than the entity; the entity more than the default.
    """
    if match.state is State.SUPPRESSED or (match.state is State.PLACEHOLDER and policy.placeholders == "keep"):
        return _KEEP
    named = dict(policy.actions)
    parts = match.rule.split(".")
    for end in range(len(parts), 0, -1):
        found = named.get(".".join(parts[:end]))
        if found is not None:
            return found
    fallback = _KEEP if match.entity == "PROVENANCE" else policy.default  # it says what a record lacks
    return named.get(match.entity, fallback)


def _policy(data: dict[str, Any], source: str, plugins: Callable[[], Iterable[str]], sha256: str) -> Policy:
    for key in data:
        if key not in _KEYS:
            raise ConfigError(f'{source}: unknown key "{key}"{nearest(key, _KEYS)}')
    for key in ("id", "name"):
        if not isinstance(data.get(key), str) or not data[key]:
            raise ConfigError(f"{source}: {key}: must be a string")
    placeholders = data.get("placeholders", "redact")
    if placeholders not in PLACEHOLDERS:
        raise ConfigError(f"{source}: placeholders: must be one of {', '.join(PLACEHOLDERS)}")
    try:
        level = Confidence.of(str(data.get("min_confidence", "medium")))
    except ValueError as error:
        raise ConfigError(f"{source}: min_confidence: {error}") from None
    actions = data.get("actions", {})
    if not isinstance(actions, dict):
        raise ConfigError(f"{source}: actions: must be tables, one an entity or rule prefix")
    return Policy(
        id=data["id"],
        name=data["name"],
        description=str(data.get("description", "")),
        select=_words(data, "select", source),
        ignore=_words(data, "ignore", source),
        detectors=_words(data, "detectors", source) or ("patterns",),
        default=_action(data.get("default", {"operator": "replace"}), f"{source}: default", plugins),
        actions=tuple(
            (key, _action(value, f"{source}: actions.{key}", plugins)) for key, value in _flat(actions, source)
        ),
        min_confidence=level,
        regulations=_words(data, "regulations", source),
        regions=_words(data, "regions", source),
        allow=_words(data, "allow", source),
        ner=_word(data, "ner", source),
        by_shape=_words(data, "by_shape", source),
        placeholders=placeholders,
        sha256=sha256,
        gate=gates.read(data.get("gate", {}), f"{source}: gate"),
        suppress=states.read(data.get("suppress", []), source),
    )


def _flat(tables: dict[str, Any], source: str, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Undo TOML's reading of `[actions.pii.us]` as a table within a table."""
    flat = []
    for key, value in tables.items():
        if not isinstance(value, dict):
            raise ConfigError(f"{source}: actions.{prefix}{key}: must be a table with an operator")
        name = prefix + key
        here = {k: v for k, v in value.items() if not isinstance(v, dict)}
        inner = {k: v for k, v in value.items() if isinstance(v, dict)}
        if here or not inner:
            flat.append((name, here))
        flat += _flat(inner, source, f"{name}.")
    return flat


def _words(data: dict[str, Any], key: str, source: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(f"{source}: {key}: must be a list of strings")
    return tuple(value)


def _word(data: dict[str, Any], key: str, source: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{source}: {key}: must be a string")
    return value


def _action(table: Any, where: str, plugins: Callable[[], Iterable[str]]) -> Action:
    if not isinstance(table, dict) or not isinstance(table.get("operator"), str):
        raise ConfigError(f"{where}: operator: is missing; known: {', '.join(sorted(OPERATORS))}")
    name = table["operator"]
    params = {key: value for key, value in table.items() if key != "operator"}
    if name not in OPERATORS:
        known = {*plugins(), *OPERATORS}  # asked for here alone: looking at what is installed takes its time
        if name not in known:
            raise ConfigError(f'{where}: unknown operator "{name}"{nearest(name, known)}')
        return Action(name, tuple(sorted(params.items())))
    for key, value in params.items():
        wanted = OPERATORS[name].get(key)
        if wanted is None:
            takes = OPERATORS[name]
            remedy = nearest(key, takes) if takes else "; it takes nothing"
            raise ConfigError(f'{where}: {name} takes no "{key}"{remedy}')
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ConfigError(f"{where}: {key}: must be a {'string' if wanted is str else 'number'}")
        if isinstance(value, int) and value < 0:
            raise ConfigError(f"{where}: {key}: must not be negative")
    if name == "mask" and len(params.get("char", "*")) != 1:
        raise ConfigError(f"{where}: char: must be one character")
    return Action(name, tuple(sorted(params.items())))
