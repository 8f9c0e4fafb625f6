"""How far a run is, on standard error."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

if TYPE_CHECKING:
    from privscan.run import Run


_LOG = logging.getLogger("privscan")


class _Said(logging.Handler):
    """Shows beside the bar what takes its time."""

    def __init__(self, bar: tqdm[Any]) -> None:
        super().__init__(logging.INFO)
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        self._bar.set_postfix_str(record.getMessage())


class Progress:
    """tqdm on standard error: bytes, rate, findings so far. Off where standard error is no terminal."""

    def __init__(self, paths: list[str], *, show: bool) -> None:
        tqdm.monitor_interval = 0  # its thread would make forking unsafe
        name = os.path.basename(paths[0]) or paths[0]
        off = None if show else True
        self._bar = tqdm(
            disable=off, desc=name, unit="B", unit_scale=True, leave=False, file=sys.stderr, mininterval=0.2
        )
        self._findings = 0
        self._said = _Said(self._bar)

    def __enter__(self) -> Self:
        _LOG.addHandler(self._said)
        _LOG.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        _LOG.removeHandler(self._said)
        self._bar.close()

    def total(self, run: Run) -> None:
        """Say how many bytes there are to do."""
        self._bar.total = run.total_bytes()
        self._bar.refresh()

    def tick(self, size: int, findings: int) -> None:
        """Add bytes and findings."""
        self._findings += findings
        self._bar.set_postfix_str(f"{self._findings:,} findings", refresh=False)
        self._bar.update(size)
