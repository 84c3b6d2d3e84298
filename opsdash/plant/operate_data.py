"""Operations on what holds data: caches, pools, replicas and shards, queues, functions, capacity."""

from __future__ import annotations

from typing import Any

from opsdash.plant.known import index, store_as
from opsdash.plant.layers.database import COPY_S, SqlCluster
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.layers.table import TableStore
from opsdash.plant.operation import CACHE, Operation
from opsdash.plant.verbs import Parameter, Refused, Values
from opsdash.plant.world import World

_MOST_SHARDS = 16
_MOST_REPLICAS = 5


def _purge_cache(world: World, _: float, values: Values) -> dict[str, Any]:
    caches, cache = world.supply.caches, index(world, "cache", values["cache"])
    before = float(caches.warmth[cache])
    caches.warmth[cache] *= 1.0 - values["part"]
    return {"before": before, "after": float(caches.warmth[cache])}


def _warm_cache(world: World, _: float, values: Values) -> dict[str, Any]:
    caches, cache = world.supply.caches, index(world, "cache", values["cache"])
    before = float(caches.warmth[cache])
    caches.warmth[cache] = max(before, 0.97)
    caches.locked[cache] = True
    return {"before": before, "after": float(caches.warmth[cache]), "early_refresh": True}


def _set_cache_memory(world: World, _: float, values: Values) -> dict[str, Any]:
    caches, cache = world.supply.caches, index(world, "cache", values["cache"])
    before = float(caches.memory_mb[cache])
    caches.memory_mb[cache] = values["megabytes"]
    return {"before": before, "after": values["megabytes"]}


def _set_pool_size(world: World, _: float, values: Values) -> dict[str, Any]:
    pools, service = world.supply.pools, index(world, "pool", values["pool"])
    store = world.supply.store
    if isinstance(store, SqlCluster):
        others = float(pools.size.sum() - pools.size[service])
        left = store.sql.max_connections - others
        if values["size"] > left:
            raise Refused(
                f"the server takes {store.sql.max_connections} connections; {values['pool']} can have {left:g}"
            )
    before = int(pools.size[service])
    pools.size[service] = values["size"]
    return {"before": before, "after": values["size"]}


def _kill_idle(world: World, _: float, values: Values) -> dict[str, Any]:
    pools, service = world.supply.pools, index(world, "pool", values["pool"])
    before = float(pools.leaked[service])
    pools.leaked[service] = 0.0
    return {"before": before, "after": 0.0}


def _shard(store: SqlCluster, shard: int) -> int:
    if shard >= len(store.weights):
        raise Refused(f"there is no shard {shard}; there are 0 to {len(store.weights) - 1}")
    return shard


def _add_read_replica(world: World, now: float, values: Values) -> dict[str, Any]:
    store = store_as(world, SqlCluster)
    shard = _shard(store, values["shard"])
    there = int((store.shard == shard).sum()) - 1
    if there >= _MOST_REPLICAS:
        raise Refused(f"shard {shard} has {there} replicas; {_MOST_REPLICAS} are the most")
    node = store.add_node(shard, now + COPY_S)
    return {"before": there, "after": there + 1, "node": store.names()[node], "ready_in_s": COPY_S}


def _promote(world: World, now: float, values: Values) -> dict[str, Any]:
    store = store_as(world, SqlCluster)
    node = index(world, "node", values["node"])
    if store.primary[node]:
        raise Refused(f"{values['node']} is the primary already")
    if store.ready_at[node] > now:
        raise Refused(f"{values['node']} is still copying; ready in {store.ready_at[node] - now:.0f} s")
    old = next(i for i in range(len(store.shard)) if store.primary[i] and store.shard[i] == store.shard[node])
    before = store.names()[old]
    store.promote(node)
    store.drained[node] = False
    return {"before": before, "after": values["node"]}


def _set_read_split(world: World, _: float, values: Values) -> dict[str, Any]:
    store = store_as(world, SqlCluster)
    before = store.read_split
    store.read_split = values["part"]
    return {"before": before, "after": values["part"]}


def _split_shard(world: World, now: float, values: Values) -> dict[str, Any]:
    store = store_as(world, SqlCluster)
    shard = _shard(store, values["shard"])
    if len(store.weights) >= _MOST_SHARDS:
        raise Refused(f"there are {_MOST_SHARDS} shards already")
    if any(shard in (old, new) for _, old, new in store.splits):
        raise Refused(f"shard {shard} is being split")
    before = float(store.weights[shard])
    new = store.split(shard, now)
    return {"before": before, "after": before / 2, "new_shard": new, "ready_in_s": COPY_S}


