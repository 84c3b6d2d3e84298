"""The rows of a log panel: which are shown, how bad each is, which fields stand beside the message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from opsdash.core.metrics.answers import LogRow, Scalar
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.text import clean, text_width
from opsdash.core.view.levels import Level
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView

SERVICE_FIELDS = (
    "service", "service.name", "service_name", "app", "application", "kubernetes.labels.app",
    "kubernetes.container.name", "container.name", "container", "component", "logger", "log.logger",
    "kubernetes.pod.name", "host.name", "hostname", "host", "job",
)  # fmt: skip
"""Where logs usually say who wrote them; the first that any row has becomes a column."""

_CRITICAL = frozenset((
    "error", "err", "e", "severe", "fatal", "f", "critical", "crit", "c", "alert", "emerg", "emergency", "panic",
    "dpanic", "failure", "failed",
))  # fmt: skip
_WARNING = frozenset(("warning", "warnings", "warn", "w"))
_OK = frozenset((
    "info", "information", "informational", "notice", "i", "n", "debug", "d", "trace", "t", "verbose", "fine",
    "finer", "finest",
))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRows:
    """What a log panel shows, newest first."""

    rows: tuple[LogRow, ...]
    total: int
    """How many there were before the filter."""
    fields: tuple[str, ...]
    """Fields with a column of their own, between the time and the message."""

    def ids(self) -> tuple[str, ...]:
        """One a row; what `Look.expanded` holds."""
        return tuple(row.id for row in self.rows)


def rows_of(view: PanelView, look: Look) -> LogRows:
    """All rows of all queries, newest first, that match `look.filter`; rows of the same instant keep their order."""
    return _rows_of(view, look.filter)


@lru_cache(maxsize=4)
def _rows_of(view: PanelView, wanted: str) -> LogRows:
    """Kept for a moment: a key that only moves through the rows asks for the same ones several times."""
    found = [row for query in view.queries if query.answer is not None for row in query.answer.rows]
    if len(view.queries) > 1:
        found = list({row.id: row for row in found}.values())
    found.sort(key=lambda row: -row.at_s)
    kept = tuple(found)
    pattern = needle(wanted)
    if pattern is not None:
        kept = tuple(row for row in kept if _matches(row, pattern))
    return LogRows(rows=kept, total=len(found), fields=_fields(view, found))


def needle(text: str) -> re.Pattern[str] | None:
    """The filter as a pattern: plain text without regard to case, never a regular expression; None for none."""
    return re.compile(re.escape(clean(text)), re.IGNORECASE) if text.strip() else None


@lru_cache(maxsize=512)
def level_of_row(level: str) -> Level:
    """How bad a row's level is: words in any case, or the numbers of pino and bunyan (50) and of syslog (3)."""
    word = level.strip().casefold()
    if word in _CRITICAL:
        return Level.CRITICAL
    if word in _WARNING:
        return Level.WARNING
    if word in _OK:
        return Level.OK
    return _level_of_number(int(word)) if word.isascii() and word.isdigit() and len(word) < 4 else Level.NONE


def _level_of_number(number: int) -> Level:
    if number >= 10:
        return Level.CRITICAL if number >= 50 else Level.WARNING if number >= 40 else Level.OK
    return Level.CRITICAL if number <= 3 else Level.WARNING if number == 4 else Level.OK


def message_of(row: LogRow) -> str:
    """The message; a row without one is shown by its fields."""
    if row.message:
        return row.message
    return " ".join(f"{name}={shown(value)}" for name, value in list(row.fields.items())[:40])


def shown(value: Scalar) -> str:
    """A field's value as text, hostile as it came."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def field_of(row: LogRow, name: str) -> str:
    """A field of a row as text; empty where it has none."""
    if name == "level" and "level" not in row.fields:
        return row.level
    value = row.fields.get(name)
    return "" if value is None else shown(value)


def column_width(rows: tuple[LogRow, ...], name: str, most: int) -> int:
    """Cells for a field's column: its widest value, at most `most`."""
    return min(max((text_width(field_of(row, name)[:64]) for row in rows), default=0), most)


def _matches(row: LogRow, pattern: re.Pattern[str]) -> bool:
    if pattern.search(clean(message_of(row))) or pattern.search(row.level):
        return True
    return any(pattern.search(clean(shown(value))) for value in row.fields.values())


def _fields(view: PanelView, rows: list[LogRow]) -> tuple[str, ...]:
    """The panel's columns, or those of its queries, or the first usual name of a service that a row has."""
    wanted = [column.name for column in view.spec.columns]
    for query in view.queries:
        if not wanted and isinstance(query.spec.query, LogQuery):
            wanted = list(query.spec.query.fields)
    if wanted:
        return tuple(name for name in dict.fromkeys(wanted) if name not in {"@timestamp", "time", "message"})
    for name in SERVICE_FIELDS:
        if any(row.fields.get(name) for row in rows[:200]):
            return (name,)
    return ()
