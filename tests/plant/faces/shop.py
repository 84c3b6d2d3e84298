"""A small shop's metrics that do not change, for the tests of the Prometheus face."""

from __future__ import annotations

import numpy as np

from opsdash.plant.faces.prometheus_catalogue import Family, Target
from tests.fakes.storage import FixedCatalogue, FixedStorage, Series

START_MS = 1_700_000_000_000
END_MS = START_MS + 3_600_000
NOW_S = END_MS / 1000
TIMES = np.arange(START_MS, END_MS + 1, 5000, dtype=np.int64)

FAMILIES = {
    "http_requests_total": Family(type="counter", help='Requests\\answers of "all"\nservices.'),
    "http_request_duration_seconds": Family(type="histogram", help="How long.", unit="seconds"),
    "node_load1": Family(type="gauge", help="Load."),
    "odd_counter": Family(type="counter"),
}


def _line(value: np.ndarray, name: str, **labels: str) -> Series:
    return Series({"__name__": name, "job": "shop", **labels}, TIMES, np.asarray(value, np.float64))


def series() -> list[Series]:
    """Three instances, two of them busy, and numbers that are hard to write."""
    x = np.arange(TIMES.size, dtype=np.float64)
    found = []
    for i in range(3):
        where = {"instance": f"10.0.0.{i}:80"}
        found.append(_line(np.ones(x.size), "up", **where))
        found.append(_line(np.sin(x / 30 + i) / 3 + 1, "node_load1", **where))
        found += [
            _line(np.floor(x * (i + 1) * 7 / int(code)), "http_requests_total", code=code, **where)
            for code in ("200", "404", "500")
        ]
        found += [
            _line(x * (k + 1), "http_request_duration_seconds_bucket", le=le, **where)
            for k, le in enumerate(("0.1", "0.5", "1", "+Inf"))
        ]
        found.append(_line(x * 4, "http_request_duration_seconds_count", **where))
        found.append(_line(x * 1.25, "http_request_duration_seconds_sum", **where))
    hard = (1e-7, 1.5e-5, 0.1 + 0.2, 1e15, 123456789012345680.0, 1e20, 1e21, 2.5e300, -0.0, np.inf, -np.inf, np.nan)
    found += [_line(np.full(x.size, value), "hard", n=f"{n:02d}") for n, value in enumerate(hard)]
    found.append(_line(x, "odd_counter", text='a "quoted"\\ line\nand <b>ünï</b>'))
    short = TIMES[100:200]
    found.append(Series({"__name__": "gone", "job": "shop"}, short, np.arange(short.size, dtype=np.float64)))
    return found


def storage() -> FixedStorage:
    """All of it."""
    return FixedStorage(series())


def catalogue() -> FixedCatalogue:
    """The families, and a target for each instance."""
    targets = [
        Target(
            labels={"job": "shop", "instance": f"10.0.0.{i}:80"},
            scrape_url=f"http://10.0.0.{i}:80/metrics",
            is_up=i != 2,
            last_error="" if i != 2 else "connection refused",
            last_scrape_s=NOW_S,
            scrape_duration_s=0.01,
        )
        for i in range(3)
    ]
    return FixedCatalogue(FAMILIES, tuple(targets))
