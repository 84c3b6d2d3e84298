"""Scenarios of services and their instances: load, releases, memory, the spot market, a region."""

from __future__ import annotations

from opsdash.plant.scenarios.scenario import Act, Scenario, Signal, Step

_ORDERS_FAIL = Signal(figure="error_ratios", of="orders", healthy_below=0.02, worse_by=5)

_FLASH_SALE = Scenario(
    name="flash-sale",
    title="Flash sale",
    seen="users want 2.5 times as many orders; p99 of orders goes to 10 s, and it fails most requests.",
    remedy="The autoscaler is at its maximum. Run 12 instances of orders; they boot for 40 s.",
    label="run 12 instances of orders",
    steps=(Step(0, "flash_sale", {"service": "orders", "factor": 2.5}),),
    cure=(Act("set_replicas", {"service": "orders", "replicas": 12}),),
    signal=_ORDERS_FAIL,
)

_BAD_DEPLOY = Scenario(
    name="bad-deploy",
    title="Bad deploy",
    seen="5xx of orders jumps to 40 % within seconds, at no more requests; then the gateway's breaker opens.",
    remedy="A jump without more load is a release. Roll orders back; half of the instances at a time.",
    label="roll orders back",
    steps=(Step(0, "bad_deploy", {"service": "orders", "error_ratio": 0.4}),),
    cure=(Act("rollback", {"service": "orders"}),),
    signal=_ORDERS_FAIL,
    cured_within_s=180,
)

_MEMORY_LEAK = Scenario(
    name="memory-leak",
    title="Memory leak",
    seen="p99 of users climbs for a minute, then instances are killed in turn: 5xx in waves.",
    remedy="Restarting helps for a minute. Roll users back to the release that gives memory back.",
    label="roll users back",
    steps=(Step(0, "memory_leak", {"service": "users", "mb_per_s": 40.0}),),
    cure=(Act("rollback", {"service": "users"}),),
    signal=Signal(figure="error_ratios", of="users", healthy_below=0.02, worse_by=3),
    seen_within_s=240,
)

_SPOT_RECLAIM = Scenario(
    name="spot-reclaim",
    title="Spot instances reclaimed",
    seen="5xx of search comes and goes: half of its instances are taken away, boot, are taken again.",
    remedy="The spot market is dry. Buy the instances of search on demand; it costs more, and they stay.",
    label="run search on demand",
    steps=(Step(0, "spot_reclaim", {"service": "search", "every_s": 20.0}),),
    cure=(Act("set_market", {"service": "search", "on_demand": 1.0}),),
    signal=Signal(figure="error_ratios", of="search", healthy_below=0.02, worse_by=4),
)

_IN_THE_OTHER_REGION = {
    "gateway": 8, "users": 10, "orders": 10, "payments": 6, "notifications": 4, "search": 10, "stream": 4,
}  # fmt: skip
"""Instances that carry all users alone."""

_REGION_FAILOVER = Scenario(
    name="region-failover",
    title="A region fails",
    seen="requests of all services fall by nearly half at once; the balancer answers the others 503 itself.",
    remedy="Double what runs in eu-west-1 first, then send all users there: the other way round, it falls over too.",
    label="scale eu-west-1, then send all users there",
    steps=(Step(0, "region_failover", {"region": "us-east-1"}),),
    cure=(
        *(Act("set_replicas", {"service": name, "replicas": count}) for name, count in _IN_THE_OTHER_REGION.items()),
        Act("fail_over_region", {"source": "us-east-1"}, at_s=45),
    ),
    signal=Signal(figure="error_ratio", healthy_below=0.02, worse_by=10),
)

FLEET_SCENARIOS = (_FLASH_SALE, _BAD_DEPLOY, _MEMORY_LEAK, _SPOT_RECLAIM, _REGION_FAILOVER)
