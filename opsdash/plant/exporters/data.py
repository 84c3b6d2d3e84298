"""Exporters of what holds data beside the database: Redis, Memcached, PgBouncer, queues, S3, Lambda."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.aws import MINUTE, arn, yace
from opsdash.plant.exporters.table import Table, column, fixed, interleaved
from opsdash.plant.known import names
from opsdash.plant.layers.object_storage import TIERS
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]


def data_tables(recorder: Recorder, world: World) -> list[Table]:
    """Tables whose items are fixed."""
    tables = [_redis(recorder, world), _memcached(recorder, world), *_pools(recorder, world)]
    tables += [_rabbit(recorder, world), _storage(recorder, world), _functions(recorder, world)]
    tables.append(_kafka(recorder, world))
    tables += [_kafka_topics(recorder, world), *_function_settings(recorder, world)]
    return tables


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


def _pools(recorder: Recorder, world: World) -> list[Table]:
    """pgbouncer_exporter has other labels for SHOW POOLS, SHOW DATABASES and SHOW STATS."""
    chosen = [world.topology.service_names().index(name) for name in names(world, "pool")]
    pools, target = world.supply.pools, {"job": "pgbouncer", "instance": "pgbouncer:9127"}
    databases = [world.topology.services[i].name for i in chosen]

    def of(name: str) -> Any:
        return lambda flow: getattr(flow.supply.pools, name)[:, chosen]

    shown = fixed(recorder, [{**target, "database": name, "user": "app"} for name in databases])
    shown.gauge("pgbouncer_pools_server_active_connections", "Connections in use.", of("in_use"))
    shown.gauge("pgbouncer_pools_server_idle_connections", "Connections that are free.", of("idle"))
    shown.gauge("pgbouncer_pools_client_waiting_connections", "Clients that wait.", of("waiting"))
    shown.gauge("pgbouncer_pools_client_maxwait_seconds", "How long the oldest has waited.", of("wait_s"))
    sizes = fixed(recorder, [{**target, "name": name, "database": name, "host": world.topology.store.name,
                              "port": "5432", "force_user": "", "pool_mode": "transaction"}
                             for name in databases])  # fmt: skip
    sizes.gauge("pgbouncer_databases_pool_size", "Connections it may open.", lambda _: pools.size[chosen])
    stats = fixed(recorder, [{**target, "database": name} for name in databases])
    stats.counter("pgbouncer_stats_queries_pooled_total", "Statements.", of("queries"))
    stats.counter("pgbouncer_stats_queries_duration_seconds_total", "Time in statements.",
                  lambda f: (f.supply.pools.queries * f.supply.pools.latency_s)[:, chosen], whole=False)  # fmt: skip
    stats.counter("pgbouncer_stats_client_wait_seconds_total", "Time spent waiting.", of("waiting"), whole=False)
    for table in (shown, sizes, stats):
        table.cover(len(databases))
    return [shown, sizes, stats]


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
    table.gauge("rabbitmq_queue_head_message_timestamp", "When the first message was put in.",
                lambda f: f.seconds[:, None] - of("oldest_s")(f))  # fmt: skip
    table.cover(len(labels))
    return table


def _partitions(world: World) -> tuple[list[int], list[int]]:
    """Of each partition of each topic: the topic's index, and its own number."""
    spread = [(i, part) for i, one in enumerate(world.topology.queues) if one.kind == "kafka"
              for part in range(one.partitions)]  # fmt: skip
    return [i for i, _ in spread], [part for _, part in spread]


def _partition_labels(world: World) -> list[dict[str, str]]:
    of, numbers = _partitions(world)
    return [{"job": "kafka", "instance": "kafka-exporter:9308", "topic": world.topology.queues[i].name,
             "partition": str(part)} for i, part in zip(of, numbers, strict=True)]  # fmt: skip


def _by_partition(world: World, name: str) -> Any:
    of, _ = _partitions(world)
    parts = np.array([world.topology.queues[i].partitions for i in of], dtype=np.float64)
    return lambda flow: getattr(flow.supply.queues, name)[:, of] / parts


