"""A Cassandra-like ring: every row on three of the nodes, quorum reads, compactions that fall behind, hints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.database import StoreAnswer
from opsdash.plant.layers.queueing import waiting
from opsdash.plant.topology import Ring

Floats = npt.NDArray[np.float64]
_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class RingFlow:
    """[n, nodes] each, a second where it is a rate."""

    reads: Floats
    writes: Floats
    busy: Floats
    read_s: Floats
    failed: Floats
    pending: Floats
    """Compactions that wait."""
    hints: Floats
    """Writes kept for nodes that are down."""


class RingCluster:
    """Nodes of the ring. Token ranges give each its share; a hot range loads the three that hold it."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.tokens: Floats = np.full(ring.nodes, 1.0 / ring.nodes)
        """Part of the requests for which a node is the first to ask."""
        self.up = np.ones(ring.nodes, dtype=bool)
        self.joins_at: Floats = np.zeros(ring.nodes)
        self.pending: Floats = np.zeros(ring.nodes)

    def add_node(self, ready_at: float) -> None:
        """A node that joins: it takes half of the busiest one's range when it has streamed the data."""
        self.tokens = np.append(self.tokens, 0.0)
        self.up = np.append(self.up, True)
        self.joins_at = np.append(self.joins_at, ready_at)
        self.pending = np.append(self.pending, 0.0)

    def settle(self, now: float) -> None:
        """Let the nodes in that have streamed their data."""
        for node in np.flatnonzero((self.tokens == 0.0) & (self.joins_at <= now)):
            busiest = int(np.argmax(self.tokens))
            self.tokens[node] = self.tokens[busiest] = self.tokens[busiest] / 2

    def step(self, now: float, reads: Floats, writes: Floats) -> tuple[RingFlow, StoreAnswer]:
        """Requests a second, [n]."""
        self.settle(now)
        ring = self.ring
        held = sum(np.roll(self.tokens, shift) for shift in range(ring.replication)) * self.up
        # A quorum of two reads, all three write.
        node_reads = reads[:, None] * held * (2 / ring.replication)
        node_writes = writes[:, None] * held
        compacting = 0.06 + 0.1 * np.minimum(self.pending / 100, 1.0)
        load = (node_reads * ring.read_ms + node_writes * ring.write_ms) / 1000 / ring.cores + compacting
        took = ring.read_ms / 1000 * (1.0 + waiting(load, ring.cores)) * np.maximum(load, 1.0) ** 2
        took = np.minimum(took, _TIMEOUT_S)
        failed = np.maximum(1.0 - 1.0 / np.maximum(load, 1e-9), 0.0)
        self.pending = np.clip(self.pending + len(reads) * (load.mean(axis=0) - 0.75) * 2.0, 0.0, 500.0)
        down = np.where(self.up, 0.0, sum(np.roll(self.tokens, shift) for shift in range(ring.replication)))
        flow = RingFlow(
            reads=node_reads,
            writes=node_writes,
            busy=np.minimum(load, 1.0),
            read_s=took,
            failed=failed,
            pending=np.broadcast_to(self.pending, load.shape),
            hints=writes[:, None] * down,
        )
        part = held / max(float(held.sum()), 1e-9)
        nothing = np.zeros(len(reads))
        ratio = ring.write_ms / ring.read_ms
        return flow, StoreAnswer(
            (took * part).sum(axis=1),
            (took * part).sum(axis=1) * ratio,
            (failed * part).sum(axis=1),
            (failed * part).sum(axis=1),
            nothing,
        )
