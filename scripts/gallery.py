"""Prints every kind of panel with made-up data, in ANSI colours: `python scripts/gallery.py [KIND …] [--size WxH]`.

For looking at what the drawing code does; nothing else uses it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta, timezone

import numpy as np

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.view.cells import Cells
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView, QueryView

END_S = 1_790_000_000.0
COLOURS = {
    Role.GROUND: "15181e", Role.TEXT: "c8ccd4", Role.DIM: "7a828e", Role.FRAME: "3c434f", Role.TITLE: "aab2bd",
    Role.OK: "7fb77e", Role.WARNING: "e0af5a", Role.CRITICAL: "e8646a", Role.LATE: "c9a45c", Role.STALE: "8a8f98",
    Role.NO_DATA: "8f9bb3", Role.ERROR: "e8646a", Role.ACCENT: "7aa2f7",
    Role.SELECTION: "2a3244", Role.CURSOR: "dfe3ea",
    Role.COMPARE: "5b6472", Role.SERIES_1: "6fa8dc", Role.SERIES_2: "d9a066", Role.SERIES_3: "8fbf7f",
    Role.SERIES_4: "c58fc7",
    Role.SERIES_5: "6fc3bf", Role.SERIES_6: "d98a8a", Role.SERIES_7: "a3a3e0", Role.SERIES_8: "bdb76b",
    Role.SERIES_9: "7fb0a0",
    Role.SERIES_10: "cf9fb0", Role.SERIES_11: "9fb6cf", Role.SERIES_12: "b0a090",
    Role.HEAT_1: "1c2b3a", Role.HEAT_2: "1f3f55", Role.HEAT_3: "245a6f", Role.HEAT_4: "2f7a80", Role.HEAT_5: "4d9a82",
    Role.HEAT_6: "86b573", Role.HEAT_7: "c7c465", Role.HEAT_8: "f4d35e",
}  # fmt: skip


def ansi(cells: Cells, *, colour: bool = True) -> str:
    """The canvas with 24-bit colours, a line a row."""
    lines = []
    for codes, inks in zip(cells.codes.tolist(), cells.inks.tolist(), strict=True):
        parts, before = [], -1
        for code, style in zip(codes, inks, strict=True):
            if code == 0:
                continue
            if style != before and colour:
                parts.append(sgr(style))
                before = style
            parts.append(chr(code))
        lines.append("".join(parts) + ("\x1b[0m" if colour else ""))
    return "\n".join(lines)


def sgr(style: int) -> str:
    fg, bg, attributes = Role(style & 63), Role(style >> 6 & 63), style >> 12
    front = COLOURS.get(Role.TEXT if fg is Role.GROUND else fg, "ffffff")
    back = COLOURS.get(bg, "000000")
    if attributes & 2:
        front = "".join(f"{(int(front[n : n + 2], 16) + int(back[n : n + 2], 16)) // 2:02x}" for n in (0, 2, 4))
    rgb = [";".join(str(int(c[n : n + 2], 16)) for n in (0, 2, 4)) for c in (front, back)]
    extra = ";1" if attributes & 1 else ""
    return f"\x1b[0{extra};38;2;{rgb[0]};48;2;{rgb[1]}m"


def window(
    names: Sequence[str], level: float, *, points: int = 361, step: float = 10.0, label: str = "service"
) -> Window:
    """Smooth, a little noisy series around `level`, with a gap in the second one."""
    rng = np.random.default_rng(len(names))
    times = END_S - (points - 1 - np.arange(points)) * step
    phase = np.linspace(0, 6, points)
    rows = [
        level * (1 + 0.5 * n) * (1 + 0.35 * np.sin(phase * (1 + 0.2 * n) + n) + 0.05 * rng.normal(size=points))
        for n in range(len(names))
    ]
    values = np.array(rows).reshape(len(names), points)
    present = np.ones(values.shape, dtype=bool)
    if len(names) > 1:
        present[1, points // 3 : points // 3 + points // 12] = False
    values = np.where(present, values, np.nan)
    return Window(times=times, labels=tuple(labels_of({label: name}) for name in names), values=values, present=present)


def histogram(step: float = 15.0, points: int = 241) -> Window:
    """Cumulative buckets of a latency that moves and doubles for a while."""
    bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, np.inf]
    times = END_S - (points - 1 - np.arange(points)) * step
    middle = np.log(0.06) + 0.6 * np.sin(np.linspace(0, 5, points)) + 1.5 * (np.abs(np.arange(points) - 180) < 20)
    rows = [
        200 / (1 + np.exp(-(np.log(bound) - middle) / 0.35)) if np.isfinite(bound) else np.full(points, 200.0)
        for bound in bounds
    ]
    values = np.array(rows)
    values[:, 60:70] = np.nan
    names = ["+Inf" if np.isinf(bound) else f"{bound:g}" for bound in bounds]
    return Window(
        times=times, labels=tuple(labels_of({"le": name}) for name in names), values=values, present=~np.isnan(values)
    )


def panel(kind: PanelKind, shown: Window, **spec: object) -> PanelView:
    """A fresh view of one query."""
    names = tuple(pairs[0][1] if pairs else "all" for pairs in shown.labels)
    details = PanelSpec(id="p", title=str(spec.pop("title", kind.value)), kind=kind, source="prom", **spec)  # type: ignore[arg-type]
    query = PanelQuery(query=PromQuery(source="prom", expr="x"))
    found = QueryView(spec=query, window=shown, legends=names, answer=Answer(window=shown), state=Freshness.FRESH)
    return PanelView(
        spec=details, state=Freshness.FRESH, queries=(found,), start_s=END_S - 3600, end_s=END_S, step_s=10.0, age_s=1.0
    )


SERVICES = ("orders", "payments", "gateway", "users")
LIMITS = Thresholds(warning=0.3, critical=0.5)


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


GALLERY = {"timeseries": timeseries_views, "states": state_views, "numbers": number_views, "heatmap": heatmap_views}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(GALLERY))
    parser.add_argument("--size", default="60x15")
    parser.add_argument("--across", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the panels, from 0")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--plain", action="store_true", help="no colours, as a monochrome theme looks")
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    views = [pair for kind in given.kinds for pair in GALLERY[kind]()]
    if given.only:
        views = [views[n] for n in given.only]
    for first in range(0, len(views), given.across):
        row = Cells((width + 1) * given.across, height)
        for n, (view, look) in enumerate(views[first : first + given.across]):
            row.blit(
                n * (width + 1),
                0,
                paint(view, width, height, replace(look, ascii_only=given.ascii, monochrome=given.plain)),
            )
        print(ansi(row, colour=not given.plain))


if __name__ == "__main__":
    main()
