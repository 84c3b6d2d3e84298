"""`scripts/real-demo`: real servers with living data, and nothing of them left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import prometheus
from tests.servers.needs import missing
from tests.servers.web import ask

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.slow]


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo's servers without a dashboard."""
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    env = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "scripts.demo_stack", "--serve-only", "--hours", "0.3"]
    with subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Name → URL or path, of a demo that runs."""
    with started(tmp_path_factory.mktemp("demo")) as process:
        yield announced(process)


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """What it prints once everything is there: name → URL or path."""
    assert process.stdout is not None
    found = {}
    for line in process.stdout:
        name, value = line.split()
        found[name] = value
        if name == "config":
            return found
    raise AssertionError("it ended before it was ready")


def is_served(url: str) -> bool:
    try:
        ask(url, timeout_s=2)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_everything_it_started_ends_with_it(tmp_path: Path, ending: signal.Signals) -> None:
    with started(tmp_path) as process:
        served = announced(process)
        assert is_served(served["prometheus"])
        process.send_signal(ending)
        assert process.wait(timeout=30) == (130 if ending == signal.SIGINT else 143)
    assert not any(is_served(url) for url in served.values() if url.startswith("http"))
    assert list(tmp_path.glob("opsdash-demo-*")) == []


def test_its_configuration_shows_every_kind_of_panel(served: dict[str, str]) -> None:
    kinds = set(re.findall(r"kind: (\w+)", Path(served["config"]).read_text())) - {"prometheus", "elasticsearch"}
    assert kinds == {
        "timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "status", "logs", "text", "toplist", "cost",
    }  # fmt: skip


def test_the_logs_go_on(served: dict[str, str]) -> None:
    if served["elasticsearch"] == "-":
        missing("elasticsearch", "the demo found none")
    count = f"{served['elasticsearch']}/logs-shop/_count"
    before = ask(count).json()["count"]
    assert before > 2_000
    deadline = time.monotonic() + 30
    while ask(count).json()["count"] == before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert ask(count).json()["count"] > before


def opsdash(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("opsdash")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_the_program_finds_nothing_wrong_and_every_panel_has_data(served: dict[str, str]) -> None:
    if served["elasticsearch"] == "-":
        missing("elasticsearch", "the demo found none")
    checked = opsdash("check", "--strict", served["config"])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    once = opsdash("once", "--format", "json", served["config"])
    panels = json.loads(once.stdout)["panels"]
    assert {(panel["title"], panel["state"], panel["error"]) for panel in panels if panel["state"] != "fresh"} == set()
    assert once.returncode == 0, once.stderr
