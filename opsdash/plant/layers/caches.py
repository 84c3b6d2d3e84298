"""Application caches (Redis, Memcached) and the browser's share: hits by warmth and memory, fills, evictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.topology import Cache

Floats = npt.NDArray[np.float64]

_ENTRY_BYTES = 12_000.0
_EXPIRY_PART = 1.0 / 900.0
"""Part of the keys that expires in a second in calm."""


@dataclass(frozen=True, slots=True, eq=False)
class CachesFlow:
    """[n, caches] each, a second where it is a rate."""

    gets: Floats
    hits: Floats
    fills: Floats
    evicted: Floats
    expired: Floats
    warmth: Floats
    used_mb: Floats


class Caches:
    """All caches of a topology in arrays."""

    def __init__(self, caches: tuple[Cache, ...]) -> None:
        self.caches = caches
        self.memory_mb: Floats = np.array([cache.memory_mb for cache in caches])
        self.working_mb: Floats = np.array([cache.working_set_mb for cache in caches])
        self.best: Floats = np.array([cache.best_hit_ratio for cache in caches])
        self.keys: Floats = np.array([cache.hot_keys for cache in caches])
        self.warmth: Floats = np.ones(len(caches))
        """Part of the hot keys that is there."""
        self.expiring: Floats = np.zeros(len(caches))
        """Part of the hot keys that expires in a second because their times to live ended together."""
        self.locked: npt.NDArray[np.bool_] = np.zeros(len(caches), dtype=bool)
        """Early refresh under a lock: hot keys are renewed before they expire, each by one request."""

    def hit_ratio(self) -> Floats:
        """What a read finds now, [caches]."""
        room = np.minimum(self.memory_mb / self.working_mb, 1.0) ** 0.7
        return np.asarray(self.best * self.warmth * room)

    def step(self, gets: Floats, read_failed: Floats) -> CachesFlow:
        """Reads a second, [n, caches]; what the database cannot answer, [n], fills nothing."""
        seconds = len(gets)
        hit = self.hit_ratio()
        hits = gets * hit
        fills = (gets - hits) * (1.0 - read_failed)[:, None]
        before = self.warmth
        expiring = np.where(self.locked, 0.0, self.expiring)
        gain = fills.mean(axis=0) / self.keys
        # dw/dt = gain (1 - w) - expiring w, solved for the block; in calm nothing expires unrenewed, so w stays 1.
        pull = gain + expiring
        aim = np.divide(gain, pull, out=before.copy(), where=pull > 0)
        self.warmth = aim + (before - aim) * np.exp(-pull * seconds)
        room = np.minimum(self.memory_mb, self.working_mb)
        used = np.broadcast_to(room * (0.12 + 0.88 * self.warmth), gets.shape)
        full = self.memory_mb < self.working_mb
        return CachesFlow(
            gets=gets,
            hits=hits,
            fills=fills,
            evicted=np.where(full, fills, 0.0),
            expired=np.where(full, 0.0, fills * 0.6) + expiring * self.keys * before,
            warmth=np.broadcast_to(self.warmth, gets.shape),
            used_mb=used,
        )

    def stored_keys(self, used_mb: Floats) -> Floats:
        """How many keys fit into this."""
        return np.asarray(used_mb * 1e6 / _ENTRY_BYTES)
