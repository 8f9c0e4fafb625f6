"""What a piece of work costs: CPU seconds first, wall time as a side note, peak memory of whole processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
SPAWN = Path(__file__).with_name("spawn.py")
OK = (0, 1)  # complete, with or without findings


@dataclass(frozen=True, slots=True)
class Bench:
    """What was asked for. Sizes are megabytes (10^6 bytes) of uncompressed JSONL; `work` holds what is made.

    `sample` is how many records the peers get.
    """

    work: Path
    data: Path | None = None
    media: Path | None = None
    megabytes: float = 100.0
    big: float = 2000.0
    runs: int = 5
    seed: int = 1
    sample: int = 200
    peer_python: str = sys.executable
    spacy: str = ""

    def corpus(self, name: str, size: float, suffix: str) -> Path:
        """Return the file of a corpus of `size` megabytes; what it is made from stands in its name."""
        return self.work / f"{name}-{size:g}-{'data' if self.data else 'library'}-{self.seed}{suffix}"

    def fresh(self, name: str) -> str:
        """Return the name of a new folder to write to, under `work`."""
        return tempfile.mkdtemp(prefix=f"{name}-", dir=self.work)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds; peak resident bytes of the biggest process, and of the tree where it was sampled."""

    cpu: float
    wall: float
    peak: int = 0
    tree: int = 0


def child(command: Sequence[str], *, tree: bool = False) -> Cost:
    """Run a command to its end and return its cost, that of its own children included.

    RuntimeError where it ends with another code than 0 or 1. What it writes to standard output is thrown away.
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    spawn = [sys.executable, "-I", "-S", str(SPAWN), str(int(tree)), *command]
    done = subprocess.run(spawn, env=env, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    if told["code"] not in OK:
        raise RuntimeError(f"{' '.join(command)} ended with {told['code']}: {done.stderr[-500:]}")
    return Cost(told["cpu"], told["wall"], told["peak"], told["tree"])


def here(work: Callable[[], object]) -> Cost:
    """Call something in this process and return its cost."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return Cost(time.process_time() - cpu, time.monotonic() - wall)


def medians(runs: int, measured: Callable[[], Cost]) -> Cost:
    """Measure several times; return the median CPU and wall seconds and the highest peaks."""
    costs = [measured() for _ in range(runs)]
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        max(cost.peak for cost in costs),
        max(cost.tree for cost in costs),
    )


def privscan(*args: str) -> list[str]:
    """Return the command that runs privscan's command line with this interpreter."""
    return [sys.executable, "-m", "privscan", *args]


def told(command: Sequence[str], bench: Bench) -> str:
    """Return a command as one would type it, paths cut to their names."""
    words = ["privscan" if word == "-m" else word for word in command if word not in (sys.executable, "privscan")]
    return " ".join(os.path.basename(word) if str(bench.work) in word else word for word in words)


def load() -> str:
    """Return the load averages of the machine and its processors."""
    return f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())} on {os.cpu_count()} processors"
