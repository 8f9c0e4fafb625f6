"""Pieces of patterns that have a name, as a rule of the user's gets them."""

from __future__ import annotations

import re

import pytest

from privscan import shared
from privscan.errors import RuleError

HEX = "9e107d9d372bb6826bd81d3542a419d6"
FREE = "x7Kq9vLm2TzPw4Rbx7Kq9vLm2TzPw4Rb"


def put(pattern: str) -> re.Pattern[str]:
    row = {"pattern": pattern, "keywords": ["acme", "acme corp"]}
    shared.put_in([row], {}, "acme.toml")
    return re.compile(row["pattern"])


@pytest.mark.parametrize(
    ("text", "told", "bare"),
    [
        pytest.param('acme_key = "{}"', True, True, id="a telling name"),
        pytest.param('acmeWidget: "{}"', True, True, id="given to the issuer's name"),
        pytest.param('AcmeClient("{}")', True, True, id="a client"),
        pytest.param('acme.start("{}")', True, True, id="a start"),
        pytest.param("acme login {}", True, True, id="a login"),
        pytest.param("curl -u bob:{} https://acme.example", True, True, id="of a user"),
        pytest.param("{}", True, True, id="all of a field"),
        pytest.param("acme {} x", False, True, id="free"),
        pytest.param("{}  acme-sdk.tar.gz", False, True, id="at the head of a line"),
        pytest.param('acme_commit = "{}"', False, True, id="a name that says digest"),
        pytest.param("acme/{}", False, False, id="of a path"),
    ],
)
def test_what_tells_of_a_value(text: str, told: bool, bare: bool) -> None:
    value = r"(?P<value>[0-9A-Za-z]{32})(?!\w)"
    for sample, free in ((HEX, False), (FREE, bare)):
        here = text.format(sample)
        assert (put("%{told}" + value).search(here) is not None) is told
        assert (put("%{told_or_bare}" + value).search(here) is not None) is (told or free)


def test_an_unknown_piece_is_told() -> None:
    with pytest.raises(RuleError, match=r"%\{tolds\} is unknown.*told"):
        put("%{tolds}x")
