"""Made-up charts, numbers, heat maps and states for `scripts/gallery.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, Thresholds
from opsdash.core.view.snapshot import PanelView
from scripts.gallery_data import END_S, LIMITS, SERVICES, histogram, panel, window


def timeseries_views() -> Iterator[tuple[PanelView, Look]]:
    look = Look(now_s=END_S, zone=timezone(timedelta(hours=9)))
    kind = PanelKind.TIMESERIES
    lines = panel(kind, window(SERVICES, 0.2), title="p99 latency", unit="s", thresholds=LIMITS)
    yield lines, look
    yield panel(kind, window(("gateway",), 1180.0), title="Requests", unit="reqps"), look
    yield panel(kind, window(SERVICES, 300.0), title="Requests, stacked", unit="reqps", draw="area", stacked=True), look
    yield panel(kind, window(("orders",), 0.5e9), title="Memory", unit="bytes", draw="area"), look
    yield panel(kind, window(SERVICES, 20.0, points=13, step=300.0), title="Errors", draw="bars"), look
    yield (
        panel(kind, window(SERVICES[:3], 20.0, points=31, step=120.0), title="Stacked bars", draw="bars", stacked=True),
        look,
    )
    yield panel(kind, window(SERVICES[:2], 20.0), title="Dense bars", draw="bars"), look
    yield panel(kind, window(SERVICES, 20.0, points=61, step=60.0), title="Points", draw="points"), look
    names = [f'http_requests_total{{service="orders", instance="10.0.{n}.17:9090"}}' for n in range(18)]
    yield panel(kind, window(names, 20.0), title="Many series with long names", unit="ops"), look
    earlier = window(SERVICES[:1], 0.3)
    base = panel(kind, window(SERVICES[:1], 0.2), title="Compared, with a cursor", unit="s", thresholds=LIMITS)
    yield (
        replace(base, queries=(replace(base.queries[0], compare=earlier),), compare_s=86400.0),
        replace(look, cursor_s=END_S - 1200),
    )
    partial = panel(kind, window(SERVICES[:2], 50.0, points=61, step=60.0), title="Logs by level, partial")
    answer = replace(partial.queries[0].answer or Answer(), partial_from_s=END_S - 200)
    yield replace(partial, queries=(replace(partial.queries[0], answer=answer),)), look
    share = window(("all",), 99.5)
    share = replace(share, values=99.2 + share.values / 1000)
    yield (
        panel(
            kind,
            share,
            title="Availability",
            unit="percent",
            thresholds=Thresholds(warning=99.3, critical=99.0, below=True),
        ),
        look,
    )


def state_views() -> Iterator[tuple[PanelView, Look]]:
    look = Look(now_s=END_S)
    base = next(timeseries_views())[0]
    yield base, replace(look, focused=True)
    yield (
        replace(
            base,
            state=Freshness.LATE,
            age_s=9.0,
            message="prom did not answer in 4 s; showing 14:02:27; next try in 10 s",
        ),
        look,
    )
    yield (
        replace(
            base,
            state=Freshness.STALE,
            age_s=130.0,
            message="prom did not answer in 4 s; showing 14:02:27; next try in 10 s",
        ),
        look,
    )
    yield replace(base, state=Freshness.ERROR, message="prom: parse error: unexpected end of input"), look
    empty = replace(base, queries=())
    yield (
        replace(
            empty,
            state=Freshness.ERROR,
            message='prom refused the query: 1:14: parse error: unexpected "{" in aggregation',
        ),
        look,
    )
    yield (
        replace(
            empty,
            state=Freshness.NO_DATA,
            message='no data: http_requests_total has no series with service="ordres"; did you mean orders?',
        ),
        look,
    )
    yield replace(empty, state=Freshness.ERROR, waiting=True), look
    yield (
        replace(base, notes=("1,000 of 5,213 series", "PromQL info: metric might not be a counter")),
        replace(look, focused=True),
    )


def number_views() -> Iterator[tuple[PanelView, Look]]:
    look = Look(now_s=END_S)
    for kind in (PanelKind.STAT, PanelKind.GAUGE, PanelKind.BARGAUGE):
        yield (
            panel(
                kind,
                window(("gateway",), 0.62),
                title=f"{kind.value} of one",
                unit="percentunit",
                minimum=0.0,
                maximum=1.0,
                thresholds=Thresholds(warning=0.7, critical=0.9),
            ),
            look,
        )
        yield (
            panel(kind, window(SERVICES, 0.2), title=f"{kind.value} of four", unit="s", maximum=1.0, thresholds=LIMITS),
            look,
        )
        yield (
            panel(
                kind, window([f"service-{n}" for n in range(14)], 120.0), title=f"{kind.value} of many", unit="reqps"
            ),
            look,
        )


def heatmap_views() -> Iterator[tuple[PanelView, Look]]:
    look = Look(now_s=END_S)
    yield panel(PanelKind.HEATMAP, histogram(), title="Latency distribution", unit="s"), look
