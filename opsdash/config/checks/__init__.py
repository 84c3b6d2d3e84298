"""What a model alone cannot know: references between parts, and values that contradict each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from opsdash.config.report import Report
from opsdash.config.union import Union


def check(
    union: Union, report: Report, *, theme_folders: Sequence[Path], commands: Collection[str], units: Collection[str]
) -> None:
    """Reports all of it."""
