"""Numbers whose check python-stdnum lacks: a right one of each, and what no wrong one may do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.validators import TABLE
from privscan.validators.countries import NUMBERS

RIGHT = [
    ("pl_pesel_read", "44O514O1359"),
    ("pl_id_read", "ABS85829l"),
    ("nz_nhi", "ZAC5361"),
    ("nz_nhi", "ZBN77VL"),
    ("br_driver", "62472927637"),
    ("br_voter", "004356870906"),
    ("br_cns", "898 0011 6066 0761"),
    ("mx_clabe", "032180000118359719"),
    ("es_nuss", "28 12345678 40"),
    ("tw_ubn", "04595257"),
    ("kr_brn", "124-81-00998"),
    ("de_icao", "L01X00T471"),
    ("de_driver", "B072RRE2I55"),
    ("au_medicare", "2123 45670 1"),
    ("hu_tax", "8071592153"),
    ("lu_matricule", "1893120105732"),
    ("pl_passport", "ZS0000177"),
    ("uy_ci", "1.234.567-2"),
    ("se_personnummer", "811218-9876"),
    ("se_personnummer", "19811278-9873"),
    ("gt_cui", "2530 67103 0101"),
    ("es_dni", "1111111-G"),
    ("fi_hetu", "010594Y9032"),
    ("kr_region", "11-15-482915-73"),
    ("za_idnr", "5605227774297"),
    ("za_idnr", "8001015009087"),
    ("ch_uid", "CHE-100.155.212 MWST"),
]


@pytest.mark.parametrize(("name", "number"), RIGHT, ids=[f"{name}-{at}" for at, (name, _) in enumerate(RIGHT)])
def test_a_right_number_passes_and_no_other_last_digit_does(name, number) -> None:
    check = TABLE[name]
    assert check(number).state == "passed"
    if name == "kr_region":
        assert check(f"99{number[2:]}").state == "failed"
        return
    place = {"au_medicare": -3, "de_driver": -2, "gt_cui": -6}.get(name, len(number) - 1)
    place %= len(number)
    others = [number[:place] + c + number[place + 1 :] for c in "0123456789" if c != number[place]]
    assert sum(check(other).state == "passed" for other in others) <= 1, name


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_every_name_is_a_check_that_refuses_what_is_no_number(name) -> None:
    check = TABLE[name]
    assert {check(value).state for value in ("", "0", "abc", "٣٤٥", "\x00" * 40)} == {"failed"}


@given(name=st.sampled_from(sorted(NUMBERS)), value=st.text(max_size=30))
def test_no_text_makes_a_check_raise(name, value) -> None:
    assert TABLE[name](value).state in {"passed", "failed", "shape", "n/a"}
