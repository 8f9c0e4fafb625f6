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
    seen: Words, text: str, asked: Array, logits: Array, weights: Weights, lean: Sequence[float], wanted: Array
) -> Iterator[Name]:
    """Yield the names in tagged words of the kinds wanted (a flag a kind, PERSON first).

    `lean` lowers what speaks against a name, in logits, one number a kind.
    """
    if not len(asked):
        return
    scores = logits / np.float64(weights.unit)
    kinds = np.maximum(scores[:, 1::2], scores[:, 2::2])
    best = np.argmax(kinds + np.asarray(lean), axis=1)
    rows = np.arange(len(asked))
    named = ((kinds + np.asarray(lean))[rows, best] > scores[:, 0]) & wanted[best]
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
    runs = np.flatnonzero(new)
    counts = np.diff(np.append(runs, len(picked)))
    means = np.round(np.add.reduceat(chances, runs) / counts, 2).tolist()
    lows, sorts = place[runs].tolist(), (best[picked[runs]] + 1).tolist()
    for low, count, kind, chance in zip(lows, counts.tolist(), sorts, means, strict=True):
        trimmed = _trimmed(seen, text, low, low + count)
        if trimmed is not None:
            yield Name(*trimmed, kind, chance)


def _trimmed(seen: Words, text: str, low: int, high: int) -> tuple[int, int] | None:
    """Return start and end without marks, titles and possessives at the edges; None when no letters are left."""
    starts, ends = seen.starts[low:high].tolist(), seen.ends[low:high].tolist()
    first, last = 0, high - low
    while first < last:
        word, tail = text[starts[first] : ends[first]], text[starts[last - 1] : ends[last - 1]]
        if _is_mark(word[0]) or word.lower() in TITLES:
            first += 1
        elif _is_mark(tail[0]):
            last -= 1
        elif last - first > 2 and tail in "sS" and text[starts[last - 2]] in "'’":
            last -= 2
        else:
            start, end = starts[first], ends[last - 1]
            letters = sum(map(str.isalpha, text[start:end]))
            return (start, end) if letters > 1 else None
    return None


def _is_mark(letter: str) -> bool:
    """Say whether a word that begins so is a mark, by the tables that words are cut by."""
    point = ord(letter)
    return point >= len(words.tables()[0]) or int(words.tables()[0][point]) == words.MARK
