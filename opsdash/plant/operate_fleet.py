"""Operations on instances: how many, how big, how paid for, how balanced, which version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from opsdash.plant.known import index
from opsdash.plant.layers.balancer import ALGORITHMS
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.fleet import QUOTA, Phase
from opsdash.plant.operation import SERVICE, Operation
from opsdash.plant.release import Release
from opsdash.plant.verbs import Nonsense, Parameter, Refused, Values
from opsdash.plant.world import World

MOST_REPLICAS = 40


def _set_replicas(world: World, now: float, values: Values) -> dict[str, Any]:
    fleet, service, wanted = world.fleet, index(world, "service", values["service"]), values["replicas"]
    before = int(fleet.desired[service])
    running = int(fleet.running().sum())
    if running - before + wanted > QUOTA:
        left = QUOTA - running + before
        raise Refused(f"the account may run {QUOTA} instances; {values['service']} can have {left} at most now")
    fleet.floor[service] = wanted
    fleet.ceiling[service] = max(int(fleet.ceiling[service]), wanted)
    fleet.scale(service, wanted, now)
    return {"before": before, "after": wanted, "ready_in_s": float(fleet.boot_s[service]) if wanted > before else 0.0}


def _set_instance_type(world: World, now: float, values: Values) -> dict[str, Any]:
    fleet, service = world.fleet, index(world, "service", values["service"])
    before = fleet.types[service]
    if before == values["type"]:
        raise Refused(f"{values['service']} runs on {before} already")
    fleet.retype(service, values["type"], now)
    return {"before": before, "after": values["type"], "ready_in_s": 2 * float(fleet.boot_s[service])}


def _set_market(world: World, now: float, values: Values) -> dict[str, Any]:
    fleet, service = world.fleet, index(world, "service", values["service"])
    mix = np.array([values["on_demand"], values["reserved"], values["spot"]])
    if abs(mix.sum() - 1.0) > 0.001:
        raise Nonsense(f"on_demand, reserved and spot must add up to 1, not {mix.sum():g}")
    before = fleet.mix[service].tolist()
    fleet.mix[service] = mix
    fleet.roll(service, now)
    return {"before": before, "after": mix.tolist(), "ready_in_s": 2 * float(fleet.boot_s[service])}


def _set_autoscaler(world: World, _: float, values: Values) -> dict[str, Any]:
    fleet, service = world.fleet, index(world, "service", values["service"])
    if values["minimum"] > values["maximum"]:
        raise Nonsense(f"minimum ({values['minimum']}) is over maximum ({values['maximum']})")
    before = [int(fleet.floor[service]), int(fleet.ceiling[service])]
    fleet.floor[service], fleet.ceiling[service] = values["minimum"], values["maximum"]
    return {"before": before, "after": [values["minimum"], values["maximum"]]}


def _set_balancer(world: World, _: float, values: Values) -> dict[str, Any]:
    service = index(world, "service", values["service"])
    before = ALGORITHMS[world.algorithm[service]]
    world.algorithm[service] = ALGORITHMS.index(values["algorithm"])
    return {"before": before, "after": values["algorithm"]}


def _set_weight(world: World, _: float, values: Values) -> dict[str, Any]:
    slot = index(world, "instance", values["instance"])
    before = float(world.fleet.weight[slot])
    world.fleet.weight[slot] = values["weight"]
    return {"before": before, "after": values["weight"]}


def _drain(world: World, _: float, values: Values) -> dict[str, Any]:
    return _put(world, values["target"], out=True)


def _ready(world: World, _: float, values: Values) -> dict[str, Any]:
    return _put(world, values["target"], out=False)


def _put(world: World, target: str, *, out: bool) -> dict[str, Any]:
    store, fleet = world.supply.store, world.fleet
    if isinstance(store, SqlCluster) and target in store.names():
        node = store.names().index(target)
        if store.primary[node]:
            raise Refused(f"{target} is a primary; promote a replica first")
        before = "drained" if store.drained[node] else "ready"
        store.drained[node] = out
        return {"before": before, "after": "drained" if out else "ready"}
    slot = fleet.slot(target)
    if slot is None:
        raise Refused(f"there is no instance or replica {target[:60]!r}")
    wanted, needed = (Phase.OUT, Phase.READY) if out else (Phase.READY, Phase.OUT)
    before = Phase(int(fleet.phase[slot])).name.lower()
    if fleet.phase[slot] != needed:
        raise Refused(f"{target} is {before}, not {needed.name.lower()}")
    fleet.phase[slot] = wanted
    return {"before": before, "after": wanted.name.lower()}


def _deploy(world: World, now: float, values: Values) -> dict[str, Any]:
    service = index(world, "service", values["service"])
    before = world.releases[service]
    if values["version"] == before.version:
        raise Refused(f"{values['service']} runs {before.version} already")
    world.previous[service] = before
    # A release carries no fault of the one before it.
    world.releases[service] = replace(Release(), version=values["version"])
    world.fleet.roll(service, now)
    ready = 2 * float(world.fleet.boot_s[service])
    return {"before": before.version, "after": values["version"], "ready_in_s": ready}


def _rollback(world: World, now: float, values: Values) -> dict[str, Any]:
    service = index(world, "service", values["service"])
    before, older = world.releases[service], world.previous[service]
    if older is None:
        raise Refused(f"{values['service']} has no release before {before.version}")
    world.releases[service], world.previous[service] = older, None
    world.fleet.roll(service, now)
    ready = 2 * float(world.fleet.boot_s[service])
    return {"before": before.version, "after": older.version, "ready_in_s": ready}


def _restart(world: World, now: float, values: Values) -> dict[str, Any]:
    service = index(world, "service", values["service"])
    world.fleet.roll(service, now)
    return {"ready_in_s": 2 * float(world.fleet.boot_s[service])}


_COUNT = Parameter("replicas", "integer", "how many instances", 1, MOST_REPLICAS)
_PART = "part of the instances, 0 to 1"
_TARGET = Parameter("target", "text", "an instance (orders-1) or a read replica (shard-0-replica-1)")

FLEET_OPERATIONS = (
    Operation("set_replicas", "Scale a service out or in; new instances boot first.", (SERVICE, _COUNT), _set_replicas),
    Operation(
        "set_instance_type",
        "Scale a service up or down: every instance is replaced, half of them at a time.",
        (SERVICE, Parameter("type", "text", "the type", choices="instance type")),
        _set_instance_type,
    ),
    Operation(
        "set_market",
        "Buy a service's instances on demand, reserved or on the spot market; they are replaced by halves.",
        (
            SERVICE,
            Parameter("on_demand", "number", _PART, 0, 1, default=0.0),
            Parameter("reserved", "number", _PART, 0, 1, default=0.0),
            Parameter("spot", "number", _PART, 0, 1, default=0.0),
        ),
        _set_market,
    ),
    Operation(
        "set_autoscaler",
        "Bounds between which the autoscaler follows the load.",
        (
            SERVICE,
            Parameter("minimum", "integer", "fewest instances", 1, MOST_REPLICAS),
            Parameter("maximum", "integer", "most instances", 1, MOST_REPLICAS),
        ),
        _set_autoscaler,
    ),
    Operation(
        "set_balancer",
        "How requests are shared among a service's instances.",
        (SERVICE, Parameter("algorithm", "text", "the algorithm", choices="algorithm")),
        _set_balancer,
    ),
    Operation(
        "set_weight",
        "The weight of an instance under the algorithm weighted.",
        (
            Parameter("instance", "text", "the instance", choices="instance"),
            Parameter("weight", "number", "100 is the usual", 1, 256),
        ),
        _set_weight,
    ),
    Operation("drain", "Send an instance or a read replica no more requests.", (_TARGET,), _drain),
    Operation("ready", "Send requests to a drained instance or replica again.", (_TARGET,), _ready),
    Operation(
        "deploy",
        "Roll a version out, half of the instances at a time.",
        (SERVICE, Parameter("version", "text", "the version, as in v43")),
        _deploy,
    ),
    Operation("rollback", "Go back to the version before.", (SERVICE,), _rollback),
    Operation("restart", "Replace all instances of a service, half at a time.", (SERVICE,), _restart),
)
