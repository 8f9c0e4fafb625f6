"""Run one function over many tasks, here or in other processes, in order and with few in flight."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from privscan.errors import DetectorError, OutputError, PrivscanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import ProcessPoolExecutor

    from privscan.config import Settings

_kit: Any = None  # a worker process's tools, made once by `_start`, or the error that making them ended in


class Workers:
    """Processes that share one set of settings. With one worker everything runs in this process.

    An error that is not ours is told as a DetectorError with its type and place: its message may hold data.
    """

    def __init__(self, settings: Settings, make: Callable[[Settings], Any], count: int) -> None:
        self._make, self._settings, self._count = make, settings, count
        self._local: Any = None
        self._pool: ProcessPoolExecutor | None = None
        if count > 1:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            # Forked before any library has started threads; where the system does not fork safely, spawned.
            method = "fork" if sys.platform == "linux" else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(count, context, initializer=_start, initargs=(make, settings))
            with _held():
                started = [self._pool.submit(_ready) for _ in range(count)]
            try:
                with _told():
                    for future in started:
                        future.result()
            except BaseException:
                self.close(now=True)
                raise

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Yield function(tools, *task) for each task, in order. Tasks are asked for as they can start."""
        if self._pool is None:
            if self._local is None:
                self._local = self._make(self._settings)
            for task in tasks:
                yield _guarded(function, self._local, task)
            return
        flying: collections.deque[Any] = collections.deque()
        with _told():
            for task in tasks:
                flying.append(self._pool.submit(_call, function, task))
                if len(flying) >= 2 * self._count:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()

    def close(self, *, now: bool = False) -> None:
        """End the processes; `now` without waiting for what they are at."""
        if self._pool is None:
            return
        if now:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - nothing public ends them
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the end of a process that nobody here asked for into a sentence."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        yield
    except BrokenProcessPool:
        raise OutputError(
            "a worker process was ended from outside, most likely for want of memory; "
            "run again with --resume and fewer --workers"
        ) from None


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Hold back an interrupt while processes start, so that it reaches this process alone; they never see one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(make: Callable[[Settings], Any], settings: Settings) -> None:
    global _kit  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow, daemon=True).start()
    try:
        _kit = make(settings)
    except Exception as error:  # noqa: BLE001 - told by `_ready`; here it would only print a traceback
        _kit = error


def _follow() -> None:
    """End with the parent, whatever ended it: work for nobody would race with a resume."""
    import multiprocessing.connection

    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _ready() -> None:
    """Prove that a process has its tools."""
    if isinstance(_kit, PrivscanError):
        raise _kit
    if isinstance(_kit, Exception):
        raise _unexpected(_kit) from None


def _call(function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    return _guarded(function, _kit, task)


def _guarded(function: Callable[..., Any], kit: Any, task: tuple[Any, ...]) -> Any:
    try:
        return function(kit, *task)
    except PrivscanError:
        raise
    except MemoryError:
        raise OutputError("not enough memory; run again with --resume and fewer --workers") from None
    except Exception as error:  # noqa: BLE001 - its message and its frames may hold data
        raise _unexpected(error) from None


def _unexpected(error: BaseException) -> DetectorError:
    return DetectorError(
        f"unexpected {type(error).__name__} at {place(error)}; please report it (no data is shown here)"
    )


def place(error: BaseException) -> str:
    """Return file and line of the innermost frame of ours; messages and locals may hold data and are left out."""
    found = "?"
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "privscan" in name:
            found = f"{os.path.basename(name)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
