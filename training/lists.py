"""Name lists: which words are first names, last names, places, or plain words written small, and how common.

Sources, all free to ship: the US census of 2020 (public domain), Faker's names (MIT), GeoNames' cities (CC-BY-4.0),
counts of small and capital initials in the training texts, and wordfreq's counts for other languages (CC-BY-SA-4.0).
"""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors.names import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FIRST, LAST, PLACE, PLAIN = 0, 2, 4, 6  # lowest bit of each list's class (0 to 3) in a word's flags
FIRST_RANKS = ((1500, 3), (8000, 2), (22_000, 1))
LAST_RANKS = ((3000, 3), (20_000, 2), (70_000, 1))
PEOPLE = ((500_000, 3), (50_000, 2), (0, 1))
COMMON = ((5.5, 3), (4.8, 2), (4.4, 1))  # how often in a thousand million words, as its logarithm
SURE = 5.7  # so common a word is plain though it is a name somewhere
LANGUAGES = "ca cs da de en es fi fil fr hu id is it lt lv ms nb nl pl pt ro sh sk sl sv tr vi".split()
MINIMUM = 2  # times a word must stand small in the texts to count as a plain word
LETTERS = re.compile(r"[^\W\d_]{2,}")
Names = dict[str, list[str]]


def faker_names() -> dict[str, Names]:
    """Return first and last names by locale."""
    import faker.providers.person as people

    out: dict[str, Names] = {}
    for module in pkgutil.iter_modules(people.__path__):
        provider: Any = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        found: Names = {}
        for kind in ("first", "last"):
            names: set[str] = set()
            for attribute in (f"{kind}_names", f"{kind}_names_male", f"{kind}_names_female", f"{kind}_romanized_names"):
                listed = getattr(provider, attribute, ())
                names.update(() if isinstance(listed, property) else (str(name) for name in listed))
            found[kind] = sorted(names)
        if found["first"] and found["last"]:
            out[module.name] = found
    return out


def census(folder: Path, name: str, most: int) -> list[str]:
    """Return the most frequent names of a census table (columns name, rank), most frequent first."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / f"{name}.parquet", columns=["name", "rank"])
    rows = [row for row in table.to_pylist() if row["name"] and row["rank"]]
    rows.sort(key=lambda row: (row["rank"], row["name"]))
    return [row["name"] for row in rows[:most]]


def _ranked(names: list[str], ranks: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, int]]:
    for place, name in enumerate(names):
        level = next((level for most, level in ranks if place < most), 0)
        if level:
            yield name, level


def places(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield (word of a place's name, class): countries, US states, cities by size."""
    for file in ("countries.json", "us_states.json", "continents.json"):
        for row in json.loads((folder / file).read_text("utf-8")).values():
            yield str(row["name"]), 3
    for row in json.loads((folder / "cities15000.json").read_text("utf-8")).values():
        level = next(level for least, level in PEOPLE if row["population"] >= least)
        yield row["name"], level
        if level == 3:
            for name in row["alternatenames"]:
                if name[:1].isupper():
                    yield name, 2


def cities(folder: Path) -> list[str]:
    """Return the names of cities in English-speaking countries, and of large ones anywhere."""
    rows = json.loads((folder / "cities15000.json").read_text("utf-8")).values()
    near = {"US", "GB", "CA", "AU", "IE", "NZ"}
    return sorted({row["name"] for row in rows if row["countrycode"] in near or row["population"] > 300_000})


def plain_words(texts: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield (word, class) for words mostly written small, by how often."""
    small: Counter[str] = Counter()
    big: Counter[str] = Counter()
    for text in texts:
        for word in LETTERS.findall(text):
            if word.islower():
                small[word] += 1
            elif not word.isupper():
                big[word.lower()] += 1
    for word, count in small.items():
        if count >= MINIMUM and count > big[word] / 3:
            share = count / (count + big[word])
            yield word, 3 if count >= 60 and share > 0.8 else 2 if count >= 6 and share > 0.5 else 1


def common_words(names: set[str]) -> Iterator[tuple[str, int]]:
    """Yield (word, class) of the languages' most common words but for `names`, by how common."""
    import wordfreq

    for language in LANGUAGES:
        for word, share in wordfreq.get_frequency_dict(language).items():
            often = math.log10(share * 1e9)
            level = next((level for least, level in COMMON if often >= least), 0)
            if level and LETTERS.fullmatch(word) and (often >= SURE or word not in names):
                yield word, level


def lookup(keys: np.ndarray[Any, Any], flags: np.ndarray[Any, Any]) -> Callable[[str], int]:
    """Return what tells the flags of a word, 0 for one on no list."""

    def told(word: str) -> int:
        wanted = np.uint32(words.lower_hash(word) >> 32)
        place = int(keys.searchsorted(wanted))
        return int(flags[place]) if place < len(keys) and keys[place] == wanted else 0

    return told


def build(people: dict[str, Names], sources: Path, texts: Iterable[str]) -> tuple[np.ndarray[Any, Any], ...]:
    """Return the lists as sorted 32-bit hashes of small-letter words, and their flags."""
    flags: dict[str, int] = defaultdict(int)

    def put(name: str, low: int, level: int) -> None:
        for word in LETTERS.findall(name.lower()):
            old = flags[word] >> low & 3
            whole = len(word) == len(name)
            flags[word] += (max(old, level if whole else min(level, 1)) - old) << low

    for name, level in _ranked(census(sources, "census_2020_first_names", 22_000), FIRST_RANKS):
        put(name, FIRST, level)
    for name, level in _ranked(census(sources, "census_2020", 70_000), LAST_RANKS):
        put(name, LAST, level)
    for found in people.values():
        for name in found["first"]:
            put(name, FIRST, 2)
        for name in found["last"]:
            put(name, LAST, 2)
    for name, level in places(sources):
        put(name, PLACE, level)
    names = {word for word, held in flags.items() if any(held >> low & 3 for low in (FIRST, LAST, PLACE))}
    for name, level in common_words(names):
        put(name, PLAIN, level)
    for name, level in plain_words(texts):
        put(name, PLAIN, level)
    listed = list(flags)
    found = words.split(" ".join(listed))
    assert len(found.starts) == len(listed)
    keys = (words.lower_hashes(found, np.arange(len(listed))) >> np.uint64(32)).astype(np.uint32)
    order = np.argsort(keys, kind="stable")
    return keys[order], np.array(list(flags.values()), np.uint8)[order]
