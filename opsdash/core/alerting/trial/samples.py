"""Samples in memory that grow: what rules record is there for the rules after them, as on a server."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from opsdash.core.alerting.trial.notation import STALE
from opsdash.core.metrics.labels import Labels
from opsdash.core.promql import Block, Matcher, MatchOp
from opsdash.core.re2 import compiled, matched


@dataclass(slots=True)
class _Row:
    labels: Mapping[str, str]
    times_ms: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Samples:
    """`core.promql.Storage` over series to which samples are added at the end."""

    def __init__(self) -> None:
        self._rows: dict[Labels, _Row] = {}

    def load(self, labels: Labels, times_ms: Sequence[int], values: Sequence[float]) -> None:
        """Adds samples of one series, in their order, after those that it has."""
        row = self._rows.setdefault(labels, _Row(dict(labels)))
        row.times_ms.extend(times_ms)
        row.values.extend(values)

    def record(self, before: frozenset[Labels], now: Mapping[Labels, float], at_ms: int) -> frozenset[Labels]:
        """Adds what one rule gives at an instant; series of its last time that are gone get the marker."""
        for labels, value in now.items():
            self.load(labels, [at_ms], [value])
        for labels in before - now.keys():
            self.load(labels, [at_ms], [STALE])
        return frozenset(now)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        """The samples between the two times of the series that meet all matchers, a block a series."""
        found: list[Block] = []
        for row in self._rows.values():
            if all(_meets(row.labels.get(matcher.name, ""), matcher) for matcher in matchers):
                inside = slice(bisect_left(row.times_ms, start_ms), bisect_right(row.times_ms, end_ms))
                times = np.array(row.times_ms[inside], dtype=np.int64)
                if times.size:
                    found.append(Block([row.labels], times, np.array(row.values[inside], dtype=np.float64)[None]))
        return found


class Until:
    """The same samples as they were at an instant: what came later is not there yet."""

    def __init__(self, samples: Samples, until_ms: int) -> None:
        self._samples = samples
        self._until_ms = until_ms

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        """As `Samples.select`, cut."""
        return self._samples.select(matchers, start_ms, min(end_ms, self._until_ms))


def _meets(value: str, matcher: Matcher) -> bool:
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (value == matcher.value) is (matcher.op is MatchOp.EQUAL)
    return (matched(compiled(matcher.value), value) is not None) is (matcher.op is MatchOp.REGEX)
