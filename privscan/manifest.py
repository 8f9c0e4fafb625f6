"""What a run was made of: inputs, outputs, versions and digests, enough to check it and to run it again."""

from __future__ import annotations

import datetime  # noqa: TC003 - msgspec reads the annotations
import hashlib
import json
import os
import platform
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import privscan
from privscan import config, detectors, jsontext
from privscan.errors import UsageError
from privscan.model import Finding
from privscan.policy import OPERATORS
from privscan.writing import appearing, check_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.config import Settings
    from privscan.inputs import Inputs
    from privscan.model import Report, Tally

SCHEMA = "privscan/manifest/1"
PACKAGES = ("hyperscan", "numpy", "orjson", "pyarrow", "xxhash", "python-stdnum", "phonenumbers")
PLUGINS = ("privscan.detectors", "privscan.operators", "privscan.reports")


class _Artifact(TypedDict):
    uri: str
    bytes: int
    records: int
    sha256: str


class _Settings(TypedDict):
    policy: str
    select: list[str]
    ignore: list[str]
    region: NotRequired[list[str]]
    min_confidence: str
    field: list[str]
    exclude_field: list[str]
    dedup: str
    dedup_threshold: float
    dedup_field: list[str]
    dedup_options: NotRequired[dict[str, Any]]
    require_field: NotRequired[list[str]]
    allow_values: NotRequired[list[str]]
    allow_missing: NotRequired[list[str]]
    split: int


class _Manifest(TypedDict):
    """What those who read a manifest ask of it."""

    version: str
    command: str
    paths: list[str]
    read_from: dict[str, str]
    settings: _Settings
    against: NotRequired[list[str]]
    policy_file: str
    rule_files: list[str]
    suppress_files: NotRequired[list[str]]
    day: NotRequired[datetime.date]
    media_root: NotRequired[str | None]
    policy_sha256: str
    rules_sha256: str
    key_check: str
    inputs: list[_Artifact]
    outputs: list[_Artifact]
    outcomes: dict[str, int]
    complete: bool
    files: dict[str, str]
    model: NotRequired[dict[str, Any]]


