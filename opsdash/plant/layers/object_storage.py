"""Object storage: bytes by tier as they age, requests, and the latency of the first byte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import waiting
from opsdash.plant.topology import Bucket

Floats = npt.NDArray[np.float64]

TIERS = ("StandardStorage", "StandardIAStorage", "GlacierStorage")
TIER_USD_PER_GB_MONTH = np.array([0.023, 0.0125, 0.0036])
_AGE_PART = 1.0 / (30 * 86_400.0)
"""Part of a tier that grows old enough for the next one in a second."""
_OBJECT_MB = 0.4
_RPS_LIMIT = 5_500.0
"""GETs a second of one prefix."""


@dataclass(frozen=True, slots=True, eq=False)
class StorageFlow:
    """Rates a second."""

    gets: Floats
    """[n]"""
    puts: Floats
    slowed: Floats
    """[n] answered 503 Slow Down."""
    first_byte_s: Floats
    gigabytes: Floats
    """[n, tiers]"""


class Storage:
    """One bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.gigabytes: Floats = np.array([bucket.standard_gb, bucket.infrequent_gb, bucket.archive_gb])

    def objects(self) -> float:
        """How many there are."""
        return float(self.gigabytes.sum() * 1024 / _OBJECT_MB)

    def step(self, gets: Floats, puts: Floats) -> StorageFlow:
        """Requests a second, [n]."""
        load = gets / _RPS_LIMIT
        slowed = np.maximum(gets - _RPS_LIMIT, 0.0)
        grown = float(puts.sum()) * _OBJECT_MB / 1024
        aged = self.gigabytes[:2] * _AGE_PART * len(gets)
        self.gigabytes = self.gigabytes + np.array([grown - aged[0], aged[0] - aged[1], aged[1]])
        first = 0.024 * (1.0 + waiting(load, 16))
        return StorageFlow(gets, puts, slowed, first, np.broadcast_to(self.gigabytes, (len(gets), 3)))
