"""National numbers that python-stdnum does not know, as forms, weights and moduli; each name is a check.

>>> hu_taj("112 233 446").state, de_icao("L01X00T472").state, pt_niss("11234567893").state
('failed', 'failed', 'failed')
>>> br_pis("120.56412.54-5").state, nz_nhi("ZAC5361").state
('passed', 'passed')
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from privscan.validators import FAILED, PASSED, PLACEHOLDER, Verdict
from privscan.validators.bank import plain
from privscan.validators.card import luhn_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def weigh(number: str, weights: Sequence[int]) -> int:
    """Return the sum of digits (letters count 10 to 35) times weights; a short row of weights starts again."""
    return sum(int(c, 36) * weights[place % len(weights)] for place, c in enumerate(number))


def _sum(
    form: str, weights: Sequence[int], modulus: int, *, sign: int = 1, at: int = -1, ten: str = "0"
) -> Callable[[str], Verdict]:
    """Return the check of a number whose character `at` is the weighted sum of those before it, modulo `modulus`.

    `sign` -1 takes what is missing to the modulus; a rest of 10 is written `ten` ("" when such numbers are not issued).
    """
    shape = re.compile(form)

    def check(value: str) -> Verdict:
        number = plain(value)
        if not shape.fullmatch(number) or _dull(number):
            return FAILED
        rest = sign * weigh(number[:at], weights) % modulus
        return PASSED if number[at] == ("0123456789"[rest] if rest < 10 else ten) else FAILED

    return check


def _zero(form: str, weights: Sequence[int], modulus: int) -> Callable[[str], Verdict]:
    """Return the check of a number whose weighted sum, check digit and all, is divisible."""
    shape = re.compile(form)

    def check(value: str) -> Verdict:
        number = plain(value)
        good = shape.fullmatch(number) and not _dull(number) and weigh(number, weights) % modulus == 0
        return PASSED if good else FAILED

    return check


def _dull(number: str) -> bool:
    """Say whether the digits are one repeated or count upwards: they stand for a number, they are none."""
    digits = "".join(c for c in number if c.isdigit())
    return len(set(digits)) < 2 or digits in "01234567890123456789"


br_pis = _sum(r"\d{11}", (3, 2, 9, 8, 7, 6, 5, 4, 3, 2), 11, sign=-1)
au_medicare = _sum(r"[2-6]\d{9,10}", (1, 3, 7, 9), 10, at=8)
br_cns = _zero(r"[12789]\d{14}", range(15, 0, -1), 11)
by_personal = _sum(r"[1-6]\d{6}[ABCKEMH]\d{3}[A-Z]{2}\d", (7, 3, 1), 10)
_icao = _sum(r"[CFGHJKLMNPRTVWXYZ0-9]{8,9}\d", (7, 3, 1), 10)
de_lanr = _sum(r"\d{9}", (4, 9, 4, 9, 4, 9), 10, sign=-1, at=6)
de_driver = _sum(r"[A-Z0-9]\d{2}[A-Z0-9]{6}[0-9X][A-Z0-9]", range(9, 0, -1), 11, at=9, ten="X")
gt_cui = _sum(r"\d{9}(?:0[1-9]|1\d|2[0-2])\d{2}", range(2, 10), 11, at=8)
hu_tax = _sum(r"8\d{9}", range(1, 10), 11, ten="")
hu_taj = _sum(r"\d{9}", (3, 7), 10)
jp_driver = _sum(r"\d{12}", (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), 11, sign=-1, at=10)
pl_passport = _zero(r"[A-Z]{2}\d{7}", (7, 3, 9, 1, 7, 3, 1, 7, 3), 10)
ua_unzr = _sum(r"\d{13}", (7, 3, 1), 10)
uy_ci = _sum(r"\d{8}", (2, 9, 8, 7, 6, 3, 4), 10, sign=-1)
_kr_brn = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def de_icao(value: str) -> Verdict:
    """Check a German identity card or passport: the check digit as ninth or tenth character; mostly it is left out."""
    return PASSED if _icao(value).state == "passed" and plain(value)[-1].isdigit() else FAILED


def kr_brn(value: str) -> Verdict:
    """Check a Korean business number: weighted sum with the tens of the last product added."""
    number = plain(value)
    if not re.fullmatch(r"\d{10}", number) or _dull(number):
        return FAILED
    total = weigh(number[:9], _kr_brn) + int(number[8]) * 5 // 10
    return PASSED if -total % 10 == int(number[9]) else FAILED


def br_voter(value: str) -> Verdict:
    """Check a Brazilian voter number: one digit over the sequence, one over the state."""
    number = plain(value)
    if not re.fullmatch(r"\d{12}", number) or not 1 <= int(number[8:10]) <= 28:
        return FAILED
    first = weigh(number[:8], range(2, 10)) % 11 % 10
    second = weigh(number[8:10] + str(first), (7, 8, 9)) % 11 % 10
    return PASSED if number[10:] == f"{first}{second}" else FAILED


def br_driver(value: str) -> Verdict:
    """Check a Brazilian driving licence: two digits modulo 11, the first one's overflow taken from the second."""
    number = plain(value)
    if not re.fullmatch(r"\d{11}", number) or _dull(number):
        return FAILED
    first = weigh(number[:9], range(9, 0, -1)) % 11
    less = 2 if first >= 10 else 0
    second = weigh(number[:9], range(1, 10)) % 11 - less
    second += 11 if second < 0 else 0
    return PASSED if number[9:] == f"{first % 10 if first < 10 else 0}{second if second < 10 else 0}" else FAILED


