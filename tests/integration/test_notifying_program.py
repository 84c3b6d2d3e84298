"""Real processes on one store tell a real endpoint: one that is down, and one that holds its answer while they die."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_alerts_together import Watchers, fires, until

CONFIG = """\
version: 1
environment: production
sources: {{prom: {{kind: prometheus, url: "http://127.0.0.1:{prometheus}"}}}}
dashboards: [{{title: D, panels: [{{title: T, kind: text, text: hi}}]}}]
alerts: {{groups: [{{name: g, interval: 1s, rules: [{{alert: Up, source: prom, expr: up, severity: critical}}]}}]}}
notify: [{{kind: webhook, url: "http://127.0.0.1:{hook}/hook", timeout: 3s}}]
store: {{url: "sqlite://state.db"}}
"""
pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Server:
    """A Prometheus with one series, and a webhook that notes what it gets."""

    def __init__(self, port: int = 0) -> None:
        outer = self
        self.got: list[dict[str, Any]] = []
        self.answers = threading.Event()
        self.answers.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.path == "/hook":
                    outer.got.append(json.loads(body))
                    outer.answers.wait(30)
                    self.answer({})
                else:
                    self.do_GET()

            def do_GET(self) -> None:
                series = [{"metric": {"job": "orders"}, "value": [time.time(), "1"]}]
                self.answer({"status": "success", "data": {"resultType": "vector", "result": series}})

            def answer(self, body: object) -> None:
                content = json.dumps(body).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass  # who asked is dead

            def log_message(self, *words: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def prometheus() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def started(folder: Path, prometheus: Server, hook: int) -> Watchers:
    config = folder / "opsdash.yaml"
    config.write_text(CONFIG.format(prometheus=prometheus.port, hook=hook))
    watchers = Watchers(config)
    for _ in range(2):
        watchers.start()
    return watchers


def history(watchers: Watchers) -> list[str]:
    (alert,) = watchers.alerts()
    shown = watchers.command("alerts", "show", str(watchers._config), alert["fingerprint"], "--json")
    return [entry["kind"] for entry in json.loads(shown.stdout)["timeline"]]


def kill_the_leader(watchers: Watchers) -> None:
    first = watchers.leader()
    os.kill(first, signal.SIGKILL)
    until(lambda: watchers.leader() not in (0, first))


def test_an_endpoint_that_is_down_while_the_leader_dies_is_told_once_when_it_is_there(
    tmp_path: Path, prometheus: Server
) -> None:
    port = free_port()
    watchers, hook = started(tmp_path, prometheus, port), None
    try:
        until(lambda: fires(watchers))
        until(lambda: "notify.failed" in history(watchers))
        kill_the_leader(watchers)
        hook = Server(port)
        until(lambda: hook.got, within_s=60)
        until(lambda: "notify.sent" in history(watchers))
        assert [told["status"] for told in hook.got] == ["firing"]
        assert hook.got[0]["opsdash"]["environment"] == "production"
        assert watchers.command("audit", "verify", str(watchers._config)).returncode == 0
    finally:
        watchers.stop()
        if hook is not None:
            hook.stop()


def test_a_leader_that_is_killed_while_the_endpoint_holds_its_answer_is_followed_by_the_same_message(
    tmp_path: Path, prometheus: Server
) -> None:
    hook = Server()
    hook.answers.clear()
    watchers = started(tmp_path, prometheus, hook.port)
    try:
        until(lambda: hook.got)
        kill_the_leader(watchers)
        hook.answers.set()
        until(lambda: len(hook.got) > 1, within_s=40)
        until(lambda: "notify.sent" in history(watchers))
        assert len(hook.got) == 2, "the one who follows cannot know whether it arrived"
        assert len({told["opsdash"]["key"] for told in hook.got}) == 1, "and the endpoint can"
        assert history(watchers).count("notify.sent") == 1
    finally:
        watchers.stop()
        hook.stop()
