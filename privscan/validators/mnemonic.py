"""Seed phrases of wallets (BIP 39): words of the list of 2,048, with their checksum.

`bip39.txt` is the English list of the standard.
"""

from __future__ import annotations

import functools
import hashlib
import re
from importlib import resources

from privscan.validators import FAILED, PASSED, PLACEHOLDER, Verdict

_WORD = re.compile(r"[a-z]+")
LENGTHS = (12, 15, 18, 21, 24)


@functools.cache
def _places() -> dict[str, int]:
    text = resources.files(__package__).joinpath("bip39.txt").read_text(encoding="ascii")
    return {word: place for place, word in enumerate(text.split())}


def bip39(value: str) -> Verdict:
    """Check that all words are on the list and the last bits are the digest's head; a chance list passes 1 in 16.

    >>> bip39("abandon " * 11 + "about").facts, bip39("the quick brown fox").state
    (('words:12', 'placeholder'), 'failed')
    """
    words = _WORD.findall(value.lower())
    places = _places()
    if len(words) not in LENGTHS or not all(word in places for word in words):
        return FAILED
    bits = int("".join(f"{places[word]:011b}" for word in words), 2)
    size = len(words) * 11 // 33  # of the checksum, in bits
    entropy = (bits >> size).to_bytes(size * 4)
    right = hashlib.sha256(entropy).digest()[0] >> (8 - size) == bits & ((1 << size) - 1)
    if not right:
        return FAILED
    facts = (f"words:{len(words)}",)
    return Verdict(PASSED.state, (*facts, PLACEHOLDER) if len(set(words)) < 4 else facts)
