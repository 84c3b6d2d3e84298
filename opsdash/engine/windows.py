"""Keeps the window of every query and asks only for what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from opsdash.core.events import Polled
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.fetching import Coverage, Extend, Fill, Head, Nothing, aligned, plan
from opsdash.core.metrics.merge import agree, merge, without_empty_series
from opsdash.core.metrics.queries import EsQuery, LogQuery, MetricQuery, PromQuery, Query, Span
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.view.timerange import TimeRange
from opsdash.core.wanted import step_of
from opsdash.ports import Clock, LogSource, Source

REFILL_AT_MOST_EVERY_S = 60.0
"""A source whose past changes all the time is not asked for everything all the time."""
DEFAULT_LAG_S = 60.0
MOST_KEPT = 512
"""Windows of queries that are not shown any longer are kept for a while: going back to a tab is instant."""


@dataclass(slots=True, kw_only=True)
class _Kept:
    window: Window
    coverage: Coverage
    answer: Answer
    is_suspect: bool = False
    """An overlap disagreed, and it was too early to ask for everything again."""
    doubted_at_s: float = -inf
    """When everything was last asked for again because an overlap disagreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One poll of one query."""

    key: PromQuery | EsQuery
    """As it was wanted, with its offset."""
    query: PromQuery | EsQuery
    """As it is asked: the offset is in the span."""
    source: Source
    wanted: Span
    until_s: float


class Windows:
    """The windows by query; `poll` brings one up to date."""

    def __init__(self, clock: Clock, *, ingest_lag_s: dict[str, float] | None = None) -> None:
        self._clock = clock
        self._kept: dict[Query, _Kept] = {}
        self._lag_s = ingest_lag_s or {}
        self._settled: dict[Query, tuple[float, float]] = {}
        """The bounds for which a query without a window was last answered, once nothing could be added to them."""
        self._unanswered: set[Query] = set()
        """What failed last time is asked again even where all that is wanted is there: the failure has to heal."""

    def set_lags(self, ingest_lag_s: dict[str, float]) -> None:
        """How late documents may come, by source, after the configuration was read again."""
        self._lag_s = ingest_lag_s

    def forget(self, query: Query) -> None:
        """The next poll of this query asks for everything."""
        self._kept.pop(query, None)
        self._settled.pop(query, None)
        self._unanswered.discard(query)

    def forget_source(self, name: str) -> None:
        """Another server may answer by this name now: nothing is joined to what the old one said."""
        self._kept = {query: kept for query, kept in self._kept.items() if query.source != name}
        self._settled = {query: bounds for query, bounds in self._settled.items() if query.source != name}

    async def poll(self, query: Query, source: Source, time_range: TimeRange, now_s: float) -> Polled | None:
        """Brings the window up to date; None when nothing had to be asked. Raises what the source raises."""
        failed = query in self._unanswered
        self._unanswered.add(query)
        if isinstance(query, PromQuery | EsQuery) and not query.instant:
            polled = await self._poll_window(query, source, time_range, now_s, failed=failed)
        else:
            polled = await self._poll_whole(query, source, time_range, now_s, failed=failed)
        self._unanswered.discard(query)
        return polled

    async def _poll_whole(
        self, query: Query, source: Source, time_range: TimeRange, now_s: float, *, failed: bool
    ) -> Polled | None:
        """What has no window that grows: rows, tables, single values."""
        started = self._clock.monotonic_s()
        bounds = time_range.bounds(now_s)
        if self._settled.get(query) == bounds and not failed:
            return None
        if isinstance(query, LogQuery):
            answer, window = await _logs(query, source, bounds), empty_window()
        else:
            answer = await _at_once(query, source, bounds, step_of(query, time_range))
            window = answer.window
        self._settled.pop(query, None)
        if not time_range.is_live and self._is_settled(query, answer, bounds[1], now_s):
            self._settled[query] = bounds
        return self._polled(query, answer, window, started)

    def _is_settled(self, query: Query, answer: Answer, end_s: float, now_s: float) -> bool:
        """Whether a whole answer up to `end_s` stays what it is: no document of that time can come any more."""
        late_s = 0.0 if isinstance(query, PromQuery) else self._lag_s.get(query.source, DEFAULT_LAG_S)
        return answer.partial_from_s is None and end_s + late_s <= now_s

    async def _poll_window(
        self, query: PromQuery | EsQuery, source: Source, time_range: TimeRange, now_s: float, *, failed: bool
    ) -> Polled | None:
        started = self._clock.monotonic_s()
        start, end = (at_s - query.offset_s for at_s in time_range.bounds(now_s))
        asking = _Asking(
            key=query,
            query=replace(query, offset_s=0.0),
            source=source,
            wanted=aligned(start, end, step_of(query, time_range)),
            until_s=end,
        )
        kept = self._kept.get(query)
        fetch = plan(
            asking.query,
            kept.coverage if kept else None,
            asking.wanted,
            now_s=end,
            live=time_range.is_live,
            lag_s=self._lag_s.get(query.source, DEFAULT_LAG_S),
        )
        match fetch:
            case Head(at_s=at_s) if kept is not None:
                answer, window = await self._head(asking, kept, at_s)
            case Extend(span=span) if kept is not None:
                answer, window = await self._extend(asking, kept, span)
            case Fill(span=span):
                answer, window = await self._fill(asking, span)
            case Nothing() if failed:
                answer, window = await self._fill(asking, asking.wanted)
            case _:
                return None
        return self._polled(query, answer, _moved(window, query.offset_s), started)

    async def _head(self, asking: _Asking, kept: _Kept, at_s: float) -> tuple[Answer, Window]:
        """The value now, after the last step; the next step takes its place."""
        answer = await asking.source.fetch_instant(asking.query, at_s)
        head, after = answer.window, float(np.nextafter(kept.coverage.to_s, np.inf))
        window = kept.window
        if head.times.size and head.times[-1] >= after:
            window = merge(kept.window, head, piece_from_s=after, keep_from_s=asking.wanted.start_s)
        return replace(answer, cut=kept.answer.cut or answer.cut), window

    async def _extend(self, asking: _Asking, kept: _Kept, span: Span) -> tuple[Answer, Window]:
        answer = await asking.source.fetch(asking.query, span)
        doubtful = _is_doubtful(kept, answer, span, asking)
        lately = asking.wanted.end_s - kept.doubted_at_s < max(REFILL_AT_MOST_EVERY_S, 4 * asking.wanted.step_s)
        if (kept.is_suspect or doubtful) and not lately:
            return await self._fill(asking, _reaching(asking.wanted, span.end_s), doubted_at_s=asking.until_s)
        window = merge(
            kept.window,
            answer.window,
            piece_from_s=span.start_s,
            keep_from_s=asking.wanted.start_s,
            absent_is_zero=_counts(asking.query),
        )
        answer = replace(answer, cut=tuple(dict.fromkeys((*kept.answer.cut, *answer.cut))))
        coverage = replace(kept.coverage, from_s=asking.wanted.start_s, to_s=asking.wanted.end_s)
        suspect = kept.is_suspect or doubtful
        self._keep(asking.key, replace(kept, window=window, coverage=coverage, answer=answer, is_suspect=suspect))
        return answer, window

    async def _fill(self, asking: _Asking, span: Span, *, doubted_at_s: float = -inf) -> tuple[Answer, Window]:
        answer = await asking.source.fetch(asking.query, span)
        window = without_empty_series(answer.window)
        kept = _Kept(
            window=window,
            coverage=Coverage(
                step_s=asking.wanted.step_s,
                from_s=asking.wanted.start_s,
                to_s=asking.wanted.end_s,
                filled_at_s=asking.until_s,
            ),
            answer=answer,
            is_suspect=_is_partial(answer, span),
            doubted_at_s=doubted_at_s,
        )
        self._keep(asking.key, kept)
        return answer, window

    def _keep(self, query: Query, kept: _Kept) -> None:
        """The newest last: the first in the dictionary is the one to give up."""
        self._kept.pop(query, None)
        self._kept[query] = kept
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))

    def _polled(self, query: Query, answer: Answer, window: Window, started: float) -> Polled:
        now = self._clock.monotonic_s()
        return Polled(query=query, answer=answer, window=window, at_s=now, rtt_s=now - started)


async def _logs(query: LogQuery, source: Source, bounds: tuple[float, float]) -> Answer:
    logs: LogSource = source  # type: ignore[assignment]  # the configuration puts log queries on log sources only
    return await logs.fetch_logs(query, *bounds)


async def _at_once(query: MetricQuery, source: Source, bounds: tuple[float, float], step_s: float) -> Answer:
    """What has no history to keep: one instant, one bucket, a table."""
    start, end = bounds
    if isinstance(query, PromQuery):
        return await source.fetch_instant(query, end)
    length = end - start if isinstance(query, EsQuery) else step_s
    return await source.fetch(query, Span(start_s=start, end_s=end, step_s=length))


def _is_doubtful(kept: _Kept, answer: Answer, span: Span, asking: _Asking) -> bool:
    """Whether this piece makes one doubt what is known, or is itself not to be trusted for long."""
    if _is_partial(answer, span):
        return True
    if isinstance(asking.query, EsQuery):
        # The tail's own top groups may be others than those of the whole range.
        return bool(asking.query.group_by) and bool(set(answer.window.labels) - set(kept.window.labels))
    settled = kept.coverage.to_s - asking.wanted.step_s
    return not agree(kept.window, answer.window, from_s=span.start_s, to_s=settled)


def _is_partial(answer: Answer, span: Span) -> bool:
    """Whether the whole answer may be incomplete (failed shards, a time-out), not only its last bucket."""
    return answer.partial_from_s is not None and answer.partial_from_s <= span.start_s


def _counts(query: MetricQuery) -> bool:
    """Whether a group that is not in the answer has counted nothing."""
    return isinstance(query, EsQuery) and query.metric.function in {"count", "rate", "cardinality"}


def _reaching(wanted: Span, end_s: float) -> Span:
    return Span(start_s=wanted.start_s, end_s=max(wanted.end_s, end_s), step_s=wanted.step_s)


def _moved(window: Window, offset_s: float) -> Window:
    return window if offset_s == 0 else replace(window, times=window.times + offset_s)
