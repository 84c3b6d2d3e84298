"""The names of what runs, by kind, and the index of each: services, edges, pools, nodes, instances, …"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from opsdash.plant.layers.balancer import ALGORITHMS
from opsdash.plant.layers.cdn import PATHS
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.fleet import Phase
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.layers.table import TableStore
from opsdash.plant.topology import INSTANCE_TYPES
from opsdash.plant.verbs import Refused
from opsdash.plant.world import World

T = TypeVar("T", SqlCluster, RingCluster, TableStore)


def names(world: World, kind: str) -> Sequence[str]:
    """All names of a kind, in the order of their indices; instances that are away are left out."""
    topology, supply = world.topology, world.supply
    match kind:
        case "service":
            return topology.service_names()
        case "edge":
            return [edge.name for edge in topology.edges]
        case "cache":
            return [cache.name for cache in topology.caches]
        case "queue":
            return [queue.name for queue in topology.queues]
        case "function":
            return [one.name for one in topology.functions]
        case "region":
            return topology.regions
        case "third party":
            return [party.name for party in topology.third_parties]
        case "pool":
            return [s.name for s in topology.services if s.db_reads + s.db_writes + s.redis_reads > 0]
        case "node":
            return supply.store.names() if isinstance(supply.store, SqlCluster) else []
        case "instance":
            fleet = world.fleet
            return [fleet.name(slot) for slot in range(fleet.count) if fleet.phase[slot] != Phase.AWAY]
        case "path":
            return PATHS
        case "algorithm":
            return ALGORITHMS
        case "instance type":
            return list(INSTANCE_TYPES)
        case _:
            raise KeyError(kind)


def index(world: World, kind: str, name: str) -> int:
    """Where something is in the arrays of its layer. The name has been checked before."""
    if kind == "pool":
        kind = "service"
    if kind == "instance":
        slot = world.fleet.slot(name)
        if slot is None:
            raise Refused(f"there is no instance {name!r}")
        return slot
    return list(names(world, kind)).index(name)


def store_as(world: World, kind: type[T]) -> T:
    """The database, if it is of this kind."""
    store = world.supply.store
    if not isinstance(store, kind):
        what = {SqlCluster: "PostgreSQL", RingCluster: "ring", TableStore: "table"}[kind]
        raise Refused(f"the architecture {world.topology.name} has no {what}")
    return store
