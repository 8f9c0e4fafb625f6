"""Labelled text for the tagger: gold sets, sentences of our own templates, plain code, and their variations."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import unicodedata
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from training.lists import FIRST, LAST, PLACE, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training.lists import Names

Spans = list[tuple[int, int, str]]


class Text(NamedTuple):
    """A text, its names as (start, end, "P" | "L" | "O"), and where it comes from."""

    text: str
    spans: Spans
    source: str


LABELS = {
    "PERSON": "P", "PER": "P", "person": "P", "LOCATION": "L", "LOC": "L", "location": "L", "GPE": "L", "ADDRESS": "L",
    "STREET_ADDRESS": "L", "CALLE": "L", "TERRITORIO": "L", "PAIS": "L", "ORGANIZATION": "O", "ORG": "O",
    "corporation": "O", "group": "O", "HOSPITAL": "O", "INSTITUCION": "O", "CENTRO_SALUD": "O",
}  # fmt: skip
GOLD = {  # file -> how often a pass shows it
    "names/crossner_ai": 1, "names/crossner_literature": 1, "names/crossner_music": 1, "names/crossner_politics": 2,
    "names/crossner_science": 1, "names/uner_da": 0.5, "names/uner_en": 2, "names/uner_pt": 0.5, "names/uner_sv": 0.5,
    "pii/wnut17_en_train": 1.5, "pii/wikigold_en": 2, "pii/broad_twitter_b": 2, "pii/broad_twitter_f": 2,
    "pii/europeana_nl": 0.3, "pii/europeana_fr": 0.4, "pii/europeana_de": 0.3, "pii/europeana_de_onb": 0.3,
    "pii/meddocan_es_train": 0.3, "pii/pl_pii_bench": 1,
}  # fmt: skip
NEVER = ("presidio_synth_v2", "presidio_generated_large", "us_offices_contact")  # only ever scored
CODE = ("corpora/powershell_docs_en", "corpora/cockroach_docs_en", "corpora/chrome_docs_en", "corpora/tldr_multi")
GUIDES = ("corpora/opensource_guide_multi", "corpora/tldr_multi")
HOUSES = frozenset("github gitlab git google linux open source readme mit apache gpl api url html css".split())
LIBRARIES = ("privscan", "rich", "typer", "presidio_analyzer", "spacy", "thinc", "pydantic", "tqdm")  # MIT, or our own
CODE_LINE = re.compile(r"[{}();=<>\[\]$|`]|--\w|^\s{4}|^\s*[-+#/.]|\w_\w|\w\.\w|::|\\")
DEV = 10  # one document in so many is kept from training, to calibrate on
STRANGE = 0.25  # of names drawn are on no list
COVERED = 0.06  # of texts have their names replaced as a redaction does
TOKENS = {"P": "PERSON", "L": "LOCATION", "O": "ORGANIZATION"}
SHORT, LONG = 40, 1500  # characters of a piece of a long document


def kind_of(label: str) -> str:
    """Return P, L or O for a set's label, "" for one that is none of these."""
    return "P" if label.startswith("NOMBRE_") else LABELS.get(label, "")


def read(path: Path) -> Iterator[tuple[str, Text]]:
    """Yield (id, text) of a labelled set."""
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            spans = [(start, _whole(row["text"], start, end), kind_of(label)) for start, end, label in row["spans"]]
            yield str(row["id"]), Text(row["text"], [span for span in spans if span[2]], path.stem)


def _whole(text: str, start: int, end: int) -> int:
    """Return the end of a span; of one that holds nothing but the sign of a handle, the handle's end."""
    return start + len(re.match(r"@\w*", text[start:])[0]) if text[start:end] == "@" else end  # type: ignore[index]


def is_dev(identity: str) -> bool:
    """Say whether a document is kept from training."""
    return zlib.crc32(identity.encode()) % DEV == 0


def gold(data: Path, without: Iterable[str] = ()) -> tuple[list[Text], list[Text]]:
    """Return the gold texts to train on and those kept back; sets named in `without` are kept back whole."""
    train, dev = [], []
    for name in GOLD:
        for identity, text in read(data / f"{name}.jsonl"):
            back = is_dev(identity) or Path(name).name in without
            (dev if back else train).extend(pieces(text))
    return train, dev


