"""Each layer has its panels in every architecture; whatever is exported is shown, or left out for a reason."""

from __future__ import annotations

import math
import re
from functools import cache

import pytest

from opsdash.cli.demo import dashboard_files, write_configuration
from opsdash.config import load
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.promql import Engine
from opsdash.core.view.panels import Dashboard
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.plant import Plant

NOON_S = 1_790_000_000
AN_HOUR_S = 3_900

LAYERS: dict[str, tuple[str, str]] = {
    "what users feel": ("Golden signals", "haproxy_frontend_|http_request_duration_"),
    "browser caches": ("Edge", "browser_resource_loads_total|cdn_not_modified_total"),
    "CDN": ("Edge", "cdn_requests_total|cdn_response_bytes_total"),
    "firewall": ("Edge", "aws_wafv2_blocked_requests_sum"),
    "load balancer": ("Balancer", "haproxy_server_current_sessions"),
    "API gateway": ("Balancer", "kong_request_latency_ms"),
    "services": ("Services", "http_requests_total"),
    "circuit breakers": ("Services", "resilience4j_circuitbreaker_state"),
    "instances": ("Capacity", "node_cpu_seconds_total"),
    "containers": ("Capacity", "container_cpu_cfs_throttled_periods_total"),
    "functions": ("Capacity", "aws_lambda_"),
    "connection pools": ("Databases", "pgbouncer_pools_server_active_connections"),
    "store": ("Databases", "pg_stat_statements_|cassandra_client_request_|aws_dynamodb_consumed_"),
    "cache": ("Caches, queues", "redis_keyspace_hits_total|memcached_commands_total"),
    "RabbitMQ": ("Caches, queues", "rabbitmq_queue_messages_ready"),
    "Kafka": ("Caches, queues", "kafka_consumergroup_lag"),
    "object storage": ("Caches, queues", "aws_s3_"),
    "cost": ("Cost", "cost_usd_per_hour"),
}
"""Layer → the dashboard where it is looked for, and a metric of it."""

SAME_ELSEWHERE = "the same is shown from another exporter"
PART_OF = "a part of a whole that is shown, or shown as a ratio of it"
NOT_SHOWN: dict[str, str] = {
    r"aws_autoscaling_group_.*": SAME_ELSEWHERE,
    r"aws_cloudfront_.*": SAME_ELSEWHERE,
    r"aws_lambda_provisioned_concurrent_executions_maximum": SAME_ELSEWHERE,
    r"aws_s3_number_of_objects_average": PART_OF,
    r"container_(cpu|memory)_allocation.*": "what was asked for; Idle compute and By team say what it costs",
    r"container_cpu_usage_seconds_total|container_memory_.*|container_spec_.*": SAME_ELSEWHERE,
    r"cost_usd_total": "the integral of what is shown",
    r"envoy_cluster_circuit_breakers_.*": "Envoy's own limits, which nobody reaches before resilience4j's breakers",
    r"envoy_cluster_outlier_detection_.*": "detection is not enforced: no host is ever ejected",
    r"envoy_cluster_upstream_rq_time_(count|sum)": PART_OF,
    r"haproxy_backend_(active_servers|current_sessions|http_requests_total)": SAME_ELSEWHERE,
    r"haproxy_server_current_queue": PART_OF,
    r"haproxy_sticktable_used": "Who asks most says which addresses",
    r"kong_bandwidth_bytes": SAME_ELSEWHERE,
    r"kong_upstream_latency_ms_(bucket|count)": PART_OF,
    r"kube_deployment_status_replicas": SAME_ELSEWHERE,
    r"kube_horizontalpodautoscaler_(spec_min_replicas|status_.*)": PART_OF,
    r"kube_pod_.*": SAME_ELSEWHERE,
    r"kubecost_node_is_spot": SAME_ELSEWHERE,
    r"memcached_(current_items|up)|redis_(connected_clients|db_keys|up)": "hits and memory move with it",
    r"node_boot_time_seconds|node_load1": SAME_ELSEWHERE,
    r"pg_stat_database_xact_commit": SAME_ELSEWHERE,
    r"pgbouncer_pools_server_idle_connections": PART_OF,
    r"pgbouncer_stats_(client_wait|queries_duration)_seconds_total": SAME_ELSEWHERE,
    r"probe_http_status_code": SAME_ELSEWHERE,
    r"resilience4j_circuitbreaker_(failure_rate|not_permitted_calls_total)": SAME_ELSEWHERE,
    r"up": "Servers and Nodes say who is up",
}
"""Name → why no panel shows it."""


@pytest.fixture(params=sorted(ARCHITECTURES))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dashboards(architecture: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dashboard, ...]:
    folder = tmp_path_factory.mktemp(architecture)
    urls = dict.fromkeys(("prometheus", "elasticsearch"), "http://127.0.0.1:1")
    board = load(write_configuration(folder, architecture, urls)).board
    assert board is not None
    return tuple(board.dashboards)


@cache
def calm(architecture: str) -> Plant:
    """It has run for an hour."""
    plant = Plant(ARCHITECTURES[architecture], seed=1, now_s=NOON_S)
    plant.history(AN_HOUR_S)
    return plant


def expressions(dashboard: Dashboard) -> list[tuple[str, str]]:
    """(panel and legend, PromQL) of all that it asks Prometheus."""
    found = [
        (f"{panel.title}: {query.legend or query.name}", query.query.expr)
        for panel in dashboard.panels
        for query in panel.queries
        if isinstance(query.query, PromQuery)
    ]
    return [(name, expr.replace("$service", ".*").replace("$region", ".*")) for name, expr in found]


def test_each_layer_is_on_its_dashboard(dashboards: tuple[Dashboard, ...]) -> None:
    asked = {one.title: "\n".join(expr for _, expr in expressions(one)) for one in dashboards}
    missing = [layer for layer, (title, metric) in LAYERS.items() if not re.search(metric, asked[title])]
    assert missing == []


def test_every_query_of_every_panel_has_a_number_in_calm(architecture: str, dashboards: tuple[Dashboard, ...]) -> None:
    plant = calm(architecture)
    engine = Engine(plant.samples)
    empty = [
        f"{dashboard.title}/{name}"
        for dashboard in dashboards
        for name, expr in expressions(dashboard)
        if all(math.isnan(float(row[0])) for row in engine.instant(expr, plant.now_s * 1000).values)
    ]
    assert empty == []


def test_what_is_exported_is_shown_or_left_out_for_a_reason(
    architecture: str, dashboards: tuple[Dashboard, ...]
) -> None:
    plant = calm(architecture)
    names = Engine(plant.samples).instant('group by (__name__) ({__name__!=""})', plant.now_s * 1000)
    asked = "\n".join(expr for one in dashboards for _, expr in expressions(one))
    unseen = {labels["__name__"] for labels in names.labels if not re.search(rf"\b{labels['__name__']}\b", asked)}
    assert {name for name in unseen if not any(re.fullmatch(known, name) for known in NOT_SHOWN)} == set()


def test_viewers_of_the_streaming_service_are_on_its_first_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    (first,) = [file for file in dashboard_files("netflix") if file.name.startswith("10-")]
    text = first.read_text(encoding="utf-8")
    assert re.findall(r"video_(?:viewers|startup|rebuffering|starts)", text)