def mx_clabe(value: str) -> Verdict:
    """Check a Mexican bank account: the last digit of each product counts."""
    number = plain(value)
    if not re.fullmatch(r"\d{18}", number) or _dull(number):
        return FAILED
    total = sum(int(d) * (3, 7, 1)[place % 3] % 10 for place, d in enumerate(number[:17]))
    return PASSED if -total % 10 == int(number[17]) else FAILED


def pt_niss(value: str) -> Verdict:
    """Check a Portuguese social security number."""
    number = plain(value)
    if not re.fullmatch(r"[12]\d{10}", number):
        return FAILED
    return PASSED if 9 - weigh(number[:10], (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)) % 10 == int(number[10]) else FAILED


def es_nuss(value: str) -> Verdict:
    """Check a Spanish social security number: province and number modulo 97, a short number without its zero."""
    number = plain(value)
    if not re.fullmatch(r"\d{12}", number) or not 1 <= int(number[:2]) <= 66:
        return FAILED
    body = number[:2] + (number[3:10] if number[2] == "0" else number[2:10])
    return PASSED if int(body) % 97 == int(number[10:]) else FAILED


def hu_personal(value: str) -> Verdict:
    """Check a Hungarian personal number: weights rise, and fall for those born from 1997 on."""
    number = plain(value)
    if not re.fullmatch(r"[1-8]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}", number):
        return FAILED
    rests = {weigh(number[:10], weights) % 11 for weights in (range(1, 11), range(10, 0, -1))}
    return PASSED if int(number[10]) in rests else FAILED


def lu_matricule(value: str) -> Verdict:
    """Check a Luxembourgish number: Luhn for the twelfth digit, Verhoeff for the thirteenth, both over eleven."""
    number = plain(value)
    if not re.fullmatch(r"(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{5}", number):
        return FAILED
    verhoeff = importlib.import_module("stdnum.verhoeff")
    good = luhn_sum(number[:12]) == 0 and verhoeff.is_valid(number[:11] + number[12])
    return PASSED if good else FAILED


def nz_nhi(value: str) -> Verdict:
    """Check a New Zealand health number, old (modulo 11) or new (a letter, modulo 23); Z is kept for tests."""
    number = plain(value)
    if not re.fullmatch(r"[A-HJ-NP-Z]{3}(?:\d{4}|\d{2}[A-HJ-NP-Z]{2})", number):
        return FAILED
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    worth = [int(c) if c.isdigit() else alphabet.index(c) + 1 for c in number]
    total = sum(w * (7 - place) for place, w in enumerate(worth[:6]))
    good = (
        worth[6] == 23 - total % 23 if number[6].isalpha() else total % 11 != 0 and worth[6] == (11 - total % 11) % 10
    )
    if not good:
        return FAILED
    return Verdict("passed", (PLACEHOLDER,)) if number[0] == "Z" else PASSED


