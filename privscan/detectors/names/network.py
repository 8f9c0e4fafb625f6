"""The tagger's network: weights as whole numbers, tags out of them the same on every machine.

Weights and activations are whole numbers small enough that no sum of products reaches 2**24: float32 holds every one
exactly, so the order in which a library adds them up, and with whom a word shares a batch, cannot change a tag.
Promises: weights that are not the recorded ones (SHA-256) are an error before anything is read.
"""

from __future__ import annotations

import functools
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from privscan.detectors.names import words
from privscan.errors import ConfigError

Array = np.ndarray[Any, Any]

WEIGHTS = Path(__file__).with_name("weights.npz")
SHA256 = "8fced5b1a439d01b284ddf3ce39d8fe355841fa4e988e91f90e69f4d7807f330"
NEAR, FAR = 3, 2  # words to each side that the first and the second layer see
GATES = 5  # words, itself in the middle, that say whether a word is looked at
ROW_MOST, FIRST_MOST, SECOND_MOST, WEIGHT_MOST = 380, 255, 255, 127
SLOTS = 1 << 16  # words kept between batches
SHARED = 1 << 14  # words whose share of the first layer is kept
TILE = 4096  # words worked on at once, so that what they need stays near the processor


@dataclass(frozen=True, slots=True)
class Weights:
    """What `weights.npz` holds. All but `keys` and `flags` are whole numbers in float32.

    `table` (features x width) and `gate` (features x 5) are added up over a word's features; `first` (7 x width x
    hidden), `second` (5 x hidden x upper) and `third` (upper x tags) follow, each with its bias. `shifts` are the
    powers of two that the hidden layers are divided by, `unit` what a logit of 1 is worth in whole numbers, `least`
    the smallest gate of a word that is looked at (the sum of what it and the two words to each side say), `lean` how
    far, in logits, O is lowered for PERSON, LOCATION and ORGANIZATION.
    """

    keys: Array
    flags: Array
    table: Array
    gate: Array
    first: Array
    first_bias: Array
    second: Array
    second_bias: Array
    third: Array
    third_bias: Array
    shifts: tuple[int, int]
    unit: float
    least: int
    lean: tuple[float, ...]

    @property
    def bits(self) -> int:
        return len(self.table).bit_length() - 1


@functools.cache
def load() -> Weights:
    """Return the bundled weights; ConfigError when they are not those this version came with."""
    try:
        raw = WEIGHTS.read_bytes()
    except OSError as error:
        raise ConfigError(f"the tagger's weights cannot be read ({error.strerror}); install privscan again") from None
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise ConfigError("the tagger's weights are not those of this version (SHA-256); install privscan again")
    return unpacked(raw)


def unpacked(raw: bytes) -> Weights:
    """Return weights from the bytes of a weights file."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        held = {name: file[name] for name in file.files}
    numbers = {name: held.pop(name) for name in ("shifts", "least", "lean", "unit")}
    floats = {name: value if name in ("keys", "flags") else value.astype(np.float32) for name, value in held.items()}
    return Weights(
        **floats,
        shifts=tuple(int(value) for value in numbers["shifts"]),  # type: ignore[arg-type]
        unit=float(numbers["unit"]),
        least=int(numbers["least"]),
        lean=tuple(float(value) for value in numbers["lean"]),
    )


def flags(found: words.Words, picked: Array, weights: Weights) -> Array:
    """Return the name lists' flags of some words, 0 for one on no list."""
    wanted = (words.lower_hashes(found, picked) >> np.uint64(32)).astype(np.uint32)
    place = np.minimum(np.searchsorted(weights.keys, wanted), len(weights.keys) - 1)
    return np.where(weights.keys[place] == wanted, weights.flags[place], 0)


def vectors(found: words.Words, picked: Array, weights: Weights) -> tuple[Array, Array]:
    """Return vector and gate of some words, by themselves."""
    features = words.features(found, picked, flags(found, picked, weights), weights.bits)
    rows = np.zeros((len(picked), weights.table.shape[1]), np.float32)
    for column in range(features.shape[1]):
        rows += weights.table[features[:, column]]
    return np.clip(rows, -ROW_MOST, ROW_MOST), weights.gate[features].sum(1)