def silver(path: Path) -> list[Text]:
    """Return the texts labelled by teachers (`training.silver`)."""
    with path.open(encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    return [Text(row["text"], [tuple(span) for span in row["spans"]], "silver") for row in rows]


def pieces(text: Text) -> Iterator[Text]:
    """Cut a long document at line ends or blanks that are in no name."""
    at = 0
    while len(text.text) - at > LONG:
        cut = max(text.text.rfind("\n", at + LONG // 2, at + LONG), text.text.rfind(" ", at + LONG // 2, at + LONG))
        while cut > at and any(start < cut < end for start, end, _ in text.spans):
            cut = text.text.rfind(" ", at, cut)
        if cut <= at:
            break
        yield _cut(text, at, cut)
        at = cut
    yield _cut(text, at, len(text.text))


def _cut(text: Text, low: int, high: int) -> Text:
    spans = [(start - low, end - low, kind) for start, end, kind in text.spans if low <= start and end <= high]
    return Text(text.text[low:high], spans, text.source)


def code(data: Path) -> list[Text]:
    """Return pieces of code and configuration: of documentation, reviewed lines, this project and its libraries."""
    out: list[Text] = []
    for name in CODE:
        with (data / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                fenced = re.findall(r"```\w*\n(.*?)```", row["text"], re.DOTALL)
                out += [Text(piece[:LONG], [], "code") for piece in fenced]
                found = [line for line in row["text"].split("\n") if len(CODE_LINE.findall(line)) >= 4]
                out += [Text("\n".join(found[at : at + 6]), [], "code") for at in range(0, len(found), 6)]
    with (data / "secrets/creddata_lines.jsonl").open(encoding="utf-8") as lines:
        out += [Text(row["text"][:LONG], [], "code") for row in map(json.loads, lines)]
    out += characters()
    for package in LIBRARIES:
        found = importlib.util.find_spec(package)
        for folder in found.submodule_search_locations or () if found else ():
            for file in sorted(Path(folder).rglob("*.py")):
                rows = file.read_text("utf-8", "replace").split("\n")
                out += [Text("\n".join(rows[at : at + 12])[:LONG], [], "code") for at in range(0, len(rows), 12)]
    return out


def nameless(data: Path, flags: Callable[[str], int]) -> list[Text]:
    """Return stretches of guides in many languages in which nobody is named: no word on a list of names is capital.

    Capital within a sentence is only what is common in some language, as pronouns of politeness are; `flags` tells what
    the lists know of a word.
    """
    out: list[Text] = []
    for name in GUIDES:
        with (data / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                stretch: list[str] = []
                for sentence in [*re.split(r"\n+|(?<=[.!?]) ", row["text"]), ""]:
                    if sentence and _nobody(sentence, flags) and sum(map(len, stretch)) < LONG // 3:
                        stretch.append(sentence)
                        continue
                    if stretch:
                        out.append(Text(" ".join(stretch), [], "nameless"))
                    stretch = []
    return [text for text in out if len(text.text) > SHORT]


def _nobody(sentence: str, flags: Callable[[str], int]) -> bool:
    if re.search(r"[@<>{}\[\]|`=]|https?:|\w_\w", sentence):
        return False
    for place, found in enumerate(re.finditer(r"[^\W\d_]+", sentence)):
        word = found[0]
        if word[0].islower() or word.lower() in HOUSES:
            continue
        held = flags(word)
        common, named = held >> PLAIN, any(held >> low & 3 for low in (FIRST, LAST, PLACE))
        if common < 3 and (named or (place and common < 2)):
            return False
    return True


def characters() -> list[Text]:
    """Return tables of characters with their names, as code pages have them."""
    points = [point for point in range(0xA0, 0x3000) if unicodedata.name(chr(point), "")]
    lines = [f"    0x{n & 255:02x}: 0x{n:04x},     #  {unicodedata.name(chr(n))}" for n in points[:4000:3]]
    lines += [f"    '\\u{n:04x}'   #  0x{n & 255:02X} -> {unicodedata.name(chr(n))}" for n in points[1:4000:3]]
    return [Text("\n".join(lines[at : at + 10]), [], "code") for at in range(0, len(lines), 10)]


# ---------------------------------------------------------------- templates


LOCALES = {
    "en": ("en_US", "en_US", "en_GB", "en_GB", "en_IN", "en_NG", "es_MX", "de_DE", "fr_FR", "it_IT"),
    "de": ("de_DE", "de_AT", "de_CH", "tr_TR"), "fr": ("fr_FR", "fr_CA", "fr_BE"), "es": ("es_ES", "es_MX", "es_AR"),
    "it": ("it_IT",), "nl": ("nl_NL", "nl_BE"), "pl": ("pl_PL",), "pt": ("pt_BR", "pt_PT"), "id": ("id_ID",),
    "ms": ("id_ID", "en_IN"), "tr": ("tr_TR",), "hu": ("hu_HU",), "cs": ("cs_CZ",), "sk": ("sk_SK",), "ro": ("ro_RO",),
    "hr": ("hr_HR",), "sl": ("sl_SI",), "fi": ("fi_FI",), "nb": ("no_NO",), "sv": ("sv_SE",), "da": ("da_DK",),
    "fil": ("es_MX", "en_US"), "lt": ("lt_LT",), "lv": ("lv_LV",), "et": ("et_EE",),
}  # fmt: skip
STREETS = ("Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd.", "Blvd", "Boulevard", "Drive", "Dr.", "Lane",
           "Hwy", "Parkway", "Plaza", "Court", "Way")  # fmt: skip
BUILDINGS = ("Federal Building", "Building", "Courthouse", "Hall", "School", "Elementary School", "Library", "Center",
             "Hospital", "Airport", "Bridge", "Park", "Stadium", "House Office Building", "Annex")  # fmt: skip
ADDRESSES = ("en_US", "en_GB", "en_CA", "en_AU", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE",
             "da_DK", "fi_FI", "no_NO", "cs_CZ", "en_IN", "de_AT", "de_CH", "fr_CH", "es_MX", "id_ID", "tr_TR", "hu_HU",
             "sk_SK", "ro_RO", "hr_HR", "sl_SI", "lt_LT", "lv_LV", "et_EE")  # fmt: skip


class Maker:
    """Makes sentences out of templates. Everything is drawn from one seeded source of chance."""

    def __init__(
        self, people: dict[str, Names], surnames: list[str], cities: list[str], templates: Path, seed: int
    ) -> None:
        from faker import Faker

        self.rng = random.Random(seed)
        self.people = people
        self.cities = cities
        self.surnames = [name.title() for name in surnames]
        self.templates = [
            line.split(": ", 1)
            for line in templates.read_text("utf-8").splitlines()
            if line and not line.startswith("#")
        ]
        self.fakers = {locale: Faker(locale) for locale in ADDRESSES}
        for number, made in enumerate(self.fakers.values()):
            made.seed_instance(seed + number)
        self.by_language = {"de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "pl": "pl_PL",
                            "pt": "pt_BR", "id": "id_ID", "tr": "tr_TR", "hu": "hu_HU", "cs": "cs_CZ", "sk": "sk_SK",
                            "ro": "ro_RO", "hr": "hr_HR", "sl": "sl_SI", "fi": "fi_FI", "nb": "no_NO", "sv": "sv_SE",
                            "da": "da_DK", "fil": "en_IN", "lt": "lt_LT", "lv": "lv_LV", "et": "et_EE"}  # fmt: skip

    def locale(self, language: str) -> str:
        """Return a locale for a name: mostly the language's own, sometimes any."""
        if self.rng.random() < (0.3 if language == "en" else 0.15):
            return self.rng.choice([name for name in self.people if name in LATIN])
        return self.rng.choice([name for name in LOCALES[language] if name in self.people])

    def first(self, locale: str) -> str:
        return self.strange(self.rng.choice(self.people[locale]["first"]), locale, "first")

    def strange(self, name: str, locale: str, kind: str) -> str:
        """Return the name, or now and then one that is on no list: the front of one, the end of another."""
        if self.rng.random() >= STRANGE or len(name) < 4:
            return name
        other = self.rng.choice(self.people[locale][kind])
        return name[: self.rng.randrange(2, len(name))] + other[self.rng.randrange(1, max(len(other) - 2, 2)) :].lower()

    def last(self, locale: str) -> str:
        if locale.startswith("en") and self.rng.random() < 0.5:
            return self.rng.choice(self.surnames[: self.rng.choice((500, 5000, 60_000))])
        return self.strange(self.rng.choice(self.people[locale]["last"]), locale, "last")

    def person(self, first: str, last: str, locale: str) -> str:
        """Return a name as people write it."""
        chance = self.rng.random()
        if chance < 0.62:
            name = f"{first} {last}"
        elif chance < 0.72:
            name = f"{first} {self.rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        elif chance < 0.77:
            name = f"{first[0]}. {last}"
        elif chance < 0.82:
            name = f"{first} {self.first(locale)} {last}"
        elif chance < 0.87:
            name = f"{first} {last}{self.rng.choice('- ')}{self.last(locale)}"
        elif chance < 0.90:
            name = (
                f"{first} {self.rng.choice(('van', 'de', 'von', 'da', 'del', 'bin', 'al', 'van der', 'de la'))} {last}"
            )
        elif chance < 0.93:
            name = f"{first[0]}.{self.rng.choice('ABCDEFGHJKLMNPRST')}. {last}"
        elif chance < 0.95:
            name = f"{last}, {first}"
        else:
            name = first
        return name

    def address(self, language: str) -> str:
        locale = self.by_language.get(language) or self.rng.choice(ADDRESSES)
        made = self.fakers[locale]
        chance = self.rng.random()
        if chance < 0.5:
            return made.address().replace("\n", self.rng.choice((", ", "\n", " ")))
        if chance < 0.8:
            return made.street_address().replace("\n", " ")
        return f"{made.street_address()}, {made.city()}".replace("\n", " ")

    def value(self, slot: str, language: str, same: tuple[str, str, str]) -> tuple[str, str]:
        """Return (text, kind) for a slot of a template."""
        first, last, locale = same
        made = self.fakers[self.by_language.get(language) or self.rng.choice(ADDRESSES)]
        kind = "P" if slot in "PQLH" else "L" if slot in "ACGSU" else "O" if slot == "O" else ""
        makers: dict[str, Callable[[], str]] = {
            "P": lambda: self.person(first, last, locale),
            "Q": lambda: first,
            "L": lambda: last,
            "H": lambda: f"{last} {first}",
            "A": lambda: self.address(language),
            "C": made.city if self.rng.random() < 0.4 else lambda: self.rng.choice(self.cities),
            "S": lambda: f"{self.rng.randrange(1, 9999)} {self.honoured()} {self.rng.choice(STREETS)}",
            "U": lambda: f"{self.honoured()} {self.rng.choice(BUILDINGS)}",
            "G": made.country,
            "O": made.company,
            "E": lambda: self.mail(first, last),
            "T": made.phone_number,
            "D": lambda: made.date(self.rng.choice(("%Y-%m-%d", "%d/%m/%Y", "%B %d, %Y", "%Y"))),
            "N": lambda: str(self.rng.randrange(10 ** self.rng.randrange(1, 9))),
        }
        return makers[slot](), kind

    def honoured(self) -> str:
        """Return the name of somebody that a street or a house is called after, or of none."""
        locale = self.locale("en")
        last = self.last(locale)
        return self.rng.choice((last, f"{self.first(locale)} {last}", f"{self.first(locale)[0]}. {last}", "N. Main"))

    def mail(self, first: str, last: str) -> str:
        user = self.rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{self.rng.randrange(99)}"))
        return re.sub(r"[^\w.]", "", user).lower() + "@" + self.rng.choice(("gmail.com", "acme.org", "web.de"))

    def sentence(self) -> Text:
        """Return one sentence of a template drawn by chance."""
        language, template = self.rng.choice(self.templates)
        out, spans, at = [], [], 0
        same = None
        for part in re.split(r"(\{[A-Z]\})", template.replace("\\n", "\n").replace("{{", "\x01").replace("}}", "\x02")):
            text, kind = part, ""
            if re.fullmatch(r"\{[A-Z]\}", part):
                if same is None or self.rng.random() < 0.6:
                    locale = self.locale(language)
                    same = (self.first(locale), self.last(locale), locale)
                text, kind = self.value(part[1], language, same)
            text = text.replace("\x01", "{").replace("\x02", "}")
            if kind:
                spans.append((at, at + len(text), kind))
            out.append(text)
            at += len(text)
        return Text("".join(out), spans, "template")


LATIN = {
    "az_AZ", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "en", "en_GB", "en_IE", "en_IN", "en_KE", "en_NG", "en_NZ",
    "en_PK", "en_US", "es", "es_AR", "es_CL", "es_CO", "es_ES", "es_MX", "et_EE", "fi_FI", "fr_BE", "fr_CA", "fr_CH",
    "fr_DZ", "fr_FR", "ga_IE", "hr_HR", "hu_HU", "id_ID", "is_IS", "it_IT", "lt_LT", "lv_LV", "nl_BE", "nl_NL",
    "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sk_SK", "sl_SI", "sv_SE", "sw", "tr_TR", "tw_GH", "uz_UZ", "zu_ZA",
}  # fmt: skip


# ---------------------------------------------------------------- variations


def swapped(text: Text, maker: Maker) -> Text:
    """Put other names in the place of persons', word for word."""
    out, spans, at, shift = [], [], 0, 0
    for start, end, kind in sorted(text.spans):
        if start < at:
            continue
        old = text.text[start:end]
        new = old
        parts = re.findall(r"[^\W\d_]{3,}", old)
        if kind == "P" and parts and all(part[0].isupper() for part in parts) and not old.isupper():
            new = renamed(old, len(parts), maker)
        out += (text.text[at:start], new)
        spans.append((start + shift, start + shift + len(new), kind))
        shift += len(new) - len(old)
        at = end
    out.append(text.text[at:])
    return Text("".join(out), spans, text.source)


def renamed(name: str, count: int, maker: Maker) -> str:
    """Put other names in the place of the words of a name, the last for a last name."""
    locale = maker.locale("en")
    names = [maker.first(locale) for _ in range(count)]
    if count > 1 or maker.rng.random() < 0.5:
        names[-1] = maker.last(locale)
    return re.sub(r"[^\W\d_]{3,}", lambda _: names.pop(0), name)


def covered(text: Text, maker: Maker) -> Text:
    """Put what a redaction leaves in the place of some names."""
    out, spans, at, shift = [], [], 0, 0
    for start, end, kind in sorted(text.spans):
        if start < at:
            continue
        token = maker.rng.random() < 0.7
        new = f"<{TOKENS[kind]}>" if token else text.text[start:end]
        out += (text.text[at:start], new)
        if not token:
            spans.append((start + shift, start + shift + len(new), kind))
        shift += len(new) - (end - start)
        at = end
    out.append(text.text[at:])
    return Text("".join(out), spans, text.source)


def varied(text: Text, maker: Maker) -> Text:
    """Return the text as it is, or with other names, or in other case."""
    chance = maker.rng.random
    if text.spans and chance() < (0.0 if text.source == "template" else 0.45):
        text = swapped(text, maker)
    if text.spans and chance() < COVERED:
        return covered(text, maker)
    case = chance()
    for low, high, change in ((0.0, 0.19, str.lower), (0.19, 0.22, str.upper), (0.22, 0.24, str.title)):
        if low <= case < high:
            made = change(text.text)
            return text._replace(text=made) if len(made) == len(text.text) else text
    return text


def passes(train: list[Text], made: int, negatives: list[Text], drawn: int, maker: Maker) -> Iterator[list[Text]]:
    """Yield one shuffled pass after another: gold by its weight, `made` fresh sentences, `drawn` pieces of code."""
    weights = {Path(name).name: weight for name, weight in GOLD.items()}
    while True:
        out: list[Text] = []
        for text in train:
            weight: Any = weights.get(text.source, 1)
            times = int(weight) + (maker.rng.random() < weight % 1)
            out += [varied(text, maker) for _ in range(times)]
        out += [varied(maker.sentence(), maker) for _ in range(made)]
        out += maker.rng.sample(negatives, min(drawn, len(negatives)))
        maker.rng.shuffle(out)
        yield out
