"""Second thoughts on what the tagger took for a name: our own replacements, code, small letters among capitals.

`neutral` also makes a redacted text read as it did before, so that a second look at it sees the same names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from privscan.detectors.names import around, link, lists, spans
from privscan.validators import surrogate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.detectors.names.spans import Name

PERSON = spans.KINDS.index("PERSON")
TOKEN = re.compile(r"<([A-Z][A-Z0-9_]*)(?::[0-9a-f]+)?>")
LIKE = {"PERSON": "Peterson", "LOCATION": "Edinburgh", "ORGANIZATION": "Microsoft"}
NEAR = 200  # characters round a name in small letters in which capitals speak against it
SURE_SMALL = 0.9  # chance that such a name must have all the same
BEFORE, BEHIND = frozenset("_.$<[{=/\\`"), frozenset("_([={<>/\\`@")  # of a single word: code, or an address
CHARACTER = re.compile(r"\b(?:SMALL|CAPITAL) (?:LETTER|LIGATURE)\b|\b(?:0x|U\+|\\[uxU])[0-9A-Fa-f]{2,8}\b.*[A-Z]{3}")
CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
PREFIXES = ("Mc", "Mac", "De", "Di", "Du", "Da", "La", "Le", "Van", "Von", "Fitz", "St")  # of names like McLay
SURE_CAPITALS = 0.95
HALVES = re.compile("[\ud800-\udfff]")
ESCAPED = re.compile(r"\\(?=[\"'])")  # a backslash before a quotation mark, as a program would write it
_LETTERS = re.compile(r"[^\W\d_]+")
# Labels of forms, words that open an introduction, languages, scripts, programs: capital, but never a name alone.
NEVER = frozenset(
    """
    kính|ihr|ihre|votre|ystävällisin terveisin|ystävällisin|terveisin|licens|lisens|lisenssi|licența|licenza|licencja
    licentie|lizenz|licença|licencia|licence|license|licenc
    nimi|nimeni|puhelin|osoite|syntymäaika|jmenuji|jmenuji se|příjmení|narození|benim|benim adım|ad soyad|adı soyadı
    soyad|soyadı|doğum|doğum tarihi|adres|adresim|telefon|név|cím|lakcím|születési|születési idő|anyja neve|adresa
    nume|prenume|numele|mă numesc|imię|nazwisko|imię i nazwisko|urodzenia|urodzony|zamieszkały|zamieszkała|namn|navn
    förnamn|efternamn|fornavn|etternavn|personnummer|adress|naam|geboortedatum|adresse|anschrift|geburtsdatum|geboren
    vorname|nachname|nom|prénom|né|née|nombre|apellido|apellidos|dirección|teléfono|nome|cognome|indirizzo|endereço
    меня|меня зовут|фио|имя|фамилия|отчество|адрес|телефон|мене|мене звати|прізвище|όνομα|επώνυμο|διεύθυνση|τηλέφωνο
    lorem|ipsum|lorem ipsum|english|french|german|spanish|italian|greek|hebrew|arabic|thai|hangul|hiragana|katakana
    devanagari|cyrillic|latin|japanese|korean|chinese|russian|portuguese|dutch|swedish|hindi|tamil|bengali|ascii|ansi
    iana|unicode|linux|windows|macintosh|macos|ubuntu|debian|fedora|solaris|sunos|cygwin|cython|jython|mercurial
    netscape|mozilla|github|gitlab|docker|kubernetes|postgres|postgresql|mysql|sqlite|redis|nginx|javascript
    typescript|webpack|numpy|board|vážený|vážená|szanowny|szanowna|sayın|уважаемый|уважаемая|estimado|estimada|prezado
    prezada|gentile|geachte|beste|vänliga|vänliga hälsningar|hälsningar|venlig|venlig hilsen|vennlig|vennlig hilsen
    hilsen|kérjük|tisztelt|üdvözlettel|saygılarımla|saygılarımızla|kimlik|kimlik no|t.c. kimlik|c. kimlik|yth|hormat
    hormat kami|bapak|ibu|alamat|nama|anda|pesanan anda|t.c|najemca|wynajmujący|zleceniodawca|zleceniobiorca|pracownik
    pracodawca|tytuł|kontakt|notatka|rachunek|odbiorca|versicherte person|versicherter|versicherte|mieter|mieterin
    vermieter|kunde|kundin|rechnung|bestellung|betreff|gegevens|klant|notitie|huurder|verhuurder|betreft|factuur
    werknemer|werkgever|onderwerp|locataire|bailleur|objet|facture|salarié|employeur|réclamante|réclamant|destinataire
    expéditeur|titulaire|inquilino|arrendador|asunto|factura|trabajador|empleador|reclamante|destinatario|remitente
    titular|domicilio|inquilina|locatário|locador|assunto|fatura|titolare|oggetto|fattura|mittente|conduttore|locatore
    hyresgäst|kund|ärende|faktura|mottagare|lejer|udlejer|emne|modtager|leietaker|mottaker|vuokralainen|asiakas|lasku
    nájemce|pronajímatel|předmět|příjemce|zákazník|nájomca|predmet|najemnik|stranka|kupac|primatelj|chiriaș|client
    bérlő|ügyfél|tárgy|címzett|kiracı|müşteri|konu|alıcı|gönderen|клиент|договор|арендатор|получатель|отправитель
    ονοματεπώνυμο|θέμα|πελάτης|προς|από|με εκτίμηση|αγαπητέ|αγαπητή|aadhaar|aadhar|pesel|regon|imei|sons|husten|fieber
    betrag|saldo|zahlung|beneficiary|tenant|landlord|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi
    mardi|mercredi|jeudi
    """.replace("\n", "|")
    .replace("    ", "")
    .strip("|")
    .split("|")
)
# Words that open sentences and headings in languages the tagger has seen little of, and tools it takes for people.
OPENING = frozenset(
    """
    mereka jika ketika sebelum sesudah setelah sebagai seringkali untuk dengan atau tetapi namun bagaimana mengapa
    adalah dapat harus bisa akan sudah tidak pesanan pekerjaan leute leuten menschen beginn regeln thema
    dokumentation beiträge diese dieser dieses wenn nicht bitte danke hinweis achtung wichtig zusammenfassung
    einleitung bunu için eğer çünkü lütfen teşekkürler ancak nasıl neden hogy kérem köszönjük köszönöm fontos
    figyelem mutta sinä kiitos huomio tärkeää jeśli kiedy ponieważ proszę dziękuję dziękujemy uwaga ważne pokud když
    protože prosím děkujeme pozor důležité dacă când pentru vă mulțumim atenție important när också inte obs viktigt
    hvis hvorfor også ikke vigtigt viktig takk nếu khi của chúng tôi bạn cảm ơn kapag paalala wakati tafadhali als
    wanneer maar omdat alstublieft bedankt belangrijk recuerda recuerde ricorda ricordate mantieni lembre importante
    atención attenzione atenção attention grazie obrigado wildcard kerberos puppeteer chromium bluetooth flexbox
    prefetch pixel luckily datadog nuxt
    """.split()
)
MALAY = re.compile(r"(?<!\w)(?:yang|untuk|dengan|tidak|adalah|dari|pada)(?!\w)")  # words no other language has
PRONOUNS = frozenset("anda saya kami kita karena akan dan itu ini dia".split())  # there; names elsewhere
# Words for offices and for those they serve, which sign and open letters where a name would.
OFFICES = frozenset(
    """
    kundenservice kundendienst kundtjänst kundeservice klantenservice asiakaspalvelu ügyfélszolgálat ügyfelünk
    ügyfél müşteri müşterimiz hizmetleri εξυπηρέτηση layanan pelanggan dział obsługi equipe équipe equipo team
    echipa service servicio servizio serviço services support kundensupport zákaznická zákaznický podpora podpory
    služba отдел служба поддержки відділ підтримки команда khách quý zákazníku klienta klientów verwaltung
    geschäftsführung redaktion sekretariat buchhaltung vertrieb personalabteilung rechnungswesen rédaction recursos
    risorse ressources dirección direction direzione administración administration państwo
    korisnička korisnici kupci stranke teenindus klienditeenindus klientų aptarnavimo klientu atbalsts
    """.split()
)
NUMBERS = frozenset("EAN ISBN ISSN IBAN BIC DOB MRN NPI SSN NINO DNI NIF BSN PESEL CPF RUT CURP".split())
MONTHS = frozenset(
    "mai may april august juni june juli july january maj avril août mars marts marzo março agosto".split()
)
NUMBER = re.compile(r"\s?(?:[Nn]o\.?|[Nn]r\.?|#)?\s?:?\s?\d{3}")
DAY = re.compile(r"\d{1,2}(?:\.|st|nd|rd|th|er|º|ª)?\s(?:de\s|of\s)?\Z")
# What code writes behind `@`: decorators, annotations, tags of documentation.
MARKED = frozenset(
    """
    dataclass property staticmethod classmethod abstractmethod override overload cached_property lru_cache cache wraps
    param params return returns throws raises deprecated see since version example default type typedef todo private
    public protected readonly author license copyright file brief note ignore internal test before after beforeeach
    aftereach parameterized mock autowired component service repository controller restcontroller entity table column
    id bean configuration inject injectable input output module nullable notnull nonnull suppresswarnings
    requestmapping getmapping postmapping pytest fixture app click task command route login_required latest media
    import include charset keyframes supports layer apply tailwind mixin extend use font everyone here channel all
    """.split()
)


def neutral(text: str) -> str:
    """Put in the place of what a redaction left something of its kind and length: the words round it read alike.

    >>> neutral("Dear <PERSON>, card <CREDIT_CARD>!")
    'Dear Peterson, card 0000000000000!'
    """

    def like(found: re.Match[str]) -> str:
        size = len(found[0])
        return LIKE.get(found[1], "0" * size).ljust(size)[:size]

    text = TOKEN.sub(like, text) if "<" in text else text
    return ESCAPED.sub(" ", text) if "\\" in text else text


def paired(text: str) -> str:
    """Put a mark in the place of halves of pairs, which no library of others takes for text."""
    return HALVES.sub("\ufffd", text)


def kept(text: str, names: Sequence[Name]) -> list[Name]:
    """Return the names that stand after second thoughts; `text` is the text as it is, not its neutral reading."""
    if not names:
        return []
    ours = link.Taken(found.span() for found in TOKEN.finditer(text)) if "<" in text else link.Taken(())
    shorter = (name._replace(end=name.start + len(around.trimmed(text[name.start : name.end]))) for name in names)
    return [
        _whole(text, name)
        for name in shorter
        if not ours.touches(name.start, name.end)
        and not surrogate.made(text[name.start : name.end])
        and not (name.kind == PERSON and _doubted(text, name))
    ]


def _whole(text: str, name: Name) -> Name:
    """Return a name with the sign before it where it is that of a user, as every handle is told."""
    return name._replace(start=name.start - 1) if name.kind == PERSON and _handle(text, name) else name


def _doubted(text: str, name: Name) -> bool:
    """Say whether anything speaks against a person's name."""
    value = text[name.start : name.end]
    if value.isupper() and _listed(text, name):
        return True
    if _handle(text, name):
        return value.lower() in MARKED
    words = value.lower().split()
    if OPENING.issuperset(words) or (not PRONOUNS.isdisjoint(words) and _malay(text, name)):
        return True
    if around.honours(text, name.start, name.end) or not OFFICES.isdisjoint(words):
        return True
    if value.lower() in NEVER or value.split()[0] in NUMBERS or _dated(text, name, value) or _label(text, name, value):
        return True
    if value.islower() and _small(text, name, value):
        return True
    return " " not in value and (_code(text, name, value) or _coined(text, name, value))


