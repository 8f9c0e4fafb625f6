"""The page's templates, compiled once and kept between runs: compiling them takes longer than filling them in."""

from __future__ import annotations

import hashlib
import os
from importlib.metadata import version
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined

from privscan import kept

if TYPE_CHECKING:
    from jinja2.bccache import Bucket

__all__ = ["environment"]


class _Kept(BytecodeCache):
    """Compiled templates in the cache folder. What is damaged, or cannot be kept, is compiled anew."""

    def __init__(self, cache: str) -> None:
        self._cache, self._version = cache, version("jinja2")

    def _path(self, bucket: Bucket) -> str:
        # jinja2 names a template by its path, and asks whether the source is still the same
        told = hashlib.sha256(f"{bucket.key} {bucket.checksum} {self._version}".encode()).hexdigest()
        return os.path.join(self._cache, f"template-{told[:32]}.bin")

    def load_bytecode(self, bucket: Bucket) -> None:
        found = kept.load(self._path(bucket))
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        kept.store(self._path(bucket), bucket.bytecode_to_string())


def environment(cache: str | None) -> Environment:
    """Return what the page's templates are read and filled in with; `cache` is a folder to keep them in, compiled."""
    return Environment(
        loader=PackageLoader("privscan.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_Kept(cache) if cache else None,
    )
