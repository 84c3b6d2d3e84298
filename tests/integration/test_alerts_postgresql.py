"""The program on a PostgreSQL: one evaluates, a command on another bastion acknowledges, and the database goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.fixtures import MakePrometheus
from tests.servers.postgresql import PostgresServer
from tests.servers.postgresql_fixtures import MakePostgresql

CONFIG = """\
version: 1
sources: {{prom: {{kind: prometheus, url: "{url}"}}}}
dashboards: [{{title: D, panels: [{{title: T, kind: text, text: hi}}]}}]
alerts:
  groups:
    - name: g
      interval: 1s
      rules:
        - {{alert: Up, source: prom, expr: 'up{{job="plant"}} == 1', severity: critical}}
store: {{url: "env:STORE"}}
"""
pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Program:
    """`opsdash` with the address of its store in the environment."""

    def __init__(self, config: Path, server: PostgresServer) -> None:
        self._config, self._server = config, server
        self._env = {**os.environ, "STORE": server.dsn(), "XDG_STATE_HOME": str(config.parent / "state")}
        self.watchers: list[subprocess.Popen[bytes]] = []

    def watch(self) -> None:
        argv = [sys.executable, "-m", "opsdash", "watch", str(self._config), "--listen", "127.0.0.1:0"]
        self.watchers.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=self._env))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "opsdash", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30, env=self._env)

    def alerts(self) -> list[dict[str, Any]]:
        done = self.command("alerts", "list", str(self._config), "--json")
        return list(json.loads(done.stdout)["alerts"]) if done.returncode == 0 else []

    def stop(self) -> None:
        for process in self.watchers:
            process.kill()
            process.wait()


@pytest.fixture
def program(tmp_path: Path, make_prometheus: MakePrometheus, make_postgresql: MakePostgresql) -> Iterator[Program]:
    """Nothing is started yet but the servers; the plant is up, so that the rule fires."""
    prometheus, server = make_prometheus(scrape_plant=True), make_postgresql()
    prometheus.wait_until(lambda it: it.query('up{job="plant"}') != [])
    config = tmp_path / "opsdash.yaml"
    config.write_text(CONFIG.format(url=prometheus.url))
    found = Program(config, server)
    yield found
    found.stop()


def until(holds: Callable[[], object], *, within_s: float = 30.0) -> None:
    """Waits; fails where it does not come true."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.2)


def test_an_acknowledgement_outlives_a_database_that_goes_away_and_its_leader(program: Program) -> None:
    config, server = str(program._config), program._server
    program.watch()
    program.watch()
    until(lambda: [alert["state"] for alert in program.alerts()] == ["firing"])
    (before,) = program.alerts()
    assert program.command("alerts", "ack", config, "Up", "--note", "on it").returncode == 0

    server.kill()
    refused = program.command("alerts", "list", config)
    assert refused.returncode != 0
    assert "refused the connection" in refused.stderr
    assert "Traceback" not in refused.stderr
    server.start()
    program.watchers[0].kill()
    until(lambda: [alert["state"] for alert in program.alerts()] == ["firing"])
    time.sleep(8)

    (after,) = program.alerts()
    assert (after["fired_at"], after["acked_by"]) == (before["fired_at"], program.alerts()[0]["acked_by"])
    assert after["acked_by"] is not None
    timeline = json.loads(program.command("alerts", "show", config, "Up", "--json").stdout)["timeline"]
    assert [entry["kind"] for entry in timeline].count("alert.firing") == 1
    assert "none changed" in program.command("audit", "verify", config).stdout
