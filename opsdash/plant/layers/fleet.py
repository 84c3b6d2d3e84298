"""Instances: who is booting, ready, draining or down; CPU, memory, type, market, speed; and the autoscaler's wish."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from opsdash.plant.topology import INSTANCE_TYPES, RESERVED_PRICE, SPOT_PRICE, Topology

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

QUOTA = 96
"""Instances that the account may run, all services together."""
_DRAIN_S = 10
_TARGET = 0.62
_SCALE_OUT_OVER = 0.74
_SCALE_IN_UNDER = 0.33


class Phase(IntEnum):
    """Where an instance is in its life."""

    AWAY = 0
    BOOTING = 1
    READY = 2
    DRAINING = 3
    """Gets no new requests and goes away soon."""
    OUT = 4
    """Taken out of the balancer by an operator; runs on, and can be put back."""


class Market(IntEnum):
    """How an instance is paid for."""

    ON_DEMAND = 0
    RESERVED = 1
    SPOT = 2


MARKET_PRICE = np.array([1.0, RESERVED_PRICE, SPOT_PRICE])
"""Part of the on-demand price, by `Market`."""


class Fleet:
    """All instances in arrays by slot. A slot that went away is used again by the next instance of its service."""

    def __init__(self, topology: Topology, generator: np.random.Generator) -> None:
        self.topology = topology
        self._generator = generator
        self._later: dict[int, float] = {}
        services = topology.services
        self.boot_s: Floats = np.array([s.boot_s for s in services])
        self.desired: Ints = np.array([s.replicas for s in services], dtype=np.int64)
        self.floor: Ints = self.desired.copy()
        """The autoscaler's minimum."""
        self.ceiling: Ints = np.array([s.max_replicas for s in services], dtype=np.int64)
        self.types: list[str] = [s.instance_type for s in services]
        self.mix: Floats = np.array([[1 - s.reserved - s.spot, s.reserved, s.spot] for s in services])
        """Parts of on-demand, reserved and spot by service."""
        self.region_up: Bools = np.ones(len(topology.regions), dtype=bool)
        self.region_weights: Floats = np.array(topology.region_weights)
        """Part of the users that each region gets."""
        self.busy_short: Floats = np.full(len(services), 0.5)
        self.busy_long: Floats = np.full(len(services), 0.5)
        self._have_no_slots()
        self.reclaimed = np.zeros(len(services))
        for index, service in enumerate(services):
            for _ in range(service.replicas):
                self._launch(index, 0.0, boots=False)

    def _have_no_slots(self) -> None:
        self.service: Ints = np.zeros(0, dtype=np.int64)
        self.region: Ints = np.zeros(0, dtype=np.int64)
        self.number: Ints = np.zeros(0, dtype=np.int64)
        """Which of its service's slots this is, from 0."""
        self.phase: Ints = np.zeros(0, dtype=np.int64)
        self.until: Floats = np.zeros(0)
        """When booting or draining ends."""
        self.started: Floats = np.zeros(0)
        self.vcpus: Floats = np.zeros(0)
        self.memory_mb: Floats = np.zeros(0)
        self.speed: Floats = np.zeros(0)
        """Work done in a CPU second against the usual: neighbours are noisy."""
        self.weight: Floats = np.zeros(0)
        self.market: Ints = np.zeros(0, dtype=np.int64)
        self.usd_per_hour: Floats = np.zeros(0)
        self.queue: Floats = np.zeros(0)
        """Requests that wait for the instance."""
        self.leaked_mb: Floats = np.zeros(0)
        self.life: Ints = np.zeros(0, dtype=np.int64)
        """Counts replacements: counters of an instance start again with it."""
        self.restarts: Ints = np.zeros(0, dtype=np.int64)
        self.killed: Ints = np.zeros(0, dtype=np.int64)
        """Times that it ran out of memory."""

    @property
    def count(self) -> int:
        """How many slots there are."""
        return len(self.service)

    def pool(self) -> Ints:
        """Service and region of each slot as one number."""
        return np.asarray(self.service * len(self.region_up) + self.region)

    def serving(self) -> Bools:
        """Which slots get requests."""
        return np.asarray((self.phase == Phase.READY) & self.region_up[self.region])

    def running(self) -> Bools:
        """Which slots exist, and so are paid for."""
        return np.asarray(self.phase != Phase.AWAY)

    def name(self, slot: int) -> str:
        """As pods are called: `orders-2`."""
        return f"{self.topology.services[self.service[slot]].name}-{self.number[slot]}"

    def of(self, service: int) -> Ints:
        """The slots of a service."""
        return np.flatnonzero(self.service == service)

    def slot(self, name: str) -> int | None:
        """The slot of an instance's name; None where there is none."""
        return next((i for i in range(self.count) if self.name(i) == name and self.phase[i] != Phase.AWAY), None)

    def scale(self, service: int, replicas: int, now: float) -> None:
        """Start or drain instances until as many as wanted run; a start takes the service's boot time."""
        self.desired[service] = replicas
        slots = self.of(service)
        live = slots[np.isin(self.phase[slots], (Phase.READY, Phase.BOOTING, Phase.OUT))]
        for _ in range(replicas - len(live)):
            self._launch(service, now, boots=True)
        for _ in range(len(live) - replicas):
            going = self._least_needed(service)
            self.phase[going] = Phase.DRAINING
            self.until[going] = now + _DRAIN_S

    def replace(self, slot: int, now: float, *, boot_s: float | None = None) -> None:
        """The instance is gone; another one boots in its place, bought by the service's mix and type."""
        self._fill(slot, now, boots=True)
        if boot_s is not None:
            self.until[slot] = now + boot_s

    def retype(self, service: int, name: str, now: float) -> None:
        """All instances become of another type, in two halves: the second half boots when the first is ready."""
        self.types[service] = name
        self.roll(service, now)

    def roll(self, service: int, now: float) -> None:
        """Replace every instance, half of them first; the others are replaced when these are ready."""
        slots = self.of(service)
        slots = slots[self.phase[slots] != Phase.AWAY]
        for order, slot in enumerate(slots):
            if order % 2 == 0:
                self.replace(int(slot), now)
            else:
                self._later[int(slot)] = now + float(self.boot_s[service]) + 1

    def relocate(self, weights: Floats, now: float) -> None:
        """Users go to regions by these weights; instances follow: new ones boot where they are missing."""
        self.region_weights = weights
        empty = (weights == 0)[self.region] & (self.phase != Phase.AWAY)
        lost = empty & ~self.region_up[self.region]
        self.phase[lost] = Phase.AWAY
        going = empty & ~lost
        self.phase[going] = Phase.DRAINING
        self.until[going] = now + self.boot_s[self.service[going]] + _DRAIN_S
        for service, replicas in enumerate(self.desired.tolist()):
            self.scale(service, replicas, now)

    def step(self, now: float) -> None:
        """What ends by now: boots, drains, the second halves of a roll."""
        due = (self.until <= now) & (self.phase == Phase.BOOTING)
        self.phase[due] = Phase.READY
        gone = (self.until <= now) & (self.phase == Phase.DRAINING)
        self.phase[gone] = Phase.AWAY
        self.queue[~self.serving()] = 0.0
        for slot in [slot for slot, when in self._later.items() if when <= now]:
            del self._later[slot]
            if self.phase[slot] != Phase.AWAY:
                self.replace(slot, now)

    def autoscale(self, now: float) -> None:
        """Follow utilisation between floor and ceiling, out quickly and in slowly."""
        for service in range(len(self.desired)):
            wanted = int(self.desired[service])
            booting = bool((self.phase[self.of(service)] == Phase.BOOTING).any())
            if self.busy_short[service] > _SCALE_OUT_OVER and not booting:
                wanted = min(int(np.ceil(wanted * self.busy_short[service] / _TARGET)), int(self.ceiling[service]))
            elif max(self.busy_short[service], self.busy_long[service]) < _SCALE_IN_UNDER:
                wanted = max(wanted - 1, int(self.floor[service]))
            room = QUOTA - int(self.running().sum()) + int(self.desired[service])
            wanted = min(wanted, room)
            if wanted > self.desired[service] or (wanted < self.desired[service] and not booting):
                self.scale(service, wanted, now)
                self.busy_long[service] = 0.5

    def _least_needed(self, service: int) -> int:
        slots = self.of(service)
        slots = slots[np.isin(self.phase[slots], (Phase.READY, Phase.BOOTING, Phase.OUT))]
        regions = self.region[slots]
        crowd = np.bincount(regions, minlength=len(self.region_up))[regions] / self._weights()[regions]
        return int(slots[np.lexsort((self.number[slots], crowd))[-1]])

    def _weights(self) -> Floats:
        return np.asarray(np.maximum(self.region_weights * self.region_up, 0.02))

    def _launch(self, service: int, now: float, *, boots: bool) -> int:
        slots = self.of(service)
        region = self._region_for(service)
        free = slots[(self.phase[slots] == Phase.AWAY) & (self.region[slots] == region)]
        slot = int(free[0]) if len(free) else self._new_slot(service, region, len(slots))
        self._fill(slot, now, boots=boots)
        return slot

    def _region_for(self, service: int) -> int:
        slots = self.of(service)
        slots = slots[np.isin(self.phase[slots], (Phase.READY, Phase.BOOTING, Phase.OUT))]
        there = np.bincount(self.region[slots], minlength=len(self.region_up))
        return int(np.argmin((there + 0.5) / self._weights()))

    def _new_slot(self, service: int, region: int, number: int) -> int:
        for name, value in (("service", service), ("region", region), ("number", number)):
            setattr(self, name, np.append(getattr(self, name), value))
        for name in ("phase", "market", "life", "restarts", "killed"):
            setattr(self, name, np.append(getattr(self, name), 0))
        for name in _FLOATS:
            setattr(self, name, np.append(getattr(self, name), 0.0))
        return self.count - 1

    def _fill(self, slot: int, now: float, *, boots: bool) -> None:
        service = int(self.service[slot])
        kind = INSTANCE_TYPES[self.types[service]]
        self.phase[slot] = Phase.BOOTING if boots else Phase.READY
        self.until[slot] = now + self.boot_s[service] if boots else now
        self.started[slot] = now
        self.vcpus[slot] = kind.vcpus
        self.memory_mb[slot] = kind.memory_gb * 1024
        self.speed[slot] = np.clip(1.0 + 0.06 * self._generator.standard_normal(), 0.85, 1.12)
        self.weight[slot] = 100.0
        self.market[slot] = self._market_for(service, slot)
        self.usd_per_hour[slot] = kind.usd_per_hour * MARKET_PRICE[self.market[slot]]
        self.queue[slot] = 0.0
        self.leaked_mb[slot] = 0.0
        self.life[slot] += 1

    def _market_for(self, service: int, slot: int) -> int:
        slots = self.of(service)
        slots = slots[(self.phase[slots] != Phase.AWAY) & (slots != slot)]
        there = np.bincount(self.market[slots], minlength=3)
        return int(np.argmax(self.mix[service] * (len(slots) + 1) - there))


_FLOATS = (
    "until",
    "started",
    "vcpus",
    "memory_mb",
    "speed",
    "weight",
    "usd_per_hour",
    "queue",
    "leaked_mb",
)
