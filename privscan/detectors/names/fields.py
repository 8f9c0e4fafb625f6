"""Fields that hold a name by their own name: `first_name`, `author`, `patientName`, and the speaker of a chat line."""

from __future__ import annotations

import re

from privscan.detectors.names import lists

WORDS = re.compile(r"[^\W\d_]+")
# A field whose last words are these holds a person's name, whatever its value looks like.
NAMES = frozenset(
    """
    first name|firstname|last name|lastname|middle name|given name|givenname|family name|familyname|full name|fullname
    surname|maiden name|forename|nickname|legal name|birth name|display name of person|person name|patient name
    customer name|client name|employee name|contact name|sender name|recipient name|user full name|guest name
    passenger name|student name|teacher name|doctor name|physician name|author name|owner name|tenant name|signer name
    cardholder|cardholder name|card holder|account holder|beneficiary name|emergency contact|mother name|father name
    mothers name|fathers name|spouse name|child name|billing name|shipping name|holder name|insured name|applicant name
    vorname|nachname|familienname|geburtsname|prenom|nom de famille|nom complet|nombre completo|apellido|apellidos
    primer apellido|segundo apellido|nombre y apellidos|cognome|nome completo|sobrenome|voornaam|achternaam
    imie|nazwisko|imie i nazwisko|jmeno|prijmeni|fornamn|efternamn|fornavn|efternavn|etternavn|etunimi|sukunimi
    """.replace("\n", "|")
    .replace("    ", "")
    .strip("|")
    .split("|")
)
# A field called so may hold a name: then its value has to look like one.
MAYBE = frozenset(
    """
    name author authors speaker contact sender recipient reviewer owner reporter assignee creator editor submitter
    customer patient client employee username from to nombre nome nom naam
    """.split()
)
ROLES = frozenset(
    """
    user assistant system tool function human bot agent gpt model ai speaker customer admin unknown none null anonymous
    moderator host guest narrator interviewer operator
    """.split()
)
LOOKS = re.compile(r"(?:[^\W\d_][\w'’-]*\.?|[^\W\d_]\.)(?:,?[ ](?:[^\W\d_][\w'’-]*\.?|[^\W\d_]\.)){0,4}")


def holds_name(field_words: str) -> str:
    """Return "always", "maybe" or "" for a field by its words (folded, joined by blanks: see `words.field_words`).

    >>> holds_name("patient first name"), holds_name("message author"), holds_name("file size")
    ('always', 'maybe', '')
    """
    parts = field_words.split()
    for count in range(min(len(parts), 4), 0, -1):
        last = " ".join(parts[-count:])
        if last in NAMES:
            return "always"
        if last in MAYBE:
            return "maybe"
    return ""


def looks(value: str) -> bool:
    """Say whether a whole value can be a name: one to five words of letters, and no role of a chat.

    >>> looks("O'Brien, Mary-Jane"), looks("assistant"), looks("v2.1 final")
    (True, False, False)
    """
    return 1 < len(value) <= 60 and LOOKS.fullmatch(value) is not None and value.lower() not in ROLES


def likely(value: str) -> bool:
    """Say whether the lists know a value for a person's name: a first name, or a last one behind another word."""
    flags = [lists.flags(word) for word in WORDS.findall(value) if word[:1].isupper()]
    first = [flag & 3 for flag in flags if not flag >> lists.PLAIN & 2]
    last = [flag >> 2 & 3 for flag in flags]
    return max(first, default=0) > 1 or (len(flags) > 1 and max(first, default=0) > 0 and max(last) > 0)
