"""Exporters of what holds data: Redis, Memcached, PostgreSQL, PgBouncer, Cassandra, DynamoDB, queues, S3, Lambda."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.table import Table, column, fixed, interleaved
from opsdash.plant.flow import Flow
from opsdash.plant.known import names
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.object_storage import TIERS
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]
_MINUTE = 60.0
_YACE = {"job": "yace", "instance": "yace:5000"}


def data_tables(recorder: Recorder, world: World) -> list[Table]:
    """Tables whose items are fixed."""
    tables = [_redis(recorder, world), _memcached(recorder, world), _pools(recorder, world)]
    tables += [_rabbit(recorder, world), _storage(recorder, world), _functions(recorder, world)]
    tables.append(_kafka(recorder, world))
    if not isinstance(world.supply.store, SqlCluster | RingCluster):
        tables.append(_dynamo(recorder, world))
    return tables


def node_table(recorder: Recorder, world: World) -> Table | None:
    """The database's nodes, which can become more."""
    match world.supply.store:
        case SqlCluster() as store:
            return _postgres(recorder, store)
        case RingCluster() as ring:
            return _cassandra(recorder, ring)
        case _:
            return None


def _of_kind(world: World, kind: str) -> tuple[list[int], list[dict[str, str]]]:
    chosen = [i for i, cache in enumerate(world.topology.caches) if cache.kind == kind]
    port = {"redis": 9121, "memcached": 9150}[kind]
    labels = [{"job": kind, "instance": f"{world.topology.caches[i].name}:{port}"} for i in chosen]
    return chosen, labels


def _redis(recorder: Recorder, world: World) -> Table:
    chosen, labels = _of_kind(world, "redis")
    caches = world.supply.caches
    table = fixed(recorder, labels)
    table.gauge("redis_up", "Whether it answers.", lambda _: np.ones(len(chosen)))
    table.counter("redis_keyspace_hits_total", "Reads that found a key.", lambda f: f.supply.caches.hits[:, chosen])
    table.counter("redis_keyspace_misses_total", "Reads that did not.",
                  lambda f: (f.supply.caches.gets - f.supply.caches.hits)[:, chosen])  # fmt: skip
    table.counter("redis_commands_processed_total", "Commands.",
                  lambda f: (f.supply.caches.gets + f.supply.caches.fills)[:, chosen])  # fmt: skip
    table.counter("redis_commands_duration_seconds_total", "Time in commands.",
                  lambda f: f.supply.caches.gets[:, chosen] * 2.4e-5, ({"cmd": "get"},), whole=False)  # fmt: skip
    table.counter("redis_evicted_keys_total", "Keys evicted for want of memory.",
                  lambda f: f.supply.caches.evicted[:, chosen])  # fmt: skip
    table.counter("redis_expired_keys_total", "Keys that expired.", lambda f: f.supply.caches.expired[:, chosen])
    table.gauge("redis_memory_used_bytes", "Memory in use.", lambda f: f.supply.caches.used_mb[:, chosen] * 1024**2)
    table.gauge("redis_memory_max_bytes", "Memory it may use.", lambda _: caches.memory_mb[chosen] * 1024**2)
    table.gauge("redis_db_keys", "Keys.", lambda f: caches.stored_keys(f.supply.caches.used_mb[:, chosen]),
                ({"db": "db0"},))  # fmt: skip
    table.gauge(
        "redis_connected_clients", "Clients.", lambda _: np.full(len(chosen), world.fleet.serving().sum() * 8.0)
    )
    table.cover(len(labels))
    return table


def _memcached(recorder: Recorder, world: World) -> Table:
    chosen, labels = _of_kind(world, "memcached")
    caches = world.supply.caches
    table = fixed(recorder, labels)
    table.gauge("memcached_up", "Whether it answers.", lambda _: np.ones(len(chosen)))
    table.counter(
        "memcached_commands_total",
        "Commands by result.",
        lambda f: interleaved(
            f.supply.caches.hits[:, chosen], (f.supply.caches.gets - f.supply.caches.hits)[:, chosen]
        ),
        ({"command": "get", "status": "hit"}, {"command": "get", "status": "miss"}),
    )
    table.counter("memcached_items_evicted_total", "Items evicted.", lambda f: f.supply.caches.evicted[:, chosen])
    table.gauge("memcached_current_bytes", "Memory in use.", lambda f: f.supply.caches.used_mb[:, chosen] * 1024**2)
    table.gauge("memcached_limit_bytes", "Memory it may use.", lambda _: caches.memory_mb[chosen] * 1024**2)
    table.gauge("memcached_current_items", "Items.", lambda f: caches.stored_keys(f.supply.caches.used_mb[:, chosen]))
    table.cover(len(labels))
    return table


