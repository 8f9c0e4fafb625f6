"""What a run is asked to do, as one frozen value.

Flags > PRIVSCAN_* > privscan.toml or [tool.privscan] > defaults: the command line merges the four (Typer reads the
environment, `file_defaults` the file) and hands plain values to `settings`, which checks and resolves them.
"""

from __future__ import annotations

import datetime
import hmac
import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan import gate as gates
from privscan import operators, regions, rules, selection, states
from privscan import policy as policies
from privscan.dedup import DedupSettings, presets
from privscan.errors import ConfigError, UsageError, nearest
from privscan.model import Confidence, Gate, Policy, Rule, Severity, Suppression
from privscan.states import Known, known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPLIT = 16 << 20  # bytes of a file one shard takes: the unit of parallel work and of resuming
MIN_KEY = 16  # bytes
FACES = ("default", "recall", "precision")
MISSING = ("faces", "audio")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run depends on. The same settings and inputs give the same bytes.

    `fail_on` is None for "never". `key` is the secret of fingerprints, hashes and pseudonyms; `key_source` is "file",
    "environment", "argument" or "ephemeral" (made for this run and thrown away).
    """

    command: str
    policy: Policy
    rules: tuple[Rule, ...]
    rules_sha256: str
    min_confidence: Confidence
    fail_on: Severity | None
    fields: tuple[str, ...] = ()
    exclude_fields: tuple[str, ...] = ()
    workers: int = 1
    key: bytes = field(default=b"", repr=False)
    key_source: str = "ephemeral"
    dedup: DedupSettings = DedupSettings(method="off")
    dedup_fields: tuple[str, ...] = ()
    samples: bool = True
    cache_dir: str | None = None
    split: int = SPLIT
    policy_name: str = "standard"
    rule_files: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    gate: Gate = Gate()
    known: Known | None = None
    suppress: tuple[Suppression, ...] = ()
    suppress_files: tuple[str, ...] = ()
    require: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sample: int = 0
    engine: str = ""
    faces: str = "default"
    allow_missing: tuple[str, ...] = ()
    media_root: str | None = None
    day: datetime.date = datetime.date.min

    def told(self) -> dict[str, Any]:
        """Return what a report may say of the settings: enough to ask for the same again, never the key."""
        return {
            "policy": self.policy.id,
            "select": list(self.select),
            "ignore": list(self.ignore),
            "region": list(self.regions),
            "rules": [os.path.basename(path) for path in self.rule_files],
            "min_confidence": self.min_confidence.label,
            "fail_on": "never" if self.fail_on is None else self.fail_on.label,
            "field": list(self.fields),
            "exclude_field": list(self.exclude_fields),
            "dedup": self.dedup.method,
            "dedup_threshold": self.dedup.threshold,
            "dedup_field": list(self.dedup_fields),
            "dedup_options": presets.told(self.dedup),
            "key": self.key_source,
        } | self._told_more()

    def _told_more(self) -> dict[str, Any]:
        """Return what few runs are asked for."""
        told: dict[str, Any] = {"baseline": os.path.basename(self.known.path)} if self.known else {}
        if self.require:
            told["require_field"] = [field for field, _ in self.require]
            told["allow_values"] = [f"{field}={','.join(values)}" for field, values in self.require if values]
        if self.engine:
            told["engine"] = self.engine
        if self.policy.ner:
            kind, sign, where = self.policy.ner.partition(":")
            told["ner"] = kind + sign + os.path.basename(os.path.normpath(where) if where else "")
        if self.sample:
            told["sample"] = self.sample
        if self.faces != "default":
            told["faces"] = os.path.basename(self.faces)
        if self.allow_missing:
            told["allow_missing"] = list(self.allow_missing)
        if self.media_root:
            told["media_root"] = os.path.basename(self.media_root)
        return told


def settings(
    command: str,
    *,
    policy: str = "standard",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    region: Sequence[str] = (),
    rule_files: Sequence[str] = (),
    min_confidence: str | None = None,
    fail_on: str | None = None,
    fields: Sequence[str] = (),
    exclude_fields: Sequence[str] = (),
    workers: int | None = None,
    key: bytes | None = None,
    key_source: str = "argument",
    dedup: str = "off",
    dedup_threshold: float | None = None,
    dedup_fields: Sequence[str] = (),
    dedup_options: Mapping[str, Any] | None = None,
    samples: bool = True,
    cache_dir: str | None = None,
    split: int = SPLIT,
    gate: Sequence[str] = (),
    baseline: str | None = None,
    suppress: Sequence[str] = (),
    day: datetime.date | None = None,
    require_field: Sequence[str] = (),
    allow_values: Sequence[str] = (),
    sample: int = 0,
    engine: str = "",
    ner: str = "",
    faces: str = "default",
    allow_missing: Sequence[str] = (),
    media_root: str | None = None,
) -> Settings:
    """Check and resolve what was asked for; UsageError, ConfigError or RuleError where it cannot be."""
    chosen = policies.with_models(policies.load(policy, operators.names), engine, ner)
    loaded = rules.load_rules(rule_files, cache_dir or default_cache())
    select, ignore = selection.words(select), selection.words(ignore)
    active = selection.chosen(
        selection.of_policy(chosen, loaded, packs=bool(rule_files)), loaded, chosen, select, ignore
    )
    named = regions.named(region or chosen.regions)
    trusted = rules.select(loaded, chosen.by_shape) if chosen.by_shape else ()
    active = regions.narrowed(active, named, {rule.id for rule in trusted})
    if not active and command != "dedup" and chosen.detectors == ("patterns",):
        raise ConfigError(f"policy {chosen.id}: nothing is left to look for; select more, or ignore less")
    limits = gate_of(command, chosen, gate, {rule.entity for rule in loaded})
    level = fail_on or _default_level(command, limits)
    if key is not None and len(key) < MIN_KEY:
        raise UsageError(f"the key is shorter than {MIN_KEY} bytes; make one with: openssl rand -hex 32")
    if sample and command != "scan":
        raise UsageError("--sample: is for scan; what is written must be looked at whole")
    if workers is not None and workers < 1:
        raise UsageError("--workers must be 1 or more")
    return Settings(
        command=command,
        policy=chosen,
        rules=active,
        rules_sha256=rules.digest(active),
        min_confidence=_level(Confidence, min_confidence, "--min-confidence", chosen.min_confidence),
        fail_on=severity(level),
        fields=_pointers(fields, "--field"),
        exclude_fields=_pointers(exclude_fields, "--exclude-field"),
        workers=workers or processors(),
        key=secrets.token_bytes(32) if key is None else key,
        key_source="ephemeral" if key is None else key_source,
        dedup=presets.resolve(dedup, dedup_threshold, dedup_options or {}),
        dedup_fields=_pointers(dedup_fields, "--dedup-field"),
        samples=samples,
        cache_dir=cache_dir or default_cache(),
        split=split,
        policy_name=policy,
        rule_files=tuple(rule_files),
        select=select,
        ignore=ignore,
        regions=named,
        gate=limits,
        known=known(baseline, key_check(key)) if baseline else None,
        suppress=excuses(chosen, suppress, loaded),
        suppress_files=tuple(suppress),
        require=required(require_field, allow_values),
        sample=sample,
        engine=engine,
        faces=face_model(faces),
        allow_missing=missing(allow_missing),
        media_root=folder(media_root, "--media-root"),
        day=day or datetime.datetime.now(datetime.UTC).date(),
    )


def key_check(key: bytes | None) -> str:
    """Return a digest that tells two keys apart and gives nothing of either away; empty for no key."""
    return "" if key is None else hmac.digest(key, b"privscan key check", "sha256").hex()[:16]


def excuses(policy: Policy, files: Sequence[str], loaded: Sequence[Rule]) -> tuple[Suppression, ...]:
    """Return the suppressions of the policy and of further files, each rule or entity they name being one there is."""
    found = list(policy.suppress)
    for path in files:
        data = read_toml(path, f"--suppress {path}")
        found += states.read(data.get("suppress", []), path)
    names = {rule.entity for rule in loaded} | {rule.id for rule in loaded}
    for entry in found:
        if entry.rule and entry.rule not in names and not any(name.startswith(f"{entry.rule}.") for name in names):
            raise ConfigError(f'suppress: "{entry.rule}" is no rule, prefix or entity{nearest(entry.rule, names)}')
    return tuple(found)


def read_toml(path: str, flag: str) -> dict[str, Any]:
    """Return a TOML file's tables, of pyproject.toml those of [tool.privscan]; ConfigError where it cannot be read."""
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{flag}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not TOML ({str(error)[:100]})") from None
    if os.path.basename(path) == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("privscan", {}) if isinstance(tool, dict) else {}
    return data


