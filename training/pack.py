"""From trained weights to the file that ships: whole numbers, the gate's threshold, the lean of each label."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors.names import network as runtime
from privscan.detectors.names.reader import Reader
from training import network, score, train
from training.network import WIDTH

if TYPE_CHECKING:
    from training.data import Text
    from training.network import Array, Params

GATE_STEPS = 16  # whole numbers to one of the gate's logits
GATE_LOSS = 0.003  # share of the words taken for names that the gate may keep from being looked at
GATE_LEAN = 0.5  # lean, in logits, of what counts as taken for a name there
LEANS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
LEAST_PRECISION = 0.72
SPARE = 0.9999  # share of activations that must not be cut off


def whole(params: Params, kept_back: list[Text], lists: tuple[Array, Array]) -> dict[str, Any]:
    """Return the weights as whole numbers, and the gate's threshold, by what texts kept back make of them."""
    shown = train.Pass(kept_back, lists)
    features, numbers, _ = next(shown.batches())
    rows = network.embedded(params, features)[numbers][:, :WIDTH]
    hidden = network.forward(params, rows)[:2]
    table = params["table"][:, :WIDTH]
    scale = min(127 / np.abs(table).max(), runtime.ROW_MOST / np.quantile(np.abs(rows), SPARE))
    out: dict[str, Any] = {"table": np.round(table * scale), "gate": np.round(params["table"][:, WIDTH:] * GATE_STEPS)}
    shifts = []
    for name, seen, most in (("first", hidden[0], runtime.FIRST_MOST), ("second", hidden[1], runtime.SECOND_MOST)):
        times = runtime.WEIGHT_MOST / np.abs(params[name]).max()
        out[name] = np.round(params[name] * times)
        scale *= times
        out[f"{name}_bias"] = np.round(params[f"{name}_bias"] * scale)
        shift = int(np.ceil(np.log2(np.quantile(seen, SPARE) * scale / most)))
        shifts.append(shift)
        scale *= 2.0**-shift
    times = runtime.WEIGHT_MOST / np.abs(params["third"]).max()
    out["third"] = np.round(params["third"] * times)
    scale *= times
    out["third_bias"] = np.round(params["third_bias"] * scale)
    kinds = {"table": np.int8, "first": np.int8, "second": np.int8, "third": np.int8, "gate": np.int16}
    made = {name: value.astype(kinds.get(name, np.int32)) for name, value in out.items()}
    logits, gates = train.tagged(params, shown)
    named = logits[:, 1:].max(1) + GATE_LEAN > logits[:, 0]
    least = int(np.floor(np.quantile(gates[named], GATE_LOSS) * GATE_STEPS))
    return made | {"shifts": np.array(shifts), "unit": np.array(scale), "least": np.array(least)}


def leaning(held: dict[str, Any], kept_back: list[Text]) -> dict[str, Any]:
    """Return the weights with the lean of each kind: the largest that keeps its precision on texts kept back."""
    lean = np.zeros(3)
    for place, kind in enumerate("PLO"):
        for tried in LEANS:
            trial = held | {"lean": np.where(np.arange(3) == place, tried, 0.0)}
            found = score.score(Reader(runtime.unpacked(packed(trial))), kept_back, kind)
            if found.precision < LEAST_PRECISION:
                break
            lean[place] = tried
    return held | {"lean": lean}


def packed(held: dict[str, Any]) -> bytes:
    """Return the bytes of a weights file: the same for the same numbers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(held):
            body = io.BytesIO()
            np.lib.format.write_array(body, np.asarray(held[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), body.getvalue())
    return out.getvalue()
