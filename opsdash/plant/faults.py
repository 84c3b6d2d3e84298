"""What can go wrong: the catalogue of faults, each with what it does, its parameters and the operation that cures it.

    Plant.inject("slow_payment", latency_factor=25)  -> {"fault": "slow_payment", "latency_factor": 25.0}
    Plant.clear("slow_payment")                      -> {"fault": "slow_payment", "cleared": True}
    Plant.faults()                                   -> (ActiveFault(name, arguments, since_s), …)

`FAULTS` has every fault by name: `.description`, `.signal` (what worsens), `.remedy` (the operation), `.parameters`
(verbs.Parameter). A fault lasts until it is cleared; doing nothing cures none. `Refused` says why one cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from opsdash.core.suggest import did_you_mean
from opsdash.plant.known import index, names, store_as
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.firewall import Client
from opsdash.plant.layers.fleet import Market, Phase
from opsdash.plant.topology import GATEWAY
from opsdash.plant.verbs import Parameter, Refused, Values, parsed
from opsdash.plant.world import World

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can go wrong; `begin` returns what ends it, `go_on` is called before every block."""

    name: str
    description: str
    signal: str
    remedy: str
    parameters: tuple[Parameter, ...]
    begin: Callable[[World, float, Values], Undo]
    go_on: Callable[[World, float, float, Values], None] | None = None
    """World, now, since when, arguments."""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is there."""

    name: str
    arguments: Mapping[str, Any]
    since_s: float


class Faults:
    """The faults that are there now."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[str, tuple[ActiveFault, Undo]] = {}

    @property
    def active(self) -> tuple[ActiveFault, ...]:
        """What is wrong, in the order it was injected."""
        return tuple(fault for fault, _ in self._active.values())

    def inject(self, now: float, name: str, arguments: Values) -> dict[str, Any]:
        """Begin a fault, or raise `Refused`."""
        fault = FAULTS.get(name)
        if fault is None:
            raise Refused(f"there is no fault {name[:60]!r}{did_you_mean(name, FAULTS)}")
        if name in self._active:
            raise Refused(f"{name} is there already; clear it first")
        given = {**_usual(self._world, fault), **arguments}
        values = parsed(name, fault.parameters, given, lambda kind: names(self._world, kind))
        undo = fault.begin(self._world, now, values)
        self._active[name] = (ActiveFault(name, values, now), undo)
        return {"fault": name, **values}

    def clear(self, name: str) -> dict[str, Any]:
        """End a fault, or raise `Refused`."""
        if name not in self._active:
            known = f"{name[:60]!r} is not there"
            raise Refused(known if name in FAULTS else f"there is no fault {known}{did_you_mean(name, FAULTS)}")
        _, undo = self._active.pop(name)
        undo()
        return {"fault": name, "cleared": True}

    def go_on(self, now: float) -> None:
        """What faults do as time passes."""
        for active, _ in self._active.values():
            more = FAULTS[active.name].go_on
            if more is not None:
                more(self._world, now, active.since_s, active.arguments)


def _usual(world: World, fault: Fault) -> dict[str, str]:
    """Defaults that name something: what the architecture has where it has not the usual one. Raises `Refused`."""
    found: dict[str, str] = {}
    for parameter in fault.parameters:
        if not parameter.choices:
            continue
        there = names(world, parameter.choices)
        if fault.name == "spot_reclaim":
            there = [name for name in there if _has_spot(world, name)]
        if not there:
            what = "spot instances" if fault.name == "spot_reclaim" else _MANY.get(parameter.choices, parameter.choices)
            raise Refused(f"the architecture {world.topology.name} has no {what}, so {fault.name} cannot be there")
        # The gateway is first where services are listed; a fault of all users is not what is meant.
        first = next((name for name in there if name != GATEWAY), there[0])
        found[parameter.name] = parameter.default if parameter.default in there else first
    return found


_MANY = {"node": "PostgreSQL nodes", "cache": "cache", "queue": "queue", "function": "serverless functions",
         "pool": "connection pools", "third party": "third party"}  # fmt: skip