def ch_uid(value: str) -> Verdict:
    """Check a Swiss business number, with the letters of its value-added tax or without."""
    number = re.sub(r" ?(?:MWST|TVA|IVA|TPV)\Z", "", value)
    return PASSED if importlib.import_module("stdnum.ch.uid").is_valid(number) else FAILED


def se_personnummer(value: str) -> Verdict:
    """Check a Swedish personal or coordination number (day and 60): Luhn over the last ten digits; a real day."""
    number = plain(value)[-10:]
    if not re.fullmatch(r"\d{10}", number) or len(plain(value)) not in (10, 12):
        return FAILED
    month, day = int(number[2:4]), int(number[4:6]) % 60
    return PASSED if 1 <= month <= 12 and 1 <= day <= 31 and luhn_sum(number) == 0 else FAILED


def tw_ubn(value: str) -> Verdict:
    """Check a Taiwanese business number: digit sums divisible by 5, a 7 in the seventh place counts 0 or 1."""
    number = plain(value)
    if not re.fullmatch(r"\d{8}", number) or _dull(number):
        return FAILED
    products = [int(d) * w for d, w in zip(number, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)]
    total = sum(sum(divmod(product, 10)) for product in products)
    return PASSED if total % 5 == 0 or (number[6] == "7" and (total + 1) % 5 == 0) else FAILED


def kr_region(value: str) -> Verdict:
    """Check a Korean driving licence: it opens with one of the licensing regions."""
    number = plain(value)
    return PASSED if re.fullmatch(r"(?:1[1-9]|2[0-68])\d{10}", number) and not _dull(number) else FAILED


def za_id(value: str) -> Verdict:
    """Check a South African identity number: a real day, Luhn; the eleventh digit tells citizens from others."""
    number = plain(value)
    form = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}[012]\d{2}"
    return PASSED if re.fullmatch(form, number) and not _dull(number) and luhn_sum(number) == 0 else FAILED


def ng_nin(value: str) -> Verdict:
    """Check a Nigerian identity number by Verhoeff, as its users do."""
    number = plain(value)
    verhoeff = importlib.import_module("stdnum.verhoeff")
    return PASSED if re.fullmatch(r"\d{11}", number) and not _dull(number) and verhoeff.is_valid(number) else FAILED


def ir_national(value: str) -> Verdict:
    """Check an Iranian national number: weights 10 to 2 modulo 11, a rest below 2 is the digit itself."""
    number = plain(value)
    if not re.fullmatch(r"\d{10}", number) or _dull(number):
        return FAILED
    rest = weigh(number[:9], range(10, 1, -1)) % 11
    return PASSED if int(number[9]) == (rest if rest < 2 else 11 - rest) else FAILED


def es_dni(value: str) -> Verdict:
    """Check a Spanish identity number: the letter is the number modulo 23; a leading zero may be left out."""
    number = plain(value)
    found = re.fullmatch(r"([KLM]?)(\d{7,8})([A-Z])", number)
    if not found or (found[1] and len(found[2]) != 7) or "TRWAGMYFPDXBNJZSQVHLCKE"[int(found[2]) % 23] != found[3]:
        return FAILED
    return Verdict("passed", (PLACEHOLDER,)) if _dull(number) else PASSED


def fi_hetu(value: str) -> Verdict:
    """Check a Finnish personal identity code: a real day, the last character modulo 31; 900 and up are for tests."""
    found = re.fullmatch(r"(\d{2})(\d{2})(\d{2})[-+A-FU-Y](\d{3})([0-9A-Y])", value.upper())
    if not found or not (1 <= int(found[1]) <= 31 and 1 <= int(found[2]) <= 12):
        return FAILED
    if "0123456789ABCDEFHJKLMNPRSTUVWXY"[int("".join(found.groups()[:4])) % 31] != found[5]:
        return FAILED
    return Verdict("passed", (PLACEHOLDER,)) if found[4][0] == "9" else PASSED
