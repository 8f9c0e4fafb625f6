"""How far a run is, on standard error."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from privscan.run import Run


_LOG = logging.getLogger("privscan")


class _Said(logging.Handler):
    """Shows beside the bar what takes its time."""

    def __init__(self, bar: Any) -> None:
        super().__init__(logging.INFO)
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        self._bar.set_postfix_str(record.getMessage())


class Progress:
    """tqdm on standard error: bytes, rate, findings so far. Off where standard error is no terminal."""

    def __init__(self, paths: list[str], *, show: bool) -> None:
        name = os.path.basename(paths[0]) or paths[0]
        self._bar = _bar(name) if show and sys.stderr.isatty() else None
        self._findings = 0
        self._said = _Said(self._bar)
        self._level = _LOG.level

    def __enter__(self) -> Self:
        if self._bar is not None:
            _LOG.addHandler(self._said)
            _LOG.setLevel(logging.INFO)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            _LOG.removeHandler(self._said)
            _LOG.setLevel(self._level)
            self._bar.close()

    def total(self, run: Run) -> None:
        """Say how many bytes there are to do."""
        if self._bar is not None:
            self._bar.total = run.total_bytes()
            self._bar.refresh()

    def tick(self, size: int, findings: int) -> None:
        """Add bytes and findings."""
        self._findings += findings
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._findings:,} findings", refresh=False)
            self._bar.update(size)


def _bar(name: str) -> Any:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its thread would make forking unsafe
    return tqdm(desc=name, unit="B", unit_scale=True, leave=False, file=sys.stderr, mininterval=0.2)
