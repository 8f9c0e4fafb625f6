"""Fields that point at a person together: how many records share each combination of their values.

Counts as in k-anonymity, for records that hold two or more such fields (postcode, birth date, sex, ...) side by side.
Promises: no value is kept, only keyed digests; memory has a bound; the figures do not depend on the number of workers
or on the order of the shards. Where there are more groups than are kept, those with the smallest digests stand for all
of them, an even sample whose own counts are exact.
"""

from __future__ import annotations

import functools
import hashlib
import heapq
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import orjson

from privscan.detectors import triggers
from privscan.detectors.words import field_words
from privscan.model import LeafKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

# Kind -> names of fields, as words without accents. What they are called elsewhere stands in one line each.
KINDS: Final = {
    "postcode": "zip|zip code|zipcode|postal code|postcode|plz|postleitzahl|code postal|codigo postal|cep|postnr"
    "|kod pocztowy",
    "city": "city|town|ville|stadt|wohnort|ciudad|citta|comune|cidade|woonplaats|miasto|municipality|county",
    "birth": "dob|birth date|birthdate|date of birth|birthday|birth year|year of birth|geburtsdatum|date naissance"
    "|fecha nacimiento|data nascita|data nascimento|geboortedatum|data urodzenia",
    "age": "age|alter|edad|eta|idade|leeftijd|wiek",
    "sex": "sex|gender|geschlecht|sexe|sexo|sesso|geslacht|plec",
    "ethnicity": "race|ethnicity|ethnic group|ethnie|etnia",
    "nationality": "nationality|citizenship|nationalitat|staatsangehorigkeit|nationalite|nacionalidad|cittadinanza",
    "marital status": "marital status|marital|familienstand|estado civil|etat civil|stato civile",
    "occupation": "occupation|job title|profession|beruf|profesion|professione|profissao",
    "education": "education|education level|degree",
}
_CLASSIC = (("postcode", "city"), ("birth", "age"), ("sex",))  # the triple that tells most people apart
KEPT: Final = 1 << 14  # groups a shard, and a run, keeps
CLASSES = ((1, 1), (2, 4), (5, 9))
Groups = Counter[tuple[str, str]]  # (combination, digest) -> records
_NAMES = {name: kind for kind, names in KINDS.items() for name in names.split("|")}


def counted(block: Block, rows: Iterable[int], settings: Settings, wanted: Callable[[Leaf], bool] | None) -> Groups:
    """Return the groups of the rows of a block, KEPT at most."""
    names, lines = _tabular(block, settings.cache_dir)
    mine = sorted(names & set(rows))
    if lines and wanted is None:
        people = [person for row in mine if row in lines for person in _people(lines[row])]
    else:
        people = _told_apart(block.leaves(mine), wanted)
    found: Groups = Counter()
    for person in people:
        for kinds in _combinations(person):
            text = "\0".join((*kinds, *(person[kind] for kind in kinds)))
            digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=settings.key[:64]).hexdigest()
            found[" + ".join(kinds), digest] += 1
    return found


def _people(line: bytes) -> Iterator[dict[str, str]]:
    """Yield what each object of a record says of its kinds."""
    try:
        values = [orjson.loads(line)]
    except orjson.JSONDecodeError:  # numbers and surrogates that only a slower reader takes
        return
    while values:
        value = values.pop()
        if isinstance(value, dict):
            person = {
                kind: text
                for key, entry in value.items()
                if isinstance(entry, (str, int, float)) and (kind := _NAMES.get(_name(key)))
                if (text := str(entry).strip().casefold())
            }
            if len(person) > 1:
                yield person
            values += [entry for entry in value.values() if isinstance(entry, (dict, list))]
        elif isinstance(value, list):
            values += [entry for entry in value if isinstance(entry, (dict, list))]


