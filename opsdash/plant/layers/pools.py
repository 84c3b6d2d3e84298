"""Connection pools between services and the database: connections in use, clients that wait, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import waiting

Floats = npt.NDArray[np.float64]

POOL_TIMEOUT_S = 2.0
"""How long a client waits for a connection before it gives up."""


@dataclass(frozen=True, slots=True, eq=False)
class PoolsFlow:
    """[n, services] each; services without a database have zeros."""

    queries: Floats
    """Statements a second that got a connection."""
    failed: Floats
    """Part of the statements that got none in time."""
    wait_s: Floats
    in_use: Floats
    idle: Floats
    waiting: Floats
    latency_s: Floats


class Pools:
    """One pool a service."""

    def __init__(self, sizes: Floats) -> None:
        self.size: Floats = sizes.copy()
        self.leaked: Floats = np.zeros(len(sizes))
        """Connections that somebody took and never gives back (idle in transaction)."""

    def usable(self) -> Floats:
        """Connections that work, [services]."""
        return np.asarray(np.maximum(self.size - self.leaked, 0.5))

    def step(self, queries: Floats, latency_s: Floats) -> PoolsFlow:
        """Statements a second and how long each holds its connection, [n, services]."""
        usable = self.usable()
        needed = queries * latency_s
        load = needed / usable
        wait = np.minimum(waiting(np.minimum(load, 0.985), usable) * latency_s, POOL_TIMEOUT_S)
        wait = np.where(load > 1.0, POOL_TIMEOUT_S, wait)
        failed = np.maximum(1.0 - 1.0 / np.maximum(load, 1e-9), 0.0)
        served = queries * (1.0 - failed)
        in_use = np.minimum(needed, usable)
        return PoolsFlow(
            queries=served,
            failed=failed,
            wait_s=np.where(queries > 0, wait, 0.0),
            in_use=in_use + np.minimum(self.leaked, self.size),
            idle=np.maximum(self.size - self.leaked - in_use, 0.0),
            waiting=queries * np.where(queries > 0, wait, 0.0),
            latency_s=latency_s,
        )
