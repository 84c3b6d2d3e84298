"""Every panel of every dashboard of `opsdash demo` has data as soon as the demo serves, in each architecture."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from opsdash.plant.architectures import ARCHITECTURES
from tests.e2e.programs import OPSDASH, home
from tests.e2e.test_demo_command import announced, demo, serving
from tests.e2e.tty import plain_environment

pytestmark = pytest.mark.slow
SELDOM_SLOW = {"amazon", "netflix"}
"""Their stores may have had no slow statement in an hour."""
BESIDE = ("Edge", "Balancer", "Services", "Capacity", "Databases", "Caches, queues", "Logs", "Cost")


def told(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, once."""
    environment = plain_environment(home(folder))
    argv = [*OPSDASH, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_panel_is_fresh_and_has_data(tmp_path: Path, architecture: str) -> None:
    with serving(tmp_path, "--seed", "1", "--architecture", architecture) as run:
        configuration = announced(run)["configuration"]
        checked = told(tmp_path, "check", "--strict", configuration)
        once = told(tmp_path, "once", "--format", "json", configuration)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    panels = json.loads(once.stdout)["panels"]
    unfit = [
        (panel["title"], panel["state"], panel["error"])
        for panel in panels
        if panel["state"] != "fresh" or not (panel["kind"] == "text" or panel["series"] or panel["rows"])
        if not (architecture in SELDOM_SLOW and panel["title"].startswith("Slow statements"))
    ]
    assert unfit == []
    assert len(panels) > 100
    assert once.returncode == 0


def test_each_dashboard_is_one_key_away(tmp_path: Path) -> None:
    with demo(tmp_path, "--seed", "1") as tty:
        tty.wait_for(r"Shop › Golden signals", timeout_s=20)
        for key, title in enumerate(BESIDE, start=2):
            tty.send(str(key).encode())
            tty.wait_for(rf"Shop › {re.escape(title)}", timeout_s=20)
        tty.send(b"q")
        assert tty.wait() == 0
