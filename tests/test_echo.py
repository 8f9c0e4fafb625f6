"""Names of fields that hold a value found elsewhere are covered, whatever the cuts; few enough fields stand by name."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import privscan
from privscan import account, echo
from privscan.config import settings
from privscan.run import Run
from privscan.verify import verify

from .conftest import KEY

if TYPE_CHECKING:
    from pathlib import Path

VALUE, MAIL = "vT9kq2LmZ8wR4xHn", "jane.roe@mail.acme-widgets.com"
FOUND = (VALUE, "correct horse", "content", "12345678", "a/b~c-d")
TOLD = [
    ("plain", "/text", "/text"),
    ("whole", f"/{VALUE}/mail", "/<VALUE>/mail"),
    ("key", f"/users/{VALUE}~key", "/users/<VALUE>~key"),
    ("word", f"/x/id:{VALUE}:2/y", "/x/<VALUE>/y"),
    ("two words", "/my correct horse!", "/<VALUE>"),
    ("part of a word", f"/{VALUE}s", f"/{VALUE}s"),
    ("other letters", f"/{VALUE.upper()}", f"/{VALUE.upper()}"),
    ("digits", "/list/12345678/x", "/list/<VALUE>/x"),
    ("escaped", "/a~1b~0c-d", "/<VALUE>"),
    ("our own word", "/messages/0/content", "/messages/0/content"),
    ("covered before", "/<PERSON>/x", "/<PERSON>/x"),
    ("too long a name", f"/{'x ' * 200}/y", "/<VALUE>/y"),
    ("lone surrogate", "/\ud800/x", "/\ud800/x"),
]


@pytest.mark.parametrize("bits", [False, True], ids=["few", "bits"])
@pytest.mark.parametrize(("pointer", "told"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD])
def test_names_that_hold_a_value_are_covered(
    pointer: str, told: str, bits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echo, "_FEW", 2 if bits else 1 << 16)
    part, whole = echo.Values(), echo.Values()
    for value in FOUND:
        part.add(KEY, value)
    whole.update(echo.Values.unpack(json.loads(json.dumps(part.pack()))))
    assert (whole.bits is not None) is bits
    assert echo.Names(whole, KEY, lambda: b"some content here").told(pointer) == told


@given(
    st.lists(st.tuples(st.text("ab", max_size=4), st.sampled_from(("X", "Y"))), max_size=60),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_fields_by_name_do_not_depend_on_the_cuts(rows: list[tuple[str, str]], cuts: list[int]) -> None:
    """Each part keeps no more than it may, at every row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account, "FIELDS", 3)
        edges = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
        total: Counter[tuple[str, str]] = Counter()
        for start, stop in itertools.pairwise(edges):
            part: Counter[tuple[str, str]] = Counter()
            for row in rows[start:stop]:
                part[row] += 1
                part = account.fewest(part)
            total += part
        assert account.fewest(total) == account.fewest(Counter(rows))
        assert total.total() == len(rows)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The value in a leaf stands far behind the keys that echo it; more fields than are told by name."""
    path = tmp_path_factory.mktemp("echo") / "a.jsonl"
    rows: list[Any] = [
        {VALUE: {"mail": MAIL}, "text": "here and there " * 20},
        {"list": [{f"of {VALUE}": [MAIL]}], VALUE: 1, "n": 2},
        {f"{VALUE}~/": MAIL, "12345678": MAIL},
    ]
    rows += [
        {f"a_name_that_is_of_quite_some_length_{row}": f"{row}.{MAIL}", "pad": "word " * 40} for row in range(1100)
    ]
    rows += [{"text": f'password = "{VALUE}" and pin: 12345678', "card": 5105105105105100}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


RULES: dict[str, Any] = {"select": ["pii.email", "secret.password"], "key": KEY}


def test_a_run_tells_no_name_that_is_a_value(source: Path, tmp_path: Path, cache_dir: str) -> None:
    told = []
    for workers, split in ((1, 1 << 24), (2, 1 << 16)):
        out = tmp_path / f"out{workers}"
        asked = settings("clean", **RULES, dedup="off", cache_dir=cache_dir, workers=workers, split=split)
        Run(asked, [str(source)], str(out)).run()
        sides = {path.name: path.read_text() for path in out.iterdir() if path.is_file()}
        assert [name for name, text in sides.items() if VALUE in text] == []
        report = json.loads(sides["report.json"])
        told.append((sides["findings.jsonl"], report["tally"]["fields"], report["samples"]))
        fields = {row["field"]: row["count"] for row in report["tally"]["fields"] if row["entity"] == "EMAIL_ADDRESS"}
        assert fields["/<VALUE>/mail"] == fields["/list/*/<VALUE>/*"] == fields["/<VALUE>"] == 1
        assert fields["(other)"] == 1104 - sum(count for name, count in fields.items() if name != "(other)")
        assert all(check.passed for check in verify(str(out), key=KEY, cache_dir=cache_dir))
    assert told[0] == told[1]


def test_a_scan_that_writes_nothing_tells_none_either(source: Path, cache_dir: str) -> None:
    report = privscan.scan(str(source), cache_dir=cache_dir, workers=1, **RULES)
    assert VALUE not in repr(report)
    assert report.tally.fields["/<VALUE>/mail", "EMAIL_ADDRESS"] == 1