def gate_of(command: str, policy: Policy, flags: Sequence[str], entities: set[str]) -> Gate:
    """Return the gate of a run: the policy's, with flags over it.

    What `clean` found it removed, and `dedup` looks for nothing: of a policy's gate only limits on records bind them.
    """
    gate = policy.gate
    if command in ("clean", "dedup"):
        of_records = tuple(
            (name, limit) for name, limit in gate.limits if name in ("max_duplicates", "max_quarantined")
        )
        gate = Gate(min_confidence=gate.min_confidence, limits=of_records)
    return gates.with_flags(gate, flags, sorted(entities))


def _default_level(command: str, gate: Gate) -> str:
    """Return the severity a run fails on unless told: none where limits were set instead."""
    if gate.fail_on is not None:
        return gate.fail_on.label
    return "never" if command in ("clean", "dedup") or gate.never or gate.limits or gate.entities else "medium"


def severity(word: str) -> Severity | None:
    """Return the severity of `--fail-on`, None for never; UsageError where there is none of that name."""
    if word == "never":
        return None
    try:
        found: Severity = Severity.of(word)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}, never") from None
    return found


def choice(word: str, known: Sequence[str], flag: str) -> str:
    """Return the word if it is one of those known; UsageError names the nearest."""
    if word not in known:
        raise UsageError(f'{flag}: "{word}" is not known{nearest(word, known)}')
    return word


