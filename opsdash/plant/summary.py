"""What happened in some seconds, for whoever writes it down in other words (the logs): rates, latencies, attacks.

The plant calls its listeners with one `TickSummary` after each advance: a block of up to a minute while history is
made, one second when live. Every array has the seconds as its first axis. All rates are a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

OUTCOMES = ("ok", "client", "error", "bad_gateway", "refused", "timeout", "limited", "blocked")
"""What users got: the route's 2xx, its 4xx (404, 401, 422), 500, 502, 503, 504, 429 and 403."""


@dataclass(frozen=True, slots=True)
class RouteKey:
    """A route as users call it. `ok_code` and `client_code` are the codes of the first two outcomes."""

    service: str
    method: str
    path: str
    ok_code: str = "200"
    client_code: str = "404"


@dataclass(frozen=True, slots=True)
class EdgeKey:
    """A caller and what it calls: two services, or a service and a third party."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class AddressTraffic:
    """A client that stands out: its address, country, agent and what it asked for."""

    address: str
    country: str
    agent: str
    kind: str
    """office, crawler, partner or attacker."""
    route: int
    """Index into `routes`: what it mostly asks for."""
    requests: Floats
    limited: Floats
    blocked: Floats


@dataclass(frozen=True, slots=True)
class TickSummary:
    """One block of seconds; see the module's text."""

    seconds: npt.NDArray[np.int64]
    """Seconds since the epoch, [n]."""
    routes: tuple[RouteKey, ...]
    outcomes: Floats
    """Users' requests by outcome, [n, routes, len(OUTCOMES)]."""
    median_s: Floats
    """Median latency as users see it, [n, routes]; latencies are log-logistic around it."""
    shape: float
    """Exponent of the log-logistic: P(latency > t) = 1 / (1 + (t / median)^shape)."""
    services: tuple[str, ...]
    instances: tuple[tuple[str, ...], ...]
    """Per service: names of the instances that serve (pods), for `host.name`."""
    versions: tuple[str, ...]
    """Per service: what is deployed."""
    edges: tuple[EdgeKey, ...]
    calls: Floats
    """Attempts on each edge, [n, edges]."""
    failed_calls: Floats
    rejected_calls: Floats
    """Calls that the breaker did not let through."""
    retried_calls: Floats
    call_median_s: Floats
    slow_queries: Floats
    """Statements over 250 ms, [n, databases]."""
    databases: tuple[str, ...]
    query_median_s: Floats
    """[n, databases]."""
    addresses: tuple[AddressTraffic, ...]
    sql_injections: Floats
    """Attempts, [n]."""
    xss: Floats
    failed_logins: Floats
