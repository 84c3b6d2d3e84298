"""The load balancer: how the requests of a pool are shared among its instances, by four algorithms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALGORITHMS = ("roundrobin", "leastconn", "weighted", "source")
"""As HAProxy calls them, save `weighted`, which is its roundrobin with weights; `source` hashes the address."""
_ROUND_ROBIN, _LEAST, _WEIGHTED, _SOURCE = range(4)


def stickiness(numbers: Ints, services: Ints) -> Floats:
    """How many of the clients' addresses hash to each slot: uneven, and always the same."""
    mixed = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (
        services.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    )
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    part = mixed.astype(np.float64) / 2.0**64
    return np.asarray(0.55 + 1.1 * part**1.6)


@dataclass(frozen=True, slots=True, eq=False)
class Servers:
    """Everything that a balancer may go by, [slots] each."""

    pool: Ints
    """Service and region as one number: requests are shared inside of a pool."""
    pools: int
    serving: npt.NDArray[np.bool_]
    speed: Floats
    """Requests a second that one can do at most."""
    weight: Floats
    sticky: Floats


def shares(algorithm: Ints, servers: Servers) -> Floats:
    """Part of its pool's requests that each slot gets; all zero in a pool where nobody serves.

    `algorithm` is by slot. Least connections gives to whoever finishes first, so it evens out utilisation and not the
    number of requests.
    """
    speed = servers.speed
    wanted = np.choose(algorithm, [np.ones_like(speed), speed, servers.weight, servers.sticky])
    wanted = np.where(servers.serving, np.maximum(wanted, 1e-12), 0.0)
    whole = np.bincount(servers.pool, weights=wanted, minlength=servers.pools)[servers.pool]
    return np.asarray(np.divide(wanted, whole, out=np.zeros_like(wanted), where=whole > 0))
