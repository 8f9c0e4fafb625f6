"""Bank account numbers: IBAN (ISO 13616), BIC (ISO 9362).

>>> iban("GB82 WEST 1234 5698 7654 32").facts
('country:GB', 'placeholder')
"""

from __future__ import annotations

from privscan.validators import FAILED, PASSED, PLACEHOLDER, Verdict
from privscan.validators.card import digits

# Lengths of countries that use the form without standing in the registry; python-stdnum knows the others.
_UNREGISTERED = {
    **dict.fromkeys(("AO", "MZ", "CV", "GW"), 25),
    **dict.fromkeys(("DZ", "IR"), 26),
    **dict.fromkeys(("CF", "CG", "CM", "GA", "GQ", "KM", "MG", "TD"), 27),
    **dict.fromkeys(("BF", "BJ", "CI", "MA", "ML", "NE", "SN", "TG"), 28),
}

# Specimens of the registry and of documentation everywhere.
_PUBLISHED = frozenset(
    """
    GB82WEST12345698765432 GB29NWBK60161331926819 GB33BUKB20201555555555 DE89370400440532013000
    FR1420041010050500013M02606 ES9121000418450200051332 IT60X0542811101000000123456 NL91ABNA0417164300
    BE68539007547034 CH9300762011623852957 AT611904300234573201 PL61109010140000071219812874
    SE4550000000058398257466 NO9386011117947 DK5000400440116243 FI2112345600000785
    IE29AIBK93115212345678 PT50000201231234567890154 GR1601101250000000012300695 LU280019400644750000
    CZ6508000000192000145399 SK3112000000198742637541 HU42117730161111101800000000 RO49AAAA1B31007593840000
    BG80BNBG96611020345678 HR1210010051863000160 SI56263300012039086 EE382200221020145685
    LV80BANK0000435195001 LT121000011101001000 MT84MALT011000012345MTLCAST001S CY17002001280000001200527600
    SA0380000000608010167519 AE070331234567890123456 IL620108000000099999999 TR330006100519786457841326
    BR1800360305000010009795493C1 QA58DOHB00001234567890ABCDEFG KW81CBKU0000000000001234560101
    """.split()
)


def plain(value: str) -> str:
    """Return the letters and digits of a value, upper case."""
    return "".join(c for c in value.upper() if c.isascii() and c.isalnum())


def iban(value: str) -> Verdict:
    """Check country, length, national structure and the two check digits (ISO 7064 mod 97-10)."""
    number = plain(value)
    country = number[:2]
    if len(number) < 15 or not country.isalpha():
        return FAILED
    if int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 != 1:
        return FAILED
    if country in _UNREGISTERED:
        return Verdict("passed", (f"country:{country}",)) if len(number) == _UNREGISTERED[country] else FAILED
    from stdnum import iban as registry

    if not registry.is_valid(number, check_country=False):
        return FAILED
    facts = (f"country:{country}",)
    return Verdict("passed", (*facts, PLACEHOLDER) if number in _PUBLISHED else facts)


def aba(value: str) -> Verdict:
    """Check a US routing number: prefix of a Federal Reserve district, weights 3, 7, 1 modulo 10."""
    number = digits(value)
    if len(number) != 9 or len(set(number)) < 2:
        return FAILED
    district = int(number[:2])
    if not (district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80):
        return FAILED
    return PASSED if sum(int(d) * w for d, w in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0 else FAILED


def bic(value: str) -> Verdict:
    """Check that a bank code's fifth and sixth letters are a country."""
    from stdnum import bic as registry

    return PASSED if registry.is_valid(value) else FAILED
