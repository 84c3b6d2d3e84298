"""How the system is doing in one second, in a few numbers: what a scenario and its test ask whether it is cured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from opsdash.plant.flow import Flow
from opsdash.plant.layers.cost import COMPONENTS
from opsdash.plant.layers.database import SqlFlow
from opsdash.plant.layers.queueing import SHAPE
from opsdash.plant.summary import OUTCOMES
from opsdash.plant.topology import Topology

_P99 = 99.0 ** (1.0 / SHAPE)


@dataclass(frozen=True, slots=True)
class Health:
    """Golden signals of the newest second, as users see them."""

    rps: float
    error_ratio: float
    """5xx, 0 to 1."""
    client_error_ratio: float
    """4xx, 429 and 403 included."""
    p99_s: Mapping[str, float]
    """By service: its slowest route, in front of the gateway."""
    error_ratios: Mapping[str, float]
    """By service, of the users' requests to it."""
    retry_ratio: Mapping[str, float]
    """By edge: attempts for each call."""
    hit_ratio: Mapping[str, float]
    """By cache; and `cdn`."""
    queue_depth: Mapping[str, float]
    lag_s: float
    """The worst read replica."""
    slow_queries: float
    """A second."""
    pool_waiting: float
    """Clients that wait for a connection, all pools."""
    cold_starts: float
    """A second."""
    latency_s: Mapping[str, float]
    """By service: mean time that it takes itself, what it waits for included."""
    usd_per_hour: Mapping[str, float]
    """By component."""


def health_of(flow: Flow, topology: Topology) -> Health:
    """The last second of a block."""
    outcomes = flow.users.outcomes[-1]
    whole = max(float(outcomes.sum()), 1e-9)
    failed = outcomes[:, 2:6].sum(axis=1)
    supply = flow.supply
    p99: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for name in {route.service for route in topology.routes}:
        mine = [i for i, route in enumerate(topology.routes) if route.service == name and route.rps > 0]
        if mine:
            p99[name] = float(flow.users.median_s[-1, mine].max()) * _P99
            wrong[name] = float(failed[mine].sum() / max(float(outcomes[mine].sum()), 1e-9))
    hits = supply.caches.hits[-1] / np.maximum(supply.caches.gets[-1], 1e-9)
    cdn = float(supply.cdn.hits[-1].sum() / max(float(supply.cdn.requests[-1].sum()), 1e-9))
    let = np.maximum(flow.edges.calls[-1] - flow.edges.rejected[-1], 1e-9)
    sql = supply.store if isinstance(supply.store, SqlFlow) else None
    return Health(
        rps=whole,
        error_ratio=float(failed.sum()) / whole,
        client_error_ratio=float(outcomes[:, 1].sum() + outcomes[:, 6:].sum()) / whole,
        p99_s=p99,
        error_ratios=wrong,
        retry_ratio=dict(zip([e.name for e in topology.edges], (flow.edges.attempts[-1] / let).tolist(), strict=True)),
        hit_ratio={**dict(zip([c.name for c in topology.caches], hits.tolist(), strict=True)), "cdn": cdn},
        queue_depth=dict(zip([q.name for q in topology.queues], supply.queues.depth[-1].tolist(), strict=True)),
        lag_s=float(sql.lag_s[-1].max()) if sql is not None else 0.0,
        slow_queries=float(sql.slow[-1].sum()) if sql is not None else 0.0,
        pool_waiting=float(supply.pools.waiting[-1].sum()),
        cold_starts=float(supply.functions.cold[-1].sum()),
        latency_s={name: float(flow.services.latency_s[-1, i]) for i, name in enumerate(topology.service_names())},
        usd_per_hour=dict(zip(COMPONENTS, flow.cost.components[-1].tolist(), strict=True)),
    )


__all__ = ["OUTCOMES", "Health", "health_of"]
