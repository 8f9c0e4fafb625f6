"""National numbers: python-stdnum behind one function, and the rules it lacks.

>>> stdnum("stdnum.pl.pesel")("44051401359").state
'passed'
>>> us_ssn("078-05-1120").facts
('placeholder',)
"""

from __future__ import annotations

import datetime
import importlib
import re
from typing import TYPE_CHECKING

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict
from privscan.validators.bank import plain
from privscan.validators.card import digits, luhn_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


LEAST_DIGITS = 3  # different ones: fewer are a sample
LONG = 6  # digits: fewer may be equal or in a row by chance
# a province (GB/T 2260; 71 and 81 to 83 are Taiwan, Hong Kong, Macao and residents from Taiwan), date, serial number
_RIC = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}(?:19|20)\d{9}[\dX]")
_BARE = str.maketrans("", "", " .-/:_")  # modules differ in the separators they take out themselves


def stdnum(module: str, *, written: bool = False) -> Callable[[str], Verdict]:
    """Return the check of a python-stdnum module.

    Digits that are all one or count upwards, which many sums let through, never pass; with a right letter beside them
    they are a sample.

    With `written`, a right number without separators or letters is a shape: bare runs of digits meet many sums.
    """
    is_valid = importlib.import_module(module).is_valid

    def check(value: str) -> Verdict:
        number = digits(value)
        sample = len(set(number)) < 2 or number in "01234567890123456789"
        if sample and (len(number) == len(plain(value)) or not number):
            return FAILED
        try:
            if not is_valid(value):
                bare = "".join(value.translate(_BARE).split())
                if bare == value or not is_valid(bare):
                    return FAILED
        except (ValueError, LookupError, TypeError, AttributeError):
            return FAILED  # a text far from the number's form
        if sample and len(number) >= LONG:
            return Verdict("passed", (PLACEHOLDER,))
        return SHAPE if written and number == value else PASSED

    return check


_MISREAD = str.maketrans("OolI", "0011")


def scanned(check: Callable[[str], Verdict]) -> Callable[[str], Verdict]:
    """Return a check that reads the letters a scanner takes for digits; without such a letter it says nothing new."""

    def read(value: str) -> Verdict:
        digits_alone = value.translate(_MISREAD)
        return FAILED if digits_alone == value else check(digits_alone)

    return read


def weighted(number: str, weights: Sequence[int]) -> int:
    """Return the sum of digits (letters count 10 to 35) times weights."""
    return sum(int(c, 36) * w for c, w in zip(number, weights, strict=False))


def _right(ok: bool) -> Verdict:  # noqa: FBT001 - a verdict on one fact
    return PASSED if ok else FAILED


def de_idnr(value: str) -> Verdict:
    """Check a German tax number: its check digit; a shape where no digit of it stands two or three times, as is due.

    >>> de_idnr("36 574 261 809").state, de_idnr("38834001486").state, de_idnr("36 574 261 800").state
    ('passed', 'shape', 'failed')
    """
    number = plain(value)
    if stdnum("stdnum.de.idnr")(number) is PASSED:
        return PASSED
    checked = importlib.import_module("stdnum.iso7064.mod_11_10").is_valid(number)
    return SHAPE if checked and len(set(number)) > LEAST_DIGITS else FAILED


def us_ssn(value: str) -> Verdict:
    """Check area, group and serial against what the Social Security Administration never issues."""
    number = digits(value)
    area, group, serial = number[:3], number[3:5], number[5:]
    if len(number) != 9 or area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000":
        return FAILED
    if number in ("078051120", "219099999", "457555462", "123456789") or len(set(number)) == 1:
        return Verdict("passed", (PLACEHOLDER,))
    return PASSED


def us_npi(value: str) -> Verdict:
    """Check a provider number: Luhn over 80840 and the ten digits."""
    number = digits(value)
    return _right(len(number) == 10 and number[0] in "12" and len(set(number)) > 2 and luhn_sum("80840" + number) == 0)


def us_dea(value: str) -> Verdict:
    """Check a Drug Enforcement Administration number: odd digits plus twice the even ones, last digit."""
    number = digits(value[2:])  # the second character may be a 9
    if len(number) != 7 or len(set(number)) < 3:
        return FAILED
    return _right(weighted(number[:6], (1, 2, 1, 2, 1, 2)) % 10 == int(number[6]))


def uk_nino(value: str) -> Verdict:
    """Check the prefix of a National Insurance number; QQ and TN are kept for examples."""
    prefix = plain(value)[:2]
    if prefix in ("QQ", "TN") or plain(value) in ("AB123456C", "AA123456A"):
        return Verdict("passed", (PLACEHOLDER,))
    void = prefix in ("BG", "GB", "NK", "KN", "NT", "ZZ") or not set(prefix).isdisjoint("DFIQUV") or prefix[1:] == "O"
    return FAILED if void else PASSED


