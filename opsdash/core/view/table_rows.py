"""The rows and columns of a table panel: joined over its queries by their labels, filtered, sorted."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import lru_cache

import numpy as np

from opsdash.core.metrics.answers import Scalar
from opsdash.core.metrics.labels import Labels, label
from opsdash.core.metrics.reduce import Reduction, reduce
from opsdash.core.metrics.window import Bools, Window
from opsdash.core.text import clean
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Column, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView

GONE_AFTER_STEPS = 3
"""A series whose newest sample is this many steps older than its query's newest is gone: its value is marked."""

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column as it is shown."""

    name: str
    title: str
    is_number: bool
    unit: str = ""
    decimals: int | None = None
    width: int | None = None
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableRow:
    """One row: `values` and `levels` have one entry a column."""

    id: str
    values: tuple[Scalar, ...]
    """None where the row has nothing for that column: a gap, which is not NaN and not zero."""
    levels: tuple[Level, ...]
    is_gone: bool = False
    """Whether all of its series stopped: what is shown is the last that was known."""
    history: tuple[int, int] | None = None
    """(query, series) whose history the sparkline shows."""

    @property
    def level(self) -> Level:
        """The worst of its values."""
        return max(self.levels, default=Level.NONE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableRows:
    """What a table shows, in order."""

    columns: tuple[TableColumn, ...]
    rows: tuple[TableRow, ...]
    total: int
    """How many rows there were before the filter."""
    sorted_by: int | None = None
    """Index of the column; None while the order is that of the labels, or the source's."""
    descending: bool = False

    def ids(self) -> tuple[str, ...]:
        """One a row, stable over refreshes."""
        return tuple(row.id for row in self.rows)


@dataclass(slots=True)
class _Record:
    """A row being put together."""

    id: str
    cells: dict[str, Scalar]
    fresh: bool = False
    history: tuple[int, int] | None = None
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """How series become rows."""

    calc: Reduction
    key_names: set[str] | None


@dataclass(frozen=True, slots=True)
class _Gathered:
    records: list[_Record]
    label_names: tuple[str, ...]
    query_names: tuple[str, ...]
    natural_order: bool = field(default=True)


def rows_of(view: PanelView, look: Look) -> TableRows:
    """The rows as the operator asked for them. Sorting is stable; gaps and NaN are last in either direction."""
    return _rows_of(view, look.zone, look.filter, look.sort)


@lru_cache(maxsize=4)
def _rows_of(view: PanelView, zone: tzinfo, wanted: str, sort: str) -> TableRows:
    """Kept for a moment: a key that only moves through the rows asks for the same ones several times."""
    gathered = _gather(view, zone)
    columns = _columns(view, gathered)
    rows = [_row(record, columns) for record in gathered.records]
    if gathered.natural_order:
        keys = [index for index, column in enumerate(columns) if not column.is_number]
        rows.sort(key=lambda row: tuple(_natural(row.values[index]) for index in keys))
    total = len(rows)
    rows = _filtered(rows, wanted)
    by, descending = _order(columns, sort or view.spec.sort)
    if by is not None:
        rows = _sorted(rows, by, descending=descending)
    return TableRows(columns=columns, rows=tuple(rows), total=total, sorted_by=by, descending=descending)


def visible_queries(view: PanelView) -> list[tuple[int, QueryView]]:
    """The queries that a panel shows, with their place in `view.queries`."""
    return [(index, query) for index, query in enumerate(view.queries) if not query.spec.hidden]


def is_gone(window: Window) -> Bools:
    """(S,) whether a series stopped well before the newest instant that any series of the window has."""
    times, _ = window.last()
    if window.times.size < 2 or not times.size or np.isnan(times).all():
        return np.isnan(times)
    step = float(np.median(np.diff(window.times)))
    return np.isnan(times) | (times < np.nanmax(times) - GONE_AFTER_STEPS * step)


