"""Ten screens and two daemons on one store: what one operator does is on every screen, and one message goes out."""

from __future__ import annotations

import getpass
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.programs import OPSDASH, home
from tests.e2e.tty import Tty
from tests.servers import replies
from tests.servers.faults import FaultServer
from tests.servers.fixtures import MakePrometheus

SCREENS = 10
WATCHERS = 2
CONFIG = """\
version: 1
title: Shop
refresh: 2s
sources: {{prom: {{kind: prometheus, url: "{prometheus}"}}}}
dashboards: [{{title: Shift, panels: [{{title: T, kind: text, text: hi}}]}}]
alerts:
  groups:
    - name: g
      interval: 1s
      rules: [{{alert: PlantIsUp, source: prom, expr: 'up{{job="plant"}} == 1', severity: critical}}]
notify: [{{kind: webhook, name: hook, url: "{hook}"}}]
store: {{url: "sqlite://state.db"}}
"""
pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Shift:
    """A bastion on which everybody looks at the same store."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self.config = folder / "opsdash.yaml"
        argv = [*OPSDASH, "watch", str(self.config), "--listen", "127.0.0.1:0"]
        self.watchers = [subprocess.Popen(argv, stderr=subprocess.DEVNULL) for _ in range(WATCHERS)]
        for watcher in self.watchers:
            stack.callback(watcher.wait)
            stack.callback(watcher.kill)
        screen = [*OPSDASH, str(self.config)]
        self.screens = [
            stack.enter_context(Tty(screen, size=(100, 30), env=home(folder), cwd=folder)) for _ in range(SCREENS)
        ]

    def command(self, *words: str) -> str:
        """What a command prints. Fails where the command does."""
        argv = [sys.executable, "-m", "opsdash", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, env=self._env()).stdout

    def leader(self) -> int:
        """Process id of whoever leads, as the store says."""
        with sqlite3.connect(self._folder / "state.db") as connection:
            row = connection.execute("SELECT holder FROM lease WHERE name = 'evaluate'").fetchone()
        return int(row[0].rpartition(" ")[2]) if row else 0

    def kinds(self) -> list[str]:
        """The kinds of the alert's history entries, in their order."""
        shown = self.command("alerts", "show", str(self.config), "PlantIsUp", "--json")
        return [entry["kind"] for entry in json.loads(shown)["timeline"]]

    def _env(self) -> dict[str, str]:
        return {**os.environ, **home(self._folder)}


@pytest.fixture
def hook() -> Iterator[FaultServer]:
    """Whom the alert is told."""
    server = FaultServer()
    server.start()
    server.always(replies.as_json({}))
    yield server
    server.stop()


@pytest.fixture
def shift(tmp_path: Path, make_prometheus: MakePrometheus, hook: FaultServer) -> Iterator[Shift]:
    """Everybody is there, and the alert fires on every screen."""
    server = make_prometheus(scrape_plant=True)
    server.wait_until(lambda it: it.query('up{job="plant"}') != [])
    (tmp_path / "opsdash.yaml").write_text(CONFIG.format(prometheus=server.url, hook=hook.url + "/hook"))
    with ExitStack() as stack:
        shift = Shift(tmp_path, stack)
        for screen in shift.screens:
            screen.wait_for("Shift", 60)
            screen.send("!")
        for screen in shift.screens:
            screen.wait_for("PlantIsUp", 60)
        yield shift


def until(holds: Callable[[], object], *, within_s: float = 30.0) -> None:
    """Waits; fails where it does not come true."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)


def test_an_acknowledgement_is_on_all_screens_and_one_message_goes_out(shift: Shift, hook: FaultServer) -> None:
    until(lambda: hook.asked)
    shift.screens[3].send("a")
    shift.screens[3].wait_for("(?i)acknowledge")
    shift.screens[3].send("\r")
    for screen in shift.screens:
        screen.wait_for(rf"(?i)PlantIsUp[^\n]*{getpass.getuser()}", 30)

    leader = shift.leader()
    os.kill(leader, signal.SIGKILL)
    until(lambda: shift.leader() not in (0, leader))
    time.sleep(3.0)

    assert shift.kinds().count("alert.firing") == 1
    told = [asked.json()["opsdash"]["kind"] for asked in hook.asked]
    assert told == ["firing", "acknowledged"]
    assert shift.command("audit", "verify", str(shift.config))