def _malay(text: str, name: Name) -> bool:
    """Say whether the text about a name is Indonesian or Malay, in which Anda is a pronoun."""
    return MALAY.search(text, max(name.start - NEAR, 0), name.end + NEAR) is not None


def _dated(text: str, name: Name, value: str) -> bool:
    """Say whether a name is that of a month, behind its day: am 3. Mai."""
    return value.lower() in MONTHS and DAY.search(text, max(name.start - 8, 0), name.start) is not None


def _code(text: str, name: Name, value: str) -> bool:
    """Say whether a single word is glued to marks of code, or is itself an identifier."""
    before, behind = text[max(name.start - 1, 0) : name.start], text[name.end : name.end + 1]
    if behind == "\\" and text[name.end + 1 : name.end + 2] in {'"', "'"}:
        behind = ""  # the name is quoted, or has a possessive behind it, in a text written as code writes it
    joined = behind == "." and text[name.end + 1 : name.end + 2].isalpha() and not value.isupper()
    return before in BEFORE or behind in BEHIND or joined or "_" in value or any(map(str.isdigit, value))


def nobody(text: str, start: int, end: int) -> bool:
    """Say whether a further mention is none: part of an expression of code (`self.Berg`, `Berg(`), or of a street."""
    glued = text[max(start - 1, 0) : start] in {".", "_", "$"} or text[end : end + 1] in {"_", "(", "="}
    return glued or around.honours(text, start, end)


