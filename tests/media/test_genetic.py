"""Genotypes, tandem repeats and reads of a person are found; reference genomes and lists of variants are not."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.media import genetic
from privscan.model import Confidence

VCF = (
    "##fileformat=VCFv4.2\n##source=invented\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\tNA2\n"
    "20\t14370\trs6054257\tG\tA\t29\tPASS\tNS=3;DP=14\tGT:GQ\t0|0:48\t1|0:48\n"
    "20\t17330\t.\tT\tA\t3\tq10\tNS=3\tGT:GQ\t0/1:3\t./.:3"
)
SITES = (
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n20\t14370\trs6054257\tG\tA\t29\tPASS\tDP=14"
)
ROWS = [("rs4477212", "1", "82154", "AA"), ("rs3094315", "1", "752566", "AG"), ("i5053875", "MT", "8869", "--")]
TAB = "\n".join("\t".join(row) for row in ROWS)
ANCESTRY = "\n".join(
    f"rs{4477212 + at}\t{at % 22 + 1}\t{82154 + at * 97}\t{'ACGT'[at % 4]}\t{'TCAG'[at % 4]}" for at in range(12)
)
TWO = ("VCF", "samples:2", "variants:2")
STR = "D3S1358 15,16; vWA 17,18; FGA 21,24; D8S1179 13,13; TH01 6,9.3; TPOX 8,11; CSF1PO 10,12; D21S11 29,31.2"


@pytest.mark.parametrize(
    ("text", "value", "rule", "confidence", "evidence"),
    [
        pytest.param(VCF, VCF, "variants", "high", TWO, id="VCF"),
        pytest.param(VCF.replace("\t", "  "), None, "variants", "high", TWO, id="blanks"),
        pytest.param(f"My file:\n{VCF}\n\nend", VCF, "variants", "high", TWO, id="within"),
        pytest.param(TAB, TAB, "variants", "medium", ("genotypes", "variants:3"), id="rows"),
        pytest.param(
            f"# from 23andMe\r\n# rsid\tchromosome\tposition\tgenotype\r\n{TAB}",
            TAB, "variants", "high", ("genotypes", "23andme", "variants:3"), id="23andMe",
        ),
        pytest.param(ANCESTRY, ANCESTRY, "variants", "high", ("genotypes", "variants:12"), id="AncestryDNA"),
        pytest.param(
            "\n".join('"' + '","'.join(row) + '"' for row in ROWS), None, "variants", "medium",
            ("genotypes", "variants:3"), id="quoted",
        ),
        pytest.param(
            "\n".join(",".join(row) for row in ROWS), None, "variants", "medium", ("genotypes", "variants:3"), id="CSV"
        ),
        pytest.param(f"Profile: {STR}.", STR, "profile", "high", ("STR", "loci:8"), id="STR"),
        pytest.param(
            "D3S1358: 15/16\nvWA: 17/18\nFGA: 21/24\nTH01: 6/9.3", None, "profile", "medium", ("STR", "loci:4"),
            id="STR-lines",
        ),
    ],
)  # fmt: skip
def test_a_genotype_is_found(text, value, rule, confidence, evidence) -> None:
    (seen,) = genetic.look_text(text)
    assert (seen.entity, seen.rule, seen.evidence) == ("GENETIC_DATA", f"biometric.genetic.{rule}", evidence)
    assert seen.confidence is Confidence.of(confidence)
    assert text[seen.start : seen.end] == (text if value is None else value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SITES, id="variants-without-samples"),
        pytest.param(VCF.replace("0|0:48\t1|0:48", ".\t."), id="no-genotype"),
        pytest.param(">NC_000001.11 chromosome 1\n" + "ACGTNNACGT" * 40, id="reference"),
        pytest.param("\t".join(ROWS[0]), id="one-row"),
        pytest.param("rs4477212\t1\t82154\n" * 9, id="rows-without-alleles"),
        pytest.param("The loci D3S1358, vWA, FGA and TH01 are among those of CODIS.", id="loci-without-alleles"),
        pytest.param("rs485, 10, 11 and 12 are parts of the bus", id="a-serial-bus"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_nobodys_is_not(text) -> None:
    assert genetic.look_text(text) == []


def block(content: bytes) -> bytes:
    """One BGZF block."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    head = b"\x1f\x8b\x08\x04" + bytes(4) + b"\0\xff" + struct.pack("<HBBHH", 6, 66, 67, 2, len(body) + 25)
    return head + body + struct.pack("<II", zlib.crc32(content), len(content))