def _told_apart(leaves: Iterable[Leaf], wanted: Callable[[Leaf], bool] | None) -> list[dict[str, str]]:
    """Return the same from leaves; those of one record under one field belong together."""
    people: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    for leaf in leaves:
        kind = _NAMES.get(_name(leaf.key)) if leaf.kind in (LeafKind.STRING, LeafKind.NUMBER) else None
        if kind and (value := leaf.text.strip().casefold()) and (wanted is None or wanted(leaf)):
            people[leaf.record, leaf.field.rpartition("/")[0]][kind] = value
    return list(people.values())


def merged(groups: Groups, more: Groups) -> Groups:
    """Return both together, the KEPT with the smallest digests."""
    groups = groups + more
    if len(groups) <= KEPT:
        return groups
    return Counter({name: groups[name] for name in heapq.nsmallest(KEPT, groups, key=lambda name: (name[1], name[0]))})


def told(groups: Groups) -> list[dict[str, Any]]:
    """Return what a report tells of each combination; figures are estimates where not `exact`."""
    exact = len(groups) < KEPT
    share = 1.0 if exact else int(max(digest for _, digest in groups), 16) / 2**64
    sizes: dict[str, list[int]] = defaultdict(list)
    for (combination, _), records in groups.items():
        sizes[combination].append(records)
    out = []
    for combination, counts in sorted(sizes.items(), key=lambda entry: (-entry[0].count("+"), entry[0])):
        small = {f"{low}" if low == high else f"{low}-{high}": _within(counts, low, high) for low, high in CLASSES}
        out.append(
            {
                "fields": combination,
                "records": round(sum(counts) / share),
                "groups": round(len(counts) / share),
                "smallest": min(counts),
                "groups_by_size": {size: round(number / share) for size, number in small.items()},
                "exact": exact,
            }
        )
    return out


def _within(counts: list[int], low: int, high: int) -> int:
    return sum(low <= count <= high for count in counts)


def _combinations(person: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the kinds a record has, and the classic three where it has more."""
    if len(person) < 2:
        return []
    every = tuple(kind for kind in KINDS if kind in person)
    classic = tuple(next((kind for kind in kinds if kind in person), "") for kinds in _CLASSIC)
    return [every, classic] if len(every) > len(classic) and all(classic) else [every]


@functools.lru_cache(maxsize=4096)
def _name(key: str) -> str:
    """Return a field's own name as words: "patientZip" is "zip" where the whole is no name we know."""
    words = field_words(f"/{key.rpartition('/')[2]}").split()
    known = (" ".join(words[start:]) for start in range(len(words)))
    return next((name for name in known if name in _NAMES), "")


@functools.lru_cache(maxsize=1)
def _scan(cache: str | None) -> tuple[Callable[[Any, int], triggers.Hits], list[str]]:
    expressions, kinds = [], []
    for name, kind in _NAMES.items():
        words = [b"(?i:" + word.encode() + b")" for word in name.split()]
        expressions.append(rb'["_ \x2da-z]' + rb"[_ \x2d]?".join(words) + rb'" ?:')
        kinds.append(kind)
    return triggers.scanner(expressions, cache), kinds


def _tabular(block: Block, cache: str | None) -> tuple[set[int], dict[int, bytes]]:
    """Return the rows that name two kinds of fields or more, and their lines where they are lines of JSON."""
    import numpy as np

    named: dict[int, set[str]] = defaultdict(set)
    columns = list(block.names())
    for name, rows in columns:
        if kind := _NAMES.get(_name(name.replace("/*", ""))):
            for row in rows:
                named[row].add(kind)
    lines: dict[int, bytes] = {}
    scan, kinds = _scan(cache)
    for buffer, starts in () if columns else block.buffers():
        numbers, ends = scan(buffer, 0)
        owners = np.searchsorted(starts, ends - 1, side="right") - 1
        for row, number in set(zip(owners.tolist(), numbers.tolist(), strict=True)):
            named[row].add(kinds[number])
        bounds = [*starts.tolist(), len(buffer)]
        lines |= {row: bytes(buffer[bounds[row] : bounds[row + 1]]) for row, found in named.items() if len(found) > 1}
    return {row for row, found in named.items() if len(found) > 1}, lines
