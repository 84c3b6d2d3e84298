"""The way up the graph of calls: what every service answers, from those that call nobody to the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.balancer import Servers, shares, stickiness
from opsdash.plant.layers.callgraph import Answer, Call, Demand, Graph, Learned, answer_of, feel
from opsdash.plant.layers.fleet import Fleet
from opsdash.plant.layers.services import Pressed, Served, serve
from opsdash.plant.release import Release
from opsdash.plant.topology import ThirdParty, Topology

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_OWN_ERRORS = 0.0006
"""Part of the requests that fails although all is well."""


@dataclass(frozen=True, slots=True, eq=False)
class Burden:
    """What the instances have to do: demand by node, and by slot."""

    asked: Demand
    arriving: Floats
    """[n, slots]"""
    cpu_s: Floats
    """[slots]"""


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What a service waits for beside other services (data, functions), [n, services] each."""

    waits_s: Floats
    failed: Floats


def spread_requests(fleet: Fleet, algorithm: Ints, asked: Demand, cpu_s: Floats) -> Floats:
    """What arrives at each instance, [n, slots]. What belongs to a pool where nobody serves arrives nowhere."""
    pools = len(fleet.desired) * len(fleet.region_up)
    servers = Servers(
        pool=fleet.pool(),
        pools=pools,
        serving=fleet.serving(),
        speed=fleet.vcpus / cpu_s,
        weight=fleet.weight,
        sticky=stickiness(fleet.number, fleet.service),
    )
    parts = shares(algorithm[fleet.service], servers)
    # Users come to a region by its name, up or not; services call those who are there.
    there = np.zeros(pools)
    there[fleet.pool()[fleet.serving()]] = 1.0
    weights = fleet.region_weights * there.reshape(-1, len(fleet.region_up))
    weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    weights[0] = fleet.region_weights
    parts = parts * weights[fleet.service, fleet.region]
    return np.asarray(asked.arriving[:, fleet.service] * parts)


def cpu_seconds(topology: Topology, fleet: Fleet, releases: Sequence[Release], memory_part: Floats) -> Floats:
    """CPU seconds of one request on each instance, [slots]: by release, speed and how full the memory is."""
    work = np.array([s.cpu_ms / 1000 * r.cpu_factor for s, r in zip(topology.services, releases, strict=True)])
    # Collecting garbage takes over as memory fills.
    pressure = 1.0 + 4.0 * np.clip((memory_part - 0.8) / 0.2, 0.0, 1.0) ** 2
    return np.asarray(work[fleet.service] * pressure / fleet.speed)


class Ascent:
    """One block's answers; `run` goes up the graph once."""

    def __init__(self, topology: Topology, graph: Graph, learned: Learned, rejecting: Floats) -> None:
        self._topology = topology
        self._graph = graph
        self._learned = learned
        self._rejecting = rejecting
        self.answers: dict[int, Answer] = {}
        self.served: dict[int, Served] = {}
        self.calls: dict[int, Call] = {}
        self.waits: dict[int, Floats] = {}

    def third_parties(self, parties: Sequence[tuple[ThirdParty, float, float]], seconds: int) -> None:
        """What is not ours answers by itself: party, factor on its latency, part that fails."""
        nothing = np.zeros(seconds)
        for index, (party, slower, failing) in enumerate(parties):
            took = nothing + party.latency_s * slower
            self.answers[self._graph.services + index] = Answer(took, nothing + failing, nothing, nothing, nothing)

    def run(self, fleet: Fleet, releases: Sequence[Release], burden: Burden, needs: Needs) -> None:
        """Every service, callees first."""
        for node in reversed(self._graph.order):
            wait, failed = self._below(node, burden.asked, needs)
            slots = fleet.of(node)
            service = self._topology.services[node]
            served = serve(
                Pressed(
                    arriving=burden.arriving[:, slots],
                    cpu_s=burden.cpu_s[slots],
                    vcpus=fleet.vcpus[slots],
                    threads=service.threads,
                    queue=fleet.queue[slots],
                    waits_s=wait,
                    dependency_failed=failed,
                    error_ratio=min(_OWN_ERRORS + releases[node].error_ratio, 1.0),
                    timeout_s=service.timeout_s,
                )
            )
            self.waits[node], self.served[node] = wait, served
            self.answers[node] = answer_of(burden.asked.arriving[:, node], served)

    def _below(self, node: int, asked: Demand, needs: Needs) -> tuple[Floats, Floats]:
        """How long a request of this service waits for others, and which part fails by them."""
        wait, kept = needs.waits_s[:, node], 1.0 - needs.failed[:, node]
        out = self._graph.out[node]
        whole = np.maximum(asked.calls[:, out].sum(axis=1), 1e-9) if node == 0 else None
        for edge in out:
            call = self.calls[edge] = self._feel(edge)
            if whole is not None:
                # The gateway's requests each take one edge; what fails there is told by route, not here.
                wait = wait + asked.calls[:, edge] / whole * call.latency_s
            else:
                part = float(self._learned.calls[edge])
                wait = wait + part * call.latency_s
                kept = kept * (1.0 - min(part, 1.0) * call.failed)
        return wait, 1.0 - kept

    def _feel(self, edge: int) -> Call:
        graph = self._graph
        return feel(
            self.answers[int(graph.target[edge])],
            timeout_s=float(graph.timeout_s[edge]),
            retries=int(self._learned.retries[edge]),
            rejecting=float(self._rejecting[edge]),
            fallback=bool(graph.fallback[edge]),
        )
