"""The head of what `once` prints: each source and what came of asking it."""

from __future__ import annotations

from datetime import UTC

import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.export.once_cells import reading_cells
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import Snapshot, SourceView
from opsdash.core.view.timerange import TimeRange


def head(state: Freshness, *, polls: int = 2, rtt_s: float | None = None, message: str | None = None) -> list[str]:
    source = SourceView(
        name="prom",
        kind="prometheus",
        url="http://x",
        state=state,
        age_s=None if rtt_s is None else 0.0,
        rtt_s=rtt_s,
        errors=0,
        polls=polls,
        bytes=0,
        message=message,
    )
    snapshot = Snapshot(
        at_s=1.6e9,
        title="Shop",
        environment="",
        dashboards=(),
        current=0,
        time_range=TimeRange(length_s=3600.0),
        start_s=1.6e9 - 3600,
        end_s=1.6e9,
        step_s=10.0,
        refresh_s=5.0,
        panels={},
        sources=(source,),
    )
    return [
        line.rstrip() for line in to_text(reading_cells(snapshot, (), 80, Look(now_s=1.6e9, zone=UTC))).splitlines()
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (head(Freshness.NO_DATA, polls=0), "prom not asked"),
        (head(Freshness.NO_DATA, polls=2), "prom no answer"),
        (head(Freshness.FRESH, rtt_s=0.003), "prom ok 3 ms"),
        (head(Freshness.ERROR, message="404 page not found"), "prom ✕ error"),
    ],
)
def test_a_source_is_said_to_be(lines: list[str], said: str) -> None:
    assert lines[1] == said


def test_the_reason_of_a_source_that_failed_is_below_its_name() -> None:
    assert head(Freshness.ERROR, message="404 page not found")[2] == "  prom: 404 page not found"