def _set_consumers(world: World, _: float, values: Values) -> dict[str, Any]:
    queues, queue = world.supply.queues, index(world, "queue", values["queue"])
    spec = queues.queues[queue]
    if spec.kind == "kafka" and values["consumers"] > 4 * spec.partitions:
        raise Refused(f"{spec.name} has {spec.partitions} partitions: {4 * spec.partitions} consumers are the most")
    before = int(queues.consumers[queue])
    queues.consumers[queue] = values["consumers"]
    return {"before": before, "after": values["consumers"]}


def _set_concurrency(world: World, _: float, values: Values) -> dict[str, Any]:
    functions, function = world.supply.functions, index(world, "function", values["function"])
    before = {"limit": float(functions.limit[function]), "provisioned": float(functions.provisioned[function])}
    limit = before["limit"] if values["limit"] is None else values["limit"]
    provisioned = before["provisioned"] if values["provisioned"] is None else values["provisioned"]
    if provisioned > limit:
        raise Refused(f"provisioned ({provisioned:g}) is over the limit ({limit:g})")
    functions.limit[function], functions.provisioned[function] = limit, provisioned
    return {"before": before, "after": {"limit": limit, "provisioned": provisioned}}


def _set_capacity(world: World, _: float, values: Values) -> dict[str, Any]:
    store = store_as(world, TableStore)
    before = store.capacity.tolist()
    for column, name in enumerate(("read_units", "write_units")):
        if values[name] is not None:
            store.capacity[column] = values[name]
    return {"before": before, "after": store.capacity.tolist()}


def _add_ring_node(world: World, now: float, _: Values) -> dict[str, Any]:
    store = store_as(world, RingCluster)
    before = len(store.tokens)
    if before >= 24:
        raise Refused("the ring has 24 nodes already")
    store.add_node(now + COPY_S)
    return {"before": before, "after": before + 1, "ready_in_s": COPY_S}


_POOL = Parameter("pool", "text", "the service whose pool it is", choices="pool")
_SHARD = Parameter("shard", "integer", "number of the shard", 0, _MOST_SHARDS - 1)

DATA_OPERATIONS = (
    Operation(
        "purge_cache",
        "Throw away a cache's keys; the database answers until they are back.",
        (CACHE, Parameter("part", "number", "part of the keys", 0.01, 1, default=1.0)),
        _purge_cache,
    ),
    Operation("warm_cache", "Load the hot keys, and renew them early under a lock.", (CACHE,), _warm_cache),
    Operation(
        "set_cache_memory",
        "Memory of a cache; what is over it is evicted.",
        (CACHE, Parameter("megabytes", "number", "memory", 64, 65_536, unit="MB")),
        _set_cache_memory,
    ),
    Operation(
        "set_pool_size",
        "Connections that a service's pool may open.",
        (_POOL, Parameter("size", "integer", "connections", 1, 1_000)),
        _set_pool_size,
    ),
    Operation("kill_idle", "End connections that are idle in a transaction.", (_POOL,), _kill_idle),
    Operation("add_read_replica", "One more read replica of a shard; it copies first.", (_SHARD,), _add_read_replica),
    Operation(
        "promote",
        "Make a read replica the primary of its shard.",
        (Parameter("node", "text", "the replica", choices="node"),),
        _promote,
    ),
    Operation(
        "set_read_split",
        "Part of the reads that goes to replicas.",
        (Parameter("part", "number", "part of the reads", 0, 1),),
        _set_read_split,
    ),
    Operation("split_shard", "Move half of a shard's range to a new shard.", (_SHARD,), _split_shard),
    Operation(
        "set_consumers",
        "How many consumers work on a queue.",
        (
            Parameter("queue", "text", "the queue or topic", choices="queue"),
            Parameter("consumers", "integer", "consumers", 0, 200),
        ),
        _set_consumers,
    ),
    Operation(
        "set_concurrency",
        "Limit of a function's concurrency, and how much of it is provisioned (never cold).",
        (
            Parameter("function", "text", "the function", choices="function"),
            Parameter("limit", "number", "most at once", 1, 3_000, optional=True),
            Parameter("provisioned", "number", "always warm", 0, 1_000, optional=True),
        ),
        _set_concurrency,
    ),
    Operation(
        "set_capacity",
        "Capacity of a DynamoDB-like table.",
        (
            Parameter("read_units", "number", "reads a second", 1, 40_000, optional=True),
            Parameter("write_units", "number", "writes a second", 1, 40_000, optional=True),
        ),
        _set_capacity,
    ),
    Operation("add_ring_node", "One more node in a Cassandra-like ring; it streams first.", (), _add_ring_node),
)