def face_model(word: str) -> str:
    """Return a mode of `FACES`, or the absolute path of a network that is there; UsageError where it is neither."""
    if word not in FACES and word.endswith(".onnx"):
        if not os.path.isfile(word):
            raise UsageError(f"--faces {word}: no such file")
        return os.path.abspath(word)
    return choice(word, FACES, "--faces")


def folder(path: str | None, flag: str) -> str | None:
    """Return the absolute path of a folder that is there; UsageError where it is none."""
    if path is not None and not os.path.isdir(path):
        raise UsageError(f"{flag} {path}: no such folder")
    return None if path is None else os.path.abspath(path)


def missing(words: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of media that may go unlooked at; UsageError for a word that is none."""
    named = {word.strip() for entry in words for word in entry.split(",") if word.strip()}
    return tuple(sorted(choice(word, MISSING, "--allow-missing") for word in named))


def required(fields: Sequence[str], values: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (field, allowed values) for --require-field and --allow-values; UsageError where they do not fit.

    Values are compared without case; FIELD=A,B names the field, which a single one does not need.
    """
    wanted = {field if field.startswith("/") else f"/{field}": set[str]() for field in fields}
    for entry in values:
        name, sign, listed = entry.partition("=")
        if not sign:
            name, listed = (next(iter(wanted)) if len(wanted) == 1 else ""), entry
        field = name if name.startswith("/") else f"/{name}"
        if field not in wanted:
            known_ = ", ".join(wanted) or "none"
            raise UsageError(f'--allow-values "{entry}": give it as FIELD=A,B with a --require-field (there: {known_})')
        wanted[field] |= {word.strip().casefold() for word in listed.split(",") if word.strip()}
    return tuple((field, tuple(sorted(allowed))) for field, allowed in wanted.items())


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_cache() -> str:
    """Return the user's cache folder for compiled rules."""
    return os.path.join(os.path.expanduser("~"), ".cache", "privscan")


def read_key(path: str) -> bytes:
    """Read a key file: its bytes, white space at the ends left out. UsageError when it cannot be read."""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise UsageError(f"--key-file {path}: cannot be read ({error.strerror})") from None


def file_defaults(path: str | None, known: Mapping[str, type]) -> dict[str, Any]:
    """Return the options a configuration file sets: `path`, else privscan.toml, else [tool.privscan] of pyproject.toml.

    `known` are the flags a file may set and their types (str, int, float, bool, list of str). ConfigError names the
    file and the key that is unknown or of another type.
    """
    if path is None:
        found = next((name for name in ("privscan.toml", "pyproject.toml") if os.path.isfile(name)), None)
        if found is None:
            return {}
        path = found
    data = read_toml(path, f"--config {path}")
    options: dict[str, Any] = {}
    for key, value in data.items():
        flag = key.replace("_", "-")
        if flag == "suppress" and isinstance(value, list) and value and isinstance(value[0], dict):
            options[flag] = [path]  # its own [[suppress]] tables
            continue
        if flag not in known:
            raise ConfigError(f'{path}: unknown key "{key}"{nearest(flag, known, "privscan config --schema config")}')
        options[flag] = _typed(f'{path}: "{key}"', value, known[flag])
    return options


def _typed(place: str, value: Any, kind: type) -> Any:
    words = {
        list: "a list of strings",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a string",
    }
    if kind is list:
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return value
    elif isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool):
        return value
    raise ConfigError(f"{place} takes {words[kind]}")


def _level(kind: Any, word: str | None, flag: str, default: Any) -> Any:
    if word is None:
        return default
    try:
        return kind.of(word)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None


def _pointers(fields: Sequence[str], flag: str) -> tuple[str, ...]:
    for pointer in fields:
        if not pointer.startswith("/"):
            raise UsageError(f'{flag} "{pointer}": a JSON Pointer starts with "/"; did you mean "/{pointer}"?')
    return tuple(fields)
