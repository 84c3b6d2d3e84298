"""A panel as CSV, for a spreadsheet: quoted as RFC 4180 says, and safe to open.

Text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers are never touched.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np

from opsdash.core.metrics.answers import Answer, LogRow, Scalar
from opsdash.core.metrics.window import Window
from opsdash.core.text import clean
from opsdash.core.view.export.numbers import iso_time
from opsdash.core.view.log_rows import rows_of as log_rows_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.table_rows import rows_of as table_rows_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OWN_COLUMNS = frozenset({"time", "level", "message"})
"""Of log rows; a field of that name is what they are made of."""
_LONGEST = 32_767
"""Characters that a cell of a spreadsheet holds."""


def panel_csv(view: PanelView, look: Look) -> str:
    """A table's rows as they are sorted and filtered, a log panel's rows, or the series of any other panel."""
    match view.spec.kind:
        case PanelKind.TABLE:
            table = table_rows_of(view, look)
            return written([column.title for column in table.columns], (row.values for row in table.rows))
        case PanelKind.LOGS:
            return logs_csv(log_rows_of(view, look).rows)
        case _:
            shown = [query for query in view.queries if not query.spec.hidden]
            return series_csv([(query.window, query.legends) for query in shown])


def series_csv(parts: Sequence[tuple[Window, Sequence[str]]]) -> str:
    """Time and one column a series; a gap is an empty cell, which is not zero. Series of one name are numbered."""
    names = _unique([name for _, legends in parts for name in legends])
    times = np.unique(np.concatenate([window.times for window, _ in parts])) if parts else np.empty(0)
    columns: list[list[Scalar]] = []
    for window, _ in parts:
        place = np.searchsorted(times, window.times).tolist()
        for values, present in zip(window.values.tolist(), window.present.tolist(), strict=True):
            known = {row: value for row, value, has in zip(place, values, present, strict=True) if has}
            columns.append([known.get(row) for row in range(times.size)])
    stamps = [iso_time(at) for at in times.tolist()]
    return written(["time", *names], zip(stamps, *columns, strict=True))


def logs_csv(rows: Sequence[LogRow]) -> str:
    """Time, level, message, then every field that a row has, in the order in which they appear."""
    fields = [name for name in dict.fromkeys(name for row in rows for name in row.fields) if name not in _OWN_COLUMNS]
    return written(
        ["time", "level", "message", *fields],
        ([iso_time(row.at_s), row.level, row.message, *(row.fields.get(name) for name in fields)] for row in rows),
    )


def answer_csv(answer: Answer, legends: Sequence[str]) -> str:
    """What a source answered: its rows, its table, or its series."""
    if answer.rows:
        return logs_csv(answer.rows)
    if answer.table is not None:
        return written(answer.table.columns, answer.table.rows)
    return series_csv([(answer.window, legends)])


def written(header: Iterable[str], rows: Iterable[Iterable[Scalar]]) -> str:
    """The lines, each with a line feed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_text(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**300 else "Inf"
    return _number(value)


def _number(value: float) -> str:
    if math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"


def _text(value: str) -> str:
    shown = clean(value, longest=_LONGEST)
    is_formula = any(text.lstrip(" ").startswith(_FORMULA) for text in (value, shown))
    return f"'{shown}" if is_formula else shown


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return unique
