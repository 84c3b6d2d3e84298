"""Several processes on one store: one evaluates, all see the same, and nobody's death loses anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.fixtures import MakePrometheus

RULES = """\
version: 1
sources: {{prom: {{kind: prometheus, url: "{url}"}}}}
dashboards: [{{title: D, panels: [{{title: T, kind: text, text: hi}}]}}]
alerts:
  groups:
    - name: g
      interval: 1s
      rules:
        - {{alert: Up, source: prom, expr: 'up{{job="plant"}} == 1', severity: critical}}
store: {{url: "sqlite://state.db"}}
"""
pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Watchers:
    """Some `opsdash watch` on one configuration."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "opsdash", "watch", str(self._config), "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "opsdash", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)

    def alerts(self) -> list[dict[str, Any]]:
        done = self.command("alerts", "list", str(self._config), "--json")
        return list(json.loads(done.stdout)["alerts"]) if done.returncode == 0 else []

    def leader(self) -> int:
        """Process id of whoever leads, as the store says."""
        import sqlite3

        with sqlite3.connect(self._config.parent / "state.db") as connection:
            row = connection.execute("SELECT holder FROM lease").fetchone()
        return int(row[0].rpartition(" ")[2]) if row else 0

    def stop(self) -> None:
        for process in self.processes:
            with_signal = process.poll() is None
            if with_signal:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


@pytest.fixture
def watchers(tmp_path: Path, make_prometheus: MakePrometheus) -> Iterator[Watchers]:
    """None is started yet; the plant is up, so that the rule fires."""
    server = make_prometheus(scrape_plant=True)
    server.wait_until(lambda it: it.query('up{job="plant"}') != [])
    config = tmp_path / "opsdash.yaml"
    config.write_text(RULES.format(url=server.url))
    found = Watchers(config)
    yield found
    found.stop()


def until(holds: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Waits; fails where it does not come true."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)


def fires(watchers: Watchers) -> bool:
    return any(alert["state"] == "firing" for alert in watchers.alerts())


def test_a_killed_leader_is_followed_by_another_and_nothing_is_lost(watchers: Watchers) -> None:
    for _ in range(2):
        watchers.start()
    until(lambda: fires(watchers))
    (alert,) = watchers.alerts()
    config = str(watchers._config)
    assert watchers.command("alerts", "ack", config, alert["fingerprint"], "--note", "on it").returncode == 0

    first = watchers.leader()
    os.kill(first, signal.SIGKILL)
    until(lambda: watchers.leader() not in (0, first))

    (after,) = watchers.alerts()
    assert (after["fingerprint"], after["fired_at"]) == (alert["fingerprint"], alert["fired_at"])
    assert after["acked_by"] is not None
    shown = watchers.command("alerts", "show", config, alert["fingerprint"], "--json")
    kinds = [entry["kind"] for entry in json.loads(shown.stdout)["timeline"]]
    assert kinds.count("alert.firing") == 1


def test_a_leader_that_slept_and_wakes_up_does_not_lead(watchers: Watchers) -> None:
    for _ in range(2):
        watchers.start()
    until(lambda: fires(watchers))
    first = watchers.leader()
    os.kill(first, signal.SIGSTOP)
    until(lambda: watchers.leader() not in (0, first))
    second = watchers.leader()

    os.kill(first, signal.SIGCONT)
    time.sleep(2.0)

    assert watchers.leader() == second
    shown = watchers.command("alerts", "show", str(watchers._config), "Up", "--json")
    kinds = [entry["kind"] for entry in json.loads(shown.stdout)["timeline"]]
    assert kinds.count("alert.firing") == 1


def test_after_kill_9_of_everything_the_next_goes_on_with_what_was_known(watchers: Watchers) -> None:
    watchers.start()
    until(lambda: fires(watchers))
    (before,) = watchers.alerts()
    watchers.stop()

    watchers.start()
    until(lambda: watchers.leader() == watchers.processes[-1].pid)
    time.sleep(2.5)

    (after,) = watchers.alerts()
    assert (after["state"], after["fired_at"]) == ("firing", before["fired_at"])
