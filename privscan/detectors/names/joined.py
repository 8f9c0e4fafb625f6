"""First and last name written as one word, as texts taken out of PDF files and scans have them: `JohnSmith`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from privscan.detectors.names import lists
from privscan.detectors.names.spans import KINDS, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

PERSON = KINDS.index("PERSON")
CHANCE = 0.6
KNOWN = 2  # level of a word that the lists know well
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞĄĆĎĘŁŃŇŘŚŠŤŹŻŽ", "a-zß-öø-ÿąćďęěłńňřśšťźżž"
# the second word, from its capital on (a class first: the search looks for nothing else), and the word before it
SECOND = re.compile(rf"[{_UPPER}](?<=[{_LOWER}][{_UPPER}])[{_LOWER}]{{2,18}}(?![\w(\[/=@]|\.\w|-\w|\s?=)")
WORD = re.compile(rf"(?<![\w.@/#$-])[{_UPPER}][{_LOWER}]{{2,14}}\Z")
LOOK = 20  # letters before a capital in which its first word begins
# endings of surnames of Slavic, Nordic, Iberian and Caucasian peoples, in all their cases
ENDING = re.compile(
    r"(?:[scz][ck](?:i|a|im|iej|iego|iemu|ą)|w?icz(?:a|owi|em)?|czyk(?:a|owi|iem)?|ov[aá]|enko|sson|[aeo]vić|yan)\Z"
)
CASE = re.compile(r"(?:owi|iem|em|ie|a|y|u|ą|ę)\Z")  # endings of first names in Slavic cases
NOMINATIVE = ("", "a", "o")


def found(text: str) -> Iterator[Name]:
    """Yield names that are one word of two, where the lists know both halves or the second looks like a surname.

    >>> [text[n.start : n.end] for text in ("by JohnSmith, DataFrame, JasonSchema",) for n in found(text)]
    ['JohnSmith']
    """
    for second in SECOND.finditer(text):
        first = WORD.search(text[max(second.start() - LOOK, 0) : second.start()])
        if first is not None and _first(first[0]) and _last(second[0]):
            yield Name(second.start() - len(first[0]), second.end(), PERSON, CHANCE)


def _first(word: str) -> bool:
    """Say whether a word is a first name, as it is or in one of its cases (Tomaszowi, Anny)."""
    if lists.level(word, lists.PLAIN):
        return False
    return any(lists.level(form, lists.FIRST) >= KNOWN for form in _forms(word))


def _last(word: str) -> bool:
    """Say whether a word is a last name, as it is, in one of its cases (Nowaka), or by its letters."""
    if lists.level(word, lists.PLAIN):
        return False
    known = any(lists.level(form, lists.LAST) >= KNOWN for form in _forms(word))
    return known or not word.isascii() or ENDING.search(word) is not None


def _forms(word: str) -> tuple[str, ...]:
    stem = CASE.sub("", word)
    return (word, *(stem + ending for ending in NOMINATIVE))
