"""Other mentions of the people of a record: by surname or first name alone, in another case, as a user name.

Only words that are no plain words and no places are followed, so that Mr. Long does not make every "long" a name.
"""

from __future__ import annotations

import bisect
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from privscan.detectors.names import lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from privscan.detectors.names.spans import Name

MOST = 200  # names of a record that are followed
SHORTEST = 3  # letters of a word that is followed by itself
HANDLE = 5  # letters of a user name made of a name
_LETTERS = re.compile(r"[^\W\d_]+")
CAMEL = re.compile(r"[A-ZĄĆĘŁŃÓŚŹŻ][a-ząćęłńóśźż]+")  # the words of a name written as one
DOMAIN = re.compile(r"[\w.+-]{0,64}@[\w-]{1,63}\.\w")


class Mention(NamedTuple):
    """Another mention: code points, and what it is ("name" or "handle")."""

    start: int
    end: int
    kind: str


def forms(names: Iterable[str]) -> tuple[dict[str, bool], set[str]]:
    """Return (words in small letters -> whether small letters will do, user names) to look for.

    >>> forms(["Jonathan Berg"])[1] >= {"jberg", "jonathanberg", "jonathan.berg"}
    True
    """
    single: dict[str, bool] = {}
    handles: set[str] = set()
    known = list(dict.fromkeys(names))
    alone = frozenset(known)
    for name in known[:MOST]:
        parts = [part for part in _LETTERS.findall(name) if len(part) >= SHORTEST]
        if not any(_known(half) for part in parts for half in (part, *CAMEL.findall(part))):
            # strange words may be anything, a tool or an office, unless one is also told as a name by itself
            parts = [part for part in parts if len(parts) > 1 and part in alone]
        for part in parts:
            plain, place = lists.level(part, lists.PLAIN), lists.level(part, lists.PLACE)
            if len(parts) == 1 and part.islower():
                continue
            if plain < 2 and place < 3:
                single[part.lower()] = single.get(part.lower(), False) or (plain == place == 0 and len(parts) > 1)
        if len(parts) > 1:
            first, last = parts[0].lower(), parts[-1].lower()
            made = {first[0] + last, last + first[0], *(first + joint + last for joint in ("", ".", "_", "-"))}
            handles |= {handle for handle in made if len(handle) >= HANDLE}
    return single, handles


def _known(word: str) -> bool:
    return bool(lists.level(word, lists.FIRST) or lists.level(word, lists.LAST))


def mentions(text: str, single: dict[str, bool], handles: set[str]) -> Iterator[Mention]:
    """Yield the mentions in a text, whole words only, but for those within an e-mail address: it is told as one."""
    small = text.lower()
    if len(small) != len(text):
        small = "".join(mark.lower() if len(mark.lower()) == 1 else mark for mark in text)
    for word, any_case in single.items():
        for start, end in _whole(small, word):
            if (any_case or text[start].isupper()) and DOMAIN.match(text, end) is None:
                yield Mention(start, end, "name")
    for handle in handles:
        for start, end in _whole(small, handle):
            if DOMAIN.match(text, end) is None:
                yield Mention(start, end, "handle")


def _whole(text: str, word: str) -> Iterator[tuple[int, int]]:
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (_joins(text[at - 1 : at]) if at else False) and not _joins(text[end : end + 1]):
            yield at, end
        at = text.find(word, end)


def _joins(mark: str) -> bool:
    return mark.isalnum() or mark == "_"


def fresh(found: Iterable[Mention], known: Sequence[tuple[int, int]]) -> list[Mention]:
    """Return the mentions that touch no known span, nor one another."""
    taken = Taken(known)
    out: list[Mention] = []
    reached = 0
    for mention in sorted(found, key=lambda entry: (entry.start, -entry.end)):
        if mention.start >= reached and not taken.touches(mention.start, mention.end):
            reached = mention.end
            out.append(mention)
    return out


def apart(names: Iterable[Name], known: Iterable[Name]) -> list[Name]:
    """Return the names that touch none of those known."""
    taken = Taken((name.start, name.end) for name in known)
    return [name for name in names if not taken.touches(name.start, name.end)]


class Taken:
    """Spans to be held against others, many times: in order, so that a search is short."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self.starts = [start for start, _ in ordered]
        self.reached = list(itertools.accumulate((end for _, end in ordered), max))

    def touches(self, start: int, end: int) -> bool:
        """Say whether any of them shares a character with a span.

        >>> Taken([(2, 4), (8, 9)]).touches(3, 8), Taken([(2, 4), (8, 9)]).touches(4, 8)
        (True, False)
        """
        before = bisect.bisect_left(self.starts, end)  # those that begin before its end
        return before > 0 and self.reached[before - 1] > start
