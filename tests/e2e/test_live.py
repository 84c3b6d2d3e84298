"""The whole program on a real Prometheus and a real Elasticsearch, read off the screen."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from opsdash.core.text import clean
from tests.e2e.programs import dashboard
from tests.e2e.tty import Tty
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import LOGS_INDEX, MakePrometheus
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

CPU = "avg by (service) (cpu_usage_ratio)"
COST = 'cost_usd_per_hour{component="compute"}'


def config(prometheus: str, elasticsearch: str = "", panels: str = "", refresh: str = "1s") -> str:
    """A dashboard on these servers."""
    logs = (
        f"""
  logs: {{kind: elasticsearch, url: "{elasticsearch}", index: "{LOGS_INDEX}", timeout: 4s}}"""
        if elasticsearch
        else ""
    )
    return f"""\
version: 1
title: Shop
environment: staging
refresh: {refresh}
range: 30m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{prometheus}", timeout: 2s}}{logs}
dashboards:
  - title: Golden signals
    panels:
      - title: CPU
        kind: timeseries
        source: prom
        unit: percentunit
        queries: [{{expr: '{CPU}', legend: "{{{{service}}}}"}}]
      - title: Compute
        kind: timeseries
        source: prom
        unit: currencyUSD
        decimals: 2
        queries: [{{expr: '{COST}', legend: compute}}]
{panels}"""


def shown_ratio(tty: Tty, service: str) -> float:
    """The last value that the legend shows for a service, as a ratio."""
    found = tty.wait_for(rf"{service} +([\d.]+)%")
    return float(found[1]) / 100


def answered(server: PrometheusServer, expr: str, at_s: float) -> dict[str, float]:
    return {one["metric"].get("service", ""): float(one["value"][1]) for one in server.query(expr, at_s=at_s)}


def test_what_the_screen_says_is_what_prometheus_says(tmp_path: Path, prometheus_server: PrometheusServer) -> None:
    with dashboard(tmp_path, text=config(prometheus_server.url)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        before = time.time()
        shown = {service: shown_ratio(tty, service) for service in ("gateway", "orders", "payments", "users")}
        possible = [answered(prometheus_server, CPU, at) for at in (before - 30, before - 20, before - 10, before)]
        for service, ratio in shown.items():
            values = [answer[service] for answer in possible]
            assert min(values) - 0.03 <= ratio <= max(values) + 0.03, service
        cost = float(tty.wait_for(r"compute +\$([\d.]+)")[1])
        costs = [float(prometheus_server.query(COST, at_s=at)[0]["value"][1]) for at in (before - 30, before)]
        assert min(costs) - 0.2 <= cost <= max(costs) + 0.2
        tty.send("q")
        assert tty.wait(5) == 0


def test_logs_and_series_of_elasticsearch_are_shown(
    tmp_path: Path, prometheus_server: PrometheusServer, elasticsearch_server: ElasticsearchServer
) -> None:
    panels = """\
      - {title: Errors, kind: logs, source: logs, queries: [{query: "level:error"}]}
      - {title: Lines, kind: timeseries, source: logs, queries: [{query: "*", metric: count, group_by: level}]}
