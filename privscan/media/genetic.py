"""Genetic data of a person: genotypes by variant (VCF, exports of home tests), short tandem repeats, reads.

Reference genomes and lists of variants without anybody's genotype are none. Sources: VCF 4.4 and SAM/BAM 1.6 of
samtools.github.io/hts-specs, the raw files that 23andMe, AncestryDNA, MyHeritage and FamilyTreeDNA let one download,
the core loci of CODIS and ESS.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from privscan.media.seen import Seen
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAGIC", "TRIGGERS", "locus", "look", "look_record", "look_text"]

MAGIC: Final = (b"##fileformat=VCF", b"# ", b"#AncestryDNA", b"rsid", b"RSID", b"\x1f\x8b", b"CRAM\x02", b"CRAM\x03")

TRIGGERS: Final = (
    rb"#CHROM(?:\t|\\t| )[ ]{0,8}POS",
    rb"rs[0-9]{3,12}(?:\t|\\t|\",\"|\\\",\\\"|,| )[ ]{0,4}(?:[0-9]{1,2}|X|Y|MT|XY)[^0-9A-Za-z]",
    rb"[\x22\x1f]rs[0-9]{3,12}[\x22\x1f]",
    rb"D(?:3S1358|8S1179|21S11|18S51|5S818|13S317|7S820|16S539|2S1338|19S433|1S1656|12S391|10S1248)[^0-9A-Za-z]",
)
"""Hyperscan expressions: a text without one of them holds none of these."""

_CHROM = re.compile(r"#CHROM[\t ]+POS[\t ]+ID[\t ]+REF[\t ]+ALT[\t ]+QUAL[\t ]+FILTER[\t ]+INFO([\t ]+FORMAT[^\r\n]*)?")
_VARIANT = re.compile(
    r"\r?\n(?:chr)?[\w.*-]{1,64}[\t ]+\d{1,10}[\t ]+\S{1,200}[\t ]+[ACGTNacgtn]{1,2000}[\t ]+\S{1,2000}[\t ]+"
    r"\S{1,40}[\t ]+\S{1,400}[\t ]+\S{1,4000}[\t ]+GT\b\S{0,200}((?:[\t ]+[^\r\n\t ]{1,200})+)"
)
_GENOTYPE = re.compile(r"(?:\d{1,3}|\.)[/|](?:\d{1,3}|\.)")
_HEAD = re.compile(r"##fileformat=VCFv4\.\d")

_SEP = r"(?:\t|,| {1,4}|\",\")"
_ROW = re.compile(
    rf"(?<![\w.])\"?(?:rs|i)\d{{2,12}}{_SEP}(?:\d{{1,2}}|X|Y|MT|XY){_SEP}\d{{1,9}}{_SEP}(?:[ACGTDI]{{1,2}}|--|[ACGTDI0]{_SEP}[ACGTDI0])"
    r"\"?(?![\w,\t]|\.\d)"
)
_SURE_ROWS, _ROWS = 10, 3
_GAP = 4  # characters between the rows of one table
_MAKER = re.compile(r"23andMe|AncestryDNA|MyHeritage|FamilyTreeDNA|FTDNA|LivingDNA|deCODEme", re.IGNORECASE)

_LOCUS = (
    r"(?:D(?:1S1656|2S1338|2S441|3S1358|5S818|6S1043|7S820|8S1179|10S1248|12S391|13S317|16S539|18S51|19S433|21S11|22S1045)"
    r"|v?WA|FGA|TH[0O]1|TPOX|CSF1PO|SE33|Penta ?[DE]|DYS(?:19|38[59]|39[0-3]|43[789]|448|456|458|635))"
)
_ALLELE = r"[\"']?\d{1,2}(?:\.\d)?[\"']?"
_REPEAT = re.compile(
    rf"(?<![\w-])({_LOCUS})[\"']?[\t :=,|(\[]{{1,6}}{_ALLELE}(?:[\t ,/;|-]{{1,4}}{_ALLELE}(?!\w|\.\d))?"
)
_FIELD = re.compile(rf"({_LOCUS})(?:[ _.-]?(?:[Aa]llele)?[ _.-]?[12ab])?|(rs\d{{3,12}})(?:[ _.-](?:genotype|[ACGT]))?")
_ALLELES: Final = {
    "profile": re.compile(r"\s*\d{1,2}(?:\.\d)?(?:[ ,/;|-]{1,3}\d{1,2}(?:\.\d)?)?\s*"),
    "variants": re.compile(r"\s*(?:[ACGTDI-][/|;, ]?[ACGTDI-]|[012](?:\.0)?|[01][/|][01])\s*"),
}
_PLACES: Final = {"profile": (4, 8), "variants": (3, 10)}  # at least, and beyond doubt
_LOCI, _SURE_LOCI, _APART = 4, 8, 60  # loci of one profile, and characters between them
_SPECIMEN = re.compile(rb"\tSM:[^\t\n]+")
_UNPACKED = 1 << 18  # bytes of a packed file that are looked at


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the genetic data that a whole value is: a text as such, VCF and BAM packed, CRAM."""
    head = bytes(data[:4])
    if head == b"CRAM":
        return [_seen("variants", Confidence.MEDIUM, ("CRAM", f"bytes:{len(data)}"))] if data[4] in (2, 3) else []
    if head[:2] == b"\x1f\x8b":
        return _packed(data)
    found = look_text(bytes(data).decode("utf-8", "replace"))
    return [Seen(seen.entity, seen.rule, seen.confidence, seen.evidence) for seen in found]


