"""Where a record says it comes from: its country's numbers are believed without a word beside them.

A field such as `country`, `address.pais` or `locale` may name a country (`validators.nations`). In such a record
telephone numbers are read in that country's plan, and numbers of that country whose check digits hold count, where
they are written as people write them or the check is a strong one. What a text merely mentions is no origin.
"""

from __future__ import annotations

import functools
import random
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan import regions
from privscan.detectors import hits, triggers
from privscan.detectors.allow import Allowing
from privscan.detectors.compiled import Compiled, needs_context
from privscan.detectors.patterns import Patterns, reach_across
from privscan.detectors.words import LONG, LONGEST_NAME, field_words, spaced
from privscan.model import Confidence, LeafKind, Match
from privscan.validators import nations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from privscan.config import Settings
    from privscan.detectors import Detector
    from privscan.formats import Block
    from privscan.model import Leaf, Rule, Span

# Words in the names of fields, the surest first: those that hold a country, those that may, those that hold a locale.
NAMES: Final = (
    frozenset(
        "country countries countrycode nation pais paises país paese pays land landcode kraj maa ország orszag země "
        "zeme ülke ulke negara quốc riik страна країна 国 国家 國家 국가 χώρα מדינה بلد ประเทศ देश".split()
    ),
    frozenset(["region", "geo", "market", "jurisdiction"]),
    frozenset(["locale", "lang", "language", "culture"]),
)
LOCALES: Final = 2  # the place of those that hold a locale, and nothing else, in `NAMES`
STEP = 0.3  # of the score
MOST = 3  # countries as near to one field as each other: more of them are a list of countries
DIGITS = rb"[0-9](?:[ ./()\\\x2d]{0,3}[0-9]){6}"  # no number of a person is shorter
STRONG, FAIR = 0.02, 0.05  # shares of random numbers of one shape that pass a check
TRIES = 400
KEPT = 4096  # shapes whose shares are remembered
DEEPEST = 32  # segments of a field that are compared
_WRITTEN = re.compile(r"[^\W\d_]|[-/–]")  # letters or joints that prices and counts do not have
_THOUSANDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
# Words before a number, without accents, that say it is not somebody's.
_NUMBERED = frozenset(
    "order orders invoice bill receipt ticket case article item product part model serial tracking parcel "
    "shipment batch lot contract reference ref sku ean code version build bestellung bestellnummer auftrag "
    "auftragsnummer rechnung rechnungsnummer artikel artikelnummer vertrag beleg sendung commande facture "
    "dossier colis contrat produit pedido factura referencia contrato albaran producto ordine fattura "
    "riferimento contratto prodotto zamowienie zamowienia faktura faktury produkt bestelling bestelnummer "
    "factuur ordernummer encomenda fatura objednavka tilaus".split()
)
REACH = 32  # characters before a number in which such a word counts, the last or the last but one
_IDS = frozenset("id ids uid key sku ean upc gtin isbn ref reference order code nr no number num ts time hash".split())


class Origin(NamedTuple):
    """A country that a record names: the segments of the field above its name, how sure that name is."""

    above: tuple[str, ...]
    rank: int
    country: str


# Segments of a field -> the rank and depth of the surest names of a country there or below, and the countries.
Near = dict[tuple[str, ...], tuple[tuple[int, int], dict[str, None]]]