def _gather(view: PanelView, zone: tzinfo) -> _Gathered:
    wanted = {column.name for column in view.spec.columns}
    records: list[_Record] = []
    label_names: dict[str, None] = {}
    queries = visible_queries(view)
    names = _query_names(queries)
    tabular = False
    shape = _Shape(view.spec.calc, _key_names(queries, wanted - set(names.values())))
    by_key: dict[Labels, _Record] = {}
    for index, query in queries:
        found = _tabular_records(index, query, zone)
        tabular = tabular or bool(found)
        records += found
        for record in found:
            label_names.update(dict.fromkeys(record.cells))
        _join(query, (index, names[index]), shape, by_key)
    for record in by_key.values():
        label_names.update((name, None) for name, _ in record.labels)
    records += by_key.values()
    series_names = tuple(dict.fromkeys(names[index] for index, query in queries if query.window.labels))
    if not records:
        series_names = tuple(dict.fromkeys(names.values()))
    return _Gathered(records, tuple(label_names), series_names, natural_order=not tabular)


def _query_names(queries: list[tuple[int, QueryView]]) -> dict[int, str]:
    """A name for each query: its own, or `Value`, or A, B, …; never the same twice."""
    names: dict[int, str] = {}
    for place, (index, query) in enumerate(queries):
        name = query.spec.name or ("Value" if len(queries) == 1 else chr(ord("A") + place % 26))
        while name in names.values():
            name += "′"
        names[index] = name
    return names


def _key_names(queries: list[tuple[int, QueryView]], wanted: set[str]) -> set[str] | None:
    """The labels that make a row: those that the columns name, unless two series of a query would then be one row."""
    labelled = {name for _, query in queries for labels in query.window.labels for name, _ in labels}
    keys = wanted & labelled
    if not keys:
        return None
    for _, query in queries:
        counts = Counter(_key(labels, keys) for labels in query.window.labels)
        if counts and max(counts.values()) > 1:
            return None
    return keys


def _key(labels: Labels, names: set[str] | None) -> Labels:
    return tuple(pair for pair in labels if (pair[0] in names if names is not None else pair[0] != "__name__"))


def _join(query: QueryView, place: tuple[int, str], shape: _Shape, by_key: dict[Labels, _Record]) -> None:
    """Adds the series of one query, which is at `place` (index, name), to the rows."""
    window, (index, name) = query.window, place
    if not window.labels:
        return
    values = reduce(window, shape.calc)
    gone = is_gone(window) if shape.calc == "last" else np.zeros(len(window.labels), dtype=np.bool_)
    several = window.times.size > 1
    for series in np.flatnonzero(window.present.any(axis=1)).tolist():
        labels = window.labels[series]
        key = _key(labels, shape.key_names)
        while key in by_key and name in by_key[key].cells:  # the same labels twice: two metrics without their names
            key = (*key, ("__name__", label(labels, "__name__") or str(series)))
        record = by_key.get(key)
        if record is None:
            record = by_key[key] = _Record("\x1f".join(f"{n}\x1e{v}" for n, v in key), dict(key), labels=key)
        record.cells[name] = float(values[series])
        record.fresh = record.fresh or not bool(gone[series])
        if record.history is None and several:
            record.history = (index, series)


def _tabular_records(index: int, query: QueryView, zone: tzinfo) -> list[_Record]:
    """Rows that are not series: an ES|QL table, log documents."""
    answer = query.answer
    if answer is None:
        return []
    records = []
    if answer.table is not None and not query.window.labels:
        for number, row in enumerate(answer.table.rows):
            cells = dict(zip(answer.table.columns, row, strict=False))
            records.append(_Record(f"{index}\x1f{number}", cells, fresh=True))
    for log in answer.rows:
        cells = {"time": _local_time(log.at_s, zone), "level": log.level, "message": log.message, **log.fields}
        records.append(_Record(log.id, cells, fresh=True))
    return records


def _local_time(at_s: float, zone: tzinfo) -> str:
    """As text that sorts as time does."""
    try:
        return datetime.fromtimestamp(round(at_s, 3), zone).isoformat(" ", "milliseconds")[:23]
    except (ValueError, OverflowError, OSError):
        return ""


def _columns(view: PanelView, gathered: _Gathered) -> tuple[TableColumn, ...]:
    spec = view.spec
    units = {name: (query.spec.unit or spec.unit) for name, query in _named(view)}
    titles = {name: _title(name, query) for name, query in _named(view)}
    if spec.columns:
        columns = [_column_of(column, gathered, units, titles) for column in spec.columns]
    else:
        names = (*_differing(gathered), *gathered.query_names)
        columns = [_column_of(Column(name=name), gathered, units, titles) for name in dict.fromkeys(names)]
    numbers = [n for n, column in enumerate(columns) if column.name in gathered.query_names]
    if len(numbers) == 1 and columns[numbers[0]].thresholds is None:
        columns[numbers[0]] = replace(columns[numbers[0]], thresholds=spec.thresholds)
    return tuple(columns)


