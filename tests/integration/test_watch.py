"""`opsdash watch` as a daemon: what it tells of itself, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIG = """\
version: 1
sources: {prom: {kind: prometheus, url: "http://127.0.0.1:9"}}
dashboards: [{title: D, panels: [{title: T, kind: text, text: hi}]}]
alerts: {groups: [{name: g, interval: 1s, rules: [{alert: A, source: prom, expr: up, severity: critical}]}]}
store: {url: "sqlite://state.db"}
"""
pytestmark = pytest.mark.integration


class Daemon:
    """One `opsdash watch`."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        config = folder / "opsdash.yaml"
        config.write_text(CONFIG)
        argv = [sys.executable, "-m", "opsdash", "watch", str(config), "--listen", "127.0.0.1:0"]
        self.log = folder / "log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(argv, stderr=out, env=env)

    def port(self) -> int:
        return int(self.said(r"on 127\.0\.0\.1:(\d+)")[1])

    def said(self, pattern: str) -> re.Match[str]:
        end = time.monotonic() + 20
        while (found := re.search(pattern, self.log.read_text())) is None:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return found

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[socket.socket]:
    """Where systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        yield listener


@pytest.fixture
def daemon(tmp_path: Path, notices: socket.socket) -> Iterator[Daemon]:
    """Its source is not there, which is no reason to be unhealthy."""
    made = Daemon(tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NOTIFY_SOCKET": notices.getsockname()})
    yield made
    made.process.kill()
    made.process.wait()


def test_it_tells_how_it_does_and_ends_within_a_second(daemon: Daemon, notices: socket.socket) -> None:
    assert notices.recv(100) == b"READY=1"
    assert daemon.get("/-/ready") == (200, "ready\n")
    assert daemon.get("/-/healthy") == (200, "healthy\n")
    daemon.said("this process evaluates the rules now")
    status, text = daemon.get("/metrics")
    assert status == 200
    assert "\nopsdash_store_up 1\n" in text
    assert "\nopsdash_leader 1\n" in text
    assert "\nopsdash_notifications_sent_total 0\n" in text
    assert daemon.get("/nope")[0] == 404

    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(timeout=10) == 0
    assert notices.recv(100) == b"STOPPING=1"


def test_a_changed_configuration_runs_at_once_on_sighup_and_a_broken_one_does_not(daemon: Daemon) -> None:
    daemon.port()
    config = daemon.log.parent / "opsdash.yaml"
    config.write_text(CONFIG.replace("alert: A", "alert: B"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.said("the changed configuration runs")
    config.write_text(CONFIG.replace("alert: A", "alrt: A"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.said("2 problems and does not run: .*alert: missing")
    assert daemon.process.poll() is None
