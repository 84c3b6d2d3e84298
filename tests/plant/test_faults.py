"""Each fault worsens its signal within two minutes, is not cured by waiting, and is cured by its operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opsdash.plant.architectures import SHOP
from opsdash.plant.faults import FAULTS
from opsdash.plant.health import Health
from opsdash.plant.plant import Plant

NIGHT, EVENING = 1_795_057_200, 1_795_107_600
"""02:00 and 16:00 UTC of a weekday: little load and much."""

Step = tuple[str, dict[str, Any]]

CURES: dict[str, tuple[Callable[[Health], float], float, tuple[Step, ...]]] = {
    "flash_sale": (lambda h: h.p99_s["search"] + h.error_ratios["search"], 1.5,
                   (("set_replicas", {"service": "search", "replicas": 16}),)),
    "hot_shard": (lambda h: h.p99_s["orders"] + 10 * h.error_ratios["orders"], 1.4,
                  (("split_shard", {"shard": 2}),)),
    "cache_stampede": (lambda h: 1 - h.hit_ratio["redis"], 3.0, (("warm_cache", {"cache": "redis"}),)),
    "slow_payment": (lambda h: h.error_ratios["payments"], 50.0, (("open_breaker", {"edge": "payments-bank"}),)),
    "retry_storm": (lambda h: h.error_ratios["orders"], 50.0, (("open_breaker", {"edge": "gateway-orders"}),)),
    "bad_deploy": (lambda h: h.error_ratios["orders"], 20.0, (("rollback", {"service": "orders"}),)),
    "traffic_flood": (lambda h: h.error_ratio, 50.0, (("block_address", {"address": "203.0.113.0/24"}),)),
    "replica_lag": (lambda h: h.lag_s, 50.0, (("drain", {"target": "shard-1-replica-1"}),)),
    "pool_exhausted": (lambda h: h.error_ratios["orders"], 20.0, (("kill_idle", {"pool": "orders"}),)),
    "queue_backlog": (lambda h: 1 + h.queue_depth["emails"], 100.0,
                      (("set_consumers", {"queue": "emails", "consumers": 40}),)),
    "spot_reclaim": (lambda h: h.p99_s["search"] + 10 * h.error_ratios["search"], 1.3,
                     (("set_market", {"service": "search", "on_demand": 1.0}),)),
    "memory_leak": (lambda h: h.p99_s["users"] + 10 * h.error_ratios["users"], 1.5,
                    (("rollback", {"service": "users"}),)),
    "cdn_misconfigured": (lambda h: h.usd_per_hour["cdn"], 2.0,
                          (("set_compression", {"on": True}), ("set_ttl", {"seconds": 86_400}))),
    "cold_starts": (lambda h: h.p99_s["search"], 1.5,
                    (("set_concurrency", {"function": "personalise", "provisioned": 20}),)),
    "region_failover": (lambda h: h.error_ratio, 50.0, (("fail_over_region", {"source": "us-east-1"}),)),
}  # fmt: skip


def mean(plant: Plant, signal: Callable[[Health], float], seconds: int) -> float:
    values = []
    for _ in range(seconds):
        plant.tick()
        values.append(signal(plant.health()))
    return sum(values) / seconds


@pytest.mark.parametrize("now_s", [NIGHT, EVENING])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_stays_and_is_cured_by_its_operation(name: str, now_s: int) -> None:
    signal, worse, steps = CURES[name]
    plant = Plant(SHOP, 1, now_s)
    plant.history(600)
    calm = mean(plant, signal, 30)
    plant.inject(name)
    mean(plant, signal, 60)
    assert mean(plant, signal, 60) > worse * calm
    mean(plant, signal, 240)
    assert mean(plant, signal, 60) > worse * calm, "doing nothing cured it"
    for operation, arguments in steps:
        plant.operate(operation, **arguments)
    mean(plant, signal, 60)
    if name == "retry_storm":
        plant.operate("close_breaker", edge="gateway-orders")
    mean(plant, signal, 240)
    assert mean(plant, signal, 60) < calm + 0.35 * (worse - 1) * calm + 0.002
    assert [fault.name for fault in plant.faults()] == [name]
    plant.clear(name)
    assert plant.faults() == ()


def test_every_fault_has_its_test() -> None:
    assert set(CURES) == set(FAULTS)