def _has_spot(world: World, service: str) -> bool:
    mine = world.fleet.of(index(world, "service", service))
    return bool((world.fleet.market[mine] == Market.SPOT).any())


def _flash_sale(world: World, _: float, values: Values) -> Undo:
    before = world.boost.copy()
    hit = [i for i, route in enumerate(world.topology.routes) if route.service == values["service"]]
    if not any(world.topology.routes[i].rps for i in hit):
        raise Refused(f"users ask nothing of {values['service']}")
    world.boost[hit] *= values["factor"]
    return lambda: np.copyto(world.boost, before)


def _hot_shard(world: World, _: float, values: Values) -> Undo:
    store = store_as(world, SqlCluster)
    if values["shard"] >= len(store.weights):
        raise Refused(f"there is no shard {values['shard']}; there are 0 to {len(store.weights) - 1}")
    before = store.weights.copy()
    rest = np.arange(len(before)) != values["shard"]
    store.weights[rest] *= (1.0 - values["part"]) / store.weights[rest].sum()
    store.weights[values["shard"]] = values["part"]

    def undo() -> None:
        store.weights = np.full(len(store.weights), 1.0 / len(store.weights))

    return undo


def _cache_stampede(world: World, _: float, values: Values) -> Undo:
    caches, cache = world.supply.caches, index(world, "cache", values["cache"])
    caches.warmth[cache] = 0.02
    caches.expiring[cache] = values["expiring_part"]
    caches.locked[cache] = False

    def undo() -> None:
        caches.expiring[cache] = 0.0

    return undo


def _slow_payment(world: World, _: float, values: Values) -> Undo:
    party = index(world, "third party", values["party"])
    world.party_factor[party] = values["latency_s"] / world.topology.third_parties[party].latency_s

    def undo() -> None:
        world.party_factor[party] = 1.0

    return undo


def _retry_storm(world: World, _: float, values: Values) -> Undo:
    edge = index(world, "edge", values["edge"])
    retries, threshold = int(world.learned.retries[edge]), float(world.breakers.threshold[edge])
    world.learned.retries[edge] = values["retries"]
    # The client that was rolled out has no breaker of its own: only an operator can open it.
    world.breakers.threshold[edge] = 2.0

    def undo() -> None:
        world.learned.retries[edge] = retries
        world.breakers.threshold[edge] = threshold
        world.stalled[int(world.graph.target[edge])] = 1.0

    return undo


def _stall(world: World, now: float, since: float, values: Values) -> None:
    target = int(world.graph.target[index(world, "edge", values["edge"])])
    world.stalled[target] = 12.0 if now < since + values["stall_s"] else 1.0


def _spoiled(world: World, service: int, **faults: float) -> Undo:
    good = world.releases[service]
    bad = replace(good, version=_next(good.version), **faults)
    world.previous[service], world.releases[service] = good, bad

    def undo() -> None:
        if world.releases[service] is bad:
            world.releases[service] = good
        world.fleet.leaked_mb[world.fleet.of(service)] = 0.0

    return undo


def _next(version: str) -> str:
    digits = version.lstrip("v")
    return f"v{int(digits) + 1}" if digits.isdigit() and len(digits) < 9 else f"{version}.1"


def _bad_deploy(world: World, _: float, values: Values) -> Undo:
    service = index(world, "service", values["service"])
    return _spoiled(world, service, error_ratio=values["error_ratio"], cpu_factor=values["cpu_factor"])


def _memory_leak(world: World, _: float, values: Values) -> Undo:
    service = index(world, "service", values["service"])
    return _spoiled(world, service, leak_mb_per_s=values["mb_per_s"])


