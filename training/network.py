"""The tagger's network while it learns: forward, backward and Adam in NumPy, nothing else needed.

A word is the sum of the table's rows of its features. Seven words make a hidden layer of 96, five of those one of 64,
that the seven tags. Further columns of the table, the gate, say what a word tells of itself and of the two words to
each side of it: whether they may be in a name. Their sum decides which words the layers are asked of at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from privscan.detectors.names import words
from privscan.detectors.names.network import GATES

Array = np.ndarray[Any, Any]
Params = dict[str, Array]

BITS = 15  # of a feature's number
WIDTH, HIDDEN, UPPER, TAGS = 48, 96, 64, 7
NEAR, FAR = 3, 2  # words to each side that the first and the second layer see
EDGE = NEAR + FAR
KNOWN_DROP, LIST_DROP, STRANGE_DROP, HIDDEN_DROP = 0.2, 0.1, 0.08, 0.2
GATE_WEIGHT = 4.0  # of a word in a name against one that is not, for the gate


def fresh(rng: np.random.Generator) -> Params:
    """Return untrained weights."""

    def normal(*shape: int, scale: float) -> Array:
        return rng.normal(0, scale, shape).astype(np.float32)

    return {
        "table": normal(1 << BITS, WIDTH + GATES, scale=0.08),
        "first": normal(2 * NEAR + 1, WIDTH, HIDDEN, scale=1.2 / np.sqrt((2 * NEAR + 1) * WIDTH)),
        "first_bias": np.zeros(HIDDEN, np.float32),
        "second": normal(2 * FAR + 1, HIDDEN, UPPER, scale=1.4 / np.sqrt((2 * FAR + 1) * HIDDEN)),
        "second_bias": np.zeros(UPPER, np.float32),
        "third": normal(UPPER, TAGS, scale=1 / np.sqrt(UPPER)),
        "third_bias": np.zeros(TAGS, np.float32),
    }


def embedded(params: Params, features: Array) -> Array:
    """Return the sum of the table's rows for each word."""
    return _sparse(features) @ params["table"]


def _sparse(features: Array) -> csr_matrix:
    count, each = features.shape
    ones = np.ones(count * each, np.float32)
    ones[features.ravel() < 0] = 0
    pointers = np.arange(0, count * each + 1, each)
    return csr_matrix((ones, np.maximum(features, 0).ravel(), pointers), shape=(count, 1 << BITS))


def windows(rows: Array, weights: Array, reach: int) -> Array:
    """Return the sum over a window of rows times its weights, without the `reach` rows at each end."""
    count = len(rows) - 2 * reach
    out = rows[0:count] @ weights[0]
    for place in range(1, 2 * reach + 1):
        out += rows[place : place + count] @ weights[place]
    return out


def forward(params: Params, word_rows: Array) -> tuple[Array, Array, Array]:
    """Return both hidden layers and the tags' logits for a run of word vectors."""
    first = np.maximum(windows(word_rows, params["first"], NEAR) + params["first_bias"], 0)
    second = np.maximum(windows(first, params["second"], FAR) + params["second_bias"], 0)
    return first, second, second @ params["third"] + params["third_bias"]


def gated(rows: Array) -> Array:
    """Return the gate of all words but the edges."""
    count = len(rows) - 2 * EDGE
    parts = [rows[_from(place) : _from(place) + count, WIDTH + place] for place in range(GATES)]
    return np.sum(parts, axis=0)


def _from(place: int) -> int:
    """Return where the words begin that say something of words `place - GATES // 2` to the left."""
    return EDGE + place - GATES // 2


def gradients(
    params: Params, features: Array, numbers: Array, tags: Array, rng: np.random.Generator
) -> tuple[Params, float]:
    """Return the gradients and the loss of a run of words; `tags` are those of all but the edges it sees."""
    features = features.copy()
    features[np.ix_(rng.random(len(features)) < KNOWN_DROP, (0, 1))] = -1
    features[np.ix_(rng.random(len(features)) < LIST_DROP, (12, 13, 14))] = -1
    features[np.ix_(rng.random(len(features)) < STRANGE_DROP, (0, 1, 12, 13, 14))] = -1
    sparse = _sparse(features)
    distinct = sparse @ params["table"]
    rows = distinct[numbers]
    first = np.maximum(windows(rows[:, :WIDTH], params["first"], NEAR) + params["first_bias"], 0)
    keep_first = (rng.random(first.shape, np.float32) >= HIDDEN_DROP) / np.float32(1 - HIDDEN_DROP)
    first *= keep_first
    second = np.maximum(windows(first, params["second"], FAR) + params["second_bias"], 0)
    logits = second @ params["third"] + params["third_bias"]
    logits -= logits.max(1, keepdims=True)
    chances = np.exp(logits)
    chances /= chances.sum(1, keepdims=True)
    count = len(tags)
    loss = -np.log(chances[np.arange(count), tags] + 1e-9).mean()
    wrong = chances
    wrong[np.arange(count), tags] -= 1
    wrong /= count
    out: Params = {"third": second.T @ wrong, "third_bias": wrong.sum(0)}
    back = wrong @ params["third"].T
    back[second <= 0] = 0
    out["second_bias"] = back.sum(0)
    out["second"], back = _unwindowed(first, params["second"], back, FAR)
    back *= keep_first
    back[first <= 0] = 0
    out["first_bias"] = back.sum(0)
    out["first"], back = _unwindowed(rows[:, :WIDTH], params["first"], back, NEAR)
    in_name = (tags > 0).astype(np.float32)
    slope = (1 / (1 + np.exp(-gated(rows))) - in_name) * np.where(in_name > 0, GATE_WEIGHT, 1) / count
    whole = np.zeros((len(rows), WIDTH + GATES), np.float32)
    whole[:, :WIDTH] = back
    for place in range(GATES):
        whole[_from(place) : _from(place) + count, WIDTH + place] = slope
    ones, pointers = np.ones(len(numbers), np.float32), np.arange(len(numbers) + 1)
    gather = csr_matrix((ones, numbers, pointers), (len(numbers), len(distinct)))
    out["table"] = np.asarray(sparse.T @ (gather.T @ whole), np.float32)
    return out, float(loss)


def _unwindowed(rows: Array, weights: Array, back: Array, reach: int) -> tuple[Array, Array]:
    """Return the gradients of a window's weights and of its rows."""
    count = len(back)
    of_weights = np.empty_like(weights)
    of_rows = np.zeros_like(rows)
    for place in range(2 * reach + 1):
        of_weights[place] = rows[place : place + count].T @ back
        of_rows[place : place + count] += back @ weights[place].T
    return of_weights, of_rows


class Adam:
    """Adam, with the mean of the weights over the last steps kept beside them."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.mean = {name: np.zeros_like(value) for name, value in params.items()}
        self.square = {name: np.zeros_like(value) for name, value in params.items()}
        self.average = {name: np.zeros_like(value) for name, value in params.items()}
        self.steps = self.averaged = 0

    def step(self, found: Params, rate: float, *, average: bool) -> None:
        self.steps += 1
        fix = rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for name, slope in found.items():
            mean, square = self.mean[name], self.square[name]
            mean *= 0.9
            mean += 0.1 * slope
            square *= 0.999
            square += 0.001 * slope * slope
            self.params[name] -= np.float32(fix) * mean / (np.sqrt(square) + np.float32(1e-8))
        if average:
            self.averaged += 1
            for name, value in self.params.items():
                self.average[name] += (value - self.average[name]) / self.averaged


assert words.WALLS == EDGE, "a text must not see its neighbour"