HEADER = b"@HD\tVN:1.6\n@RG\tID:1\tSM:NA1\n@RG\tID:2\tSM:NA2\n"


@pytest.mark.parametrize(
    ("data", "evidence"),
    [
        pytest.param(VCF.encode(), "VCF", id="VCF"),
        pytest.param(gzip.compress(VCF.encode()), "packed", id="gzip"),
        pytest.param(block(VCF[:60].encode()) + block(VCF[60:].encode()), "packed", id="BGZF"),
        pytest.param(block(b"BAM\x01" + struct.pack("<I", len(HEADER)) + HEADER), "BAM", id="BAM"),
        pytest.param(block(b"BCF\x02\x02" + bytes(40)), "BCF", id="BCF"),
        pytest.param(b"CRAM\x03\x00" + bytes(60), "CRAM", id="CRAM"),
    ],
)
def test_a_file_of_it_is_found(data, evidence) -> None:
    (seen,) = genetic.look(data)
    assert seen.evidence[0] == evidence
    assert (seen.start, seen.end) == (None, None)
    assert seen.confidence >= Confidence.MEDIUM


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1f\x8b", gzip.compress(b"rsid is a column"), gzip.compress(VCF.encode())[:30], b"CRAM\x07\0", b"# notes"],
    ids=["nothing", "first bytes of gzip", "gzip of a text", "gzip cut short", "CRAM cut short", "a comment"],
)
def test_other_files_are_not(data) -> None:
    assert genetic.look(data) == []


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_looked_into_and_no_more() -> None:
    assert genetic.look(gzip.compress(bytes(200_000_000 // 20), 9)) == []


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        pytest.param({"D3S1358": "15,16", "vWA": "17/18", "FGA": "21", "TH01": "6-9.3"}, "profile", id="STR"),
        pytest.param(
            {f"{name}_{at}": 9 + at for name in "D3S1358 vWA FGA TPOX".split() for at in (1, 2)},
            "profile",
            id="columns",
        ),
        pytest.param({"rs429358": "CT", "rs7412": "C/C", "rs53576": "A;G"}, "variants", id="variants"),
        pytest.param({"rs429358": 0, "rs7412_C": 2, "rs53576": 1}, "variants", id="counts"),
        pytest.param({"D3S1358": "yes", "vWA": "no", "FGA": "21", "TH01": "-"}, None, id="no-alleles"),
        pytest.param({"rs429358": "CT", "rs7412": "see text", "rs1": 7}, None, id="too-few"),
        pytest.param({"a": 1, "b": 2}, None, id="others"),
    ],
)  # fmt: skip
def test_alleles_in_fields_of_a_record_are_found_together(fields, rule) -> None:
    seen = genetic.look_record([(at, name, str(value)) for at, (name, value) in enumerate(fields.items())])
    assert {one.rule for one in seen.values()} == ({f"biometric.genetic.{rule}"} if rule else set())
    assert sorted(seen) == (list(range(len(fields))) if rule else [])


@given(st.text(alphabet='rsi0123456789\tACGT,"\n#CHROMPOS |/;D', max_size=400))
def test_no_text_is_an_error(text) -> None:
    for seen in genetic.look_text(text):
        assert 0 <= seen.start < seen.end <= len(text)
