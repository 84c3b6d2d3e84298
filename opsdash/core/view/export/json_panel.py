"""One panel as JSON: what `once --format json` has in `panels`, and what a panel is written to a file as."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opsdash.core.metrics.answers import LogRow
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.window import Window
from opsdash.core.view.draw.cost import REQUESTS
from opsdash.core.view.export.numbers import iso_time, plain_number
from opsdash.core.view.log_rows import rows_of as log_rows_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView, QueryView
from opsdash.core.view.table_rows import rows_of as table_rows_of

_FAILED = frozenset({Freshness.ERROR, Freshness.LATE, Freshness.STALE})

Document = dict[str, Any]
"""What `json.dumps` takes; strings in it are as the source sent them, and are escaped when they are written."""


def panel_document(view: PanelView, dashboard: str) -> Document:
    """The keys of the contract. `error` is set where the state is `error`, `late` or `stale`."""
    spec = view.spec
    return {
        "dashboard": dashboard,
        "title": spec.title,
        "kind": str(spec.kind),
        "source": spec.source or next((query.spec.query.source for query in view.queries), ""),
        "unit": spec.unit,
        "state": str(view.state),
        "error": view.message if view.state in _FAILED else None,
        "series": [one for query in _told(view) for one in series_documents(query.window, query.legends)],
        "rows": _rows(view),
    }


def panel_json(view: PanelView, dashboard: str) -> str:
    """One panel as a file."""
    return dumped(panel_document(view, dashboard))


def dumped(document: Document) -> str:
    """One line, with a line feed at its end. Only ASCII: control and escape characters are written as `\\u…`."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def _told(view: PanelView) -> list[QueryView]:
    """The queries whose series are the panel's; the requests of a cost panel have another unit and stay out."""
    is_cost = view.spec.kind is PanelKind.COST
    return [query for query in view.queries if not query.spec.hidden and not (is_cost and query.spec.name == REQUESTS)]


def series_documents(window: Window, legends: Sequence[str]) -> list[Document]:
    """The series of a window; a gap is a point that is not there."""
    newest = window.last()[1].tolist()
    times = [plain_number(at) for at in window.times.tolist()]
    found = []
    for row, (labels, legend) in enumerate(zip(window.labels, legends, strict=True)):
        present = window.present[row].tolist()
        values = window.values[row].tolist()
        points = [[at, plain_number(value)] for at, value, has in zip(times, values, present, strict=True) if has]
        last = plain_number(newest[row]) if points else None
        found.append({"legend": legend, "labels": dict(labels), "last": last, "points": points})
    return found


def _rows(view: PanelView) -> list[Document] | None:
    """A table's rows by column name, a log panel's newest first; None for every other kind."""
    look = Look(now_s=view.end_s)
    match view.spec.kind:
        case PanelKind.TABLE:
            table = table_rows_of(view, look)
            return [
                {
                    column.name: plain_number(value) if isinstance(value, float) else value
                    for column, value in zip(table.columns, row.values, strict=True)
                }
                for row in table.rows
            ]
        case PanelKind.LOGS:
            return [log_document(row) for row in log_rows_of(view, look).rows]
        case _:
            return None


def log_document(row: LogRow) -> Document:
    """One log row."""
    fields = {name: plain_number(value) if isinstance(value, float) else value for name, value in row.fields.items()}
    return {"time": iso_time(row.at_s), "level": row.level, "message": row.message, "fields": fields}