class Origins:
    """Finds what the rules of a record's own country make of it."""

    def __init__(self, settings: Settings) -> None:
        self._minimum = settings.min_confidence
        self._settings = replace(settings, min_confidence=Confidence.LOW)
        self.rules = tuple(rule for rule in settings.rules if gains(rule, settings.min_confidence))
        self.reach = max(map(reach_across, self.rules), default=0)
        named = sorted({name for names in NAMES for name in names})
        self._named = triggers.scanner([_field(name) for name in named], settings.cache_dir)
        self._digits = triggers.scanner([DIGITS], settings.cache_dir)
        self._strengths: dict[tuple[str, str], float] = {}
        self._by_country = functools.cache(self._detector)

    # ------------------------------------------------------------ gate

    def candidates(self, block: Block) -> dict[int, None]:
        """Ask for all of the rows with a field that may name a country, and a run of digits."""
        rows = set(hits.rows_with(self._named, block))
        for name, members in block.names():
            if rank(name) is not None:
                rows.update(members)
        if not rows:
            return {}
        return dict.fromkeys(rows & hits.rows_with(self._digits, block).keys())

    # ------------------------------------------------------------ detect

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return what counts by the record's own country alone."""
        origins = _origins(leaves)
        asked: dict[str, list[int]] = defaultdict(list)
        for position, leaf in enumerate(leaves):
            if leaf.record in origins and leaf.kind is LeafKind.STRING and len(leaf.text) >= len("1234567"):
                for country in nearest(origins[leaf.record], _segments(leaf.field)):
                    asked[country].append(position)
        out: dict[int, list[Match]] = {}
        for country, positions in sorted(asked.items()):
            found = self._by_country(country).detect([leaves[position] for position in positions])
            for place, matches in found.items():
                position = positions[place]
                kept = [match for match in matches if self._counts(leaves[position], match, country)]
                if kept:
                    out.setdefault(position, []).extend(_raised(match, country) for match in kept)
        return out

    def company(self, leaves: Sequence[Leaf]) -> list[Leaf]:
        """Return the leaves of a record that say where it comes from: any part of it is looked at in their company."""
        return [leaf for leaf in leaves if leaf.kind is LeafKind.STRING and rank(leaf.field) is not None]

    def settle(self, leaves: Sequence[Leaf], found: dict[int, list[Match]]) -> dict[int, list[Match]]:  # noqa: ARG002 - the protocol's
        """Return the matches without those that say less of what is known by its country."""
        if self._minimum > Confidence.LOW:  # then nobody else finds what this does
            return found
        return {position: list(_surest(matches)) for position, matches in found.items()}

    def _detector(self, country: str) -> Detector:
        """Make the detector of one country's numbers, when a record names it."""
        chosen = tuple(rule for rule in regions.narrowed(self.rules, (country,)))
        inner = Patterns(self._settings, chosen)
        return Allowing(inner, self._settings.policy.allow) if self._settings.policy.allow else inner

    def _counts(self, leaf: Leaf, match: Match, country: str) -> bool:
        """Say whether a match is worth more for its country: not what words say already, nor what anything passes."""
        said = [entry.partition(":")[0] for entry in match.evidence]
        if "checksum" not in said or not {"context", "field", "alone", "failed"}.isdisjoint(said):
            return False
        value = leaf.text[match.span.start : match.span.end]
        before = spaced(leaf.text[max(match.span.start - REACH, 0) : match.span.start]).split()
        if _NUMBERED.intersection(before[-2:]):
            return False
        whole = len(value) == len(leaf.text.strip())  # bare digits that are all of a field are told by its name
        if any(entry.startswith("checksum:phone_in") for entry in match.evidence):
            return not (whole and value.isdigit() and _IDS.intersection(field_words(leaf.field).split()))
        written = _WRITTEN.search(value) is not None
        if not written and (whole or _THOUSANDS.fullmatch(value)):
            return False
        return self._strength(match.rule, value, country) <= (FAIR if written else STRONG)

    def _strength(self, rule: str, value: str, country: str) -> float:
        """Return the share of random numbers of a value's shape that pass for the rule's; the same every time."""
        shape = re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", value)))
        if (rule, shape) not in self._strengths:
            entry = Compiled(next(known for known in self.rules if known.id == rule), hopeless=False)
            chance = random.Random(f"{rule} {shape} {country}")  # noqa: S311 - a measurement, repeatable
            passed = sum(_passes(entry, _filled(shape, chance)) for _ in range(TRIES))
            if len(self._strengths) >= KEPT:
                self._strengths.clear()
            self._strengths[rule, shape] = passed / TRIES
        return self._strengths[rule, shape]


def gains(rule: Rule, minimum: Confidence) -> bool:
    """Say whether a rule finds more in a record of its country: one with a check that nothing but a word lifts."""
    if rule.detector != "patterns" or not rule.validators or rule.keywords or rule.requires:
        return False
    national = bool(rule.regions) or "phone_national" in rule.validators
    return national and rule.confidence is Confidence.LOW and needs_context(rule, max(minimum, Confidence.MEDIUM))