def _pools(recorder: Recorder, world: World) -> Table:
    chosen = [world.topology.service_names().index(name) for name in names(world, "pool")]
    pools = world.supply.pools
    labels = [
        {"job": "pgbouncer", "instance": "pgbouncer:9127", "database": world.topology.services[i].name, "user": "app"}
        for i in chosen
    ]
    table = fixed(recorder, labels)

    def of(name: str) -> Any:
        return lambda flow: getattr(flow.supply.pools, name)[:, chosen]

    table.gauge("pgbouncer_pools_server_active_connections", "Connections in use.", of("in_use"))
    table.gauge("pgbouncer_pools_server_idle_connections", "Connections that are free.", of("idle"))
    table.gauge("pgbouncer_pools_client_waiting_connections", "Clients that wait.", of("waiting"))
    table.gauge("pgbouncer_pools_client_maxwait_seconds", "How long the oldest has waited.", of("wait_s"))
    table.gauge("pgbouncer_databases_pool_size", "Connections it may open.", lambda _: pools.size[chosen])
    table.counter("pgbouncer_stats_queries_total", "Statements.", of("queries"))
    table.counter("pgbouncer_stats_queries_duration_seconds_total", "Time in statements.",
                  lambda f: (f.supply.pools.queries * f.supply.pools.latency_s)[:, chosen], whole=False)  # fmt: skip
    table.counter("pgbouncer_stats_client_wait_seconds_total", "Time spent waiting.", of("waiting"), whole=False)
    table.cover(len(labels))
    return table


def _postgres(recorder: Recorder, store: SqlCluster) -> Table:
    def labels(node: int) -> dict[str, str]:
        name = store.names()[node]
        return {"job": "postgres", "instance": f"{name}:9187", "shard": str(store.shard[node]), "node": name,
                "datname": store.sql.name}  # fmt: skip

    def of(flow: Flow) -> Any:
        return flow.supply.store

    table = Table(recorder, labels)
    table.gauge("pg_up", "Whether it answers.", lambda f: np.ones_like(of(f).reads))
    table.counter("pg_stat_database_xact_commit", "Transactions.",
                  lambda f: (of(f).reads + of(f).writes) * (1 - of(f).failed))  # fmt: skip
    table.counter("pg_stat_database_xact_rollback", "Transactions that failed.",
                  lambda f: (of(f).reads + of(f).writes) * of(f).failed)  # fmt: skip
    table.counter("pg_stat_database_blks_hit", "Blocks found in memory.",
                  lambda f: of(f).reads * 24 * of(f).buffer_hit)  # fmt: skip
    table.counter("pg_stat_database_blks_read", "Blocks read from disk.",
                  lambda f: of(f).reads * 24 * (1 - of(f).buffer_hit))  # fmt: skip
    table.gauge("pg_stat_activity_count", "Connections by state.",
                lambda f: interleaved((of(f).reads + of(f).writes) * of(f).latency_s, np.full_like(of(f).reads, 12.0)),
                ({"state": "active"}, {"state": "idle"}))  # fmt: skip
    table.gauge("pg_settings_max_connections", "Connections it takes.",
                lambda f: np.full_like(of(f).reads, store.sql.max_connections))  # fmt: skip
    table.gauge("pg_replication_lag_seconds", "How far a replica is behind.", lambda f: of(f).lag_s)
    table.gauge("pg_replication_is_replica", "1 on a replica.", lambda _: (~store.primary).astype(np.float64))
    table.counter("pg_stat_statements_calls_total", "Statements.", lambda f: of(f).reads + of(f).writes)
    table.counter("pg_stat_statements_seconds_total", "Time in statements.",
                  lambda f: (of(f).reads + of(f).writes) * of(f).latency_s, whole=False)  # fmt: skip
    table.gauge("pg_database_size_bytes", "Size.", lambda _: 9e11 * store.weights[store.shard] + 1e9)
    return table


