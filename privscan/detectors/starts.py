"""Tells where a pattern can begin at all: a cheap expression asked of a text before the pattern is tried there.

`re` tries a pattern that begins with alternatives, or ignores case, at every character. Here sets are read from its
parse tree: of the characters it can begin with, and of those that can follow. They may hold too much, never less.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from re import _constants as sre  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Final

from privscan.detectors.syntax import ASSERTIONS, FREQUENCY, REPEATS, members, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable

HIGH: Final = 0x80  # stands for every character beyond ASCII
EVERY: Final = frozenset(range(HIGH + 1))
LENGTH = 3  # characters looked at
MOST = 128  # alternatives kept apart
WORTH = 0.3  # a share of places in ordinary text beyond which asking first saves nothing
NOWHERE: Final = "(?!)"
OFTEN, SHARPER = 0.02, 0.35  # keeping the alternatives apart takes longer: from which share, to which part of it
_FOLDED_BEYOND = frozenset(b"iksIKS")  # letters that are another case of one beyond ASCII

Set = frozenset[int]
Head = tuple[Set, ...]


def starts(pattern: str) -> str | None:
    r"""Return an expression for the first character of whatever the pattern matches, None when that is most of a text.

    What matches at the beginning of a text alone is left out of it: there a pattern with `\A` has to be tried anyway.

    >>> starts(r"(?:key|token|\A)=[a-z]{9}")
    '[kt](?=[eo][ky])'
    """
    tree = parsed(pattern)
    heads = _heads(tree, fold=bool(tree.state.flags & re.IGNORECASE))
    if not heads:
        return NOWHERE
    if not all(heads):
        return None
    whole = [head + (EVERY,) * (LENGTH - len(head)) for head in heads]
    columns = [frozenset().union(*column) for column in zip(*whole, strict=True)]
    loosely = math.prod(map(_share, columns))
    while columns and columns[-1] == EVERY:
        columns.pop()
    first, *following = map(_written, columns or [EVERY])
    told = f"{first}(?={''.join(following)})" if following else first
    if loosely < OFTEN:
        return told
    ways = _ways(whole)
    exactly = sum(_share(only) * _chance(behind) for only, behind in ways)
    if min(loosely, exactly) > WORTH:
        return None
    if exactly > loosely * SHARPER:
        return told
    return f"{told}(?:{'|'.join(f'(?<={_written(only)})(?={_either(behind)})' for only, behind in ways)})"


def _ways(heads: Iterable[Head]) -> list[tuple[Set, dict[Set, Set]]]:
    """Return (first characters, {second characters: third ones}), the ways of heads of three apart by the first."""
    listed = list(heads)
    by_heads: dict[frozenset[int], set[int]] = {}
    for code in sorted(EVERY):
        beginning = frozenset(place for place, head in enumerate(listed) if code in head[0])
        if beginning:
            by_heads.setdefault(beginning, set()).add(code)
    ways = []
    for places, codes in by_heads.items():
        behind: dict[Set, Set] = {}
        for place in sorted(places):
            _, second, third = listed[place]
            behind[second] = behind.get(second, frozenset()) | third
        ways.append((frozenset(codes), behind))
    return ways


def _chance(behind: dict[Set, Set]) -> float:
    return min(sum(_share(second) * _share(third) for second, third in behind.items()), 1.0)


def _either(behind: dict[Set, Set]) -> str:
    """Write (second, third) characters as alternatives; what may be anything may be missing as well."""
    written = {
        second: (_written(second), "" if third == EVERY else _written(third)) for second, third in behind.items()
    }
    return "|".join(
        "" if second == EVERY and not third else first + third for second, (first, third) in written.items()
    )


def _heads(items: Iterable[tuple[Any, Any]], *, fold: bool) -> set[Head]:
    """Return the first characters of all that a sequence can match, shorter where it may end there."""
    found: set[Head] = {()}
    for op, value in items:
        if all(len(head) == LENGTH for head in found):
            break
        found = _followed(found, _of(op, value, fold=fold))
    return found


def _followed(found: set[Head], more: set[Head]) -> set[Head]:
    heads = {(head + tail)[:LENGTH] for head, tail in itertools.product(found, more)}
    if len(heads) <= MOST:
        return heads
    groups = itertools.groupby(sorted(heads, key=len), len)
    return {tuple(frozenset().union(*column) for column in zip(*group, strict=True)) for _, group in groups}


def _of(op: Any, value: Any, *, fold: bool) -> set[Head]:
    """Return the heads of one item of a parse tree, none of what stands at the beginning of a text alone."""
    if op is sre.AT and value is sre.AT_BEGINNING_STRING:
        return set()
    if op in ASSERTIONS:
        return {()}
    if op in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
        return {(_characters(op, value, fold=fold),)}
    if op is sre.SUBPATTERN:
        return _heads(value[3], fold=(fold or bool(value[1] & re.IGNORECASE)) and not value[2] & re.IGNORECASE)
    if op is sre.ATOMIC_GROUP:
        return _heads(value, fold=fold)
    if op is sre.BRANCH:
        return set().union(*(_heads(branch, fold=fold) for branch in value[1]))
    if op in REPEATS:
        least, most, inner = value
        body = _heads(inner, fold=fold)
        found: set[Head] = set()
        times: set[Head] = {()}
        for count in range(min(max(least, LENGTH), most) + 1):
            found |= times if count >= min(least, LENGTH) else set()
            times = _followed(times, body)
        return found
    return {(EVERY,) * length for length in range(LENGTH + 1)}  # a reference to what a group matched


def _characters(op: Any, value: Any, *, fold: bool) -> Set:
    """Return what one item of a parse tree that is a character may be."""
    items = value if op is sre.IN else [(sre.LITERAL, value)]
    found = EVERY
    if op in (sre.LITERAL, sre.IN):
        found = frozenset(min(byte, HIGH) for byte in members(items))
        if any(kind is sre.CATEGORY for kind, _ in items):
            found |= {HIGH}
    if not fold:
        return found
    letters = {code for code in found if code < HIGH and chr(code).isalpha()}
    beyond = {HIGH} if letters & _FOLDED_BEYOND else set()
    return found | {code ^ 0x20 for code in letters} | beyond


@functools.lru_cache(maxsize=4096)
def _share(members: Set) -> float:
    """Return how much of ordinary text is of a set, roughly."""
    return min(sum(FREQUENCY[code] for code in members if code < HIGH) + 0.04 * (HIGH in members), 1.0)


@functools.lru_cache(maxsize=4096)
def _written(members: Set) -> str:
    """Write a set as a class."""
    if members == EVERY:
        return "(?s:.)"
    high = HIGH in members  # written as what it is not: `re` takes milliseconds over so wide a range
    listed = sorted(set(range(HIGH)) - members if high else members)
    runs = [[code for _, code in run] for _, run in itertools.groupby(enumerate(listed), lambda at: at[1] - at[0])]
    letters = "".join(map(_run, runs))
    return f"[^{letters}]" if high else f"[{letters}]"


def _run(codes: list[int]) -> str:
    """Write some codes that follow each other."""
    ends = [re.escape(chr(code)) for code in codes]
    return f"{ends[0]}-{ends[-1]}" if len(codes) > 2 else "".join(ends)
