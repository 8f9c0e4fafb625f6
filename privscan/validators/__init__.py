"""Named checks on a matched string: what a checksum, a parser or an issuer's structure says of it.

A check is a pure function `str -> Verdict` and never raises on any string. `TABLE` maps the names rules use.
"""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """What a check found. `state` is one of "passed", "failed", "shape" (well formed, nothing proved), "n/a".

    `facts` are words for the evidence ("brand:visa", "mode:test"); never the value or a piece of it.
    """

    state: str
    facts: tuple[str, ...] = ()
