"""Which country a field's value names: a code of ISO 3166, a locale (BCP 47, POSIX), or its name in some language.

Promises: a text that is more than the country's name is none; nothing is guessed from a language alone.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from privscan.validators.net import COUNTRY

# Top-level domains of countries are their codes of ISO 3166, but for these.
CODES: Final = frozenset(code.upper() for code in COUNTRY) - {"AC", "EU", "SU", "UK"} | {"GB"}
_ALIASES: Final = {"UK": "GB", "EL": "GR"}
_LONGEST = 48  # characters of a country's name
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?[-_]([A-Za-z]{2})(?:[.@_-].*)?")

# ISO 3166-1: alpha-3 and alpha-2 of each country
_THREE = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI
BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT
BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU
CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET
FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR
GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR
IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB
LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE
NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ
SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC
TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY
USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
"""
ALPHA3: Final = {entry[:3]: entry[3:] for entry in _THREE.split()}

# Names people write that the table of phonenumbers does not have.
_CALLED = """
AE uae|AM հայաստան|AZ azərbaycan|BA bosna i hercegovina|BD বাংলাদেশ|CI ivory coast|CY κύπρος|CZ czechia|CZ česko
GB england|GB great britain|GB scotland|GB wales|GE საქართველო|IR ایران|KR korea|KR republic of korea|KR 한국
KZ қазақстан|LK ශ්‍රී ලංකාව|LU lëtzebuerg|ME crna gora|MK north macedonia|MO macau|NL holland|NL the netherlands|NP नेपाल
PH pilipinas
PK پاکستان|RS srbija|RS србија|RU russian federation|SK slovensko|TH ไทย|TR türkiye|TW 臺灣|US america|US u.s.|US u.s.a.
US united states of america|UZ oʻzbekiston|VN viet nam|ZA suid-afrika
"""


def country(text: str) -> str:
    """Return the ISO 3166 alpha-2 code of the country a text names, "" where it is something else.

    >>> country("DE"), country("deu"), country("pt_BR.UTF-8"), country("España"), country("de")
    ('DE', 'DE', 'BR', 'ES', 'DE')
    >>> country("Germany is far"), country("zz"), country("english")
    ('', '', '')
    """
    return _country(text.strip()) if len(text) <= _LONGEST else ""


@functools.lru_cache(maxsize=4096)  # of short texts: a field of many megabytes is not kept
def _country(text: str) -> str:
    code = text.upper()
    code = ALPHA3.get(code, _ALIASES.get(code, code))
    if code in CODES:
        return code
    return locale(text) or _names().get(text.casefold(), "")


def locale(text: str) -> str:
    """Return the country of a locale such as "de-AT" or "zh_Hans_CN", "" for one without.

    >>> locale("de-AT"), locale("zh-Hans-CN"), locale("de")
    ('AT', 'CN', '')
    """
    found = _LOCALE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    code = found[1].upper() if found else ""
    return code if code in CODES else ""


@functools.cache
def _names() -> dict[str, str]:
    """Return country by name, in all languages that phonenumbers has names in; loaded when first asked for."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    found = {
        name.casefold(): code
        for code, names in LOCALE_DATA.items()
        if code in CODES
        for name in names.values()
        if not name.startswith("*")  # the name in another language
    }
    called = (entry.partition(" ") for line in _CALLED.strip().splitlines() for entry in line.split("|"))
    return found | {name: code for code, _, name in called}
