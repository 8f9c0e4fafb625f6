"""Run one search for near duplicates in a process of its own, and print what it cost; `copies` runs it.

python copies_child.py NAME FILE RUNS        of the texts of a JSONL file; ends with 4 where the tool is not installed
python copies_child.py join FILE MEMORY      of a signature file that `synthetic` wrote, within so many bytes
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOT_INSTALLED = 4
BANDS, ROWS = 25, 5
Kept = dict[int, int]


def ours(texts: Sequence[str]) -> Kept:
    """Shingle, sign, join and check with privscan; the dropped rows and those they are like."""
    from privscan.dedup import DedupSettings, Part
    from privscan.dedup.choose import choose
    from privscan.dedup.sign import Signer
    from privscan.dedup.store import twins

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.sign")
        with Signer(path, DedupSettings()) as signer:
            for low in range(0, len(texts), 500):
                rows = range(low, min(low + 500, len(texts)))
                signer.add(low, rows, texts[low : low + 500])
        found = choose([Part(path, 0)], DedupSettings(), folder)
        return {row: twin.row for row, twin in twins(found.drops[0]) if twin.dropped}


def datasketch(texts: Sequence[str]) -> Kept:
    """MinHash by datasketch with xxHash over word 5-grams, and its LSH; whatever shares a bucket is one family."""
    import xxhash
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    families = Families(len(texts))
    for row, text in enumerate(texts):
        sketch = MinHash(BANDS * ROWS, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)
        sketch.update_batch([gram.encode() for gram in grams(text)])
        families.join(row, index.query(sketch))
        index.insert(row, sketch)
    return families.dropped()


def rensa(texts: Sequence[str]) -> Kept:
    """RMinHash by rensa over word 5-grams, and its LSH; whatever shares a bucket is one family."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(0.8, BANDS * ROWS, BANDS)
    families = Families(len(texts))
    for row, text in enumerate(texts):
        sketch = RMinHash(BANDS * ROWS, 42)
        sketch.update(grams(text))
        families.join(row, index.query(sketch))
        index.insert(row, sketch)
    return families.dropped()


def text_dedup(texts: Sequence[str]) -> Kept:
    """MinHash by text-dedup's own command, its check for false positives on; the first of each cluster stays."""
    from datasets import disable_caching
    from text_dedup import minhash
    from text_dedup.config.base import load_config_from_toml

    disable_caching()
    with tempfile.TemporaryDirectory() as folder:
        source, config = os.path.join(folder, "a.jsonl"), os.path.join(folder, "config.toml")
        with open(source, "w", encoding="utf-8") as out:
            out.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        with open(config, "w", encoding="utf-8") as out:
            out.write(TEXT_DEDUP.format(source=source, folder=folder, bands=BANDS, rows=ROWS, hashes=BANDS * ROWS))
        asked = load_config_from_toml(Path(config))
        rows, _, _ = minhash.load_and_preprocess(asked)
        rows = minhash.assign(asked, rows, minhash.cluster(asked, minhash.fingerprint(asked, rows)))
        _, clusters = minhash.check_false_positives(asked, rows)
    return {row: first for row, first in clusters.items() if row != first}


TEXT_DEDUP = """
[input]
input_type = "local_files"
read_arguments = {{path = "json", data_files = ["{source}"], split = "train", cache_dir = "{folder}/cache"}}
[algorithm]
algorithm_name = "minhash"
text_column = "text"
num_perm = {hashes}
bands = {bands}
rows = {rows}
ngram_size = 5
threshold = 0.8
min_length = 0
num_proc = 1
check_false_positive = true
[output]
output_dir = "{folder}/out"
[debug]
logging_level = 50
"""


def grams(text: str) -> list[str]:
    """Return the word 5-grams of a text, cut at white space as these tools' own examples do."""
    words = text.lower().split()
    return [" ".join(words[at : at + 5]) for at in range(max(len(words) - 4, 1))]


