"""From tags to names: words of one kind that follow one another, trimmed to the name itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privscan.detectors.names import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.detectors.names.network import Weights
    from privscan.detectors.names.words import Words

Array = np.ndarray[Any, Any]

KINDS = ("", "PERSON", "LOCATION", "ORGANIZATION")
TITLES = frozenset(
    """
    mr mrs ms miss mx dr prof professor sir madam lady lord rev fr sr jr president senator judge captain the
    m mme mlle monsieur madame mademoiselle me le la
    herr frau herrn hr fr der die das den
    sig signor signora signorina dott dottor dottoressa ing avv il
    don doña dña sra srta señor señora señorita el los las
    dhr mevr mw meneer mevrouw de het
    pan pani pana panu panem panią państwo
    """.split()
)


class Name(NamedTuple):
    """A name in a joined text: code points, kind (index into KINDS), chance that it is one (0 to 1)."""

    start: int
    end: int
    kind: int
    chance: float


def found(
    seen: Words, text: str, asked: Array, logits: Array, weights: Weights, lean: Sequence[float]
) -> Iterator[Name]:
    """Yield the names in tagged words; `lean` lowers what speaks against a name, in logits, one number a kind."""
    if not len(asked):
        return
    scores = logits / np.float64(weights.unit)
    kinds = np.maximum(scores[:, 1::2], scores[:, 2::2])
    best = np.argmax(kinds + np.asarray(lean), axis=1)
    rows = np.arange(len(asked))
    named = (kinds + np.asarray(lean))[rows, best] > scores[:, 0]
    first_kind = seen.kinds[seen.starts[asked]]
    named &= (first_kind != words.WALL) & (first_kind != words.BREAK)
    picked = np.flatnonzero(named)
    if not len(picked):
        return
    against = np.exp(scores[picked] - scores[picked].max(1, keepdims=True))
    chances = 1 - against[:, 0] / against.sum(1)
    opens = scores[picked, 1 + 2 * best[picked]] > scores[picked, 2 + 2 * best[picked]]
    place = asked[picked]
    new = np.ones(len(picked), bool)
    new[1:] = (np.diff(place) != 1) | (best[picked][1:] != best[picked][:-1]) | (opens[1:] & ~opens[:-1])
    runs = np.flatnonzero(new).tolist()
    for low, high in zip(runs, [*runs[1:], len(picked)], strict=True):
        trimmed = _trimmed(seen, text, int(place[low]), int(place[high - 1]) + 1)
        if trimmed is not None:
            yield Name(*trimmed, int(best[picked[low]]) + 1, round(float(chances[low:high].mean()), 2))


def _trimmed(seen: Words, text: str, low: int, high: int) -> tuple[int, int] | None:
    """Return start and end without marks, titles and possessives at the edges; None when no letters are left."""
    starts, ends, kinds = seen.starts, seen.ends, seen.kinds
    while low < high:
        if kinds[starts[low]] == words.MARK or text[starts[low] : ends[low]].lower() in TITLES:
            low += 1
        elif kinds[starts[high - 1]] == words.MARK:
            high -= 1
        elif high - low > 2 and text[starts[high - 1] : ends[high - 1]] in "sS" and text[starts[high - 2]] in "'’":
            high -= 2
        else:
            break
    start, end = (int(starts[low]), int(ends[high - 1])) if low < high else (0, 0)
    letters = sum(1 for mark in text[start:end] if mark.isalpha())
    return (start, end) if letters > 1 else None
