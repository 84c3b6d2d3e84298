"""Circuit breakers on the edges between services: closed, open, half-open, or forced open by an operator."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import followed
from opsdash.plant.topology import Edge

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class BreakerState(IntEnum):
    """As resilience4j names them; forced open stays until somebody closes it."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2
    FORCED_OPEN = 3


_OPEN_S = 30.0
_PROBE_S = 10.0
_PROBED_PART = 0.1
_REMEMBERS_S = 8.0
_LEAST_CALLS = 1.0


class Breakers:
    """One breaker for each edge. It trips by failures, not by slowness: slow calls that succeed keep it closed."""

    def __init__(self, edges: tuple[Edge, ...]) -> None:
        count = len(edges)
        self.state: Ints = np.zeros(count, dtype=np.int64)
        self.until: Floats = np.full(count, np.inf)
        self.failing: Floats = np.zeros(count)
        """Failure ratio that the breaker has in its window."""
        self.threshold: Floats = np.full(count, 0.5)
        """Failure ratio that opens it; above 1 it never opens by itself."""
        self.opened: Floats = np.zeros(count)
        """Times it opened."""

    def rejecting(self) -> Floats:
        """Part of the calls of each edge that is not let through."""
        parts = np.array([0.0, 1.0, 1.0 - _PROBED_PART, 1.0])
        return np.asarray(parts[self.state])

    def force(self, edge: int) -> None:
        """Open it until somebody closes it."""
        self.state[edge], self.until[edge] = BreakerState.FORCED_OPEN, np.inf

    def close(self, edge: int) -> None:
        """Let all calls through, and forget what failed."""
        self.state[edge], self.until[edge], self.failing[edge] = BreakerState.CLOSED, np.inf, 0.0

    def probe(self, edge: int, now: float) -> None:
        """Let some calls through, and decide by them."""
        self.state[edge], self.until[edge], self.failing[edge] = BreakerState.HALF_OPEN, now + _PROBE_S, 0.0

    def step(self, now: float, seconds: int, calls: Floats, failed: Floats) -> None:
        """Learn from the attempts that were let through, in calls a second [edges], and change state."""
        ratio = np.divide(failed, calls, out=np.zeros_like(calls), where=calls > 0)
        learning = (calls > _LEAST_CALLS * self._let_through()) & (self.state != BreakerState.OPEN)
        self.failing = np.where(learning, followed(self.failing, ratio, seconds, _REMEMBERS_S), self.failing)
        trips = (self.state == BreakerState.CLOSED) & (self.failing > self.threshold)
        due = self.until <= now
        fails = due & (self.state == BreakerState.HALF_OPEN) & (self.failing > self.threshold * 0.5)
        for edge in np.flatnonzero(due & (self.state == BreakerState.OPEN)):
            self.probe(int(edge), now)
        for edge in np.flatnonzero(due & (self.state == BreakerState.HALF_OPEN) & ~fails & (self.until <= now)):
            self.close(int(edge))
        for edge in np.flatnonzero(trips | fails):
            self.state[edge], self.until[edge] = BreakerState.OPEN, now + _OPEN_S
            self.opened[edge] += 1

    def _let_through(self) -> Floats:
        return np.maximum(1.0 - self.rejecting(), 0.02)
