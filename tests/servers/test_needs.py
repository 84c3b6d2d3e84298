"""A server that is not there: its tests are skipped by name, and in CI they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = "tests/servers/test_prometheus_server.py::test_it_counts_what_it_was_asked"


def without_prometheus(folder: Path, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """That test, run where PATH has next to nothing."""
    for tool in ("sh", "uname"):
        (folder / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    env = {**os.environ, "PATH": str(folder), "CI": str(ci).lower()}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NAME]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_without_the_server_its_tests_are_skipped_by_name(tmp_path: Path) -> None:
    ran = without_prometheus(tmp_path, ci=False)
    assert ran.returncode == 0, ran.stdout
    assert f"SKIPPED {NAME} - Skipped: needs prometheus: " in ran.stdout


def test_in_ci_they_fail(tmp_path: Path) -> None:
    ran = without_prometheus(tmp_path, ci=True)
    assert ran.returncode == 1, ran.stdout
    assert f"ERROR {NAME} - Failed: needs prometheus: " in ran.stdout