class Families:
    """Joined rows; the first of each family stays."""

    def __init__(self, rows: int) -> None:
        self._first = list(range(rows))

    def join(self, row: int, others: Sequence[int]) -> None:
        for other in others:
            one, two = self._root(row), self._root(other)
            self._first[max(one, two)] = min(one, two)

    def _root(self, row: int) -> int:
        while self._first[row] != row:
            self._first[row] = self._first[self._first[row]]
            row = self._first[row]
        return row

    def dropped(self) -> Kept:
        return {row: root for row in range(len(self._first)) if (root := self._root(row)) != row}


TOOLS: dict[str, tuple[str, Callable[[Sequence[str]], Kept]]] = {
    "privscan": ("numpy", ours),
    "datasketch": ("datasketch", datasketch),
    "rensa": ("rensa", rensa),
    "text-dedup": ("text-dedup", text_dedup),
}


def synthetic(path: str, rows: int) -> None:
    """Write a signature file of so many made-up rows, 15 % of them near copies in families of very unequal size."""
    from privscan.dedup import DedupSettings
    from privscan.dedup.store import Writer, columns

    settings, draw, block = DedupSettings(), np.random.default_rng(1), 4096
    writer, kinds = Writer(path, settings), columns(settings)
    for low in range(0, rows, block):
        count = min(block, rows - low)
        own = np.arange(low, low + count, dtype=np.uint64)
        copy = draw.random(count) < 0.15
        of = np.where(copy, (draw.power(0.3, count) * low).astype(np.uint64), own)
        values: dict[str, Any] = {name: np.zeros((count, *kind.shape), kind.base) for name, kind in kinds.items()}
        values["row"][:] = own
        values["text"][:] = _mixed(own, 2)
        values["sum"][:] = _mixed(own, 3)[:, 2]
        shingles = (_mixed(of, 20) >> np.uint64(32)).astype(np.uint32)
        shingles[copy, 0] = draw.integers(0, 2**32, int(copy.sum()), dtype=np.uint32)
        values["meta"]["offset"] = writer.shingles(shingles.reshape(-1)) + 80 * np.arange(count)
        values["meta"]["count"] = 20
        changed = copy[:, None] & (draw.random((count, settings.hashes)) < 0.06)
        noise = draw.integers(0, 256, changed.shape, dtype=np.uint8)
        values["meta"]["low"] = np.where(changed, noise, _mixed(of, settings.hashes).astype(np.uint8))
        bands = (_mixed(of, settings.bands) >> np.uint64(32)).astype(np.uint32)
        broken = changed.reshape(count, settings.bands, -1).any(axis=2)
        bands = np.where(broken, draw.integers(0, 2**32, bands.shape, dtype=np.uint32), bands)
        for band in range(settings.bands):
            values[f"band{band}"][:] = bands[:, band]
        writer.block(values)
    writer.close()


def _mixed(numbers: Any, width: int) -> Any:
    """Return `width` well-spread 64-bit values of each number."""
    found = numbers[:, None] * np.uint64(1024) + np.arange(1, width + 1, dtype=np.uint64)
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        found ^= found >> np.uint64(31)
        found *= np.uint64(factor)
    return found ^ (found >> np.uint64(31))


def join(path: str, memory: int) -> dict[str, Any]:
    """Join and check a signature file; what it cost and found."""
    from privscan.dedup import DedupSettings, Part
    from privscan.dedup.choose import choose

    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        before = time.process_time()
        found = choose([Part(path, 0)], DedupSettings(memory=memory), folder)
        cpu = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)
    return {"cpu": cpu, "peak": peak, "rows": found.rows, "dropped": found.near, "compared": found.compared}


def main() -> None:
    """Do what the command line says."""
    name, path, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if name == "join":
        print(json.dumps(join(path, number)))
        return
    package, tool = TOOLS[name]
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    costs: list[float] = []
    kept: Kept = {}
    try:
        tool(texts[:200])
        for _ in range(number):
            before = time.process_time()
            kept = tool(texts)
            costs.append(time.process_time() - before)
    except ImportError:
        sys.exit(NOT_INSTALLED)
    print(json.dumps({"cpu": costs, "kept": list(kept.items()), "version": version(package)}))


if __name__ == "__main__":
    main()
