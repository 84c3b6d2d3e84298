"""Exporters between services: Kong at the gateway, Envoy for each edge, resilience4j for the breakers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.table import Table, fixed, interleaved
from opsdash.plant.flow import Flow
from opsdash.plant.layers.breakers import BreakerState
from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN
from opsdash.plant.recorder import Recorder, averaged, summed
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]

KONG_BOUNDS_MS = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000)
ENVOY_BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
_IN_A_ROW = 5
"""Envoy's consecutive_5xx."""
_CODES = ("200", "404", "500", "502", "503", "504", "429", "403")
"""Of the outcomes, in their order."""
_STATES = ("closed", "open", "half_open", "forced_open")


def call_tables(recorder: Recorder, world: World) -> list[Table]:
    """Tables of gateway, edges and breakers."""
    return [_kong(recorder, world), _envoy(recorder, world), _breakers(recorder, world)]


class Latencies:
    """Histograms of the gateway's routes (Kong) and of the edges (Envoy), in milliseconds."""

    def __init__(self, recorder: Recorder, world: World) -> None:
        self._recorder = recorder
        self._routes = _routed(world)
        kong = [_kong_labels(world, route) for route in self._routes]
        self._kong = recorder.histogram("kong_request_latency_ms", "Time of a request.", kong, KONG_BOUNDS_MS)
        self._upstream = recorder.histogram("kong_upstream_latency_ms", "Time of the service.", kong, KONG_BOUNDS_MS)
        edges = [_edge_labels(world, edge) for edge in range(len(world.topology.edges))]
        self._envoy = recorder.histogram(
            "envoy_cluster_upstream_rq_time", "Time of a call, milliseconds.", edges, ENVOY_BOUNDS_MS
        )

    def write(self, flow: Flow, step: int) -> None:
        """One frame."""
        asked = summed(flow.users.outcomes[:, :, :6].sum(axis=2), step)[:, self._routes]
        mean = averaged(flow.users.median_s, step)[:, self._routes] * MEAN_OVER_MEDIAN * 1000
        self._recorder.put_histogram(self._kong, asked, mean)
        self._recorder.put_histogram(self._upstream, asked, np.maximum(mean - 16.0, 1.0))
        took = averaged(flow.edges.attempt_s, step) * 1000
        self._recorder.put_histogram(self._envoy, summed(flow.edges.attempts, step), took)


def _routed(world: World) -> list[int]:
    return [index for index, route in enumerate(world.topology.routes) if route.rps > 0]


def _kong_labels(world: World, index: int) -> dict[str, str]:
    route = world.topology.routes[index]
    name = f"{route.method.lower()}{route.path.replace('/', '-')}"
    return {"job": "kong", "instance": "kong:8100", "service": route.service, "route": name,
            "workspace": "default"}  # fmt: skip


def _edge_labels(world: World, index: int) -> dict[str, str]:
    edge = world.topology.edges[index]
    return {"job": "envoy", "instance": f"{edge.source}-envoy:9901", "source": edge.source,
            "envoy_cluster_name": edge.target}  # fmt: skip


def _kong(recorder: Recorder, world: World) -> Table:
    routes = _routed(world)
    # Kong's own answers have the source "exit", the service's have "service".
    codes = [{"code": code, "source": "exit" if code in ("429", "403") else "service"} for code in _CODES]
    table = fixed(recorder, [_kong_labels(world, route) for route in routes])
    table.counter("kong_http_requests_total", "Requests by service, route and code.",
                  lambda f: f.users.outcomes[:, routes].reshape(len(f.seconds), -1), codes)  # fmt: skip
    kilobytes = np.array([world.topology.routes[route].kilobytes for route in routes])
    table.counter("kong_bandwidth_bytes", "Bytes by direction.",
                  lambda f: interleaved(f.users.offered[:, routes] * 700.0,
                                        f.users.outcomes[:, routes, 0] * kilobytes * 1024),
                  ({"direction": "ingress"}, {"direction": "egress"}))  # fmt: skip
    table.cover(len(routes))
    return table