def _kafka(recorder: Recorder, world: World) -> Table:
    of, _ = _partitions(world)
    items = [{**labels, "consumergroup": world.topology.queues[i].group}
             for i, labels in zip(of, _partition_labels(world), strict=True)]  # fmt: skip
    table = fixed(recorder, items)
    table.gauge("kafka_consumergroup_lag", "Messages that the group has not read.", _by_partition(world, "depth"))
    table.counter("kafka_consumergroup_current_offset", "Where the group is.", _by_partition(world, "consumed"),
                  shown_as="gauge")  # fmt: skip
    table.cover(len(items))
    return table


def _kafka_topics(recorder: Recorder, world: World) -> Table:
    items = _partition_labels(world)
    table = fixed(recorder, items)
    table.counter("kafka_topic_partition_current_offset", "Where the partition ends.",
                  _by_partition(world, "published"), shown_as="gauge")  # fmt: skip
    table.cover(len(items))
    return table


def _storage(recorder: Recorder, world: World) -> Table:
    bucket = world.topology.bucket.name
    table = fixed(recorder, [yace(f"arn:aws:s3:::{bucket}", BucketName=bucket)])
    table.gauge("aws_s3_bucket_size_bytes_average", "Size by tier.", lambda f: f.supply.storage.gigabytes * 1024**3,
                [{"dimension_StorageType": tier} for tier in TIERS])  # fmt: skip
    table.gauge("aws_s3_number_of_objects_average", "Objects.", lambda _: np.array([world.supply.storage.objects()]),
                ({"dimension_StorageType": "AllStorageTypes"},))  # fmt: skip
    table.gauge("aws_s3_get_requests_sum", "GETs in a minute.", lambda f: column(f.supply.storage.gets * MINUTE),
                ({"dimension_FilterId": "EntireBucket"},))  # fmt: skip
    table.gauge("aws_s3_put_requests_sum", "PUTs in a minute.", lambda f: column(f.supply.storage.puts * MINUTE),
                ({"dimension_FilterId": "EntireBucket"},))  # fmt: skip
    table.gauge("aws_s3_5xx_errors_sum", "Slow Down in a minute.", lambda f: column(f.supply.storage.slowed * MINUTE),
                ({"dimension_FilterId": "EntireBucket"},))  # fmt: skip
    table.gauge("aws_s3_first_byte_latency_average", "Milliseconds.",
                lambda f: column(f.supply.storage.first_byte_s * 1000),
                ({"dimension_FilterId": "EntireBucket"},))  # fmt: skip
    table.cover(1)
    return table


def _functions(recorder: Recorder, world: World) -> Table:
    functions = world.supply.functions
    items = [yace(arn("lambda", f"function:{one.name}"), FunctionName=one.name) for one in world.topology.functions]
    table = fixed(recorder, items)
    table.gauge("aws_lambda_invocations_sum", "Calls in a minute.", lambda f: f.supply.functions.invoked * MINUTE)
    table.gauge("aws_lambda_throttles_sum", "Calls throttled in a minute.",
                lambda f: f.supply.functions.throttled * MINUTE)  # fmt: skip
    table.gauge("aws_lambda_duration_average", "Milliseconds, starts included.",
                lambda f: f.supply.functions.duration_s * 1000)  # fmt: skip
    table.gauge("aws_lambda_concurrent_executions_maximum", "At once.",
                lambda f: np.ceil(f.supply.functions.running))  # fmt: skip
    table.gauge("aws_lambda_provisioned_concurrent_executions_maximum", "At once, in what is provisioned.",
                lambda f: np.minimum(np.ceil(f.supply.functions.running), functions.provisioned))  # fmt: skip
    table.cover(len(items))
    return table


def _function_settings(recorder: Recorder, world: World) -> list[Table]:
    """Lambda Insights, where a sample of init_duration is a cold start, and what CloudWatch does not tell."""
    functions = world.topology.functions
    items = [yace(arn("lambda", f"function:{one.name}"), function_name=one.name) for one in functions]
    insights = fixed(recorder, items)
    insights.gauge("aws_lambdainsights_init_duration_sample_count", "Cold starts in a minute.",
                   lambda f: f.supply.functions.cold * MINUTE)  # fmt: skip
    told = [{"job": "function-settings", "instance": "function-settings:9095", "function": one.name}
            for one in functions]  # fmt: skip
    settings = fixed(recorder, told)
    settings.gauge("function_provisioned_concurrency", "Containers that are kept warm and paid for.",
                   lambda _: world.supply.functions.provisioned)  # fmt: skip
    for table in (insights, settings):
        table.cover(len(functions))
    return [insights, settings]
