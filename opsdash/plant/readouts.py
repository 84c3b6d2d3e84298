"""What runs now, in plain values: what somebody looks at before and after an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from opsdash.plant.health import Health
from opsdash.plant.known import names
from opsdash.plant.layers.balancer import ALGORITHMS
from opsdash.plant.layers.breakers import BreakerState
from opsdash.plant.layers.cdn import PATHS
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.fleet import Market, Phase
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.plant import Plant
from opsdash.plant.world import World

Readout = dict[str, Any]
Reader = Callable[[Plant], list[Readout]]


def services(plant: Plant) -> list[Readout]:
    """Each service: how many instances, how big, how paid for, and how it does."""
    health = plant.health()
    return [_service(plant, health, index) for index in range(len(plant.topology.services))]


def _service(plant: Plant, health: Health, index: int) -> Readout:
    world, fleet = plant.world, plant.world.fleet
    spec = plant.topology.services[index]
    slots = [int(slot) for slot in fleet.of(index) if fleet.phase[slot] != Phase.AWAY]
    phases = [Phase(int(fleet.phase[slot])) for slot in slots]
    return {
        "name": spec.name,
        "team": spec.team,
        "replicas": {
            "desired": int(fleet.desired[index]),
            "ready": int(fleet.serving()[slots].sum()),
            "booting": phases.count(Phase.BOOTING),
            "draining": phases.count(Phase.DRAINING),
            "out": phases.count(Phase.OUT),
        },
        "autoscaler": {"minimum": int(fleet.floor[index]), "maximum": int(fleet.ceiling[index])},
        "boot_s": float(fleet.boot_s[index]),
        "instance_type": fleet.types[index],
        "market": _market(world, index, slots),
        "usd_per_hour": float(fleet.usd_per_hour[slots].sum()),
        "version": world.releases[index].version,
        "balancer": ALGORITHMS[int(world.algorithm[index])],
        "rate_limit_rps": world.firewall.service_limit_rps.get(index),
        "utilisation": float(fleet.busy_short[index]),
        "p99_s": health.p99_s.get(spec.name),
        "error_ratio": health.error_ratios.get(spec.name),
        "instances": [_instance(plant, slot) for slot in slots],
    }


def _market(world: World, index: int, slots: Sequence[int]) -> Readout:
    bought = [Market(int(world.fleet.market[slot])) for slot in slots]
    return {
        market.name.lower(): {"wanted": float(world.fleet.mix[index, market]), "instances": bought.count(market)}
        for market in Market
    }


def _instance(plant: Plant, slot: int) -> Readout:
    fleet = plant.world.fleet
    phase = Phase(int(fleet.phase[slot]))
    is_up = bool(fleet.region_up[fleet.region[slot]])
    return {
        "name": fleet.name(slot),
        "region": plant.topology.regions[int(fleet.region[slot])],
        "state": phase.name.lower() if is_up else "unreachable",
        "ready_in_s": max(float(fleet.until[slot]) - plant.now_s, 0.0) if phase is Phase.BOOTING else 0.0,
        "market": Market(int(fleet.market[slot])).name.lower(),
        "weight": float(fleet.weight[slot]),
        "memory_ratio": float(plant.world.memory_part()[slot]),
        "restarts": int(fleet.restarts[slot]),
    }


def breakers(plant: Plant) -> list[Readout]:
    """Each circuit breaker: between whom, in which state, and until when."""
    world = plant.world
    found = []
    for index, edge in enumerate(plant.topology.edges):
        until = float(world.breakers.until[index]) - plant.now_s
        found.append(
            {
                "name": edge.name,
                "source": edge.source,
                "target": edge.target,
                "state": BreakerState(int(world.breakers.state[index])).name.lower(),
                "changes_in_s": max(until, 0.0) if np.isfinite(until) else None,
                "failing_ratio": float(world.breakers.failing[index]),
                "opened": int(world.breakers.opened[index]),
                "has_fallback": edge.fallback,
                "retries": int(world.learned.retries[index]),
            }
        )
    return found


def blocks(plant: Plant) -> list[Readout]:
    """Each blocked network, and for how long still."""
    return [
        {"name": name, "expires_in_s": block.until_s - plant.now_s}
        for name, block in plant.world.firewall.blocks.items()
    ]


def limits(plant: Plant) -> list[Readout]:
    """The rate limits: of every address, and of services that have one."""
    firewall, known = plant.world.firewall, plant.topology.service_names()
    found: list[Readout] = [{"name": "address", "rps": firewall.address_limit_rps}]
    return found + [{"name": known[index], "rps": rps} for index, rps in sorted(firewall.service_limit_rps.items())]


def balancer(plant: Plant) -> list[Readout]:
    """Each pool: its algorithm, and its servers with their weights."""
    world = plant.world
    return [
        {
            "name": service["name"],
            "algorithm": service["balancer"],
            "servers": [
                {key: one[key] for key in ("name", "region", "state", "weight")} for one in service["instances"]
            ],
        }
        for service in (_service(plant, plant.health(), index) for index in range(len(world.topology.services)))
    ]


def regions(plant: Plant) -> list[Readout]:
    """Each region: whether it is up, and which part of the users it gets."""
    world = plant.world
    return [
        {"name": name, "up": bool(world.fleet.region_up[i]), "users_ratio": float(world.fleet.region_weights[i])}
        for i, name in enumerate(plant.topology.regions)
    ]


def caches(plant: Plant) -> list[Readout]:
    """Each application cache."""
    layer, hits = plant.world.supply.caches, plant.health().hit_ratio
    return [
        {
            "name": spec.name,
            "kind": spec.kind,
            "memory_mb": float(layer.memory_mb[i]),
            "hit_ratio": hits[spec.name],
            "warm_ratio": float(layer.warmth[i]),
            "early_refresh": bool(layer.locked[i]),
        }
        for i, spec in enumerate(plant.topology.caches)
    ]


def pools(plant: Plant) -> list[Readout]:
    """Each connection pool of a service that has one."""
    layer, known = plant.world.supply.pools, plant.topology.service_names()
    return [
        {
            "name": name,
            "size": int(layer.size[known.index(name)]),
            "idle_in_transaction": float(layer.leaked[known.index(name)]),
        }
        for name in names(plant.world, "pool")
    ]


def database(plant: Plant) -> list[Readout]:
    """Each node of the database."""
    store = plant.world.supply.store
    match store:
        case SqlCluster():
            return [_sql_node(plant, store, node, name) for node, name in enumerate(store.names())]
        case RingCluster():
            return [
                {"name": f"node-{i}", "up": bool(store.up[i]), "range_ratio": float(store.tokens[i])}
                for i in range(len(store.tokens))
            ]
        case _:
            units = ("read_units", "write_units")
            return [{"name": "table", **dict(zip(units, store.capacity.tolist(), strict=True))}]


def _sql_node(plant: Plant, store: SqlCluster, node: int, name: str) -> Readout:
    shard = int(store.shard[node])
    return {
        "name": name,
        "shard": shard,
        "shard_ratio": float(store.weights[shard]),
        "role": "primary" if store.primary[node] else "replica",
        "takes_reads": bool(store.ready_at[node] <= plant.now_s and not store.drained[node]),
        "ready_in_s": max(float(store.ready_at[node]) - plant.now_s, 0.0),
        "lag_s": float(store.lag_s[node]),
    }


def queues(plant: Plant) -> list[Readout]:
    """Each queue and topic."""
    layer = plant.world.supply.queues
    return [
        {
            "name": spec.name,
            "kind": spec.kind,
            "depth": float(layer.depth[i]),
            "consumers": int(layer.consumers[i]),
            "per_consumer_rps": float(layer.rate[i] / layer.slowness[i]),
        }
        for i, spec in enumerate(plant.topology.queues)
    ]


def functions(plant: Plant) -> list[Readout]:
    """Each serverless function."""
    layer = plant.world.supply.functions
    return [
        {"name": spec.name, "limit": float(layer.limit[i]), "provisioned": float(layer.provisioned[i])}
        for i, spec in enumerate(plant.topology.functions)
    ]


def cdn(plant: Plant) -> list[Readout]:
    """Each path of the CDN."""
    edge = plant.world.supply.cdn
    return [
        {
            "name": path,
            "ttl_s": float(edge.ttl_s[i]),
            "warm_ratio": float(edge.warmth[i]),
            "hit_ratio": float(edge.hit_ratio()[i]),
            "compression": edge.compression,
        }
        for i, path in enumerate(PATHS)
    ]


READOUTS: Mapping[str, Reader] = {
    "services": services,
    "breakers": breakers,
    "blocks": blocks,
    "limits": limits,
    "balancer": balancer,
    "regions": regions,
    "caches": caches,
    "pools": pools,
    "database": database,
    "queues": queues,
    "functions": functions,
    "cdn": cdn,
}
"""What can be read, by its name: each gives a list of things that have a `name`."""
