"""An engine that asks nobody: the same snapshots each time, of every kind in every state; it notes what it was told."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Collection
from dataclasses import replace

import numpy as np

from opsdash.core.metrics.answers import Answer, LogRow, Table
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of, legend
from opsdash.core.metrics.queries import EsqlQuery, LogQuery, PromQuery
from opsdash.core.metrics.window import Window, empty_window, window_of
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import ALL, Binding, FixedValues, FreeText, Selection, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, Grid, Mapping, PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView, Snapshot, SourceView
from opsdash.core.view.timerange import TimeRange, step_for

NOW_S = 1_790_000_000.0
SERVICES = ("gateway", "orders", "payments", "users")
_UNITS = {"p99 latency": "s", "Requests": "reqps", "5xx": "percentunit", "Memory": "bytes", "CPU": "percentunit"}


def panel(title: str, kind: PanelKind = PanelKind.TIMESERIES, **more: object) -> PanelSpec:
    """A panel with one query, or for logs and text what they need."""
    source = "logs" if kind is PanelKind.LOGS else "prom"
    query = (
        LogQuery(source="logs", query="level:error")
        if kind is PanelKind.LOGS
        else PromQuery(source=source, expr=f"sum({title})")
    )
    queries = () if kind is PanelKind.TEXT else (PanelQuery(query=query, name="A", legend="{{service}}"),)
    given: dict[str, object] = {"source": source, "unit": _UNITS.get(title, "short"), "queries": queries, **more}
    return PanelSpec(id=str(given.pop("id", f"d/{title}")), title=title, kind=kind, **given)  # type: ignore[arg-type]


def twelve(dashboard: str = "Twelve") -> Dashboard:
    """The panels of the benchmark."""
    titles = (
        "p99 latency", "p95 latency", "Average latency", "Requests", "4xx ratio", "5xx", "Availability", "CPU",
        "Memory", "Queue depth", "Cache hit ratio", "Cost",
    )  # fmt: skip
    return Dashboard(
        title=dashboard,
        panels=tuple(
            panel(title, id=f"{dashboard}/{title}", grid=Grid(x=6 * (n % 4), y=8 * (n // 4), w=6, h=8))
            for n, title in enumerate(titles)
        ),
    )


def every_kind() -> Dashboard:
    """One panel of each kind, and one in each state."""
    specs = [
        panel("p99 latency", grid=Grid(x=0, y=0, w=8, h=8), thresholds=Thresholds(warning=0.3, critical=1.0)),
        panel("Requests", grid=Grid(x=8, y=0, w=8, h=8), draw="area"),
        panel("5xx", PanelKind.STAT, grid=Grid(x=16, y=0, w=4, h=4)),
        panel("CPU", PanelKind.GAUGE, grid=Grid(x=20, y=0, w=4, h=4), minimum=0.0, maximum=1.0),
        panel("Memory", PanelKind.BARGAUGE, grid=Grid(x=16, y=4, w=8, h=4)),
        panel("Services", PanelKind.TABLE, grid=Grid(x=0, y=8, w=12, h=8)),
        panel("Errors", PanelKind.LOGS, grid=Grid(x=12, y=8, w=12, h=8)),
        panel("Latency heat", PanelKind.HEATMAP, grid=Grid(x=0, y=16, w=8, h=8)),
        panel(
            "Up",
            PanelKind.STATUS,
            grid=Grid(x=8, y=16, w=8, h=8),
            mappings=(Mapping(text="up", value=1.0, level="ok"),),
        ),
        panel("Slowest", PanelKind.TOPLIST, grid=Grid(x=16, y=16, w=8, h=4)),
        panel("Cost", PanelKind.COST, grid=Grid(x=16, y=20, w=4, h=4), unit="currencyUSD"),
        panel(
            "Notes", PanelKind.TEXT, grid=Grid(x=20, y=20, w=4, h=4), text="Call the owner.\n[bold]not markup[/bold]"
        ),
        *(
            panel(f"state {state.value}", grid=Grid(x=6 * (n % 4), y=24 + 8 * (n // 4), w=6, h=8))
            for n, state in enumerate(Freshness)
        ),
    ]
    return Dashboard(title="Every kind", panels=tuple(specs))


def board_of(*dashboards: Dashboard, **more: object) -> Board:
    """A board with two sources and three variables."""
    given: dict[str, object] = {
        "title": "Shop",
        "environment": "production",
        "sources": (
            SourceSpec(name="prom", kind="prometheus", url="http://127.0.0.1:9090"),
            SourceSpec(name="logs", kind="elasticsearch", url="http://127.0.0.1:9200"),
        ),
        "variables": (
            VariableSpec(
                name="service", values_from=FixedValues(values=SERVICES), multi=True, include_all=True, default=(ALL,)
            ),
            VariableSpec(name="region", values_from=FixedValues(values=("eu", "us")), default=("eu",), label="Region"),
            VariableSpec(name="text", values_from=FreeText(), default=("x",)),
        ),
        **more,
    }
    return Board(dashboards=dashboards or (every_kind(), twelve()), **given)  # type: ignore[arg-type]


class ScriptedEngine:
    """Does what `opsdash.engine.engine.Engine` promises to a screen, by heart."""

    def __init__(self, board: Board | None = None, now_s: float = NOW_S) -> None:
        self.board = board or board_of()
        self.now_s = now_s
        self.calls: list[tuple[object, ...]] = []
        self.overrides: dict[str, object] = {}
        """Fields of the snapshot that are given instead of made."""
        self.views: dict[str, PanelView] = {}
        """Panels that are given instead of made."""
        self.range = TimeRange(length_s=self.board.range_s)
        self.paused_at_s: float | None = None
        self.compare_s = 0.0
        self.revision = 0
        self.shown: tuple[int, frozenset[str] | None] = (0, None)
        self.bindings = {
            spec.name: Binding(
                spec=spec,
                options=spec.values_from.values if isinstance(spec.values_from, FixedValues) else (),
                selected=spec.default,
            )
            for spec in self.board.variables
        }
        self._waiting: list[asyncio.Queue[Snapshot]] = []
        self._made: dict[tuple[str, float, float], PanelView] = {}

    # --- what a screen calls

    def snapshot(self) -> Snapshot:
        start, end = self.range.bounds(self.now_s if self.paused_at_s is None else self.paused_at_s)
        dashboard, shown = self.shown
        specs = self.board.dashboards[dashboard].panels if self.board.dashboards else ()
        given: dict[str, object] = {
            "at_s": self.now_s,
            "title": self.board.title,
            "environment": self.board.environment,
            "dashboards": tuple(dashboard.title for dashboard in self.board.dashboards),
            "current": dashboard,
            "time_range": self.range,
            "start_s": start,
            "end_s": end,
            "step_s": step_for(end - start),
            "refresh_s": self.board.refresh_s,
            "panels": {spec.id: self._view(spec, start, end) for spec in specs if shown is None or spec.id in shown},
            "sources": tuple(_source(spec.name, spec.kind, spec.url) for spec in self.board.sources),
            "bindings": tuple(self.bindings.values()),
            "paused_at_s": self.paused_at_s,
            "compare_s": self.compare_s,
            "revision": self.revision,
            **self.overrides,
        }
        return Snapshot(**given)  # type: ignore[arg-type]

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        queue: asyncio.Queue[Snapshot] = asyncio.Queue()
        self._waiting.append(queue)
        while True:
            yield await queue.get()

    def publish(self) -> None:
        """Hands a new snapshot to whoever listens."""
        for queue in self._waiting:
            queue.put_nowait(self.snapshot())

    def show(self, dashboard: int, panels: Collection[str] | None = None) -> None:
        self.shown = (dashboard, None if panels is None else frozenset(panels))
        self._told("show", dashboard, panels)

    def choose_range(self, time_range: TimeRange) -> None:
        self.range = time_range
        self._told("choose_range", time_range)

    def pause(self) -> None:
        self.paused_at_s = self.now_s
        self._told("pause")

    def resume(self) -> None:
        self.paused_at_s = None
        self._told("resume")

    def compare(self, offset_s: float) -> None:
        self.compare_s = offset_s
        self._told("compare", offset_s)

    def refresh(self) -> None:
        self._told("refresh")

    def choose_variable(self, name: str, selected: Selection) -> None:
        self.bindings[name] = replace(self.bindings[name], selected=selected)
        self._told("choose_variable", name, selected)

    def narrow_logs(self, panel: str, query: str) -> None:
        self._told("narrow_logs", panel, query)

    async def older_logs(self, query: LogQuery, rows: Answer) -> Answer:
        self._told("older_logs", query)
        return rows

    def _told(self, *call: object) -> None:
        self.calls.append(call)
        self.publish()

    # --- what it makes up

    def _view(self, spec: PanelSpec, start: float, end: float) -> PanelView:
        if spec.id in self.views:
            return self.views[spec.id]
        key = (spec.id, start, end)
        if key not in self._made:
            self._made[key] = view_of(spec, start, end, compare_s=self.compare_s)
        return self._made[key]


def view_of(spec: PanelSpec, start: float, end: float, *, compare_s: float = 0.0) -> PanelView:
    """A panel's data, made of nothing but its title and the time."""
    step = step_for(end - start)
    state = next((state for state in Freshness if spec.title == f"state {state.value}"), Freshness.FRESH)
    queries = tuple(_query_view(spec, query, state, (start, end, step)) for query in spec.queries)
    message = {
        Freshness.LATE: "prom did not answer in 4 s; next try in 10 s",
        Freshness.STALE: "prom does not answer since 14:02:27; next try in 30 s",
        Freshness.NO_DATA: 'no data: up has no series with service="ordres"',
        Freshness.ERROR: "prom refuses the query: unknown function ratee",
    }.get(state)
    age = {Freshness.FRESH: 2.0, Freshness.LATE: 17.0, Freshness.STALE: 130.0, Freshness.NO_DATA: 2.0}.get(state)
    return PanelView(
        spec=spec, state=state, queries=queries, start_s=start, end_s=end, step_s=step, age_s=age, message=message,
        compare_s=compare_s,
    )  # fmt: skip