def _named(view: PanelView) -> Iterable[tuple[str, QueryView]]:
    queries = visible_queries(view)
    names = _query_names(queries)
    return [(names[index], query) for index, query in queries]


def _title(name: str, query: QueryView) -> str:
    """A query that nobody named is called by its legend, where that is plain text."""
    written = query.spec.legend
    return written if written and "{{" not in written and (len(name) == 1 or name == "Value") else name


def _column_of(column: Column, gathered: _Gathered, units: dict[str, str], titles: dict[str, str]) -> TableColumn:
    is_query = column.name in units
    return TableColumn(
        name=column.name,
        title=column.title or titles.get(column.name, column.name),
        is_number=is_query or _is_numeric(gathered.records, column.name),
        unit=column.unit or units.get(column.name, ""),
        decimals=column.decimals,
        width=column.width,
        thresholds=column.thresholds,
    )


def _is_numeric(records: Sequence[_Record], name: str) -> bool:
    found = [value for record in records[:200] if (value := record.cells.get(name)) is not None]
    return bool(found) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in found)


def _differing(gathered: _Gathered) -> list[str]:
    """The labels that tell the rows apart; all of them where there is one row. A table's own columns all stay."""
    if not gathered.natural_order or len(gathered.records) < 2:
        return list(gathered.label_names)
    return [name for name in gathered.label_names if len({record.cells.get(name) for record in gathered.records}) > 1]


def _row(record: _Record, columns: tuple[TableColumn, ...]) -> TableRow:
    values = tuple(record.cells.get(column.name) for column in columns)
    return TableRow(
        id=record.id,
        values=values,
        levels=tuple(
            level_of(float(value), column.thresholds)
            if record.fresh and isinstance(value, int | float) and not isinstance(value, bool)
            else Level.NONE
            for value, column in zip(values, columns, strict=True)
        ),
        is_gone=not record.fresh,
        history=record.history,
    )


def _filtered(rows: list[TableRow], text: str) -> list[TableRow]:
    wanted = clean(text.strip()).casefold()
    if not wanted:
        return rows
    return [row for row in rows if any(wanted in _searchable(value) for value in row.values)]


def _searchable(value: Scalar) -> str:
    if isinstance(value, str):
        return clean(value).casefold()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value).casefold()


def _order(columns: tuple[TableColumn, ...], wanted: str) -> tuple[int | None, bool]:
    """The column and direction that a name, or `-name`, asks for; an exact name wins over a minus."""
    for text, descending in ((wanted, False), (wanted.removeprefix("-"), wanted.startswith("-"))):
        index = _named_column(columns, text)
        if index is not None:
            return index, descending
    return None, False


def _named_column(columns: tuple[TableColumn, ...], text: str) -> int | None:
    """The column of this name or title, as it is written or else without regard to case."""
    exact = [index for index, column in enumerate(columns) if text in (column.name, column.title)]
    folded = text.casefold()
    near = (index for index, c in enumerate(columns) if folded in (c.name.casefold(), c.title.casefold()))
    return next(iter(exact), next(near, None)) if text else None


def _sorted(rows: list[TableRow], by: int, *, descending: bool) -> list[TableRow]:
    known = [row for row in rows if not _is_unknown(row.values[by])]
    unknown = [row for row in rows if _is_unknown(row.values[by])]
    known.sort(key=lambda row: _natural(row.values[by]), reverse=descending)
    return known + unknown


def _is_unknown(value: Scalar) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _natural(value: Scalar) -> tuple[int, float, tuple[tuple[int, int | str], ...]]:
    """Numbers by size, before text; text without regard to case, `node-9` before `node-10`; nothing last."""
    if isinstance(value, int | float):
        return (0, value, ()) if not math.isnan(value) else (3, 0.0, ())
    if not value:
        return (2, 0.0, ())
    return (1, 0.0, _parts(value[:256]))


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[tuple[int, int | str], ...]:
    parts = _DIGITS.split(text.casefold())
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)
