"""What a model alone cannot know: references between parts, and values that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opsdash.config.checks.panels import check_dashboards
from opsdash.config.checks.sources import check_sources
from opsdash.config.checks.top import check_top
from opsdash.config.checks.variables import check_variables
from opsdash.config.report import Report
from opsdash.config.union import Union


def check(union: Union, report: Report, theme_folders: Sequence[Path]) -> None:
    """Reports all of it."""
    check_top(union, report, theme_folders)
    check_sources(union, report)
    check_variables(union, report)
    check_dashboards(union, report)
    if union.sections:
        from opsdash.config.checks.alerts import check_alerts  # noqa: PLC0415 - it brings the grammar of PromQL
        from opsdash.config.checks.notify import check_notify  # noqa: PLC0415

        check_alerts(union, report)
        check_notify(union, report)
