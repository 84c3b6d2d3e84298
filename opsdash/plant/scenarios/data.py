"""Scenarios of what holds data: shards, replicas, caches, pools, queues, functions."""

from __future__ import annotations

from opsdash.plant.scenarios.scenario import Act, Scenario, Signal, Step

_ORDERS_FAIL = Signal(figure="error_ratios", of="orders", healthy_below=0.02, worse_by=5)

_HOT_SHARD = Scenario(
    name="hot-shard",
    title="Hot shard",
    seen="orders, users and payments are slow and fail, search much less: of four shards one is busy.",
    remedy="Split shard 2: half of its range moves to a new shard, which copies for a minute.",
    label="split shard 2",
    steps=(Step(0, "hot_shard", {"shard": 2, "part": 0.65}),),
    cure=(Act("split_shard", {"shard": 2}),),
    signal=_ORDERS_FAIL,
)

_CACHE_STAMPEDE = Scenario(
    name="cache-stampede",
    title="Cache stampede",
    seen="p99 of search and orders jumps while requests do not; Redis misses, and the database is busy.",
    remedy="Warm Redis up, and renew hot keys early under a lock. Purging it would make it worse.",
    label="warm up Redis, renew keys early",
    steps=(Step(0, "cache_stampede", {"cache": "redis", "expiring_part": 1.0}),),
    cure=(Act("warm_cache", {"cache": "redis"}),),
    signal=_ORDERS_FAIL,
    cured_within_s=180,
)

_REPLICA_LAG = Scenario(
    name="replica-lag",
    title="Replica lag",
    seen="4xx quadruples, since users do not find what they just wrote, and p99 of orders doubles.",
    remedy="A report keeps a replica of shard 1 from replaying. Take it out of the reads; it catches up by itself.",
    label="take shard-1-replica-1 out of the reads",
    steps=(Step(0, "replica_lag", {"node": "shard-1-replica-1", "busy": 0.7}),),
    cure=(Act("drain", {"target": "shard-1-replica-1"}),),
    signal=Signal(figure="client_error_ratio", healthy_below=0.015, worse_by=1.8),
    cured_within_s=120,
)

_POOL_EXHAUSTED = Scenario(
    name="pool-exhausted",
    title="Connection pool exhausted",
    seen="orders fails nearly all requests after a 2 s wait, with an idle CPU and an idle database.",
    remedy="End the connections of orders that are idle in a transaction. A larger pool would only fill up too.",
    label="end idle connections of orders",
    steps=(Step(0, "pool_exhausted", {"pool": "orders", "left": 1.0}),),
    cure=(Act("kill_idle", {"pool": "orders"}),),
    signal=_ORDERS_FAIL,
    cured_within_s=180,
)

_QUEUE_BACKLOG = Scenario(
    name="queue-backlog",
    title="Queue backlog",
    dashboard="Caches, queues",
    seen="emails grows by 20 messages a second and nobody gets an error: users only wait for their mail.",
    remedy="All consumers but one died. Run 20; the backlog drains in minutes, and nothing is lost.",
    label="run 20 consumers of emails",
    steps=(Step(0, "queue_backlog", {"queue": "emails", "consumers_left": 1}),),
    cure=(Act("set_consumers", {"queue": "emails", "consumers": 20}),),
    signal=Signal(figure="queue_depth", of="emails", healthy_below=500, worse_by=4),
)

_COLD_STARTS = Scenario(
    name="cold-starts",
    title="Cold starts",
    seen="p99 of search goes from 0.3 s to over 2 s, without an error and without more requests.",
    remedy="Half of the calls of personalise start a container. Keep 20 provisioned; they are never cold.",
    label="provision 20 of personalise",
    steps=(Step(0, "cold_starts", {"function": "personalise", "cold_part": 0.5}),),
    cure=(Act("set_concurrency", {"function": "personalise", "provisioned": 20}),),
    signal=Signal(figure="p99_s", of="search", healthy_below=0.8, worse_by=2),
    cured_within_s=120,
)

DATA_SCENARIOS = (_HOT_SHARD, _CACHE_STAMPEDE, _REPLICA_LAG, _POOL_EXHAUSTED, _QUEUE_BACKLOG, _COLD_STARTS)
