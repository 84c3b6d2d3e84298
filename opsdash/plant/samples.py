"""The plant's memory of samples: one grid of scrape times for all series, as a ring that the evaluator reads by views.

    store = SampleStore()
    rows = store.add(Family("up", "gauge", "1 where the scrape worked."), [{"job": "haproxy", "instance": "lb-1:8404"}])
    store.append(times_ms, values)            # values: [scrapes, store.series]
    store.select([Matcher("job", MatchOp.EQUAL, "haproxy")], start_ms, end_ms) -> blocks (core.promql.Storage)
    store.families, store.labels, store.label_names(), store.label_values(name), store.find(matchers) -> rows

A series that has no sample at some scrape (its instance was away) has Prometheus's staleness marker there, so that
all series share the grid. One thread only: a block is a view that is good until the next `append`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.core.promql.storage import Block, Matcher, MatchOp
from opsdash.core.regex import regex_problem

SCRAPE_S = 5
KEPT_SCRAPES = 1_800
"""2.5 hours."""
_SLACK = 120
"""Scrapes that are written before the ring is moved together: ten minutes."""
_GROWTH = 512
_CACHED_SELECTIONS = 256

STALE: float = float(np.array([0x7FF0000000000002], dtype=np.uint64).view(np.float64)[0])
"""Prometheus's staleness marker: the series ended here."""
_STALE_ARRAY = np.array([0x7FF0000000000002], dtype=np.uint64).view(np.float64)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's name, its type as Prometheus calls it (counter, gauge, histogram, summary), its help and unit."""

    name: str
    kind: str
    help: str
    unit: str = ""


