"""More made-up panels for `scripts/gallery.py`: kinds that show rows and words, hostile data for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone

import numpy as np

from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import LogQuery, PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Column, Mapping, PanelKind, PanelQuery, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView
from scripts.gallery_data import END_S, LIMITS, SERVICES, panel, window

LOOK = Look(now_s=END_S, zone=timezone(timedelta(hours=9)))
TEXT = """On call: platform, then the owner of the service.

Runbook   https://wiki.example/runbooks/golden-signals
Deploys   Tuesdays and Thursdays, 10:00 to 15:00

[bold]This is text[/bold] and never markup: what is written stands here as it was written, and long lines wrap."""


def query(name: str, shown: Window, **spec: object) -> QueryView:
    """A fresh query called `name`."""
    given = PanelQuery(query=PromQuery(source="prom", expr="x"), name=name, **spec)  # type: ignore[arg-type]
    names = tuple(pairs[0][1] if pairs else "all" for pairs in shown.labels)
    return QueryView(spec=given, window=shown, legends=names, answer=Answer(window=shown), state=Freshness.FRESH)


def table_views() -> Iterator[tuple[PanelView, Look]]:
    names = (*SERVICES, *(f"worker-{n}" for n in range(12)))
    columns = (
        Column(name="service"),
        Column(name="rate", title="req/s", unit="reqps"),
        Column(name="p50", unit="s"),
        Column(name="p99", unit="s", thresholds=Thresholds(warning=0.3, critical=0.5)),
        Column(name="5xx", unit="percentunit", thresholds=Thresholds(warning=0.01, critical=0.05)),
        Column(name="memory", unit="bytes"),
    )
    levels = {"rate": 300.0, "p50": 0.02, "p99": 0.1, "5xx": 0.004, "memory": 5e8}
    base = panel(PanelKind.TABLE, window(SERVICES, 1.0), title="Services", columns=columns)
    few = tuple(query(name, window(SERVICES, level)) for name, level in levels.items())
    yield replace(base, queries=few), LOOK
    many = tuple(query(name, window(names, level / 4)) for name, level in levels.items())
    yield replace(base, queries=many), replace(LOOK, sort="-p99", row=2, focused=True)
    yield panel(PanelKind.TABLE, window(SERVICES, 300.0), title="One query", unit="reqps"), LOOK


def status_views() -> Iterator[tuple[PanelView, Look]]:
    up = window((*SERVICES, "emails"), 1.0)
    values = np.ones_like(up.values)
    values[0, 180:230] = 0.0
    values[2, 40:44] = 0.5
    values[3, 330:] = 0.0
    present = np.ones(values.shape, dtype=bool)
    present[1, 90:140] = False
    present[4, 250:] = False
    words = (
        Mapping(text="up", value=1.0, level="ok"),
        Mapping(text="degraded", value=0.5, level="warning"),
        Mapping(text="down", value=0.0, level="critical"),
    )
    shown = replace(up, values=np.where(present, values, np.nan), present=present)
    yield panel(PanelKind.STATUS, shown, title="Up", mappings=words), LOOK
    phases = window(("leader", "follower-1"), 1.0)
    turns = np.floor(np.linspace(0, 5, phases.times.size))
    plain = replace(phases, values=np.array([turns, np.flip(turns)]), present=np.ones((2, turns.size), dtype=bool))
    modes = tuple(Mapping(text=text, value=float(n)) for n, text in enumerate(("idle", "sync", "busy", "drain", "off")))
    yield panel(PanelKind.STATUS, plain, title="Modes", mappings=modes), LOOK
    by_limit = panel(PanelKind.STATUS, window(SERVICES, 0.2), title="p99 by limit", unit="s", thresholds=LIMITS)
    yield by_limit, replace(LOOK, cursor_s=END_S - 900)


def log_views() -> Iterator[tuple[PanelView, Look]]:
    messages = (
        "GET /checkout 500 in 1204 ms: upstream payments timed out after 1 s and was not asked again for this order",
        "connection pool exhausted, 18 waiting",
        "order 48213 accepted",
        "retry 2 of 3 for payment 99120",
        "cache miss ratio 0.31",
    )
    rows = tuple(
        LogRow(
            id=str(n),
            at_s=END_S - 2.7 * n,
            message=messages[n % 5],
            level=("error", "warning", "info", "warning", "debug")[n % 5],
            fields={"service": SERVICES[n % 4], "status": 500 if n % 5 == 0 else 200, "trace": f"4bf92f35{n:04d}"},
        )
        for n in range(60)
    )
    empty = window((), 1.0)
    base = panel(PanelKind.LOGS, empty, title="Errors", source="logs")
    asked = PanelQuery(query=LogQuery(source="logs", query="level:error"), name="A")
    found = QueryView(spec=asked, window=empty, legends=(), answer=Answer(rows=rows), state=Freshness.FRESH)
    base = replace(base, queries=(found,))
    yield base, LOOK
    yield base, replace(LOOK, row=2, expanded=frozenset({"2", "0"}), focused=True, maximised=True)
    yield base, replace(LOOK, filter="order")


def word_views() -> Iterator[tuple[PanelView, Look]]:
    yield panel(PanelKind.TEXT, window((), 1.0), title="Notes", text=TEXT), LOOK
    yield panel(PanelKind.TOPLIST, window(SERVICES, 0.2), title="Slowest", unit="s", thresholds=LIMITS), LOOK
    names = [f"/api/v2/shops/{n * 37 % 101}/orders" for n in range(40)]
    yield panel(PanelKind.TOPLIST, window(names, 12.0), title="Busiest routes", unit="reqps", limit=25), LOOK
    parts = window(("compute", "database", "CDN", "object storage", "queues"), 9.0)
    cost = panel(PanelKind.COST, parts, title="Cost", unit="currencyUSD", thresholds=Thresholds(warning=60.0))
    yield replace(cost, queries=(*cost.queries, query("requests", window(("all",), 1180.0)))), LOOK
    yield panel(PanelKind.COST, window([f"team-{n:02}" for n in range(30)], 3.0), title="Cost by team"), LOOK


HOSTILE = (
    "\x1b[31mred\x1b[0m", "日本語のサービス名がここに", "\u202eabc\u202c [bold]x[/bold]", "W" * 300, "", "a\tb\rc",
)  # fmt: skip


def hostile_logs() -> Iterator[tuple[PanelView, Look]]:
    rows = tuple(
        LogRow(id=str(n), at_s=END_S - 40_000.0 * n, message=text, level=text, fields={"service": text, text: 1.0})
        for n, text in enumerate((*HOSTILE, "one\nline\nand more\n", " " * 40 + "far right"))
    )
    base = panel(PanelKind.LOGS, window((), 1.0), title="Hostile \x1b[2J lines", source="logs")
    asked = PanelQuery(query=LogQuery(source="logs", query="*"), name="A")
    found = QueryView(spec=asked, window=window((), 1.0), legends=(), answer=Answer(rows=rows), state=Freshness.FRESH)
    base = replace(base, queries=(found,))
    yield base, LOOK
    yield base, replace(LOOK, row=3, expanded=frozenset({"3", "6"}), maximised=True, scroll=3)


def cases(kind: PanelKind) -> Iterator[tuple[PanelView, Look]]:
    """One kind with data that nobody likes to draw."""
    if kind is PanelKind.TEXT:
        yield panel(kind, window((), 1.0), title="Hostile \x1b[2J text", text="\n".join(HOSTILE)), LOOK
        return
    if kind is PanelKind.LOGS:
        yield from hostile_logs()
        return
    many = 1000 if kind is not PanelKind.HEATMAP else 60
    step = 10.0
    yield panel(kind, window(HOSTILE, 20.0), title="Hostile \x1b[2J labels"), LOOK
    yield panel(kind, window(SERVICES, 20.0, points=1, step=step), title="One point"), LOOK
    nothing = window(SERVICES, 1.0)
    shape = nothing.values.shape
    yield panel(kind, replace(nothing, values=np.full_like(nothing.values, np.nan)), title="All NaN"), LOOK
    flat = replace(nothing, values=np.full_like(nothing.values, 42.0), present=np.ones(shape, dtype=bool))
    yield panel(kind, flat, title="Constant"), LOOK
    below = replace(nothing, values=nothing.values * -30 + 10)
    yield panel(kind, below, title="Negative", unit="celsius"), LOOK
    yield panel(kind, window(SERVICES[:2], 1e-9), title="1e-9"), LOOK
    yield panel(kind, window(SERVICES[:2], 1e15), title="1e15"), LOOK
    apart = replace(nothing, values=nothing.values * np.array([[1e-9], [1.0], [1e6], [1e15]]))
    yield panel(kind, apart, title="Far apart", unit="s"), LOOK
    yield panel(kind, window([f"pod-{n:04}" for n in range(many)], 2.0), title="1,000 series", unit="ops"), LOOK
    infinite = replace(flat, values=flat.values.copy())
    infinite.values[0, 100:140], infinite.values[1, 200:] = np.inf, -np.inf
    yield panel(kind, infinite, title="Infinite"), LOOK