def _traffic_flood(world: World, _: float, values: Values) -> Undo:
    routes = [i for i, route in enumerate(world.topology.routes) if route.rps > 0]
    heaviest = max(routes, key=lambda i: world.topology.routes[i].rps)
    each = values["rps"] / values["addresses"]
    world.firewall.attackers = tuple(
        Client(f"203.0.113.{10 + 7 * n}", ("RU", "CN", "BR", "US")[n % 4], "python-requests/2.31", "attacker",
               heaviest, each)
        for n in range(values["addresses"])
    )  # fmt: skip
    before = world.firewall.address_limit_rps
    world.firewall.address_limit_rps = max(before, each * 1.5)

    def undo() -> None:
        world.firewall.attackers = ()

    return undo


def _replica_lag(world: World, _: float, values: Values) -> Undo:
    store, node = store_as(world, SqlCluster), index(world, "node", values["node"])
    if store.primary[node]:
        raise Refused(f"{values['node']} is a primary; a report runs on a replica")
    store.analytics[node] = values["busy"]

    def undo() -> None:
        store.analytics[node] = 0.0

    return undo


def _pool_exhausted(world: World, _: float, values: Values) -> Undo:
    pools, service = world.supply.pools, index(world, "pool", values["pool"])
    # What is left works off less than half of the statements.
    pools.leaked[service] = max(pools.size[service] - values["left"], 0.0)

    def undo() -> None:
        pools.leaked[service] = 0.0

    return undo


def _queue_backlog(world: World, _: float, values: Values) -> Undo:
    queues, queue = world.supply.queues, index(world, "queue", values["queue"])
    before = float(queues.consumers[queue])
    queues.consumers[queue] = min(values["consumers_left"], before)

    def undo() -> None:
        queues.consumers[queue] = max(before, float(queues.consumers[queue]))

    return undo


def _spot_reclaim(world: World, _: float, values: Values) -> Undo:
    service = index(world, "service", values["service"])
    mine = world.fleet.of(service)
    if not (world.fleet.market[mine] == Market.SPOT).any():
        raise Refused(f"{values['service']} has no spot instances")
    return lambda: None


def _reclaim(world: World, now: float, since: float, values: Values) -> None:
    fleet, service = world.fleet, index(world, "service", values["service"])
    for slot in fleet.of(service):
        spot = fleet.market[slot] == Market.SPOT and fleet.phase[slot] == Phase.READY
        if spot and now - max(float(fleet.until[slot]), since) >= values["every_s"]:
            fleet.replace(int(slot), now)
            fleet.reclaimed[service] += 1


def _cdn_misconfigured(world: World, _: float, values: Values) -> Undo:
    cdn = world.supply.cdn
    compression, ttl = cdn.compression, cdn.ttl_s.copy()
    cdn.compression = False
    cdn.ttl_s = np.minimum(cdn.ttl_s, values["ttl_s"])

    def undo() -> None:
        cdn.compression = compression
        cdn.ttl_s = ttl

    return undo


def _cold_starts(world: World, _: float, values: Values) -> Undo:
    functions, function = world.supply.functions, index(world, "function", values["function"])
    provisioned = float(functions.provisioned[function])
    functions.provisioned[function] = 0.0
    functions.kept_warm[function] = 1.0 - values["cold_part"]

    def undo() -> None:
        functions.kept_warm[function] = 1.0
        functions.provisioned[function] = max(provisioned, float(functions.provisioned[function]))

    return undo


def _region_failover(world: World, _: float, values: Values) -> Undo:
    region = index(world, "region", values["region"])
    if world.fleet.region_up.sum() < 2:
        raise Refused("it is the last region that is up")
    world.fleet.region_up[region] = False

    def undo() -> None:
        world.fleet.region_up[region] = True

    return undo


def _named(name: str, choices: str, default: str) -> Parameter:
    return Parameter(name, "text", f"the {choices}", choices=choices, default=default)


def _size(name: str, text: str, bounds: tuple[float, float], default: float) -> Parameter:
    kind = "integer" if isinstance(default, int) else "number"
    return Parameter(name, kind, text, *bounds, default=default)  # type: ignore[arg-type]


