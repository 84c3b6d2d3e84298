"""Documents made into log rows: pure. Flat names, bounded sizes; the text stays as hostile as it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsdash.core.errors import AnswerUnusable
from opsdash.core.metrics.answers import LogRow, Scalar

MOST_FIELDS = 200
MOST_ITEMS = 50
"""Elements of an array that are looked at."""
DEEPEST = 20
LONGEST_VALUE = 4_096
"""Characters of a field."""
LONGEST_MESSAGE = 16_384
MESSAGE_FIELDS = ("message", "msg", "log.message", "log", "event.original", "body", "body.text", "error.message")
LEVEL_FIELDS = ("log.level", "level", "severity", "loglevel", "severity_text", "log_level", "levelname", "lvl")
_NANOSECONDS_FROM = 10**15
"""As milliseconds that is the year 33658: such a number counts nanoseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFields:
    """Which fields of a document have a meaning of their own."""

    time: str
    message: str
    level: str


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the order: its time as the server sorts it, what decides between equals, and its id."""

    time: int
    order: int | None
    id: str

    def sort(self) -> tuple[Scalar, ...]:
        """As a row keeps it."""
        return (self.time, self.order, self.id)

    def search_after(self) -> tuple[Scalar, ...]:
        """Just before this place: rows that are its equals come again, since some may not have been seen."""
        return (self.time + 1,) if self.order is None else (self.time, self.order + 1)


def place_of(after: Sequence[object] | None) -> Place | None:
    """The place that an earlier page ended with; None for a first page."""
    if not after:
        return None
    if len(after) == 3:
        time, order, name = after
        if isinstance(time, int) and isinstance(order, int | None) and isinstance(name, str):
            return Place(time, order, name)
    raise AnswerUnusable("the place to continue the log after is not one that this source gave")


def rows_of(answer: Mapping[str, Any], fields: RowFields) -> tuple[LogRow, ...]:
    """The rows of a search answer, in its order; raises AnswerUnusable where it is not one."""
    try:
        return tuple(_row(hit, fields) for hit in answer["hits"]["hits"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise AnswerUnusable(f"the rows are not what was asked for ({type(error).__name__})") from error


def rows_after(rows: Sequence[LogRow], place: Place, limit: int) -> tuple[LogRow, ...]:
    """The page without the rows up to and with `place`, which came again only to find its equals."""
    equals = [at for at, row in enumerate(rows) if row.sort[:2] == (place.time, place.order)]
    seen = next((at for at, row in enumerate(rows) if row.id == place.id), None)
    if seen is None:
        seen = equals[-1] if equals else -1
    return tuple(rows[seen + 1 :][:limit])


def _row(hit: Mapping[str, Any], fields: RowFields) -> LogRow:
    sort = hit["sort"]
    time = int(sort[0])
    order = int(sort[1]) if len(sort) > 1 and sort[1] is not None else None
    name = f"{hit['_index']}/{hit['_id']}"
    flat = flattened(hit.get("_source") or {})
    message_field = _first(flat, (fields.message, *MESSAGE_FIELDS))
    level_field = _first(flat, (fields.level, *LEVEL_FIELDS))
    message = "" if message_field is None else _text(flat[message_field], LONGEST_MESSAGE)
    kept = {key: _short(value) for key, value in flat.items() if key not in (message_field, fields.time)}
    return LogRow(
        id=name,
        at_s=time / (10**9 if abs(time) >= _NANOSECONDS_FROM else 1000),
        message=message,
        level="" if level_field is None else _text(flat[level_field], 64),
        fields=kept,
        sort=Place(time, order, name).sort(),
    )


def flattened(source: Any) -> dict[str, Scalar]:
    """Dotted names → values; the elements of an array are joined with commas, objects in arrays by their names.

    At most MOST_FIELDS names, DEEPEST levels and MOST_ITEMS elements are looked at: a document can hold anything.
    """
    flat: dict[str, Scalar] = {}
    for name, value in _leaves("", source, 0):
        if name in flat:
            flat[name] = _joined(flat[name], value)
        elif len(flat) < MOST_FIELDS:
            flat[name] = value[: LONGEST_MESSAGE + 1] if isinstance(value, str) else value
        else:
            break
    return flat


def _leaves(name: str, value: Any, depth: int) -> Iterator[tuple[str, Scalar]]:
    if isinstance(value, Mapping):
        if depth >= DEEPEST:
            yield name, "{…}"
            return
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}" if name else str(key), inner, depth + 1)
    elif isinstance(value, list):
        if depth >= DEEPEST:
            yield name, "[…]"
            return
        for inner in value[:MOST_ITEMS]:
            yield from _leaves(name, inner, depth + 1)
        if len(value) > MOST_ITEMS:
            yield name, "…"
    elif value is not None:
        yield name, value if isinstance(value, str | int | float | bool) else str(value)


def _joined(before: Scalar, value: Scalar) -> str:
    text = _text(before, LONGEST_MESSAGE + 1)
    return text if len(text) > LONGEST_MESSAGE else f"{text}, {_text(value, LONGEST_MESSAGE)}"


def _first(flat: Mapping[str, Scalar], names: Sequence[str]) -> str | None:
    return next((name for name in names if name and name in flat), None)


def _short(value: Scalar) -> Scalar:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1024:
        return _text(f"{value:#x}", LONGEST_VALUE)
    return _text(value, LONGEST_VALUE) if isinstance(value, str) else value


def _text(value: Scalar, longest: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:#x}" if isinstance(value, int) and value.bit_length() > 1024 else str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
