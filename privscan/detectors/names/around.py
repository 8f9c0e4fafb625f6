"""What a name is the name of, by the words round it: a street, a hospital, a ship, a firm, a disease or a theorem.

Such names are of people once honoured, or of nobody; an address by number is another rule's matter.
"""

from __future__ import annotations

import re

from privscan.detectors.names import lists

LOOK = 40  # characters to either side
_INSTITUTION = (
    r"(?:Hospital(?:es|ier)?|Hospitalari[oa]|H[oô]pital|Cl[ií]nic[ao]?|Clinique|Klinik(?:um)?|Krankenhaus|Ospedale|Szpital|"
    r"Universi(?:dad|tad|tat|tario|taria|tari|té|tà|ty|tät|teit|tetet)|Uniwersytet|Fundaci(?:ón|ó)|Fondation|Fondazione|"
    r"Stiftung|Instituto?|Institut|Istituto|Colegio|Escuela|Coll[eè]ge|Lyc[ée]e|Liceo|Gymnasium|Escola|Complejo)"
)
_STREET = (
    r"(?:[Cc]alle|[Cc]/|[Cc]arrer|Avda|Avenid[ao]|Av|Plaza|Pla[cç]a|Paseo|Passeig|Pº|Ctra|Carretera|Ronda|Traves[ií]a|Glorieta|"
    r"R[uú]a|[Rr]ue|Boulevard|boulevard|Bd|Cit[eé]|Quai|quai|Travessa|Pra[cç]a|Alameda|Viale|Piazza|Piazzale|Vicolo|Largo|"
    r"[Uu]l|[Uu]lic[aęy]|[Aa]leja|[Aa]l|[Pp]lac|[Oo]siedle|[Oo]s|Str|Strada|Bulevardul|Calea|[Уу]л|[Уу]лиц[аыеу]|[Пп]роспект)"
)
_TITLE = r"(?:(?:Dr|Dra|Doctor|Prof|Ing|Gral|General|Sgt|Alf[eé]rez|Capit[aá]n|Pintor|Maestro|Poeta|San|Santa)\.?\s)?"
_EPONYM = (
    r"(?:[Ss][ií]ndrome|[Ee]nfermedad|[Ss]igno|[Mm]aniobra|[Tt]est|[Ee]scala|[ÍIíi]ndice|[Cc]uerpos|[Mm][ée]todo|[Ll]ey|[Tt]eorema|"
    r"[Tt]inci[oó]n|[Pp]rueba|[Ff]en[oó]meno|[Ss]arcoma|[Tt]umor|[Rr]eflejo|[Mm]aladie|[Ss]yndrome|[Tt]h[ée]or[èe]me|[Ll]oi|[Mm]orbo|"
    r"[Mm]alattia|[Dd]oen[çc]a|[Ss][íi]ndroma|[Zz]espół|[Cc]horoba|[Tt]wierdzenie|[Ss]atz|[Gg]esetz)\s(?:de(?:l)?|di|da|do|von)"
)
BEFORE = re.compile(
    rf"(?<!\w)(?:{_INSTITUTION}(?:\s(?:de|of|del|di|do|da|of\s[A-Z]\w+|de\s[A-Z]\w+))?|"
    rf"{_STREET}\.?(?:\s(?:de\sla|de\slos|de\slas|de|del|do|da|dos|du|des|di|della|św\.))?|(?:USS|USNS|HMS|RMS|HMAS|HMCS)|"
    rf"{_EPONYM}|[Mm]orbus|Costa|Puerto)\s{{1,2}}{_TITLE}[\"'“«]?\Z"
)
_BODY = (
    r"(?:Street|Blvd|Ave|Courthouse|(?:US|U\.S\.|Federal|State)\s(?:Courthouse|Building)|Road|Avenue|Boulevard|Lane|Highway|Parkway|Square|Bridge|Stra(?:ß|ss)e|[Pp]lat?z|[Uu]tca|[Úú]t|[Tt]ér|[Gg]ade|[Vv]ej|"
    r"Hospital|Clinic|University|College|School|Institute|Foundation|Museum|Library|Theatre|Theater|Stadium|Arena|Airport|"
    r"Orchestra|Quartet|Prize|Award|Medal|Fellowship|Scholarship|Trophy|County|"
    r"Inc|LLC|L\.L\.C|Ltd|Limited|GmbH|S\.?A|SpA|S\.p\.A|PLC|plc|LLP|Corp|Corporation|Company|Holdings?|Partners|Associates|"
    r"Brothers|Bros|Airlines|Airways|Bank|Records|Pictures|Studios|Publishing|Pharmaceuticals?|Farmac[ée]utica|Laboratories|"
    r"Research|Ventures|Consulting|Industries|Enterprises|Insurance|Motors|Systems|Technologies|Solutions|Aventis)"
)
_LEARNED = (
    r"(?:disease|syndrome|lymphoma|theorem|lemma|conjecture|inequality|palsy|paradox|sarcoma|chorea|thyroiditis|equations?|"
    r"laws?\sof|constant|an(?:a)?emia|ulcer|reflex|contracture)"
)
_KINDLESS = (
    r"(?:machine|transform|distribution|filter|process|polynomials?|algorithm|matrix|matrices|series|sequence|stain|scale|"
    r"criteria|index|coefficient|number|sign|maneuver|manoeuvre|catheter|forceps|cycle|bodies|effect|scattering|test|tree|"
    r"code|metric|kernel|sampling|operator|space|integral|bundle|graph|logic|calculus|engine|motor|rifle|pistol)s?"
)
_BEHIND = re.compile(rf"(?:\s|-){_BODY}\b|(?:['’]s)?\s{_LEARNED}\b")
_SMALL = re.compile(r"\s(?:street|road|avenue|boulevard|lane|highway|square|hospital|university|college)\b")
_BEHIND_SINGLE = re.compile(rf"\s{_KINDLESS}\b")


def honours(text: str, start: int, end: int) -> bool:
    """Say whether the words round a name make it that of a place, a body or a finding of science.

    >>> honours("at Hospital Doctor Peset today", 19, 24), honours("Parkinson's disease", 0, 9)
    (True, True)
    >>> honours("John Smith was in Hospital", 0, 10), honours("Peter's test", 0, 5)
    (False, False)
    """
    if BEFORE.search(text, max(start - LOOK, 0), start) is not None:
        return True
    if _BEHIND.match(text, end, end + LOOK) is not None:
        return True
    value = text[start:end]
    if value.islower() and _SMALL.match(text, end, end + LOOK) is not None:
        return True
    if " " not in value and _half(text, start, end):
        return True
    unknown = " " not in value and lists.level(value, lists.FIRST) < 2  # common first names are people
    return unknown and _BEHIND_SINGLE.match(text, end, end + LOOK) is not None


def _half(text: str, start: int, end: int) -> bool:
    """Say whether a word is but one half of a compound: `Farnsworth-Munsell`, of which no one is told."""
    before, behind = text[max(start - 2, 0) : start], text[end : end + 2]
    glued = (behind[:1] == "-" and behind[1:].isupper()) or (before[1:] == "-" and before[:1].isalpha())
    return glued and lists.level(text[start:end], lists.FIRST) < 3  # not the commonest, as in Anne-Sophie
