"""The services' own metrics: requests by route and code, latency histograms, requests in progress."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from opsdash.plant.flow import Flow
from opsdash.plant.recorder import HistogramRows, Recorder, averaged, last, summed
from opsdash.plant.summary import OUTCOMES
from opsdash.plant.topology import GATEWAY, Route, Topology
from opsdash.plant.world import UNSEEN, World

Floats = npt.NDArray[np.float64]

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The default buckets of the Prometheus clients."""
_FAILURES = ("500", "502", "503", "504")


class HttpExporter:
    """`http_requests_total`, `http_request_duration_seconds` and `http_requests_in_progress` of every instance."""

    def __init__(self, recorder: Recorder, world: World) -> None:
        self._recorder = recorder
        self._world = world
        self._slots = 0
        self._pair_slot = np.zeros(0, dtype=np.int64)
        self._pair_route = np.zeros(0, dtype=np.int64)
        self._requests = np.zeros((0, 2 + len(_FAILURES)), dtype=np.int64)
        self._progress = np.zeros(0, dtype=np.int64)
        self._histogram: HistogramRows | None = None
        self._by_service = [_routes_of(world.topology, name) for name in world.topology.service_names()]
        self._weights = np.array([route.weight for route in world.topology.routes])
        self._client = np.array([route.client_ratio for route in world.topology.routes])

    def cover(self, labels: list[dict[str, str]]) -> None:
        """Register the instances that are new; `labels` are those of every slot."""
        for slot in range(self._slots, len(labels)):
            self._register(slot, labels[slot])
        self._slots = len(labels)

    def rows_of(self, slot: int) -> npt.NDArray[np.int64]:
        """All rows of an instance."""
        pairs = np.flatnonzero(self._pair_slot == slot)
        rows = self._histogram
        parts = [self._requests[pairs].ravel(), self._progress[slot : slot + 1]]
        if rows is not None:
            parts += [rows.buckets[pairs].ravel(), rows.sums[pairs], rows.counts[pairs]]
        return np.concatenate(parts)

    def write(self, flow: Flow, step: int) -> None:
        """One frame from a block."""
        mix = self._mix(flow, step)
        slots, routes = self._pair_slot, self._pair_route
        per = {
            name: summed(getattr(flow.instances, name), step)[:, slots] * mix
            for name in ("ok", "error", "bad_gateway", "refused", "timeout")
        }
        self._answer_for_upstreams(per, flow, step)
        client = per["ok"] * self._client_ratio(flow, step)
        counts = [per["ok"] - client, client, per["error"], per["bad_gateway"], per["refused"], per["timeout"]]
        self._recorder.put(self._requests.ravel(), np.stack(counts, axis=-1).reshape(len(mix), -1))
        mean = averaged(flow.instances.latency_s, step)[:, slots] * self._weights[routes]
        answered = sum(per.values()) - per["refused"]
        if self._histogram is not None:
            self._recorder.put_histogram(self._histogram, answered, mean)
        self._recorder.put(self._progress, last(flow.instances.held, step))

    def _answer_for_upstreams(self, per: dict[str, Floats], flow: Flow, step: int) -> None:
        """The gateway answers 5xx where what it called failed: so many that users got what they got."""
        pairs = np.flatnonzero(self._world.fleet.service[self._pair_slot] == 0)
        onto = np.eye(len(self._weights))[self._pair_route[pairs]]
        passed = per["ok"][:, pairs] @ onto
        share = per["ok"][:, pairs] / np.maximum(passed[:, self._pair_route[pairs]], 1e-9)
        outcomes = summed(flow.users.outcomes, step)[:, :, : OUTCOMES.index("timeout") + 1]
        # What found no gateway at all is the balancer's 503, and not in its books.
        handled = sum(rates[:, pairs] for rates in per.values()) @ onto
        outcomes[:, :, OUTCOMES.index("refused")] -= np.maximum(outcomes.sum(axis=2) - handled, 0.0)
        for name in ("error", "bad_gateway", "refused", "timeout"):
            own = per[name][:, pairs] @ onto
            more = np.clip(outcomes[:, :, OUTCOMES.index(name)] - own, 0.0, passed)
            passed = passed - more
            per[name][:, pairs] += share * more[:, self._pair_route[pairs]]
            per["ok"][:, pairs] -= share * more[:, self._pair_route[pairs]]

    def _client_ratio(self, flow: Flow, step: int) -> Floats:
        """Part of what went well that is the client's fault; what was just written and is not seen is "not found"."""
        stale = averaged(flow.supply.stale, step)[:, self._world.graph.route_service[self._pair_route]]
        return np.asarray(np.minimum(self._client[self._pair_route] + UNSEEN * stale, 1.0))

    def _register(self, slot: int, labels: dict[str, str]) -> None:
        routes = self._by_service[int(self._world.fleet.service[slot])]
        topology = self._world.topology
        pairs = [{**labels, **_route_labels(topology.routes[route])} for route in routes]
        coded = [
            {**pair, "code": code}
            for pair, route in zip(pairs, routes, strict=True)
            for code in (topology.routes[route].ok_code, topology.routes[route].client_code, *_FAILURES)
        ]
        recorder = self._recorder
        requests = recorder.counter("http_requests_total", "Requests by route and code.", coded)
        histogram = recorder.histogram(
            "http_request_duration_seconds", "Time to answer a request.", pairs, BOUNDS_S, unit="seconds"
        )
        progress = recorder.gauge("http_requests_in_progress", "Requests being worked on.", [labels])
        self._pair_slot = np.append(self._pair_slot, np.full(len(routes), slot))
        self._pair_route = np.append(self._pair_route, routes)
        self._requests = np.concatenate([self._requests, requests.reshape(len(routes), -1)])
        self._progress = np.concatenate([self._progress, progress])
        self._histogram = histogram if self._histogram is None else _extended(self._histogram, histogram)

    def _mix(self, flow: Flow, step: int) -> Floats:
        """Which part of its service's requests each (instance, route) has, [scrapes, pairs]."""
        world, graph = self._world, self._world.graph
        offered = averaged(flow.users.offered, step)
        wanted = np.zeros((len(offered), len(world.topology.services), len(world.topology.routes)))
        wanted[:, 0, :] = offered
        wanted[:, graph.route_service, np.arange(len(graph.route_service))] = offered
        attempts = averaged(flow.edges.attempts, step)
        for edge, route in enumerate(world.inner_route):
            if route >= 0:
                wanted[:, graph.target[edge], route] += attempts[:, edge]
        mix = wanted[:, world.fleet.service[self._pair_slot], self._pair_route]
        whole = wanted.sum(axis=2)[:, world.fleet.service[self._pair_slot]]
        return np.asarray(mix / np.maximum(whole, 1e-9))


def _routes_of(topology: Topology, service: str) -> list[int]:
    everything = list(enumerate(topology.routes))
    if service == GATEWAY:
        return [index for index, route in everything if route.rps > 0]
    return [index for index, route in everything if route.service == service]


def _route_labels(route: Route) -> dict[str, str]:
    return {"route": route.path, "method": route.method}


def _extended(one: HistogramRows, other: HistogramRows) -> HistogramRows:
    return HistogramRows(
        np.concatenate([one.buckets, other.buckets]),
        np.concatenate([one.sums, other.sums]),
        np.concatenate([one.counts, other.counts]),
        one.log_bounds,
    )


def slot_labels(world: World) -> Iterator[dict[str, str]]:
    """The labels that every metric of an instance has."""
    fleet = world.fleet
    for slot in range(fleet.count):
        service = world.topology.services[fleet.service[slot]]
        region = world.topology.regions[fleet.region[slot]]
        address = f"10.{fleet.region[slot]}.{fleet.service[slot] + 1}.{fleet.number[slot] + 10}:8080"
        yield {
            "job": service.name,
            "instance": address,
            "service": service.name,
            "pod": fleet.name(slot),
            "region": region,
        }
