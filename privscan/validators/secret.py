"""Says whether a value given to a name like `password` is a secret, or a word, a variable, a stand-in for one."""

from __future__ import annotations

import functools
import itertools
import re

from privscan.validators import FAILED, NOT_APPLICABLE, PASSED, PLACEHOLDER, SHAPE, Verdict, known
from privscan.validators.rarity import entropy, rarity

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
# What calls, templates and expressions are written with.
_CODE = re.compile(
    r"[$%#@]?[{(\[<]|[$%][A-Za-z_{(]|.*(?:\$\{|\{\{|<%|\(\)|\]\()|[A-Za-z_][\w.]{1,60}[(\[]|"
    r"(?:self|this|os|env|process|config|settings|request|args|params|options?)\."
)
_HEX = re.compile(r"[0-9a-f]{16,}|[0-9A-F]{16,}")
_IDENTIFIER = re.compile(r"_*(?:[A-Za-z0-9]{0,15}[._]){1,8}[A-Za-z]\w{0,15}")
_PART = re.compile(r"[0-9A-Za-z+/]{16,}")
_RARE = 5.2  # bits a pair: one random string of letters and digits in a hundred has less, one identifier in fifty more
_NEVER = frozenset({"integrity", "version", "date", "time", "address", "url", "type", "colour", "resource"})
_SELDOM = frozenset({"number", "path", "file"})
_CONSTANT = re.compile(
    r"(?i)(?:true|false|null|none|nil|undefined|void|string|str|bytes?|int(?:eger)?|object|required|optional|default|"
    r"empty|unknown|test(?:ing)?|password|passwd|secret|token|hidden|username|user|admin|root|enabled?|disabled?|yes|no)"
)
_NAME = re.compile(r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+|(?:[A-Z]+[0-9]*)?(?:[A-Z][a-z]{2,}[0-9]{0,2}){2,}")
# "PBKDF2WithHmacSHA256": words written together, algorithms and acronyms at their ends
_CAMEL = re.compile(
    r"(?:[A-Z]{2,6}[0-9]{0,4})?[A-Za-z][a-z]{2,}[0-9]{0,2}(?:[A-Z][a-z]{2,}[0-9]{0,2}|[A-Z][a-z](?=[A-Z]))+"
    r"(?:[A-Z]{2,6}[0-9]{0,4})?"
)
# "tls-cert-2024-prod", "aes-256-cbc": words, numbers, and words with a number, joined
_SLUG = re.compile(
    r"[A-Za-z]{0,14}[0-9]{0,4}[a-z]{0,4}[0-9]{0,2}(?:[-_.:=/+][A-Za-z]{0,14}[0-9]{0,4}[a-z]{0,4}[0-9]{0,2}){1,8}"
)
_SLUG_RARITY = 5.6  # bits a pair: grouped random characters have more
# Issued tokens have letters, digits and the few marks of base64, URLs and prefixes; one drawn with more has many.
_FOREIGN = re.compile(r"[0-9A-Za-z_.+/=~:-]+(?:[?!$%^&*@#][0-9A-Za-z_.+/=~:-]+)+")
_MARKS = "?!$%^&*@#"
_FOREIGN_LENGTH = 14  # characters that a mark of other alphabets is worth
_WORDS = re.compile(r"_*[A-Za-z]+(?:[-_. ][A-Za-z]+)*[0-9]?|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:[-_.][a-z0-9]+)+")
# What names and kinds of passwords are called, dotted names, short numbers: given to a password's name in code.
_NO_PASSWORD = re.compile(
    r"(?i:[A-Za-z_.-]*(?:pass(?:w|phrase|code)|pwd|secret|token|credential)[A-Za-z_.-]*[0-9]?)|0x[0-9A-Fa-f]+|[0-9]{1,5}|"
    r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+|(?:[A-Z0-9]+_)+[A-Z0-9]+|[a-z]*_?pass|"
    r"(?i:optional|always|never|disallow(?:ed)?|encrypted|invalid|incorrect|wrong|missing|blank|text|input|login|"
    r"prompt|form|varchar|char|bool(?:ean)?|float|double|date|list|dict|tuple|bytearray|array|boolean|number|any|guest|anonymous|blanks?|forgot|reset|change|show|hide|update)"
)
_TITLE = re.compile(r"[A-Z][a-z]+|[A-Z]+")
_KINDS = (str.islower, str.isupper, str.isdigit)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_WORDS_AND_NUMBER = re.compile(r"(?:[A-Za-z]+[-_. ])*[A-Za-z]*[-_. ]?[0-9]{1,3}(?:\.[0-9]+)*")


def secret(value: str) -> Verdict:
    """Judge a value beside a telling name: fails for references and plain words, passes for what looks random.

    >>> secret("x7Kq9vLm2TzPw4Rb").state, secret("description_of_it").state, secret("your-api-key-here").facts
    ('passed', 'failed', ('placeholder',))
    """
    bare = value.strip()
    likely = made_by_chance(bare)
    if len(bare) < 6 or _CONSTANT.fullmatch(bare) or _CODE.match(bare) or _told_apart(bare, likely=likely):
        return FAILED
    stand_in = _STAND_IN.search(bare) is not None
    if _named(bare) or _broken(bare):
        return Verdict("failed", (PLACEHOLDER,)) if stand_in else FAILED
    if stand_in or len(set(bare)) < 4 or known.sequence(bare):
        return Verdict("shape", (PLACEHOLDER,))
    if likely or known.kind(bare) == "uuid":
        return PASSED
    if _NAME.fullmatch(bare):
        return FAILED
    if _random(bare):
        return PASSED
    return FAILED if _WORDS.fullmatch(bare) else _mixed(bare)


def _told_apart(value: str, *, likely: bool) -> bool:
    """Say whether a value is of a known kind that is no secret, or fetches one from elsewhere."""
    form = known.kind(value)
    return form in _NEVER or (not likely and (form in _SELDOM or _REFERENCE.match(value) is not None))


def _named(value: str) -> bool:
    """Say whether a value is made of words and numbers: the name of an algorithm, a class, a resource, a release."""
    if _CAMEL.fullmatch(value):
        return True
    return _SLUG.fullmatch(value) is not None and rarity(value) < _SLUG_RARITY


def _broken(value: str) -> bool:
    """Say whether a value is no whole token: bytes in hexadecimal come in pairs, and no alphabet has one mark more."""
    if _HEX.fullmatch(value):
        return len(value) % 2 == 1
    marks = sum(map(value.count, _MARKS))
    if not 0 < marks <= len(value) // _FOREIGN_LENGTH or not _FOREIGN.fullmatch(value):
        return False
    return made_by_chance("".join(filter(str.isalnum, value)))  # what people make up may well have one


def _mixed(value: str) -> Verdict:
    """Judge by the kinds of characters and their entropy what is neither a word nor clearly made by chance."""
    kinds = sum(any(map(test, value)) for test in _KINDS) + (not _PLAIN.fullmatch(value))
    long, short = len(value) >= 16 and entropy(value) >= 3.2, len(value) >= 8 and entropy(value) >= 2.5
    return PASSED if (long and kinds >= 2) or (short and kinds >= 3) else SHAPE


def random(value: str) -> Verdict:
    """Judge a value beside a name that says little (`key`, `auth`): only what chance alone makes passes.

    >>> random("x7Kq9vLm2TzPw4Rb").state, random("9e107d9d372bb6826bd81d3542a419d6").state, random("user_id_2").state
    ('passed', 'passed', 'failed')
    """
    bare = value.strip()
    if len(bare) < 10 or _CONSTANT.fullmatch(bare) or _CODE.match(bare) or not made_by_chance(bare):
        return FAILED
    if known.kind(bare) not in {"", "path", "file"} or _named(bare) or _broken(bare):
        return FAILED
    if _STAND_IN.search(bare) or len(set(bare)) < 6 or known.sequence(bare):
        return Verdict("shape", (PLACEHOLDER,))
    return PASSED


def least_entropy(value: str, about: str = "3") -> Verdict:
    """Fail what has less than so many bits a character ("entropy/3.5")."""
    return SHAPE if entropy(value) >= float(about) else FAILED


def least_rarity(value: str, about: str = "5") -> Verdict:
    """Fail what has less than so many bits a pair of characters ("rarity/5"): words and names."""
    return SHAPE if rarity(value) >= float(about) else FAILED


def unlike(value: str, about: str = "(?!)") -> Verdict:
    """Fail what a regular expression is found in ("unlike/EXAMPLE$")."""
    return FAILED if _compiled(about).search(value) else NOT_APPLICABLE


def without(value: str, about: str = "") -> Verdict:
    """Fail what holds one of the words, a line each, in any case."""
    low = value.lower()
    return FAILED if any(word in low for word in about.lower().split("\n") if word) else NOT_APPLICABLE


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def made_by_chance(value: str) -> bool:
    """Say whether a string's characters follow one another as in no word, name or identifier.

    Hexadecimal digits are told by their mixture, everything else by `rarity`.
    """
    digits = sum(map(str.isdigit, value))
    if _HEX.fullmatch(value):
        return digits >= 3 and len(value) - digits >= 2 and len(set(value.lower())) >= 6
    if len(value) >= 16 and value.isalnum() and known.changes(value) * 4 >= len(value) and len(set(value)) >= 8:
        return True
    least = (
        _RARE + max(20 - len(value), 0) * 0.1 + (0 if digits else 0.6) + (1.4 if _IDENTIFIER.fullmatch(value) else 0)
    )
    if len(value) >= 10 and rarity(value) >= least and (digits or len(value) >= 16):
        return True
    parts = _PART.findall(value)  # "prefix_x7Kq9vLm2TzPw4Rb"
    return any(part != value and made_by_chance(part) for part in parts)


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
    if _CONSONANTS.search(value.lower()) and rarity(value) >= _RARE:
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
    """Say whether small letters, capitals and digits meet, or capitals stand within a word as in no word."""
    inside = sum(a.islower() and b.isupper() for a, b in itertools.pairwise(value))
    return inside * 4 >= len(value) or all(any(map(test, value)) for test in _KINDS)
