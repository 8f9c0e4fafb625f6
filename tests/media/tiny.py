"""Face models of a few numbers: a square of `SIDE` pixels, wholly blue, is a face to them, and no other colour is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 64


def write(path: Path, nodes: list, given: list, shapes: dict[str, list], weights: dict) -> Path:
    """Write a network with one input, of shape `given`."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def blue(channel: int) -> tuple[list, dict]:
    """Return nodes that make how blue each pixel is, 0 to 1, and their weights."""
    weight = np.zeros((1, 3, 1, 1), np.float32)
    weight[0, channel] = 1 / 255
    nodes = [
        helper.make_node("Mul", ["input", "weight"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "colours"], ["blue"], keepdims=1),
    ]
    return nodes, {"weight": weight, "colours": np.array([1]), "none": np.float32(0)}


def pool(stride: int, name: str) -> onnx.NodeProto:
    """Return the share of blue round every cell."""
    pads = [(SIDE - stride) // 2] * 4
    options = {"kernel_shape": [SIDE, SIDE], "strides": [stride, stride], "pads": pads, "count_include_pad": 1}
    return helper.make_node("AveragePool", ["blue"], [name], **options)


def yunet(path: Path, given: list) -> Path:
    """Write one with the twelve outputs of YuNet, which is shown blue first."""
    nodes, weights = blue(0)
    weights["column"] = np.array([1, -1, 1])
    shapes: dict[str, list] = {}
    for stride in (8, 16, 32):
        size = math.log(SIDE / stride)
        weights[f"box_{stride}"] = np.array([0.5, 0.5, size, size], np.float32)
        weights[f"points_{stride}"] = np.zeros(10, np.float32)
        nodes += [
            pool(stride, f"pooled_{stride}"),
            helper.make_node("Reshape", [f"pooled_{stride}", "column"], [f"cls_{stride}"]),
            helper.make_node("Identity", [f"cls_{stride}"], [f"obj_{stride}"]),
            helper.make_node("Mul", [f"cls_{stride}", "none"], [f"empty_{stride}"]),
            helper.make_node("Add", [f"empty_{stride}", f"box_{stride}"], [f"bbox_{stride}"]),
            helper.make_node("Add", [f"empty_{stride}", f"points_{stride}"], [f"kps_{stride}"]),
        ]
        shapes |= {f"{part}_{stride}": [1, None, n] for part, n in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))}
    return write(path, nodes, given, shapes, weights)


def centerface(path: Path, given: list, names: tuple[str, ...] = ("537", "538", "539", "540")) -> Path:
    """Write one with the four outputs of CenterFace, which is shown red first and mostly numbers what it gives."""
    nodes, weights = blue(2)
    heat, *others = names
    size = math.log(SIDE / 4)
    constants = ([size, size], [0.0, 0.0], [0.0] * 10)
    nodes += [pool(4, "share"), helper.make_node("Mul", ["share", "share"], [heat])]
    nodes += [helper.make_node("Mul", [heat, "none"], ["empty"])]
    for name, values in zip(others, constants, strict=True):
        weights[f"of {name}"] = np.array(values, np.float32).reshape(1, -1, 1, 1)
        nodes.append(helper.make_node("Add", ["empty", f"of {name}"], [name]))
    free = not isinstance(given[2], int)
    grid = ["down", "along"] if free else [given[2] // 4, given[3] // 4]
    depths = dict(zip(names, (1, 2, 2, 10), strict=True))
    return write(path, nodes, given, {name: [given[0], depth, *grid] for name, depth in depths.items()}, weights)


def other(path: Path, given: list) -> Path:
    """Write one that gives back what it is shown."""
    return write(path, [helper.make_node("Identity", ["input"], ["output"])], given, {"output": given}, {})
