"""Names of fields that echo a value found elsewhere in the run: a key that is a password there may not be told.

Promises: no value is kept, only keyed hashes in memory of a fixed size; what is told does not depend on the cuts, the
workers or the order. Of ten million distinct values, one harmless name in two hundred is covered by chance.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from privscan import account
from privscan.detectors.words import Words
from privscan.writing import appearing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from privscan.model import Policy, Rule

SHORT = 6  # characters; shorter values stand in any text by chance
LONG = 256  # characters; a longer name is no name, and never told
COVER = "<VALUE>"
_PAGES = (".py", ".j2", ".css", ".js")  # what the words of our own reports stand in
_FEW = 1 << 16  # values held one by one before they become bits
_BITS = 1 << 27
_MARK = 16  # bytes of a hash, four of its bits' places
_RUN = 16  # pieces of a name that are taken together
_PIECES = re.compile(r"[^\W_]+|[\W_]+")
_KNOWN = 1 << 16
_FIELD = re.compile(rb'[{,]\s*"field":\s*("(?:[^"\\]|\\.)*")')


@dataclass(slots=True)
class Values:
    """A set of values by their hashes: the first few of them one by one, then four bits each of a fixed number."""

    few: set[bytes] = field(default_factory=set)
    bits: NDArray[np.uint8] | None = None

    def add(self, key: bytes, value: str) -> None:
        """Take a value that a name could hold."""
        if SHORT <= len(value) <= LONG:
            self.few.add(_hashed(key, value))
            if len(self.few) > _FEW:
                self._spill()

    def update(self, more: Values) -> None:
        """Take all that another set holds."""
        self.few |= more.few
        if more.bits is not None:
            self.bits = more.bits.copy() if self.bits is None else self.bits | more.bits
        if len(self.few) > _FEW:
            self._spill()

    def holds(self, key: bytes, value: str) -> bool:
        """Say whether a value was taken; by chance, one that was not."""
        mark = _hashed(key, value)
        if mark in self.few:
            return True
        places = _places(mark)
        return self.bits is not None and bool(np.all(self.bits[places >> 3] >> (places & 7) & 1))

    def pack(self) -> list[str]:
        """Return the set as text: the few, and the bits."""
        bits = b"" if self.bits is None else zlib.compress(self.bits.tobytes(), 1)
        return [base64.b64encode(data).decode() for data in (b"".join(sorted(self.few)), bits)]

    @classmethod
    def unpack(cls, kept: list[str]) -> Values:
        """Undo `pack`."""
        few, bits = map(base64.b64decode, kept)
        marks = {few[at : at + _MARK] for at in range(0, len(few), _MARK)}
        return cls(marks, np.frombuffer(zlib.decompress(bits), np.uint8).copy() if bits else None)

    def _spill(self) -> None:
        if self.bits is None:
            self.bits = np.zeros(_BITS // 8, np.uint8)
        places = _places(b"".join(self.few))
        np.bitwise_or.at(self.bits, places >> 3, np.left_shift(1, places & 7).astype(np.uint8))
        self.few.clear()


def _hashed(key: bytes, value: str) -> bytes:
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_MARK, key=key[:64]).digest()


def _places(marks: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(marks, "<u4") & np.uint32(_BITS - 1)


class Names:
    """How fields may be told. `own` gives the words any report may say, whatever the data holds."""

    def __init__(self, values: Values, key: bytes, own: Callable[[], bytes]) -> None:
        self._values, self._key, self._own = values, key, own
        self._words: bytes | None = None
        self._known: dict[str, str] = {}

    def told(self, pointer: str) -> str:
        """Return a field with the names in it that hold a value covered."""
        known = self._known.get(pointer)
        if known is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            known = self._known[pointer] = "/".join(map(self._name, pointer.split("/")))
        return known

    def _name(self, segment: str) -> str:
        name = segment.removesuffix("~key")
        plain = name.replace("~1", "/").replace("~0", "~")
        if len(plain) > LONG or any(map(self._held, _runs(plain))):
            return COVER + segment[len(name) :]
        return segment

    def _held(self, text: str) -> bool:
        if not self._values.holds(self._key, text):
            return False
        if self._words is None:
            self._words = self._own()
        return text.encode("utf-8", "surrogatepass") not in self._words

    def counted(self, fields: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
        """Return counts of (field, entity) by how the fields may be told."""
        out: Counter[tuple[str, str]] = Counter()
        for (pointer, entity), count in fields.items():
            out[self.told(pointer), entity] += count
        return out

    def sample(self, sample: dict[str, Any]) -> dict[str, Any]:
        """Return a redacted context with the words in it blotted out that are a value elsewhere."""
        text = sample["text"]
        for run in sorted(filter(self._held, set(_runs(text))), key=len, reverse=True):
            text = text.replace(run, "▒")
        return sample | {"field": self.told(sample["field"]), "text": text}

    def rewrite(self, stems: Iterable[str]) -> None:
        """Cover the fields in the rows of parts, where any has to be."""
        for path in (f"{stem}.{kind}" for stem in stems for kind in ("findings", "removed", "repeated")):
            if os.path.exists(path):
                self._rewrite(path)

    def _rewrite(self, path: str) -> None:
        with open(path, "rb") as file:
            if any(self._row(row) != row for row in file):
                file.seek(0)
                with appearing(path) as temporary, open(temporary, "wb") as out:
                    out.writelines(map(self._row, file))

    def _row(self, row: bytes) -> bytes:
        found = _FIELD.search(row)
        if found is None:
            return row
        pointer = _read(found[1])
        told = self.told(pointer)
        return row if told == pointer else account.line(account.elsewhere(json.loads(row), told))


def _read(text: bytes) -> str:
    try:
        return str(orjson.loads(text))
    except orjson.JSONDecodeError:  # a lone surrogate
        return str(json.loads(text))


def _runs(name: str) -> Iterator[str]:
    """Yield what a value could be of a name: all of it, and its words with what stands between them."""
    yield name
    pieces = _PIECES.findall(name)
    for start in range(len(pieces)):
        for stop in range(start + 1, min(start + _RUN, len(pieces)) + 1):
            yield "".join(pieces[start:stop])


def own(policy: Policy, rules: Iterable[Rule], names: Iterable[str]) -> bytes:
    """Return what any report may say, whatever the data holds: our own words, of the rules and of the files' `names`.

    A value that is one of those words (a person called Street) cannot be told from it.
    """
    pages = sorted(path for path in (Path(__file__).parent / "reports").rglob("*") if path.suffix in _PAGES)
    said: list[Any] = [policy.id, policy.name, policy.description, *names]
    for rule in rules:
        said += (rule.id, rule.entity, rule.name, rule.source, *rule.regulations, *rule.references)
        said += Words(rule.context).joined  # the evidence names those that stood near
    return b"\0".join([path.read_bytes() for path in pages] + [text.encode("utf-8", "surrogatepass") for text in said])