class Tagger:
    """Tags words; keeps the vectors of those it has seen lately, and room to work in."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.known = np.zeros(SLOTS, np.uint64)
        self.rows = np.zeros((SLOTS, weights.table.shape[1]), np.float32)
        self.gates = np.zeros((SLOTS, GATES), np.float32)
        hidden, upper = weights.second.shape[1:]
        self._second = weights.second.reshape(-1, upper)
        self._shares = np.zeros((2 * NEAR + 1, SHARED, hidden), np.float32)
        self._share_of = np.full(SLOTS, -1, np.int64)
        self._used = 0
        self._replaced = np.zeros(0, np.int64)  # slots whose word is another one since the last batch
        self._first = np.zeros((0, hidden), np.float32)
        self._part = np.zeros((TILE, hidden), np.float32)
        self._window = np.zeros((TILE, (2 * FAR + 1) * hidden), np.float32)
        self._threads = ThreadpoolController().select(user_api="blas")

    def looked_up(self, found: words.Words) -> tuple[Array, Array, Array]:
        """Return (vectors, number of each word's vector, what each vector's word says to the gates)."""
        self._share_of[self._replaced] = -1
        self._replaced = self._replaced[:0]
        slots = (found.hashes & np.uint64(SLOTS - 1)).astype(np.int64)
        missed = np.flatnonzero(self.known[slots] != found.hashes)
        if not len(missed):
            return self.rows, slots, self.gates
        _, first, back = np.unique(found.hashes[missed], return_index=True, return_inverse=True)
        picked = missed[first]
        rows, gates = vectors(found, picked, self.weights)
        numbers = slots.copy()
        numbers[missed] = SLOTS + back
        whole, every = np.concatenate((self.rows, rows)), np.concatenate((self.gates, gates))
        self._replaced = slots[picked]
        self.known[slots[picked]], self.rows[slots[picked]], self.gates[slots[picked]] = (
            found.hashes[picked],
            rows,
            gates,
        )
        return whole, numbers, every

    def logits(self, found: words.Words) -> tuple[Array, Array]:
        """Return the numbers of the words that may be in a name, and the logits of their tags (whole numbers).

        The words must have at least WALLS walls before and behind every text.
        """
        with self._threads.limit(limits=1):  # the matrices are small: further threads would only wait
            return self._logits(found)

    def _logits(self, found: words.Words) -> tuple[Array, Array]:
        weights = self.weights
        rows, numbers, gates = self.looked_up(found)
        edge = NEAR + FAR
        asked = edge + np.flatnonzero(_gated(gates, numbers, edge) >= weights.least)
        if not len(asked):
            return asked, np.zeros((0, weights.third.shape[1]), np.float32)
        may = np.zeros(len(numbers), bool)
        may[asked] = True
        seen = np.flatnonzero(_widened(may, FAR))
        self._hidden(rows, numbers, seen)
        at = np.zeros(len(numbers), np.int64)
        at[seen] = np.arange(len(seen))
        out = np.empty((len(asked), weights.third.shape[1]), np.float32)
        width = self._first.shape[1]
        for low in range(0, len(asked), TILE):
            tile = asked[low : low + TILE]
            window = self._window[: len(tile)]
            for place in range(2 * FAR + 1):
                window[:, place * width : (place + 1) * width] = self._first[at[tile + (place - FAR)]]
            second = window @ self._second
            second += weights.second_bias
            _step(second, weights.shifts[1], SECOND_MOST)
            out[low : low + TILE] = second @ weights.third
        out += weights.third_bias
        return asked, out

    def _hidden(self, rows: Array, numbers: Array, seen: Array) -> None:
        """Work out the first layer of some words: each distinct word's share of it is worked out once."""
        weights = self.weights
        if len(self._first) < len(seen):
            self._first = np.zeros((len(seen) * 5 // 4, weights.first.shape[2]), np.float32)
        there = np.zeros(len(rows), bool)
        for place in range(-NEAR, NEAR + 1):
            there[numbers[seen + place]] = True
        distinct = np.flatnonzero(there)
        shared = len(distinct) <= self._shares.shape[1]
        local = self._shared(rows, distinct)[numbers] if shared else numbers
        for low in range(0, len(seen), TILE):
            tile = seen[low : low + TILE]
            sums, part = self._first[low : low + len(tile)], self._part[: len(tile)]
            sums[:] = weights.first_bias
            for place in range(2 * NEAR + 1):
                words_ = local[tile + (place - NEAR)]
                if shared:
                    np.take(self._shares[place], words_, axis=0, out=part, mode="clip")
                else:
                    np.matmul(rows[words_], weights.first[place], out=part)
                sums += part
            _step(sums, weights.shifts[0], FIRST_MOST)

    def _shared(self, rows: Array, distinct: Array) -> Array:
        """Work out the shares of words that are not kept; return for each vector where its share stands."""
        fixed, extra = distinct[distinct < SLOTS], distinct[distinct >= SLOTS]
        fresh = fixed[self._share_of[fixed] < 0]
        if self._used + len(fresh) + len(extra) > self._shares.shape[1]:
            self._share_of[:] = -1
            self._used, fresh = 0, fixed
        new = np.concatenate((fresh, extra))
        for place, kept in enumerate(self._shares):
            np.matmul(rows[new], self.weights.first[place], out=kept[self._used : self._used + len(new)])
        self._share_of[fresh] = np.arange(self._used, self._used + len(fresh))
        self._used += len(fresh)
        at = np.zeros(len(rows), np.int64)
        at[fixed] = self._share_of[fixed]
        at[extra] = self._used + np.arange(len(extra))
        return at


def _gated(gates: Array, numbers: Array, edge: int) -> Array:
    """Return the gate of all words but the edges."""
    count = max(len(numbers) - 2 * edge, 0)
    sums = np.zeros(count, np.float32)
    for place in range(GATES):
        low = edge + place - GATES // 2
        sums += gates[:, place][numbers[low : low + count]]
    return sums


def _widened(mask: Array, reach: int) -> Array:
    out = mask.copy()
    for step in range(1, reach + 1):
        out[step:] |= mask[:-step]
        out[:-step] |= mask[step:]
    return out


def _step(sums: Array, shift: int, most: int) -> Array:
    """Divide by a power of two, rounded down, and cut off below nothing and above the most."""
    np.multiply(sums, np.float32(2.0**-shift), out=sums)
    np.floor(sums, out=sums)
    return np.clip(sums, 0, most, out=sums)
