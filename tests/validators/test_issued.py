"""What an issuer may have drawn, and what people write."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.validators import TABLE
from privscan.validators.issued import issued, mixed, opaque


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("GetMailFolderChildrenAsync", id="camel case"),
        pytest.param("organization_and_domain_names", id="underscores"),
        pytest.param("kubernetes-deployment-abc1", id="dashes and a number"),
        pytest.param("application.json.utf8", id="dots"),
        pytest.param("MAX_VALUE_OF_THE_TABLE", id="constant"),
    ],
)
def test_names_fail(value: str) -> None:
    assert issued(value).state == "failed"


@pytest.mark.parametrize(
    "value", ["your_api_key_goes_here1", "xxxxxxxxxxxxxxxx", "0000000000000001", "a12345678b", "my-token-9f3b0c6d"]
)
def test_stand_ins_are_placeholders(value: str) -> None:
    assert issued(value) == ("shape", ("placeholder",))


@pytest.mark.parametrize("alphabet", [string.ascii_letters + string.digits, string.hexdigits[:16]])
@pytest.mark.parametrize("size", [20, 32, 40])
def test_hardly_any_random_value_is_lost(alphabet: str, size: int) -> None:
    draw = random.Random(size)
    lost = sum(issued("".join(draw.choices(alphabet, k=size))).state == "failed" for _ in range(2000))
    assert lost <= 8


@given(st.text())
def test_any_text_has_a_verdict_and_none_is_proved(value: str) -> None:
    assert TABLE["issued"](value).state in {"shape", "failed"}


@pytest.mark.parametrize(
    ("value", "placeholder"),
    [
        pytest.param("tok_" + "x" * 20, True, id="crosses"),
        pytest.param("tok_YOUR-TOKEN-GOES-HERE", True, id="your"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", True, id="example"),
        pytest.param("tok_0000000000000000", True, id="one-character"),
        pytest.param("tok_abcdefghijklmnopqrstuvwxyz", True, id="alphabet"),
        pytest.param("tok_q7Zk2mWx9RtB4vLp0sYd", False, id="random"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_stand_ins_are_told(value: str, placeholder: bool) -> None:
    verdict = opaque(value)
    assert verdict.state == "shape"
    assert ("placeholder" in verdict.facts) is placeholder


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param("da39a3ee5e6b4b0d3255bfef95601890afd80709", "failed", id="hash"),
        pytest.param("DA39A3EE5E6B4B0D3255BFEF95601890", "failed", id="hash-in-capitals"),
        pytest.param("authenticationManagerProvider", "failed", id="words"),
        pytest.param("authentication_manager_1", "failed", id="words-and-a-number"),
        pytest.param("12345678901234567890", "failed", id="number"),
        pytest.param("q7Zk2mWx9RtB4vLp0sYd", "shape", id="random"),
    ],
)
def test_hashes_and_words_are_no_mixed_tokens(value: str, state: str) -> None:
    assert mixed(value).state == state


@given(st.text())
def test_any_text_has_a_verdict(value: str) -> None:
    assert {opaque(value).state, mixed(value).state} <= {"shape", "failed"}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param("uXkqLYhoSGlXbhzJIImy", "shape", id="letters that chance drew"),
        pytest.param("GetMailFolderChildrenAsync", "failed", id="words"),
        pytest.param("kqlyhosglxbhzjiimyux", "failed", id="one case"),
        pytest.param("9e107d9d372bb6826bd81d3542a419d6", "failed", id="a digest"),
    ],
)
def test_letters_alone(value: str, state: str) -> None:
    assert mixed(value).state == state


@pytest.mark.parametrize("value", ["abcdefgh" * 8 + "1234", "AbbCddEff" * 12 + "1234"], ids=["letters", "humps"])
def test_what_ends_in_digits_is_told_at_once(value: str) -> None:
    assert issued(value).state == "shape"
