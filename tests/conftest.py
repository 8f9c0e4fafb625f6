"""Real processes, one cache of compiled rules for the whole session, and small corpora."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compiled rules, made once, whatever the number of pytest's workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled-rules"
    folder.mkdir(exist_ok=True)
    return str(folder)


@pytest.fixture(scope="session")
def process_env(cache_dir: str) -> dict[str, str]:
    """The environment of a process under test: nothing of the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRIVSCAN", "XDG"))}
    ours = {"PYTHONPATH": str(ROOT), "PRIVSCAN_CACHE_DIR": cache_dir, "NO_COLOR": "1", "COLUMNS": "100"}
    return kept | ours | {"PYTHONDONTWRITEBYTECODE": "1"}  # a process out of space would leave half a module behind


@pytest.fixture
def start(process_env: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start the command line in a process of its own, in the test's folder."""

    def begin(*args: Any, env: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "privscan", *map(str, args)]
        given = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path} | more
        return subprocess.Popen(command, env=process_env | (env or {}), **given)

    return begin


@pytest.fixture
def cli(start: Callable[..., subprocess.Popen[bytes]]) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command line to its end."""

    def run(*args: Any, stdin: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
        with start(*args, **more) as process:
            out, err = process.communicate(stdin, timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


@pytest.fixture
def options(cache_dir: str) -> dict[str, Any]:
    """Settings for runs in this process: one quick rule, a fixed key."""
    return {"cache_dir": cache_dir, "select": ["pii.email"], "key": KEY, "workers": 1}


@pytest.fixture(scope="session")
def corpus() -> bytes:
    """4,000 records: one in seven with an address, one in ten the same as an earlier one, of uneven length."""
    words = "amber birch cedar delta ember fjord grove heath inlet juniper knoll larch meadow north orchard".split()
    lines = []
    for row in range(4000):
        seed = row - row % 10 if row % 10 == 9 else row
        text = " ".join(
            words[(seed * 7 + place * (seed % 13 + 1)) % len(words)] + str(seed % 97) for place in range(8 + seed % 40)
        )
        if seed % 7 == 0:
            text += f" write to person{seed}@mail.acme-widgets.com soon"
        lines.append(json.dumps({"id": row, "text": text}))
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture(scope="session")
def packed() -> Callable[[str, bytes], bytes]:
    """Compress as a file's name asks for."""

    def pack(name: str, body: bytes) -> bytes:
        if name.endswith(".gz"):
            return gzip.compress(body, mtime=0)
        return zstandard.compress(body) if name.endswith(".zst") else body

    return pack


@pytest.fixture(scope="session")
def unpacked() -> Callable[[Path], bytes]:
    """Read a file through decoders that are not ours."""

    def unpack(path: Path) -> bytes:
        if path.suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if path.suffix == ".zst":
            with path.open("rb") as file:
                return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
        return path.read_bytes()

    return unpack


@pytest.fixture(scope="session")
def told() -> Callable[[Path], dict[str, bytes]]:
    """What a run folder holds that must not depend on how it was made: everything but times."""

    def tell(out: Path) -> dict[str, bytes]:
        names: Sequence[Path] = [path for path in sorted(out.rglob("*")) if path.is_file()]
        files = {str(path.relative_to(out)): path.read_bytes() for path in names}
        report = json.loads(files.pop("report.json"))
        del report["seconds"], report["started"]
        files.pop("report.html")
        files.pop("manifest.json")
        return files | {"report": json.dumps(report, sort_keys=True).encode()}

    return tell
