"""Places on the globe: latitude and longitude, as decimals or in degrees, minutes and seconds."""

from __future__ import annotations

import re

from privscan.validators import FAILED, PASSED, Verdict


def coordinates(value: str) -> Verdict:
    """Check that a pair lies on the globe and off its origin; one number alone may be either.

    >>> coordinates("48.85837, 2.29448").state
    'passed'
    """
    if "°" in value:
        degrees = [int(n) for n in re.findall(r"(\d{1,3})\s*°", value)]
        return PASSED if len(degrees) == 2 and degrees[0] <= 90 and degrees[1] <= 180 else FAILED
    numbers = [float(n) for n in re.findall(r"-?\d{1,3}\.\d+", value)]
    if len(numbers) == 1:
        return PASSED if 0.001 < abs(numbers[0]) <= 180 else FAILED
    if len(numbers) != 2 or abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        return FAILED
    return PASSED if max(map(abs, numbers)) > 1 else FAILED
