"""What the data speaks of, as information and no finding: special categories by record, and names of encyclopaedias.

A record that holds a word of health or religion says nothing of anybody yet; how many do tells what a corpus is like.
Names in third-person prose about the past are mostly those of public figures: how many there are tells what hiding
names costs. Promises: only counts are kept, no word of the data; they add up the same in any order.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from privscan.detectors import triggers
from privscan.model import LeafKind, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf, Match, Rule

SPECIAL: Final = "pii.special."
PROSE, NAMES, ALL = "encyclopaedic texts", "names in encyclopaedic texts", "texts with names"
LEAST_WORDS = 40
READ = 20_000  # characters of a text that tell what it is
_WORD = re.compile(r"[^\W\d_]+")
_SPOKEN = frozenset(
    """
    i i'm me my mine you your yours we us our ours u im hi hello thanks please dear ich mir mich mein du dein wir uns
    unser sie ihr je moi mon ma mes tu toi ton vous votre nous notre yo mi tú usted nosotros io mio tu voi noi ik
    mij jij wij
    """.split()
)
_TOLD = frozenset(
    """
    was were is are became had has born died founded published elected served known called won played wrote released
    located established war ist wurde wurden waren geboren est était fut né née fue era nació è nato
    """.split()
)
_YEAR = re.compile(r"[12](?<!\d[12])(?:(?<=1)\d|0)\d\d(?!\d)")  # 1000 to 2099; begins with what is rare


def special(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules of special categories that the run looks for by their words."""
    return tuple(rule for rule in settings.rules if rule.id.startswith(SPECIAL) and rule.trigger)


def speaking(block: Block, rules: tuple[Rule, ...], cache: str | None) -> Counter[str]:
    """Return how many records of a block hold a word of each of these special categories."""
    if not rules:
        return Counter()
    import numpy as np

    scan = _scan(rules, cache)
    rows: set[tuple[int, int]] = set()
    for buffer, starts in block.buffers():
        numbers, ends = scan(buffer, 0)
        owners = np.searchsorted(starts, ends - 1, side="right") - 1
        rows |= set(zip(numbers.tolist(), owners.tolist(), strict=True))
    return Counter(rules[number].id for number, _ in rows)


@functools.lru_cache(maxsize=4)
def _scan(rules: tuple[Rule, ...], cache: str | None) -> Callable[[Any, int], triggers.Hits]:
    return triggers.scanner([rule.trigger.encode() for rule in rules], cache)


def naming(leaves: Mapping[int, tuple[Leaf, Sequence[Match]]]) -> Counter[str]:
    """Return how many texts of a record hold names, how many of these are encyclopaedic, and the names in those."""
    out: Counter[str] = Counter()
    for leaf, matches in leaves.values():
        names = {match.span for match in matches if match.entity == "PERSON" and match.state is State.NEW}
        if names and leaf.kind is LeafKind.STRING:
            out[ALL] += 1
            if encyclopaedic(leaf.text):
                out += Counter({PROSE: 1, NAMES: len(names)})
    return out


def encyclopaedic(text: str) -> bool:
    """Say whether a text is mostly third-person prose about the past: nobody speaks, years and lives are told.

    >>> encyclopaedic("Hi Ann, I was born in 1970. " * 9)
    False
    """
    text = text[:READ]
    years = len(_YEAR.findall(text))
    if not years:  # told of most texts without looking at their words
        return False
    words = _WORD.findall(text.lower())
    if not LEAST_WORDS <= len(words) <= 200 * years:
        return False
    return _among(words, _SPOKEN) <= len(words) / 150 and _among(words, _TOLD) >= len(words) / 50


def _among(words: Iterable[str], listed: frozenset[str]) -> int:
    return sum(map(listed.__contains__, words))