def look_text(text: str) -> list[Seen]:
    """Return the genetic data in a text, each with its code points."""
    return [*_vcf(text), *_rows(text), *_profiles(text)]


@functools.lru_cache(maxsize=4096)
def locus(name: str) -> tuple[str, str] | None:
    """Return what a field's name says stands in it: ("profile" or "variants", the place in the genome), or None.

    >>> locus("D3S1358_2"), locus("rs429358"), locus("rs485_port")
    (('profile', 'D3S1358'), ('variants', 'rs429358'), None)
    """
    if found := _FIELD.fullmatch(name):
        return ("profile", found[1]) if found[1] else ("variants", found[2])
    return None


def look_record(fields: Sequence[tuple[int, str, str]]) -> dict[int, Seen]:
    """Return by position the alleles among a record's fields: (position, field's name, text)."""
    kinds: dict[str, dict[int, str]] = defaultdict(dict)
    for position, name, text in fields:
        what = locus(name)
        if what is not None and _ALLELES[what[0]].fullmatch(text):
            kinds[what[0]][position] = what[1]
    out: dict[int, Seen] = {}
    for kind, places in kinds.items():
        count = len(set(places.values()))
        if count >= _PLACES[kind][0]:
            sure = Confidence.HIGH if count >= _PLACES[kind][1] else Confidence.MEDIUM
            word = "STR" if kind == "profile" else "genotypes"
            out |= dict.fromkeys(places, _seen(kind, sure, (word, f"loci:{count}")))
    return out


def _seen(kind: str, confidence: Confidence, evidence: tuple[str, ...], span: tuple[int, int] | None = None) -> Seen:
    start, end = span or (None, None)
    return Seen("GENETIC_DATA", f"biometric.genetic.{kind}", confidence, evidence, start, end)


def _vcf(text: str) -> list[Seen]:
    """Find tables of variants in which somebody's genotype stands."""
    out: list[Seen] = []
    before = 0
    for head in _CHROM.finditer(text):
        samples = len((head[1] or "").split()) - 1
        if samples < 1:
            continue
        at, count = head.end(), 0
        while (row := _VARIANT.match(text, at)) and _GENOTYPE.match(row[1].split()[0]):
            at, count = row.end(), count + 1
        if count:
            begins = [found.start() for found in _HEAD.finditer(text, before, head.start())]
            start, before = max(begins, default=head.start()), at
            out.append(
                _seen("variants", Confidence.HIGH, ("VCF", f"samples:{samples}", f"variants:{count}"), (start, at))
            )
    return out


def _rows(text: str) -> list[Seen]:
    """Find runs of rows of variant, chromosome, place and alleles."""
    out = []
    for first, last, count in _runs([(found.start(), found.end()) for found in _ROW.finditer(text)], _GAP):
        if count < _ROWS:
            continue
        maker = _MAKER.search(text, max(first - 2000, 0), first)
        evidence = ("genotypes", *((maker[0].lower(),) if maker else ()), f"variants:{count}")
        sure = Confidence.HIGH if maker or count >= _SURE_ROWS else Confidence.MEDIUM
        out.append(_seen("variants", sure, evidence, (first, last)))
    return out


def _profiles(text: str) -> list[Seen]:
    """Find profiles of short tandem repeats: names of loci, each with one or two alleles."""
    found = list(_REPEAT.finditer(text))
    out = []
    behind = 0
    for first, last, count in _runs([(locus.start(), locus.end()) for locus in found], _APART):
        loci = len({locus[1] for locus in found[behind : behind + count]})
        behind += count
        if loci >= _LOCI:
            sure = Confidence.HIGH if loci >= _SURE_LOCI else Confidence.MEDIUM
            out.append(_seen("profile", sure, ("STR", f"loci:{loci}"), (first, last)))
    return out


def _runs(spans: list[tuple[int, int]], gap: int) -> list[tuple[int, int, int]]:
    """Join spans that are near one another; return (start, end, how many)."""
    out: list[tuple[int, int, int]] = []
    for start, end in spans:
        if out and start - out[-1][1] <= gap:
            first, _, count = out[-1]
            out[-1] = (first, end, count + 1)
        else:
            out.append((start, end, 1))
    return out


def _packed(data: bytes | memoryview) -> list[Seen]:
    """Look into the first of a gzip or BGZF file: it may be VCF, or reads of a named specimen."""
    content = _unpacked(data)
    if content[:4] == b"BAM\x01":
        size = int.from_bytes(content[4:8], "little")
        specimens = len(set(_SPECIMEN.findall(content[8 : 8 + size])))
        evidence = ("BAM", f"specimens:{specimens}", f"bytes:{len(data)}")
        return [_seen("variants", Confidence.MEDIUM if specimens else Confidence.LOW, evidence)]
    if content[:3] == b"BCF":
        return [_seen("variants", Confidence.MEDIUM, ("BCF", f"bytes:{len(data)}"))]
    if not content.startswith((b"##fileformat=VCF", b"#", b"rsid", b"RSID")):
        return []
    found = look_text(content.decode("utf-8", "replace"))
    return [Seen(seen.entity, seen.rule, seen.confidence, ("packed", seen.evidence[0])) for seen in found]


def _unpacked(data: bytes | memoryview) -> bytes:
    """Return the first bytes of a gzip file, over as many members as that takes; what is broken ends it."""
    out, rest = b"", bytes(data[:_UNPACKED])
    while rest and len(out) < _UNPACKED:
        unpacker = zlib.decompressobj(31)
        try:
            out += unpacker.decompress(rest, _UNPACKED - len(out))
        except zlib.error:
            break
        rest = unpacker.unused_data
    return out
