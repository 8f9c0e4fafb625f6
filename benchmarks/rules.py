"""What each rule costs where it finds nothing: its triggers' hits in a MB of text, and the time spent on them."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpus
from benchmarks.tables import Table
from privscan import config, formats, shard
from privscan.detectors.patterns import Patterns
from privscan.model import Shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.measure import Bench
    from benchmarks.tables import Cell

POLICY = "web"  # every rule of identifiers and secrets
SHOWN = 40
SHARE_GOAL = 0.02  # of the time of a scan that one rule may take


def tables(bench: Bench) -> Iterator[Table]:
    """Tell what rules cost on prose and on code."""
    size = bench.megabytes * 1e6
    for name, texts in (("prose", corpus.prose(bench.data)), ("code", corpus.library())):
        path = Path(bench.fresh("rules"), f"{name}.jsonl")
        yield _costs(name, path, _write(path, texts, min(size, 20e6)))


def _write(path: Path, texts: Iterable[str], size: float) -> int:
    """Write texts as rows until there are so many bytes; return how many there are."""
    total = 0
    with path.open("w", encoding="utf-8") as out:
        for text in texts:
            total += out.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
            if total >= size:
                break
    return path.stat().st_size


class _Watch:
    """Counts and times what the rules are asked, by the number of a rule."""

    def __init__(self, patterns: Patterns) -> None:
        self.hits: Counter[int] = Counter()
        self.kept: Counter[int] = Counter()
        self.seconds: Counter[int] = Counter()
        self._gate, self._confirm = patterns.gate, patterns.confirm
        self._numbers = {rule.id: number for number, rule in enumerate(patterns.rules)}
        assert self._gate is not None
        self._rule = self._gate._rule  # noqa: SLF001
        self._gate._rule = self.gate  # type: ignore[method-assign]  # noqa: SLF001
        patterns.confirm = self.confirm  # type: ignore[method-assign]

    def gate(self, number: int, windows: Any, hits: Any, rows: Any) -> None:
        """Ask a rule about the hits of a piece, as the gate does."""
        began = time.thread_time()
        before = len(rows)
        self._rule(number, windows, hits, rows)
        self.seconds[number] += time.thread_time() - began  # type: ignore[assignment]
        self.hits[number] += sum(last - first for *_, first, last in windows)
        self.kept[number] += len(rows) - before

    def confirm(self, entry: Any, *where: Any) -> list[Any]:
        """Look exactly, as the detector does."""
        began = time.thread_time()
        found = list(self._confirm(entry, *where))
        self.seconds[self._numbers[entry.rule.id]] += time.thread_time() - began  # type: ignore[assignment]
        return found


def _costs(name: str, path: Path, size: int) -> Table:
    """Scan a file twice, the second time watched."""
    kit = shard.tools(config.settings("scan", workers=1, policy=POLICY))
    patterns = next(found for found in kit.detectors if isinstance(found, Patterns))
    task = Shard(0, 0, str(path), path.name, "jsonl")
    shard.process_shard(task, kit, data=False)
    began = time.thread_time()
    shard.process_shard(task, kit, data=False)
    whole = time.thread_time() - began
    watch = _Watch(patterns)
    shard.process_shard(task, kit, data=False)
    scan = _scan(patterns, path)
    megabytes = size / 1e6
    rows: list[tuple[Cell, ...]] = [
        (
            patterns.rules[number].id,
            watch.hits[number] / megabytes,
            watch.kept[number] / megabytes,
            seconds / megabytes * 1e3,
            seconds / whole,
            "yes" if seconds / whole <= SHARE_GOAL else "NO",
        )
        for number, seconds in watch.seconds.most_common(SHOWN)
    ]
    total = watch.seconds.total()
    rows.append(("all rules", watch.hits.total() / megabytes, None, total / megabytes * 1e3, total / whole, None))
    rows.append(("their triggers, in Hyperscan", None, None, scan / megabytes * 1e3, scan / whole, None))
    rows.append(("the whole scan", None, None, whole / megabytes * 1e3, 1.0, None))
    title = f"Rules by cost, {name} ({megabytes:.1f} MB, {len(patterns.rules)} rules, the {SHOWN} with most)"
    return Table(title, ("rule", "hits per MB", "rows kept per MB", "ms per MB", "share of the scan", "goal met"), rows)


def _scan(patterns: Patterns, path: Path) -> float:
    """Return the seconds that the triggers alone take."""
    spent = 0.0
    assert patterns.databases is not None
    for block in formats.named("jsonl").blocks(Shard(0, 0, str(path), path.name, "jsonl")):
        for buffer, _ in block.buffers():
            view = memoryview(buffer)
            began = time.thread_time()
            for at in range(0, len(view), 1 << 18):
                patterns.databases.scan(view[at : at + (1 << 18)])
            spent += time.thread_time() - began
    return spent
