"""Reports to try the formats on: a real-looking one, an empty one, a hostile one and one too long for any page."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from privscan.model import Artifact, Problem, Report, Tally

ENTITIES = {
    "EMAIL_ADDRESS": ("pii.email", "medium", "medium"),
    "PERSON": ("names.person", "medium", "medium"),
    "PHONE_NUMBER": ("pii.phone", "medium", "medium"),
    "LOCATION": ("names.location", "medium", "low"),
    "IP_ADDRESS": ("pii.ip", "medium", "low"),
    "CREDIT_CARD": ("pii.card", "high", "high"),
    "IBAN_CODE": ("pii.iban", "high", "high"),
    "US_SSN": ("pii.us.ssn", "medium", "high"),
    "UK_NHS": ("pii.uk.nhs", "high", "high"),
    "PL_PESEL": ("pii.pl.pesel", "high", "high"),
    "IN_AADHAAR": ("pii.in.aadhaar", "high", "high"),
    "ES_NIF": ("pii.es.dni", "high", "high"),
    "DATE_OF_BIRTH": ("pii.dob", "medium", "medium"),
    "STREET_ADDRESS": ("names.address", "medium", "medium"),
    "AWS_ACCESS_KEY": ("secret.aws.access_key_id", "high", "critical"),
    "GITHUB_TOKEN": ("secret.github.pat", "high", "critical"),
    "PRIVATE_KEY": ("secret.pem.private_key", "high", "critical"),
    "PASSWORD": ("secret.generic.password", "medium", "high"),
    "FACE": ("biometric.face", "medium", "critical"),
    "FINGERPRINT_TEMPLATE": ("biometric.fingerprint.template", "high", "critical"),
}
"""Entity: (rule, usual confidence, severity)."""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _artifacts(count: int, shrink: int) -> tuple[Artifact, ...]:
    names = ["train", "chat", "code", "books", "mail"]
    return tuple(
        Artifact(
            f"{names[index % 5]}/part-{index:05d}.{'parquet' if index % 3 else 'jsonl.gz'}",
            312_000_411 + 7_919 * index - shrink,
            92_640 + index,
            _sha256(f"{index}/{shrink}"),
        )
        for index in range(count)
    )


def make_full() -> Report:
    """Twenty entities, forty rules, thirteen files, problems, samples and duplicates; figures that add up."""
    tally = Tally(bytes=4_056_623_045, records=1_204_398)
    tally.outcomes = Counter(clean=1_118_202, redacted=61_975, dropped=3, duplicate=24_204, quarantined=14)
    inputs = _artifacts(13, 0)
    places = ["/messages/*/content", "/text", "/meta/author", "/meta/url", "/prompt", "/completion", "/user/email"]
    for rank, (entity, (rule, confidence, severity)) in enumerate(ENTITIES.items(), 1):
        count = 48_000 // rank**2 + 3
        for variant, part in ((rule, count), (f"{rule}.context", count // 4)):
            tally.findings[entity, variant, confidence, severity, "new"] += part
            tally.fields[places[rank % 7], entity] += part
            tally.files[inputs[rank % 13].uri, entity] += part
        tally.findings[entity, rule, "high", severity, "new"] += count // 3
        tally.fields["/text", entity] += count // 3
        tally.files[inputs[0].uri, entity] += count // 3
    for entity, state, count in (
        ("EMAIL_ADDRESS", "placeholder", 2_381),
        ("CREDIT_CARD", "placeholder", 118),
        ("PHONE_NUMBER", "placeholder", 77),
        ("GITHUB_TOKEN", "known", 2),
        ("IP_ADDRESS", "suppressed", 310),
    ):
        tally.findings[entity, ENTITIES[entity][0], "medium", "medium", state] += count
        tally.fields["/text", entity] += count
        tally.files[inputs[3].uri, entity] += count
    tally.reasons = Counter({("read", "the line is not valid JSON"): 9, ("read", "the line is not valid UTF-8"): 4})
    tally.reasons["detect", "the detector names failed on the record"] = 1
    tally.methods = Counter({"exact": 18_940, "minhash": 5_264})
    problems = [Problem(inputs[0].uri, 412 * index, "read", "the line is not valid JSON") for index in range(1, 10)]
    problems += [Problem(inputs[3].uri, 77 * index, "read", "the line is not valid UTF-8") for index in range(1, 5)]
    problems += [Problem(inputs[5].uri, 90_210, "detect", "the detector names failed on the record")]
    samples = (
        ("EMAIL_ADDRESS", "pii.email", "/text", "Thanks again, just write to <EMAIL_ADDRESS> if anything is unclear."),
        (
            "PERSON",
            "names.person",
            "/messages/2/content",
            "… booked for <PERSON> on Friday, <PHONE_NUMBER> to confirm.",
        ),
        ("PASSWORD", "secret.generic.password", "/completion", 'DB_USER = "reader"\nDB_PASS = "<PASSWORD>"\n'),
        ("IBAN_CODE", "pii.iban", "/text", "please wire the deposit to <IBAN_CODE> before the 14th, ref. 2291"),
        ("GITHUB_TOKEN", "secret.github.pat", "/text", "git clone https://<GITHUB_TOKEN>@git.invalid/team/repo.git"),
    )
    return Report(
        command="clean corpus/ -o release/ --policy standard --fail-on high --workers 2",
        tool={
            "privscan": "1.0.0",
            "python": "3.11.9",
            "hyperscan": "0.7.8",
            "pyarrow": "18.1.0",
            "datasketch": "2.0.0",
        },
        started="2026-11-21T10:03:44Z",
        seconds=31.244,
        policy={
            "id": "standard",
            "name": "Standard",
            "description": "Direct identifiers, secrets, biometrics, people's names and street addresses.",
            "sha256": _sha256("policy"),
            "rules_sha256": _sha256("rules"),
            "min_confidence": "medium",
            "actions": {
                "EMAIL_ADDRESS": "pseudonym",
                "PERSON": "pseudonym",
                "CREDIT_CARD": "mask",
                "default": "replace",
            },
        },
        inputs=inputs,
        outputs=_artifacts(13, 4_211_007),
        tally=tally,
        problems=tuple(problems),
        samples=tuple(
            {"entity": entity, "rule": rule, "uri": inputs[0].uri, "record": 17, "field": field, "text": text}
            for entity, rule, field, text in samples
        ),
        gate={"fail_on": "high", "failing": 4_711},
        complete=False,
        key="ephemeral",
        settings={
            "policy": "standard",
            "fail_on": "high",
            "field": [],
            "dedup": "near",
            "dedup_threshold": 0.8,
            "key": "ephemeral",
        },
        notes=("4 files of other kinds under corpus were not looked at, nor copied",),
        details={
            "rules": {
                "pii.email": {"name": "E-mail address", "regulations": ["GDPR", "CCPA"], "references": ["RFC 5321"]},
                "pii.card": {"name": "Payment card number", "regulations": ["PCI-DSS"], "references": []},
            }
        },
    )


def make_empty() -> Report:
    """Nothing read, nothing found, no gate."""
    return Report(
        command="scan", tool={}, started="", seconds=0.0, policy={}, inputs=(), outputs=(), tally=Tally(),
        problems=(), samples=(), gate={"fail_on": "never", "failing": 0}, complete=True, key="",
    )  # fmt: skip


HOSTILE = "<script>alert(1)</script>\x1b[31m\x07\u202egnp.\u2066\r\n\x9b\udcff[red]{{ 7*7 }}{% raw %}'\"&\u2028"


def make_hostile() -> Report:
    """Every string that comes from outside is hostile, and one of each kind is very long."""
    long = HOSTILE + "x" * 100_000 + "end"
    tally = Tally(records=3, bytes=3)
    tally.outcomes = Counter(redacted=1, quarantined=2)
    for name in (HOSTILE, long):
        tally.findings[name, name, "high", "critical", "new"] = 1
        tally.findings[name, name, "high", "critical", "placeholder"] = 1
        tally.fields[name, name] = 1
        tally.files[name, name] = 1
        tally.reasons[name, name] = 1
        tally.methods[name] = 1
    return Report(
        command=f"clean {long}",
        tool={"version": HOSTILE, long: long},
        started=long,
        seconds=1.0,
        policy={"id": long, "actions": {HOSTILE: HOSTILE}},
        inputs=(Artifact(HOSTILE, 3, 3, "0" * 64), Artifact(long, 3, 3, "0" * 64)),
        outputs=(Artifact(HOSTILE, 3, 3, "0" * 64),),
        tally=tally,
        problems=(Problem(HOSTILE, 1, HOSTILE, HOSTILE), Problem(long, None, long, long)),
        samples=({"entity": HOSTILE, "rule": long, "uri": long, "record": 0, "field": HOSTILE, "text": long}, {}),
        gate={"fail_on": "critical", "failing": 2},
        complete=False,
        key=HOSTILE,
        settings={"policy": long, "field": [HOSTILE]},
        notes=(HOSTILE, long),
        details={"rules": {HOSTILE: {"regulations": [HOSTILE, long]}}},
    )


def make_huge(rows: int = 5_000) -> Report:
    """Return a report with `rows` entities, rules, fields, files and reasons."""
    tally = Tally(records=rows, bytes=rows)
    tally.outcomes = Counter(redacted=rows)
    levels = ("low", "medium", "high", "critical")
    for index in range(rows):
        entity = f"ENTITY_{index % 500}"
        tally.findings[entity, f"rule.{index}", levels[index % 3], levels[index % 4], "new"] = index + 1
        tally.fields[f"/field/{index}", entity] = index + 1
        tally.files[f"part-{index}.jsonl", entity] = index + 1
        tally.reasons["read", f"reason {index}"] = 1
    full = make_full()
    return Report(
        command="scan corpus", tool=full.tool, started=full.started, seconds=1e6, policy=full.policy,
        inputs=tuple(Artifact(f"part-{index}.jsonl", 1, 1, _sha256(str(index))) for index in range(rows)),
        outputs=(), tally=tally, problems=(Problem("part-1.jsonl", 0, "read", "reason 1"),) * 100,
        samples=full.samples * 20, gate={"fail_on": "high", "failing": rows}, complete=True, key="",
    )  # fmt: skip


@pytest.fixture(scope="session")
def full() -> Report:
    return make_full()


@pytest.fixture(scope="session")
def empty() -> Report:
    return make_empty()


@pytest.fixture(scope="session")
def hostile() -> Report:
    return make_hostile()


@pytest.fixture(scope="session")
def huge() -> Report:
    return make_huge()
