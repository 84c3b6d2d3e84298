"""What a process and everything it started has cost so far, from /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> Iterator[Path]:
    """/proc folders of the process and its descendants."""
    waiting = [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        yield folder
        for task in folder.glob("task/*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:
                continue


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of the tree and of its children that have ended."""
    ticks = 0
    for folder in _tree(pid):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS_A_SECOND


def memory_mb(pid: int) -> float:
    """Proportional set size of the tree, in MiB."""
    kilobytes = 0
    for folder in _tree(pid):
        try:
            found = re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        kilobytes += int(found[1]) if found else 0
    return kilobytes / 1024
