"""Says whether a token of the right shape looks drawn at random, or made up by a writer of documentation.

>>> opaque("dop_v1_" + "x" * 64).facts, mixed("da39a3ee5e6b4b0d3255bfef95601890afd80709").state
(('placeholder',), 'failed')
"""

from __future__ import annotations

import itertools
import re

from privscan.validators import FAILED, PLACEHOLDER, SHAPE, Verdict

_STAND_IN = re.compile(
    r"(?i)example|your[-_]?|change[-_]?me|placeholder|redacted|dummy|[x*.]{8}|(?:xxxx|1234567890){2}"
)
_SAMPLE = Verdict("shape", (PLACEHOLDER,))
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_FEW = 5  # different characters: fewer do not make a token of 16 or more
_LONG = 16


def opaque(value: str) -> Verdict:
    """Tell stand-ins (`xxxx`, `EXAMPLE`, one character or a counted row for most of it) as placeholders."""
    if _STAND_IN.search(value) or (len(value) >= _LONG and len(set(value[-_LONG:])) < _FEW):
        return _SAMPLE
    return _SAMPLE if _counted(value) * 2 > len(value) else SHAPE


def mixed(value: str) -> Verdict:
    """Fail what may be a hash, a number or words where the issuer's alphabet has letters and digits side by side."""
    letters = sum(mark.isalpha() for mark in value)
    digits = sum(mark.isdigit() for mark in value)
    if _HEX.fullmatch(value) or not letters or not digits:
        return FAILED
    one_case = value.upper() == value or value.lower() == value
    return opaque(value) if digits > one_case else FAILED


def _counted(value: str) -> int:
    """Return how many characters stand in runs of five or more that go up by one or stay the same."""
    total = run = 0
    step = None
    for before, after in itertools.pairwise(value):
        here = ord(after) - ord(before)
        if here in (0, 1) and (run == 0 or here == step):
            run, step = run + 1, here
            continue
        total += run + 1 if run >= 4 else 0
        run, step = (1, here) if here in (0, 1) else (0, None)
    return total + (run + 1 if run >= 4 else 0)
