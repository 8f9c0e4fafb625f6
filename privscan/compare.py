"""What is new since an earlier run: baselines to gate on, and the difference of two versions of a dataset.

Promise: values are told apart by keyed fingerprints only, so both sides must have been made with the same key; a value
that moved to another record or file is the same value.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privscan import gate, rows, states
from privscan.errors import UsageError
from privscan.model import Severity, State, Tally
from privscan.writing import appearing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Difference", "diff", "write_baseline"]

_COUNTED = (State.NEW, State.KNOWN)
_PLACES = 50


def write_baseline(run: str, target: str) -> int:
    """Write the distinct fingerprints of a run's new and known findings to a file that can be committed.

    Lines are sorted, so that versions compare well. Returns how many there are; UsageError for a run without a key of
    the user's, OutputError where the file cannot be written.
    """
    found = rows.check(run, "findings.jsonl")
    _keyed(run, found, f"--write-baseline {target}")
    counts: dict[str, list[Any]] = {}
    for row in rows.read(run):
        if row["state"] in _COUNTED:
            counts.setdefault(row["fingerprint"], [row["entity"], 0])[1] += 1
    head = {"schema": states.SCHEMA, "key_check": found["key_check"], "fingerprints": len(counts)}
    with appearing(target) as name, open(name, "w", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
        for fingerprint, (entity, count) in sorted(counts.items()):
            line = {"fingerprint": fingerprint, "entity": entity, "findings": count}
            file.write(json.dumps(line) + "\n")
    return len(counts)


def _keyed(run: str, found: dict[str, Any], flag: str) -> None:
    if not found["key_check"]:
        raise UsageError(
            f"{flag}: {run} was made with a key that was thrown away, its fingerprints compare with nothing; "
            "run with --key-file"
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """How the findings of a later run compare with an earlier one's, by entity.

    `new` and `same` count the later run's findings by whether the earlier one has their value, `gone` the earlier
    run's whose value the later one has not. `tally` holds the new findings alone, for a gate,
    `places` the first of them as findings rows.
    """

    new: Counter[str]
    same: Counter[str]
    gone: Counter[str]
    tally: Tally
    places: tuple[dict[str, Any], ...]
    complete: bool

    def verdict(self, fail_on: Severity | None) -> dict[str, Any]:
        """Return the gate's verdict on the new findings."""
        return gate.judge(self.tally, fail_on)


def diff(earlier: str, later: str) -> Difference:
    """Compare the findings of two run folders by fingerprint. UsageError where they do not compare."""
    found = [rows.check(run, "findings.jsonl", "report.json") for run in (earlier, later)]
    for run, entry in zip((earlier, later), found, strict=True):
        _keyed(run, entry, "diff")
    if found[0]["key_check"] != found[1]["key_check"]:
        raise UsageError(f"diff: {earlier} and {later} were made with different keys; make both with the same one")
    before, after = _prints(earlier), _prints(later)
    new, same, gone = Counter[str](), Counter[str](), Counter[str]()
    tally = Tally(records=sum(entry["records"] for entry in found[1]["inputs"]))
    places: list[dict[str, Any]] = []
    for row, there in _matched(later, before):
        if there:
            same[row["entity"]] += 1
            continue
        new[row["entity"]] += 1
        state = State.NEW.value if row["state"] == State.KNOWN else row["state"]
        tally.findings[row["entity"], row["rule"], row["confidence"], row["severity"], state] += 1
        if len(places) < _PLACES:
            places.append(row)
    for row, there in _matched(earlier, after):
        gone[row["entity"]] += not there
    complete = all(entry["complete"] for entry in found)
    return Difference(new, same, +gone, tally, tuple(places), complete)


def _prints(run: str) -> Any:
    """Return the first 64 bits of a run's fingerprints, sorted and distinct: eight bytes a value."""
    import numpy as np

    found = array("Q", (int(row["fingerprint"][:16], 16) for row in rows.read(run) if row["state"] in _COUNTED))
    return np.unique(np.frombuffer(found, dtype=np.uint64)) if found else np.empty(0, np.uint64)


def _matched(run: str, prints: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the rows of a run that count, and whether their value is among `prints`."""
    import numpy as np

    for row in rows.read(run):
        if row["state"] in _COUNTED:
            wanted = np.uint64(int(row["fingerprint"][:16], 16))
            place = int(np.searchsorted(prints, wanted))
            yield row, place < len(prints) and prints[place] == wanted
