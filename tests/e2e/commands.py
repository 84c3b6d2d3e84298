"""Runs a command of opsdash as a script would: no terminal, its own home."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.e2e.programs import OPSDASH, home

CONFIG = """\
version: 1
title: Shop
environment: production
range: 30m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{prometheus}", timeout: 4s, scrape_interval: 5s}}
  logs: {{kind: elasticsearch, url: "{elasticsearch}", index: "logs-*", timeout: 4s}}
variables:
  service: {{values: [orders, users], multi: true, include_all: true}}
  one: {{values: [orders, users]}}
dashboards:
  - title: Golden signals
    panels:
      - title: Requests
        kind: timeseries
        source: prom
        unit: reqps
        queries:
          - expr: sum by (service) (rate(http_requests_total{{service=~"$service"}}[1m]))
            legend: "{{{{service}}}}"
      - {{title: Up, kind: stat, source: prom, queries: [{{expr: 'up{{job="plant"}}'}}]}}
      - title: Odd
        kind: stat
        source: prom
        queries: [{{expr: vector(0) / 0}}, {{expr: vector(1) / 0}}, {{expr: vector(-1) / 0}}]
      - {{title: Nothing, kind: stat, source: prom, queries: [{{expr: no_such_metric}}]}}
      - title: Services
        kind: table
        source: prom
        queries: [{{name: rate, expr: 'sum by (service) (rate(http_requests_total[1m]))'}}]
  - title: Logs
    panels:
      - {{title: Errors, kind: logs, source: logs, queries: [{{query: "level:error", limit: 50}}]}}
      - {{title: Words, kind: text, text: "[bold]as it is[/bold]"}}
"""


def config(folder: Path, *, prometheus: str = "http://127.0.0.1:9", elasticsearch: str = "http://127.0.0.1:9") -> Path:
    """A configuration on these servers; port 9 refuses."""
    path = folder / "opsdash.yaml"
    path.write_text(CONFIG.format(prometheus=prometheus, elasticsearch=elasticsearch))
    return path


def opsdash(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What it printed and its exit code; never a traceback."""
    done = subprocess.run(
        [*OPSDASH, *args],
        cwd=folder,
        env={**os.environ, **home(folder), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done
