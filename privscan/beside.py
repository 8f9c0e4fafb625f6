"""Reads an input beside its copy, record by record, with the run's side files at hand. The heart of `verify`.

JSON Lines are compared byte by byte: a record in which nothing was found must be the same bytes, and in any other all
but the found spans must. Parquet is compared leaf by leaf, and by schema.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import formats, jsontext
from privscan import policy as policies
from privscan.errors import InputError
from privscan.formats import vectors
from privscan.formats.jsonl import JsonlBlock
from privscan.media import dispatch
from privscan.model import WHOLE, Blob, Confidence, LeafKind, Match, Outcome, Severity, Shard, Span, State
from privscan.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from privscan.model import Leaf, Policy

VALUES = 20_000  # distinct values looked for in the side files
LONG = 1024  # characters of a value that are looked for: no report holds so many by chance
SHORT = 6  # characters; shorter values stand in any text by chance
_REST = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_COVERED = re.compile(r"/<[A-Z][A-Z0-9_]*>")

Row = dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """What the comparison leaves for the other checks: outcomes as the files show them, and values that were found.

    `fail` is called with the number of the promise that does not hold, and where. `removed` are the field, start and
    end of what was removed from the record at hand because it stands elsewhere.
    """

    fail: Callable[[int, str], None]
    outcomes: Counter[str] = field(default_factory=Counter)
    values: set[str] = field(default_factory=set)
    removed: set[tuple[str, int, int]] = field(default_factory=set)

    def saw(self, value: str) -> None:
        """Keep a value to look for in the side files."""
        if len(self.values) < VALUES and len(value) >= SHORT:
            self.values.add(value[:LONG])


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies: its leaves (None when it is not understood) and, in JSON Lines, its bytes."""

    row: int
    leaves: list[Leaf] | None
    line: bytes | None


def compare(run: str, uri: str, source: str, rows: Rows, seen: Evidence) -> None:
    """Walk an input and its copy."""
    copy = os.path.join(run, "data", uri)
    format_ = formats.of(uri)
    if format_ is None:
        return
    if format_.name == "parquet":
        _same_schema(uri, source, copy, seen)
    written = records(format_, copy, uri) if os.path.exists(copy) else iter(())
    for record in records(format_, source, uri):
        found = rows.findings(uri, record.row)
        outcome = rows.outcome(uri, record.row)
        if record.leaves is None and outcome is not Outcome.QUARANTINED:
            seen.fail(4, f"{uri}, record {record.row} is not understood and not in quarantine.jsonl")
            outcome = Outcome.QUARANTINED
        operators = [rows.operator(entry) for entry in found]
        if outcome is None and "drop" in operators:
            outcome = Outcome.DROPPED
        if outcome is not None:
            seen.outcomes[outcome.value] += 1
            continue
        twin = next(written, None)
        if twin is None:
            seen.fail(1, f"{uri}, record {record.row} is in none of the outputs")
            return
        covered = [entry for entry, operator in zip(found, operators, strict=True) if operator != "keep"]
        _witnessed(uri, record, rows, seen)
        changed = _same(f"{uri}, record {record.row}", record, twin, covered, seen)
        seen.outcomes[(Outcome.REDACTED if changed else Outcome.CLEAN).value] += 1
    if next(written, None) is not None:
        seen.fail(4, f"{uri}: the copy holds more records than it should")


def _witnessed(uri: str, record: Record, rows: Rows, seen: Evidence) -> None:
    """Note what was removed from a record, and see that it stands where the run says."""
    cuts, leaves = rows.cuts(uri, record.row), record.leaves or []
    seen.removed = {(row["field"], row["start"], row["end"]) for row in cuts}
    rows.witness.see(uri, record.row, leaves)
    texts = {leaf.field: leaf.text for leaf in leaves} if cuts else {}
    for row in cuts:
        text = texts.get(row["field"])  # none where a name in the pointer is covered
        if isinstance(text, str) and rows.witness.denies(row, text):
            kept = f"{row['kept_uri']}, record {row['kept_record']}"
            seen.fail(3, f"{uri}, record {record.row}: lost a passage that does not stand in {kept}")


def records(format_: formats.Format, path: str, uri: str) -> Iterator[Record]:
    """Yield every record of a file, as far as it can be read."""
    try:
        for block in format_.blocks(Shard(0, 0, path, uri, format_.name)):
            rows = block.rows()
            leaves: dict[int, list[Leaf]] = {}
            good = [row for row in rows if row not in block.problems]
            for leaf in block.gathered(list(block.leaves(good)), good, dispatch.telling):
                leaves.setdefault(leaf.record - block.first, []).append(leaf)
            for row in rows:
                line = block.line(row) if isinstance(block, JsonlBlock) else None
                yield Record(block.first + row, None if row in block.problems else leaves.get(row, []), line)
    except InputError:
        return


