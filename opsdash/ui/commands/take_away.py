"""Keys that take something away from the screen: to the clipboard, to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, PromQuery, Query
from opsdash.core.view import log_rows, table_rows
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView, QueryView
from opsdash.core.view.units import format_value
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Copy, Say, Step, Write
from opsdash.ui.overlays.choices import Choices, Entry
from opsdash.ui.scene import Scene
from opsdash.ui.words import moment

Handler = Callable[[Desk, Scene], Step]

_FORMAT_WORDS = {
    "csv": "CSV: the numbers, for a spreadsheet",
    "json": "JSON: the numbers, as `opsdash once` gives them",
    "svg": "SVG: the picture",
    "text": "text: the picture",
}


def _copy(desk: Desk, scene: Scene) -> Step:
    """The row that is selected, else the values under the cursor, else the query."""
    view = scene.view(desk.focus)
    if view is None:
        return Step(desk, (Say("nothing to copy here"),))
    row = _row_text(desk, scene, view)
    if row:
        return Step(desk, (Copy(row, "the row"),))
    if desk.cursor_s is not None:
        at = moment(desk.cursor_s, scene.zone_of(desk))
        values = values_at(view, desk.cursor_s)
        return Step(desk, (Copy(f"{at.isoformat()}  {values}", "the values under the cursor"),))
    queries = "\n".join(text for query in view.queries if (text := own_words(query.spec.query)))
    if not queries:
        return Step(desk, (Say("this panel has no query"),))
    return Step(desk, (Copy(queries, "the query" if len(view.queries) == 1 else "the queries"),))


def own_words(query: Query) -> str:
    """The query as its own tool wants it."""
    match query:
        case PromQuery():
            return query.expr
        case EsqlQuery():
            return query.esql
        case EsQuery() | LogQuery():
            exact = [f'{name}:"{value}"' for name, value in query.filters]
            return " AND ".join([f"({query.query})" if query.query and exact else query.query, *exact]).removeprefix(
                " AND "
            )


def values_at(view: PanelView, at_s: float) -> str:
    """`orders 1.21s  users 66ms`: every series at one instant; a gap is written as such."""
    return "  ".join(word for query in view.queries if not query.spec.hidden for word in _values_of(query, view, at_s))


def _values_of(query: QueryView, view: PanelView, at_s: float) -> list[str]:
    times = query.window.times
    if not times.size:
        return []
    column = int(np.argmin(np.abs(times - at_s)))
    close = abs(float(times[column]) - at_s) <= max(view.step_s, 1.0)
    words = []
    for row, legend in enumerate(query.legends):
        if close and query.window.present[row, column]:
            unit = query.spec.unit or view.spec.unit
            value = format_value(float(query.window.values[row, column]), unit, view.spec.decimals)
        else:
            value = "–"
        words.append(f"{legend} {value}")
    return words


def _row_text(desk: Desk, scene: Scene, view: PanelView) -> str:
    own, look = desk.panel(desk.focus), scene.look(desk, desk.focus)
    if own.row is None:
        return ""
    if view.spec.kind is PanelKind.LOGS:
        logs = log_rows.rows_of(view, look).rows
        if own.row >= len(logs):
            return ""
        return f"{moment(logs[own.row].at_s, scene.zone_of(desk)).isoformat()} {logs[own.row].message}"
    if view.spec.kind is not PanelKind.TABLE:
        return ""
    table = table_rows.rows_of(view, look)
    if own.row >= len(table.rows):
        return ""
    values = zip(table.columns, table.rows[own.row].values, strict=False)
    return "  ".join(f"{column.title} {'' if value is None else value}" for column, value in values)


def _write(desk: Desk, scene: Scene) -> Step:
    if scene.view(desk.focus) is None:
        return Step(desk, (Say("nothing to write here"),))
    if not scene.formats:
        return Step(desk, (Say("files cannot be written here"),))
    entries = tuple(Entry(value=name, text=_FORMAT_WORDS.get(name, name)) for name in scene.formats)
    panel_id = desk.focus

    def take(values: tuple[str, ...], now: Desk, _: Scene) -> Step:
        return Step(now, (Write(panel_id, values[0]),))

    overlay = Choices(title="Write the panel as", entries=entries, take=take, filtered=False)
    return Step(replace(desk, overlay=overlay))


HANDLERS: Mapping[str, Handler] = {"copy": _copy, "write": _write}
