"""What a name is the name of, by the words round it: a street, a hospital, a ship, a firm, a disease or a theorem.

Such names are of people once honoured, or of nobody; an address by number is another rule's matter.
"""

from __future__ import annotations

import re

from privscan.detectors.names import lists

LOOK = 40  # characters to either side
WELL_KNOWN, COMMONEST = 2, 3  # levels of first names
LATIN = re.compile(r"(?:us|is|um|ensis|ae|orum|oides|eri|aster|ii)\Z")  # endings of the second name of a species


def _any(words: str) -> str:
    """Return a pattern of any of the words; `_` stands for a blank within one."""
    return f"(?:{'|'.join(words.split())})".replace("_", r"\s")


_INSTITUTION = _any(
    r"""
    Hospital(?:es|ier)? Hospitalari[oa] H[oô]pital Cl[ií]nic[ao]? Clinique Klinik(?:um)? Krankenhaus Ospedale
    Szpital Universi(?:dad|tad|tat|tario|taria|tari|té|tà|ty|tät|teit|tetet) Uniwersytet Fundaci(?:ón|ó) Fondation
    Fondazione Stiftung Instituto? Institut Istituto Colegio Escuela Coll[eè]ge Lyc[ée]e Liceo Gymnasium Escola
    Complejo
    """
)
_STREET = _any(
    r"""
    [Cc]alle [Cc]/ [Cc]arrer Avda [Aa]venid[ao] Av Plaza Pla[cç]a Paseo Passeig Pº Ctra Carretera Ronda Traves[ií]a
    Glorieta R[uú]a [Rr]ue [Bb]oulevard Bd Cit[eé] [Qq]uai la_place l['’]avenue Travessa Pra[cç]a Alameda Via Viale
    Piazza Piazzale Vicolo Largo [Uu]l [Uu]lic[aęy] [Aa]leja [Aa]l [Pp]lac [Oo]siedle [Oo]s Str Strada Bulevardul
    Calea [Уу]л [Уу]лиц[аыеу] [Пп]роспект
    """
)
_TITLE = r"(?:(?:Dr|Dra|Doctor|Prof|Ing|Gral|General|Sgt|Alf[eé]rez|Capit[aá]n|Pintor|Maestro|Poeta|San|Santa)\.?\s)?"
_EPONYM = _any(
    r"""
    [Ss][ií]ndrome [Ee]nfermedad [Ss]igno [Mm]aniobra [Tt]est [Ee]scala [ÍIíi]ndice [Cc]uerpos [Mm][ée]todo [Ll]ey
    [Tt]eorema [Tt]inci[oó]n [Pp]rueba [Ff]en[oó]meno [Ss]arcoma [Tt]umor [Rr]eflejo [Ss]onda [Mm]alformación
    [Mm]aladie [Ss]yndrome [Tt]h[ée]or[èe]me [Ll]oi [Mm]orbo [Mm]alattia [Dd]oen[çc]a [Ss][íi]ndroma [Zz]iekte
    [Ss]telling [Ww]et [Ss]yndroom [Zz]espół [Cc]horoba [Tt]wierdzenie [Ss]atz [Gg]esetz
    """
)
BEFORE = re.compile(
    rf"(?<!\w)(?:{_INSTITUTION}(?:\s(?:de|of|del|di|do|da)(?:\s[A-Z]\w+)?)?|"
    rf"{_STREET}\.?(?:\s(?:de\sla|de\slos|de\slas|de|del|do|da|dos|du|des|di|della|św\.))?|(?:USS|USNS|HMS|RMS|HMAS|HMCS)|"
    rf"{_EPONYM}\s(?:de(?:l)?|di|da|do|von|van)|[Mm]orbus|Costa|Puerto|Hurricane|Typhoon|Cyclone|Operation)"
    rf"\s{{1,2}}{_TITLE}[\"'“«]?\Z"
)
# words in small letters that may stand right before such a name; behind any other nothing is looked for
_LAST_SMALL = frozenset(
    """
    de del de la los las di do da dos du des della of von van św calle c/ carrer avenida avenido rue boulevard quai
    place l'avenue l’avenue ul ulica ulicę ulicy aleja al plac osiedle os ул улица улицы улице улицу проспект morbus
    """.split()
)
_STREETS = r"""
    Street Blvd Ave Road Avenue Boulevard Lane Highway Parkway Square Bridge Stra(?:ß|ss)e [Pp]lat?z [Uu]tca [Úú]t
    [Tt]ér [Gg]ade [Vv]ej
    """
_BODIES = r"""
    Hospital Clinic University College School Academy Institute Foundation Museum Library Theatre Theater Stadium
    Arena Airport Telescope Orchestra Quartet Prize Award Medal Fellowship Scholarship Trophy Cup County Courthouse
    Cathedral Cemetery Memorial Monument Inc LLC L\.L\.C Ltd Limited GmbH S\.?A SpA S\.p\.A PLC plc LLP Corp
    Corporation Company Holdings? Airlines Airways Bank Records Pictures Studios Publishing Pharmaceuticals?
    Farmac[ée]utica Laboratories Research Ventures Consulting Industries Enterprises Insurance Motors Systems
    Technologies Solutions Aventis Terrier Setter Retriever
    """
