"""One generator of random numbers a layer, from the seed and the layer's name."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, layer: str) -> np.random.Generator:
    """Always the same numbers for the same seed and layer, whatever the other layers draw."""
    digest = hashlib.blake2b(f"{seed}/{layer}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
