"""The whole system's state and how it goes on: `advance` takes the next seconds through all layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.ascent import Ascent, Burden, cpu_seconds, spread_requests
from opsdash.plant.flow import EdgesFlow, Flow, InstancesFlow, ServicesFlow, UsersFlow
from opsdash.plant.layers.balancer import ALGORITHMS
from opsdash.plant.layers.breakers import Breakers
from opsdash.plant.layers.callgraph import Demand, Graph, Learned, push_down
from opsdash.plant.layers.cost import CostFlow, Usage, priced
from opsdash.plant.layers.firewall import Client, Filtered, Firewall
from opsdash.plant.layers.fleet import Fleet
from opsdash.plant.layers.load import demand, level
from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, followed
from opsdash.plant.layers.services import Served
from opsdash.plant.release import Release
from opsdash.plant.seeds import generator
from opsdash.plant.summary import OUTCOMES
from opsdash.plant.supply import Supply, SupplyFlow, store_price
from opsdash.plant.topology import Topology

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TRY_AGAIN = 0.35
"""Part of the users who try again, seconds after a failure."""
UNSEEN = 0.5
"""Part of what reads old data that then is "not found"."""
_EDGE_S = 0.008
"""Balancer and network in front of the gateway."""
_RESTART_S = 25.0
"""A container that was killed is back after this."""
_OK, _CLIENT, _ERROR, _BAD_GATEWAY, _REFUSED, _TIMEOUT, _LIMITED, _BLOCKED = range(len(OUTCOMES))


class World:
    """Everything that runs. Operations and faults change its parts; `advance` lets time pass."""

    def __init__(self, topology: Topology, seed: int) -> None:
        self.topology = topology
        self.graph = Graph(topology)
        self.fleet = Fleet(topology, generator(seed, "fleet"))
        self.breakers = Breakers(topology.edges)
        self.firewall = Firewall(len(topology.routes), _usual_clients(topology))
        self.releases: list[Release] = [Release() for _ in topology.services]
        self.previous: list[Release | None] = [Release(version="v41") for _ in topology.services]
        """What a rollback goes back to."""
        self.stalled: Floats = np.ones(len(topology.services))
        """Factor on the CPU time of a service's requests; 1 in calm."""
        self.boost: Floats = np.ones(len(topology.routes))
        """Factor on what users want of each route."""
        self.algorithm: Ints = np.full(len(topology.services), ALGORITHMS.index(topology.balancer), dtype=np.int64)
        self.party_factor: Floats = np.ones(len(topology.third_parties))
        self.party_failing: Floats = np.array([party.error_ratio for party in topology.third_parties])
        self.supply = Supply(topology)
        self.learned = Learned(
            calls=np.array([edge.calls for edge in topology.edges]),
            retries=np.array([edge.retries for edge in topology.edges], dtype=np.int64),
            attempt_failed=np.zeros(len(topology.edges)),
            passed=np.ones(len(topology.services)),
        )
        self.inner_route: list[int] = [_inner_route(topology, edge.target, edge.path) for edge in topology.edges]
        """The route of the target that an edge between services calls; -1 for the gateway's and third parties'."""
        self._again: Floats = np.zeros(len(topology.routes))
        self._rates: Floats = np.array([route.rps for route in topology.routes])
        self._generator = generator(seed, "load")
        self._phases: Floats = generator(seed, "wander").uniform(0, 2 * np.pi, (4, len(topology.routes)))

    def advance(self, seconds: Ints) -> Flow:
        """What happens in these seconds, which follow those of the last call."""
        now = float(seconds[0])
        self.fleet.step(now)
        self.firewall.expire(now)
        crowd = demand(seconds, self._rates, self._phases, self._generator) * self.boost + self._again
        filtered = self.firewall.filter(crowd, level(seconds)[:, None], self.graph.route_service)
        rejecting = self.breakers.rejecting()
        asked = push_down(self.graph, self.learned, rejecting, filtered.passed)
        wanted = level(seconds) * float(np.dot(self.boost, self._rates) / self._rates.sum())
        through = asked.arriving[:, : self.graph.services] * self.learned.passed
        supply = self.supply.step(now, through, wanted)
        ascent = self._ascend(asked, rejecting, supply)
        flow = self._flow(seconds, asked, ascent, self._users(filtered, ascent, rejecting, supply.stale), supply)
        self._learn(flow)
        return flow

    def _ascend(self, asked: Demand, rejecting: Floats, supply: SupplyFlow) -> Ascent:
        cpu_s = cpu_seconds(self.topology, self.fleet, self.releases, self.memory_part())
        cpu_s = cpu_s * self.stalled[self.fleet.service]
        arriving = spread_requests(self.fleet, self.algorithm, asked, cpu_s)
        ascent = Ascent(self.topology, self.graph, self.learned, rejecting)
        parties = self.topology.third_parties
        ascent.third_parties(
            [(party, self.party_factor[i], self.party_failing[i]) for i, party in enumerate(parties)], len(arriving)
        )
        ascent.run(self.fleet, self.releases, Burden(asked, arriving, cpu_s), supply.needs)
        return ascent

    def memory_part(self) -> Floats:
        """How full the memory of each instance is, 0 to 1, [slots]."""
        usual = np.array([service.memory_mb for service in self.topology.services])[self.fleet.service]
        return np.asarray(np.minimum((usual + self.fleet.leaked_mb) / self.fleet.memory_mb, 1.0))

    def _users(self, filtered: Filtered, ascent: Ascent, rejecting: Floats, stale: Floats) -> UsersFlow:
        """What becomes of each route's requests, in the words of `OUTCOMES`."""
        passed, gateway = filtered.passed, ascent.answers[0]
        outcomes = np.zeros((*passed.shape, len(OUTCOMES)))
        outcomes[:, :, _LIMITED], outcomes[:, :, _BLOCKED] = filtered.limited, filtered.blocked
        own = np.stack([gateway.error, gateway.bad_gateway, gateway.refused, gateway.timeout], axis=-1)
        outcomes[:, :, _ERROR : _TIMEOUT + 1] = passed[:, :, None] * own[:, None, :]
        through = passed * (1.0 - gateway.failed)[:, None]
        in_front = np.maximum(gateway.latency_s - ascent.waits[0], 0.0) + _EDGE_S
        median = np.zeros_like(passed)
        for index, edge in enumerate(self.graph.gateway_edge):
            route, call = self.topology.routes[index], ascent.calls[int(edge)]
            answer = ascent.answers[int(self.graph.target[edge])]
            rejected = through[:, index] * rejecting[edge]
            failed = through[:, index] * call.failed - rejected
            kinds = np.stack(
                [answer.error, answer.bad_gateway, answer.refused, answer.timeout + call.timed_out + 1e-12], axis=-1
            )
            outcomes[:, index, _ERROR : _TIMEOUT + 1] += failed[:, None] * kinds / kinds.sum(axis=1, keepdims=True)
            outcomes[:, index, _REFUSED] += rejected
            done = through[:, index] * (1.0 - call.failed)
            # What was just written and is not seen yet is "not found".
            wrong = np.minimum(route.client_ratio + UNSEEN * stale[:, self.graph.target[edge]], 1.0)
            outcomes[:, index, _CLIENT] = done * wrong
            outcomes[:, index, _OK] = done * (1.0 - wrong)
            took = np.minimum(in_front + call.latency_s * route.weight, self.topology.services[0].timeout_s)
            median[:, index] = took / MEAN_OVER_MEDIAN
        offered = passed + filtered.limited + filtered.blocked
        clients = (filtered.client_requests, filtered.client_limited, filtered.client_blocked)
        return UsersFlow(offered, outcomes, median, *clients)

    def _flow(self, seconds: Ints, asked: Demand, ascent: Ascent, users: UsersFlow, supply: SupplyFlow) -> Flow:
        nodes = range(self.graph.services)
        edges = range(len(self.graph.source))
        calls = [ascent.calls[edge] for edge in edges]
        failed = np.stack([call.attempt_failed for call in calls], axis=1) * asked.attempts
        timed_out = np.stack([call.timed_out for call in calls], axis=1) * asked.attempts
        instances = self._instances(len(seconds), ascent.served)
        handled = instances.arriving @ self._membership()
        arriving = asked.arriving[:, : self.graph.services]
        return Flow(
            seconds=seconds,
            users=users,
            services=ServicesFlow(
                arriving=arriving,
                lost=np.maximum(arriving - handled, 0.0),
                failed=np.stack([ascent.answers[node].failed for node in nodes], axis=1),
                latency_s=np.stack([ascent.answers[node].latency_s for node in nodes], axis=1),
                waits_s=np.stack([ascent.waits[node] for node in nodes], axis=1),
            ),
            instances=instances,
            edges=EdgesFlow(
                calls=asked.calls,
                rejected=asked.rejected,
                attempts=asked.attempts,
                retried=np.maximum(asked.attempts - asked.calls + asked.rejected, 0.0),
                attempt_failed=failed,
                timed_out=timed_out,
                attempt_s=np.stack([call.attempt_s for call in calls], axis=1),
            ),
            supply=supply,
            cost=self._cost(users, supply),
        )

    def _leak(self, seconds: int, now: float) -> None:
        """Memory that releases never give back; an instance whose memory is full is killed and starts again."""
        fleet = self.fleet
        leaks = np.array([release.leak_mb_per_s for release in self.releases])[fleet.service]
        # Not all are hit alike, so they are not killed together.
        leaks = leaks * (0.8 + 0.15 * (fleet.number % 4))
        if not leaks.any():
            return
        serving = fleet.serving()
        fleet.leaked_mb = fleet.leaked_mb + np.where(serving, leaks * seconds, 0.0)
        for slot in np.flatnonzero(serving & (self.memory_part() >= 1.0)):
            fleet.replace(int(slot), now, boot_s=_RESTART_S)
            fleet.restarts[slot] += 1
            fleet.killed[slot] += 1

    def _cost(self, users: UsersFlow, supply: SupplyFlow) -> CostFlow:
        fleet, functions = self.fleet, self.supply.functions
        kilobytes = np.array([route.kilobytes for route in self.topology.routes])
        memory_gb = np.array([one.memory_mb / 1024 for one in self.topology.functions])
        caches = sum(
            cache.usd_per_hour * size / cache.memory_mb
            for cache, size in zip(self.topology.caches, self.supply.caches.memory_mb, strict=True)
        )
        return priced(
            Usage(
                compute_usd=float(fleet.usd_per_hour[fleet.running()].sum()),
                database_usd=store_price(self.supply.store),
                cache_usd=float(caches),
                bytes_sent=supply.cdn.bytes_sent.sum(axis=1),
                edge_requests=supply.cdn.requests.sum(axis=1),
                api_bytes=(users.outcomes[:, :, _OK] * kilobytes).sum(axis=1) * 1024,
                gigabytes=supply.storage.gigabytes,
                gets=supply.storage.gets,
                invoked=supply.functions.invoked.sum(axis=1),
                busy_gb_s=(supply.functions.running * memory_gb).sum(axis=1),
                provisioned_gb=float((functions.provisioned * memory_gb).sum()),
            )
        )

    def _membership(self) -> Floats:
        return np.eye(self.graph.services)[self.fleet.service]

    def _instances(self, seconds: int, served: dict[int, Served]) -> InstancesFlow:
        names = ("ok", "error", "bad_gateway", "refused", "timeout", "queue", "latency_s", "busy", "held")
        arrays = {name: np.zeros((seconds, self.fleet.count)) for name in names}
        for node, one in served.items():
            slots = self.fleet.of(node)
            for name, array in arrays.items():
                array[:, slots] = getattr(one, name)
        arriving = arrays["ok"] + arrays["error"] + arrays["bad_gateway"] + arrays["refused"] + arrays["timeout"]
        return InstancesFlow(arriving=arriving, **arrays)

    def _learn(self, flow: Flow) -> None:
        """What the next block goes by."""
        seconds = len(flow.seconds)
        now = float(flow.seconds[-1]) + 1
        edges = flow.edges
        attempts = edges.attempts.mean(axis=0)
        failed = edges.attempt_failed.mean(axis=0)
        ratio = np.divide(failed, attempts, out=np.zeros_like(failed), where=attempts > 1e-9)
        refused = flow.instances.refused.mean(axis=0) @ self._membership() + flow.services.lost.mean(axis=0)
        arriving = np.maximum(flow.services.arriving.mean(axis=0), 1e-9)
        self.learned.learn(seconds, ratio, 1.0 - np.minimum(refused / arriving, 1.0))
        self.breakers.step(now, seconds, attempts, failed)
        self.fleet.queue = flow.instances.queue[-1].copy()
        self._leak(seconds, now)
        serving = self.fleet.serving()
        busy = (flow.instances.busy.mean(axis=0) * serving) @ self._membership()
        busy = busy / np.maximum(serving @ self._membership(), 1.0)
        self.fleet.busy_short = followed(self.fleet.busy_short, busy, seconds, 45.0)
        self.fleet.busy_long = followed(self.fleet.busy_long, busy, seconds, 240.0)
        if now % 15 < seconds:
            self.fleet.autoscale(now)
        lost = flow.users.outcomes[:, :, _ERROR : _TIMEOUT + 1].sum(axis=2).mean(axis=0)
        self._again = followed(self._again, _TRY_AGAIN * lost, seconds, 4.0)


def _inner_route(topology: Topology, target: str, path: str) -> int:
    fits = [i for i, route in enumerate(topology.routes) if path and (route.service, route.path) == (target, path)]
    inner = [i for i in fits if topology.routes[i].rps == 0]
    return (inner or fits or [-1])[0]


def _usual_clients(topology: Topology) -> tuple[Client, ...]:
    last = len(topology.routes) - 1
    browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    return (
        Client("198.51.100.20", "DE", browser, "office", 0, 3.0),
        Client("198.51.100.77", "US", browser, "office", min(2, last), 2.0),
        Client("192.0.2.44", "US", bot, "crawler", last - 1, 4.0),
        Client("192.0.2.130", "FR", "partner-sync/3.1", "partner", min(2, last), 1.5),
    )
