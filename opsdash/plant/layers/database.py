"""The sharded PostgreSQL: primaries and read replicas, replication lag, hot shards, the buffer cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, late, waiting
from opsdash.plant.topology import Sql

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SLOW_S = 0.25
_QUERY_TIMEOUT_S = 2.0
_REPLAY = 0.35
"""Work of replaying a write on a replica against doing it."""
_LEAST_LAG_S = 0.04
COPY_S = 60.0
"""How long a new replica or a split of a shard takes to copy."""


@dataclass(frozen=True, slots=True, eq=False)
class StoreAnswer:
    """What services wait for a statement, and which part fails, [n] each."""

    read_s: Floats
    write_s: Floats
    read_failed: Floats
    write_failed: Floats
    stale: Floats
    """Part of the reads that does not see what was just written."""


@dataclass(frozen=True, slots=True, eq=False)
class SqlFlow:
    """[n, nodes] each, a second where it is a rate."""

    reads: Floats
    writes: Floats
    busy: Floats
    latency_s: Floats
    lag_s: Floats
    failed: Floats
    slow: Floats
    """Statements over 250 ms."""
    buffer_hit: Floats


class SqlCluster:
    """Nodes in arrays; a node belongs to a shard and is its primary or a replica."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self.weights: Floats = np.full(sql.shards, 1.0 / sql.shards)
        """Part of the statements that each shard gets."""
        self.heat: Floats = np.ones(sql.shards)
        """Work of a statement against the usual: a hot key's rows are fought over."""
        self.read_split = sql.read_split
        self.shard: Ints = np.repeat(np.arange(sql.shards), 1 + sql.replicas)
        self.primary = np.tile(np.arange(1 + sql.replicas) == 0, sql.shards)
        self.number: Ints = np.tile(np.arange(1 + sql.replicas), sql.shards)
        count = len(self.shard)
        self.ready_at: Floats = np.zeros(count)
        self.drained = np.zeros(count, dtype=bool)
        self.lag_s: Floats = np.full(count, _LEAST_LAG_S)
        self.analytics: Floats = np.zeros(count)
        """Part of the CPU that a report takes, [nodes]."""
        self.splits: list[tuple[float, int, int]] = []
        """When a split is done: second, the shard and the new one."""

    def names(self) -> list[str]:
        """`shard-0-primary`, `shard-0-replica-1`; a promoted replica keeps its name."""
        return [
            f"shard-{s}-{'primary' if n == 0 else f'replica-{n}'}"
            for s, n in zip(self.shard.tolist(), self.number.tolist(), strict=True)
        ]

    def add_node(self, shard: int, ready_at: float) -> int:
        """A new replica of a shard; it takes reads when it has copied the data."""
        number = int(self.number[self.shard == shard].max(initial=-1)) + 1
        primary = not bool((self.shard == shard).any())
        self.shard = np.append(self.shard, shard)
        self.primary = np.append(self.primary, primary)
        self.number = np.append(self.number, number)
        self.ready_at = np.append(self.ready_at, ready_at)
        self.drained = np.append(self.drained, False)
        self.lag_s = np.append(self.lag_s, _LEAST_LAG_S)
        self.analytics = np.append(self.analytics, 0.0)
        return len(self.shard) - 1

    def split(self, shard: int, now: float) -> int:
        """Begin to move half of a shard's range to a new one."""
        new = len(self.weights)
        self.weights = np.append(self.weights, 0.0)
        self.heat = np.append(self.heat, self.heat[shard])
        for _ in range(1 + self.sql.replicas):
            self.add_node(new, now + COPY_S)
        self.splits.append((now + COPY_S, shard, new))
        return new

    def promote(self, node: int) -> None:
        """A replica becomes its shard's primary, and the primary a replica."""
        mine = self.shard == self.shard[node]
        self.primary[mine] = False
        self.primary[node] = True
        self.lag_s[mine] = _LEAST_LAG_S

    def settle(self, now: float) -> None:
        """End the splits that are due."""
        for due in [split for split in self.splits if split[0] <= now]:
            _, shard, new = due
            half = self.weights[shard] / 2
            self.weights[shard], self.weights[new] = half, half
            self.splits.remove(due)

    def step(self, now: float, reads: Floats, writes: Floats) -> tuple[SqlFlow, StoreAnswer]:
        """Statements a second, [n]."""
        self.settle(now)
        sql, shard = self.sql, self.shard
        node_reads, node_writes = self._shared(now, reads, writes)
        heat = self.heat[shard]
        read_work = node_reads * (sql.read_ms / 1000) * heat
        write_work = node_writes * (sql.write_ms / 1000) * heat * np.where(self.primary, 1.0, _REPLAY)
        load = (read_work + write_work) / sql.cores + self.analytics
        grown = (1.0 + waiting(load, sql.cores)) * np.maximum(load, 1.0) ** 2 * heat
        read_s = np.minimum(sql.read_ms / 1000 * grown, _QUERY_TIMEOUT_S)
        failed = np.maximum(1.0 - 1.0 / np.maximum(load, 1e-9), 0.0)
        failed = 1.0 - (1.0 - failed) * (1.0 - late(read_s / MEAN_OVER_MEDIAN, _QUERY_TIMEOUT_S * 1.5))
        self._lag(len(reads), load.mean(axis=0))
        lag = np.broadcast_to(np.where(self.primary, 0.0, self.lag_s), node_reads.shape)
        statements = node_reads + node_writes * self.primary
        flow = SqlFlow(
            reads=node_reads,
            writes=node_writes,
            busy=np.minimum(load, 1.0),
            latency_s=read_s,
            lag_s=lag,
            failed=failed,
            slow=statements * late(read_s / MEAN_OVER_MEDIAN, _SLOW_S),
            buffer_hit=np.clip(0.992 - 0.02 * np.maximum(load - 0.7, 0.0), 0.9, 1.0),
        )
        return flow, self._answer(flow, reads, writes)

    def _shared(self, now: float, reads: Floats, writes: Floats) -> tuple[Floats, Floats]:
        ready = self.ready_at <= now
        taking = ready & ~self.drained
        replicas = taking & ~self.primary
        count = np.bincount(self.shard, weights=replicas, minlength=len(self.weights))[self.shard]
        to_replicas = np.where(count > 0, self.read_split, 0.0)
        part = np.where(self.primary, 1.0 - to_replicas, np.where(replicas, to_replicas / np.maximum(count, 1), 0.0))
        weight = self.weights[self.shard]
        return reads[:, None] * (weight * part), writes[:, None] * (weight * ready)

    def _lag(self, seconds: int, load: Floats) -> None:
        """A busy replica replays too slowly: the lag grows; with time to spare it catches up."""
        behind = np.clip((load - 0.8) / 0.2, 0.0, 1.0) * 0.95
        spare = np.clip((0.8 - load) / 0.8, 0.0, 1.0) * 12.0
        calm = _LEAST_LAG_S + 0.1 * np.minimum(load, 0.8)
        moved = self.lag_s + (behind - spare) * seconds
        self.lag_s = np.where(self.primary, 0.0, np.clip(moved, calm, 3600.0))

    def _answer(self, flow: SqlFlow, reads: Floats, writes: Floats) -> StoreAnswer:
        by_reads = flow.reads / np.maximum(reads, 1e-9)[:, None]
        by_writes = flow.writes * self.primary / np.maximum(writes, 1e-9)[:, None]
        write_s = flow.latency_s * (self.sql.write_ms / self.sql.read_ms)
        # Only who reads what was just written notices a lag.
        unseen = 0.6 * np.maximum(flow.lag_s - 1.0, 0.0) / (np.maximum(flow.lag_s - 1.0, 0.0) + 8.0)
        return StoreAnswer(
            read_s=(by_reads * flow.latency_s).sum(axis=1),
            write_s=(by_writes * write_s).sum(axis=1),
            read_failed=(by_reads * flow.failed).sum(axis=1),
            write_failed=(by_writes * flow.failed).sum(axis=1),
            stale=(by_reads * unseen).sum(axis=1),
        )
