"""Exporters of the databases: PostgreSQL, Cassandra, DynamoDB, and the volumes that their nodes have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.aws import MINUTE, arn, yace
from opsdash.plant.exporters.table import Table, fixed, interleaved
from opsdash.plant.flow import Flow
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, SHAPE
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]

_DATABASE = ({"datid": "16384"},)
_QUANTILES = (0.5, 0.95, 0.99)
_VOLUME_GB = 1_000.0
_VOLUME_USD_PER_GB_HOUR = 0.08 / 730
"""gp3; it is part of what a node of the database costs."""


def store_tables(recorder: Recorder, world: World) -> list[Table]:
    """Tables of databases whose items are fixed."""
    is_nodes = isinstance(world.supply.store, SqlCluster | RingCluster)
    return [] if is_nodes else [_dynamo(recorder, world)]


def node_tables(recorder: Recorder, world: World) -> list[Table]:
    """The database's nodes, which can become more, and their volumes."""
    match world.supply.store:
        case SqlCluster() as store:
            return [*_postgres(recorder, store), *_volumes(recorder, store)]
        case RingCluster() as ring:
            return [_cassandra(recorder, ring), *_volumes(recorder, ring)]
        case _:
            return []


def _volumes(recorder: Recorder, store: SqlCluster | RingCluster) -> list[Table]:
    def named(node: int) -> str:
        return store.names()[node] if isinstance(store, SqlCluster) else f"cassandra-{node}"

    def cost(node: int) -> dict[str, str]:
        volume = f"pvc-{named(node)}"
        return {"job": "opencost", "instance": "opencost:9003", "persistentvolume": volume, "volumename": volume,
                "provider_id": f"vol-{node:017x}"}  # fmt: skip

    def claim(node: int) -> dict[str, str]:
        return {"job": "kube-state-metrics", "instance": "kube-state-metrics:8080",
                "persistentvolume": f"pvc-{named(node)}"}  # fmt: skip

    prices, sizes = Table(recorder, cost), Table(recorder, claim)
    prices.gauge("pv_hourly_cost", "Dollars an hour for a gigabyte.",
                 lambda _: np.array([_VOLUME_USD_PER_GB_HOUR]))  # fmt: skip
    sizes.gauge("kube_persistentvolume_capacity_bytes", "Size.", lambda _: np.array([_VOLUME_GB * 1024**3]))
    return [prices, sizes]


def _postgres(recorder: Recorder, store: SqlCluster) -> list[Table]:
    """postgres_exporter; `shard` and `node` are labels of the target."""

    def labels(node: int) -> dict[str, str]:
        name = store.names()[node]
        return {"job": "postgres", "instance": f"{name}:9187", "shard": str(store.shard[node]), "node": name}

    def of(flow: Flow) -> Any:
        return flow.supply.store

    server = Table(recorder, labels)
    server.gauge("pg_up", "Whether it answers.", lambda f: np.ones_like(of(f).reads))
    server.gauge("pg_replication_lag_seconds", "How far a replica is behind.", lambda f: of(f).lag_s)
    server.gauge("pg_replication_is_replica", "1 on a replica.", lambda _: (~store.primary).astype(np.float64))
    name = {"server": "localhost:5432"}
    server.gauge("pg_settings_max_connections", "Connections it takes.",
                 lambda f: np.full_like(of(f).reads, store.sql.max_connections), (name,))  # fmt: skip
    table = Table(recorder, lambda node: {**labels(node), "datname": store.sql.name})
    table.counter("pg_stat_database_xact_commit", "Transactions.",
                  lambda f: (of(f).reads + of(f).writes) * (1 - of(f).failed), _DATABASE)  # fmt: skip
    table.counter("pg_stat_database_xact_rollback", "Transactions that failed.",
                  lambda f: (of(f).reads + of(f).writes) * of(f).failed, _DATABASE)  # fmt: skip
    table.counter("pg_stat_database_blks_hit", "Blocks found in memory.",
                  lambda f: of(f).reads * 24 * of(f).buffer_hit, _DATABASE)  # fmt: skip
    table.counter("pg_stat_database_blks_read", "Blocks read from disk.",
                  lambda f: of(f).reads * 24 * (1 - of(f).buffer_hit), _DATABASE)  # fmt: skip
    table.gauge("pg_stat_activity_count", "Connections by state.",
                lambda f: interleaved((of(f).reads + of(f).writes) * of(f).latency_s, np.full_like(of(f).reads, 12.0)),
                ({**name, "usename": "app", "state": "active"},
                 {**name, "usename": "app", "state": "idle"}))  # fmt: skip
    table.gauge("pg_database_size_bytes", "Size.", lambda _: 9e11 * store.weights[store.shard] + 1e9)
    statements = ({"user": "app", "queryid": "-3416356442043621232"}, {"user": "app", "queryid": "7180482910365432877"})
    table.counter("pg_stat_statements_calls_total", "Statements: the readers' and the writers'.",
                  lambda f: interleaved(of(f).reads, of(f).writes), statements)  # fmt: skip
    table.counter("pg_stat_statements_seconds_total", "Time in statements.",
                  lambda f: interleaved(of(f).reads * of(f).latency_s, of(f).writes * of(f).latency_s), statements,
                  whole=False)  # fmt: skip
    return [server, table]


