"""Scenarios at the edge and between services: third parties, retries, floods, the CDN."""

from __future__ import annotations

from opsdash.plant.scenarios.scenario import Act, Scenario, Signal, Step

_SLOW_PAYMENT = Scenario(
    name="slow-payment",
    title="Slow third-party payment",
    seen="p99 of payments and then of orders climbs, although neither is busy: they wait for the bank.",
    remedy="Open the breaker orders-payments: orders are taken at once, and are paid when the bank is back.",
    label="open the breaker orders-payments",
    steps=(Step(0, "slow_payment", {"party": "bank", "latency_s": 2.5}),),
    cure=(Act("open_breaker", {"edge": "orders-payments"}),),
    signal=Signal(figure="p99_s", of="orders", healthy_below=2.0, worse_by=1.5),
    cured_within_s=120,
)

_RETRY_STORM = Scenario(
    name="retry-storm",
    title="Retry storm",
    seen="a stall of 30 s, and orders never comes back: each request is made five times.",
    remedy="Every failure is tried four times again. Open the breaker gateway-orders for 30 s, then close it.",
    label="open the breaker gateway-orders for 30 s",
    steps=(Step(0, "retry_storm", {"edge": "gateway-orders", "retries": 4, "stall_s": 30.0}),),
    cure=(
        Act("open_breaker", {"edge": "gateway-orders"}),
        Act("close_breaker", {"edge": "gateway-orders"}, at_s=30),
    ),
    signal=Signal(figure="error_ratios", of="orders", healthy_below=0.02, worse_by=5),
)

_TRAFFIC_FLOOD = Scenario(
    name="traffic-flood",
    title="Traffic flood from few addresses",
    seen="six times the requests, the new ones for search, which fails most; the log names four addresses.",
    remedy="Block 203.0.113.0/24 for an hour. More instances would only serve the attackers.",
    label="block 203.0.113.0/24 for an hour",
    steps=(Step(0, "traffic_flood", {"addresses": 4, "rps": 900.0}),),
    cure=(Act("block_address", {"address": "203.0.113.0/24", "expires_s": 3600}),),
    signal=Signal(figure="error_ratios", of="search", healthy_below=0.02, worse_by=5),
    cured_within_s=180,
)

_CDN_MISCONFIGURED = Scenario(
    name="cdn-misconfigured",
    title="CDN misconfigured",
    dashboard="Cost",
    seen="the CDN costs three times as much an hour; its hit ratio is below 40 %, text is uncompressed.",
    remedy="Turn compression on again, and keep copies for a day.",
    label="compression on, copies kept for a day",
    steps=(Step(0, "cdn_misconfigured", {"ttl_s": 30.0}),),
    cure=(Act("set_compression", {"on": True}), Act("set_ttl", {"seconds": 86_400})),
    signal=Signal(figure="usd_per_hour", of="cdn", healthy_below=6.0, worse_by=1.3),
    cured_within_s=120,
)

EDGE_SCENARIOS = (_SLOW_PAYMENT, _RETRY_STORM, _TRAFFIC_FLOOD, _CDN_MISCONFIGURED)
