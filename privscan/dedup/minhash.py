"""MinHash signatures and their bands.

The values are those of datasketch 2.0's scheme `affine32` for the same 32-bit shingle hashes and seed: one fixed
mixing, then `a * h + b` modulo 2^32 with odd `a`, and the minimum over the set for each (a, b).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EMPTY", "band_hashes", "permutations", "premixed", "signatures"]

EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of an empty set."""

_BLOCK = 1 << 16  # shingles worked on at a time: the mixed hashes and the products stay in a half-megabyte cache
_BAND_STEP = np.uint64(0xBEA225F9EB34556D)
_BAND_MIX = np.uint64(0xFF51AFD7ED558CCD)


@functools.cache
def permutations(hashes: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the factors (odd) and the terms of `hashes` permutations of the 32-bit numbers."""
    draw = np.random.RandomState(seed)  # the generator the scheme is defined by
    factors = draw.randint(0, 1 << 31, hashes, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, draw.randint(0, 1 << 32, hashes, dtype=np.uint32)


def signatures(shingles: NDArray[np.uint32], offsets: NDArray[np.int64], hashes: int, seed: int) -> NDArray[np.uint32]:
    """Return one signature a column, shape (hashes, sets), of the sets `shingles[offsets[i]:offsets[i + 1]]`."""
    out = np.full((hashes, offsets.size - 1), EMPTY, np.uint32)
    filled = np.flatnonzero(np.diff(offsets))
    if filled.size == 0:
        return out
    starts = offsets[filled]  # empty sets hold no shingle, so the filled ones lie end to end
    mixed = premixed(shingles)
    factors, terms = permutations(hashes, seed)
    low = 0
    while low < filled.size:
        high = max(low + 1, int(np.searchsorted(starts, starts[low] + _BLOCK)))
        stop = starts[high] if high < filled.size else offsets[-1]
        block = mixed[starts[low] : stop]
        inner = starts[low:high] - starts[low]
        products = np.empty_like(block)
        least = np.empty((hashes, high - low), np.uint32)
        for index in range(hashes):
            np.multiply(block, factors[index], out=products)
            np.add(products, terms[index], out=products)
            np.minimum.reduceat(products, inner, out=least[index])
        out[:, filled[low:high]] = least
        low = high
    return out


def band_hashes(signature: NDArray[np.uint32], bands: int) -> NDArray[np.uint32]:
    """Return the hash of each band of rows, shape (bands, sets), from signatures of shape (hashes, sets)."""
    grouped = signature.reshape(bands, -1, signature.shape[1])
    total = np.zeros((bands, signature.shape[1]), np.uint64)
    for row in range(grouped.shape[1]):
        total *= _BAND_STEP
        total += grouped[:, row]
        total ^= total >> np.uint64(32)
    total *= _BAND_MIX
    return (total >> np.uint64(32)).astype(np.uint32)


def premixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Apply the 32-bit finaliser of MurmurHash3 (public domain, Austin Appleby)."""
    values = values ^ (values >> np.uint32(16))
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values
