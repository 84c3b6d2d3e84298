"""Who calls whom: demand goes down the graph, latency and failure come back up.

Demand of a block uses what the last block taught (how often calls fail and are tried again, what breakers reject), so
that a block of seconds is one pass: down in the order of calls, up in the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, followed, late
from opsdash.plant.layers.services import Served
from opsdash.plant.topology import GATEWAY, Topology

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Graph:
    """A topology's calls by index: nodes are the services and then the third parties."""

    def __init__(self, topology: Topology) -> None:
        names = [*topology.service_names(), *(party.name for party in topology.third_parties)]
        self.nodes: tuple[str, ...] = tuple(names)
        self.services = len(topology.services)
        self.source: Ints = np.array([names.index(edge.source) for edge in topology.edges])
        self.target: Ints = np.array([names.index(edge.target) for edge in topology.edges])
        self.timeout_s: Floats = np.array([edge.timeout_s for edge in topology.edges])
        self.fallback: npt.NDArray[np.bool_] = np.array([edge.fallback for edge in topology.edges])
        self.route_service: Ints = np.array([names.index(route.service) for route in topology.routes])
        self.gateway_edge: Ints = np.array([self._gateway_edge(topology, r.service) for r in topology.routes])
        """The gateway's edge that a route takes."""
        self.order = self._ordered()
        """Services, callers before those they call."""
        self.out: list[list[int]] = [np.flatnonzero(self.source == node).tolist() for node in range(len(names))]
        """The edges that leave each node."""

    @staticmethod
    def _gateway_edge(topology: Topology, service: str) -> int:
        return next(i for i, e in enumerate(topology.edges) if e.source == GATEWAY and e.target == service)

    def _ordered(self) -> list[int]:
        depth = np.zeros(len(self.nodes), dtype=np.int64)
        for _ in self.nodes:
            np.maximum.at(depth, self.target, depth[self.source] + 1)
        return sorted(range(self.services), key=lambda node: (int(depth[node]), node))


@dataclass(slots=True, eq=False)
class Learned:
    """What the next block's demand is made from."""

    calls: Floats
    """[edges] calls for each request of the source; not used for the gateway's."""
    retries: Ints
    attempt_failed: Floats
    """[edges] part of the attempts that failed."""
    passed: Floats
    """[services] part of the arriving requests that come as far as calling others."""

    def attempts(self) -> Floats:
        """[edges] attempts for each call: 1 + p + p² …"""
        p = np.minimum(self.attempt_failed, 0.9999)
        return np.asarray((1.0 - p ** (self.retries + 1)) / (1.0 - p))

    def learn(self, seconds: int, attempt_failed: Floats, passed: Floats) -> None:
        """Follow what was seen; a caller notices within a second or two."""
        self.attempt_failed = followed(self.attempt_failed, attempt_failed, seconds, 1.5)
        self.passed = followed(self.passed, passed, seconds, 1.5)


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Requests a second that arrive, [n, nodes], and what the edges carry, [n, edges]."""

    arriving: Floats
    calls: Floats
    """What callers wanted."""
    rejected: Floats
    """Calls that breakers did not let through."""
    attempts: Floats
    """What was sent, tries again included."""


def push_down(graph: Graph, learned: Learned, rejecting: Floats, routed: Floats) -> Demand:
    """From what the gateway gets for each route, [n, routes], to what everybody gets."""
    seconds = len(routed)
    arriving = np.zeros((seconds, len(graph.nodes)))
    calls = np.zeros((seconds, len(graph.source)))
    arriving[:, 0] = routed.sum(axis=1)
    by_route = routed * learned.passed[0]
    for route, edge in enumerate(graph.gateway_edge):
        calls[:, edge] += by_route[:, route]
    let_through = (1.0 - rejecting) * learned.attempts()
    for node in graph.order:
        for edge in graph.out[node]:
            if node != 0:
                calls[:, edge] = arriving[:, node] * (learned.passed[node] * learned.calls[edge])
            arriving[:, graph.target[edge]] += calls[:, edge] * let_through[edge]
    return Demand(arriving, calls, calls * rejecting, calls * let_through)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a node answers its callers, [n] each; the parts are of all attempts."""

    latency_s: Floats
    error: Floats
    bad_gateway: Floats
    refused: Floats
    timeout: Floats

    @property
    def failed(self) -> Floats:
        """All that is no success."""
        return self.error + self.bad_gateway + self.refused + self.timeout


def answer_of(arriving: Floats, served: Served) -> Answer:
    """One service as its callers see it; where nobody serves, all is refused."""
    total = served.ok.sum(axis=1) + served.error.sum(axis=1) + served.bad_gateway.sum(axis=1)
    total = total + served.refused.sum(axis=1) + served.timeout.sum(axis=1)
    lost = np.maximum(arriving - total, 0.0)
    whole = np.maximum(arriving, 1e-9)
    admitted = np.maximum(total - served.refused.sum(axis=1), 1e-9)
    handled = served.ok + served.error + served.bad_gateway + served.timeout
    return Answer(
        latency_s=(served.latency_s * handled).sum(axis=1) / admitted,
        error=served.error.sum(axis=1) / whole,
        bad_gateway=served.bad_gateway.sum(axis=1) / whole,
        refused=(served.refused.sum(axis=1) + lost) / whole,
        timeout=served.timeout.sum(axis=1) / whole,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An edge as its caller feels it, [n] each."""

    attempt_failed: Floats
    timed_out: Floats
    """Part of the attempts that the caller gave up on."""
    failed: Floats
    """Part of the calls that failed in the end, the rejected ones included unless there is a fallback."""
    latency_s: Floats
    """What one call takes, with all attempts."""
    attempt_s: Floats


def feel(answer: Answer, *, timeout_s: float, retries: int, rejecting: float, fallback: bool) -> Call:
    """An attempt fails with the target or by the caller's own time-out; a call fails when all its attempts do."""
    gave_up = late(answer.latency_s / MEAN_OVER_MEDIAN, timeout_s)
    attempt_failed = np.minimum(1.0 - (1.0 - answer.failed) * (1.0 - gave_up), 1.0)
    p = np.minimum(attempt_failed, 0.9999)
    attempts = (1.0 - p ** (retries + 1)) / (1.0 - p)
    attempt_s = np.minimum(answer.latency_s, timeout_s)
    lost = 0.0 if fallback else rejecting
    return Call(
        attempt_failed=attempt_failed,
        timed_out=gave_up,
        failed=lost + (1.0 - rejecting) * attempt_failed ** (retries + 1),
        latency_s=(1.0 - rejecting) * attempts * attempt_s,
        attempt_s=attempt_s,
    )