def _cassandra(recorder: Recorder, ring: RingCluster) -> Table:
    def of(flow: Flow) -> Any:
        return flow.supply.store

    table = Table(recorder, lambda node: {"job": "cassandra", "instance": f"cassandra-{node}:9500",
                                          "cassandra_cluster": ring.ring.name, "rack": f"r{node % 3}"})  # fmt: skip
    kinds = ({"operation": "read"}, {"operation": "write"})
    ratio = ring.ring.write_ms / ring.ring.read_ms
    table.counter("cassandra_client_request_latency_seconds_count", "Requests.",
                  lambda f: interleaved(of(f).reads, of(f).writes), kinds)  # fmt: skip
    table.counter("cassandra_client_request_latency_seconds_sum", "Time in requests.",
                  lambda f: interleaved(of(f).reads * of(f).read_s, of(f).writes * of(f).read_s * ratio), kinds,
                  whole=False)  # fmt: skip
    table.counter("cassandra_client_request_timeouts_total", "Requests that took too long.",
                  lambda f: interleaved(of(f).reads * of(f).failed, of(f).writes * of(f).failed), kinds)  # fmt: skip
    table.gauge("cassandra_compaction_pending_tasks", "Compactions that wait.", lambda f: of(f).pending)
    table.counter("cassandra_storage_hints_total", "Writes kept for a node that is down.", lambda f: of(f).hints)
    table.gauge("cassandra_endpoint_active", "Whether the node is up.", lambda _: ring.up.astype(np.float64))
    return table


def _dynamo(recorder: Recorder, world: World) -> Table:
    def of(flow: Flow) -> Any:
        return flow.supply.store

    table = fixed(recorder, [{**_YACE, "dimension_TableName": world.topology.store.name}])
    for index, kind in enumerate(("read", "write")):
        _capacity(table, index, kind)
    table.gauge("aws_dynamodb_throttled_requests_sum", "Requests throttled in a minute.",
                lambda f: of(f).throttled * _MINUTE,
                ({"dimension_Operation": "GetItem"}, {"dimension_Operation": "PutItem"}))  # fmt: skip
    table.gauge("aws_dynamodb_successful_request_latency_average", "Milliseconds.",
                lambda f: of(f).latency_s * 1000,
                ({"dimension_Operation": "GetItem"}, {"dimension_Operation": "PutItem"}))  # fmt: skip
    table.cover(1)
    return table


def _capacity(table: Table, index: int, kind: str) -> None:
    def of(flow: Flow) -> Any:
        return flow.supply.store

    table.gauge(f"aws_dynamodb_consumed_{kind}_capacity_units_sum", "Units used in a minute.",
                lambda f: of(f).consumed[:, [index]] * _MINUTE)  # fmt: skip
    table.gauge(f"aws_dynamodb_provisioned_{kind}_capacity_units_average", "Units a second that were bought.",
                lambda f: of(f).provisioned[:, [index]])  # fmt: skip


def _rabbit(recorder: Recorder, world: World) -> Table:
    chosen = [i for i, queue in enumerate(world.topology.queues) if queue.kind == "rabbitmq"]
    queues = world.supply.queues
    labels = [
        {"job": "rabbitmq", "instance": "rabbitmq:15692", "vhost": "/", "queue": world.topology.queues[i].name}
        for i in chosen
    ]
    table = fixed(recorder, labels)

    def of(name: str) -> Any:
        return lambda flow: getattr(flow.supply.queues, name)[:, chosen]

    table.gauge("rabbitmq_queue_messages_ready", "Messages that wait.", of("depth"))
    table.gauge("rabbitmq_queue_messages_unacked", "Messages being worked on.", of("unacked"))
    table.gauge("rabbitmq_queue_consumers", "Consumers.", lambda _: queues.consumers[chosen])
    table.counter("rabbitmq_queue_messages_published_total", "Messages put in.", of("published"))
    table.counter("rabbitmq_queue_messages_acked_total", "Messages done.", of("consumed"))
    table.counter("rabbitmq_queue_messages_redelivered_total", "Messages delivered again.", of("redelivered"))
    table.gauge("rabbitmq_queue_head_message_age_seconds", "Age of the oldest.", of("oldest_s"))
    table.cover(len(labels))
    return table


