"""A server that is not there: its tests are skipped by name, and in CI they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = {
    "prometheus": "tests/servers/test_prometheus_server.py::test_it_counts_what_it_was_asked",
    "node_exporter": "tests/servers/test_node_exporter.py::test_it_tells_of_this_machine",
    "alertmanager": "tests/adapters/test_alertmanager.py::test_it_says_its_version",
}
"""For each server a test that needs it."""

each_server = pytest.mark.parametrize("server", NAMES)


def without_servers(folder: Path, name: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """That test, run where PATH has next to nothing."""
    for tool in ("sh", "uname"):
        (folder / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    env = {**os.environ, "PATH": str(folder), "CI": str(ci).lower()}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@each_server
def test_without_the_server_its_tests_are_skipped_by_name(server: str, tmp_path: Path) -> None:
    ran = without_servers(tmp_path, NAMES[server], ci=False)
    assert ran.returncode == 0, ran.stdout
    assert f"SKIPPED {NAMES[server]} - Skipped: needs {server}: " in ran.stdout


@each_server
def test_in_ci_they_fail(server: str, tmp_path: Path) -> None:
    ran = without_servers(tmp_path, NAMES[server], ci=True)
    assert ran.returncode == 1, ran.stdout
    assert f"ERROR {NAMES[server]} - Failed: needs {server}: " in ran.stdout
