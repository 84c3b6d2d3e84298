"""Seconds of a plant that is well, for the tests of its logs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from opsdash.plant.summary import OUTCOMES, AddressTraffic, EdgeKey, RouteKey, TickSummary

ROUTES = (
    RouteKey("gateway", "GET", "/"),
    RouteKey("gateway", "GET", "/search"),
    RouteKey("orders", "POST", "/checkout", ok_code="201", client_code="422"),
    RouteKey("users", "GET", "/api/users/me", client_code="401"),
    RouteKey("payments", "POST", "/pay"),
    RouteKey("stream", "GET", "/stream/live"),
)
SERVICES = ("gateway", "users", "orders", "payments", "search", "stream")
EDGES = (EdgeKey("gateway", "orders"), EdgeKey("orders", "payments"), EdgeKey("gateway", "users"))


def summary(start_s: int, seconds: int, **changed: Any) -> TickSummary:
    """`seconds` of about 620 requests each; keyword arguments replace fields."""
    outcomes = np.zeros((seconds, len(ROUTES), len(OUTCOMES)))
    outcomes[:, :, :4] = (96.0, 5.0, 1.0, 0.5)
    outcomes[:, :, 6] = 0.5
    each = np.ones((seconds, len(EDGES)))
    address = AddressTraffic(
        address="203.0.113.66",
        country="RU",
        agent="curl/8.14.1",
        kind="attacker",
        route=0,
        requests=np.full(seconds, 8.0),
        limited=np.full(seconds, 2.0),
        blocked=np.zeros(seconds),
    )
    made = TickSummary(
        seconds=np.arange(start_s, start_s + seconds),
        routes=ROUTES,
        outcomes=outcomes,
        median_s=np.full((seconds, len(ROUTES)), 0.04),
        shape=3.0,
        services=SERVICES,
        instances=tuple(tuple(f"{name}-{number}" for number in range(3)) for name in SERVICES),
        versions=("2026.9.1",) * len(SERVICES),
        edges=EDGES,
        calls=each * 100,
        failed_calls=each * 8,
        rejected_calls=each,
        retried_calls=each * 4,
        call_median_s=each * 0.02,
        slow_queries=np.full((seconds, 2), 0.3),
        databases=("orders-primary", "orders-replica-1"),
        query_median_s=np.full((seconds, 2), 0.01),
        addresses=(address,),
        sql_injections=np.full(seconds, 0.1),
        xss=np.full(seconds, 0.1),
        failed_logins=np.full(seconds, 0.3),
    )
    return replace(made, **changed)
