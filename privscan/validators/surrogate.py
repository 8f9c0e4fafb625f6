"""Invented names to put in the place of people's, and how to know them again.

They are built of syllables that make no name in use: a reader takes them for names, a second scan does not. Each word
of a name has its own surrogate, so that a person's other mentions, by surname or first name alone, stay theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPENINGS = "Brov Dralq Flonv Grelk Jorvq Klend Mivr Nalv Prund Quelv Rivosk Skav Tolv Vrand Wexl Zolv".split()
MIDDLES = "ab ek im ov ul ar eb ik om uv al er ib ok um av".split()
ENDINGS = "dexo fimqa gorvi kunzo lavqe mirox nolqa pezul quvo rixen sovqu tuzam vekso wixa xandu zeroq".split()
WORD = re.compile(rf"(?:{'|'.join(OPENINGS)})(?:{'|'.join(MIDDLES)}){{2}}(?:{'|'.join(ENDINGS)})", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


def name(value: str, seed_of: Callable[[str], bytes]) -> str:
    """Return a surrogate of a name, word by word; `seed_of` gives two bytes or more for a word in small letters.

    >>> name("Anna M. Berg", lambda word: bytes([len(word) * 17] * 2))
    'Jorvqulullavqe D. Jorvqulullavqe'
    """

    def other(found: re.Match[str]) -> str:
        seed = seed_of(found[0].lower())
        if len(found[0]) == 1:
            return OPENINGS[seed[0] % 16][0]
        made = OPENINGS[seed[0] % 16] + MIDDLES[seed[0] // 16] + MIDDLES[seed[1] % 16] + ENDINGS[seed[1] // 16]
        return made.upper() if found[0].isupper() else made.lower() if found[0].islower() else made

    return _WORD.sub(other, value)


def made(text: str) -> bool:
    """Say whether a text holds a surrogate and no other word of two letters or more.

    >>> made("Jorvqulullavqe D."), made("Jorvqulullavqe Berg"), made("B.")
    (True, False, False)
    """
    found = [word for word in _WORD.findall(text) if len(word) > 1]
    return bool(found) and all(WORD.fullmatch(word) for word in found)
