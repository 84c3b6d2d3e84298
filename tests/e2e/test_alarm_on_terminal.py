"""An alert that fires reaches a person who looks elsewhere: the bytes that a real terminal gets, also through tmux."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.programs import OPSDASH, home, write
from tests.e2e.tty import Tty
from tests.servers import replies
from tests.servers.faults import FaultServer

CONFIG = """\
version: 1
title: Shop
{bell}
sources: {{prom: {{kind: prometheus, url: "{prometheus}"}}}}
dashboards: [{{title: Shift, panels: [{{title: T, kind: text, text: hi}}]}}]
alerts:
  desktop: {desktop}
  groups:
    - name: g
      interval: 1s
      rules: [{{alert: TooMany, source: prom, expr: breached, above: {{critical: 5}}}}]
store: {{url: "memory://"}}
"""
HOSTILE = "orders\x1b]52;c;AAAA\x07;x"
"""A label that would put something on the clipboard, and ring a bell of its own."""
NINE = rb"\x1b\]9;opsdash: critical: TooMany [^\x1b\x07]*\x07"
SEVEN = rb"\x1b\]777;notify;opsdash;critical: TooMany [^\x1b\x07;]*\x07"
WRAPPED = rb"\x1bPtmux;\x1b\x1b\]777;notify;opsdash;critical: TooMany [^\x1b\x07;]*\x07\x1b\\"
pytestmark = pytest.mark.integration


@pytest.fixture
def plant() -> Iterator[FaultServer]:
    """A Prometheus in which nothing is wrong yet."""
    server = FaultServer()
    server.start()
    server.always(replies.vector(({"service": HOSTILE}, time.time(), "1")))
    yield server
    server.stop()


def breach(plant: FaultServer) -> None:
    plant.always(replies.vector(({"service": HOSTILE}, time.time(), "9")))


def configured(folder: Path, plant: FaultServer, *, bell: str = "", desktop: str = "true") -> Path:
    return write(folder, CONFIG.format(prometheus=plant.url, bell=bell, desktop=desktop))


def screen(folder: Path, config: Path, env: Mapping[str, str] | None = None) -> Tty:
    return Tty([*OPSDASH, str(config)], env={**home(folder), **(env or {})}, cwd=folder)


def bells(output: bytes) -> int:
    """Bells that ring: those that end an OSC do not."""
    return re.sub(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", b"", output).count(b"\x07")


def fired(tty: Tty, plant: FaultServer) -> None:
    """Nothing fires, then something does, and there was time to ring."""
    tty.wait_for("nothing fires", 30)
    assert bells(tty.output) == 0
    breach(plant)
    tty.wait_for("● 1 critical", 30)
    time.sleep(1.0)


def test_an_alert_rings_once_and_tells_the_terminal_in_both_ways(tmp_path: Path, plant: FaultServer) -> None:
    with screen(tmp_path, configured(tmp_path, plant)) as tty:
        fired(tty, plant)
        assert len(re.findall(NINE, tty.output)) == 1
        assert len(re.findall(SEVEN, tty.output)) == 1
        assert bells(tty.output) == 1
        assert b"\x1b]52" not in tty.output


@pytest.mark.parametrize(("bell", "desktop"), [(False, True), (True, False), (False, False)])
def test_each_is_off_by_one_setting(tmp_path: Path, plant: FaultServer, bell: bool, desktop: bool) -> None:
    config = configured(tmp_path, plant, bell="" if bell else "bell: false", desktop=str(desktop).lower())
    with screen(tmp_path, config) as tty:
        fired(tty, plant)
        assert bells(tty.output) == int(bell)
        assert len(re.findall(SEVEN, tty.output)) == int(desktop)
        assert len(re.findall(NINE, tty.output)) == int(desktop)


@pytest.mark.parametrize("env", [{"TMUX": "/tmp/tmux-0/default,1,0"}, {"TERM": "tmux-256color"}], ids=["here", "ssh"])
def test_inside_of_tmux_it_is_wrapped_also_behind_ssh(
    tmp_path: Path, plant: FaultServer, env: Mapping[str, str]
) -> None:
    with screen(tmp_path, configured(tmp_path, plant), env) as tty:
        fired(tty, plant)
        assert re.search(WRAPPED, tty.output)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_real_tmux_hands_it_to_the_terminal_outside(tmp_path: Path, plant: FaultServer) -> None:
    config = configured(tmp_path, plant)
    conf = write(tmp_path, "set -g allow-passthrough on\nset -g default-terminal tmux-256color\n", "tmux.conf")
    socket = str(tmp_path / "tmux.socket")
    inside = " ".join([*OPSDASH, str(config)])
    tmux = ["tmux", "-S", socket, "-f", str(conf), "new-session", inside]
    env = {**home(tmp_path), "LC_ALL": "C.UTF-8"}
    with Tty(tmux, env=env, cwd=tmp_path) as tty:
        try:
            fired(tty, plant)
            tty.wait_until(lambda: re.search(SEVEN, tty.output), "the notification outside of tmux")
            assert re.search(NINE, tty.output)
            assert b"Ptmux" not in tty.output
            assert bells(tty.output) == 1
        finally:
            subprocess.run(["tmux", "-S", socket, "kill-server"], check=False, timeout=10)
