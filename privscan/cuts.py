"""Passages that are removed from records because they stand elsewhere: what pass one found becomes edits of pass two.

`listed` turns what was found in a shard into rows of a work file; `Cuts` reads them in step with the shard's blocks,
puts the passages among the record's matches, so that they are edited and looked at again together, and tells in the
duplicates file what was removed. A record of which no word would be left goes as a duplicate.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from privscan import account
from privscan.model import Action, Confidence, LeafKind, Match, Outcome, Severity, Span, State
from privscan.redact import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from privscan.dedup import DedupSettings
    from privscan.dedup.passages import Found
    from privscan.formats import Block
    from privscan.model import Leaf

__all__ = ["ACTION", "NAME", "Cuts", "listed", "of", "texts"]

NAME = ("dedup.repeated", "REPEATED", State.NEW)
"""Rule, entity and state of the match that stands for a passage; it is no finding."""

ACTION = Action("replace", (("template", ""),))
_WORD = re.compile(r"\w")


def texts(block: Block, rows: Iterable[int], wanted: Callable[[Leaf], bool] | None) -> dict[int, list[Leaf]]:
    """Return the strings that make up the text of each row: those `wanted`, or those of its shape (`parts_of`)."""
    from privscan.dedup.text import LABELS, parts_of

    every: dict[int, list[Leaf]] = {}
    for leaf in block.leaves([row for row in rows if row not in block.problems]):
        every.setdefault(leaf.record - block.first, []).append(leaf)
    out = {}
    for row, leaves in every.items():
        if wanted is not None:
            mine = [leaf for leaf in leaves if leaf.key not in LABELS and wanted(leaf)]
        else:
            mine = [leaves[at] for at in parts_of([leaf.field for leaf in leaves])]
        out[row] = [leaf for leaf in mine if leaf.kind is LeafKind.STRING and leaf.text]
    return out


def listed(
    blocks: Iterable[Block], found: Found, kind: str, wanted: Callable[[Leaf], bool] | None, *, cut: bool
) -> Iterator[dict[str, Any]]:
    """Yield a row for each record with passages that were found: its number, whether it goes, and the passages.

    A passage is [number of the text, start, end, words, hash, part, row]: what to `cut`, or where it stands itself.
    """
    from privscan.dedup.passages import places, removal, stretches

    every = places(found)
    following = next(every, None)
    for block in blocks:
        rows = block.rows()
        mine = {}
        while following is not None and rows and following[0] <= block.first + rows[-1]:
            mine[following[0] - block.first] = following[1:]
            following = next(every, None)
        for row, leaves in texts(block, mine, wanted).items():
            told = []
            for number, passage in stretches([leaf.text for leaf in leaves], kind, *mine[row]):
                start, end = passage[:2]
                place = removal(leaves[number].text, kind, start, end) if cut else (start, end)
                told.append([number, *place, *passage[2:]])
            gone = cut and not _words(_left(leaves, told)) and not _words(_rest(block, row, leaves))
            yield {"record": block.first + row, "method": kind, "cut": cut, "gone": gone, "passages": told}


def _words(pieces: Iterable[str]) -> bool:
    return any(map(_WORD.search, pieces))


def _rest(block: Block, row: int, leaves: Sequence[Leaf]) -> Iterator[str]:
    """Yield what a record's text holds besides the strings that were looked at."""
    known = {leaf.place for leaf in leaves}
    for mine in texts(block, [row], None).values():
        yield from (leaf.text for leaf in mine if leaf.place not in known)


