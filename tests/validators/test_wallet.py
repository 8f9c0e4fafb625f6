"""Wallet keys, seeds and key files: published samples pass, the same with one character changed do not."""

from __future__ import annotations

import json
import zlib

import pytest

from privscan.validators import TABLE
from privscan.validators.keys import crc24
from privscan.validators.samples import MADE, _packed
from privscan.validators.tokens import base62_crc

# What the standards and the issuers' documents print as samples.
SAMPLES = [
    ("wif", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"),
    ("wif", "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617"),
    (
        "extended_key",
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    ),
    ("bip38", "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg"),
    ("nostr", "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"),
    ("xrp_seed", "snoPBrXtMeMyMHUVTgbuqAfg1SUTb"),
    ("stellar", "SAV76USXIJOBMEQXPANUOQM6F5LIOTLPDIDVRJBFFE2MDJXG24TAPUU7"),
    ("nkey", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"),
    ("bip39", "legal winner thank year wave sausage worth useful legal winner thank yellow"),
]


@pytest.mark.parametrize(("name", "value"), SAMPLES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(SAMPLES)])
def test_published_samples_pass_and_changed_ones_fail(name: str, value: str) -> None:
    check = TABLE[name]
    assert check(value).state == "passed"
    at = len(value) // 2
    other = "b" if value[at] != "b" else "c"
    changed = value.replace("useful", "zoo") if name == "bip39" else value[:at] + other + value[at + 1 :]
    assert check(changed).state == "failed"
    assert all(value[:8] not in fact for fact in check(value).facts)


def test_key_pairs_of_solana_prove_themselves() -> None:
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"  # RFC 8032, test 1
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    right = json.dumps(list(bytes.fromhex(seed + public)))
    wrong = json.dumps(list(bytes.fromhex(seed + public[::-1])))
    assert TABLE["solana_key"](right).state == "passed"
    assert TABLE["solana_key"](wrong).state == "failed"


def _crc(head: str) -> str:
    return f"{zlib.crc32(head.encode()):08x}"


BODY = "kQ4vTz81xWmJr7Yb2NcLp0Sd6Hf3Ga5E"
PUTTY = (
    "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: aes256-cbc\nComment: k\nPublic-Lines: 1\n{0}\nPrivate-Lines: 1\n{0}\n"
    "Private-MAC: " + "ab" * 20
)
JWK = {"kty": "EC", "crv": "P-256", "x": BODY, "y": BODY, "d": BODY}
VERDICTS = [
    ("zuplo", f"zpka_{BODY}_{_crc(BODY)}", "passed"),
    ("zuplo", f"zpka_{BODY}_00000000", "failed"),
    ("github_fine", f"github_pat_{BODY[:22]}_{'a' * 59}", "shape"),
    ("github", "ghs_" + "a" * 36, "shape"),
    ("github", "ghp_" + BODY[:30] + base62_crc(BODY[:30]), "passed"),
    ("sendgrid", "SG." + "a" * 22 + "." + "b" * 43, "shape"),
    ("sendgrid", "SG.a.b", "failed"),
    ("sentry", "sntrys_" + _packed({"iat": 1, "url": "https://x.example", "org": "acme"}) + "_" + "a" * 43, "passed"),
    ("sentry", "sntrys_" + _packed({"iat": 1}) + "_" + "a" * 43, "failed"),
    ("jfrog", _packed(b"reftkn:01:0:abcdef"), "passed"),
    ("onepassword", "ops_" + _packed({"signInAddress": "acme.example"}), "passed"),
    ("data_center", _packed(b"1234567:" + b"\x01" * 20), "passed"),
    ("data_center", _packed(b"12:" + b"\x01" * 20), "failed"),
    ("bedrock", "ABSK" + _packed(b"BedrockAPIKey-abcd"), "passed"),
    ("grafana_cloud", "glc_" + _packed({"o": "1", "n": "n", "k": "k", "m": {}}), "passed"),
    ("azure_key", "a" * 86 + "==", "shape"),
    ("azure_key", "a" * 76 + "+ASt" + "a" * 6 + "==", "passed"),
    ("azure_key", "a" * 40, "failed"),
    ("jwk", json.dumps(JWK), "passed"),
    ("jwk", json.dumps(JWK | {"d": "x"}), "failed"),
    ("jwk", json.dumps({"kty": "oct", "k": BODY}), "passed"),
    ("jwk", "[" * 5000, "failed"),
    ("putty", PUTTY.format("A" * 40), "passed"),
    ("putty", PUTTY.format("A" * 40).replace("Private-Lines: 1", "Private-Lines: 3"), "shape"),
    ("entropy/3.5", BODY, "shape"),
    ("entropy/3.5", "a" * 32, "failed"),
    ("rarity/5", BODY, "shape"),
    ("rarity/5", "description_of_the_value", "failed"),
    ("unlike/(?i)example$", "AKIA0EXAMPLE", "failed"),
    ("without/client\nserver", "my-Client-1", "failed"),
    ("ethereum_key", "0x" + "1f" * 20, "failed"),
]


@pytest.mark.parametrize(
    ("name", "value", "state"), VERDICTS, ids=[f"{n}-{case[0]}" for n, case in enumerate(VERDICTS)]
)
def test_structures_are_read(name: str, value: str, state: str) -> None:
    assert TABLE[name](value).state == state


def test_a_service_account_is_read_with_its_key() -> None:
    pick = lambda n, alphabet: (alphabet * n)[:n]  # noqa: E731
    account = {
        "type": "service_account",
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": MADE["pem"](pick),
        "client_email": "robot@acme.iam.gserviceaccount.com",
    }
    assert TABLE["service_account"](json.dumps(account)).state == "passed"
    assert TABLE["service_account"](json.dumps(account | {"client_email": "x@acme.example"})).state == "shape"
    assert TABLE["service_account"](json.dumps(account | {"private_key": "none"})).state == "failed"


def test_a_web_token_tells_its_issuer_and_its_end() -> None:
    head, body = _packed({"alg": "HS256"}), _packed({"iss": "https://login.acme.example/o", "exp": 1714521600})
    verdict = TABLE["jwt"](f"{head}.{body}.{_packed(b'x' * 32)}")
    assert verdict.state == "passed"
    assert {"alg:HS256", "issuer:login.acme.example", "expires:2024-05-01"} <= set(verdict.facts)
    unsigned = TABLE["jwt"](f"{_packed({'alg': 'none'})}.{body}.{_packed(b'x' * 32)}")
    assert unsigned.state == "shape"


def test_the_checksum_of_openpgp() -> None:
    assert crc24(b"123456789") == 0x21CF02