def _query_view(spec: PanelSpec, query: PanelQuery, state: Freshness, span: tuple[float, float, float]) -> QueryView:
    start, end, step = span
    window, answer = empty_window(), Answer()
    if isinstance(query.query, LogQuery):
        answer = Answer(rows=tuple(log_row(number, end) for number in range(40)))
    elif isinstance(query.query, EsqlQuery):
        answer = Answer(table=Table(columns=("a", "b"), rows=((1, 2.0), (3, None))))
    elif state not in (Freshness.NO_DATA, Freshness.ERROR):
        window = (
            heat_window(start, end, step) if spec.kind is PanelKind.HEATMAP else waves(spec.title, start, end, step)
        )
        answer = Answer(window=window)
    return QueryView(
        spec=query,
        window=window,
        legends=tuple(legend(query.legend, labels) for labels in window.labels),
        answer=answer,
        state=state,
    )


def log_row(number: int, end: float) -> LogRow:
    """One log line, the older the higher its number."""
    level = ("error", "warning", "info")[number % 3]
    return LogRow(
        id=f"row-{number}",
        at_s=end - 3.0 * number - 1,
        message=f"request {number} failed after {100 + 7 * number} ms"
        + (" and a long explanation" * 9 if number % 5 == 0 else ""),
        level=level,
        fields={"service": SERVICES[number % 4], "code": 500 + number % 4},
    )