_ALL = (
    Fault("flash_sale", "Users want much more of a service.", "http_request_duration_seconds", "set_replicas",
          (_named("service", "service", "search"), _size("factor", "against the usual", (1.1, 20), 3.0)), _flash_sale),
    Fault("hot_shard", "One shard gets most of the statements.", "pg_stat_statements_seconds_total", "split_shard",
          (_size("shard", "number of the shard", (0, 15), 2), _size("part", "of the statements", (0.3, 0.98), 0.88)),
          _hot_shard),
    Fault("cache_stampede", "Hot keys expire together, again and again; the database gets the reads.",
          "redis_keyspace_misses_total", "warm_cache",
          (_named("cache", "cache", "redis"), _size("expiring_part", "of hot keys a second", (0.05, 5), 1.0)),
          _cache_stampede),
    Fault("slow_payment", "A third party answers slowly, and callers wait.", "http_request_duration_seconds",
          "open_breaker",
          (_named("party", "third party", "bank"), _size("latency_s", "seconds it takes", (0.5, 60), 8.0)),
          _slow_payment),
    Fault("retry_storm", "A stall makes calls time out; tries again keep the callee too busy to recover.",
          "envoy_cluster_upstream_rq_retry", "open_breaker",
          (_named("edge", "edge", "gateway-orders"), _size("retries", "after a failure", (1, 10), 4),
           _size("stall_s", "seconds the stall lasts", (5, 120), 30.0)), _retry_storm, _stall),
    Fault("bad_deploy", "A new version fails and needs more CPU.", "http_requests_total", "rollback",
          (_named("service", "service", "orders"), _size("error_ratio", "of requests", (0.0, 1.0), 0.3),
           _size("cpu_factor", "CPU against the usual", (1, 10), 1.3)), _bad_deploy),
    Fault("traffic_flood", "A few addresses ask for as much as everybody else together.",
          "http_requests_total", "block_address",
          (_size("addresses", "how many", (1, 30), 4), _size("rps", "together", (50, 50_000), 900.0)), _traffic_flood),
    Fault("replica_lag", "A report on a read replica leaves no time to replay.", "pg_replication_lag_seconds", "drain",
          (_named("node", "node", "shard-1-replica-1"), _size("busy", "of its CPU", (0.1, 0.95), 0.62)), _replica_lag),
    Fault("pool_exhausted", "Connections are taken and never given back.",
          "pgbouncer_pools_client_waiting_connections", "kill_idle",
          (_named("pool", "pool", "orders"), _size("left", "connections that still work", (0.5, 100), 1.0)),
          _pool_exhausted),
    Fault("queue_backlog", "Consumers died; the queue grows.", "rabbitmq_queue_messages_ready", "set_consumers",
          (_named("queue", "queue", "emails"), _size("consumers_left", "how many", (0, 50), 1)), _queue_backlog),
    Fault("spot_reclaim", "The cloud takes spot instances back, again and again.", "http_request_duration_seconds",
          "set_market",
          (_named("service", "service", "search"), _size("every_s", "after that many seconds", (5, 3600), 20.0)),
          _spot_reclaim, _reclaim),
    Fault("memory_leak", "A new version never gives memory back, until it is killed.",
          "container_memory_working_set_bytes", "rollback",
          (_named("service", "service", "users"), _size("mb_per_s", "of an instance", (0.5, 200), 60.0)), _memory_leak),
    Fault("cdn_misconfigured", "Copies are not kept and text is sent uncompressed.",
          "aws_cloudfront_bytes_downloaded_sum", "set_compression",
          (_size("ttl_s", "seconds copies are kept", (0, 3600), 30.0),), _cdn_misconfigured),
    Fault("cold_starts", "A function lost its warm containers.", "aws_lambda_duration_average", "set_concurrency",
          (_named("function", "function", "personalise"), _size("cold_part", "of calls", (0.05, 1.0), 0.5)),
          _cold_starts),
    Fault("region_failover", "A region is gone, with all that runs there.", "haproxy_backend_http_responses_total",
          "fail_over_region", (_named("region", "region", "us-east-1"),), _region_failover),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
