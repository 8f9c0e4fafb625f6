"""Dates of birth: a real day, not in the future, of somebody who may live."""

from __future__ import annotations

import datetime
import re

from privscan.validators import FAILED, PASSED, SHAPE, Verdict

_OLDEST = 1880


def birth_date(value: str) -> Verdict:
    """Check day, month and year in any order; a date with a month's name is a shape with a likely year.

    >>> birth_date("31.02.1980").state, birth_date("1980-02-29").state
    ('failed', 'passed')
    """
    numbers = [int(n) for n in re.findall(r"\d+", value)]
    years = [n for n in numbers if n >= 1000]
    if years and not _OLDEST <= years[0] <= datetime.datetime.now(tz=datetime.UTC).year:
        return FAILED
    if len(numbers) != 3:
        return SHAPE if years else FAILED
    if years:
        year, day_or_month = years[0], [n for n in numbers if n < 1000]
    else:
        year, day_or_month = 1900 + numbers[2] % 100, numbers[:2]
    if len(day_or_month) != 2:
        return FAILED
    return PASSED if any(_exists(year, month, day) for month, day in (day_or_month, day_or_month[::-1])) else FAILED


def _exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return month == 2 and day == 29  # two-digit years: the century is a guess
    return True