def identity(path: str) -> tuple[int, int]:
    """Return size and time of change of a file, to see whether it is still the one that was read."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def key_check(settings: Settings) -> str:
    """Return a digest that tells two keys apart and gives nothing of either away."""
    return config.key_check(settings.key)


def suppress_sha256(settings: Settings) -> str:
    """Return a digest of the suppressions in use; empty where there are none."""
    if not settings.suppress:
        return ""
    words = [[str(getattr(entry, name)) for name in entry.__slots__] for entry in settings.suppress]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def model_told(settings: Settings) -> dict[str, Any]:
    """Return what there is to say of other models, for names and for faces: what asked for them, files, digests."""
    told: dict[str, Any] = {}
    ner = settings.policy.ner
    if ner:
        told["ner"] = ner
    if ner and not ner.startswith("spacy:"):
        from privscan.detectors.models import folder

        found = folder.of(ner)
        told |= {"network": found.network, "sha256": found.sha256}
    if os.path.isabs(settings.faces):
        from privscan.media import networks

        told |= {"faces": settings.faces, "faces_sha256": networks.digest(settings.faces)}
    return told


def policy_told(settings: Settings) -> dict[str, Any]:
    """Return what the report says of the policy."""
    policy = settings.policy
    return {
        "id": policy.id,
        "name": policy.name,
        "description": policy.description,
        "sha256": policy.sha256,
        "rules": len(settings.rules),
        "min_confidence": settings.min_confidence.label,
        "placeholders": policy.placeholders,
        "default": policy.default.operator,
        "actions": {name: action.operator for name, action in policy.actions},
    }


def rules_told(settings: Settings, tally: Tally) -> dict[str, Any]:
    """Return what reports say of the rules that found something: name, regulations, references."""
    found = {rule for (_, rule, _, _, _) in tally.findings}
    return {
        rule.id: {
            "name": rule.name,
            "severity": rule.severity.label,
            "regulations": list(rule.regulations),
            "references": list(rule.references),
        }
        for rule in sorted(settings.rules, key=lambda rule: rule.id)
        if rule.id in found
    }


def plugins(settings: Settings) -> list[str]:
    """Return the third-party parts in use, as "group: name (package version)"."""
    policy = settings.policy
    named = {*policy.detectors, policy.default.operator, *(action.operator for _, action in policy.actions)}
    named -= {*detectors.OWN, *OPERATORS}
    if not named:  # a look at all that is installed takes its time
        return []
    from importlib import metadata

    return sorted(
        f"{group}: {point.name} ({point.dist.name} {point.dist.version})"
        for group in PLUGINS
        for point in metadata.entry_points(group=group)
        if point.name in named and point.dist is not None
    )


def of(settings: Settings, report: Report, paths: Sequence[str], inputs: Inputs) -> dict[str, Any]:
    """Return the manifest. `paths` and `read_from` tell `verify` and `explain` where the inputs were."""
    return {
        "schema": SCHEMA,
        "version": privscan.__version__,
        "command": settings.command,
        "paths": [path if path == "-" else os.path.abspath(path) for path in paths],
        "read_from": {file.uri: os.path.abspath(file.path) for file in inputs.files if file.path != "-"},
        "settings": settings.told() | {"split": settings.split},
        "against": [os.path.abspath(path) for path in settings.dedup.against],
        "policy_file": os.path.abspath(settings.policy_name)
        if os.path.isfile(settings.policy_name)
        else settings.policy_name,
        "rule_files": [os.path.abspath(path) for path in settings.rule_files],
        "suppress_files": [os.path.abspath(path) for path in settings.suppress_files],
        "suppress_sha256": suppress_sha256(settings),
        "day": settings.day.isoformat(),
        "media_root": settings.media_root,
        "baseline_sha256": settings.known.sha256 if settings.known else "",
        "policy_sha256": settings.policy.sha256,
        "rules_sha256": settings.rules_sha256,
        "key_check": "" if settings.key_source == "ephemeral" else key_check(settings),
        "inputs": [artifact(entry) for entry in report.inputs],
        "outputs": [artifact(entry) for entry in report.outputs],
        "outcomes": dict(report.tally.outcomes),
        "complete": report.complete,
        "model": model_told(settings),
        "plugins": plugins(settings),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def artifact(entry: Any) -> dict[str, Any]:
    """Return an artifact as the manifest writes it."""
    return {"uri": entry.uri, "bytes": entry.bytes, "records": entry.records, "sha256": entry.sha256}


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def load(run: str) -> dict[str, Any]:
    """Return the manifest of a run folder; UsageError when there is none or it is of another schema."""
    path = os.path.join(run, "manifest.json")
    try:
        with open(path, "rb") as file:
            found = json.load(file)
    except OSError:
        begun = os.path.isdir(os.path.join(run, ".work"))
        hint = "; finish it with --resume" if begun else "; give a run folder, as `clean` writes it"
        raise UsageError(f"{run}: holds no manifest.json, so it is no whole run{hint}") from None
    except ValueError:
        raise UsageError(f"{path}: is not JSON; the run folder was changed, run again") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        schema = str(found.get("schema"))[:40] if isinstance(found, dict) else ""
        raise UsageError(f"{path}: is of schema {schema!r}, this version reads {SCHEMA}")
    import msgspec

    try:
        msgspec.convert(found, _Manifest)
    except msgspec.ValidationError as error:  # tells names and types, no values
        raise UsageError(f"{path}: {error}; the run folder was changed, run again") from None
    return found


def place(found: dict[str, Any], uri: str, moved: str | None) -> str:
    """Return where an input of a run is now: where it was read, or under (or at) `moved`; "" where nobody can say."""
    if moved is None:
        return str(found["read_from"].get(uri, ""))
    return os.path.join(moved, uri) if os.path.isdir(moved) else moved


def unchanged(found: dict[str, Any], uri: str, path: str) -> bool:
    """Say whether a file is there and as large as the input that was read: else its spans are of something else."""
    size = next((entry["bytes"] for entry in found["inputs"] if entry["uri"] == uri), -1)
    return os.path.exists(path) and os.path.getsize(path) == size


def check_findings(target: str) -> None:
    """See, before any data is read, that findings can be written to a file; UsageError or OutputError where not."""
    if not target.endswith((".jsonl", ".parquet")):
        raise UsageError(f"--findings {target}: the file's name must end in .jsonl or .parquet")
    check_place(target, "--findings ")


def export_findings(rows: str, target: str) -> None:
    """Write findings rows (JSON Lines) to a .jsonl or .parquet file, a batch at a time, by rename."""
    with appearing(target) as name:
        if target.endswith(".parquet"):
            _to_parquet(rows, name)
        else:
            import shutil

            shutil.copyfile(rows, name)


def _to_parquet(rows: str, target: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.string()
    kinds = {
        "record": pa.int64(),
        "start": pa.int64(),
        "end": pa.int64(),
        "score": pa.float64(),
        "evidence": pa.list_(text),
    }
    schema = pa.schema([(field.name, kinds.get(field.name, text)) for field in fields(Finding)])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer, open(rows, "rb") as source:
        while lines := source.readlines(8 << 20):
            writer.write_batch(
                pa.RecordBatch.from_pylist([_told(jsontext.parse(line)) for line in lines], schema=schema)
            )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as Parquet can hold it: half a character, in a name of a file or field, as an escape."""
    for name in ("uri", "field"):
        row[name] = row[name].encode("utf-8", "backslashreplace").decode("utf-8")
    return row
