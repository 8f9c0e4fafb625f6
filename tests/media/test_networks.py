"""Face models of the user's own, with tiny ones made here: what they find goes, and every way to fail is told."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from privscan import clean, scan
from privscan.errors import ConfigError, UsageError
from privscan.media import faces, networks
from privscan.verify import verify

from . import tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FREE = [1, 3, "height", "width"]
MADE: dict[str, tuple[Callable[[Path, list], Path], list, int]] = {  # how, shape of the input, how large a picture
    "YuNet": (tiny.yunet, FREE, 1),
    "YuNet, fixed": (tiny.yunet, [1, 3, 256, 320], 1),
    "YuNet, smaller than the picture": (tiny.yunet, [1, 3, 160, 224], 2),
    "CenterFace": (tiny.centerface, FREE, 1),
    "CenterFace, named": (lambda at, size: tiny.centerface(at, size, ("heatmap", "scale", "offset", "lms")), FREE, 1),
    "CenterFace, fixed": (tiny.centerface, [1, 3, 256, 320], 1),
    "CenterFace, as published": (tiny.centerface, [10, 3, 32, 32], 1),
}
BLUE, RED, GREY = (0, 0, 255), (255, 0, 0), (60, 60, 0)


def picture(times: int = 1) -> Image.Image:
    """A picture with a blue square, which is a face, and a red one, which is none."""
    made = Image.new("RGB", (222 * times, 150 * times), GREY)
    for colour, left, top in ((BLUE, 44, 28), (RED, 140, 60)):
        made.paste(colour, tuple(times * edge for edge in (left, top, left + tiny.SIDE, top + tiny.SIDE)))
    return made


def packed(made: Image.Image) -> bytes:
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def asked(cache_dir: str) -> dict[str, Any]:
    return {"cache_dir": cache_dir, "select": ["biometric"], "workers": 1, "key": b"k" * 32}


@pytest.mark.parametrize("name", MADE)
def test_a_face_is_found_where_it_is(name: str, tmp_path: Path) -> None:
    make, size, times = MADE[name]
    mode = faces.asked(str(make(tmp_path / "own.onnx", size)))
    (box,) = faces.find(picture(times), mode)
    found, there = box[:4], [times * edge for edge in (44, 28, tiny.SIDE, tiny.SIDE)]
    assert all(abs(one - other) <= 5 * times for one, other in zip(found, there, strict=True)), box
    assert 0.8 < box.score <= 1
    assert faces.find(Image.new("RGB", (222, 150), RED), mode) == []


@pytest.mark.parametrize("name", ["YuNet", "CenterFace, as published"])
def test_what_it_finds_is_covered_and_the_run_holds(name: str, tmp_path: Path, asked: dict[str, Any]) -> None:
    make, size, _ = MADE[name]
    model = make(tmp_path / "own.onnx", size)
    empty = packed(Image.new("RGB", (90, 70), RED))
    pq.write_table(pa.table({"image": pa.array([packed(picture()), empty], pa.binary())}), tmp_path / "in.parquet")
    report = clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), faces=str(model), **asked)
    assert report.complete
    assert [(entity, count) for (entity, *_), count in report.tally.findings.items()] == [("FACE", 1)]
    after = pq.read_table(tmp_path / "out/data/in.parquet")["image"].to_pylist()
    assert after[1] == empty
    shown = Image.open(io.BytesIO(after[0]))
    assert {shown.getpixel(at) for at in ((44, 28), (76, 60), (107, 91))} == {(0, 0, 0)}
    assert {shown.getpixel(at) for at in ((150, 70), (200, 120))} == {RED}
    told = json.loads((tmp_path / "out/manifest.json").read_bytes())
    assert told["model"] == {"faces": str(model), "faces_sha256": networks.digest(str(model))}
    assert told["settings"]["faces"] == "own.onnx"

    def holds() -> bool:
        checks = verify(str(tmp_path / "out"), key=asked["key"], cache_dir=asked["cache_dir"])
        return all(check.passed is not False for check in checks)

    assert holds()
    tiny.yunet(model, [1, 3, 320, 320])
    with pytest.raises(UsageError, match="a model, for names or for faces, is not the run's"):
        holds()


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "no network": (lambda at: at.write_bytes(b"no network"), "is no network that can be run"),
    "empty": (lambda at: at.write_bytes(b""), "is no network that can be run"),
    "cut short": (lambda at: at.write_bytes(tiny.yunet(at, FREE).read_bytes()[:500]), "is no network that can be run"),
    "something else": (lambda at: tiny.other(at, FREE), "neither what YuNet nor what CenterFace gives"),
    "one colour": (lambda at: tiny.other(at, [1, 1, 64, 64]), "does not take one picture of three colours"),
    "no picture": (lambda at: tiny.other(at, [1, 5]), "does not take one picture of three colours"),
    "odd sizes": (lambda at: tiny.yunet(at, [1, 3, 250, 320]), "takes pictures of 320x250, no multiples of 32"),
    "a fixed side": (lambda at: tiny.yunet(at, [1, 3, "height", 320]), "takes pictures of 320xheight"),
    "a folder": (lambda at: at.mkdir(), "no such file"),
    "nothing": (lambda _: None, "no such file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_that_is_none_is_an_error_before_anything_is_written(
    name: str, tmp_path: Path, asked: dict[str, Any]
) -> None:
    make, told = WRONG[name]
    make(tmp_path / "own.onnx")
    pq.write_table(pa.table({"image": pa.array([packed(picture())], pa.binary())}), tmp_path / "in.parquet")
    with pytest.raises(UsageError, match=told):
        clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), faces=str(tmp_path / "own.onnx"), **asked)
    assert not (tmp_path / "out").exists()


def test_a_word_that_is_none_is_told_of(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match='"recal" is not known; did you mean "recall"'):
        scan(str(tmp_path / "in.jsonl"), faces="recal", **asked)


def test_a_model_that_changes_is_not_used(tmp_path: Path) -> None:
    model = tiny.yunet(tmp_path / "own.onnx", FREE)
    sha256 = networks.digest(str(model))
    tiny.centerface(model, FREE)
    with pytest.raises(ConfigError, match="has changed since the run began"):
        networks.opened(str(model), sha256)


def test_without_onnxruntime_the_extra_is_named(tmp_path: Path, cache_dir: str) -> None:
    tiny.yunet(tmp_path / "own.onnx", FREE)
    (tmp_path / "in.jsonl").write_text("{}\n")
    code = "import sys; sys.modules['onnxruntime'] = None; from privscan.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "scan", "in.jsonl", "--faces", "own.onnx", "-o", "out"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PRIVSCAN_CACHE_DIR": cache_dir},
    )
    assert done.returncode == 2
    assert b'needs onnxruntime; run: pip install "privscan[faces]"' in b" ".join(done.stderr.split())
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
