"""What stands behind a telling name: drawn at random, or a name, a number, a stand-in, a token that is not whole."""

from __future__ import annotations

import random as chance
import string

import pytest

from privscan.validators.secret import random, secret

NAMES = """
aes-256-cbc-hmac-sha1
tls-cert-2024-prod
my-app-v2-staging-1
utf8mb4_unicode_520_ci
2024-05-01-release
k8s-secret-store-2
node18-lambda-x64
csrfmiddlewaretoken2
PBKDF2WithHmacSHA256
AbstractJwtTokenFilter2
oauth2client.v2.flow
ami-0abcdef1234567890
subnet-0f3a9c2d
x-amz-security-token
com.example.v2.Settings
""".split()

ALPHABETS = {
    "hexadecimal": (string.hexdigits[:16], 32),
    "letters and digits": (string.ascii_letters + string.digits, 24),
    "small letters and digits": (string.ascii_lowercase + string.digits, 20),
    "base64url": (string.ascii_letters + string.digits + "-_", 43),
    "base32": (string.ascii_uppercase + "234567", 32),
    "all marks": (string.ascii_letters + string.digits + "!#$%^&*?@-_", 24),
}


def drawn(alphabet: str, size: int, count: int = 200) -> list[str]:
    source = chance.Random(size)
    return ["".join(source.choice(alphabet) for _ in range(size)) for _ in range(count)]


@pytest.mark.parametrize("value", NAMES)
def test_names_are_no_secrets(value: str) -> None:
    assert (secret(value).state, random(value).state) == ("failed", "failed")


@pytest.mark.parametrize("kind", ALPHABETS)
def test_what_is_drawn_at_random_passes(kind: str) -> None:
    values = drawn(*ALPHABETS[kind])
    least = 0.8 if kind == "all marks" else 0.97  # with a mark or none they look like a token that is not whole
    assert sum(secret(value).state == "passed" for value in values) >= least * len(values)
    assert secret("CorrectHorse!2024BatteryPin").state == "passed"


@pytest.mark.parametrize("kind", ["hexadecimal", "letters and digits", "base64url"])
@pytest.mark.parametrize("mark", "?!$%&")
def test_a_token_with_one_mark_of_another_alphabet_is_none(kind: str, mark: str) -> None:
    values = [f"{value[:7]}{mark}{value[8:]}" for value in drawn(*ALPHABETS[kind])]
    assert sum(secret(value).state == "passed" for value in values) <= 0.03 * len(values)
    assert sum(random(value).state == "passed" for value in values) <= 0.03 * len(values)


def test_bytes_in_hexadecimal_come_in_pairs() -> None:
    (value,) = drawn(string.hexdigits[:16], 32, 1)
    assert secret(value).state == random(value).state == "passed"
    assert secret(value[1:]).state == random(value[1:]).state == "failed"