def _kafka(recorder: Recorder, world: World) -> Table:
    chosen = [i for i, queue in enumerate(world.topology.queues) if queue.kind == "kafka"]
    spread = [(place, part) for place, i in enumerate(chosen) for part in range(world.topology.queues[i].partitions)]
    column_of = np.array([place for place, _ in spread], dtype=np.int64)
    parts = np.array([world.topology.queues[chosen[place]].partitions for place, _ in spread], dtype=np.float64)
    labels = [
        {"job": "kafka", "instance": "kafka-exporter:9308", "topic": world.topology.queues[chosen[place]].name,
         "partition": str(part)} for place, part in spread
    ]  # fmt: skip
    groups = [{"consumergroup": world.topology.queues[chosen[place]].group} for place, _ in spread]
    group_items = [{**one, **group} for one, group in zip(labels, groups, strict=True)]

    def of(name: str) -> Any:
        return lambda flow: getattr(flow.supply.queues, name)[:, chosen][:, column_of] / parts

    table = fixed(recorder, group_items)
    table.gauge("kafka_consumergroup_lag", "Messages that the group has not read.", of("depth"))
    table.counter("kafka_consumergroup_current_offset", "Where the group is.", of("consumed"))
    table.counter("kafka_topic_partition_current_offset", "Where the partition ends.", of("published"))
    table.cover(len(group_items))
    return table


def _storage(recorder: Recorder, world: World) -> Table:
    table = fixed(recorder, [{**_YACE, "dimension_BucketName": world.topology.bucket.name}])
    table.gauge("aws_s3_bucket_size_bytes_average", "Size by tier.", lambda f: f.supply.storage.gigabytes * 1024**3,
                [{"dimension_StorageType": tier} for tier in TIERS])  # fmt: skip
    table.gauge("aws_s3_number_of_objects_average", "Objects.", lambda _: np.array([world.supply.storage.objects()]))
    table.gauge("aws_s3_get_requests_sum", "GETs in a minute.", lambda f: column(f.supply.storage.gets * _MINUTE))
    table.gauge("aws_s3_put_requests_sum", "PUTs in a minute.", lambda f: column(f.supply.storage.puts * _MINUTE))
    table.gauge("aws_s3_5xx_errors_sum", "Slow Down in a minute.", lambda f: column(f.supply.storage.slowed * _MINUTE))
    table.gauge("aws_s3_first_byte_latency_average", "Milliseconds.",
                lambda f: column(f.supply.storage.first_byte_s * 1000))  # fmt: skip
    table.cover(1)
    return table


def _functions(recorder: Recorder, world: World) -> Table:
    functions = world.supply.functions
    table = fixed(recorder, [{**_YACE, "dimension_FunctionName": one.name} for one in world.topology.functions])
    table.gauge("aws_lambda_invocations_sum", "Calls in a minute.", lambda f: f.supply.functions.invoked * _MINUTE)
    table.gauge("aws_lambda_throttles_sum", "Calls throttled in a minute.",
                lambda f: f.supply.functions.throttled * _MINUTE)  # fmt: skip
    table.gauge("aws_lambda_duration_average", "Milliseconds, starts included.",
                lambda f: f.supply.functions.duration_s * 1000)  # fmt: skip
    table.gauge("aws_lambda_concurrent_executions_maximum", "At once.",
                lambda f: np.ceil(f.supply.functions.running))  # fmt: skip
    table.gauge("aws_lambda_provisioned_concurrent_executions_maximum", "Provisioned.",
                lambda _: functions.provisioned)  # fmt: skip
    table.gauge("aws_lambda_init_starts_sum", "Cold starts in a minute (from the logs' Init Duration).",
                lambda f: f.supply.functions.cold * _MINUTE)  # fmt: skip
    table.cover(len(world.topology.functions))
    return table
