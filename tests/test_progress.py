"""What stands beside the bar."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

termios = pytest.importorskip("termios", reason="no terminals of this kind here")


def _on_a_terminal(arguments: list[str], cache: str) -> str:
    """Return what a run writes to standard error where that is a terminal."""
    mine, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    environment = os.environ | {"PRIVSCAN_CACHE_DIR": cache}
    command = [sys.executable, "-m", "privscan", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(mine, 1 << 16):
                written += piece
        except OSError:  # as Linux tells that the other end was closed
            pass
    os.close(mine)
    assert process.returncode == 0
    return written.decode()


def test_a_first_run_says_that_it_compiles(tmp_path) -> None:
    (tmp_path / "some.jsonl").write_bytes(b'{"text": "nothing"}\n')
    arguments = ["scan", str(tmp_path / "some.jsonl"), "--select", "pii.mac"]
    first, second = (_on_a_terminal(arguments, str(tmp_path / "cache")) for _ in range(2))
    assert "some.jsonl" in first
    assert "some.jsonl" in second
    assert "once for each set of them" in first
    assert "once for each set of them" not in second
