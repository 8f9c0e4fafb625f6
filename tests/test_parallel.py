"""Work in other processes: in order, few in flight, errors of ours as they are, others without their message."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from privscan import config
from privscan.errors import DetectorError, OutputError, RuleError
from privscan.parallel import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator


def tools(_settings: object) -> str:
    return "kit"


def broken(_settings: object) -> str:
    raise RuleError("a pattern is wrong")


def slow_first(kit: str, number: int) -> tuple[str, int]:
    time.sleep(0.05 if number == 0 else 0)
    return kit, number


def fails(_kit: str, number: int) -> int:
    if number == 3:
        raise ValueError("4111 1111 1111 1111")
    return number


def refuses(_kit: str, number: int) -> int:
    raise OutputError(f"disk {number} is full")


def dies(_kit: str, _number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def settings() -> config.Settings:
    return config.settings("scan", select=["pii.email"])


def gathered(workers: Workers, function: Any, count: int = 9) -> list[Any]:
    try:
        return list(workers.map(function, ((number,) for number in range(count))))
    finally:
        workers.close(now=True)


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_the_tasks(settings: config.Settings, count: int) -> None:
    assert gathered(Workers(settings, tools, count), slow_first) == [("kit", number) for number in range(9)]


@pytest.mark.parametrize("count", [1, 2])
def test_errors(settings: config.Settings, count: int) -> None:
    with pytest.raises(OutputError, match="disk 0 is full"):
        gathered(Workers(settings, tools, count), refuses)
    with pytest.raises(DetectorError, match=r"unexpected ValueError at .*no data is shown") as told:
        gathered(Workers(settings, tools, count), fails)
    assert "4111" not in str(told.value) + str(told.value.__cause__)


@pytest.mark.parametrize("count", [1, 2])
def test_tools_that_cannot_be_made_are_told_once(settings: config.Settings, count: int, capfd: Any) -> None:
    with pytest.raises(RuleError, match="a pattern is wrong"):
        gathered(Workers(settings, broken, count), slow_first)
    assert capfd.readouterr() == ("", "")


def test_a_process_ended_from_outside_is_told(settings: config.Settings) -> None:
    with pytest.raises(OutputError, match=r"ended from outside.*--resume and fewer --workers"):
        gathered(Workers(settings, tools, 2), dies)


def ends(_settings: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_does_not_start_is_told(settings: config.Settings) -> None:
    with pytest.raises(OutputError, match="ended from outside"):
        Workers(settings, ends, 2)


def test_few_tasks_are_asked_for_ahead(settings: config.Settings) -> None:
    asked = 0

    def tasks() -> Iterator[tuple[int]]:
        nonlocal asked
        for number in range(100):
            asked += 1
            yield (number,)

    workers = Workers(settings, tools, 2)
    results = workers.map(slow_first, tasks())
    for taken in range(1, 50):
        next(results)
        assert asked <= taken + 4
    results.close()  # type: ignore[attr-defined]
    workers.close(now=True)
