"""Data for the comparison with the real Prometheus: tidy for the compliance suite, ragged for random queries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tests.fakes.storage import STALE, Series

START_MS = 1_700_000_000_000
STEP_MS = 5000
COMPLIANCE_POINTS = 1080
"""An hour and a half."""
RAGGED_POINTS = 480
"""Forty minutes: a head block takes what is at most an hour older than its newest sample."""
RAGGED_END_MS = START_MS + RAGGED_POINTS * STEP_MS

Floats = npt.NDArray[np.float64]
_BOUNDS = ("0.0001", "0.00015", "0.000225", "0.0003375", "0.00050625", "0.000759375", "0.0011390625", "+Inf")


def compliance_series() -> list[Series]:
    """What the suite's demo service would have shown: three instances, scraped together."""
    random = np.random.default_rng(1)
    times = START_MS + np.arange(COMPLIANCE_POINTS, dtype=np.int64) * STEP_MS
    found: list[Series] = []
    for number in range(3):
        where = {"job": "demo", "instance": f"demo.promlabs.com:1000{number}"}
        for name, labels, values in _demo(number, times, random):
            keep = ~np.isnan(values)
            found.append(Series({"__name__": name, **labels, **where}, times[keep], values[keep]))
    return found


def _demo(
    number: int, times: npt.NDArray[np.int64], random: np.random.Generator
) -> Iterator[tuple[str, dict[str, str], Floats]]:
    """Name, labels and values of one instance; NaN is a missing sample."""
    x = np.arange(times.size, dtype=np.float64)
    for kind in ("used", "cached", "buffers", "free"):
        wave = 1 + 0.3 * np.sin(x / 50 + number + len(kind)) + 0.05 * random.standard_normal(x.size)
        yield "demo_memory_usage_bytes", {"type": kind}, np.round(1e9 * wave)
    yield "demo_num_cpus", {}, np.full(x.size, 4.0 + number)
    for mode in ("user", "system", "idle"):
        counted = np.cumsum(random.random(x.size) * 5)
        if number == 1 and mode == "user":
            counted[500:] -= counted[500]
        yield "demo_cpu_usage_seconds_total", {"mode": mode}, counted
    yield "demo_disk_usage_bytes", {}, 1e10 + np.cumsum(random.random(x.size) * 1e6)
    yield "demo_disk_total_bytes", {}, np.full(x.size, 1e11)
    yield "demo_batch_last_success_timestamp_seconds", {}, (times // 60_000 * 60).astype(np.float64)
    yield "demo_intermittent_metric", {}, np.where((x // 30) % 3 == number, np.nan, 1.0)
    yield "up", {}, np.ones(x.size)
    name = "demo_api_request_duration_seconds"
    for method, path, status in (("GET", "/api/foo", "200"), ("GET", "/api/bar", "200"), ("POST", "/api/bar", "500")):
        labels = {"method": method, "path": path, "status": status}
        counts = random.poisson(3, (len(_BOUNDS), x.size)).cumsum(0).cumsum(1).astype(np.float64)
        for bound, row in zip(_BOUNDS, counts, strict=True):
            yield f"{name}_bucket", {**labels, "le": bound}, row
        yield f"{name}_count", labels, counts[-1]
        yield f"{name}_sum", labels, counts[-1] * 0.003


def ragged_series(seed: int) -> list[Series]:
    """Gaps, resets, jitter, churn, NaN, infinities and staleness markers, in every mixture."""
    random = np.random.default_rng(seed)
    found: list[Series] = []
    for a in ("x", "y", "z"):
        for b in ("1", "2", "3"):
            found.append(_ragged(random, {"__name__": "gauge", "a": a, "b": b}, _wandering(random)))
            found.append(_ragged(random, {"__name__": "other", "a": a, "b": b, "c": a + b}, _wandering(random)))
            found.append(_ragged(random, {"__name__": "counter_total", "a": a, "b": b}, _counted(random)))
            found += _histogram(random, {"a": a, "b": b})
        found.append(_ragged(random, {"__name__": "info", "a": a, "version": f"v{len(found) % 3}"}, _ones()))
        found.append(_ragged(random, {"__name__": "wild", "a": a}, _wild(random)))
        found.append(_ragged(random, {"__name__": "flags", "a": a}, np.floor(random.random(RAGGED_POINTS) * 3)))
    found.append(_ragged(random, {"__name__": "single"}, _wandering(random)))
    found.append(Series({"__name__": "steady", "a": "x"}, _grid(), np.full(RAGGED_POINTS, 2.5)))
    return found


def _grid() -> npt.NDArray[np.int64]:
    return START_MS + np.arange(RAGGED_POINTS, dtype=np.int64) * STEP_MS


def _ones() -> Floats:
    return np.ones(RAGGED_POINTS)


def _wandering(random: np.random.Generator) -> Floats:
    return np.round(100 + np.cumsum(random.standard_normal(RAGGED_POINTS)), 3)


def _counted(random: np.random.Generator) -> Floats:
    counted = np.cumsum(random.poisson(3, RAGGED_POINTS)).astype(np.float64)
    for at in random.integers(0, RAGGED_POINTS, 2).tolist():
        counted[at:] -= counted[at]  # a restart
    return counted


def _wild(random: np.random.Generator) -> Floats:
    values = np.round(random.standard_normal(RAGGED_POINTS) * 10, 2)
    for odd in (np.nan, np.inf, -np.inf, 0.0):
        values[random.random(RAGGED_POINTS) < 0.04] = odd
    return values


def _histogram(random: np.random.Generator, labels: dict[str, str]) -> list[Series]:
    bounds = ("0.1", "0.5", "1", "5", "+Inf")
    counts = random.poisson(2, (len(bounds), RAGGED_POINTS)).cumsum(0).cumsum(1).astype(np.float64)
    times, keep = _times(random), _kept(random)
    return [
        Series({"__name__": "latency_bucket", "le": bound, **labels}, times[keep], row[keep])
        for bound, row in zip(bounds, counts, strict=True)
    ]


def _ragged(random: np.random.Generator, labels: dict[str, str], values: Floats) -> Series:
    times, keep = _times(random), _kept(random)
    values = values.copy()
    if random.random() < 0.4:  # lost and found again, and said so
        values[random.integers(0, RAGGED_POINTS, 3)] = STALE
    if random.random() < 0.2:
        values[random.integers(0, RAGGED_POINTS, 4)] = np.nan
    return Series(labels, times[keep], values[keep])


def _times(random: np.random.Generator) -> npt.NDArray[np.int64]:
    """On the grid, shifted, or jittering; always rising."""
    way = random.random()
    if way < 0.4:
        return _grid()
    if way < 0.6:
        return _grid() + int(random.integers(1, STEP_MS))
    return _grid() + random.integers(0, STEP_MS - 1, RAGGED_POINTS)


def _kept(random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which samples there are: some lost, a gap longer than the look-back, or only a part of the time."""
    keep = random.random(RAGGED_POINTS) > (0.1 if random.random() < 0.5 else 0.0)
    if random.random() < 0.3:
        gap = int(random.integers(0, RAGGED_POINTS - 90))
        keep[gap : gap + int(random.integers(5, 90))] = False
    if random.random() < 0.25:
        end = int(random.integers(60, RAGGED_POINTS))
        keep[end:] = False
    elif random.random() < 0.25:
        keep[: int(random.integers(60, RAGGED_POINTS - 60))] = False
    keep[RAGGED_POINTS // 2] = True
    return keep
