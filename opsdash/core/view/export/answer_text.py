"""What a source answered to one question, as text for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo

import numpy as np

from opsdash.core.metrics.answers import Answer, LogRow, Scalar, Table
from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import Window
from opsdash.core.text import clean, text_width
from opsdash.core.view.log_rows import message_of, shown
from opsdash.core.view.sparkline import sparkline
from opsdash.core.view.wrap import pad

_WIDEST = 60
"""Cells of a table's cell; the last column is never cut."""
_TREND = 24
_MOST_FIELDS = 60


def answer_text(answer: Answer, legends: Sequence[str], zone: tzinfo) -> str:
    """Log rows one a line, a table in columns, one line a series; the empty text when there is nothing."""
    if answer.rows:
        return "".join(f"{_log_line(row, zone)}\n" for row in answer.rows)
    if answer.table is not None:
        return _table(answer.table)
    if answer.window.times.size > 1:
        return _range(answer.window, legends)
    return _instant(answer.window, legends)


def _log_line(row: LogRow, zone: tzinfo) -> str:
    """Time, level, message, and the fields that the message does not show."""
    try:
        at = datetime.fromtimestamp(round(row.at_s, 3), zone).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        at = str(row.at_s)
    fields = list(row.fields.items())[:_MOST_FIELDS] if row.message else []
    rest = "".join(f"  {name}={shown(value)}" for name, value in fields if value is not None and name != "level")
    return clean(f"{at}  {row.level.upper():<5}  {message_of(row)}{rest}", longest=16_384)


def _instant(window: Window, legends: Sequence[str]) -> str:
    values = window.last()[1].tolist()
    known = [bool(row.any()) for row in window.present]
    rows = [(name, _number(value)) for name, value, has in zip(legends, values, known, strict=True) if has]
    return _columns([], rows, right=frozenset({1}))


def _range(window: Window, legends: Sequence[str]) -> str:
    """One line a series with what it did; every point is in the other formats."""
    numbers = [reduce(window, calc).tolist() for calc in ("last", "min", "max", "avg", "count")]
    axis = (float(window.times[0]), float(np.nextafter(window.times[-1], np.inf)))
    rows = [
        (
            legend,
            *(_number(column[row]) for column in numbers),
            sparkline(window, row, min(_TREND, window.times.size), axis).rstrip(),
        )
        for row, legend in enumerate(legends)
        if window.present[row].any()
    ]
    head = ["series", "last", "min", "max", "avg", "points", "trend"]
    return _columns(head, rows, right=frozenset(range(1, 6))) if rows else ""


def _table(table: Table) -> str:
    numeric = frozenset(
        index
        for index in range(len(table.columns))
        if all(
            row[index] is None or (isinstance(row[index], int | float) and not isinstance(row[index], bool))
            for row in table.rows
        )
    )
    rows = [tuple(_cell(value) for value in row) for row in table.rows]
    return _columns(list(table.columns), rows, right=numeric)


def _cell(value: Scalar) -> str:
    return _number(value) if isinstance(value, float) else shown(value)


def _columns(head: Sequence[str], rows: Sequence[tuple[str, ...]], *, right: frozenset[int]) -> str:
    """Aligned in cells, two spaces apart, with a head where there is one."""
    lines: list[Sequence[str]] = [head, *rows] if head else list(rows)
    if not lines:
        return ""
    last = len(lines[0]) - 1
    widths = [
        min(max(text_width(line[index]) for line in lines), 4096 if index == last or not index else _WIDEST)
        for index in range(last + 1)
    ]
    text = ""
    for line in lines:
        cells = [pad(cell, widths[index], "right" if index in right else "left") for index, cell in enumerate(line)]
        text += "  ".join(cells).rstrip() + "\n"
    return text


def _number(value: float) -> str:
    """All the digits that mean something."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.10g}"
