"""Checks on values: right ones pass, near misses fail, nothing raises, no fact repeats the value."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privscan.validators import PLACEHOLDER, TABLE
from privscan.validators.crypto import base58check, bech32, keccak256
from privscan.validators.samples import MADE
from privscan.validators.secret import entropy

RIGHT = [
    ("luhn", "79927398713"),
    ("card", "4532 7597 3454 5858"),
    ("card", "2223016768739313"),
    ("card_range", "675912345679"),
    ("imei", "490154203237518"),
    ("iban", "BE71 0961 2345 6769"),
    ("iban", "CI93CI0080111301134291200589"),
    ("bic", "DEUTDEFF500"),
    ("aba", "021000021"),
    ("phone", "+33 1 42 68 53 00"),
    ("phone_us", "(212) 736-5000"),
    ("phone_us", "212-736-5000x0465"),
    ("phone_dialled", "03-1253-3230"),
    ("phone_national", "030 2219 1848"),
    ("us_npi", "1245319599"),
    ("us_dea", "AB1234563"),
    ("uk_nino", "JG 12 13 16 A"),
    ("de_rvnr", "65 170839 J 003"),
    ("de_kvnr", "A123456780"),
    ("pl_id", "ABA300000"),
    ("ru_snils", "112-233-445 95"),
    ("sg_nric", "S1234567D"),
    ("hk_id", "A123456(3)"),
    ("tw_id", "A123456789"),
    ("vin", "1M8GDM9AXKP042788"),
    ("pl_pesel", "44051401359"),
    ("br_cpf", "390.533.447-05"),
    ("in_aadhaar", "234123412346"),
    ("email", "li.wei@qq.com"),
    ("ip", "84.132.77.201"),
    ("ip", "2a02:8108:8ac0:5d00::1"),
    ("mac", "3c:22:fb:9a:17:e4"),
    ("coordinates", "48°51'30\" N, 2°17'40\" E"),
    ("birth_date", "23.04.1981"),
    ("crypto", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ("crypto", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("crypto", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("crypto", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("secret", "t7#kQ-vv29Lq"),
    ("password", "correct-horse-battery-9"),
    ("password", "bcrgt"),
    ("vin", "1M8G DM9A XKP0 4278 8"),
    ("pl_pesel", "4405\n1401359"),
    ("url_password", "r7Kq-92vbT"),
    ("basic_auth", "YWNtZS1ib3Q6cjdLcS05MnZiVA=="),
]
WRONG = [
    ("luhn", "79927398714"),
    ("luhn", "0000000000"),
    ("card", "4532 7597 3454 5859"),
    ("card_range", "45327 597345 45858"),
    ("iban", "BE71 0961 2345 6768"),
    ("iban", "DE71 0961 2345 6769"),
    ("aba", "021000022"),
    ("aba", "991000021"),
    ("phone", "+999 12"),
    ("phone_us", "115-868-2371"),
    ("phone_dialled", "05 12 23 34 45"),
    ("phone_dialled", "0391 0342 0345"),
    ("phone_national", "48.8583701"),
    ("phone_national", "94103-1234"),
    ("phone_national", "27 28 29 30 31"),  # days of a calendar
    ("us_ssn", "666-12-3456"),
    ("us_ssn", "536-00-8741"),
    ("us_npi", "1245319598"),
    ("us_dea", "AB1234564"),
    ("uk_nino", "BG 12 13 16 A"),
    ("de_rvnr", "65 170839 J 004"),
    ("sg_nric", "S1234567A"),
    ("hk_id", "A123456(4)"),
    ("tw_id", "A123456788"),
    ("pl_pesel", "44051401358"),
    ("br_cpf", "111.111.111-11"),
    ("ip", "127.0.0.1"),
    ("ip", "255.255.255.0"),
    ("mac", "ff:ff:ff:ff:ff:ff"),
    ("coordinates", "91.0000, 2.0000"),
    ("birth_date", "31.04.1981"),
    ("birth_date", "1799-01-01"),
    ("crypto", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
    ("crypto", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
    ("crypto", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),
    ("secret", "os.environ"),
    ("secret", "${DB_PASSWORD}"),
    ("secret", "get_password()"),
    ("secret", "hello-world"),
    ("secret", "Store::fetch_it"),
    ("password", "Required"),
    ("password", "new_password2"),
    ("password", "config.db.pw"),
    ("password", "0xf1c2"),
    ("password", "Hasło"),
    ("vin", "ABCDEFGHJKLMNPRST"),
    ("url_password", "${PASS}"),
    ("basic_auth", "authentication"),
    ("jwt", "eyJhbGciOiJub25l.x.y"),
    ("pem", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
]
SHAPES = [
    ("card", "675912345678901237"),
    ("ip", "10.0.0.7"),
    ("ip", "2.6.18.6"),
    ("br_cpf", "39053344705"),
    ("vin", "WVWZZZ1JZ3W386752"),
    ("crypto", "0x" + "52908400098527886e0f7030069857d2e4169ee7"),
    ("phone", "+1 177 892 0730"),
    ("email", "a@b.notatld"),
]
SAMPLES = [
    ("card", "4111111111111111"),
    ("card", "378282246310005"),
    ("iban", "GB82 WEST 1234 5698 7654 32"),
    ("phone", "+1 202 555 0143"),
    ("phone_us", "202-555-0143"),
    ("us_ssn", "078-05-1120"),
    ("uk_nino", "QQ 12 34 56 C"),
    ("email", "jane@mail.example.org"),
    ("ip", "198.51.100.7"),
    ("ip", "2001:db8::7"),
    ("mac", "00:00:5e:00:53:01"),
    ("crypto", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("secret", "your-api-key-here"),
    ("password", "changeme"),
    ("secret", "xxxxxxxxxxxx"),
]
ids = [f"{name}-{number}" for number, (name, _) in enumerate(RIGHT)]


@pytest.mark.parametrize(("name", "value"), RIGHT, ids=ids)
def test_right_value_passes(name: str, value: str) -> None:
    verdict = TABLE[name](value)
    assert verdict.state == "passed"
    assert PLACEHOLDER not in verdict.facts


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{n}-{i}" for i, (n, _) in enumerate(WRONG)])
def test_wrong_value_fails(name: str, value: str) -> None:
    assert TABLE[name](value).state == "failed"


@pytest.mark.parametrize(("name", "value"), SHAPES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(SHAPES)])
def test_well_formed_value_without_proof_is_a_shape(name: str, value: str) -> None:
    assert TABLE[name](value).state == "shape"


@pytest.mark.parametrize(("name", "value"), SAMPLES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(SAMPLES)])
def test_published_sample_is_a_placeholder(name: str, value: str) -> None:
    assert PLACEHOLDER in TABLE[name](value).facts


PAIRS = [
    ("github", "github"),
    ("npm", "npm"),
    ("vercel", "vercel"),
    ("grafana", "grafana"),
    ("atlassian", "atlassian"),
    ("pypi", "pypi"),
    ("jwt", "jwt"),
    ("aws", "aws_key"),
    ("discord", "discord"),
    ("pem", "pem"),
    ("pem_escaped", "pem"),
    ("macaroon", "macaroon"),
]


def made(name: str) -> str:
    return MADE[name](lambda count, alphabet: (alphabet * 9)[7 : 7 + 5 * count : 5][:count].ljust(count, alphabet[3]))


@pytest.mark.parametrize(("kind", "check"), PAIRS, ids=[kind for kind, _ in PAIRS])
def test_made_token_passes_its_own_check(kind: str, check: str) -> None:
    assert TABLE[check](made(kind)).state in ("passed", "shape")


@pytest.mark.parametrize("kind", ["github", "npm", "vercel", "grafana", "atlassian"])
def test_one_changed_character_breaks_the_checksum(kind: str) -> None:
    token = made(kind)
    assert TABLE[kind](token).state == "passed"
    at = len(token) // 2
    broken = token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]
    assert TABLE[kind](broken).state == "failed"


def test_every_kind_that_can_be_made_is_tested() -> None:
    assert set(MADE) == {kind for kind, _ in PAIRS}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_check_is_importable_and_gives_a_verdict(name: str) -> None:
    for value in ("", "0", "a", "٣٣٣", "\ud800", "é" * 40, "1" * 400, "-----BEGIN", "0x", "+", "@", "a.b.c"):
        assert TABLE[name](value).state in ("passed", "failed", "shape", "n/a")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text("0123456789ABCDEFabcdefXYZ .-/+:@°_=(){}", max_size=40))
@example("12.34.56.78")
def test_no_check_raises_or_repeats_its_value(value: str) -> None:
    for name in TABLE:
        verdict = TABLE[name](value)
        assert verdict.state in ("passed", "failed", "shape", "n/a")
        assert all(len(value) < 6 or value not in fact for fact in verdict.facts)


@pytest.mark.parametrize(
    ("message", "hexadecimal"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak(message: bytes, hexadecimal: str) -> None:
    assert keccak256(message).hex() == hexadecimal


def test_bech32_is_in_one_case() -> None:
    assert bech32("A12UEL5L")
    assert not bech32("A12uEL5L")


def test_base58check_gives_version_and_payload() -> None:
    payload = base58check("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
    assert payload is not None
    assert (payload[0], len(payload)) == (0, 21)


def test_entropy_in_bits() -> None:
    assert entropy("abcd") == pytest.approx(2.0)
    assert entropy("") == 0


def test_table_loads_nothing_heavy() -> None:
    code = "import sys, privscan.validators; print([m for m in ('phonenumbers', 'stdnum') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
