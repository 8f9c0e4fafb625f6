"""Tells what an issuer's generator may have drawn from words, counts and stand-ins, for shapes that nobody owns alone.

>>> issued("9f3b0c6de1a24785bb61").state, issued("GetMailFolderChildrenAsync").state
('shape', 'failed')
"""

from __future__ import annotations

import re

from privscan.validators import FAILED, PLACEHOLDER, SHAPE, Verdict

_STAND_IN = re.compile(
    r"(?i)example|placeholder|redacted|dummy|insert|change_?me|replace_?(?:me|with)|[_-]here\b|goes_?here|"
    r"(?:^|[_-])(?:my|your|fake|mock|sample)[_-]|x{6,}|\*{3,}|\.{3,}|0{10,}|12345678|01234567|abcdefgh|deadbeef"
)
# Words as code and files join them: dashed, dotted, underscored, in camel case; a number at most behind a word.
_NAME = re.compile(r"(?:(?:(?:[A-Z]{0,5}[a-z]{2,}|[A-Z](?![A-Z]))+|[A-Z]{2,})[0-9]{0,3}(?:[-_.+/=~]+|\Z))+")
_VARIETY = 4  # different characters that a value must hold


def issued(value: str) -> Verdict:
    """Judge a value of a bare shape beside its issuer's name: what may be random is a shape, and no more than that.

    Fails for words, names and paths; a value that counts or says it is an example is a placeholder.
    """
    if len(set(value)) < _VARIETY or _STAND_IN.search(value):
        return Verdict("shape", (PLACEHOLDER,))
    return FAILED if _NAME.fullmatch(value) else SHAPE
