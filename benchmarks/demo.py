"""`opsdash demo` at speed 1: from the command to the first live screen, and what the plant costs beside the dashboard.

    python -m benchmarks.demo [--starts 5] [--seconds 30] [--speed 1]

A screen is live when its last panel of metrics has values; the panel of logs comes a moment later and is told apart.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import cpu_s, memory_mb
from benchmarks.terminal import Terminal

COLUMNS, LINES = 200, 50
FIRST_VALUE = re.compile(r"\d/s\b|/s\s")
ALL_METRICS = re.compile(r"\bwell\s+>1h")
"""The state timeline of the services: the last panel of metrics of the first page, and the widest question."""
LOG_ROW = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")
LONGEST_S = 30.0
SETTLE_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds from the command."""

    first_value_s: float
    live_s: float
    logs_s: float


def _seen(terminal: Terminal, pattern: re.Pattern[str]) -> float:
    """When the screen first showed it; NaN where it did not."""
    found = (at_s for at_s, text in terminal.screens() if pattern.search(text))
    return next(found, float("nan")) - terminal.started_s


def measured_start(argv: list[str]) -> Start:
    """One start. The screens are replayed afterwards, so that nothing competes with the program meanwhile."""
    with Terminal(argv, columns=COLUMNS, lines=LINES) as terminal:
        time.sleep(4.0)
        if not any(LOG_ROW.search(text) for _, text in terminal.screens()):
            time.sleep(LONGEST_S)
        return Start(
            first_value_s=_seen(terminal, FIRST_VALUE),
            live_s=_seen(terminal, ALL_METRICS),
            logs_s=_seen(terminal, LOG_ROW),
        )


def plant_of(dashboard: int) -> int:
    """The process id of the plant that this dashboard started."""
    for folder in Path(f"/proc/{dashboard}/task").glob("*"):
        for child in (folder / "children").read_text().split():
            if b"opsdash.plant.process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise LookupError("the dashboard has no plant")


def resident_mb(pid: int) -> float:
    """The resident set, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def report_running(argv: list[str], seconds: float) -> None:
    """Prints what the plant takes while the dashboard is on it."""
    with Terminal(argv, columns=COLUMNS, lines=LINES) as terminal:
        time.sleep(SETTLE_S)
        plant = plant_of(terminal.pid)
        plant_s, all_s = cpu_s(plant), cpu_s(terminal.pid)
        time.sleep(seconds)
        plant_s, all_s = cpu_s(plant) - plant_s, cpu_s(terminal.pid) - all_s
        print(f"| CPU of the plant, % of one core | {100 * plant_s / seconds:.1f} |")
        print(f"| CPU of the dashboard, % of one core | {100 * (all_s - plant_s) / seconds:.1f} |")
        print(
            f"| memory of the plant, resident / proportional, MB | {resident_mb(plant):.0f} / {memory_mb(plant):.0f} |"
        )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30.0, help="of the steady window")
    parser.add_argument("--speed", default="1")
    options = parser.parse_args()
    argv = [sys.executable, "-m", "opsdash", "demo", "--speed", options.speed, "--log-file", "-"]
    starts = [measured_start(argv) for _ in range(options.starts + 1)][1:]
    print(f"{len(starts)} starts after one that warmed the disk: median (least–greatest)\n| what | |\n|---|---:|")
    for name, taken in (
        ("first value on the screen, s", [each.first_value_s for each in starts]),
        ("all panels of metrics live, s", [each.live_s for each in starts]),
        ("the panel of logs too, s", [each.logs_s for each in starts]),
    ):
        print(f"| {name} | {statistics.median(taken):.2f} ({min(taken):.2f}–{max(taken):.2f}) |")
    report_running(argv, options.seconds)


if __name__ == "__main__":
    main()
