"""Run one function over many tasks, here or in other processes, in order and with few in flight."""

from __future__ import annotations

import collections
import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from privscan.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from privscan.config import Settings

_kit: Any = None  # a worker process's tools, made once by `_start`


class Workers:
    """Processes that share one set of settings. With one worker everything runs in this process."""

    def __init__(self, settings: Settings, make: Callable[[Settings], Any], count: int) -> None:
        self._make, self._settings, self._count = make, settings, count
        self._local: Any = None
        self._pool: ProcessPoolExecutor | None = None
        if count > 1:
            # Forked before any library has started threads; where the system does not fork safely, spawned.
            method = "fork" if sys.platform == "linux" else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(count, context, initializer=_start, initargs=(make, settings))
            for future in [self._pool.submit(_ready) for _ in range(count)]:
                future.result()

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Yield function(tools, *task) for each task, in the order of the tasks."""
        if self._pool is None:
            if self._local is None:
                self._local = self._make(self._settings)
            for task in tasks:
                yield function(self._local, *task)
            return
        flying: collections.deque[Any] = collections.deque()
        try:
            for task in tasks:
                flying.append(self._pool.submit(_call, function, task))
                if len(flying) >= 2 * self._count:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        except BrokenProcessPool:
            raise OutputError(
                "a worker process was ended from outside, most likely for want of memory; "
                "run again with --resume and fewer --workers"
            ) from None

    def close(self, *, now: bool = False) -> None:
        """End the processes; `now` without waiting for what they are at."""
        if self._pool is None:
            return
        if now:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - nothing public ends them
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _start(make: Callable[[Settings], Any], settings: Settings) -> None:
    global _kit  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    _kit = make(settings)


def _ready() -> None:
    """Prove that a process has its tools."""


def _call(function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    return function(_kit, *task)