"""
    text = config(prometheus_server.url, elasticsearch_server.url, panels)
    with dashboard(tmp_path, text=text, size=(160, 50)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        newest = elasticsearch_server.search(
            LOGS_INDEX,
            {"query": {"query_string": {"query": "level:error"}}, "sort": [{"@timestamp": "desc"}], "size": 5},
        )
        for hit in newest["hits"]["hits"]:
            tty.wait_for(re.escape(clean(hit["_source"]["message"])[:30]))
            tty.wait_for(re.escape(hit["_source"]["@timestamp"][11:19]))
        tty.wait_for(r'level="info"')
        assert "✕" not in tty.lines[0]


def test_keys_as_bytes_do_what_they_say(tmp_path: Path, prometheus_server: PrometheusServer) -> None:
    panels = '  - title: Edge\n    panels:\n      - {title: Words, kind: text, text: "nothing to see here"}\n'
    with dashboard(tmp_path, text=config(prometheus_server.url, panels=panels)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        for keys, words in (
            ("2", "nothing to see here"),
            ("1", r"gateway +[\d.]+%"),
            ("-", r"\b1h\b"),
            ("+", r"\b30m\b"),
            ("[", r"(?i)(\d\d:\d\d.*–|→|ago|until|\d\d:\d\d)"),
            ("0", "live"),
            (" ", r"(?i)(paused|❚❚|stand)"),
            (" ", "live"),
            ("?", r"(?i)keys|quit|leave opsdash"),
            ("\x1b", r"gateway +[\d.]+%"),
            (":", r"(?i)command|>|❯"),
            ("\x1b", r"gateway +[\d.]+%"),
            ("H", r"(?i)prometheus"),
            ("\x1b", r"gateway +[\d.]+%"),
            ("\r", "CPU"),
            ("\x1b", "Compute"),
            ("\t", "Compute"),
            ("v", "CPU"),
            ("v", "CPU"),
            ("u", r"\d\d:\d\d:\d\d"),
            ("/", r"(?i)/|find|filter"),
            ("\x1b", "Compute"),
            ("t", r"(?i)time|from"),
            ("\x1b", "Compute"),
        ):
            tty.send(keys)
            time.sleep(0.25)
            tty.wait_for(words)
        tty.send("q")
        assert tty.wait(5) == 0
        assert tty.left_on() == []


def test_a_prometheus_that_comes_later_is_seen_as_soon_as_it_is_there(
    tmp_path: Path, make_prometheus: MakePrometheus
) -> None:
    server = make_prometheus(history_hours=1, scrape_plant=True)
    url = server.url
    server.stop()
    with dashboard(tmp_path, text=config(url)) as tty:
        tty.wait_for("refused")
        server.start()
        tty.wait_for(r"gateway +[\d.]+%", 40)


def test_a_source_that_goes_and_comes_back_keeps_its_values_and_says_their_age(
    tmp_path: Path, make_prometheus: MakePrometheus
) -> None:
    server = make_prometheus(history_hours=1, scrape_plant=True)
    with dashboard(tmp_path, text=config(server.url)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        server.stop()
        tty.wait_for(r"⟲|late|stale", 30)
        assert re.search(r"gateway +[\d.]+%", tty.text)
        tty.wait_for("refused the connection", 30)
        server.start()
        tty.wait_until(lambda: not re.search(r"refused the connection", tty.text), "nothing is said of it any more", 60)
        assert re.search(r"gateway +[\d.]+%", tty.text)


def test_a_frozen_source_leaves_keys_working(tmp_path: Path, make_prometheus: MakePrometheus) -> None:
    server = make_prometheus(history_hours=1, scrape_plant=True)
    panels = '  - title: Edge\n    panels:\n      - {title: Words, kind: text, text: "nothing to see here"}\n'
    with dashboard(tmp_path, text=config(server.url, panels=panels)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        server.freeze()
        try:
            time.sleep(2)
            tty.send("2")
            tty.wait_for("nothing to see here")
            tty.send("1")
            tty.wait_for(r"gateway +[\d.]+%")
            tty.send("q")
            assert tty.wait(5) == 0
        finally:
            server.thaw()


def test_a_saved_configuration_runs_and_a_broken_one_does_not(
    tmp_path: Path, prometheus_server: PrometheusServer
) -> None:
    text = config(prometheus_server.url)
    with dashboard(tmp_path, text=text) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        path = tmp_path / "opsdash.yaml"
        path.write_text(text.replace("title: Compute", "title: Renamed"))
        tty.wait_for("Renamed")
        path.write_text(text.replace("kind: timeseries", "kind: timeserie"))
        tty.wait_for(r"opsdash.yaml:\d+:\d+")
        assert re.search(r"gateway +[\d.]+%", tty.text)
        tty.wait_for("Renamed")
        new = tmp_path / "new"
        new.write_text(text)
        new.replace(path)
        tty.wait_for("Compute")
        tty.wait_until(lambda: "opsdash.yaml:" not in tty.text, "the problem is gone")
        path.unlink()
        tty.wait_for(r"opsdash.yaml")
        assert re.search(r"gateway +[\d.]+%", tty.text)
        path.write_text(text)
        tty.wait_until(lambda: "opsdash.yaml" not in tty.text, "the problem is gone")


def test_eighty_by_twenty_four(tmp_path: Path, prometheus_server: PrometheusServer) -> None:
    with dashboard(tmp_path, text=config(prometheus_server.url), size=(80, 24)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        assert "STAGING" in tty.lines[0]
        assert re.search(r"\d\d:\d\d:\d\d", tty.lines[0])
        assert "prom" in tty.lines[0]
        assert "help" in tty.lines[23]


def test_a_panel_is_written_to_a_new_file(tmp_path: Path, prometheus_server: PrometheusServer) -> None:
    with dashboard(tmp_path, text=config(prometheus_server.url)) as tty:
        tty.wait_for(r"gateway +[\d.]+%")
        for _ in range(2):
            tty.send("w")
            time.sleep(0.4)
            tty.send("\r")
            tty.wait_for("written to")
            time.sleep(0.3)
        files = sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".csv", ".json", ".svg", ".txt"})
        assert len(files) == 2
        assert "-2." in files[0] + files[1]
