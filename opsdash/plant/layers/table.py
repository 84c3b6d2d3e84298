"""A DynamoDB-like store: latency is steady, capacity is bought, and what is over it (after a burst) is throttled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.database import StoreAnswer
from opsdash.plant.layers.queueing import fluid_queue
from opsdash.plant.topology import Table

Floats = npt.NDArray[np.float64]
_BURST_S = 300.0
"""Seconds of unused capacity that can be used later."""
_RETRY_S = 0.12
"""What the client's library waits before it asks a throttled request again."""


@dataclass(frozen=True, slots=True, eq=False)
class TableFlow:
    """[n, 2] each: reads and writes, a second."""

    asked: Floats
    consumed: Floats
    throttled: Floats
    provisioned: Floats
    latency_s: Floats


class TableStore:
    """One table with its capacity."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.capacity: Floats = np.array([table.read_units, table.write_units])
        """Read and write units a second."""
        self._burst_used: Floats = np.zeros(2)

    def step(self, now: float, reads: Floats, writes: Floats) -> tuple[TableFlow, StoreAnswer]:
        """Requests a second, [n]."""
        del now
        asked = np.stack([reads, writes], axis=1)
        used, throttled = fluid_queue(self._burst_used, asked, self.capacity, self.capacity * _BURST_S)
        self._burst_used = used[-1].copy()
        refused = throttled / np.maximum(asked, 1e-9)
        took = np.array([self.table.read_ms, self.table.write_ms]) / 1000 + refused * _RETRY_S
        flow = TableFlow(asked, asked - throttled, throttled, np.broadcast_to(self.capacity, asked.shape), took)
        # One more try each: a throttled request fails when the second one is throttled too.
        lost = refused**2
        nothing = np.zeros(len(reads))
        return flow, StoreAnswer(took[:, 0], took[:, 1], lost[:, 0], lost[:, 1], nothing)
