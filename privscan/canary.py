"""Does the policy work on my data? Invented values planted in a copy of some of its texts, cleaned, and looked for.

Promise: nothing of the data is written but to a folder of the user's own that is removed at the end, and no value is
told. The values are the rules' own examples, so that a miss is due to the text around, to the policy, or to an
overlap, not to a form that no rule knows.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privscan import examples, formats, inputs, rows
from privscan.errors import InputError, UsageError
from privscan.model import LeafKind, Shard
from privscan.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings

__all__ = ["Planted", "plant", "section"]

_SHORTEST, _LONGEST = 24, 4000  # characters of a text that carries a value
_TELLING, _BEFORE = 5, 12
_LOOKED = 20_000  # texts among which those that carry are drawn


@dataclass(slots=True)
class Planted:
    """Of one entity: values planted, those found (as themselves or as anything), those that stand in the clean copy.

    `known` counts published samples, which a policy may keep on purpose.
    """

    planted: int = 0
    found: int = 0
    itself: int = 0
    known: int = 0
    survived: int = 0


def plant(paths: Sequence[str], settings: Settings, carriers: int = 100) -> dict[str, Planted]:
    """Plant an example of every rule in texts of the data, clean them, and count by entity what was found and left.

    `settings` are those of `clean`. UsageError where the data holds no text to plant in.
    """
    texts = _carriers(paths, carriers)
    if not texts:
        raise UsageError(f"{paths[0]}: holds no text of {_SHORTEST} characters or more to plant values in")
    with tempfile.TemporaryDirectory(prefix="privscan-canary-") as folder:
        source, run = os.path.join(folder, "canary.jsonl"), os.path.join(folder, "run")
        plan = _write(source, texts, settings)
        Run(replace(settings, samples=False), [source], run).run()
        return _count(plan, run)


def _carriers(paths: Sequence[str], wanted: int) -> list[str]:
    """Draw texts from the data: the same ones every time, by the digest of what they hold."""
    kept: list[tuple[bytes, str]] = []
    for number, text in enumerate(_texts(paths)):
        if number >= _LOOKED:
            break
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if len(kept) < wanted:
            heapq.heappush(kept, (digest, text))
        elif digest > kept[0][0]:
            heapq.heapreplace(kept, (digest, text))
    return [text for _, text in sorted(kept)]


def _texts(paths: Sequence[str]) -> Iterator[str]:
    for file in inputs.gather(paths).files:
        try:
            for block in formats.named(file.format).blocks(Shard(0, 0, file.path, file.uri, file.format)):
                good = [row for row in block.rows() if row not in block.problems]
                for leaf in block.leaves(good):
                    if leaf.kind is LeafKind.STRING and len(leaf.text) >= _SHORTEST:
                        yield leaf.text[:_LONGEST]
        except (InputError, OSError):
            continue  # what cannot be read is the scan's to tell


def _write(target: str, texts: list[str], settings: Settings) -> list[tuple[str, int, int, str, str]]:
    """Write a record a rule, its example amid a text; return (entity, start, end, value, what is before) by record."""
    plan: list[tuple[str, int, int, str, str]] = []
    with open(target, "w", encoding="utf-8") as file:
        for number, rule in enumerate(settings.rules):
            for example in () if rule.partner else rule.examples:  # a partner is no value of anybody
                made = examples.expand(example, rule.id)
                record = json.loads(made.record)
                marks = [mark for mark in made.marks if mark.field == "/text"]
                text = record.get("text") if isinstance(record, dict) and len(record) == 1 else None
                if not isinstance(text, str) or not marks:
                    continue
                carrier = texts[number % len(texts)]
                middle = carrier.find(" ", len(carrier) // 2)
                head = carrier[: middle if middle > 0 else len(carrier)] + "\n"
                span = marks[0].span
                whole = f"{head}{text}\n{carrier[len(head) - 1 :]}"
                file.write(json.dumps({"canary": len(plan), "text": whole}) + "\n")
                value, before = text[span.start : span.end], text[max(span.start - _BEFORE, 0) : span.start]
                plan.append((rule.entity, len(head) + span.start, len(head) + span.end, value, before))
                break
    return plan


def _count(plan: list[tuple[str, int, int, str, str]], run: str) -> dict[str, Planted]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.read(run):
        found[row["record"]].append(row)
    out: dict[str, Planted] = defaultdict(Planted)
    with open(os.path.join(run, "data/canary.jsonl"), encoding="utf-8") as file:
        kept = {row.get("canary"): str(row.get("text")) for row in map(json.loads, file)}
    for number, (entity, start, end, value, before) in enumerate(plan):
        entry = out[entity]
        entry.planted += 1
        spans = [row for row in found[number] if row["start"] is not None]
        over = [row for row in spans if row["start"] < end and start < row["end"]]
        entry.found += bool(over)
        entry.itself += any(row["entity"] == entity for row in over)
        sample = bool(over) and all(row["state"] != "new" for row in over)
        entry.known += sample
        left = value if len(value) > _TELLING else before + value  # a short one may stand elsewhere by chance
        entry.survived += not sample and left in kept.get(number, "")
    return dict(out)


def section(made: dict[str, Planted]) -> Any:
    """Return the outcome as a section of a report, what survived first."""
    from privscan.reports.parts import Column, Section, Table

    heads = (
        Column("entity", "name"), Column("planted", "count"), Column("found", "share"), Column("as itself", "share"),
        Column("samples", "count"), Column("survived", "count"),
    )  # fmt: skip
    ordered = sorted(made.items(), key=lambda item: (-item[1].survived, item[1].found / item[1].planted, item[0]))
    cells = tuple(
        (name, p.planted, p.found / p.planted, p.itself / p.planted, p.known, p.survived) for name, p in ordered
    )
    left, planted = sum(p.survived for p in made.values()), sum(p.planted for p in made.values())
    words = (
        f"{planted:,} values of {len(made):,} entities were planted; {left:,} stand in the clean copy.",
        "Published samples are told apart and may be kept by the policy.",
    )
    return Section("canary", "Planted values", words, (Table("By entity", heads, cells, rest="-f json"),))