def _cassandra(recorder: Recorder, ring: RingCluster) -> Table:
    """The cassandra-exporter of Instaclustr (an agent inside of Cassandra), not MCAC's or JMX rules'."""

    def of(flow: Flow) -> Any:
        return flow.supply.store

    def labels(node: int) -> dict[str, str]:
        return {"job": "cassandra", "instance": f"cassandra-{node}:9500", "cassandra_cluster": ring.ring.name,
                "cassandra_datacenter": "dc1", "cassandra_rack": f"r{node % 3}"}  # fmt: skip

    table = Table(recorder, labels)
    kinds = ({"operation": "read"}, {"operation": "write"})
    ratio = ring.ring.write_ms / ring.ring.read_ms
    latency = "cassandra_client_request_latency_seconds"
    quantiles = [{**kind, "quantile": f"{q:g}"} for kind in kinds for q in _QUANTILES]
    table.gauge(latency, "Request latency.", lambda f: _quantiles(of(f).read_s, of(f).read_s * ratio), quantiles,
                shown_as="summary")  # fmt: skip
    table.counter(latency, "Request latency.", lambda f: interleaved(of(f).reads, of(f).writes), kinds,
                  shown_as="summary", suffix="_count")  # fmt: skip
    table.counter(latency, "Request latency.",
                  lambda f: interleaved(of(f).reads * of(f).read_s, of(f).writes * of(f).read_s * ratio), kinds,
                  whole=False, shown_as="summary", suffix="_sum")  # fmt: skip
    table.counter("cassandra_client_request_timeouts_total", "Requests that took too long.",
                  lambda f: interleaved(of(f).reads * of(f).failed, of(f).writes * of(f).failed), kinds)  # fmt: skip
    table.gauge("cassandra_table_estimated_pending_compactions", "Compactions that wait.", lambda f: of(f).pending,
                ({"keyspace": ring.ring.name, "table": "views", "table_type": "table"},))  # fmt: skip
    table.counter("cassandra_storage_hints_total", "Writes kept for a node that is down.", lambda f: of(f).hints)
    table.gauge("cassandra_endpoint_active", "Whether the node is up, as it says of itself.",
                lambda _: ring.up.astype(np.float64))  # fmt: skip
    return table


def _quantiles(*means: Floats) -> Floats:
    """[n, nodes × kinds × quantiles] of log-logistic latencies with these means, [n, nodes] each."""
    median = np.stack(means, axis=-1) / MEAN_OVER_MEDIAN
    odds = np.array([(q / (1.0 - q)) ** (1.0 / SHAPE) for q in _QUANTILES])
    return np.asarray((median[..., None] * odds).reshape(len(median), -1))


def _dynamo(recorder: Recorder, world: World) -> Table:
    def of(flow: Flow) -> Any:
        return flow.supply.store

    name = world.topology.store.name
    table = fixed(recorder, [yace(arn("dynamodb", f"table/{name}"), TableName=name)])
    for index, kind in enumerate(("read", "write")):
        _capacity(table, index, kind)
    table.gauge("aws_dynamodb_throttled_requests_sum", "Requests throttled in a minute.",
                lambda f: of(f).throttled * MINUTE,
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
                lambda f: of(f).consumed[:, [index]] * MINUTE)  # fmt: skip
    table.gauge(f"aws_dynamodb_provisioned_{kind}_capacity_units_average", "Units a second that were bought.",
                lambda f: of(f).provisioned[:, [index]])  # fmt: skip
