"""Bank account numbers: IBAN (ISO 13616), BIC (ISO 9362).

>>> iban("GB82 WEST 1234 5698 7654 32").facts
('country:GB', 'placeholder')
"""

from __future__ import annotations

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict
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
    AL47212110090000000235698741 AD1200012030200359100100 AZ21NABZ00000000137010001944 BH67BMAG00001299123456
    BY13NBRB3600900000002Z00AB00 BA391290079401028494 CR05015202001026284066 DO28BAGR00000001212453611324
    TL380080012345678910157 EG380019000500000000263180002 SV62CENR00000000000000700025 FO6264600001631634
    GE29NB0000000101904917 GI75NWBK000000007099453 GL8964710001000206 GT82TRAJ01020000001210029690
    IS140159260076545510730339 IQ98NBIQ850123456789012 JO94CBJO0010000000000131000302 KZ86125KZT5004100100
    XK051212012345678906 LB62099900000001001901229114 LI21088100002324013AA LY83002048000020100120361
    MK07250120000058984 MR1300020001010000123456753 MU17BOMM0101101030300200000MUR MD24AG000225100013104168
    MC5811222000010123456789030 ME25505000012345678951 PK36SCBL0000001123456702 PS92PALS000000000400123456702
    SM86U0322509800000000270100 RS35260005601001611379 SC18SSCB11010000000000001497USD TN5910006035183598478831
    UA213223130000026007233566001 VA59001123000012345678 VG96VPVG0000012345678901 LC55HEMM000100010012001200023015
    BI4210000100010000332045181 SD2129010501234001 NI45BAPR00000013000003558124 MN121234123456789123
    SO211000001001000100141 OM810180000001299123456 DJ2100010000000154000100186 FK88SC123456789012
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


def account(value: str) -> Verdict:
    """Check that digits can be a bank account at all: 6 to 26 of them, not one repeated; none proves itself."""
    number = digits(value)
    return SHAPE if 6 <= len(number) <= 26 and len(set(number)) > 1 else FAILED


def bic(value: str) -> Verdict:
    """Check that a bank code's fifth and sixth letters are a country."""
    from stdnum import bic as registry

    return PASSED if registry.is_valid(value) else FAILED