def _label(text: str, name: Name, value: str) -> bool:
    """Say whether a word in capitals is the label of the number behind it: `KRS: 0000401969`."""
    return value.isupper() and " " not in value and NUMBER.match(text, name.end) is not None


def _listed(text: str, name: Name) -> bool:
    """Say whether a name in capitals is that of a character, in a table of them: 0x10D, LETTER C WITH CARON."""
    low = text.rfind("\n", max(name.start - NEAR, 0), name.start)
    high = text.find("\n", name.end, name.end + NEAR)
    line = text[max(low + 1, name.start - NEAR, 0) : high if high >= 0 else name.end + NEAR]
    return CHARACTER.search(line) is not None


def _coined(text: str, name: Name, value: str) -> bool:
    """Say whether a single word no list knows is an abbreviation (CRLF) or made of words (FileReader)."""
    if not (value.isupper() or CAMEL.search(value)):
        return False
    if any(lists.level(part, lists.FIRST) or lists.level(part, lists.LAST) for part in _LETTERS.findall(value)):
        return False
    if not value.isupper():
        return not value.startswith(PREFIXES)
    around = text[max(name.start - NEAR, 0) : name.end + NEAR]
    return name.chance < SURE_CAPITALS and any(map(str.islower, around))


def _small(text: str, name: Name, value: str) -> bool:
    """Say whether a name in small letters is none, because those about it have capitals and no list knows it well."""
    if not any(map(str.isupper, text[max(name.start - NEAR, 0) : name.end + NEAR])):
        return False
    parts = _LETTERS.findall(value)
    known = any(lists.level(part, lists.FIRST) > 1 or lists.level(part, lists.LAST) > 1 for part in parts)
    plain = any(lists.level(part, lists.PLAIN) for part in parts)
    return name.chance < SURE_SMALL or plain or not known


def _handle(text: str, name: Name) -> bool:
    """Say whether a name is a user name behind its sign, as people are called on social media."""
    return (
        text[max(name.start - 1, 0) : name.start] == "@" and not text[max(name.start - 2, 0) : name.start - 1].isalnum()
    )
