"""Places on the globe: latitude and longitude, as decimals or in degrees, minutes and seconds."""

from __future__ import annotations

import re

from privscan.validators import FAILED, PASSED, Verdict

_NMEA = re.compile(r"(\d{2})(\d{2})\.\d+,[NS],(\d{3})(\d{2})\.\d+,[EW]")
_DEGREES = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(?:°|deg)")


def coordinates(value: str) -> Verdict:
    """Check that a pair lies on the globe and off its origin; one number alone may be either.

    >>> coordinates("48.85837, 2.29448").state, coordinates("4807.0381,N,01131.0004,E").state
    ('passed', 'passed')
    """
    if nmea := _NMEA.fullmatch(value):
        north, _, east, _ = map(int, nmea.groups())
        return PASSED if north < 90 and east < 180 and int(nmea[2]) < 60 and int(nmea[4]) < 60 else FAILED
    if degrees := [float(n) for n in _DEGREES.findall(value)]:
        if len(degrees) == 1:
            return PASSED if degrees[0] <= 180 else FAILED
        return PASSED if len(degrees) == 2 and degrees[0] <= 90 and degrees[1] <= 180 else FAILED
    numbers = [float(n) for n in re.findall(r"-?\d{1,3}\.\d+", value.replace("%2C", ","))]
    if len(numbers) == 1:
        return PASSED if 0.001 < abs(numbers[0]) <= 180 else FAILED
    if len(numbers) != 2 or abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        return FAILED
    return PASSED if max(map(abs, numbers)) > 1 else FAILED
