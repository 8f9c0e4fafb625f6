"""Tells tokens an issuer's generator may have drawn from what writers make up: stand-ins, counted rows, hashes, words.

>>> opaque("dop_v1_" + "x" * 64).facts, mixed("da39a3ee5e6b4b0d3255bfef95601890afd80709").state
(('placeholder',), 'failed')
>>> issued("9f3b0c6de1a24785bb61").state, issued("GetMailFolderChildrenAsync").state
('shape', 'failed')
"""

from __future__ import annotations

import itertools
import re

from privscan.validators import FAILED, PLACEHOLDER, SHAPE, Verdict
from privscan.validators.secret import made_by_chance

_SAMPLE = Verdict("shape", (PLACEHOLDER,))
_SAID = r"example|placeholder|redacted|dummy|change[-_]?me|your[-_]?"
_STAND_IN = re.compile(rf"(?i){_SAID}|[x*.]{{8}}|(?:xxxx|1234567890){{2}}")
# What also gives a value away where the shape is nobody's own.
_MADE_UP = re.compile(
    rf"(?i){_SAID}|insert|replace_?(?:me|with)|[_-]here\b|goes_?here|(?:^|[_-])(?:my|fake|mock|sample)[_-]|"
    r"x{6,}|\*{3,}|\.{3,}|0{10,}|12345678|01234567|abcdefgh|deadbeef"
)
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Words as code and files join them: dashed, dotted, underscored, in camel case; a number at most behind a word.
# A hump is never tried in two ways: thirty letters before four digits would take minutes.
_NAME = re.compile(r"(?:(?:(?>[A-Z]{0,5}[a-z]{2,}+|[A-Z](?![A-Z]))++|[A-Z]{2,})[0-9]{0,3}(?:[-_.+/=~]+|\Z))+")
_FEW = 5  # different characters: fewer do not make a token of 16 or more
_LONG = 16


def opaque(value: str) -> Verdict:
    """Tell stand-ins (`xxxx`, `EXAMPLE`, one character or a counted row for most of it) as placeholders."""
    if _STAND_IN.search(value) or (len(value) >= _LONG and len(set(value[-_LONG:])) < _FEW):
        return _SAMPLE
    return _SAMPLE if _counted(value) * 2 > len(value) else SHAPE


def mixed(value: str) -> Verdict:
    """Fail what may be a hash, a number or words where the issuer's alphabet has letters and digits side by side.

    Of twenty characters drawn from both, three in a hundred values have no digit: letters of both cases that are no
    words may be one.
    """
    letters = sum(mark.isalpha() for mark in value)
    digits = sum(mark.isdigit() for mark in value)
    if _HEX.fullmatch(value) or not letters:
        return FAILED
    one_case = value.upper() == value or value.lower() == value
    if not digits:
        likely = not one_case and _NAME.fullmatch(value) is None and made_by_chance(value)
    else:
        likely = digits > one_case
    return opaque(value) if likely else FAILED


def issued(value: str) -> Verdict:
    """Judge a value of a bare shape beside its issuer's name: what may be random is a shape, and no more than that.

    Fails for words, names and paths; a value that counts or says it is an example is a placeholder.
    """
    if len(set(value)) < _FEW - 1 or _MADE_UP.search(value):
        return _SAMPLE
    return FAILED if _NAME.fullmatch(value) else SHAPE


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
