"""What it all costs: a price table times what runs and what flows, in dollars an hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.object_storage import TIER_USD_PER_GB_MONTH

Floats = npt.NDArray[np.float64]

COMPONENTS = ("compute", "database", "cache", "cdn", "storage", "queue", "serverless", "network")
EGRESS_USD_PER_GB = 0.085
REQUEST_USD = 0.000_001
BALANCER_USD_PER_HOUR = 0.45
QUEUE_USD_PER_HOUR = 1.02
CALL_USD = 0.000_000_2
GB_SECOND_USD = 0.000_016_666_7
PROVISIONED_GB_SECOND_USD = 0.000_004_166_7
GET_USD = 0.000_000_4
HOURS_A_MONTH = 730.0


@dataclass(frozen=True, slots=True, eq=False)
class CostFlow:
    """Dollars an hour."""

    components: Floats
    """[n, components]"""


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """What is paid for: prices of what runs, and flows, [n] or [n, functions]."""

    compute_usd: float
    database_usd: float
    cache_usd: float
    bytes_sent: Floats
    edge_requests: Floats
    api_bytes: Floats
    gigabytes: Floats
    gets: Floats
    invoked: Floats
    busy_gb_s: Floats
    """Gigabyte-seconds a second that functions use."""
    provisioned_gb: float


def priced(usage: Usage) -> CostFlow:
    """Dollars an hour by component, in the order of `COMPONENTS`."""
    seconds = len(usage.bytes_sent)
    storage = (usage.gigabytes * TIER_USD_PER_GB_MONTH).sum(axis=1) / HOURS_A_MONTH
    serverless = usage.invoked * CALL_USD + usage.busy_gb_s * GB_SECOND_USD
    serverless = serverless + usage.provisioned_gb * PROVISIONED_GB_SECOND_USD
    columns = [
        np.full(seconds, usage.compute_usd),
        np.full(seconds, usage.database_usd),
        np.full(seconds, usage.cache_usd),
        3600 * (usage.bytes_sent / 1024**3 * EGRESS_USD_PER_GB + usage.edge_requests * REQUEST_USD),
        storage + 3600 * usage.gets * GET_USD,
        np.full(seconds, QUEUE_USD_PER_HOUR),
        3600 * serverless,
        BALANCER_USD_PER_HOUR + 3600 * usage.api_bytes / 1024**3 * EGRESS_USD_PER_GB,
    ]
    return CostFlow(np.stack(columns, axis=1))