def _left(leaves: Sequence[Leaf], told: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield what would be left of the texts of a record."""
    for number, leaf in enumerate(leaves):
        at = 0
        for start, end in _merged([(start, end) for mine, start, end, *_ in told if mine == number]):
            yield leaf.text[at:start]
            at = end
        yield leaf.text[at:]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ascending spans that touch nowhere, which cover the same."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


class Cuts:
    """The passages of one shard, read from `source` in step with its blocks; `target` tells what became of them.

    Holds what is to be removed from one block.
    """

    def __init__(self, source: str, target: str, uri: str, wanted: Callable[[Leaf], bool] | None) -> None:
        self._uri, self._wanted = uri, wanted
        self._source = open(source, encoding="utf-8")  # noqa: SIM115 - closed in `close`
        self._target = open(target, "w", encoding="utf-8")  # noqa: SIM115
        self._next = self._read()
        self._here: dict[int, dict[str, Any]] = {}
        self._rows: list[dict[str, Any]] = []

    def close(self) -> None:
        """Write what is left to tell, and close the files."""
        self._flush()
        self._source.close()
        self._target.close()

    def begin(self, block: Block, outcomes: dict[int, Outcome]) -> None:
        """Take the next block; records of which nothing would be left are duplicates."""
        self._flush()
        self._here = {}
        last = block.first + max(outcomes, default=-1)
        while self._next is not None and self._next["record"] <= last:
            row = self._next["record"] - block.first
            if outcomes.get(row) is Outcome.CLEAN:
                if self._next["gone"]:
                    outcomes[row] = Outcome.DUPLICATE
                    self._rows.append(self._row(self._next, self._next["passages"][0]))
                else:
                    self._here[row] = self._next
            self._next = self._read()

    def into(
        self, block: Block, found: list[tuple[int, Record]], outcomes: dict[int, Outcome]
    ) -> list[tuple[int, Record]]:
        """Put the passages among the matches of the block's records; tell of those that are only listed."""
        records = dict(found)
        rows = [row for row in self._here if outcomes[row] is Outcome.CLEAN]
        for row, leaves in texts(block, rows, self._wanted).items():
            here = self._here[row]
            here["fields"] = [leaf.field for leaf in leaves]
            if here["cut"]:
                _put(here["passages"], leaves, records.setdefault(row, Record()))
            else:
                self._tell(here, records.get(row, Record()))
        return sorted(records.items())

    def settle(self, row: int, record: Record, *, written: bool) -> None:
        """Take the passages out of a record's matches again, and tell of them where it was written without them."""
        for position, (_, matches) in list(record.leaves.items()):
            matches[:] = [match for match in matches if match.rule != NAME[0]]
            if not matches:
                del record.leaves[position]
        if written and row in self._here and self._here[row]["cut"]:
            self._tell(self._here[row], record)

    def _tell(self, here: dict[str, Any], record: Record) -> None:
        hidden = account.hidden_names(record)
        for passage in here["passages"]:
            if passage[1] < passage[2]:
                self._rows.append(self._row(here, passage, account.shown(here["fields"][passage[0]], hidden)))

    def _row(self, here: dict[str, Any], passage: Sequence[Any], pointer: str | None = None) -> dict[str, Any]:
        _, start, end, words, mark, kept_uri, kept_record, *shortened = passage
        row = {"uri": self._uri, "record": here["record"], "kept_uri": kept_uri, "kept_record": kept_record}
        row |= {"similarity": 1.0, "method": here["method"]}
        if pointer is None:
            return row
        row |= {"field": pointer, "start": start, "end": end, "words": words, "passage": mark, "dropped": False}
        return row | ({"shortened": True} if any(shortened) else {})

    def _read(self) -> dict[str, Any] | None:
        line = self._source.readline()
        return dict(json.loads(line)) if line else None

    def _flush(self) -> None:
        self._rows.sort(key=lambda row: int(row["record"]))
        self._target.writelines(json.dumps(row) + "\n" for row in self._rows)
        self._rows = []


def of(parts: str | None, uri: str, settings: DedupSettings, wanted: Callable[[Leaf], bool] | None) -> Cuts | None:
    """Return the passages found in the shard whose part files have this stem, None where none were sought."""
    if parts is None or not settings.passage or not os.path.exists(f"{parts}.cuts"):
        return None
    return Cuts(f"{parts}.cuts", f"{parts}.{'removed' if settings.cuts else 'repeated'}", uri, wanted)


def _put(passages: list[list[Any]], leaves: Sequence[Leaf], record: Record) -> None:
    """Add a match for each stretch of passages to a record's; a passage that a finding juts into is shortened."""
    places = {leaf.place: position for position, (leaf, _) in record.leaves.items()}
    spans: dict[int, list[tuple[int, int]]] = {}
    for passage in passages:
        leaf = leaves[passage[0]]
        position = places.setdefault(leaf.place, -1 - passage[0])
        _, matches = record.leaves.setdefault(position, (leaf, []))
        place = _beside(passage[1], passage[2], [match.span for match in matches])
        passage[7:] = [place != tuple(passage[1:3])]
        passage[1:3] = place
        if passage[1] < passage[2]:
            spans.setdefault(position, []).append((passage[1], passage[2]))
    for position, mine in spans.items():
        record.leaves[position][1].extend(map(_match, _merged(mine)))


def _match(span: tuple[int, int]) -> Match:
    rule, entity, state = NAME
    return Match(Span(*span), rule, entity, Confidence.HIGH, 1.0, Severity.CRITICAL, (), state)


def _beside(start: int, end: int, found: Sequence[Span]) -> tuple[int, int]:
    """Return what is left of a cut where a finding reaches over an end of it: the finding is covered as a whole."""
    for span in found:
        if span.start < start < span.end:
            start = span.end
        if span.start < end < span.end:
            end = span.start
    return start, max(start, end)
