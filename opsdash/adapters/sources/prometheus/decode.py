"""Bytes of a Prometheus-compatible server → a Window on the grid that was asked for. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opsdash.adapters.http.status import api_error, first_words
from opsdash.core.errors import AnswerUnusable
from opsdash.core.limits import Limits
from opsdash.core.metrics.answers import Answer, Table
from opsdash.core.metrics.labels import Labels, notation
from opsdash.core.metrics.queries import Span
from opsdash.core.metrics.window import Bools, Floats, Window
from opsdash.core.text import clean

LONGEST_LABEL = 4096
MOST_CELLS = 4_000_000
"""Series times points of one answer: 36 MB of samples, a thousand series of an hour at 1 s."""
MOST_WARNINGS = 10
TRUNCATED_AS_ASKED = "results truncated due to limit"
"""What Prometheus 3 says of our own `limit`; that the series are cut is said anyway."""
MILLISECOND_S = 0.001
PLACED_AT_ONCE = 20_000
MALFORMED = (TypeError, ValueError, KeyError, IndexError, OverflowError, RecursionError)
"""What reading a series of a wrong form raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The instants that were asked for."""

    start_s: float
    step_s: float
    points: int

    def times(self) -> Floats:
        """(N,) UTC seconds."""
        return self.start_s + self.step_s * np.arange(self.points, dtype=np.float64)


def grid_of(span: Span) -> Grid:
    """The grid of a range query."""
    return Grid(start_s=span.start_s, step_s=span.step_s, points=span.points)


def instant_grid(at_s: float) -> Grid:
    """One instant; every sample belongs to it, whatever time it carries."""
    return Grid(start_s=at_s, step_s=0.0, points=1)


class Rows:
    """The series of one answer as they are read, up to what may be kept."""

    def __init__(self, source: str, grid: Grid, limits: Limits) -> None:
        self.source = source
        self.grid = grid
        self.room = max(1, min(limits.series, MOST_CELLS // max(1, grid.points)))
        self._limits = limits
        self._labels: dict[Labels, None] = {}
        self._times: list[float] = []
        self._numbers: list[float] = []
        self._counts: list[int] = []
        """Samples of the series that are not placed yet, one after the other."""
        self._blocks: list[tuple[Floats, Bools]] = []
        self._histograms = 0
        self._ranges = 0
        self._labels_cut = 0
        self._left_out = 0

    @property
    def count(self) -> int:
        """Series that are kept."""
        return len(self._labels)

    @property
    def is_full(self) -> bool:
        """Whether no further series is kept."""
        return self.count >= self.room

    def add(self, entry: object) -> None:
        """One element of `result`; raises one of MALFORMED where its form is wrong."""
        if not isinstance(entry, dict):
            raise TypeError("not an object")
        if "histograms" in entry or "histogram" in entry:
            self._histograms += 1
        samples = entry.get("values")
        if samples is None:
            if "value" not in entry:
                if "histograms" in entry or "histogram" in entry:
                    return
                raise KeyError("value")
            samples = [entry["value"]]
        elif self.grid.step_s == 0:
            samples = samples[-1:]
            self._ranges += 1
        if not isinstance(samples, list):
            raise TypeError("not a list")
        if self._keeps(*self._labels_of(entry["metric"])):
            times, texts = zip(*samples, strict=True) if samples else ((), ())
            self._times.extend(times)
            self._numbers.extend(map(float, texts))
            self._counts.append(len(times))
            if len(self._numbers) >= PLACED_AT_ONCE:
                self._place()

    def leave_out(self) -> None:
        """Counts a series that is too large to be read."""
        self._left_out += 1

    def _labels_of(self, metric: object) -> tuple[Labels, bool]:
        """The label set, and whether a value of it had to be cut."""
        if not isinstance(metric, dict):
            raise TypeError("not an object")
        text = "".join(metric.values()) + "".join(metric)
        if len(text) <= LONGEST_LABEL and text.isascii():
            return tuple(sorted(metric.items())), False
        cut = any(len(name) > LONGEST_LABEL or len(value) > LONGEST_LABEL for name, value in metric.items())
        return tuple(sorted((_bounded(name), _bounded(value)) for name, value in metric.items())), cut

    def _keeps(self, labels: Labels, cut: bool) -> bool:
        """Whether the series is kept; two of the same labels are no answer, unless it was us who made them equal."""
        self._labels_cut += cut
        if labels not in self._labels:
            self._labels[labels] = None
            return True
        if cut:
            self._left_out += 1
            return False
        shown = clean(notation(labels), longest=80)
        raise AnswerUnusable(f"{self.source} answered two series with the same labels: {shown}")

    def _place(self) -> None:
        """Puts samples at the nearest instant of the grid; those outside are left out; the last of two wins."""
        counts, grid = np.array(self._counts, dtype=np.intp), self.grid
        rows = np.repeat(np.arange(counts.size), counts)
        numbers = np.array(self._numbers, dtype=np.float64)
        times = np.array(self._times, dtype=np.float64)
        if grid.step_s == 0:
            columns = np.zeros(times.size)
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                columns = np.rint((times - grid.start_s) / grid.step_s)
        inside = (columns >= 0) & (columns < grid.points)
        place = (rows[inside], columns[inside].astype(np.intp))
        values = np.full((counts.size, grid.points), np.nan)
        present = np.zeros(values.shape, dtype=bool)
        values[place] = numbers[inside]
        present[place] = True
        self._blocks.append((values, present))
        self._times, self._numbers, self._counts = [], [], []

    def window(self) -> Window:
        """What was kept, on the whole grid. Raises one of MALFORMED where a time is none."""
        self._place()
        values, present = (
            np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*self._blocks, strict=True)
        )
        self._blocks = [(values, present)]
        return Window(times=self.grid.times(), labels=tuple(self._labels), values=values, present=present)

    def warnings(self) -> tuple[str, ...]:
        """What a person should know about kinds of data that are not shown as they are."""
        found = []
        if self._histograms:
            found.append(f"{_series(self._histograms)} of native histograms cannot be shown; use histogram_quantile")
        if self._ranges:
            found.append("the query gives a range of samples; the last of each series is shown")
        return tuple(found)

    def cuts(self) -> tuple[str, ...]:
        """What was left out of single series."""
        found = []
        if self._labels_cut:
            found.append(f"{_series(self._labels_cut)} with labels cut to {LONGEST_LABEL:,} characters")
        if self._left_out:
            found.append(f"{_series(self._left_out)} left out: too large to read")
        return tuple(found)


def decode(body: bytes, rows: Rows) -> Answer:
    """A whole answer, small enough to be read at once. Raises errors of `core.errors` only."""
    source = rows.source
    envelope = envelope_of(source, body)
    data = envelope["data"]
    kind, result = data.get("resultType"), data.get("result")
    if kind == "string":
        return _text_answer(source, result, envelope, body)
    entries = [{"metric": {}, "value": result}] if kind == "scalar" else result
    if kind not in ("matrix", "vector", "scalar") or not isinstance(entries, list):
        raise not_ours(source, body)
    cut = _series_cut(rows.room, len(entries))
    try:
        for entry in entries[: rows.room]:
            rows.add(entry)
        return answer_of(rows, envelope, cut)
    except MALFORMED as error:
        raise AnswerUnusable(f"{source} answered series of a wrong form: {first_words(body)}") from error


def _series_cut(room: int, sent: int) -> tuple[str, ...]:
    """A server that knows `limit` sends one more than there is room for: then nobody knows how many there are."""
    if sent <= room:
        return ()
    return (f"{room:,} series shown; the source has more" if sent == room + 1 else f"{room:,} of {sent:,} series",)


def answer_of(rows: Rows, envelope: Mapping[str, object], cut: tuple[str, ...]) -> Answer:
    """The answer of what was kept and what the server said beside it. Raises one of MALFORMED where a time is none."""
    return Answer(
        window=rows.window(),
        warnings=(*server_warnings(envelope), *rows.warnings()),
        cut=(*cut, *rows.cuts()),
    )


def envelope_of(source: str, body: bytes) -> dict[str, dict[str, object]]:
    """The outer object; its `data` is an object. Raises the error that the server reports, or AnswerUnusable."""
    envelope = parse(source, body)
    if not isinstance(envelope, dict):
        raise not_ours(source, body)
    if envelope.get("status") == "error":
        said = str(envelope.get("error") or "it does not say why")
        raise api_error(source, 200, str(envelope.get("errorType")), said) or AnswerUnusable(
            f"{source} failed: {clean(said, longest=300)}"
        )
    if not isinstance(envelope.get("data"), dict):
        raise not_ours(source, body)
    return envelope


def values_in(source: str, body: bytes) -> tuple[str, ...]:
    """The strings of a catalogue answer, whose `data` is a list."""
    envelope = parse(source, body)
    data = envelope.get("data") if isinstance(envelope, dict) else None
    if not isinstance(data, list):
        raise not_ours(source, body)
    return tuple(_bounded(value) for value in data if isinstance(value, str))


def parse(source: str, body: bytes) -> object:
    """The JSON value; raises AnswerUnusable that says what came instead, with its first words."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable(f"{source} answered {_instead(body, error)}") from error


