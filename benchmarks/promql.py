"""The 50 queries of a dashboard, 500 series × 60 min at 15 s: the real Prometheus and our engine, side by side.

    python -m benchmarks.promql [--rounds 5] [--ragged] [--long]

Both have the same samples, one each 5 s; with --ragged each series has times of its own, and gaps. With --long the
queries are of functions over windows of half an hour, which a dashboard asks seldom and a forecast always.
The server is asked over one connection that is kept, as a dashboard asks it, and its time includes writing its answer
as JSON; so does ours.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from opsdash.core.promql import Engine
from opsdash.plant.faces.prometheus_answers import encode
from tests.fakes.storage import FixedStorage, Series, openmetrics
from tests.servers.prometheus import PrometheusServer

START_MS = 1_700_000_000_000
POINTS = 1080
"""An hour and a half at 5 s."""
END_MS = START_MS + (POINTS - 1) * 5000
RANGE_MS = 3_600_000
STEP_MS = 15_000
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")


def ragged(whole: list[Series]) -> list[Series]:
    """The same series, scraped at times of their own: a random phase, some jitter, one sample in fifty lost."""
    random = np.random.default_rng(2)
    found = []
    for one in whole:
        times = one.times_ms + random.integers(0, 4_000) + random.integers(0, 900, POINTS)
        there = random.random(POINTS) > 0.02
        found.append(Series(one.labels, times[there], one.values[there]))
    return found


def series() -> list[Series]:
    """500 counters of 20 services, and 50 histograms of ten buckets."""
    random = np.random.default_rng(1)
    times = START_MS + np.arange(POINTS, dtype=np.int64) * 5000
    found = []
    for number in range(500):
        counted = np.cumsum(random.poisson(20, POINTS)).astype(np.float64)
        if number % 17 == 0:
            counted[600:] -= counted[600]
        labels = {"service": f"svc{number // 25:02d}", "pod": f"p{number % 25:02d}", "job": "bench"}
        code = ("200", "200", "200", "500")[number % 4]
        found.append(Series({"__name__": "bench_requests_total", **labels, "code": code}, times, counted))
    for number in range(50):
        counts = random.poisson(5, (len(BOUNDS), POINTS)).cumsum(0).cumsum(1).astype(np.float64)
        labels = {"service": f"svc{number // 5:02d}", "pod": f"p{number % 5:02d}", "job": "bench"}
        for bound, row in zip(BOUNDS, counts, strict=True):
            found.append(Series({"__name__": "bench_latency_seconds_bucket", **labels, "le": bound}, times, row))
    return found


def queries() -> list[str]:
    """What a service's dashboards ask: rates, ratios, percentiles, rankings, and a few raw series."""
    requests, buckets = "bench_requests_total", "bench_latency_seconds_bucket"
    found = [f"sum by (service) (rate({requests}[{window}]))" for window in ("1m", "2m", "5m", "10m")]
    found += [f"sum(rate({requests}[{window}]))" for window in ("1m", "5m")]
    found += [f"sum by (code) (rate({requests}[{window}]))" for window in ("1m", "5m")]
    found += [
        f'sum by (service) (rate({requests}{{code="500"}}[{window}])) / sum by (service) (rate({requests}[{window}]))'
        for window in ("1m", "2m", "5m", "10m")
    ]
    found += [
        f"histogram_quantile({q}, sum by (le, service) (rate({buckets}[{window}])))"
        for q in ("0.5", "0.9", "0.95", "0.99")
        for window in ("1m", "5m")
    ]
    found += [f"histogram_quantile({q}, sum by (le) (rate({buckets}[2m])))" for q in ("0.5", "0.95", "0.99")]
    found += [f"topk({k}, sum by (pod) (rate({requests}[5m])))" for k in (3, 5, 10)]
    found += [f'rate({requests}{{service="svc{n:02d}"}}[1m])' for n in range(8)]
    found += [f'increase({requests}{{service="svc{n:02d}"}}[10m])' for n in range(4)]
    found += [f"{way}({requests}) by (service)" for way in ("max", "min", "avg", "count", "stddev")]
    found += [f'max_over_time({requests}{{service="svc0{n}"}}[5m])' for n in range(3)]
    found += [f"rate({requests}[1m])", f'{requests}{{service="svc01"}} offset 10m', f"irate({requests}[1m])"]
    found += [f'sum(rate({requests}{{code!~"5.."}}[5m])) / sum(rate({requests}[5m]))']
    return found


def long_queries() -> list[str]:
    """What looks back half an hour, of a hundred series."""
    some = 'bench_requests_total{service=~"svc0[0-3]"}'
    over_time = ("avg", "sum", "min", "max", "count", "last", "stddev", "stdvar", "present")
    found = [f"{name}_over_time({some}[30m])" for name in over_time]
    found += [f"{name}({some}[30m])" for name in ("deriv", "rate", "increase", "delta", "changes", "resets")]
    return [*found, f"predict_linear({some}[30m], 3600)", f"quantile_over_time(0.9, {some}[30m])"]


def milliseconds(work: Callable[[str], object], asked: list[str]) -> list[float]:
    """How long each query took."""
    taken = []
    for query in asked:
        before = time.perf_counter()
        work(query)
        taken.append((time.perf_counter() - before) * 1000)
    return taken


def asking(url: str) -> Callable[[str], bytes]:
    """Asks the real one."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    span = {"start": (END_MS - RANGE_MS) / 1000, "end": END_MS / 1000, "step": STEP_MS / 1000}

    def ask(query: str) -> bytes:
        connection.request("GET", f"/api/v1/query_range?{urlencode({'query': query, **span})}")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    return ask


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", action="store_true", help="every query by itself too")
    parser.add_argument("--ragged", action="store_true", help="each series has times of its own, and gaps")
    parser.add_argument("--long", action="store_true", help="functions over half an hour instead")
    options = parser.parse_args()
    data = ragged(series()) if options.ragged else series()
    asked = long_queries() if options.long else queries()
    engine = Engine(FixedStorage(data))

    def ours(query: str) -> bytes:
        return encode(engine.range(query, END_MS - RANGE_MS, END_MS, STEP_MS))

    with tempfile.TemporaryDirectory() as folder:
        server = PrometheusServer(Path(folder) / "prometheus")
        server.write_blocks("".join(openmetrics(data)))
        server.start()
        try:
            theirs = asking(server.url)
            rounds = [(milliseconds(theirs, asked), milliseconds(ours, asked)) for _ in range(options.rounds + 1)][1:]
        finally:
            server.stop()
    report(asked, rounds, each=options.each)


def report(asked: list[str], rounds: list[tuple[list[float], list[float]]], *, each: bool) -> None:
    """Medians over the rounds; the first round, which warms both, was dropped."""
    real, mine = (statistics.median(sum(one[side]) for one in rounds) for side in (0, 1))
    print(f"{len(asked)} queries, median of {len(rounds)} rounds, in turns")
    print("| Prometheus 2.42 | opsdash | ratio |\n|---:|---:|---:|")
    print(f"| {real:.0f} ms | {mine:.0f} ms | {mine / real:.2f} |")
    for number, query in enumerate(asked) if each else ():
        one, other = (statistics.median(taken[side][number] for taken in rounds) for side in (0, 1))
        print(f"{one:8.1f} {other:8.1f} {other / one:6.2f}  {query}")


if __name__ == "__main__":
    main()
