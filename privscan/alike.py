"""Two records side by side, with nothing of them shown: how their texts differ, word by word.

A word stands as its shape (`x` for a small letter, `X` for a capital, `0` for a digit), and a run of words that both
have as their number: no piece of a text is in what comes out.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from typing import TYPE_CHECKING

from privscan import formats
from privscan.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privscan.model import Shard

__all__ = ["difference", "texts_of"]

_WORDS = 2000  # of either text; what comes after is not compared
_SHOWN = 6  # words of one change
_CHANGES = 8
_LETTERS = 12  # of one word
_WORD = re.compile(r"\w+")


def difference(one: str, other: str) -> str:
    """Return what was taken away from the first text and put into the second, by shape.

    >>> difference("pay Ann 20 euros on Monday the second", "pay Bo 3000 euros on Monday the second")
    '1 same, -Xxx 00 +Xx 0000, 5 same'
    >>> difference("a b c", "a b c")
    '3 same'
    """
    left, right = _WORD.findall(one), _WORD.findall(other)
    cut = len(left) > _WORDS or len(right) > _WORDS
    left, right = left[:_WORDS], right[:_WORDS]
    small = [word.lower() for word in left], [word.lower() for word in right]
    told = []
    changes = 0
    for kind, low, high, start, stop in difflib.SequenceMatcher(None, *small, autojunk=False).get_opcodes():
        if kind == "equal":
            told.append(f"{high - low} same")
            continue
        changes += 1
        if changes > _CHANGES:
            told.append("more changes")
            break
        parts = [("-", left[low:high]), ("+", right[start:stop])]
        told.append(" ".join(f"{sign}{_shapes(words)}" for sign, words in parts if words))
    return ", ".join([*told, "not compared further"] if cut else told)


def _shapes(words: Sequence[str]) -> str:
    more = f" ({len(words) - _SHOWN} more)" if len(words) > _SHOWN else ""
    return " ".join(map(_shape, words[:_SHOWN])) + more


def _shape(word: str) -> str:
    out = "".join("0" if mark.isdecimal() else "X" if mark.isupper() else "x" for mark in word[:_LETTERS])
    return out + "…" if len(word) > _LETTERS else out


def texts_of(shards: Sequence[Shard], records: Iterable[int], fields: Sequence[str], chat: str) -> dict[int, str]:
    """Return the compared texts of some records of a file by their numbers, given the file's shards in order.

    Each shard is read once at most, up to the last record wanted. What cannot be had again is left out.
    """
    found: dict[int, str] = {}
    for shard, mine in formats.by_shard(shards, records).items():
        with contextlib.suppress(InputError, OSError):
            for block in formats.named(shard.format).holding(shard, mine):
                texts = dict(enumerate(block.texts(fields, chat), block.first))
                found |= {record: text for record in mine if (text := texts.get(record)) is not None}
    return found
