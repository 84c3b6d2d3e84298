"""The names of what runs, by kind, and the index of each: services, edges, pools, nodes, instances, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def _nodes(world: World) -> Sequence[str]:
    store = world.supply.store
    return store.names() if isinstance(store, SqlCluster) else []


def _instances(world: World) -> Sequence[str]:
    fleet = world.fleet
    return [fleet.name(slot) for slot in range(fleet.count) if fleet.phase[slot] != Phase.AWAY]


_NAMES: dict[str, Callable[[World], Sequence[str]]] = {
    "service": lambda world: world.topology.service_names(),
    "edge": lambda world: [edge.name for edge in world.topology.edges],
    "cache": lambda world: [cache.name for cache in world.topology.caches],
    "queue": lambda world: [queue.name for queue in world.topology.queues],
    "function": lambda world: [one.name for one in world.topology.functions],
    "region": lambda world: world.topology.regions,
    "third party": lambda world: [party.name for party in world.topology.third_parties],
    "pool": lambda world: [s.name for s in world.topology.services if s.db_reads + s.db_writes + s.redis_reads > 0],
    "node": _nodes,
    "instance": _instances,
    "path": lambda _: PATHS,
    "algorithm": lambda _: ALGORITHMS,
    "instance type": lambda _: list(INSTANCE_TYPES),
}


def names(world: World, kind: str) -> Sequence[str]:
    """All names of a kind, in the order of their indices; instances that are away are left out."""
    return _NAMES[kind](world)


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
