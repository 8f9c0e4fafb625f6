"""Models of a few numbers, of the shape of real ones: a word of the vocabulary always has the same tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ["O", "B-GIVEN_NAME", "B-SURNAME", "I-SURNAME", "B-STREET_NAME", "B-PHONE"]
TAGS = {"zorka": 1, "quam": 2, "qu": 2, "##ist": 3, "elm": 4, "lane": 4, "555": 5}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "<<ENT>>", "<<SEP>>"]
VOCABULARY = [*SPECIAL, *TAGS, "person", "street", "address"]
INT, FLOAT, BOOL = TensorProto.INT64, TensorProto.FLOAT, TensorProto.BOOL


def tokenizer(folder: Path) -> None:
    """Write a tokenizer that knows the words above and cuts others into pieces of them."""
    made = Tokenizer(models.WordPiece({word: number for number, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens(SPECIAL)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.save(str(folder / "tokenizer.json"))


def write(folder: Path, nodes: list, inputs: list, weights: dict) -> None:
    """Write a network; its output is called logits."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info("logits", FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")


def classifier(folder: Path, labels: list[str] = LABELS) -> Path:
    """Write a model for token classification: every piece has its tag, whatever stands round it."""
    folder.mkdir(exist_ok=True)
    tokenizer(folder)
    table = np.zeros((len(VOCABULARY), len(LABELS)), np.float32)
    table[:, 0] = 4
    for word, tag in TAGS.items():
        table[VOCABULARY.index(word), tag] = 9
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["logits"])]
    write(folder, nodes, [(name, INT, [1, "n"]) for name in ("input_ids", "attention_mask")], {"table": table})
    (folder / "config.json").write_text(
        json.dumps({"id2label": dict(enumerate(labels)), "max_position_embeddings": 128})
    )
    return folder


def gliner(folder: Path, kinds: int = 1) -> Path:
    """Write a model that weighs spans: by what their first and last words are, a little more the longer they are."""
    folder.mkdir(exist_ok=True)
    tokenizer(folder)
    table = np.full((len(VOCABULARY), kinds), -5, np.float32)
    for word in ("zorka", "quam"):
        table[VOCABULARY.index(word), 0] = 3
    steps = [
        ("Gather", ["table", "input_ids"], ["pieces"]),
        ("Squeeze", ["pieces", "zero"], ["flat"]),
        ("Squeeze", ["words_mask", "zero"], ["numbers"]),
        ("Squeeze", ["text_lengths", "both"], ["count"]),
        ("Add", ["count", "one"], ["depth"]),
        ("OneHot", ["numbers", "depth", "off_on"], ["picks"]),
        ("Transpose", ["picks"], ["by_word"]),
        ("MatMul", ["by_word", "flat"], ["words"]),
        ("Squeeze", ["span_idx", "zero"], ["spans"]),
        ("Gather", ["spans", "first"], ["starts"]),
        ("Gather", ["spans", "second"], ["ends"]),
        ("Add", ["starts", "one"], ["from"]),
        ("Add", ["ends", "one"], ["to"]),
        ("Min", ["to", "count"], ["bounded"]),
        ("Gather", ["words", "from"], ["head"]),
        ("Gather", ["words", "bounded"], ["tail"]),
        ("Add", ["head", "tail"], ["sum"]),
        ("Sub", ["ends", "starts"], ["wide"]),
        ("Cast", ["wide"], ["wide_float"]),
        ("Unsqueeze", ["wide_float", "last"], ["bonus"]),
        ("Add", ["sum", "bonus"], ["both_sums"]),
        ("Unsqueeze", ["both_sums", "zero"], ["logits"]),
    ]
    nodes = [helper.make_node(kind, given, made, **_more(kind, given)) for kind, given, made in steps]
    numbers = {"one": 1, "first": 0, "second": 1}
    weights = {name: np.array(value, np.int64) for name, value in numbers.items()}
    weights |= {"zero": np.array([0]), "both": np.array([0, 1]), "last": np.array([1]), "table": table}
    weights["off_on"] = np.array([0, 1], np.float32)
    shapes = [("input_ids", INT, [1, "t"]), ("attention_mask", INT, [1, "t"]), ("words_mask", INT, [1, "t"])]
    shapes += [("text_lengths", INT, [1, 1]), ("span_idx", INT, [1, "s", 2]), ("span_mask", BOOL, [1, "s"])]
    write(folder, nodes, shapes, weights)
    (folder / "gliner_config.json").write_text(json.dumps({"max_width": 3, "max_len": 40}))
    return folder


def _more(kind: str, given: list[str]) -> dict:
    if kind == "Gather" and given[0] == "spans":
        return {"axis": 1}
    return {"to": FLOAT} if kind == "Cast" else {}
