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

from privscan.detectors.names import words
from privscan.errors import ConfigError

Array = np.ndarray[Any, Any]

WEIGHTS = Path(__file__).with_name("weights.npz")
SHA256 = "592b1d324c4b1fb220c7925421627f1cd1e6bf14ab2a3ff8721d3127c5e5cfad"
NEAR, FAR = 3, 2  # words to each side that the first and the second layer see
ROW_MOST, FIRST_MOST, SECOND_MOST, WEIGHT_MOST = 380, 255, 255, 127
SLOTS = 1 << 16  # words kept between batches


@dataclass(frozen=True, slots=True)
class Weights:
    """What `weights.npz` holds. All but `keys` and `flags` are whole numbers in float32.

    `table` (features x width) and `gate` (features) are added up over a word's features; `first` (7 x width x hidden),
    `second` (5 x hidden x upper) and `third` (upper x tags) follow, each with its bias. `shifts` are the powers of two
    that the hidden layers are divided by, `unit` what a logit of 1 is worth in whole numbers, `least` the smallest gate
    of a word that is looked at, `lean` how far, in logits,
    O is lowered for PERSON, LOCATION and ORGANIZATION.
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
    """Tags words; keeps the vectors of those it has seen lately."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.known = np.zeros(SLOTS, np.uint64)
        self.rows = np.zeros((SLOTS, weights.table.shape[1]), np.float32)
        self.gates = np.zeros(SLOTS, np.float32)

    def looked_up(self, found: words.Words) -> tuple[Array, Array, Array]:
        """Return (vectors, number of each word's vector, gate of each word)."""
        slots = (found.hashes & np.uint64(SLOTS - 1)).astype(np.int64)
        missed = np.flatnonzero(self.known[slots] != found.hashes)
        if not len(missed):
            return self.rows, slots, self.gates[slots]
        _, first, back = np.unique(found.hashes[missed], return_index=True, return_inverse=True)
        picked = missed[first]
        rows, gates = vectors(found, picked, self.weights)
        numbers = slots.copy()
        numbers[missed] = SLOTS + back
        whole, every = np.concatenate((self.rows, rows)), np.concatenate((self.gates, gates))
        self.known[slots[picked]], self.rows[slots[picked]], self.gates[slots[picked]] = (
            found.hashes[picked],
            rows,
            gates,
        )
        return whole, numbers, every[numbers]

    def logits(self, found: words.Words) -> tuple[Array, Array]:
        """Return the numbers of the words that may be in a name, and the logits of their tags (whole numbers).

        The words must have at least WALLS walls before and behind every text.
        """
        weights = self.weights
        rows, numbers, gates = self.looked_up(found)
        may = gates >= weights.least
        may[: NEAR + FAR] = may[-NEAR - FAR :] = False
        asked = np.flatnonzero(_widened(may, 1))
        seen = np.flatnonzero(_widened(may, 1 + FAR))
        seen = seen[(seen >= NEAR) & (seen < len(numbers) - NEAR)]
        if not len(asked):
            return asked, np.zeros((0, weights.third.shape[1]), np.float32)
        first = weights.first_bias + np.zeros((len(seen), 1), np.float32)
        for place in range(2 * NEAR + 1):
            first += rows[numbers[seen + (place - NEAR)]] @ weights.first[place]
        first = _step(first, weights.shifts[0], FIRST_MOST)
        at = np.zeros(len(numbers), np.int64)
        at[seen] = np.arange(len(seen))
        second = weights.second_bias + np.zeros((len(asked), 1), np.float32)
        for place in range(2 * FAR + 1):
            second += first[at[asked + (place - FAR)]] @ weights.second[place]
        second = _step(second, weights.shifts[1], SECOND_MOST)
        return asked, second @ weights.third + weights.third_bias


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
