"""Says whether a value given to a name like `password` is a secret, or a word, a variable, a stand-in for one."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict

# Values that stand where a secret would: worth a note, not an alarm.
_STAND_IN = re.compile(
    r"(?i)change[-_ ]?(?:me|it|this)\b|"
    r"\b(?:your|my|some|insert|enter|put|add|replace|use)[-_ ]?(?:own[-_ ])?(?:\w+[-_ ])?"
    r"(?:password|passwd|secret|token|key|api|here|value)|(?:password|secret|token|key)[-_ ]?here|example|dummy|"
    r"placeholder|redacted|sample|<[^<>]{2,40}>|x{4,}|\*{3,}|\.{3,}|(?<![a-z])(?:foo|bar|baz|todo|fixme|lorem|fake|mock)(?![a-z])"
)
# Code that fetches a value, a template that will be filled, a type, a path.
_REFERENCE = re.compile(
    r"[$%#@]?[{(\[<]|[$%][A-Za-z_]|.*[(){}\[\]<>;]|(?:self|this|os|env|process|config|settings|request|args|params|options?)\.|"
    r"(?:https?|file|ssh)://|[./~]/|/|\\\\|--?[a-z]|&[a-z]+|arn:|projects/|[A-Za-z]\w*::"
)
_CONSTANT = re.compile(
    r"(?i)(?:true|false|null|none|nil|undefined|void|string|str|bytes?|int(?:eger)?|object|required|optional|default|"
    r"empty|unknown|test(?:ing)?|password|passwd|secret|token|hidden|username|user|admin|root|enabled?|disabled?|yes|no)"
)
_NAME = re.compile(r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+|(?:[A-Z]+[0-9]*)?(?:[A-Z][a-z]{2,}[0-9]{0,2}){2,}")
_WORDS = re.compile(r"_*[A-Za-z]+(?:[-_. ][A-Za-z]+)*[0-9]?|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:[-_.][a-z0-9]+)+")
# What names and kinds of passwords are called, dotted names, short numbers: given to a password's name in code.
_NO_PASSWORD = re.compile(
    r"(?i:[A-Za-z_.-]*(?:pass(?:w|phrase|code)|pwd|secret|token|credential)[A-Za-z_.-]*[0-9]?)|0x[0-9A-Fa-f]+|[0-9]{1,5}|"
    r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+|(?:[A-Z0-9]+_)+[A-Z0-9]+|[a-z]*_?pass|"
    r"(?i:optional|always|never|disallow(?:ed)?|encrypted|invalid|incorrect|wrong|missing|blank|text|input|login|"
    r"prompt|varchar|char|array|boolean|number|any|guest|anonymous|blanks?|forgot|reset|change|show|hide|update)"
)
_TITLE = re.compile(r"[A-Z][a-z]+|[A-Z]+")
_KINDS = (str.islower, str.isupper, str.isdigit)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_WORDS_AND_NUMBER = re.compile(r"(?:[A-Za-z]+[-_. ])*[A-Za-z]*[-_. ]?[0-9]{1,3}(?:\.[0-9]+)*")


def entropy(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def secret(value: str) -> Verdict:
    """Judge a value beside a telling name: fails for references and plain words, passes for what looks random."""
    bare = value.strip()
    if len(bare) < 6 or _CONSTANT.fullmatch(bare) or _REFERENCE.match(bare):
        return FAILED
    if _STAND_IN.search(bare) or len(set(bare)) < 4:
        return Verdict("shape", (PLACEHOLDER,))
    if _NAME.fullmatch(bare):
        return FAILED
    if _random(bare):
        return PASSED
    if _WORDS.fullmatch(bare):
        return FAILED
    kinds = sum(any(map(test, bare)) for test in _KINDS) + (not _PLAIN.fullmatch(bare))
    long, short = len(bare) >= 16 and entropy(bare) >= 3.2, len(bare) >= 8 and entropy(bare) >= 2.5
    return PASSED if (long and kinds >= 2) or (short and kinds >= 3) else SHAPE


def password(value: str) -> Verdict:
    """Judge a value given to a name that says password: words count too, if they are no label, type or other name.

    >>> password("correct-horse").state, password("Required").state
    ('passed', 'failed')
    """
    bare = value.strip()
    if len(bare) < 4 or _CONSTANT.fullmatch(bare) or _REFERENCE.match(bare) or _NO_PASSWORD.fullmatch(bare):
        return FAILED
    if _STAND_IN.search(bare) or len(set(bare)) < 3:
        return Verdict("shape", (PLACEHOLDER,))
    return FAILED if _TITLE.fullmatch(bare) or (bare.isalpha() and not bare.isascii()) else PASSED


def _random(value: str) -> bool:
    """Say whether letters and digits follow one another as no word or name has them."""
    if len(value) >= 8 and sum(c.isdigit() for c in value) >= 2 and _WORDS_AND_NUMBER.fullmatch(value) is None:
        return True
    if _CONSONANTS.search(value.lower()):
        return True
    turns = sum(a.isalpha() and b.isalpha() and a.isupper() != b.isupper() for a, b in itertools.pairwise(value))
    return len(value) >= 16 and turns * 3 > len(value)


def url_password(value: str) -> Verdict:
    """Judge the password of a URL: fails for references and templates; words count, for little else stands there."""
    if _REFERENCE.match(value) or len(value) < 3:
        return FAILED
    if _STAND_IN.search(value) or re.fullmatch(r"(?i)pass(?:word|wd)?|pwd|pw|secret|token|user(?:name)?|key", value):
        return Verdict("shape", (PLACEHOLDER,))
    return PASSED


def basic_auth(value: str) -> Verdict:
    """Decode the credentials of a Basic authorization header: printable `user:password` in base64 (RFC 7617).

    Other text of capitals, small letters and digits is a shape.
    """
    from privscan.validators.tokens import unbase64

    raw = unbase64(value)
    likely = SHAPE if len(value) >= 12 and _mixture(value) else FAILED
    try:
        user, colon, password = (raw or b"").decode().partition(":")
    except UnicodeDecodeError:
        return likely
    if not colon or not password or not (user + password).isprintable():
        return likely
    return Verdict("passed", (PLACEHOLDER,)) if _STAND_IN.search(password) else PASSED


def _mixture(value: str) -> bool:
    return all(any(map(test, value)) for test in _KINDS)
