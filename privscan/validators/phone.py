"""Telephone numbers, by the numbering plans that phonenumbers carries."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict
from privscan.validators.card import digits

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# Plans a number without a country code is tried in, most people first.
REGIONS = tuple(
    """
    US IN BR ID PK NG MX DE FR GB IT ES PL NL TR JP KR CN RU UA AR CO CL PE AU NZ ZA KE GH EG
    MA BE SE AT CH DK NO FI PT GR CZ SK HU RO BG IE HR IL SA AE SG MY PH TH VN TW HK BD LK
    """.split()
)

# Numbers that regulators keep for fiction: country code or trunk 0, then the block.
_FICTION = re.compile(
    r"1?[2-9]\d{2}55501\d{2}|(?:44|0)(?:1632960\d{3}|7700900\d{3}|2079460\d{3}|8081570\d{3}|1[1-6]1496\d{4})"
    r"|(?:33|0)(?:[1-5]99\d{6}|63998\d{4})|(?:61|0)(?:491570\d{3}|[2378](?:5550|7010)\d{4})"
)
# Decimals, US postal codes, dates: digit groups that stand near telephones and are none.
_OTHER = re.compile(r"\d{1,3}\.\d{4,}|\d{5}-\d{4}|\d{4}-\d\d-\d\d|\d\d?([./])\d\d?\1(?:19|20)\d\d|\d{1,3}(?:\.\d{3})+")
_EXTENSION = re.compile(r"(?i) ?(?:x|ext\.? ?)\d{1,6}$")
_NANP = re.compile(r"1?[2-9](?!11)\d{2}[2-9](?!11)\d{2}\d{4}")


def phone(value: str) -> Verdict:
    """Check a number written with its country code: assigned passes, a possible length is a shape.

    >>> phone("+44 20 7946 0123").facts
    ('placeholder',)
    """
    number = digits(value)
    if len(set(number)) < 3:
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    if number.startswith("00") and "+" not in value:
        value = "+" + number[2:]
    return _known(_parsed(value, None))


def phone_us(value: str) -> Verdict:
    """Check a number of the North American plan: area and exchange as the plan allows; unassigned ones are a shape."""
    number = digits(value)
    if not _NANP.fullmatch(number) or len(set(number)) < 3:
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    parsed = _parsed("+1" + number[-10:], None)
    return PASSED if _known(parsed).state == "passed" else SHAPE


def phone_national(value: str) -> Verdict:
    """Check a number written without country code against the plans of `REGIONS`; the first that has it passes."""
    number = digits(value)
    if _OTHER.fullmatch(value) or not 7 <= len(number) <= 18 or len(set(number)) < 3:
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    if len(number) == 7 and not re.fullmatch(r"\d{3}[- .]\d{4}", value):
        return FAILED
    number = _EXTENSION.sub("", value)
    if any(_known(_parsed(value, region)).state == "passed" for region in _plans(digits(number))):
        return PASSED
    number = digits(value)
    return SHAPE if len(number) >= 9 or value[0] in "0(" else FAILED


@functools.cache
def _general() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return each plan's trunk prefix and the general pattern of its national numbers."""
    from phonenumbers import PhoneMetadata

    plans = []
    for region in REGIONS:
        plan = PhoneMetadata.metadata_for_region(region)
        general = plan.general_desc.national_number_pattern if plan and plan.general_desc else None
        if plan and general:
            plans.append((region, plan.national_prefix or "", re.compile(general)))
    return tuple(plans)


@functools.lru_cache(maxsize=65536)
def _plans(number: str) -> tuple[str, ...]:
    """Return the plans in which digits can be a national number at all: a quick look before the slow one."""
    found = []
    for region, trunk, pattern in _general():
        bare = number.removeprefix(trunk) if trunk else number
        if pattern.fullmatch(bare) or (bare != number and pattern.fullmatch(number)):
            found.append(region)
    return tuple(found)


def _parsed(value: str, region: str | None) -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None


def _known(number: PhoneNumber | None) -> Verdict:
    import phonenumbers

    if number is None:
        return FAILED
    if phonenumbers.is_valid_number(number):
        return PASSED
    return SHAPE if phonenumbers.is_possible_number(number) else FAILED
