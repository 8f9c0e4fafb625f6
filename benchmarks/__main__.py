"""`python -m benchmarks [speed|startup|memory|peers|rules|quality|names|dedup ...]`: measure, and print tables."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import sys
import tempfile
from pathlib import Path

import privscan
from benchmarks import copies, media, memory, names, peers, quality, rules, speed
from benchmarks.measure import Bench, load

PARTS = {
    "startup": speed.startup,
    "quality": quality.tables,
    "names": names.tables,
    "dedup": copies.tables,
    "media": media.tables,
    "peers": peers.tables,
    "rules": rules.tables,
    "speed": speed.tables,
    "memory": memory.tables,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for, all by default."""
    asked = _parser().parse_args(arguments)
    command = shlex.join(["python", "-m", "benchmarks", *(sys.argv[1:] if arguments is None else arguments)])
    head = {
        "command": command,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "privscan": privscan.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "load": load(),
        "runs": asked.runs,
    }
    print("\n".join(f"{key}: {value}" for key, value in head.items()), end="\n\n", flush=True)
    results = []
    with tempfile.TemporaryDirectory(prefix="privscan-bench-") as scratch:
        if asked.work:
            os.makedirs(asked.work, exist_ok=True)
        bench = Bench(
            work=Path(asked.work or scratch).resolve(),
            data=asked.data.resolve() if asked.data else None,
            media=asked.media.resolve() if asked.media else None,
            megabytes=asked.megabytes,
            big=asked.big,
            runs=asked.runs,
            seed=asked.seed,
            sample=asked.sample,
            peer_python=asked.peer_python,
            spacy=asked.spacy,
        )
        for part in asked.parts or PARTS:
            for table in PARTS[part](bench):
                print(table.text(), flush=True)
                results.append({"part": part} | table.told())
    if asked.json:
        asked.json.write_text(json.dumps(head | {"tables": results}, indent=1) + "\n", encoding="utf-8")
    return 0


def _part(word: str) -> str:
    if word not in PARTS:
        raise argparse.ArgumentTypeError(f'"{word}" is none of {", ".join(PARTS)}')
    return word


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Speed, memory and quality of privscan. CPU seconds, medians of several runs; MB are 10^6 bytes.",
    )
    parser.add_argument(
        "parts", nargs="*", type=_part, metavar="PART", help=f"which of {', '.join(PARTS)}; default: all"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with pii/, secrets/, corpora/, neardup/")
    parser.add_argument(
        "--media", type=Path, metavar="DIR", help=f"your own pictures and sound, in folders {', '.join(media.GOALS)}"
    )
    parser.add_argument(
        "--megabytes", type=float, default=100.0, metavar="MB", help="size of the corpora (default 100)"
    )
    parser.add_argument(
        "--big", type=float, default=2000.0, metavar="MB", help="size of the memory check (default 2000)"
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="repetitions of each timing (default 5)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what the corpora are made from (default 1)")
    parser.add_argument("--sample", type=int, default=200, metavar="N", help="records the peers get (default 200)")
    parser.add_argument("--peer-python", default=sys.executable, metavar="FILE", help="interpreter that has the peers")
    parser.add_argument("--spacy", default="", metavar="PIPELINE", help="spaCy's, for names: the peers' name or folder")
    parser.add_argument("--work", metavar="DIR", help="keep what is made here and use it again (default: thrown away)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
