"""Panels full of what nobody should ever write into a label or a log line, for properties of everything that draws."""

from __future__ import annotations

import unicodedata
from datetime import timedelta, timezone

from hypothesis import strategies as st

from opsdash.core.metrics.answers import Answer, LogRow, Table
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import LogQuery, PromQuery
from opsdash.core.metrics.window import window_of
from opsdash.core.text import char_width
from opsdash.core.view.cells import Cells
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Column, Mapping, PanelKind, PanelQuery, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView
from tests.fakes.panel_views import START_S, panel_view, query_view

NASTY = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "\x07", "a\rb", "a\x00b", "\x7f", "\x85\x90\x9f",
    "[bold]x[/bold]", "{{service}}", "%s%n", "a\tb", "日本語のサービス",
    "\U0001f469\u200d\U0001f467\U0001f1f0\U0001f1f7",
    "z\u200b\u200d\ufeffw", "\u202eabc\u202c", "e\u0301\u0301", "=1+1", "-2", "@x", "", " ", "\n\n", "W" * 300,
    "\ud800", "x" * 5000, "｢ﾊﾝｶｸ｣", "\u2028", "</text><script>", "&amp;",
)  # fmt: skip

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
numbers = st.one_of(
    st.none(),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0, 1e300, -1e300, 5e-324, float("nan"), float("inf"), float("-inf")]),
)
scalars = st.one_of(numbers, texts, st.booleans(), st.integers())
sizes = st.one_of(
    st.tuples(st.integers(0, 12), st.integers(0, 8)),
    st.tuples(st.integers(0, 200), st.integers(0, 60)),
    st.sampled_from([(0, 0), (1, 1), (28, 6), (500, 200), (500, 1), (1, 200), (2, 3)]),
)


@st.composite
def query_views(draw: st.DrawFn) -> QueryView:
    """A query with any of: series, a table, log rows."""
    points = draw(st.integers(0, 6))
    names = draw(st.lists(texts, max_size=4))
    series = [
        (
            labels_of({"service": name, draw(st.sampled_from(["a", "b\x1b", "__name__"])): draw(texts)}),
            draw(st.lists(numbers, min_size=points, max_size=points)),
        )
        for name in names
    ]
    shown = window_of([START_S + 10.0 * n for n in range(points)], series)
    rows = draw(st.lists(log_rows(), max_size=4))
    columns = tuple(draw(st.lists(texts, max_size=3, unique=True)))
    table = Table(
        columns=columns, rows=tuple(tuple(draw(scalars) for _ in columns) for _ in range(draw(st.integers(0, 3))))
    )
    asked = LogQuery(source="s", query="") if rows else PromQuery(source="s", expr="x")
    name = draw(st.one_of(texts, st.just("requests")))
    return query_view(
        shown,
        spec=PanelQuery(query=asked, name=name, hidden=draw(st.booleans())),
        legends=tuple(draw(texts) for _ in series),
        answer=Answer(window=shown, rows=tuple(rows), table=draw(st.one_of(st.none(), st.just(table)))),
    )


@st.composite
def log_rows(draw: st.DrawFn) -> LogRow:
    """A document of anything."""
    return LogRow(
        id=draw(texts),
        at_s=draw(st.one_of(st.floats(0, 4e9), st.sampled_from([-1e18, 1e18, START_S]))),
        message=draw(texts),
        level=draw(st.one_of(texts, st.sampled_from(["error", "WARN", "info", "50", "3"]))),
        fields=draw(st.dictionaries(st.one_of(texts, st.just("service")), scalars, max_size=4)),
    )


@st.composite
def views(draw: st.DrawFn, kind: PanelKind) -> PanelView:
    """A panel of this kind with every field that changes its picture."""
    queries = tuple(draw(st.lists(query_views(), max_size=3)))
    limit = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
    mappings = st.builds(
        Mapping, text=texts, value=limit, low=limit, high=limit, level=st.sampled_from(["ok", "none", "critical"])
    )
    return panel_view(
        kind,
        view={
            "queries": queries,
            "start_s": START_S,
            "end_s": START_S + draw(st.sampled_from([0.0, 50.0, 3600.0, 9e6])),
        },
        title=draw(texts),
        unit=draw(st.sampled_from(["", "s", "percentunit", "currencyUSD", "bytes", "no such unit"])),
        decimals=draw(st.one_of(st.none(), st.integers(0, 4))),
        thresholds=Thresholds(warning=draw(limit), critical=draw(limit), below=draw(st.booleans())),
        calc=draw(st.sampled_from(["last", "min", "max", "avg", "sum", "count", "first", "delta"])),
        text=draw(texts),
        columns=draw(
            st.one_of(
                st.just(()),
                st.tuples(st.builds(Column, name=texts, title=texts, width=st.one_of(st.none(), st.integers(-2, 40)))),
            )
        ),
        sort=draw(st.one_of(texts, st.sampled_from(["service", "-service", "A"]))),
        limit=draw(st.integers(-1, 5)),
        mappings=tuple(draw(st.lists(mappings, max_size=2))),
        per=draw(st.sampled_from(["hour", "day", "month"])),
    )


@st.composite
def looks(draw: st.DrawFn) -> Look:
    """Any way of looking at it."""
    return Look(
        now_s=START_S,
        zone=timezone(timedelta(hours=9)),
        axis=draw(st.one_of(st.none(), st.just((START_S, START_S + 100)), st.just((START_S, START_S)))),
        ascii_only=draw(st.booleans()),
        cursor_s=draw(st.one_of(st.none(), st.just(START_S + 20))),
        scroll=draw(st.integers(-3, 10)),
        row=draw(st.one_of(st.none(), st.integers(-1, 6))),
        expanded=frozenset(draw(st.lists(texts, max_size=3))),
        sort=draw(st.one_of(st.just(""), texts)),
        filter=draw(st.one_of(st.just(""), texts)),
    )


def assert_sound(cells: Cells, width: int, height: int) -> None:
    """Exactly the size that was asked for; no control character; every wide character with its second cell."""
    assert cells.codes.shape == cells.inks.shape == (height, width)
    for row in cells.codes.tolist():
        x = 0
        while x < width:
            char = chr(row[x])
            assert row[x] != 0, "half of a wide character"
            assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Me"}, hex(row[x])
            wide = char_width(char) == 2
            if wide:
                assert x + 1 < width, "a wide character over the edge"
                assert row[x + 1] == 0, "a wide character that was cut"
            x += 2 if wide else 1
