"""JSON Schemas of what privscan reads and writes, made from the tables the program itself goes by.

Promise: the committed files under `schemas/` are what this makes, and a test holds both against real files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privscan.gate import LIMITS
from privscan.model import Confidence, Outcome, Severity, State
from privscan.policy import OPERATORS, PLACEHOLDERS
from privscan.reports.json import COLUMNS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["config", "finding", "policy", "report"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_CONFIDENCE = {"enum": [level.label for level in Confidence]}
_SEVERITY = {"enum": [level.label for level in Severity]}
_STATE = {"enum": [state.value for state in State]}
_FAIL_ON = {"enum": [*(level.label for level in Severity), "never"]}
_ENUMS = {
    "confidence": _CONFIDENCE,
    "severity": _SEVERITY,
    "state": _STATE,
    "outcome": {"enum": [o.value for o in Outcome]},
}


def _object(
    members: Mapping[str, Any], *, needed: tuple[str, ...] | None = None, open_: bool = False
) -> dict[str, Any]:
    required = list(members) if needed is None else list(needed)
    return {"type": "object", "properties": dict(members), "required": required, "additionalProperties": open_}


def finding() -> dict[str, Any]:
    """Return the schema of a findings row."""
    place = {"type": ["integer", "null"], "minimum": 0}
    members = {
        "id": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
        "uri": _TEXT,
        "record": _COUNT,
        "field": _TEXT,
        "start": place,
        "end": place,
        "entity": _TEXT,
        "rule": _TEXT,
        "confidence": _CONFIDENCE,
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "severity": _SEVERITY,
        "evidence": {"type": "array", "items": _TEXT},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "state": _STATE,
    }
    return {"$schema": _DRAFT, "title": "A row of findings.jsonl", **_object(members)}


def report() -> dict[str, Any]:
    """Return the schema of report.json; what further rooms tell stands open under `details`."""
    artifact = _object({"uri": _TEXT, "bytes": _COUNT, "records": _COUNT, "sha256": _TEXT})
    problem = _object({"uri": _TEXT, "record": {"type": ["integer", "null"]}, "stage": _TEXT, "reason": _TEXT})
    limit = _object(
        {"name": _TEXT, "limit": {"type": "number"}, "value": {"type": "number"}, "failed": {"type": "boolean"}}
    )
    counters = {
        name: {
            "type": "array",
            "items": _object(
                {column: _ENUMS.get(column, _TEXT) for column in columns} | {"count": {"type": "integer"}}
            ),
        }
        for name, columns in COLUMNS.items()
    }
    gate = {
        "fail_on": _FAIL_ON,
        "failing": _COUNT,
        "min_confidence": _CONFIDENCE,
        "limits": {"type": "array", "items": limit},
    }
    members = {
        "schema": {"const": SCHEMA},
        "command": _TEXT,
        "tool": {"type": "object"},
        "started": _TEXT,
        "seconds": {"type": "number"},
        "policy": {"type": "object"},
        "inputs": {"type": "array", "items": artifact},
        "outputs": {"type": "array", "items": artifact},
        "tally": _object(
            {"records": _COUNT, "bytes": _COUNT, **counters},
            needed=("records", "bytes", "outcomes", "findings"),
            open_=True,
        ),
        "problems": {"type": "array", "items": problem},
        "samples": {"type": "array", "items": {"type": "object"}},
        "gate": _object(gate, needed=("fail_on", "failing")),
        "complete": {"type": "boolean"},
        "key": _TEXT,
        "settings": {"type": "object"},
        "notes": {"type": "array", "items": _TEXT},
        "details": {"type": "object"},
    }
    needed = tuple(name for name in members if name != "details")
    return {"$schema": _DRAFT, "title": "report.json", **_object(members, needed=needed)}


def _suppress() -> dict[str, Any]:
    names = ("rule", "fingerprint", "location", "field")
    members = dict.fromkeys(names, _TEXT) | {
        "reason": {"type": "string", "pattern": "\\S"},
        "expires": {"format": "date"},
    }
    return {
        "type": "array",
        "items": _object(members, needed=("reason",)) | {"anyOf": [{"required": [n]} for n in names]},
    }


def policy() -> dict[str, Any]:
    """Return the schema of a policy file (TOML)."""
    kinds = {str: _TEXT, int: _COUNT}
    actions = [
        _object(
            {"operator": {"const": name}} | {key: kinds[kind] for key, kind in params.items()}, needed=("operator",)
        )
        for name, params in OPERATORS.items()
    ]
    plugin = _object({"operator": {"not": {"enum": list(OPERATORS)}, **_TEXT}}, needed=("operator",), open_=True)
    action = {"anyOf": [*actions, plugin]}
    gate = {
        "fail_on": _FAIL_ON,
        "min_confidence": _CONFIDENCE,
        "entities": {"type": "object", "additionalProperties": _COUNT},
        **{name: {"type": "number", "minimum": 0, "description": words} for name, (words, _) in LIMITS.items()},
    }
    members = {
        "id": {"type": "string", "minLength": 1},
        "name": {"type": "string", "minLength": 1},
        "description": _TEXT,
        **dict.fromkeys(("select", "ignore", "regulations", "regions", "allow", "by_shape", "detectors"), _WORDS),
        "ner": _TEXT,
        "min_confidence": _CONFIDENCE,
        "placeholders": {"enum": list(PLACEHOLDERS)},
        "default": action,
        "actions": {"type": "object", "additionalProperties": {"type": "object"}},
        "gate": _object(gate, needed=()),
        "suppress": _suppress(),
    }
    return {"$schema": _DRAFT, "title": "A privscan policy", **_object(members, needed=("id", "name"))}


def config(known: Mapping[str, type], helps: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of privscan.toml: `known` are its keys and their types, `helps` what each is for."""
    kinds: dict[type, dict[str, Any]] = {
        list: {"anyOf": [_TEXT, _WORDS]},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        str: _TEXT,
    }
    members: dict[str, Any] = {}
    for name, kind in sorted(known.items()):
        entry = kinds[kind] | {"description": helps.get(name, "")}
        for spelled in {name, name.replace("-", "_")}:
            members[spelled] = entry
    if "suppress" in members:
        members["suppress"] = {"anyOf": [_TEXT, _WORDS, _suppress()], "description": helps.get("suppress", "")}
    ordered = dict(sorted(members.items()))
    return {"$schema": _DRAFT, "title": "privscan.toml", **_object(ordered, needed=())}
