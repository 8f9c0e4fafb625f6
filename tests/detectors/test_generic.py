"""The generic rules: what stands behind a telling name is found in every way of writing that names and values have."""

from __future__ import annotations

import json
import random
import string
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from privscan import config, detectors, scan
from privscan.model import Confidence, Leaf, LeafKind, State

if TYPE_CHECKING:
    from pathlib import Path

FORMS = """
{n}="{s}"
{n} = '{s}'
{n}={s}
{n}: {s}
"{n}": "{s}"
\\"{n}\\": \\"{s}\\"
String {n} = "{s}";
var {n} string = "{s}"
{n} := `{s}`
const {n}: string = "{s}"
${n} .= "{s}";
'{n}' => '{s}',
{n} ?= "{s}"
<{n}>{s}</{n}>
<add key="{n}" value="{s}" />
- name: {n}¶  value: {s}
{{"key": "{n}", "value": "{s}"}}
set_{n}("{s}")
define("{n}", "{s}");
os.environ["{n}"] = "{s}"
export {n}={s}
ENV {n} {s}
--{n} {s}
https://api.acme.example/v1?{n}={s}&b=1
curl -H "X-{n}: {s}" https://acme.example
{n}: Bearer {s}
the {n} is {s}
| {n} | {s} |
<key>{n}</key>¶<string>{s}</string>
{n}: >-¶  {s}
"{n}": ["{s}"]
// {n} {s}
$Env:{n} = "{s}"
(setq {n} "{s}")
""".strip().splitlines()
NAMES = ("api_key", "acmeToken", "ACME-SECRET", "AcmeAuth", "ACME_KEY_PROD")
KINDS = (
    (string.ascii_letters + string.digits, 32),
    (string.hexdigits[:16], 40),
    (string.ascii_lowercase + string.digits, 24),
    (string.ascii_letters + string.digits + "+/", 40),
)

WORDS = """
password: '{s}'
'pass' => '{s}'
DB_PASSWORD={s}
"Passwort": "{s}"
mot_de_passe = "{s}"
contraseña: "{s}"
senha = '{s}'
"пароль": "{s}"
密码：{s}
パスワード: {s}
비밀번호 = "{s}"
hasło: {s}
PGPASSWORD={s} psql
CREATE USER x IDENTIFIED BY '{s}';
ALTER ROLE x WITH PASSWORD '{s}';
""".strip().splitlines()

NOTHING = """
key: user_id_2024
the key is 10.4.2-beta.1
token = tokenizer.encode_plus2(text)
"key": "com.example.v2.Settings"
public_key = "x7Kq9vLm2TzPw4RbNn3c"
auth: https://acme.example/v2/login
password: string
password = os.environ["DB_PASSWORD"]
api_key = "${{ACME_KEY_2}}"
secret: <your-secret-1>
"integrity": "sha512-x7Kq9vLm2TzPw4RbNn3cx7Kq9vLm2TzPw4RbNn3cx7Kq9vLm2TzPw4RbNn3cx7Kq9vLm2TzPw4RbNn3cx7Kq9w=="
token: 2024-05-01T10:20:30Z
token_url = "https://a1b2c3.acme.example/o2"
secret_path: /run/secrets/db1_pw2
access_log: /var/log/acme/2024/a1.log
TOKEN_AUDIENCE=25872395-ed3a-4703-b647-22ec53f3683c
primaryKey = "8f3kd92kfLs02mfnvDe3"
PUBLIC_KEY = "8f3kd92kfLs02mfnvDe3"
secretName: x7Kq9vLm2TzPw4Rb
acme token = 'x7Kq9vLm2TzPw4?bNn3cR5'
[DEBUG] Using Key=x7Kq9vLm2TzPw4Rb?n3c
api_key: 9e107d9d372bb6826bd81d3542a419d
Authorization: Bearer x7Kq9vLm2TzPw4!bNn3c
SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
""".strip().splitlines()


@pytest.fixture(scope="module")
def found(cache_dir):
    settings = config.settings("scan", policy="secrets", cache_dir=cache_dir)
    generic = tuple(rule for rule in settings.rules if rule.source == "secret/generic.toml")
    kit = detectors.build(replace(settings, rules=generic))

    def find(texts):
        leaves = [Leaf(n, "/text", "text", text, LeafKind.STRING, n) for n, text in enumerate(texts)]
        matches = detectors.look(kit, leaves)
        sure = lambda match: match.confidence >= Confidence.MEDIUM and match.state is State.NEW  # noqa: E731
        return [[match.span for match in matches.get(n, []) if sure(match)] for n in range(len(texts))]

    return find


def test_tokens_are_found_whole_behind_every_name(found) -> None:
    chance = random.Random(7)
    cases = []
    for form in FORMS:
        for name in NAMES:
            alphabet, size = chance.choice(KINDS)
            value = "k4" + "".join(chance.choice(alphabet) for _ in range(size - 2))
            cases.append((form.replace("¶", "\n").format(n=name, s=value), value))
    spans = found([text for text, _ in cases])
    at = [(text.index(value), text.index(value) + len(value)) for text, value in cases]
    assert [text for (text, _), have, want in zip(cases, spans, at, strict=True) if want not in have] == []


def test_passwords_are_found_behind_the_words_of_many_languages(found) -> None:
    cases = [form.format(s="qtwzkel") for form in WORDS]
    spans = found(cases)
    at = [(text.index("qtwzkel"), text.index("qtwzkel") + 7) for text in cases]
    assert [text for text, have, want in zip(cases, spans, at, strict=True) if want not in have] == []


def test_names_paths_and_versions_are_no_secrets(found) -> None:
    assert [text for text, have in zip(NOTHING, found(NOTHING), strict=True) if have] == []


def test_a_field_of_a_record_is_found_in_a_file_whatever_its_spacing(tmp_path: Path, cache_dir: str) -> None:
    value = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=32))
    lines = [
        f'{{"api_key": "{value}"}}',
        f'{{"token":"{value}","b":1}}',
        f'{{"user": {{"clientSecret" :   "{value}"}}}}',
        '{"user": {"password": "hT7!kQvv29"}}',
        f'{{"text": "{{\\"access_token\\": \\"{value}\\"}}"}}',
    ]
    data, found = tmp_path / "rows.jsonl", tmp_path / "found.jsonl"
    data.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    scan(str(data), policy="secrets", findings=str(found), cache_dir=cache_dir)
    assert {json.loads(row)["record"] for row in found.read_text().splitlines()} == set(range(len(lines)))


def test_what_is_found_in_a_text_does_not_depend_on_the_one_before(tmp_path: Path, cache_dir: str) -> None:
    lines = ['{"api_key": "<SECRET>"}\n', '{"text": "api2cart_api_key = \'' + "*" * 32 + "'\"}\n"]
    found = []
    for number, body in enumerate([*lines, "".join(lines)]):
        (tmp_path / f"{number}.jsonl").write_text(body)
        report = scan(
            str(tmp_path / f"{number}.jsonl"), select=["secret.generic"], min_confidence="low", cache_dir=cache_dir
        )
        found.append(report.tally.findings.total())
    assert found[2] == found[0] + found[1]