def de_rvnr(value: str) -> Verdict:
    """Check a German pension insurance number: digit sums of weighted digits, the letter as two of them."""
    number = plain(value)
    if not re.fullmatch(r"\d{8}[A-Z]\d{3}", number):
        return FAILED
    spelled = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
    total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(spelled, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return _right(total % 10 == int(number[11]))


def de_kvnr(value: str) -> Verdict:
    """Check a German health insurance number: Luhn-like sum from the left, the letter as two digits."""
    number = plain(value)
    if not re.fullmatch(r"[A-Z]\d{9}", number):
        return FAILED
    spelled = f"{ord(number[0]) - 64:02d}" + number[1:9]
    total = sum(sum(divmod(int(d) * (1 + place % 2), 10)) for place, d in enumerate(spelled))
    return _right(total % 10 == int(number[9]))


def pl_id(value: str) -> Verdict:
    """Check a Polish identity card: three letters, six digits, the first of them the check."""
    number = plain(value)
    if not re.fullmatch(r"[A-Z]{3}\d{6}", number):
        return FAILED
    return _right(weighted(number[:3] + number[4:], (7, 3, 1, 7, 3, 1, 7, 3)) % 10 == int(number[3]))


def pl_id_read(value: str) -> Verdict:
    """Check a Polish identity card whose digits a scanner may have taken for letters."""
    letters, rest = value[:3], value[3:]
    return scanned(lambda number: pl_id(letters + number))(rest)


def ru_snils(value: str) -> Verdict:
    """Check a Russian pension insurance number: weights 9 to 1, modulo 101, 100 written as 00."""
    number = digits(value)
    if len(number) != 11 or len(set(number)) < 3:
        return FAILED
    return _right(weighted(number[:9], range(9, 0, -1)) % 101 % 100 == int(number[9:]))


def cn_ric(value: str) -> Verdict:
    """Check a Chinese identity number: province, date of birth, ISO 7064 modulo 11-2.

    Below the province its places are not compared: those of earlier years stay in the numbers given out then.

    >>> cn_ric("110105198507231289").state, cn_ric("160105198507231289").state
    ('passed', 'failed')
    """
    number = plain(value)
    if not _RIC.fullmatch(number):
        return FAILED
    try:
        datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return FAILED
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return _right("10X98765432"[total % 11] == number[17])


def kz_iin(value: str) -> Verdict:
    """Check a Kazakh individual number: modulo 11, a second row of weights when the first gives 10."""
    number = digits(value)
    if len(number) != 12 or len(set(number)) < 3:
        return FAILED
    rest = weighted(number[:11], range(1, 12)) % 11
    if rest == 10:
        rest = weighted(number[:11], (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return _right(rest == int(number[11]))


def sg_nric(value: str) -> Verdict:
    """Check a Singapore NRIC or FIN: weighted sum modulo 11 picks the letter of the series."""
    number = plain(value)
    if not re.fullmatch(r"[STFGM]\d{7}[A-Z]", number) or len(set(number[1:8])) < 2:
        return FAILED
    total = weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(number[0], "XWUTRQPNMLK")
    return _right(letters[total % 11] == number[8])


def hk_id(value: str) -> Verdict:
    """Check a Hong Kong identity card: weights 9 to 2 over letters and digits, a missing first letter counts 36."""
    number = plain(value)
    if not re.fullmatch(r"[A-Z]{1,2}\d{6}[0-9A]", number):
        return FAILED
    body = number[:-1]
    total = weighted(body, range(len(body) + 1, 1, -1)) + (36 * 9 if len(body) == 7 else 0)
    return _right((total + int(number[-1], 36)) % 11 == 0)


def tw_id(value: str) -> Verdict:
    """Check a Taiwanese identity number: the letter stands for two digits, the weighted sum ends in 0."""
    number = plain(value)
    if not re.fullmatch(r"[A-Z][1289]\d{8}", number) or len(set(number[2:])) < 3:
        return FAILED
    region = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0]) + 10
    spelled = f"{region}{number[1:]}"
    return _right(weighted(spelled, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0)


def vin(value: str) -> Verdict:
    """Check the ninth character of a vehicle number (ISO 3779, binding in North America); others are a shape."""
    number = plain(value)
    if len(number) != 17 or len(set(number)) < 6 or sum(c.isdigit() for c in number) < 3:
        return FAILED
    table = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
    if not all(c.isdigit() or c in table for c in number):
        return FAILED
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(w * (int(c) if c.isdigit() else table[c]) for c, w in zip(number, weights, strict=True)) % 11
    return PASSED if number[8] == "0123456789X"[rest] else SHAPE
