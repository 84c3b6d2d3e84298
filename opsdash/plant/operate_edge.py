"""Operations at the edge and between services: breakers, limits, blocked addresses, the CDN, regions."""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np

from opsdash.plant.known import index
from opsdash.plant.layers.breakers import BreakerState
from opsdash.plant.layers.cdn import PATHS
from opsdash.plant.layers.firewall import Block, Network
from opsdash.plant.operation import EDGE, Operation
from opsdash.plant.verbs import Nonsense, Parameter, Refused, Values
from opsdash.plant.world import World

_WIDEST = {4: 8, 6: 19}


def _breaker(world: World, values: Values) -> tuple[int, str]:
    edge = index(world, "edge", values["edge"])
    return edge, BreakerState(int(world.breakers.state[edge])).name.lower()


def _open_breaker(world: World, _: float, values: Values) -> dict[str, Any]:
    edge, before = _breaker(world, values)
    world.breakers.force(edge)
    return {"before": before, "after": "forced_open"}


def _close_breaker(world: World, _: float, values: Values) -> dict[str, Any]:
    edge, before = _breaker(world, values)
    world.breakers.close(edge)
    return {"before": before, "after": "closed"}


def _half_open(world: World, now: float, values: Values) -> dict[str, Any]:
    edge, before = _breaker(world, values)
    world.breakers.probe(edge, now)
    return {"before": before, "after": "half_open"}


def _set_rate_limit(world: World, _: float, values: Values) -> dict[str, Any]:
    limits = world.firewall.service_limit_rps
    if values["service"] is None:
        before: float | None = world.firewall.address_limit_rps
        if values["rps"] == 0:
            raise Nonsense("the limit by address cannot be taken away; set a high one")
        world.firewall.address_limit_rps = values["rps"]
        return {"before": before, "after": values["rps"], "scope": "address"}
    service = index(world, "service", values["service"])
    if service == 0:
        raise Nonsense("limit a service behind the gateway, or every address (leave service out)")
    before = limits.get(service)
    if values["rps"] == 0:
        limits.pop(service, None)
        return {"before": before, "after": None, "scope": "service"}
    limits[service] = values["rps"]
    return {"before": before, "after": values["rps"], "scope": "service"}


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Nonsense(f"{text[:60]!r} is no address or network (203.0.113.7, 203.0.113.0/24)") from None
    if network.prefixlen < _WIDEST[network.version]:
        raise Nonsense(f"{network} is too wide: /{_WIDEST[network.version]} is the widest that can be blocked")
    return network


def _block_address(world: World, now: float, values: Values) -> dict[str, Any]:
    network = _network(values["address"])
    if len(world.firewall.blocks) >= 1_000:
        raise Refused("1,000 networks are blocked already; unblock some first")
    before = str(network) in world.firewall.blocks
    world.firewall.blocks[str(network)] = Block(network, now + values["expires_s"])
    return {"network": str(network), "before": before, "after": True}


def _unblock(world: World, _: float, values: Values) -> dict[str, Any]:
    network = str(_network(values["address"]))
    if world.firewall.blocks.pop(network, None) is None:
        raise Refused(f"{network} is not blocked")
    return {"network": network, "before": True, "after": False}


def _set_compression(world: World, _: float, values: Values) -> dict[str, Any]:
    before = world.supply.cdn.compression
    world.supply.cdn.compression = values["on"]
    return {"before": before, "after": values["on"]}


def _set_ttl(world: World, _: float, values: Values) -> dict[str, Any]:
    cdn = world.supply.cdn
    chosen = list(range(len(PATHS))) if values["path"] is None else [PATHS.index(values["path"])]
    before = cdn.ttl_s[chosen].tolist()
    cdn.ttl_s[chosen] = values["seconds"]
    return {"before": before, "after": cdn.ttl_s[chosen].tolist()}


def _invalidate(world: World, _: float, values: Values) -> dict[str, Any]:
    cdn = world.supply.cdn
    chosen = list(range(len(PATHS))) if values["path"] is None else [PATHS.index(values["path"])]
    before = cdn.warmth[chosen].tolist()
    cdn.warmth[chosen] = 0.0
    return {"before": before, "after": cdn.warmth[chosen].tolist()}


def _fail_over_region(world: World, now: float, values: Values) -> dict[str, Any]:
    source = index(world, "region", values["source"])
    before = world.fleet.region_weights.tolist()
    left = world.fleet.region_weights.copy()
    left[source] = 0.0
    up = world.fleet.region_up
    if not (up & (np.arange(len(up)) != source)).any():
        raise Refused("no other region is up")
    if left.sum() <= 0:
        left = np.where(up & (np.arange(len(up)) != source), 1.0, 0.0)
    world.fleet.relocate(left / left.sum(), now)
    return {"before": before, "after": world.fleet.region_weights.tolist()}


def _set_region_weights(world: World, now: float, values: Values) -> dict[str, Any]:
    first = values["first"]
    before = world.fleet.region_weights.tolist()
    world.fleet.relocate(np.array([first, 1.0 - first]), now)
    return {"before": before, "after": world.fleet.region_weights.tolist()}


_ADDRESS = Parameter("address", "text", "an address or a network")
_PATH = Parameter("path", "text", "files at the CDN; all when left out", choices="path", optional=True)

EDGE_OPERATIONS = (
    Operation("open_breaker", "Let no calls through until the breaker is closed again.", (EDGE,), _open_breaker),
    Operation("close_breaker", "Let all calls through.", (EDGE,), _close_breaker),
    Operation("half_open", "Let one call in ten through for ten seconds, and decide by them.", (EDGE,), _half_open),
    Operation(
        "set_rate_limit",
        "Requests a second that a service, or each address, may ask for; the rest gets 429. 0 lifts a service's.",
        (
            Parameter("rps", "number", "requests a second", 0, 100_000, unit="requests a second"),
            Parameter("service", "text", "the service; every address when left out", choices="service", optional=True),
        ),
        _set_rate_limit,
    ),
    Operation(
        "block_address",
        "Answer 403 to an address or a network until the block expires.",
        (_ADDRESS, Parameter("expires_s", "number", "how long", 10, 604_800, default=3_600.0, unit="seconds")),
        _block_address,
    ),
    Operation("unblock", "Lift a block.", (_ADDRESS,), _unblock),
    Operation(
        "set_compression",
        "Compress text at the CDN, or not.",
        (Parameter("on", "switch", "whether to compress"),),
        _set_compression,
    ),
    Operation(
        "set_ttl",
        "How long the CDN and browsers keep copies.",
        (Parameter("seconds", "number", "how long", 0, 31_536_000, unit="seconds"), _PATH),
        _set_ttl,
    ),
    Operation("invalidate", "Throw the CDN's copies away; it fills again.", (_PATH,), _invalidate),
    Operation(
        "fail_over_region",
        "Send the users of a region to the others.",
        (Parameter("source", "text", "the region to leave", choices="region"),),
        _fail_over_region,
    ),
    Operation(
        "set_region_weights",
        "Part of the users that goes to the first region.",
        (Parameter("first", "number", "part of the users", 0, 1),),
        _set_region_weights,
    ),
)
