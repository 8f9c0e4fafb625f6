"""What looks made by chance and is no secret: digests by their form, identifiers, versions, paths, sequences."""

from __future__ import annotations

import itertools
import re

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("uuid", r"(?i)\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?"),
        ("integrity", r"(?i)(?:sha(?:1|224|256|384|512)|md5)[-:=][0-9a-z+/=_-]{16,}|h1:[0-9A-Za-z+/]{43}="),
        ("number", r"[-+]?[0-9][0-9_., eE+-]*%?|0x[0-9A-Fa-f]{1,16}[uUlL]{0,3}"),
        ("version", r"(?i)[v^~<>=]{0,3}[0-9]+(?:\.[0-9*x]+){1,4}(?:[-+.]?[a-z]+[-.]?[0-9]*)*"),
        ("date", r"[12][0-9]{3}[-/.]?[01][0-9][-/.]?[0-3][0-9](?:[T _-]?[0-2][0-9].*)?"),
        ("time", r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?(?:Z|[+-][0-9:]{4,6})?|[0-9]+(?:ms|[smhd])"),
        ("address", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:[:/][0-9]{1,5})?|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        ("url", r"(?i)[a-z][a-z0-9+.-]{1,12}://.*|www\..*|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev)(?:[:/].*)?"),
        (
            "path",
            r"(?:[A-Za-z]:)?[~.]{0,2}[/\\].*|(?:[\w@.-]+[/\\])+[\w-]*\.[A-Za-z]{1,5}|(?:[A-Za-z_-]+/){1,6}[\w.-]{1,24}",
        ),
        ("file", r"[\w./-]{1,80}\.(?:[a-z]{2,4}|json|html|[jt]sx|conf|toml|yaml|properties|lock|pem|key|p12|mp[34])"),
        (
            "resource",
            r"(?:acl|ami|eipalloc|eni|fs|i|igw|lt|nat|pcx|rtb|sg|snap|subnet|tgw|vol|vpc|vpce)-[0-9a-f]{8}(?:[0-9a-f]{9})?",
        ),
        ("colour", r"#[0-9A-Fa-f]{3,8}"),
        ("type", r"[\w.]+(?:<.*>|\[\])"),
        ("digest", r"\$(?:2[abxy]?|5|6|1|y|argon2[a-z]*|apr1|scrypt|pbkdf2)\$.*|\{SSHA?\}.*"),
    )
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "01234567890",
    "09876543210",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedc",
    "1q2w3e4r5t6y",
)
_RUNNING = frozenset(row[at : at + 3] for row in _ROWS for at in range(len(row) - 2))


def kind(value: str) -> str:
    """Return what a string is by its form, "" for none of what is known here.

    >>> kind("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), kind("1.20.3-beta"), kind("x7Kq9vLm2TzP")
    ('integrity', 'version', '')
    """
    return next((name for name, pattern in _KINDS if pattern.fullmatch(value)), "")


def sequence(value: str) -> bool:
    """Say whether most of a string runs along the alphabet, the digits, the keyboard, or repeats itself.

    >>> sequence("abcdefgh12345678"), sequence("x7Kq9vLm2TzP"), sequence("0a0a0a0a0a0a")
    (True, False, True)
    """
    low = value.lower()
    if len(low) < 4:
        return False
    triples = [low[at : at + 3] for at in range(len(low) - 2)]
    running = sum(triple in _RUNNING or triple[0] * 3 == triple for triple in triples)
    if running * 2 >= len(triples):
        return True
    return any(low == (low[:size] * len(low))[: len(low)] for size in range(1, min(len(low) // 3, 8) + 1))


def changes(value: str) -> int:
    """Return how often a digit follows a letter, or a letter a digit."""
    return sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(value))
