"""Pictures and sound: how many are flagged of those with and without somebody in them, and what looking costs."""

from __future__ import annotations

import io
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks import corpus
from benchmarks.measure import here, medians
from benchmarks.tables import Table
from privscan import config, formats
from privscan.detectors.media import Media
from privscan.errors import DetectorError
from privscan.formats import binary, columns
from privscan.media import dispatch, faces, sniff
from privscan.model import Shard
from privscan.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

Goal = tuple[str, str, float | None, str]
GOALS: dict[str, Goal] = {
    "faces": ("pictures with a face", "FACE", 0.87, "at least"),
    "objects": ("pictures without one", "FACE", 0.02, "at most"),
    "speech": ("speech", "VOICE", 0.97, "at least"),
    "noise": ("sound without speech", "VOICE", 0.05, "at most"),
    "fingerprints": ("fingerprint pictures", "FINGERPRINT_IMAGE", 1.0, "at least"),
    "templates": ("biometric records", "FINGERPRINT_TEMPLATE", 1.0, "at least"),
    "places": ("pictures with coordinates", "GPS_METADATA", 1.0, "at least"),
}
PICTURES = 120  # of the speed's corpus
WIDTH = 500
CELLS = 1_000_000  # of the sniffing's column
ALL = ["biometric", "media"]


def tables(bench: Bench) -> list[Table]:
    """Look at every file of the data folder and of the user's own; then measure speed on pictures made of them."""
    sorted_ = _sorted(bench)
    media = Media(config.settings("scan", select=ALL, workers=1))
    found = [Table("Media flagged", ("what", "files", "flagged", "share", "goal"), list(_flagged(media, sorted_)))]
    return [*found, Table("Media speed", ("what", "value", "goal"), _speed(bench, media, sorted_))]


def _sorted(bench: Bench) -> dict[str, list[Path]]:
    """Return files by what they are: of a data folder by its manifest, of the user's by the names of its folders."""
    out: dict[str, list[Path]] = defaultdict(list)
    for row in map(json.loads, _manifest(bench)):
        path = (bench.data or bench.work) / row["file"]
        kind = row.get("kind", "")
        if row["file"].startswith("audio/"):
            out["speech" if row["speech"] else "noise"].append(path)
        elif "template" in kind:
            out["templates"].append(path)
        elif row["file"].startswith("images/"):
            named = "faces" if row["faces"] else "fingerprints" if kind == "fingerprint" else "objects"
            out[named].append(path)
            if "gps" in kind:
                out["places"].append(path)
    for name in GOALS:
        folder = bench.media / name if bench.media else None
        out[name] += sorted(path for path in folder.rglob("*") if path.is_file()) if folder and folder.is_dir() else []
    return out


def _manifest(bench: Bench) -> list[str]:
    path = bench.data / "manifest.jsonl" if bench.data else None
    return path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []


def _flagged(media: Media, files: dict[str, list[Path]]) -> Iterator[tuple[Cell, ...]]:
    for name, (what, entity, goal, sense) in GOALS.items():
        hits = Counter(_entities(media, path, entity) for path in files[name])
        looked = hits[True] + hits[False]
        share = hits[True] / looked if looked else None
        yield what, len(files[name]), hits[True], share, f"{sense} {goal:g}" + (", some unreadable" * bool(hits[None]))


def _entities(media: Media, path: Path, entity: str) -> bool | None:
    """Say whether an entity is found in a file, None where it cannot be looked at."""
    try:
        seen = dispatch.look(dispatch.Value(path.read_bytes(), ""), media.asked, Counter()) or ()
    except DetectorError:
        return None
    return any(one.entity == entity for one in seen)


def _speed(bench: Bench, media: Media, files: dict[str, list[Path]]) -> list[tuple[Cell, ...]]:
    pictures = _pictures(bench, files["faces"], files["objects"])
    source = bench.work / "pictures.parquet"
    boxed = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [{"bytes": data, "path": f"{number}.jpg"} for number, data in enumerate(pictures)]
    pq.write_table(pa.table({"image": pa.array(rows, boxed)}), source)

    def clean() -> None:
        settings = config.settings("clean", select=ALL, workers=1, dedup="off")
        Run(settings, [str(source)], bench.fresh("media"), overwrite=True).run()

    cost = medians(bench.runs, lambda: here(clean))
    bare = Image.effect_noise((WIDTH, WIDTH * 3 // 4), 60).convert("RGB")
    model = medians(bench.runs, lambda: here(lambda: [faces.find(bare, faces.MODES["default"]) for _ in range(5)]))
    return [
        (f"pictures of {WIDTH} pixels cleaned end to end, per CPU second", len(pictures) / cost.cpu, "at least 40"),
        ("of it the face model alone, pictures per CPU second", 5 / model.cpu, None),
        ("binary cells sniffed, million per CPU second", _sniffed(bench) / 1e6, "at least 5"),
        ("gate over text, MB per CPU second", _gated(bench, media), None),
    ]


def _pictures(bench: Bench, portraits: list[Path], objects: list[Path]) -> list[bytes]:
    """Return different pictures cut from those there are, or from noise where there are none; one in six has a face.

    That is about what Yang et al. (ICML 2022) counted in ImageNet.
    """
    rng = random.Random(bench.seed)
    noise = [Image.effect_noise((800, 600), 60).convert("RGB")]
    others = [Image.open(path).convert("RGB") for path in objects] or noise
    people = [Image.open(path).convert("RGB") for path in portraits] or others
    out = []
    for number in range(min(PICTURES, bench.sample)):
        picture = people[number // 6 % len(people)] if number % 6 == 0 else others[number % len(others)]
        wide, high = picture.size
        left, top = rng.randrange(max(wide // 20, 1)), rng.randrange(max(high // 20, 1))
        size = (WIDTH, max(1, WIDTH * high // wide))
        data = io.BytesIO()
        picture.crop((left, top, wide, high)).resize(size).save(data, "JPEG", quality=85 + number % 8)
        out.append(data.getvalue())
    return out


def _sniffed(bench: Bench) -> float:
    """Return how many values of a binary column are told apart by their first bytes in a CPU second."""
    data = np.random.default_rng(bench.seed).bytes(CELLS * 64)
    offsets = pa.py_buffer(np.arange(0, CELLS * 64 + 1, 64, dtype=np.int64).tobytes())
    array = pa.Array.from_buffers(pa.large_binary(), CELLS, [None, offsets, pa.py_buffer(data)])
    (column,) = columns.flatten(array, pa.field("blob", array.type))

    def work() -> None:
        heads, rows = binary.heads(column)
        for row in rows[sniff.likely(heads)].tolist():
            sniff.sniff(data[row * 64 : row * 64 + sniff.HEAD])

    return CELLS / medians(bench.runs, lambda: here(work)).cpu


def _gated(bench: Bench, media: Media) -> float:
    """Return how fast a text-only corpus passes the gate of media."""
    path, size = bench.work / "text.jsonl", int(min(bench.megabytes, 20.0) * 1e6)
    with path.open("w", encoding="utf-8") as out:
        for piece in itertools.cycle(corpus.prose(bench.data)):
            size -= out.write(json.dumps({"text": piece}) + "\n")
            if size <= 0:
                break
    format_ = formats.named("jsonl")
    blocks = list(format_.blocks(Shard(0, 0, str(path), path.name, "jsonl")))
    start = time.process_time()
    for block in blocks:
        media.candidates(block)
    return sum(block.nbytes for block in blocks) / 1e6 / max(time.process_time() - start, 1e-9)
