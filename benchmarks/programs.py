"""The programs that are compared, and how each is told to show the same panels."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import dashboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a program is asked to show: one hour, at 10 s steps."""

    panels: int
    refresh_s: float
    prometheus_url: str
    hang: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One competitor."""

    name: str
    argv: Callable[[Work, Path], list[str]]
    """Writes what it needs into the folder and gives its command line."""
    live: str
    """A regular expression that only live data can match; once for each panel that has it."""
    key: bytes
    """A key that changes something on the screen."""


def _opsdash(work: Work, folder: Path) -> list[str]:
    shown = dashboard.panels(work.panels, hang=work.hang)
    config = folder / "opsdash.yaml"
    config.write_text(
        dashboard.opsdash(shown, prometheus_url=work.prometheus_url, refresh=f"{round(work.refresh_s * 1000)}ms")
    )
    return [str(Path(sys.executable).with_name("opsdash")), str(config)]


def _grafatui(work: Work, folder: Path) -> list[str]:
    board = folder / "grafana.json"
    board.write_text(dashboard.grafana(dashboard.panels(work.panels, hang=work.hang)))
    program = shutil.which("grafatui") or str(Path.home() / ".cargo" / "bin" / "grafatui")
    source = ["--prometheus-url", work.prometheus_url, "--grafana-json", str(board)]
    return [program, *source, "--range", "1h", "--step", "10s", "--refresh-rate", str(round(work.refresh_s * 1000))]


PROGRAMS = {
    "opsdash": Program(name="opsdash", argv=_opsdash, live=r"gateway\s+[\d.]+", key=b"\t"),
    "grafatui": Program(name="grafatui", argv=_grafatui, live=r"gateway \(\d", key=b"\t"),
}


def is_installed(program: Program) -> bool:
    """Whether it can be run here."""
    work = Work(panels=1, refresh_s=5, prometheus_url="")
    with tempfile.TemporaryDirectory() as folder:
        return shutil.which(program.argv(work, Path(folder))[0]) is not None
