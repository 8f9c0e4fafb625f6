"""The run folder: its names, the work kept for a resume, and files that appear whole or not at all.

    data/...            redacted copies      findings.jsonl    duplicates.jsonl    quarantine.jsonl
    report.json         report.html          manifest.json     .work/              gone when the run is whole

`.work/` is readable by its owner only: it may hold pieces of the input, and the key of a run that was given none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from privscan.echo import Values
from privscan.errors import UsageError
from privscan.model import Problem, Tally
from privscan.shard import Result
from privscan.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from privscan.model import Artifact

WORK = ".work"
SIDE_FILES = ("findings.jsonl", "duplicates.jsonl", "repeated.jsonl", "quarantine.jsonl", "report.json", "report.html")
OURS = frozenset({"data", "manifest.json", "manifest.sig", "findings.parquet", WORK, *SIDE_FILES})
COUNTERS = tuple(entry.name for entry in fields(Tally) if entry.name not in ("records", "bytes"))


class RunFolder:
    """An output folder being filled. OutputError names the path and the remedy when something cannot be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.work = os.path.join(path, WORK)

    def open(self, *, overwrite: bool, resume: bool, stamp: Mapping[str, Any]) -> bool:
        """Make the folder ready; return True when earlier work with the same stamp is to be continued.

        UsageError for a folder that is not empty, unless told to overwrite a run folder or resume this very run.
        """
        plan = os.path.join(self.work, "plan.json")
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise UsageError(f"{self.path}: is a file; --out takes a folder")
        with writing(self.path):
            there = set(os.listdir(self.path)) if os.path.isdir(self.path) else set()
        earlier = _read(plan)
        if resume and earlier is not None:
            if earlier != json.loads(json.dumps(stamp)):
                raise UsageError(
                    f"{self.path}: the work in it is of other inputs or settings; start anew with --overwrite"
                )
            return True
        if resume and "manifest.json" in there:
            raise UsageError(
                f"{self.path}: holds a whole run, of other inputs or settings, or changed since; "
                "start anew with --overwrite"
            )
        if there and not overwrite and not (resume and there <= {WORK}):
            raise UsageError(f"{self.path}: is not empty; give --overwrite, --resume or another folder")
        self._is_run(there)
        with writing(self.path):
            for name in sorted(
                there, key=lambda name: (name in (WORK, "manifest.json"), name)
            ):  # what says whose it is goes last
                _remove(os.path.join(self.path, name))
            os.makedirs(self.work, mode=0o700, exist_ok=True)
        self.put(os.path.join(WORK, "plan.json"), json.dumps(stamp))
        return False

    def whole(self, stamp: Mapping[str, Any]) -> bool:
        """Say whether the folder holds a whole run with this stamp, every file of it as it was written."""
        found = _read(os.path.join(self.path, "manifest.json"))
        if not isinstance(found, dict) or found.get("stamp") != seal(stamp):
            return False
        with suppress(OSError, LookupError, TypeError):  # gone, or a manifest that was changed
            files = found["files"] | {entry["uri"]: entry["sha256"] for entry in found["outputs"]}
            return all(sha256(os.path.join(self.path, name)) == digest for name, digest in files.items())
        return False

    def _is_run(self, there: set[str]) -> None:
        """UsageError unless what is there is a run of ours, whole or cut off: only that may be replaced."""
        if strange := sorted(there - OURS):
            raise UsageError(
                f"{self.path}: holds {strange[0]}, which is no part of a run; --overwrite only replaces a run folder"
            )
        manifest = _read(os.path.join(self.path, "manifest.json"))
        ours = isinstance(manifest, dict) and str(manifest.get("schema")).startswith("privscan/")
        if there and there != {WORK} and not ours and not os.path.exists(os.path.join(self.work, "plan.json")):
            raise UsageError(f"{self.path}: holds no run of privscan; --overwrite only replaces a run folder")

    def key(self, fresh: bytes) -> bytes:
        """Return the key kept for this run; `fresh` is kept where there is none yet. Gone when the run is whole."""
        path = os.path.join(self.work, "key")
        with writing(path):
            with suppress(FileNotFoundError), open(path, "rb") as file:
                kept = file.read()
                if len(kept) == len(fresh):
                    return kept
            temporary = f"{path}.tmp"
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(fresh)
            os.replace(temporary, path)
        return fresh

    def stem(self, name: str) -> str:
        """Return the stem of a part's files."""
        return os.path.join(self.work, f"part-{name}")

    def remember(self, stem: str, result: Result) -> None:
        """Keep a finished part's result, written last and by rename: what it names is whole."""
        self._put(f"{stem}.json", json.dumps({"result": pack(result), "parts": digests(stem)}))

    def recall(self, stem: str, *, joined: bool) -> Result | None:
        """Return a part's result when its files are as they were left; `joined` when its data stands in the output."""
        kept = _read(f"{stem}.json")
        if kept is None:
            return None
        now = digests(stem)
        if joined:  # its data may be gone already, or not yet
            now.pop("data", None)
            kept["parts"].pop("data", None)
        return unpack(kept["result"]) if kept["parts"] == now else None

    def file_done(self, number: int, artifact: Artifact) -> None:
        """Note that an input's copy is about to appear under its name; only then may its parts go."""
        row = {"uri": artifact.uri, "records": artifact.records, "bytes": artifact.bytes, "sha256": artifact.sha256}
        self._put(os.path.join(self.work, f"file-{number:06d}.json"), json.dumps(row))

    def files_done(self) -> set[int]:
        """Return the numbers of the inputs whose copies stand whole in the output."""
        done = set()
        for name in os.listdir(self.work):
            row = _read(os.path.join(self.work, name)) if name.startswith("file-") else None
            if row is not None:
                with suppress(OSError):
                    if sha256(os.path.join(self.path, row["uri"])) == row["sha256"]:
                        done.add(int(name[5:11]))
        return done

    def put(self, name: str, text: str | bytes) -> None:
        """Write a file of the run folder by rename."""
        self._put(os.path.join(self.path, name), text)

    def _put(self, path: str, text: str | bytes) -> None:
        temporary = os.path.join(self.work, f"{os.path.basename(path)}.tmp")
        with writing(path):
            with open(temporary, "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text)
            os.replace(temporary, path)

    def join(self, name: str, parts: Iterable[str]) -> None:
        """Join part files, in order, into a file of the run folder that appears whole."""
        target = os.path.join(self.work, f"{name}.tmp")
        with writing(os.path.join(self.path, name)):
            with open(target, "wb") as out:
                for part in parts:
                    if os.path.exists(part):
                        with open(part, "rb") as source:
                            shutil.copyfileobj(source, out, 1 << 20)
            os.replace(target, os.path.join(self.path, name))

    def abandon(self) -> None:
        """Leave no trace of a run that could not begin."""
        shutil.rmtree(self.work, ignore_errors=True)
        with suppress(OSError):  # it was there before, or holds more
            os.rmdir(self.path)

    def close(self, manifest: str) -> None:
        """Throw key, pieces and parts away, then write the manifest: a folder with one is whole and holds no work."""
        with writing(self.work):
            for name in sorted(os.listdir(self.work)):
                if name != "plan.json":
                    _remove(os.path.join(self.work, name))
        self.put("manifest.json", manifest)
        with writing(self.work):
            shutil.rmtree(self.work)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def seal(stamp: Mapping[str, Any]) -> str:
    """Return the digest of a stamp, as a manifest holds it."""
    return hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()


def digests(stem: str) -> dict[str, str]:
    """Return the sha256 of each part file of a shard."""
    return {
        kind: sha256(path)
        for kind in ("data", "findings", "quarantine", "removed", "repeated")
        if os.path.exists(path := f"{stem}.{kind}")
    }


def sha256(path: str) -> str:
    """Return the hex digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(result: Result) -> dict[str, Any]:
    """Return a result as JSON: counters become lists of [key, count]."""
    tally = result.tally
    counters = {
        name: [[list(key) if isinstance(key, tuple) else key, count] for key, count in getattr(tally, name).items()]
        for name in COUNTERS
    }
    return {
        "index": result.index,
        "tally": {"records": tally.records, "bytes": tally.bytes, **counters},
        "problems": [asdict(problem) for problem in result.problems],
        "samples": result.samples,
        "broken": result.broken,
        "groups": [[*name, count] for name, count in result.groups.items()],
        "values": result.values.pack(),
    }


def unpack(kept: dict[str, Any]) -> Result:
    """Undo `pack`."""
    tally = Tally(kept["tally"]["records"], kept["tally"]["bytes"])
    for name in COUNTERS:
        rows = kept["tally"][name]
        setattr(tally, name, Counter({tuple(key) if isinstance(key, list) else key: count for key, count in rows}))
    problems = [Problem(**problem) for problem in kept["problems"]]
    groups = Counter({(fields, digest): count for fields, digest, count in kept["groups"]})
    values = Values.unpack(kept["values"])
    return Result(kept["index"], tally, problems, kept["samples"], kept["broken"], groups, values)


def _read(path: str) -> Any | None:
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
