"""What ES|QL answers: always a table, and a Window where it has a date column and numbers. Pure."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from opsdash.adapters.sources.elasticsearch.logs import LONGEST_VALUE
from opsdash.core.errors import AnswerUnusable
from opsdash.core.metrics.answers import Scalar, Table
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.window import Window, empty_window

_DATES = frozenset({"date", "datetime", "date_nanos"})
_NUMBERS = frozenset({
    "double", "float", "half_float", "scaled_float", "long", "integer", "short", "byte", "unsigned_long",
    "counter_double", "counter_long", "counter_integer",
})  # fmt: skip
_LABELS = frozenset({"keyword", "text", "ip", "boolean", "version", "wildcard", "constant_keyword"})
_ISO = re.compile(r"(-?\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def decode_esql(
    answer: Mapping[str, Any], *, time_column: str, most_rows: int, most_series: int
) -> tuple[Table, Window, int]:
    """(table, window, series before the limit); the window is empty where the answer is no series."""
    try:
        columns = [(str(each["name"]), str(each["type"])) for each in answer["columns"]]
        rows = answer["values"]
        table = Table(
            columns=tuple(name for name, _ in columns),
            rows=tuple(tuple(_scalar(value) for value in row) for row in rows[:most_rows]),
        )
        window, series = _window(columns, rows, time_column, most_series)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise AnswerUnusable(f"the table is not what ES|QL promises ({type(error).__name__})") from error
    return table, window, series


def date_s(text: str) -> float | None:
    """UTC seconds of a date as ES|QL writes it; None where it is not one."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not 1 <= year <= 9999:
        return None
    whole = timegm((year, month, day, hour, minute, second))
    return whole + float(f"0.{match[7]}") if match[7] else float(whole)


def _window(
    columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]], time_column: str, most_series: int
) -> tuple[Window, int]:
    """Each numeric column of each combination of labels is a series; of two rows of one instant the later counts."""
    at = _time_place(columns, time_column)
    numbers = [(place, name) for place, (name, kind) in enumerate(columns) if kind in _NUMBERS]
    if at is None or not numbers or not rows:
        return empty_window(), 0
    labels = [(place, name) for place, (name, kind) in enumerate(columns) if kind in _LABELS]
    samples: dict[Labels, dict[float, float]] = {}
    series: set[Labels] = set()
    for row in rows:
        instant = date_s(row[at]) if isinstance(row[at], str) else None
        if instant is None:
            continue
        own = [(name, str(_scalar(row[place]))) for place, name in labels if row[place] is not None]
        for place, name in numbers:
            key = labels_of([*own, ("__name__", name)] if len(numbers) > 1 else own)
            series.add(key)
            value = row[place]
            if key not in samples and len(samples) >= most_series:
                continue
            kept = samples.setdefault(key, {})
            if isinstance(value, int | float) and not isinstance(value, bool) and value == value:  # noqa: PLR0124
                kept[instant] = float(value)
    return _gridded(samples), len(series)


def _gridded(samples: Mapping[Labels, Mapping[float, float]]) -> Window:
    times = np.array(sorted({at for kept in samples.values() for at in kept}), dtype=np.float64)
    values = np.full((len(samples), times.size), np.nan)
    for row, kept in enumerate(samples.values()):
        values[row, np.searchsorted(times, list(kept))] = list(kept.values())
    return Window(times=times, labels=tuple(samples), values=values, present=~np.isnan(values))


def _time_place(columns: Sequence[tuple[str, str]], wanted: str) -> int | None:
    dates = [place for place, (_, kind) in enumerate(columns) if kind in _DATES]
    if wanted:
        return next((place for place in dates if columns[place][0] == wanted), None)
    return dates[0] if dates else None


def _scalar(value: Any) -> Scalar:
    """A cell; several values of one cell are joined."""
    if isinstance(value, list):
        return ", ".join(str(_scalar(each)) for each in value[:50])[:LONGEST_VALUE]
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return value if value is None or isinstance(value, int | float) else str(value)
