"""The same panels for each program: `python -m benchmarks.dashboard opsdash|grafana N [--prometheus URL]`.

Twelve different panels, repeated as often as N asks for. From the second round on a query gets a factor of one, so that
N panels are N different queries. `--hang` makes the query of the second panel mention `hang_me`, which the proxy of the
benchmarks never answers.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from typing import Any

_FAMILY = "http_request_duration_seconds"
HANGING = 'count(up{job="plant",hang_me=""})'
"""The query that the proxy does not answer; without the proxy it is an ordinary one."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel shows."""

    title: str
    expr: str
    legend: str
    unit: str


def _quantile(q: str) -> str:
    return f"histogram_quantile({q}, sum(rate({_FAMILY}_bucket[1m])) by (le, service))"


def _ratio(code: str) -> str:
    failed = f'sum(rate(http_requests_total{{code=~"{code}"}}[1m])) by (service)'
    return f"{failed} / sum(rate(http_requests_total[1m])) by (service)"


PANELS = (
    Panel("p99 latency", _quantile("0.99"), "{{service}}", "s"),
    Panel("p95 latency", _quantile("0.95"), "{{service}}", "s"),
    Panel(
        "Average latency",
        f"sum(rate({_FAMILY}_sum[1m])) by (service) / sum(rate({_FAMILY}_count[1m])) by (service)",
        "{{service}}",
        "s",
    ),
    Panel("Throughput", "sum(rate(http_requests_total[1m])) by (service)", "{{service}}", "reqps"),
    Panel("4xx ratio", _ratio("4.."), "{{service}}", "percentunit"),
    Panel("5xx ratio", _ratio("5.."), "{{service}}", "percentunit"),
    Panel(
        "Availability",
        '1 - sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
        "all",
        "percentunit",
    ),
    Panel("CPU", "avg(cpu_usage_ratio) by (service)", "{{service}}", "percentunit"),
    Panel("Memory", "sum(memory_usage_bytes) by (service)", "{{service}}", "bytes"),
    Panel("Queue depth", "queue_depth", "{{queue}}", "short"),
    Panel(
        "Cache hit ratio",
        "rate(cache_hits_total[1m]) / (rate(cache_hits_total[1m]) + rate(cache_misses_total[1m]))",
        "{{cache}}",
        "percentunit",
    ),
    Panel("Cost", "cost_usd_per_hour", "{{component}}", "currencyUSD"),
)
WATCHED = PANELS[0].expr
"""The query whose requests are counted: it is on the screen from the start."""


def panels(count: int, *, hang: bool = False) -> list[Panel]:
    """`count` panels with different queries."""
    made = []
    for number in range(count):
        panel, again = PANELS[number % len(PANELS)], number // len(PANELS)
        if again:
            panel = replace(panel, title=f"{panel.title} {again + 1}", expr=f"({panel.expr}) * (1 + 0 * {again})")
        made.append(panel)
    if hang:
        made[1] = Panel("Hangs", HANGING, "never", "short")
    return made


def _grid(number: int) -> dict[str, int]:
    """Four panels of 6×8 in a row, as on a Grafana dashboard."""
    return {"x": 6 * (number % 4), "y": 8 * (number // 4), "w": 6, "h": 8}


def grafana(shown: list[Panel]) -> str:
    """A Grafana dashboard in JSON."""
    made = [
        {
            "id": number + 1,
            "type": "timeseries",
            "title": panel.title,
            "gridPos": _grid(number),
            "fieldConfig": {"defaults": {"unit": panel.unit}},
            "targets": [{"refId": "A", "expr": panel.expr, "legendFormat": panel.legend}],
        }
        for number, panel in enumerate(shown)
    ]
    board = {"title": f"{len(shown)} panels", "schemaVersion": 39, "templating": {"list": []}, "panels": made}
    return json.dumps(board, indent=1)


def opsdash(shown: list[Panel], *, prometheus_url: str, refresh: str = "5s") -> str:
    """A configuration of opsdash; JSON is YAML."""
    made: list[dict[str, Any]] = [
        {
            "title": panel.title,
            "kind": "timeseries",
            "source": "prom",
            "unit": panel.unit,
            "grid": _grid(number),
            "queries": [{"expr": panel.expr, "legend": panel.legend}],
        }
        for number, panel in enumerate(shown)
    ]
    config = {
        "version": 1,
        "title": f"{len(shown)} panels",
        "environment": "benchmark",
        "refresh": refresh,
        "range": "1h",
        "sources": {"prom": {"kind": "prometheus", "url": prometheus_url, "scrape_interval": "5s"}},
        "dashboards": [{"title": "Benchmark", "panels": made}],
    }
    return json.dumps(config, indent=1)


def main(argv: list[str]) -> int:
    """The command line of this file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("program", choices=("opsdash", "grafana"))
    parser.add_argument("count", type=int)
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090")
    parser.add_argument("--refresh", default="5s")
    parser.add_argument("--hang", action="store_true")
    options = parser.parse_args(argv)
    shown = panels(options.count, hang=options.hang)
    if options.program == "grafana":
        print(grafana(shown))
    else:
        print(opsdash(shown, prometheus_url=options.prometheus, refresh=options.refresh))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