_KIND = _any(
    r"""
    International National Memorial Regional Municipal General Space State High Public Medical Presidential US
    U\.S\. Federal
    """
)
_LEARNED = _any(
    r"""
    disease syndrome lymphoma theorem lemma conjecture inequality palsy paradox sarcoma chorea thyroiditis
    equations? laws?_of constant an(?:a)?emia ulcer reflex contracture phenomenon sjukdom sygdom sykdom sats
    """
)
_KINDLESS = _any(
    r"""
    machine transform distribution filter process polynomial algorithm matrix matrices series sequence stain scale
    criteria criterion index coefficient number sign maneuver manoeuvre catheter forceps cycle bodies effect
    scattering test tree code metric kernel sampling operator space integral bundle graph logic calculus engine
    motor rifle pistol hypothesis radius function law formula rule principle identity kappa rho limit ratio plot
    diagram curve equilibrium algebra manifold norm
    """
)
_BEHIND = re.compile(
    rf"(?:\s|-)(?:{_KIND}\s)?(?:{_any(_STREETS)}\b|(?:{_any(_BODIES)}|Building)(?!\w|\s(?:de|del)\s|\s[A-Z]))|"
    rf"(?:\s(?:and|&|und|et|e|y|i)\s(?:Sons|Co|Co\.|Company|Brothers|Bros|Söhne|Fils|Hijos|Figli))\b|(?:['’]s?)?\s{_LEARNED}\b"
)
_SMALL = re.compile(r"\s(?:street|road|avenue|boulevard|lane|highway|square|hospital|university|college)\b")
_BEHIND_SINGLE = re.compile(rf"(?:['’]s?)?\s{_KINDLESS}s?\b")
# "Zoolander is a 2001 American film": what a sentence defines as a thing; nobody is one, unless a trade follows
_THING = _any(
    r"""
    agency company firm startup bank corporation multinational organi[sz]ation charity newspaper magazine software
    platform tool library framework language database protocol operating_system website app city town village river
    lake mountain island film movie novel book song album band play opera ballet sitcom series game genus species
    protein gene enzyme drug antibiotic mineral brand car aircraft ship breed dish cheese festival method technique
    """
)
_DEFINED = re.compile(
    rf"\s(?:is|was|are)\san?\s(?:[\w'-]+\s){{0,5}}?{_THING}"
    r"(?:[.,;:)]|\s(?:in|of|by|from|for|that|which|based|located|directed|written|developed|released|founded|owned|with|and|on)\b)"
)
_LAST = re.compile(rf"\s(?:{_any(_BODIES)}|Street|Avenue|Boulevard)\Z")
_FIRST = re.compile(r"(?:Hurricane|Typhoon|Cyclone)\s")
# "Quercus robur", "Planck constant": a second word in small letters that joins nothing
_BINOMIAL = re.compile(r"([A-Z][a-z]+) ([a-z]{3,})")
_COMPOUND = re.compile(r"[^\W\d_]+")
_JOINTS = frozenset("van von der den del della dos bin ibn ter ten zur zum".split())


def honours(text: str, start: int, end: int) -> bool:
    """Say whether the words round a name make it that of a place, a body or a finding of science.

    >>> honours("at Hospital Doctor Peset today", 19, 24), honours("Parkinson's disease", 0, 9)
    (True, True)
    >>> honours("John Smith was in Hospital", 0, 10), honours("Peter's test", 0, 5)
    (False, False)
    """
    if (_led(text, start) and BEFORE.search(text, max(start - LOOK, 0), start)) or _BEHIND.match(text, end, end + LOOK):
        return True
    value = text[start:end]
    if _LAST.search(value) or _FIRST.match(value) or _latin(value):
        return True
    if value.islower() and _SMALL.match(text, end, end + LOOK):
        return True
    if " " in value:
        return False
    if _DEFINED.match(text, end, end + 3 * LOOK):
        return True
    unknown = lists.level(value, lists.FIRST) < WELL_KNOWN
    return _half(text, start, end) or (unknown and _BEHIND_SINGLE.match(text, end, end + LOOK) is not None)


def _led(text: str, start: int) -> bool:
    """Say whether the word before a name may belong to it: a quick look before the slow one."""
    before = text[max(start - LOOK, 0) : start].split()
    last = before[-1].strip("\"'“«.([{") if before else ""
    return not last.islower() or last in _LAST_SMALL or (not last and len(before) > 1)


def _half(text: str, start: int, end: int) -> bool:
    """Say whether a word is but one half of a compound: `Farnsworth-Munsell`, of which no one is told."""
    before, behind = text[max(start - 2, 0) : start], text[end : end + 2]
    glued = (behind[:1] == "-" and behind[1:].isupper()) or (before[1:] == "-" and before[:1].isalpha())
    if not glued:
        return False
    other = _COMPOUND.search(text, end) if behind[:1] == "-" else None
    second = lists.level(other[0], lists.FIRST) if other else WELL_KNOWN
    return lists.level(text[start:end], lists.FIRST) < COMMONEST or not second


def trimmed(value: str) -> str:
    """Return a name without a plain word in small letters that was taken for its second: `Cathy rose`, `John drives`.

    >>> trimmed("Cathy rose"), trimmed("Jan van"), trimmed("Anna berg")
    ('Cathy', 'Jan van', 'Anna berg')
    """
    found = _BINOMIAL.fullmatch(value)
    if found is None or found[2] in _JOINTS or lists.level(found[2], lists.PLAIN) < WELL_KNOWN:
        return value
    return found[1]


def _latin(value: str) -> bool:
    """Say whether a value is the name of a species: a word, and a Latin one in small letters."""
    found = _BINOMIAL.fullmatch(value)
    if found is None or found[2] in _JOINTS:
        return False
    return LATIN.search(found[2]) is not None and not lists.level(found[2], lists.LAST)
