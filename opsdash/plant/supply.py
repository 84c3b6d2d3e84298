"""What services need beside each other: caches, pools and the database, functions, queues, objects, the CDN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.ascent import Needs
from opsdash.plant.layers.caches import Caches, CachesFlow
from opsdash.plant.layers.cdn import CdnEdge, CdnFlow
from opsdash.plant.layers.database import SqlCluster, SqlFlow, StoreAnswer
from opsdash.plant.layers.object_storage import Storage, StorageFlow
from opsdash.plant.layers.pools import Pools, PoolsFlow
from opsdash.plant.layers.queueing import followed
from opsdash.plant.layers.queues import Queues, QueuesFlow
from opsdash.plant.layers.ring import RingCluster, RingFlow
from opsdash.plant.layers.serverless import Functions, FunctionsFlow
from opsdash.plant.layers.table import TableFlow, TableStore
from opsdash.plant.topology import Ring, Sql, Table, Topology

Floats = npt.NDArray[np.float64]

_CACHE_S = np.array([0.0007, 0.0005])
"""A read from Redis and from Memcached."""
_CDN_ORIGIN_S = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class SupplyFlow:
    """A block of seconds behind the services."""

    caches: CachesFlow
    pools: PoolsFlow
    store: SqlFlow | RingFlow | TableFlow
    answer: StoreAnswer
    functions: FunctionsFlow
    queues: QueuesFlow
    storage: StorageFlow
    cdn: CdnFlow
    stale: Floats
    """[n, services] part of the requests that reads old data."""
    needs: Needs


def store_of(topology: Topology) -> SqlCluster | RingCluster | TableStore:
    """The database that a topology has."""
    match topology.store:
        case Sql() as sql:
            return SqlCluster(sql)
        case Ring() as ring:
            return RingCluster(ring)
        case Table() as table:
            return TableStore(table)


def store_price(store: SqlCluster | RingCluster | TableStore) -> float:
    """Dollars an hour of the database as it runs."""
    match store:
        case SqlCluster():
            return store.sql.usd_per_hour * len(store.shard)
        case RingCluster():
            return store.ring.usd_per_hour * len(store.tokens)
        case TableStore():
            return float((store.capacity * np.array([0.00013, 0.00065])).sum())


class Supply:
    """All that holds data."""

    def __init__(self, topology: Topology) -> None:
        names = topology.service_names()
        services = topology.services
        self.caches = Caches(topology.caches)
        self.store = store_of(topology)
        self.pools = Pools(np.array([float(service.pool_size) for service in services]))
        self.functions = Functions(topology.functions)
        self.queues = Queues(topology.queues)
        self.storage = Storage(topology.bucket)
        self.cdn = CdnEdge(topology.cdn)
        self.reads_store: Floats = np.array([service.db_reads for service in services])
        self.writes_store: Floats = np.array([service.db_writes for service in services])
        kinds = [cache.kind for cache in topology.caches]
        per = {"redis": [s.redis_reads for s in services], "memcached": [s.memcached_reads for s in services]}
        self._cache_reads: Floats = np.array([per[kind] for kind in kinds]).reshape(len(kinds), len(services)).T
        self._cache_s: Floats = np.array([_CACHE_S[0 if kind == "redis" else 1] for kind in kinds])
        self._objects: Floats = np.array([service.object_gets for service in services])
        self._callers = np.array([names.index(one.caller) for one in topology.functions], dtype=np.int64)
        self._function_calls: Floats = np.array([one.per_request for one in topology.functions])
        self._producers = np.array([names.index(queue.producer) for queue in topology.queues], dtype=np.int64)
        self._per_request: Floats = np.array([queue.per_request for queue in topology.queues])
        self._read_failed = 0.0
        self._connected: Floats = np.ones(len(services))
        self._stale = 0.0

    def step(self, now: float, arriving: Floats, wanted: Floats) -> SupplyFlow:
        """`arriving`: requests a second that come as far as data, [n, services]; `wanted`: load against normal."""
        gets = arriving @ self._cache_reads
        failing = np.full(len(arriving), self._read_failed)
        caches = self.caches.step(gets, failing)
        misses = 1.0 - np.divide(caches.hits, gets, out=np.ones_like(gets), where=gets > 0)
        # A miss is read from the database; who reads old data reads again from the primary.
        reads = arriving * self.reads_store * (1.0 + self._stale)
        reads = reads + ((arriving[:, :, None] * self._cache_reads) * misses[:, None, :]).sum(axis=2)
        writes = arriving * self.writes_store
        through = self._connected
        flow, answer = self.store.step(now, (reads * through).sum(axis=1), (writes * through).sum(axis=1))
        queries = reads + writes
        pools = self.pools.step(queries, self._held(reads, writes, answer))
        functions = self.functions.step(arriving[:, self._callers] * self._function_calls)
        queues = self.queues.step(arriving[:, self._producers] * self._per_request)
        cdn = self.cdn.step(wanted, _CDN_ORIGIN_S)
        objects = (arriving @ self._objects) + (cdn.requests - cdn.hits).sum(axis=1)
        storage = self.storage.step(objects, 0.02 * wanted)
        needs = self._needs(arriving, (reads, writes), answer, pools, functions)
        self._learn(len(arriving), answer, pools)
        touched = np.minimum(self.reads_store, 1.0)
        stale = answer.stale[:, None] * touched
        return SupplyFlow(caches, pools, flow, answer, functions, queues, storage, cdn, stale, needs)

    def _held(self, reads: Floats, writes: Floats, answer: StoreAnswer) -> Floats:
        whole = np.maximum(reads + writes, 1e-9)
        return np.asarray((reads * answer.read_s[:, None] + writes * answer.write_s[:, None]) / whole)

    def _needs(
        self,
        arriving: Floats,
        statements: tuple[Floats, Floats],
        answer: StoreAnswer,
        pools: PoolsFlow,
        functions: FunctionsFlow,
    ) -> Needs:
        reads, writes = statements
        each = np.maximum(arriving, 1e-9)
        per_read, per_write = reads / each, writes / each
        waits = per_read * answer.read_s[:, None] + per_write * answer.write_s[:, None]
        # A request takes its connection once or twice, whatever it asks.
        waits = waits + np.minimum(per_read + per_write, 2.0) * pools.wait_s
        waits = waits + self._cache_reads @ self._cache_s + self._objects * 0.025
        kept = (1.0 - np.minimum(per_read, 1.0) * answer.read_failed[:, None]) * (
            1.0 - np.minimum(per_write, 1.0) * answer.write_failed[:, None]
        )
        kept = kept * (1.0 - np.minimum(per_read + per_write, 1.0) * pools.failed)
        for index, caller in enumerate(self._callers):
            part = self._function_calls[index]
            asked = np.maximum(functions.invoked[:, index] + functions.throttled[:, index], 1e-9)
            waits[:, caller] += part * functions.duration_s[:, index]
            kept[:, caller] *= 1.0 - part * functions.throttled[:, index] / asked
        return Needs(waits, 1.0 - kept)

    def _learn(self, seconds: int, answer: StoreAnswer, pools: PoolsFlow) -> None:
        failed = np.array([self._read_failed, self._stale])
        seen = np.array([float(answer.read_failed.mean()), float(answer.stale.mean())])
        self._read_failed, self._stale = followed(failed, seen, seconds, 2.0).tolist()
        self._connected = followed(self._connected, 1.0 - pools.failed.mean(axis=0), seconds, 2.0)
