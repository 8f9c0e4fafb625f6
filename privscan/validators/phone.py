"""Telephone numbers, by the numbering plans that phonenumbers carries."""

from __future__ import annotations

import functools
import re

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict
from privscan.validators.card import digits

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
_OTHER = re.compile(
    r"\d{1,3}\.\d{4,}|\d{5}-\d{4}|\d{4}-\d\d-\d\d|\d\d?([./])\d\d?\1(?:19|20)\d\d|\d{1,3}(?:\.\d{3})+"
    r"|(?:1[5-9]|20)\d\d ?[-–/] ?(?:1[5-9]|20)\d\d|(?:19|20)\d\d[-/. ]\d\d?[-/. ]\d\d?(?: \d\d?)*"
)
_DECIMAL = re.compile(r"\+(\d+)\.\d+")  # a number, or a country code set off by a dot
_EXTENSION = re.compile(r"(?i) ?(?:x|ext\.? ?)\d{1,6}$")
_VARIED = 4  # digits that differ, of a number told by its shape alone
_DIALLED = 9  # digits; shorter ones count in the groups that are usual in their country alone
# Thousands, differences, quotients.
_COUNTED = re.compile(r"[ .]000$|^[1-9]\d* [-–] |^[1-9][\d -]*/|^\d{1,2}(?:([ .])\d{3})(?:\1\d{3})+$")
_BY_THREE = re.compile(r"\d{3}([ .-])\d{3}\1\d{3}")  # where no trunk digit is dialled, a habit of many
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
    if decimal := _DECIMAL.fullmatch(value):
        return PASSED if len(decimal[1]) <= 3 and _known(number, None) is PASSED else FAILED
    number = digits(_EXTENSION.sub("", value))
    if "+" in value:
        return _known(number, None)
    return PASSED if _known(number.removeprefix("00"), None) is PASSED else FAILED  # 00 begins much else


def phone_us(value: str) -> Verdict:
    """Check a number of the North American plan: area and exchange as the plan allows; unassigned ones are a shape."""
    number = digits(_EXTENSION.sub("", value))
    if not _NANP.fullmatch(number) or len(set(number)) < 3:
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    return PASSED if _known("1" + number[-10:], None) is PASSED else SHAPE


def phone_national(value: str) -> Verdict:
    """Check a number written without country code against the plans of `REGIONS`; the first that has it passes."""
    number = digits(value)
    if _OTHER.fullmatch(value) or not 7 <= len(number) <= 18 or len(set(number)) < 3 or _counts(value):
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    if len(number) == 7 and not re.fullmatch(r"\d{3}[- .]\d{4}", value):
        return FAILED
    number = _EXTENSION.sub("", value)
    bare = digits(number)
    if any(_known(bare, region) is PASSED for region in _plans(bare)):
        return PASSED
    number = digits(value)
    return SHAPE if len(number) >= 9 or value[0] in "0(" else FAILED


def _counts(value: str) -> bool:
    """Say whether the groups count up by one, as the days of a calendar do."""
    groups = list(map(int, re.findall(r"\d+", value)))
    return len(groups) >= 4 and groups == list(range(groups[0], groups[0] + len(groups)))


def phone_in(value: str, about: str = "") -> Verdict:
    """Check a number written without country code against the plans of the regions asked for, as "DE,AT".

    One that only another country knows is a shape; so are bare digits that show no sign of being dialled.

    >>> phone_in("030 2219 1848", "DE").state, phone_in("030 2219 1848", "US").state
    ('passed', 'shape')
    """
    found = phone_national(value)
    if found.facts or _OTHER.fullmatch(value) or not 7 <= len(digits(value)) <= 18 or len(set(digits(value))) < 3:
        return found  # a sample, or something else
    elsewhere = FAILED if found is FAILED else SHAPE
    dialled = _EXTENSION.sub("", value)
    if (dialled.isdigit() and dialled[0] != "0") or _COUNTED.search(dialled):
        return elsewhere
    plans = (region for region in about.split(",") if region and _known(digits(dialled), region) is PASSED)
    return PASSED if any(_as_dialled(dialled, region) for region in plans) else elsewhere


def phone_dialled(value: str) -> Verdict:
    """Check a number without country code by its shape alone: assigned, and grouped as its country writes it.

    >>> phone_dialled("06 12 34 48 31").state, phone_dialled("05 12 23 34 45").state
    ('passed', 'failed')
    """
    number = digits(value)
    groups = re.findall(r"\d+", value)
    if not 9 <= len(number) <= 11 or len(set(number)) < _VARIED:
        return FAILED
    lots = groups == sorted(set(groups)) and set(map(len, groups)) == {2}  # numbers drawn are told in order
    if lots or _OTHER.fullmatch(value):
        return FAILED
    if _FICTION.fullmatch(number):
        return Verdict("passed", (PLACEHOLDER,))
    plans = (region for region in _plans(number) if _known(number, region) is PASSED)
    return PASSED if any(_grouped(value, region) for region in plans) else FAILED


@functools.lru_cache(maxsize=4096)
def _grouped(value: str, region: str) -> bool:
    """Say whether a number's groups are the very ones that are usual there."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    found = PhoneNumberMatcher(value, region, leniency=Leniency.EXACT_GROUPING)
    return any(match.start == 0 and match.end == len(value) for match in found)


@functools.lru_cache(maxsize=4096)
def _as_dialled(value: str, region: str) -> bool:
    """Say whether a number is written as it is dialled there: with its trunk digit, or in groups that are usual."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    leniency = Leniency.VALID
    if len(digits(value)) < _DIALLED:
        leniency = Leniency.EXACT_GROUPING
    elif value[0] not in "0(" and not _BY_THREE.fullmatch(value):
        leniency = Leniency.STRICT_GROUPING
    found = PhoneNumberMatcher(value, region, leniency=leniency)
    return any(match.start == 0 and match.end == len(value) for match in found)


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


@functools.lru_cache(maxsize=65536)  # several rules ask of the same number, one after the other
def _known(number: str, region: str | None) -> Verdict:
    """Look a run of digits up in a region's plan, or with its country code in front where the region is None."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number if region else "+" + number, region)
    except phonenumbers.NumberParseException:
        return FAILED
    if phonenumbers.is_valid_number(parsed):
        return PASSED
    return SHAPE if phonenumbers.is_possible_number(parsed) else FAILED