def rank(field: str) -> int | None:
    """Return the place in `NAMES` of a word in a field's own name, None where it holds none.

    >>> rank("/user/homeCountry"), rank("/items/3/pais"), rank("/locale"), rank("/country/name"), rank("/inland")
    (0, 0, 2, 0, None)
    """
    return _rank(field[-LONGEST_NAME:])


@functools.lru_cache(maxsize=4096)
def _rank(field: str) -> int | None:
    segments = _segments(field)
    name = segments[-1] if segments else ""
    if name in ("name", "code", "iso", "iso2", "iso3") and len(segments) > 1:
        name = segments[-2]
    words = set(field_words(f"/{name}").split()) | {name.lower()}
    return next((place for place, names in enumerate(NAMES) if words & names), None)


def nearest(origins: Near, segments: Sequence[str]) -> tuple[str, ...]:
    """Return the countries that the record names nearest to a field, the surest of its names; none where many are."""
    above = tuple(segments[:DEEPEST])
    known = next((origins[above[:depth]] for depth in range(len(above), -1, -1) if above[:depth] in origins), None)
    return tuple(known[1]) if known is not None and len(known[1]) <= MOST else ()


def near(origins: Iterable[Origin]) -> Near:
    """Return, by what stands above them, the surest of the countries named there or below."""
    out: Near = {}
    for origin in origins:
        surest = (origin.rank, len(origin.above))
        for depth in range(min(len(origin.above), DEEPEST) + 1):
            known = out.get(origin.above[:depth])
            if known is None or surest < known[0]:
                out[origin.above[:depth]] = (surest, {origin.country: None})
            elif surest == known[0]:
                known[1][origin.country] = None
    return out


def _origins(leaves: Sequence[Leaf]) -> dict[int, Near]:
    """Return what the leaves of each record say of its country."""
    out: dict[int, list[Origin]] = defaultdict(list)
    for leaf in leaves:
        if leaf.kind is not LeafKind.STRING or (place := rank(leaf.field)) is None:
            continue
        code = (nations.locale if place >= LOCALES else nations.country)(leaf.text)
        if code:
            out[leaf.record].append(Origin(_segments(leaf.field)[:-1], place, code))
    return {record: near(origins) for record, origins in out.items()}


def _segments(field: str) -> tuple[str, ...]:
    return tuple(segment for segment in field.removesuffix("~key").split("/") if segment and segment != "*")


def _field(name: str) -> bytes:
    """Return the trigger of a field with a word in its name."""
    spelled = b"".join(b"\\x%02x" % byte for byte in name.encode())
    word = b"(?i:" + name.encode() + b")" if name.isascii() else spelled
    close = rb"\\?\x22\s{0,4}:\s{0,4}[{\\\x22]"
    if len(name.encode()) < LONG:  # such letters are in many words: here they are a name, or its last or first word
        return rb"[\x22_]" + word + rb"(?:_?(?i:code|iso|name|id))?" + close
    return word + rb"[A-Za-z0-9_ .\x2d]{0,12}" + close


def _raised(match: Match, country: str) -> Match:
    return Match(
        match.span,
        match.rule,
        match.entity,
        max(match.confidence, Confidence.MEDIUM),
        round(match.score + STEP, 2) if match.confidence is Confidence.LOW else match.score,
        match.severity,
        (*match.evidence, f"region:{country.lower()}"),
        match.state,
    )


def _surest(matches: Sequence[Match]) -> Iterator[Match]:
    """Yield the matches, of several of one rule at one place the surest, where a country has made one."""
    best: dict[tuple[Span, str], Match] = {}
    for match in matches:
        if any(entry.startswith("region:") for entry in match.evidence):
            best.setdefault((match.span, match.rule), match)
    for match in matches:
        raised = best.get((match.span, match.rule))
        if raised is None or raised is match:
            yield match


def _filled(shape: str, chance: random.Random) -> str:
    letters = {"0": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}
    return "".join(chance.choice(letters[sign]) if sign in letters else sign for sign in shape)


def _passes(entry: Compiled, value: str) -> bool:
    found = entry.pattern.fullmatch(value)
    if found is None:
        return False
    verdicts = entry.verdicts(value)
    return bool(verdicts) and all(verdict.state == "passed" for _, verdict in verdicts)