def waves(title: str, start: float, end: float, step: float) -> Window:
    """Four smooth series that depend on absolute time, so that a later window continues an earlier one."""
    times = np.arange(math.ceil(start / step) * step, end + 1e-6, step)
    seed = sum(map(ord, title)) % 17 + 1
    scale = {"5xx": 0.05, "CPU": 0.8, "Memory": 4e9, "Requests": 900.0, "p99 latency": 1.1, "Up": 1.0}.get(title, 10.0)
    series = []
    for number, service in enumerate(SERVICES):
        phase = times / (600 + 90 * number) + seed
        values = scale * (0.55 + 0.3 * np.sin(phase) + 0.1 * np.sin(3.1 * phase + number)) / (number + 1)
        if title == "Up":
            values = np.ones_like(values)
        series.append((labels_of({"service": service}), [float(value) for value in values]))
    return window_of(times, series)


def heat_window(start: float, end: float, step: float) -> Window:
    """Histogram buckets, cumulative, as Prometheus gives them."""
    times = np.arange(math.ceil(start / step) * step, end + 1e-6, step)
    bounds = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")
    series = [
        (labels_of({"le": bound}), [float((number + 1) * 10 + 5 * math.sin(at / 300 + number)) for at in times])
        for number, bound in enumerate(bounds)
    ]
    return window_of(times, series)


def _source(name: str, kind: str, url: str) -> SourceView:
    return SourceView(
        name=name, kind=kind, url=url, state=Freshness.FRESH, age_s=2.0, rtt_s=0.003 if name == "prom" else 0.012,
        errors=0, polls=720, bytes=1_234_567,
        product="Prometheus 2.42.0" if kind == "prometheus" else "Elasticsearch 8.19.21",
    )  # fmt: skip
