"""What a source answers: a Window, a table or log rows, with what was cut and what it warned about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsdash.core.metrics.window import Window, empty_window

Scalar = str | float | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One document, flattened; its text is as hostile as whoever wrote it."""

    id: str
    at_s: float
    message: str
    level: str = ""
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    sort: tuple[Scalar, ...] = ()
    """Its place in the order of the search, to continue after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows that are not series: what ES|QL gives."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. Exactly what the query's kind promises is filled: window, table or rows."""

    window: Window = field(default_factory=empty_window)
    table: Table | None = None
    rows: tuple[LogRow, ...] = ()
    warnings: tuple[str, ...] = ()
    """The server's own words (Prometheus warnings and infos, partial shards), clean."""
    cut: tuple[str, ...] = ()
    """What we left out and why: `1,000 of 5,213 series`."""
    partial_from_s: float | None = None
    """From this instant on, buckets are not complete yet."""
    bytes: int = 0
    """Size of the response body."""
