"""Machine-readable zones of passports and identity cards (ICAO Doc 9303): the check digits in the lines."""

from __future__ import annotations

from privscan.validators import FAILED, PASSED, SHAPE, Verdict

_WEIGHTS = (7, 3, 1)


def mrz(value: str) -> Verdict:
    """Check number, birth date and expiry of a TD3 or TD2 second line, or of a TD1 zone; two of three are enough."""
    lines = [line.replace(" ", "") for line in value.upper().splitlines() if line.strip()]
    if len(lines) == 3:
        fields = ((lines[0][5:14], lines[0][14:15]), (lines[1][:6], lines[1][6:7]), (lines[1][8:14], lines[1][14:15]))
    elif len(lines) == 2:
        line = lines[1]
        fields = ((line[:9], line[9:10]), (line[13:19], line[19:20]), (line[21:27], line[27:28]))
    else:
        return FAILED
    right = sum(check.isdigit() and _digit(text) == int(check) for text, check in fields)
    return PASSED if right == 3 else SHAPE if right == 2 else FAILED


def _digit(text: str) -> int:
    values = (0 if c == "<" else int(c, 36) if c.isalnum() and c.isascii() else 0 for c in text)
    return sum(value * _WEIGHTS[place % 3] for place, value in enumerate(values)) % 10