class SampleStore:
    """Series and their samples in a ring of `kept` scrapes; see the module's text."""

    def __init__(self, *, kept: int = KEPT_SCRAPES) -> None:
        self._kept = kept
        self._capacity = kept + _SLACK
        self._values: Floats = np.empty((0, self._capacity))
        self._times: Ints = np.zeros(self._capacity, dtype=np.int64)
        self._head = 0
        self._labels: list[Mapping[str, str]] = []
        self._by_name: dict[str, list[int]] = {}
        self._selections: dict[tuple[Matcher, ...], Ints] = {}
        self.families: dict[str, Family] = {}
        """Family name → what it is. A histogram's series are `name_bucket`, `name_sum` and `name_count`."""

    @property
    def series(self) -> int:
        """How many series there are."""
        return len(self._labels)

    @property
    def labels(self) -> Sequence[Mapping[str, str]]:
        """The labels of each row, with `__name__`."""
        return self._labels

    @property
    def times_ms(self) -> Ints:
        """When the scrapes were, strictly rising; at most `kept`."""
        return self._times[max(0, self._head - self._kept) : self._head]

    @property
    def bytes(self) -> int:
        """What the samples take of memory."""
        return int(self._values.nbytes)

    def add(self, family: Family, label_sets: Iterable[Mapping[str, str]], *, suffix: str = "") -> slice:
        """New series of a family; their rows. They have no samples before the next `append`."""
        known = self.families.setdefault(family.name, family)
        if known.kind != family.kind:
            raise ValueError(f"{family.name} is a {known.kind}, not a {family.kind}")
        name = family.name + suffix
        first = len(self._labels)
        self._labels.extend({"__name__": name, **labels} for labels in label_sets)
        last = len(self._labels)
        self._by_name.setdefault(name, []).extend(range(first, last))
        self._selections.clear()
        if last > self._values.shape[0]:
            self._grow(last)
        return slice(first, last)

    def append(self, times_ms: Ints, values: Floats) -> None:
        """Scrapes in the order of time: `values[i, row]` was seen at `times_ms[i]`."""
        count = len(times_ms)
        if count == 0:
            return
        if values.shape != (count, self.series):
            raise ValueError(f"values have the shape {values.shape}, not {(count, self.series)}")
        if self._head and int(times_ms[0]) <= int(self._times[self._head - 1]):
            raise ValueError("a scrape is older than the last one")
        if self._head + count > self._capacity:
            self._move_together(count)
        end = self._head + count
        self._times[self._head : end] = times_ms
        self._values[: self.series, self._head : end] = values.T
        self._head = end

    def latest(self, rows: slice | Ints) -> Floats:
        """The newest value of each row."""
        return np.asarray(self._values[rows, self._head - 1])

    def find(self, matchers: Sequence[Matcher]) -> Ints:
        """The rows that meet all matchers, in the order they were added."""
        key = tuple(matchers)
        found = self._selections.get(key)
        if found is None:
            if len(self._selections) >= _CACHED_SELECTIONS:
                self._selections.clear()
            found = self._selections[key] = np.array(self._matching(key), dtype=np.int64)
        return found

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        """See `core.promql.Storage`: one block, of the series that have a sample in the range."""
        rows = self.find(matchers)
        oldest = max(0, self._head - self._kept)
        times = self._times[oldest : self._head]
        first = oldest + int(np.searchsorted(times, start_ms, side="left"))
        last = oldest + int(np.searchsorted(times, end_ms, side="right"))
        if first >= last or not len(rows):
            return ()
        contiguous = int(rows[-1]) - int(rows[0]) + 1 == len(rows)
        chosen: slice | Ints = slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows
        values = self._values[chosen, first:last]
        # Only the ends are looked at first: a series that is there at one of them is there.
        away = np.isnan(values[:, 0]) & np.isnan(values[:, -1])
        if away.any():
            stays = ~away
            stays[away] = (values[away].view(np.uint64) != _STALE_ARRAY.view(np.uint64)).any(axis=1)
            rows, values = rows[stays], values[stays]
        if not len(rows):
            return ()
        return (Block([self._labels[row] for row in rows], self._times[first:last], values),)

    def label_names(self) -> list[str]:
        """Every label name that some series has, sorted."""
        return sorted({name for labels in self._labels for name in labels})

    def label_values(self, name: str) -> list[str]:
        """Every value of a label, sorted."""
        return sorted({labels[name] for labels in self._labels if name in labels})

    def _matching(self, matchers: tuple[Matcher, ...]) -> list[int]:
        rows: Iterable[int] = range(len(self._labels))
        rest = list(matchers)
        for matcher in matchers:
            if matcher.name == "__name__" and matcher.op is MatchOp.EQUAL and matcher.value:
                rows = self._by_name.get(matcher.value, [])
                rest.remove(matcher)
                break
        kept = list(rows)
        for matcher in rest:
            fits = _decided(matcher)
            name = matcher.name
            verdicts: dict[str, bool] = {}
            kept = [row for row in kept if _verdict(verdicts, fits, self._labels[row].get(name, ""))]
        return kept

    def _grow(self, needed: int) -> None:
        rows = max(needed, self._values.shape[0] + _GROWTH)
        grown = np.empty((rows, self._capacity))
        grown[: self._values.shape[0], : self._head] = self._values[:, : self._head]
        grown[self._values.shape[0] :, : self._head] = STALE
        self._values = grown

    def _move_together(self, count: int) -> None:
        kept = max(0, min(self._kept, self._capacity - count))
        kept = min(kept, self._head)
        old = self._head - kept
        self._values[:, :kept] = self._values[:, old : self._head]
        self._times[:kept] = self._times[old : self._head]
        self._head = kept


class _Decider:
    """Whether a label's value meets a matcher."""

    __slots__ = ("_negated", "_pattern", "_value")

    def __init__(self, matcher: Matcher) -> None:
        self._negated = matcher.op in (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX)
        self._value = matcher.value
        self._pattern: re.Pattern[str] | None = None
        if matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            problem = regex_problem(matcher.value)
            if problem is not None:
                raise ValueError(f"{matcher.value[:80]!r}: {problem}")
            self._pattern = re.compile(matcher.value, re.DOTALL)

    def __call__(self, value: str) -> bool:
        found = value == self._value if self._pattern is None else self._pattern.fullmatch(value) is not None
        return found is not self._negated


def _decided(matcher: Matcher) -> _Decider:
    return _Decider(matcher)


def _verdict(verdicts: dict[str, bool], fits: _Decider, value: str) -> bool:
    known = verdicts.get(value)
    if known is None:
        known = verdicts[value] = fits(value)
    return known
