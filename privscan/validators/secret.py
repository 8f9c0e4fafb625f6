"""Is a value given to a name like `password` or `api_key` a secret, or a word, a variable, a stand-in for one?"""

from __future__ import annotations

import math
import re
from collections import Counter

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict

# Values that stand where a secret would: worth a note, not an alarm.
_STAND_IN = re.compile(
    r"(?i)change[-_ ]?(?:me|it|this)\b|\b(?:your|my|some|insert|enter|put|add|replace|use)[-_ ]?(?:own[-_ ])?(?:\w+[-_ ])?"
    r"(?:password|passwd|secret|token|key|api|here|value)|(?:password|secret|token|key)[-_ ]?here|example|dummy|placeholder|"
    r"redacted|sample|<[^<>]{2,40}>|x{4,}|\*{3,}|\.{3,}|(?:foo|bar|baz|todo|fixme|lorem|fake|mock)"
)
# Code that fetches a value, a template that will be filled, a type, a path.
_REFERENCE = re.compile(
    r"[$%#@]?[{(\[<]|[$%][A-Za-z_]|.*[(){}\[\]<>;]|(?:self|this|os|env|process|config|settings|request|args|params|options?)\.|"
    r"(?:https?|file|ssh)://|[./~]/|/|\\\\|--?[a-z]|&[a-z]+|arn:|projects/"
)
_CONSTANT = re.compile(
    r"(?i)(?:true|false|null|none|nil|undefined|void|string|str|bytes?|int(?:eger)?|object|required|optional|default|"
    r"empty|unknown|test(?:ing)?|password|passwd|secret|token|hidden|username|user|admin|root|enabled?|disabled?|yes|no)"
)
_NAME = re.compile(r"[A-Za-z][a-z]*(?:[-_. ]?[A-Za-z][a-z]*)*[0-9]?|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:[-_.][a-z0-9]+)+")


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
    if _NAME.fullmatch(bare) and not _mixed(bare):
        return FAILED
    kinds = sum(any(test(c) for c in bare) for test in (str.islower, str.isupper, str.isdigit)) + (not bare.isalnum())
    long, short = len(bare) >= 16 and entropy(bare) >= 3.2, len(bare) >= 8 and entropy(bare) >= 2.5
    return PASSED if (long and kinds >= 2) or (short and kinds >= 3) else SHAPE


def _mixed(value: str) -> bool:
    """Say whether capitals and small letters change places more often than words in camel case let them."""
    changes = sum(1 for a, b in zip(value, value[1:], strict=False) if a.isalpha() and b.isalpha() and a.isupper() != b.isupper())
    return len(value) >= 16 and changes * 3 > len(value)


def url_password(value: str) -> Verdict:
    """Judge the password of a URL: fails for references and templates; words count, for few other things stand there."""
    if _REFERENCE.match(value) or len(value) < 3:
        return FAILED
    if _STAND_IN.search(value) or re.fullmatch(r"(?i)pass(?:word|wd)?|pwd|pw|secret|token|user(?:name)?|key", value):
        return Verdict("shape", (PLACEHOLDER,))
    return PASSED


def basic_auth(value: str) -> Verdict:
    """Decode the credentials of a Basic authorization header: printable `user:password` in base64 (RFC 7617)."""
    from privscan.validators.tokens import unbase64  # noqa: PLC0415 - one check of many needs it

    raw = unbase64(value)
    try:
        user, colon, password = (raw or b"").decode().partition(":")
    except UnicodeDecodeError:
        return FAILED
    if not colon or not password or not (user + password).isprintable():
        return FAILED
    return Verdict("passed", (PLACEHOLDER,)) if _STAND_IN.search(password) else PASSED