def _envoy(recorder: Recorder, world: World) -> Table:
    edges = range(len(world.topology.edges))
    table = fixed(recorder, [_edge_labels(world, edge) for edge in edges])
    table.counter("envoy_cluster_upstream_rq_total", "Calls, tries again included.", lambda f: f.edges.attempts)
    table.counter("envoy_cluster_upstream_rq_xx", "Calls by class of the answer.",
                  lambda f: interleaved(f.edges.attempts - f.edges.attempt_failed, f.edges.attempt_failed),
                  ({"envoy_response_code_class": "2"}, {"envoy_response_code_class": "5"}))  # fmt: skip
    table.counter("envoy_cluster_upstream_rq_retry", "Tries again.", lambda f: f.edges.retried)
    table.counter("envoy_cluster_upstream_rq_timeout", "Calls given up on.", lambda f: f.edges.timed_out)
    table.counter("envoy_cluster_upstream_rq_pending_overflow", "Calls that the breaker did not let through.",
                  lambda f: f.edges.rejected)  # fmt: skip
    table.gauge("envoy_cluster_upstream_rq_active", "Calls under way.", lambda f: f.edges.attempts * f.edges.attempt_s)
    table.gauge("envoy_cluster_circuit_breakers_default_rq_open", "Whether the breaker is open.",
                lambda _: (world.breakers.rejecting() >= 1.0).astype(np.float64))  # fmt: skip
    table.gauge("envoy_cluster_membership_total", "Hosts of the callee.", lambda _: _hosts(world, serving=False))
    table.gauge("envoy_cluster_membership_healthy", "Hosts of the callee that get calls.",
                lambda _: _hosts(world, serving=True))  # fmt: skip
    table.counter("envoy_cluster_outlier_detection_ejections_detected_consecutive_5xx",
                  "Hosts that failed five calls in a row. They are not ejected: enforcing_consecutive_5xx is 0.",
                  lambda f: _runs(f, world), whole=False)  # fmt: skip
    table.counter("envoy_cluster_outlier_detection_ejections_enforced_total", "Hosts that were ejected.",
                  lambda f: np.zeros_like(f.edges.attempts))  # fmt: skip
    table.gauge("envoy_cluster_outlier_detection_ejections_active", "Hosts that are ejected now.",
                lambda f: np.zeros_like(f.edges.attempts))  # fmt: skip
    table.cover(len(edges))
    return table


def _hosts(world: World, *, serving: bool) -> Floats:
    """By edge; a third party is one host."""
    services = len(world.topology.services)
    where = world.fleet.serving() if serving else world.fleet.running()
    counts = np.bincount(world.fleet.service, weights=where, minlength=services)
    target = world.graph.target
    return np.where(target < services, counts[np.minimum(target, services - 1)], 1.0).astype(np.float64)


def _runs(flow: Flow, world: World) -> Floats:
    """Runs of five failures a second by edge, [n, edges]: each call fails with the same chance, whoever answers."""
    chance = np.divide(flow.edges.attempt_failed, flow.edges.attempts, out=np.zeros_like(flow.edges.attempts),
                       where=flow.edges.attempts > 0)  # fmt: skip
    tries = np.minimum(np.clip(chance, 0.0, 1.0), 1.0 - 1e-9) ** _IN_A_ROW
    # How often a renewal process of runs of k comes by: p^k (1 - p) / (1 - p^k); a run of nothing else every k calls.
    often = np.where(chance > 1.0 - 1e-6, 1.0 / _IN_A_ROW, tries * (1.0 - chance) / (1.0 - tries))
    return np.asarray(flow.edges.attempts * often * (_hosts(world, serving=True) > 0))


def _breakers(recorder: Recorder, world: World) -> Table:
    edges = world.topology.edges
    table = fixed(recorder, [{"job": e.source, "instance": f"{e.source}:8081", "name": e.name} for e in edges])
    table.gauge("resilience4j_circuitbreaker_state", "The state, 1 for the one it is in.", lambda _: _state(world),
                [{"state": name} for name in _STATES])  # fmt: skip
    table.counter("resilience4j_circuitbreaker_not_permitted_calls_total", "Calls not let through.",
                  lambda f: f.edges.rejected, ({"kind": "not_permitted"},))  # fmt: skip
    table.gauge("resilience4j_circuitbreaker_failure_rate", "Failures in the window, percent.",
                lambda _: world.breakers.failing * 100)  # fmt: skip
    table.cover(len(edges))
    return table


def _state(world: World) -> Floats:
    states = [world.breakers.state == state for state in BreakerState]
    return np.stack(states, axis=-1).astype(np.float64).reshape(-1)
