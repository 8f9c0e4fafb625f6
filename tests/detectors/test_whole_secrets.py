"""Secrets are found whole, and no more than the secret: keys with their armour, a password without its server."""

from __future__ import annotations

import json
import random
import string
from typing import TYPE_CHECKING

import pytest

from privscan import clean, scan

if TYPE_CHECKING:
    from pathlib import Path

DRAW = random.Random(7)


def b64(size: int) -> str:
    return "".join(DRAW.choices(string.ascii_letters + string.digits + "+/", k=size))


def armour(kind: str, joint: str, lines: int = 6, *, end: bool = True) -> str:
    """Return a made-up block of base64 between armour lines, or one that breaks off."""
    body = joint.join(b64(64) for _ in range(lines))
    return f"-----BEGIN {kind}-----{joint}{body}" + (f"{joint}-----END {kind}-----" if end else "")


# text before, the secret, text behind
CASES = [
    pytest.param("key: |\n", armour("RSA PRIVATE KEY", "\n"), "\nnext: 1", id="PEM"),
    pytest.param("KEY=", armour("PRIVATE KEY", "\\n"), "\\n", id="PEM on one line, breaks escaped"),
    pytest.param('"', armour("EC PRIVATE KEY", "\\\\n"), '"', id="PEM, breaks escaped twice"),
    pytest.param("  k: ", armour("OPENSSH PRIVATE KEY", "\n      "), "\n", id="PEM, indented"),
    pytest.param("", armour("ENCRYPTED PRIVATE KEY", "\r\n"), "\r\n", id="PEM, CRLF"),
    pytest.param("x ", armour("RSA PRIVATE KEY", "\n", end=False), "", id="PEM that breaks off"),
    pytest.param("x ", armour("RSA PRIVATE KEY", "\\n", end=False), "", id="PEM on one line that breaks off"),
    pytest.param("x ", armour("PRIVATE KEY", ""), " y", id="PEM, line breaks lost"),
    pytest.param("x ", armour("PRIVATE KEY", " "), " y", id="PEM, line breaks made blanks"),
    pytest.param("x ", armour("RSA PRIVATE KEY", "\n", 700), " y", id="PEM of 45,000 characters"),
    pytest.param("x\n", armour("PGP PRIVATE KEY BLOCK", "\n", 40), "\ny", id="OpenPGP"),
    pytest.param("tls.key: ", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk" + b64(400) + "==", "\nx", id="PEM in base64"),
    pytest.param("Server=db1;User ID=app;Password=", "r7Kq-92vbT", ";Encrypt=yes", id="ADO.NET"),
    pytest.param("Driver={SQL Server};Server=db1;Uid=app;Pwd={", "kiwi zhql=92", "};", id="ODBC, in braces"),
    pytest.param("jdbc:postgresql://db1/shop?user=app&password=", "r7Kq-92vbT", "&ssl=true", id="JDBC"),
    pytest.param("host=db1 user=app password=", "r7Kq-92vbT", " dbname=shop", id="libpq"),
    pytest.param("amqp://app:", "r7Kq-92vbT", "@mq1:5672/shop", id="AMQP"),
    pytest.param("redis://:", "r7Kq-92vbT", "@r1:6379/0", id="Redis without a user"),
    pytest.param("mongodb+srv://app:", "r7Kq-92vbT", "@c1.acme.example/shop", id="MongoDB"),
    pytest.param("ldaps://ops:", "r7Kq-92vbT", "@ldap1.acme.example", id="LDAP"),
    pytest.param("machine git.acme.example\nlogin ops\npassword ", "r7Kq-92vbT", "\n", id="netrc"),
    pytest.param("db1:5432:shop:app:", "r7Kq-92vbT", "\n", id="pgpass"),
    pytest.param('cfg {"auths":{"r.acme.example":{"auth":"', "b3BzOnI3S3EtOTJ2YlQ=", '"}}}', id="Docker's config.json"),
    pytest.param("//npm.acme.example/:_password=", "cjdLcS05MnZiVC1xcXE=", "\n", id="npmrc"),
    pytest.param("curl -sS -u ops:", "r7Kq-92vbT", " https://api.acme.example", id="curl"),
    pytest.param("sshpass -p '", "r7Kq-92vbT", "' ssh ops@h1", id="sshpass"),
    pytest.param("mysqldump -uapp -p", "r7Kq-92vbT", " shop", id="mysqldump"),
    pytest.param("root:", "$6$" + "Zq4kXtVw" + "$" + b64(86).replace("+", "."), ":19000:0:99999:7:::", id="shadow"),
    pytest.param("ops:", "$apr1$" + "Zq4kXtVw" + "$" + b64(22).replace("+", "."), "\n", id="htpasswd"),
    pytest.param('network={ ssid="lab" psk="', "kiwi zhql 92", '" }', id="wireless"),
    pytest.param("[Interface]\nPrivateKey = ", b64(42) + "8=", "\n\nAddress", id="WireGuard"),
    pytest.param("$mail->Password = '", "r7Kq-92vbT", "';", id="PHPMailer"),
    pytest.param("Authorization: Token ", "9f3b0c6de1a24785bb61" * 2, "\n", id="header"),
]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[dict[str, object]]]:
    """Scan and clean all cases as one file."""
    folder = tmp_path_factory.mktemp("whole")
    source, found = folder / "cases.jsonl", folder / "findings.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": "".join(case.values)}) + "\n" for case in CASES)
    scan(str(source), select=["secret"], findings=str(found), workers=1)
    clean(str(source), str(folder / "out"), select=["secret"], dedup="off", workers=1)
    return source, folder / "out" / "data" / "cases.jsonl", [json.loads(row) for row in found.read_text().splitlines()]


@pytest.mark.parametrize(("before", "secret", "behind"), CASES)
def test_found_whole(looked, request, before: str, secret: str, behind: str) -> None:  # noqa: ARG001
    number = [case.id for case in CASES].index(request.node.callspec.id)
    spans = {(row["start"], row["end"]) for row in looked[2] if row["record"] == number}
    assert (len(before), len(before) + len(secret)) in spans


@pytest.mark.parametrize(("before", "secret", "behind"), CASES)
def test_nothing_of_it_is_left_and_what_stands_around_is(looked, request, before, secret, behind) -> None:
    number = [case.id for case in CASES].index(request.node.callspec.id)
    text = json.loads(looked[1].read_text(encoding="utf-8").splitlines()[number])["text"]
    assert text.startswith(before)
    assert text.endswith(behind)
    assert secret[4:24] not in text
    assert secret[-12:] not in text


def test_a_second_look_finds_nothing(looked) -> None:
    assert scan(str(looked[1]), select=["secret"], workers=1).tally.findings == {}
