"""From a block of the model to what its listeners are told."""

from __future__ import annotations

import numpy as np

from opsdash.plant.flow import Flow
from opsdash.plant.layers.database import SqlCluster, SqlFlow
from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, SHAPE
from opsdash.plant.summary import AddressTraffic, EdgeKey, RouteKey, TickSummary
from opsdash.plant.world import World

_INJECTIONS = 0.02
_XSS = 0.012


def summarised(world: World, flow: Flow) -> TickSummary:
    """A block as a `TickSummary`."""
    topology, fleet = world.topology, world.fleet
    serving = fleet.serving()
    routes = tuple(RouteKey(r.service, r.method, r.path, r.ok_code, r.client_code) for r in topology.routes)
    logins = [i for i, route in enumerate(topology.routes) if route.path.endswith("login")]
    attacked = sum(client.rps for client in world.firewall.attackers)
    seconds = len(flow.seconds)
    slow, databases, query_s = _databases(world, flow)
    return TickSummary(
        seconds=flow.seconds,
        routes=routes,
        outcomes=flow.users.outcomes,
        median_s=flow.users.median_s,
        shape=SHAPE,
        services=topology.service_names(),
        instances=tuple(
            tuple(fleet.name(int(slot)) for slot in fleet.of(service) if serving[slot])
            for service in range(len(topology.services))
        ),
        versions=tuple(release.version for release in world.releases),
        edges=tuple(EdgeKey(edge.source, edge.target) for edge in topology.edges),
        calls=flow.edges.attempts,
        failed_calls=flow.edges.attempt_failed,
        rejected_calls=flow.edges.rejected,
        retried_calls=flow.edges.retried,
        call_median_s=flow.edges.attempt_s / MEAN_OVER_MEDIAN,
        slow_queries=slow,
        databases=databases,
        query_median_s=query_s,
        addresses=_addresses(world, flow),
        sql_injections=np.full(seconds, _INJECTIONS + attacked * 0.0004),
        xss=np.full(seconds, _XSS + attacked * 0.0002),
        failed_logins=flow.users.outcomes[:, logins, 1].sum(axis=1),
    )


def _databases(world: World, flow: Flow) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    store, seen = world.supply.store, flow.supply.store
    if isinstance(store, SqlCluster) and isinstance(seen, SqlFlow):
        return seen.slow, tuple(store.names())[: seen.slow.shape[1]], seen.latency_s / MEAN_OVER_MEDIAN
    answer = flow.supply.answer
    took = np.maximum(answer.read_s, answer.write_s)[:, None] / MEAN_OVER_MEDIAN
    statements = flow.supply.pools.queries.sum(axis=1, keepdims=True)
    return statements / (1.0 + (0.25 / np.maximum(took, 1e-6)) ** SHAPE), (world.topology.store.name,), took


def _addresses(world: World, flow: Flow) -> tuple[AddressTraffic, ...]:
    users = flow.users
    return tuple(
        AddressTraffic(
            client.address,
            client.country,
            client.agent,
            client.kind,
            client.route,
            users.client_requests[:, i],
            users.client_limited[:, i],
            users.client_blocked[:, i],
        )
        for i, client in enumerate(world.firewall.clients)
    )