def _same_schema(uri: str, source: str, copy: str, seen: Evidence) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if os.path.exists(copy) and not pq.read_schema(source).equals(pq.read_schema(copy), check_metadata=True):
            seen.fail(3, f"{uri}: the schema or its metadata has changed")
    except (OSError, pa.ArrowException):
        seen.fail(4, f"{uri}: the footer of the input or of its copy cannot be read")


def _same(place: str, record: Record, twin: Record, found: Sequence[Row], seen: Evidence) -> bool:
    """Check one record that was copied; return whether it has changed."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for entry in found:
        span = WHOLE if entry["start"] is None else (entry["start"], entry["end"])
        spans.setdefault(entry["field"], []).append(span)
    for pointer, start, end in sorted(seen.removed):
        spans.setdefault(pointer, []).append((start, end))
    if record.line is not None and twin.line is not None:
        if not spans:
            if record.line != twin.line:
                seen.fail(3, f"{place}: has changed and nothing was found in it")
            return record.line != twin.line
        line = record.line.decode()
        whole = [pointer for pointer, places in spans.items() if WHOLE in places]
        if whole:
            line = vectors.without(
                line, [(token.pointer, token.start, token.end) for token in jsontext.tokens(line)], whole
            )
        changed = _lines(place, line, twin.line.decode("utf-8", "replace"), spans, seen)
        return changed or bool(whole)
    if twin.leaves is None:
        seen.fail(4, f"{place}: the copy is not understood")
        return True
    return _leaves(place, record.leaves or [], twin.leaves, spans, seen)


def _lines(place: str, line: str, copy: str, spans: dict[str, list[tuple[int, int]]], seen: Evidence) -> bool:
    """Walk a line and its copy token by token: what is not a found span is the same, character by character."""
    hidden = _hidden(spans)
    at = there = 0
    tokens = list(jsontext.tokens(line))
    names = Counter(token.pointer for token in tokens)  # of values that share one, any may be what was found
    shared = {name for name, count in names.items() if count > 1 or _COVERED.search(name)}
    for token in tokens:
        between = line[at : token.start]
        if not copy.startswith(between, there):
            seen.fail(3, f"{place}: has changed outside of what was found")
            return True
        there += len(between)
        raw, at = line[token.start : token.end], token.end
        found = spans.get(token.pointer, [])
        if copy.startswith("null", there) and token.kind is LeafKind.NUMBER and (found or hidden(token.pointer)):
            seen.saw(raw)
            there += 4
            continue
        end = there + len(raw) if token.kind is LeafKind.NUMBER else _REST.match(copy, there).end()  # type: ignore[union-attr]
        text = jsontext.decode(raw)
        new = copy[there:end]
        there = end
        for start, stop in found:
            if (token.pointer, start, stop) not in seen.removed and token.pointer not in shared:
                seen.saw(text[start:stop])
        if new == raw:
            if found and token.pointer not in shared:
                seen.fail(2, f"{place}: what was found is still there")
            continue
        if found and token.pointer in shared:
            continue  # which of them it was found in is not told
        if found:
            _covered(place, token.pointer, text, jsontext.decode(new), sorted(found), seen)
        elif hidden(token.pointer):
            seen.saw(text)
        else:
            seen.fail(3, f"{place}: has changed outside of what was found")
            return True
    if copy[there:] != line[at:]:
        seen.fail(3, f"{place}: has changed outside of what was found")
    return copy != line


def _hidden(spans: Iterable[str], *, below: bool = False) -> Callable[[str], bool]:
    """Return the test whether a field may be one that is told with a name covered, so that it goes by another there.

    `below` says that what stands under a covered name of a map goes by another name in the copy as well.
    """
    told = [pointer for pointer in spans if _COVERED.search(pointer)]
    if below:
        told = [pointer.removesuffix("~key") for pointer in told]
    fits = re.compile("|".join(_COVERED.sub("/[^/]*", re.escape(pointer)) for pointer in told))
    whole = re.compile(f"(?:{fits.pattern})(?:~key|/.*)?", re.DOTALL) if below else fits
    return lambda pointer: bool(told) and whole.fullmatch(pointer) is not None


def _leaves(
    place: str, before: list[Leaf], after: list[Leaf], spans: dict[str, list[tuple[int, int]]], seen: Evidence
) -> bool:
    """Check the leaves of a record that is not text: those without findings are equal."""
    hidden = _hidden(spans, below=True)
    read, written = _by_field(before), _by_field(after)
    changed = False
    for leaf in before:
        found = spans.get(leaf.field, [])
        mine, copies = read[leaf.field], written.get(leaf.field, [""])
        copy = copies[0]
        if len(mine) > 1 or len(copies) > 1 or _COVERED.search(leaf.field):
            changed |= mine != copies  # several go by this name: which of them it was found in is not told
            if mine != copies and not found and not hidden(leaf.field):
                seen.fail(3, f"{place}: has changed outside of what was found")
            continue
        for start, end in found:
            if (leaf.field, start, end) not in seen.removed:
                seen.saw(leaf.text[start:end])
        if copy == mine[0]:
            if found:
                seen.fail(2, f"{place}: what was found is still there")
            continue
        changed = True
        if found and isinstance(copy, str):
            _covered(place, leaf.field, leaf.text, copy, sorted(found), seen)
        elif not found and not hidden(leaf.field):
            seen.fail(3, f"{place}: has changed outside of what was found")
    if not all(map(hidden, written.keys() - read.keys())):
        seen.fail(3, f"{place}: holds a value where there was none")
    return changed


def _by_field(leaves: Iterable[Leaf]) -> dict[str, list[str | bytes]]:
    out: dict[str, list[str | bytes]] = {}
    for leaf in leaves:
        out.setdefault(leaf.field, []).append(_content(leaf))
    return out


def _content(leaf: Leaf) -> str | bytes:
    return leaf.text.data if isinstance(leaf.text, Blob) else leaf.text


def _covered(place: str, pointer: str, text: str, copy: str, found: Sequence[tuple[int, int]], seen: Evidence) -> None:
    """See that what stands between the found spans is still there, in order, and what stood in them is not."""
    merged: list[list[int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    if all((pointer, start, end) in seen.removed for start, end in found):
        edges = [0, *(edge for span in merged for edge in span), len(text)]
        if copy != "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)):
            seen.fail(3, f"{place}: is not what is left without the repeated passages")
        return
    at = last = 0
    for start, end in merged:
        between = text[last:start]
        spot = copy.find(between, at)
        if spot < 0 or (last == 0 and spot != 0):
            seen.fail(3, f"{place}: text beside what was found has changed")
            return
        at = spot + len(between)
        value = text[start:end]
        if len(value) >= SHORT and copy.startswith(value, at):
            seen.fail(2, f"{place}: characters {start} to {end} of a field are still there")
        last = end
    if copy and not copy.endswith(text[last:]):
        seen.fail(3, f"{place}: text behind what was found has changed")


class Rows:
    """The run's side files, read in step with the inputs: their rows stand in the order of files and records.

    Only the quarantine, where records of a block may stand in any order, is held, a file at a time.
    """

    def __init__(self, run: str, policy: Policy) -> None:
        told = rows(os.path.join(run, "duplicates.jsonl"))
        quarantine = rows(os.path.join(run, "quarantine.jsonl"))
        self._policy = policy
        self._findings = _Ahead(rows(os.path.join(run, "findings.jsonl")))
        self._removed = _Ahead(_removed(run))
        self._dropped = _Ahead(row for row in told if row.get("dropped", True))
        self._refused = _Ahead(row for row in quarantine if row["record"] is not None)
        self._quarantined: set[int] = set()
        self.witness = Witness(_removed(run))

    def enter(self, uri: str) -> None:
        """Go on to the next file."""
        self._quarantined = {row["record"] for row in self._refused.take(uri)}

    def outcome(self, uri: str, record: int) -> Outcome | None:
        """Return the outcome the duplicates and the quarantine tell of; records are asked for in order."""
        duplicate = list(self._dropped.take(uri, record))
        if record in self._quarantined:
            return Outcome.QUARANTINED
        return Outcome.DUPLICATE if duplicate else None

    def findings(self, uri: str, record: int) -> list[Row]:
        """Return the findings of the next record asked for; records are asked for in order."""
        return list(self._findings.take(uri, record))

    def cuts(self, uri: str, record: int) -> list[Row]:
        """Return the passages removed from a record; records are asked for in order."""
        return list(self._removed.take(uri, record))

    def operator(self, entry: Row) -> str:
        """Return what the policy does with a finding."""
        level, severity = Confidence.of(entry["confidence"]), Severity.of(entry["severity"])
        match = Match(Span(0, 0), entry["rule"], entry["entity"], level, 0.0, severity, (), State(entry["state"]))
        return policies.action(self._policy, match).operator

    def left(self) -> Row | None:
        """Return a row that no record, or no file, was there for, if one is left."""
        return self._findings.next or self._removed.next or self._dropped.next or self._refused.next


class _Ahead:
    """Rows of a side file, looked at one ahead."""

    def __init__(self, told: Iterator[Row]) -> None:
        self._rows = told
        self.next = next(told, None)

    def take(self, uri: str, record: int | None = None) -> Iterator[Row]:
        """Yield the rows that come next, as long as they are of a file, and of a record of it if one is named."""
        while (row := self.next) is not None and row["uri"] == uri and record in (None, row["record"]):
            yield row
            self.next = next(self._rows, None)


def _removed(run: str) -> Iterator[Row]:
    """Yield the rows that tell of passages taken out of records."""
    return (row for row in rows(os.path.join(run, "duplicates.jsonl")) if "field" in row)


def rows(path: str) -> Iterator[Row]:
    """Yield the rows of a side file. InputError for one that is none."""
    if not os.path.exists(path):
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or not {"uri", "record"} <= row.keys():
                raise InputError(f"{os.path.basename(path)}: line {number} is no row of a run; the file was changed")
            yield row
