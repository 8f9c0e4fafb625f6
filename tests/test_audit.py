"""The signature and the log: whatever is changed is noticed, and named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import privscan
from privscan import audit
from privscan.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def keys(folder: Path, name: str, key: Any = None) -> tuple[str, str]:
    """Write a pair of keys; return their files."""
    key = key or Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(private), str(public)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache_dir: str) -> Path:
    folder: Path = tmp_path_factory.mktemp("audit")
    (folder / "a.jsonl").write_text('{"text": "write to jane@mail.acme-widgets.com"}\n', encoding="utf-8")
    options: dict[str, Any] = {"cache_dir": cache_dir, "select": ["pii.email"], "workers": 1}
    privscan.clean(str(folder / "a.jsonl"), str(folder / "run"), **options)
    return folder / "run"


@pytest.fixture
def log(tmp_path: Path, run: Path) -> Path:
    """Return a log of three runs, signed."""
    private, _ = keys(tmp_path, "ours")
    for _ in range(3):
        audit.append(str(tmp_path / "log.jsonl"), str(run), audit.signing_key(private))
    return tmp_path / "log.jsonl"


def test_a_log_as_it_was_written_is_whole(log: Path, run: Path) -> None:
    assert audit.broken(str(log), str(run), str(log.parent / "ours.pub")) == ""
    assert [json.loads(line)["number"] for line in log.read_text(encoding="utf-8").splitlines()] == [1, 2, 3]


def edited(number: int, **more: Any) -> Callable[[list[str]], list[str]]:
    def edit(lines: list[str]) -> list[str]:
        lines[number] = json.dumps(json.loads(lines[number]) | more, sort_keys=True)
        return lines

    return edit


CHANGES: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("a count", edited(0, records=7), "line 1 is not signed by that key"),
    ("the last line", edited(2, records=7), "line 3 is not signed by that key"),
    ("a line taken out", lambda lines: [lines[0], lines[2]], "line 2 says it is number 3"),
    ("the first taken out", lambda lines: lines[1:], "line 1 says it is number 2"),
    ("two swapped", lambda lines: [lines[1], lines[0], lines[2]], "line 1 says it is number 2"),
    ("spaces", lambda lines: [lines[0], lines[1] + " ", lines[2]], "line 2 is no line of an audit log"),
    ("cut off", lambda lines: [*lines[:2], lines[2][:50]], "line 3 is no line of an audit log"),
    ("signature gone", edited(2, signature=""), "line 3 is not signed by that key"),
    ("signature no hex", edited(2, signature="zz"), "line 3 is not signed by that key"),
    ("another schema", edited(0, schema="x"), "line 1 is no line of an audit log"),
]


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_what_was_changed_is_named(log: Path, run: Path, change: Callable[[list[str]], list[str]], said: str) -> None:
    log.write_text("\n".join(change(log.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")
    assert audit.broken(str(log), str(run), str(log.parent / "ours.pub")).startswith(said)


def test_without_a_key_the_chain_still_names_the_place(log: Path, run: Path) -> None:
    lines = edited(0, records=7)(log.read_text(encoding="utf-8").splitlines())
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert audit.broken(str(log), str(run)) == "line 2 does not follow line 1 as it stands"


def test_a_broken_log_does_not_grow(log: Path, run: Path) -> None:
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 1 says it is number 2"):
        audit.append(str(log), str(run))
    assert log.read_text(encoding="utf-8").splitlines() == lines[1:]


def test_a_log_that_does_not_name_the_run(log: Path, run: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/manifest.json").write_text((run / "manifest.json").read_text(encoding="utf-8") + " ")
    assert audit.broken(str(log), str(tmp_path / "other")) == "no line names this run's manifest as it stands"


def test_a_signature_is_of_one_key_and_one_manifest(tmp_path: Path, run: Path) -> None:
    private, public = keys(tmp_path, "ours")
    _, other = keys(tmp_path, "other")
    assert audit.signed(str(run), public) == "manifest.sig is missing"
    audit.sign(str(run), audit.signing_key(private))
    assert audit.signed(str(run), public) == ""
    assert audit.signed(str(run), other) == "manifest.json is not what that key signed"
    whole = (run / "manifest.json").read_bytes()
    (run / "manifest.json").write_bytes(whole.replace(b'"complete": true', b'"complete": 1.00'))
    assert audit.signed(str(run), public) == "manifest.json is not what that key signed"
    (run / "manifest.json").write_bytes(whole)
    sound = (run / "manifest.sig").read_text(encoding="utf-8")
    (run / "manifest.sig").write_text(sound.replace("Ed25519", "Ed25529"), encoding="utf-8")
    assert "another key or algorithm" in audit.signed(str(run), public)
    (run / "manifest.sig").write_text("{}", encoding="utf-8")
    assert audit.signed(str(run), public) == "manifest.sig is no signature"
    (run / "manifest.sig").unlink()


@pytest.mark.parametrize("kind", ["missing", "text", "rsa", "public"])
def test_a_wrong_key_is_told(tmp_path: Path, kind: str) -> None:
    private, public = keys(tmp_path, "rsa", generate_private_key(65537, 2048) if kind == "rsa" else None)
    path = {"missing": str(tmp_path / "none"), "text": str(tmp_path / "text"), "rsa": private, "public": public}[kind]
    (tmp_path / "text").write_text("not a key", encoding="utf-8")
    with pytest.raises(UsageError, match="openssl genpkey -algorithm ed25519"):
        audit.signing_key(path)


def test_the_command_line_signs_logs_and_checks(tmp_path: Path, run: Path, cli: Callable[..., Any]) -> None:
    keys(tmp_path, "ours")
    source = run.parent / "a.jsonl"
    flags = ("--select", "pii.email", "-q", "--audit", "log.jsonl", "--sign-key", "ours.pem")
    assert cli("clean", source, "-o", "out", *flags).returncode == 0
    checked = cli("verify", "out", "--audit", "log.jsonl", "--public-key", "ours.pub")
    assert checked.returncode == 0, checked.stdout
    assert b"the manifest is signed by that key" in checked.stdout
    (tmp_path / "log.jsonl").write_text("{}\n", encoding="utf-8")
    failed = cli("verify", "out", "--audit", "log.jsonl")
    assert failed.returncode == 1
    assert b"line 1 is no line of an audit log" in b" ".join(failed.stdout.split())
    assert cli("scan", source, "-q", "--audit", "log.jsonl").returncode == 2
