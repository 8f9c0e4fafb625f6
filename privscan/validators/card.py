"""Payment cards: the Luhn sum (ISO/IEC 7812-1 annex B) and the ranges networks issue in.

>>> luhn("4111 1111 1111 1111").state
'passed'
>>> card_range("4111-1111-1111-1111").facts
('brand:visa', 'placeholder')
"""

from __future__ import annotations

import re

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

# First and last prefix, lengths. The first that fits names the brand, so narrow ranges stand before wide ones.
_RANGES: tuple[tuple[str, str, tuple[int, ...], str], ...] = (
    ("1946", "1946", (16, 17, 18, 19), "gpn"),
    ("2200", "2205", (16, 17, 18, 19), "mir"),
    ("2221", "2720", (16,), "mastercard"),
    ("1800", "1800", (15,), "jcb"),
    ("2131", "2131", (15,), "jcb"),
    ("300", "305", (14, 15, 16, 17, 18, 19), "diners"),
    ("3095", "3095", (14, 15, 16, 17, 18, 19), "diners"),
    ("34", "34", (15,), "amex"),
    ("353", "353", (16,), "jcb"),
    ("3528", "3589", (16, 17, 18, 19), "jcb"),
    ("36", "36", (14, 15, 16, 17, 18, 19), "diners"),
    ("37", "37", (15,), "amex"),
    ("38", "39", (14, 15, 16, 17, 18, 19), "diners"),
    ("4", "4", (13, 16, 19), "visa"),
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("5019", "5019", (16,), "dankort"),
    ("506099", "506198", (16, 18, 19), "verve"),
    ("507865", "507964", (16, 18, 19), "verve"),
    ("506699", "506778", (16,), "elo"),
    ("509000", "509999", (16,), "elo"),
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("51", "55", (16,), "mastercard"),
    ("56", "58", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("6011", "6011", (16, 17, 18, 19), "discover"),
    ("60400100", "60420099", (16, 17, 18, 19), "ukrcard"),
    ("606282", "606282", (16,), "hipercard"),
    ("60", "60", (16,), "rupay"),
    ("62", "62", (16, 17, 18, 19), "unionpay"),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("636297", "636368", (16,), "elo"),
    ("637", "637", (16,), "hipercard"),
    ("6390", "6390", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("644", "649", (16, 17, 18, 19), "discover"),
    ("65", "65", (16, 17, 18, 19), "discover"),
    ("67", "67", (12, 13, 14, 15, 16, 17, 18, 19), "maestro"),
    ("8100", "8171", (16, 17, 18, 19), "unionpay"),
    ("81", "82", (16,), "rupay"),
    ("8600", "8600", (16,), "uzcard"),
    ("9704", "9704", (16, 19), "napas"),
    ("9792", "9792", (16,), "troy"),
    ("9860", "9860", (16,), "humo"),
    ("1", "1", (15,), "uatp"),
)
_RARE = (13, 14, 15)  # lengths that Maestro allows and its banks do not use
_WIDE = ("uatp",)  # one digit of prefix: a right number of theirs is a shape

_GROUPINGS = frozenset(
    tuple(map(int, form.split("-")))
    for form in (
        "4-4-4 4-4-5 4-4-4-1 4-4-4-2 4-4-4-3 4-4-4-4 4-4-4-4-1 4-4-4-4-2 4-4-4-4-3 4-5-6 4-6-4 4-6-5 6-10 6-13 8-8 "
        "12 13 14 15 16 17 18 19"
    ).split()
)

# Near-random numbers that processors publish for tests; those of four distinct digits or fewer need no list.
_PUBLISHED = frozenset(
    {"5105105105105100", "378734493671000", "371449635398431", "6011000990139424", "30569309025904", "38520000023237",
     "3566002020360505", "5200828282828210", "2223003122003222", "4012888888881881", "4917610000000000",
     "6304000000000000", "5019717010103742", "6331101999990016", "2223000048400011", "378282246310005",
     "3056930009020004", "36227206271667", "6011111111111117", "5425233430109903",
     "4263982640269299", "374245455400126", "6011981111111113", "2222420000001113", "4532015112830366"}
)  # fmt: skip


def digits(value: str) -> str:
    """Return the ASCII digits of a value."""
    return "".join(c for c in value if "0" <= c <= "9")


def luhn_sum(number: str) -> int:
    """Return the Luhn sum modulo 10 of a run of ASCII digits, check digit included; 0 is right."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        total += _DOUBLED[int(digit)] if place % 2 else int(digit)
    return total % 10


def luhn(value: str) -> Verdict:
    """Check the Luhn digit of a number whose separators do not count; one repeated digit never passes."""
    number = digits(value)
    return PASSED if len(number) > 1 and len(set(number)) > 1 and luhn_sum(number) == 0 else FAILED


def card_range(value: str) -> Verdict:
    """Check that a network issues cards of this prefix, length and grouping; names the brand and published tests."""
    number = digits(value)
    if tuple(map(len, re.findall(r"[0-9]+", value))) not in _GROUPINGS:
        return FAILED
    for first, last, lengths, brand in _RANGES:
        if len(number) in lengths and first <= number[: len(first)] <= last:
            sample = len(set(number)) <= 4 or number in _PUBLISHED
            state = "passed" if sample or brand not in _WIDE else "shape"
            return Verdict(state, (f"brand:{brand}", PLACEHOLDER) if sample else (f"brand:{brand}",))
    return FAILED


def card(value: str) -> Verdict:
    """Check Luhn digit, range and grouping at once; a right number outside every known range is a shape.

    So is a bare run of 17 digits and more, or of a length hardly anybody issues: ids of that length are common.

    >>> card("4532759734545859").state
    'failed'
    """
    if luhn(value).state == "failed":
        return FAILED
    verdict = card_range(value)
    odd = len(value) >= 17 or (len(value) in _RARE and "brand:maestro" in verdict.facts)
    if odd and value.isdigit() and PLACEHOLDER not in verdict.facts:
        return SHAPE
    return verdict if verdict.state != "failed" or not 14 <= len(digits(value)) <= 19 else SHAPE


def imei(value: str) -> Verdict:
    """Check the Luhn digit of a device number of 15 digits."""
    number = digits(value)
    return PASSED if len(number) == 15 and len(set(number)) > 3 and luhn_sum(number) == 0 else FAILED


def eid(value: str) -> Verdict:
    """Check the two check digits of an embedded SIM's number (GSMA SGP.02: modulo 97 leaves 1).

    >>> eid("89049032123451234512345678901235").state
    'passed'
    """
    number = digits(value)
    return PASSED if len(number) == 32 and int(number) % 97 == 1 else FAILED
