"""A deterministic high-traffic shop: every sample is a closed form of time, so history and live scrapes join.

    python -m benchmarks.plant serve PORT             /metrics on 127.0.0.1:PORT, text format
    python -m benchmarks.plant backfill HOURS STEP    OpenMetrics history ending now, on stdout, for
                                                      `promtool tsdb create-blocks-from openmetrics`

926 series: requests by service, instance and code; latency histograms; CPU; memory; queues; caches; database
connections; dollars per hour. Counters start at `EPOCH_S`. Only the standard library is needed.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TextIO

SERVICES = {"gateway": 420.0, "users": 90.0, "orders": 120.0, "payments": 45.0, "search": 160.0, "stream": 210.0}
"""Service → requests a second on average."""
INSTANCES = 8
CODES = {"200": 0.962, "301": 0.02, "404": 0.012, "500": 0.006}
"""Status code → part of the requests."""
_FAILING = {"404": 0.3, "500": 0.5}
"""Status code → how much of it goes with slowness instead of with work."""
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency buckets."""
COMPONENTS_USD = {"compute": 41.0, "database": 18.5, "cdn": 9.2, "queue": 1.1}
"""Component → dollars an hour on average."""
QUEUES = ("orders", "emails", "thumbnails")
CACHES = ("redis", "cdn")
DATABASES = ("primary", "replica-1", "replica-2")
EPOCH_S = 1_790_000_000
JOB = "plant"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series. `family` is the name that OpenMetrics declares a type for."""

    family: str
    kind: str
    name: str
    labels: str
    value: float

    def text(self) -> str:
        """The value as it is exposed: counters with three decimals, gauges with six digits."""
        return f"{self.value:.6g}" if self.kind == "gauge" else f"{self.value:.3f}"


def _swing(at_s: float, period_s: float, phase: float) -> float:
    """The integral since the epoch of 1 + 0.6 sin(2πt/period + phase): smooth, and it only grows."""
    omega = 2 * math.pi / period_s
    return (at_s - EPOCH_S) - 0.6 / omega * (math.cos(omega * at_s + phase) - math.cos(omega * EPOCH_S + phase))


def _lognormal_cdf(x: float, median: float, sigma: float) -> float:
    return 0.5 * (1 + math.erf(math.log(x / median) / (sigma * math.sqrt(2))))


_FAST = [_lognormal_cdf(bound, 0.03, 0.7) for bound in BOUNDS_S] + [1.0]
_SLOW = [_lognormal_cdf(bound, 0.25, 0.8) for bound in BOUNDS_S] + [1.0]
_EDGES = [*map(str, BOUNDS_S), "+Inf"]


def _requests(where: str, share: float, work: float, slow: float) -> Iterator[Sample]:
    for code, part in CODES.items():
        failing = _FAILING.get(code, 0.0)
        seconds = (1 - failing) * work + failing * slow
        labels = f'{where},code="{code}"'
        yield Sample("http_requests", "counter", "http_requests_total", labels, share * part * seconds)


def _latencies(where: str, share: float, work: float, slow: float) -> Iterator[Sample]:
    family = "http_request_duration_seconds"
    for edge, fast_part, slow_part in zip(_EDGES, _FAST, _SLOW, strict=True):
        value = share * (0.9 * work * fast_part + 0.1 * slow * slow_part)
        yield Sample(family, "histogram", f"{family}_bucket", f'{where},le="{edge}"', value)
    yield Sample(family, "histogram", f"{family}_sum", where, share * (0.9 * work * 0.038 + 0.1 * slow * 0.34))
    yield Sample(family, "histogram", f"{family}_count", where, share * (0.9 * work + 0.1 * slow))


def _instance(at_s: float, order: int, service: str, rate: float, number: int) -> Iterator[Sample]:
    where = f'service="{service}",instance="{service}-{number}"'
    share = rate / INSTANCES * (0.8 + 0.05 * number)
    work = _swing(at_s, 1800 + 200 * order, order + 0.3 * number)
    slow = _swing(at_s, 700 + 90 * order, 2 * order + 0.2 * number)
    yield from _requests(where, share, work, slow)
    yield from _latencies(where, share, work, slow)
    cpu = 0.45 + 0.25 * math.sin(at_s / 300 + order) + 0.1 * math.sin(at_s / 37 + number)
    yield Sample("cpu_usage_ratio", "gauge", "cpu_usage_ratio", where, cpu)
    memory = 1e9 * (2 + 0.5 * math.sin(at_s / 900 + number) + 0.2 * order)
    yield Sample("memory_usage_bytes", "gauge", "memory_usage_bytes", where, memory)


def samples(at_s: float) -> Iterator[Sample]:
    """Every series of the plant at one instant."""
    for order, (service, rate) in enumerate(SERVICES.items()):
        for number in range(INSTANCES):
            yield from _instance(at_s, order, service, rate, number)
    for queue in QUEUES:
        depth = 500 + 400 * math.sin(at_s / 240 + len(queue))
        yield Sample("queue_depth", "gauge", "queue_depth", f'queue="{queue}"', depth)
    for cache in CACHES:
        hits, misses = 900 * _swing(at_s, 1200, len(cache)), 60 * _swing(at_s, 800, len(cache))
        yield Sample("cache_hits", "counter", "cache_hits_total", f'cache="{cache}"', hits)
        yield Sample("cache_misses", "counter", "cache_misses_total", f'cache="{cache}"', misses)
    for database in DATABASES:
        used = 60 + 30 * math.sin(at_s / 180 + len(database))
        yield Sample("db_connections", "gauge", "db_connections", f'db="{database}"', used)
    for component, usd in COMPONENTS_USD.items():
        spend = usd * (1 + 0.2 * math.sin(at_s / 1800))
        yield Sample("cost_usd_per_hour", "gauge", "cost_usd_per_hour", f'component="{component}"', spend)


def exposition(at_s: float) -> str:
    """What a scrape at that instant gets, in the Prometheus text format."""
    lines: list[str] = []
    declared: set[str] = set()
    for sample in samples(at_s):
        if sample.family not in declared:
            declared.add(sample.family)
            shown = f"{sample.family}_total" if sample.kind == "counter" else sample.family
            lines.append(f"# TYPE {shown} {sample.kind}")
        lines.append(f"{sample.name}{{{sample.labels}}} {sample.text()}")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Family:
    """The points of one metric family, gathered series by series as OpenMetrics wants them."""

    kind: str
    lines: dict[str, list[str]] = field(default_factory=dict)


def write_history(out: TextIO, *, start_s: float, end_s: float, step_s: float) -> None:
    """Writes OpenMetrics for [start, end) at the step; labels are those that a scrape with honor_labels leaves."""
    families: dict[str, _Family] = {}
    for step in range(int((end_s - start_s) / step_s)):
        at_s = start_s + step * step_s
        for sample in samples(at_s):
            family = families.setdefault(sample.family, _Family(sample.kind))
            series = f'{sample.name}{{{sample.labels},job="{JOB}"}}'
            family.lines.setdefault(series, []).append(f"{sample.text()} {at_s:.3f}")
    for name, family in families.items():
        out.write(f"# TYPE {name} {family.kind}\n")
        for series, points in family.lines.items():
            out.writelines(f"{series} {point}\n" for point in points)
    out.write("# EOF\n")


class Plant(ThreadingHTTPServer):
    """The plant's /metrics on 127.0.0.1; port 0 takes a free one. Start it with `start`, end it with `stop`."""

    daemon_threads = True

    def __init__(self, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        super().__init__(("127.0.0.1", port), _Scraped)
        self.clock = clock
        self._thread = threading.Thread(target=self.serve_forever, name="plant", daemon=True)

    @property
    def address(self) -> str:
        """host:port, as a scrape target."""
        return f"127.0.0.1:{self.server_address[1]}"

    def start(self) -> Plant:
        """Serves in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Closes the port."""
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Scraped(BaseHTTPRequestHandler):
    server: Plant

    def do_GET(self) -> None:
        body = exposition(self.server.clock()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Says nothing."""


def main(argv: list[str]) -> int:
    """The command line of this file."""
    match argv:
        case ["serve", port]:
            Plant(int(port)).serve_forever()
        case ["backfill", hours, step]:
            now_s = math.floor(time.time())
            write_history(sys.stdout, start_s=now_s - float(hours) * 3600, end_s=now_s, step_s=float(step))
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
