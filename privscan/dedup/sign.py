"""Pass one: the texts of a shard to its signature file.

What is written of a row depends on its text and the settings alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import xxhash

from privscan.dedup.contain import anchored, anchors, least_of
from privscan.dedup.minhash import band_hashes, signatures
from privscan.dedup.shingle import BATCH_CHARACTERS, Shingles, shingle, stretched
from privscan.dedup.store import Writer, columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from privscan.dedup import DedupSettings

__all__ = ["Signer", "Stretched"]

_PENDING_CHARACTERS = 6 * BATCH_CHARACTERS  # enough shingles to sign at full speed
_BLOCK_ROWS = 4096


class Stretched(Protocol):
    """A text too long to be held, as stretches of it."""

    def __len__(self) -> int: ...

    def stretches(self) -> Iterator[str]:
        """Yield the text a stretch at a time, from its beginning whenever asked."""


class Signer:
    """Signs the texts of one shard into the file `path`, which appears when `close` has written it whole.

    Holds at most about a million characters of text beyond the call to `add`, and the signatures of 4,096 rows.
    OutputError when the file cannot be written. In a `with` statement an error gives the file up.
    """

    def __init__(self, path: str, settings: DedupSettings) -> None:
        if not settings.active:
            raise ValueError("nothing is signed when deduplication is off")
        self._settings = settings
        self._columns = columns(settings)
        self._writer = Writer(path, settings)
        self._rows: list[int] = []
        self._texts: list[str] = []
        self._keys: list[int] = []
        self._characters = 0
        self._signed: list[dict[str, NDArray[Any]]] = []
        self._last = -1

    def add(
        self,
        first_record: int,
        rows: Sequence[int],
        texts: Sequence[str | Stretched | None],
        keys: Sequence[int] | None = None,
    ) -> None:
        """Take the texts of a block. A row whose text is None or empty is a duplicate of nothing.

        `rows` are file rows, ascending within and across calls, none under `first_record`; ValueError otherwise. `keys`
        are what a keep policy orders by, the least first.
        """
        for row, text, key in zip(rows, texts, keys or [0] * len(rows), strict=True):
            if row < first_record or row <= self._last:
                raise ValueError(f"row {row} is under {max(first_record, self._last + 1)}, where the block may start")
            self._last = row
            if not text:
                continue
            if not isinstance(text, str):
                self._sign()
                self._sign_long(row, text, key)
            else:
                self._rows.append(row)
                self._texts.append(text)
                self._keys.append(key)
                self._characters += len(text)
                if self._characters >= _PENDING_CHARACTERS:
                    self._sign()

    def close(self) -> None:
        """Sign what is left, and give the file its name."""
        self._sign()
        self._flush()
        self._writer.close()

    def discard(self) -> None:
        """Give the file up."""
        self._writer.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _sign(self) -> None:
        if not self._rows:
            return
        values: dict[str, NDArray[Any]] = {
            name: np.zeros((len(self._rows), *kind.shape), kind.base) for name, kind in self._columns.items()
        }
        values["row"][:] = self._rows
        digests = b"".join(xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass")) for text in self._texts)
        values["text"][:] = np.frombuffer(digests, ">u8").reshape(-1, 2)
        if "key" in values:
            values["key"][:] = self._keys
        if self._settings.shingled:
            self._sign_shingles(values)
        self._rows, self._texts, self._keys, self._characters = [], [], [], 0
        self._taken(values)

    def _taken(self, values: dict[str, NDArray[Any]]) -> None:
        self._signed.append(values)
        if sum(part["row"].size for part in self._signed) >= _BLOCK_ROWS:
            self._flush()

    def _sign_long(self, row: int, text: Stretched, key: int) -> None:
        """Sign a text a stretch at a time, as `_sign` would if it were held."""
        settings, digest = self._settings, xxhash.xxh3_128()
        for stretch in text.stretches():
            digest.update(stretch.encode("utf-8", "surrogatepass"))
        values: dict[str, NDArray[Any]] = {
            name: np.zeros((1, *kind.shape), kind.base) for name, kind in self._columns.items()
        }
        values["row"][:] = row
        values["text"][:] = np.frombuffer(digest.digest(), ">u8").reshape(-1, 2)
        if "key" in values:
            values["key"][:] = key
        if settings.shingled:
            least, total, count = None, 0, 0
            values["meta"]["offset"] = self._writer.shingles(np.zeros(0, np.uint32))
            for hashes, part in stretched(text.stretches(), settings.ngram):
                self._writer.shingles(hashes)
                total, count = total + part, count + hashes.size
                seen = self._least(hashes)
                least = seen if least is None else np.minimum(least, seen)
            values["sum"][:] = np.uint64(total & (1 << 64) - 1)
            values["meta"]["count"] = count
            self._finish(values, self._least(np.zeros(0, np.uint32)) if least is None else least)
        self._taken(values)

    def _least(self, hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return what a set of shingles is known by, before it is written: of two parts of a set the lesser values."""
        offsets = np.array([0, hashes.size], np.int64)
        if self._settings.method == "contained":
            return least_of(hashes, offsets)
        return signatures(hashes, offsets, self._settings.hashes, self._settings.seed)

    def _finish(self, values: dict[str, NDArray[Any]], least: NDArray[np.uint32]) -> None:
        if self._settings.method == "contained":
            values["anchors"][:] = anchored(least)
            return
        values["meta"]["low"] = least.astype(np.uint8).T
        for band, hashes in enumerate(band_hashes(least, self._settings.bands)):
            values[f"band{band}"][:] = hashes

    def _sign_shingles(self, values: dict[str, NDArray[Any]]) -> None:
        """Fill in what near duplicates need. Plain ASCII goes first: a batch of it is far quicker to take apart."""
        settings = self._settings
        plain = [text.isascii() for text in self._texts]
        members = [[index for index, found in enumerate(plain) if found is kind] for kind in (True, False)]
        batches = [batch for part in members for batch in _batches([self._texts[index] for index in part])]
        found = _joined([shingle(batch, settings.ngram) for batch in batches])
        at = np.array(members[0] + members[1], np.int64)
        values["sum"][at] = found.sums
        meta = values["meta"]
        meta["offset"][at] = self._writer.shingles(found.hashes) + 4 * found.offsets[:-1]
        meta["count"][at] = np.diff(found.offsets)
        if settings.method == "contained":
            values["anchors"][at] = anchors(found.hashes, found.offsets)
            return
        signed = signatures(found.hashes, found.offsets, settings.hashes, settings.seed)
        meta["low"][at] = signed.astype(np.uint8).T
        for band, hashes in enumerate(band_hashes(signed, settings.bands)):
            values[f"band{band}"][at] = hashes

    def _flush(self) -> None:
        if self._signed:
            self._writer.block({name: np.concatenate([part[name] for part in self._signed]) for name in self._columns})
            self._signed = []


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut the texts into runs of about `BATCH_CHARACTERS`."""
    start = characters = 0
    for index, text in enumerate(texts):
        characters += len(text)
        if characters >= BATCH_CHARACTERS:
            yield texts[start : index + 1]
            start, characters = index + 1, 0
    if start < len(texts):
        yield texts[start:]


def _joined(batches: Sequence[Shingles]) -> Shingles:
    counts = np.concatenate([np.diff(batch.offsets) for batch in batches])
    return Shingles(
        np.concatenate([batch.hashes for batch in batches]),
        np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))),
        np.concatenate([batch.sums for batch in batches]),
    )
