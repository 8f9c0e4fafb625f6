"""Trains the tagger: passes over the texts, tags, steps."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors.names import words
from training import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.data import Text
    from training.network import Array, Params

BATCH = 4096  # words
RATE = 0.003
TAG = {"P": 1, "L": 3, "O": 5}  # of a name's first word; the others have the next number


class Pass:
    """One pass over the texts as arrays: a number a word, the distinct words' features, a tag a word."""

    def __init__(self, texts: list[Text], lists: tuple[Array, Array]) -> None:
        wall = words.WALL_MARK * words.WALLS
        joined = wall + wall.join(text.text for text in texts) + wall
        found = words.split(joined)
        _, picked, self.numbers = np.unique(found.hashes, return_index=True, return_inverse=True)
        self.features = words.features(found, picked, flags(found, picked, lists), network.BITS)
        self.tags = np.zeros(len(found.starts), np.int64)
        at = len(wall)
        for text in texts:
            for start, end, kind in text.spans:
                low = int(np.searchsorted(found.ends, at + start, "right"))
                high = int(np.searchsorted(found.starts, at + end))
                self.tags[low:high] = TAG[kind] + 1
                self.tags[low : low + 1] = TAG[kind]
            at += len(text.text) + len(wall)
        self.words = found
        self.texts = texts

    def batches(self) -> Iterator[tuple[Array, Array, Array]]:
        """Yield (features of the distinct words, their numbers in order, tags of all but the edges)."""
        edge = network.EDGE
        for low in range(edge, len(self.tags) - edge, BATCH):
            high = min(low + BATCH, len(self.tags) - edge)
            seen, numbers = np.unique(self.numbers[low - edge : high + edge], return_inverse=True)
            yield self.features[seen], numbers, self.tags[low:high]


def flags(found: words.Words, picked: Array, lists: tuple[Array, Array]) -> Array:
    """Return the name lists' flags of some words."""
    keys, values = lists
    wanted = (words.lower_hashes(found, picked) >> np.uint64(32)).astype(np.uint32)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


def train(passes: Iterator[list[Text]], count: int, lists: tuple[Array, Array], seed: int) -> Params:
    """Return weights after some passes, averaged over the last third."""
    rng = np.random.default_rng(seed)
    params = network.fresh(rng)
    adam = network.Adam(params)
    for number in range(count):
        shown = Pass(next(passes), lists)
        losses: list[float] = []
        start = time.process_time()
        todo = list(shown.batches())
        for place in rng.permutation(len(todo)):
            done = (number + len(losses) / len(todo)) / count
            found, loss = network.gradients(params, *todo[place], rng)
            adam.step(found, RATE * (1 - done) + 1e-5, average=done > 0.66)
            losses.append(loss)
        spent = time.process_time() - start
        print(f"pass {number + 1}: {len(shown.tags)} words, loss {np.mean(losses):.4f}, {spent:.0f} s", file=sys.stderr)
    return adam.average


def tagged(params: Params, shown: Pass) -> tuple[Array, Array]:
    """Return logits and gate of every word but the edges, in batches."""
    logits: list[Any] = []
    gates: list[Any] = []
    for features, numbers, _ in shown.batches():
        rows = network.embedded(params, features)[numbers]
        logits.append(network.forward(params, rows[:, : network.WIDTH])[2])
        gates.append(network.gated(rows))
    return np.concatenate(logits), np.concatenate(gates)