def _instead(body: bytes, error: Exception) -> str:
    start = body[:64].lstrip()
    if not start:
        return "nothing"
    words = first_words(body)
    if start.startswith(b"<"):
        return f"HTML instead of JSON: {words}"
    if not start.startswith((b"{", b"[")):
        return f"text instead of JSON: {words}"
    if isinstance(error, json.JSONDecodeError) and error.pos >= len(body.rstrip()) - 64:
        return f"half of a JSON: {words}"
    return f"broken JSON: {words}"


def not_ours(source: str, body: bytes) -> AnswerUnusable:
    """The error for JSON that no Prometheus would send."""
    return AnswerUnusable(f"{source} answered JSON that is not Prometheus's: {first_words(body)}")


def server_warnings(envelope: Mapping[str, object]) -> tuple[str, ...]:
    """The server's own warnings and remarks, clean; and whether some of its stores did not answer."""
    found: list[str] = []
    if envelope.get("isPartial") is True:
        found.append("partial answer: a part of the storage did not answer")
    for key in ("warnings", "infos"):
        said = envelope.get(key)
        if isinstance(said, Sequence) and not isinstance(said, str):
            found.extend(clean(str(text), longest=300) for text in said if text != TRUNCATED_AS_ASKED)
    extra = len(found) - MOST_WARNINGS
    return tuple(found) if extra <= 0 else (*found[:MOST_WARNINGS], f"and {extra:,} more warnings")


def _text_answer(source: str, result: object, envelope: Mapping[str, object], body: bytes) -> Answer:
    if not (isinstance(result, list) and len(result) == 2 and isinstance(result[1], str)):
        raise not_ours(source, body)
    table = Table(columns=("value",), rows=((_bounded(result[1]),),))
    return Answer(table=table, warnings=server_warnings(envelope))


def _bounded(text: str) -> str:
    """Text that can be kept: not too long, and without halves of characters, which no encoder takes."""
    if len(text) > LONGEST_LABEL:
        text = text[: LONGEST_LABEL - 1] + "…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _series(count: int) -> str:
    return "1 series" if count == 1 else f"{count:,} series"
