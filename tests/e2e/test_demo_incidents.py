"""Incidents of `opsdash demo`, on a terminal and over its control API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.test_demo_command import announced, demo, serving, until
from tests.servers.web import ask

pytestmark = pytest.mark.slow

ON_THE_DASHBOARD = r"enter maximise"
"""Of its footer; cards of alerts have a chart of that name too. A key right after `esc` would be Alt and that key."""


def test_the_scenario_that_was_asked_for_begins_by_itself_and_can_be_cured(tmp_path: Path) -> None:
    with serving(tmp_path, "--scenario", "cold-starts", "--speed", "10") as run:
        control = announced(run)["control"]
        until(lambda: ask(f"{control}/v1/status").json()["scenario"] is not None)
        scenario = ask(f"{control}/v1/status").json()["scenario"]
        assert scenario["name"] == "cold-starts"
        until(lambda: not ask(f"{control}/v1/status").json()["scenario"]["cured"])
        cured = ask(f"{control}/v1/scenarios/cold-starts/cure", method="POST", body=b"{}")
        assert cured.status == 200
        until(lambda: ask(f"{control}/v1/status").json()["scenario"]["cured"])


def test_an_incident_is_started_cured_and_cleared_from_the_palette(tmp_path: Path) -> None:
    with demo(tmp_path) as tty:
        tty.wait_for(r"[1-9]\d*(\.\d+)?/s")
        tty.send(b":incident flash\r")
        tty.wait_for(r"flash sale begins; look at Golden signals")
        tty.send(b":incident hot\r")
        tty.wait_for(r"the incident was not started: flash-sale is running; stop it first")
        tty.send(b":cure flash\r")
        tty.wait_for(r"orders: 8 more instances are booting, ready in 40 s")
        tty.send(b":clear all\r")
        tty.wait_for(r"all clear: 1 fault ended")
        tty.send(b"?")
        tty.wait_for(r"First run: see an incident, own its alert, and cure it")
        tty.send(b"qq")
        assert tty.wait() == 0


def test_the_first_run_is_walked_as_the_help_says(tmp_path: Path) -> None:
    with demo(tmp_path, "--speed", "10") as tty:
        tty.wait_for(r"[1-9]\d*(\.\d+)?/s")
        tty.send(b"?")
        told = tty.wait_for(r"First run: see an incident, own its alert, and cure it[\s\S]*error budget").group()
        said = [line[2:].split("  ")[0].strip("│ ") for line in told.splitlines()[1:]]
        assert said[:6] == ["1", ":", "! a enter", "esc v", ":", ":"]
        tty.send(b"\x1b")
        tty.wait_for(ON_THE_DASHBOARD)
        tty.send(b"1")
        tty.send(b":incident\r")
        tty.wait_for(r"flash sale begins")
        tty.wait_for(r"[●▲] \d", timeout_s=30)
        tty.send(b"!")
        tty.wait_for(r"❯ +1 ")
        tty.send(b"a")
        tty.wait_for(r"enter take")
        tty.send(b"\r")
        tty.wait_for(r"✓ \w+ \d+s")
        tty.send(b"\x1b")
        tty.wait_for(ON_THE_DASHBOARD)
        tty.send(b"v")
        tty.wait_for(r"\d\d:\d\d:\d\d +[│┃]")
        tty.send(b":cure\r")
        tty.wait_for(r"orders: 8 more instances are booting")
        tty.send(b"!:clear\r")
        tty.wait_for(r"all clear: 1 fault ended")
        tty.send(b"!")
        tty.wait_until(lambda: "critical" not in tty.lines[0], "alerts end by themselves", timeout_s=80)
        tty.wait_for(r"· +ServiceFailing .* over")
        tty.send(b"\x1b")
        tty.wait_for(ON_THE_DASHBOARD)
        tty.send(b"q")
        assert tty.wait() == 0
