"""Whose label means what, and how a finding is held against it.

A gold span is found when a finding of its type overlaps it by a character; a finding is right when it overlaps a gold
span of its type. Findings of a type a set does not label are not counted there, nor those that overlap only a gold span
whose label has no type of ours.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TYPES = {  # type -> the labels sets have for it; a label ending in * stands for all that begin so
    "PERSON": ("PERSON", "PER", "person", "NOMBRE_*"),
    "ADDRESS": ("ADDRESS", "STREET_ADDRESS", "CALLE"),
    "EMAIL": ("EMAIL", "EMAIL_ADDRESS", "CORREO_ELECTRONICO"),
    "PHONE": ("PHONE", "PHONE_NUMBER", "NUMERO_TELEFONO", "NUMERO_FAX"),
    "CARD": ("CARD", "CREDIT_CARD", "PAYMENT_CARD"),
    "IBAN": ("IBAN", "IBAN_CODE"),
    "IP": ("IP_ADDRESS",),
    "BIRTH": ("DATE_OF_BIRTH", "DOB"),
    "GPS": ("GPS",),
    "VIN": ("VIN",),
    "NATIONAL": (
        "US_SSN", "SSN", "PESEL", "NIP", "REGON", "DOWOD", "PASSPORT", "PASSPORT_NUM", "PAN", "AADHAR", "ID_*",
        "TAX_ID", "TAXID", "VOTER_ID", "DRIVER_LICENSE", "DRIVER_LICENSE_NUM",
    ),
    "BANK": ("BANK_ACCOUNT", "BANK_ACCOUNT_NUM", "ROUTING_NUMBER"),
    "SECRET": ("PASSWORD", "SECRET"),
}  # fmt: skip
RULES = {  # the longest beginning of a rule's id decides
    "pii.email": "EMAIL", "pii.phone": "PHONE", "pii.card": "CARD", "pii.card.cvv": "", "pii.iban": "IBAN",
    "pii.ip": "IP", "pii.birth": "BIRTH", "pii.geo": "GPS", "pii.vin": "VIN", "pii.passport": "NATIONAL",
    "pii.driver": "NATIONAL", "pii.mrz": "NATIONAL", "pii.us.aba": "BANK", "pii.us.bank": "BANK", "pii.uk.bank": "BANK",
    "pii.in.bank": "BANK", "pii.es.ccc": "BANK", "pii.ar.cbu": "BANK", "pii.mx.clabe": "BANK", "pii.bic": "",
    "secret": "SECRET",
}  # fmt: skip
ENTITIES = {"PERSON": "PERSON", "ADDRESS": "ADDRESS", "STREET_ADDRESS": "ADDRESS"}
UNSCORED = {("sec_filings_fin5", "PERSON")}  # its PER covers roles such as Borrower
LOOSE = ("sgd_dialogues_train", "pii_synthetic_nano_en")  # not every value is labelled: precision is a lower bound


def type_of_label(label: str) -> str:
    """Return the type a gold label stands for, "" for none of ours.

    >>> type_of_label("NOMBRE_SUJETO_ASISTENCIA"), type_of_label("HOSPITAL")
    ('PERSON', '')
    """
    for name, labels in TYPES.items():
        if any(label.startswith(entry[:-1]) if entry.endswith("*") else label == entry for entry in labels):
            return name
    return ""


def type_of_finding(rule: str, entity: str) -> str:
    """Return the type of a finding, "" for none that a set labels.

    >>> type_of_finding("pii.pl.pesel", "PL_PESEL"), type_of_finding("pii.card.cvv", "CARD_SECURITY_CODE")
    ('NATIONAL', '')
    """
    if entity in ENTITIES:
        return ENTITIES[entity]
    parts = rule.split(".")
    for count in range(len(parts), 0, -1):
        if (name := RULES.get(".".join(parts[:count]))) is not None:
            return name
    return "NATIONAL" if len(parts) > 2 and len(parts[1]) == 2 else ""


class Labelled(NamedTuple):
    """A span with its type, and the label or rule it came from."""

    start: int
    end: int
    type: str
    source: str


def overlap(one: Labelled, other: Labelled) -> bool:
    """Say whether two spans share a character."""
    return one.start < other.end and other.start < one.end


def merged(findings: Sequence[Labelled]) -> list[Labelled]:
    """Return the findings with those of one type that overlap made one: two rules on one value are one finding."""
    out: list[Labelled] = []
    for finding in sorted(findings, key=lambda entry: (entry.type, entry.start)):
        if out and finding.type and out[-1].type == finding.type and overlap(out[-1], finding):
            out[-1] = out[-1]._replace(end=max(out[-1].end, finding.end))
        else:
            out.append(finding)
    return out


@dataclass(slots=True)
class Score:
    """Counts of one type in one set. `gold` and `found` count gold spans, `predicted` and `right` findings."""

    gold: int = 0
    found: int = 0
    predicted: int = 0
    right: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.gold + other.gold, self.found + other.found, self.predicted + other.predicted, self.right + other.right
        )

    @property
    def recall(self) -> float | None:
        return self.found / self.gold if self.gold else None

    @property
    def precision(self) -> float | None:
        return self.right / self.predicted if self.predicted else None


@dataclass(slots=True)
class Scored:
    """A set's scores by type, gold spans and those found by label, and findings not counted by type."""

    types: dict[str, Score] = field(default_factory=dict)
    labels: dict[str, Score] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


def score(name: str, documents: Iterable[tuple[Sequence[Labelled], Sequence[Labelled]]]) -> Scored:
    """Score (gold, findings) of every document of a set."""
    documents = list(documents)
    known = {span.type for gold, _ in documents for span in gold if span.type and (name, span.type) not in UNSCORED}
    result = Scored({entry: Score() for entry in sorted(known)})
    for gold, findings in documents:
        for span in gold:
            hit = any(span.type == finding.type and overlap(span, finding) for finding in findings)
            if span.type in known:
                for counts in (result.types[span.type], result.labels.setdefault(span.source, Score())):
                    counts.gold += 1
                    counts.found += hit
        for finding in merged(findings):
            over = {span.type for span in gold if overlap(finding, span)}
            if finding.type not in known or (finding.type not in over and "" in over):
                result.ignored[finding.type or finding.source] += 1
            else:
                result.types[finding.type].predicted += 1
                result.types[finding.type].right += finding.type in over
    return result
