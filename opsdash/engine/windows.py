"""Keeps the window of every query and asks only for what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from opsdash.core.events import Polled
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.fetching import Coverage, Extend, Fill, Head, Nothing, aligned, plan
from opsdash.core.metrics.merge import agree, merge, without_empty_series
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, MetricQuery, PromQuery, Query, Span
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.view.timerange import TimeRange
from opsdash.core.wanted import step_of
from opsdash.ports import Clock, LogSource, Source

REFILL_AT_MOST_EVERY_S = 60.0
"""A source whose past changes all the time is not asked for everything all the time."""
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


class Windows:
    """The windows by query; `poll` brings one up to date."""

    def __init__(self, clock: Clock, *, ingest_lag_s: dict[str, float] | None = None) -> None:
        self._clock = clock
        self._kept: dict[Query, _Kept] = {}
        self._lag_s = ingest_lag_s or {}

    def set_lags(self, ingest_lag_s: dict[str, float]) -> None:
        """How late documents may come, by source, after the configuration was read again."""
        self._lag_s = ingest_lag_s

    def forget(self, query: Query) -> None:
        """The next poll of this query asks for everything."""
        self._kept.pop(query, None)

    async def poll(self, query: Query, source: Source, time_range: TimeRange, now_s: float) -> Polled | None:
        """Brings the window up to date; None when nothing had to be asked. Raises what the source raises."""
        started = self._clock.monotonic_s()
        if isinstance(query, LogQuery):
            answer = await _logs(query, source, time_range, now_s)
            return self._polled(query, answer, empty_window(), started)
        if isinstance(query, EsqlQuery) or query.instant:
            answer = await _at_once(query, source, time_range, now_s)
            return self._polled(query, answer, answer.window, started)
        return await self._poll_window(query, source, time_range, now_s, started)

    async def _poll_window(
        self, query: PromQuery | EsQuery, source: Source, time_range: TimeRange, now_s: float, started: float
    ) -> Polled | None:
        start, end = time_range.bounds(now_s)
        wanted = aligned(start - query.offset_s, end - query.offset_s, step_of(query, time_range))
        asked = replace(query, offset_s=0.0)
        kept = self._kept.get(query)
        live, until = time_range.is_live, end - query.offset_s
        fetch = plan(
            asked,
            kept.coverage if kept else None,
            wanted,
            now_s=until,
            live=live,
            lag_s=self._lag_s.get(query.source, 60.0),
        )
        match fetch:
            case Nothing():
                return None
            case Head(at_s=at_s) if kept is not None:
                answer = await source.fetch_instant(asked, at_s)
                window = _with_head(kept, answer.window, wanted)
                answer = replace(answer, cut=kept.answer.cut or answer.cut)
            case Extend(span=span) if kept is not None:
                answer = await source.fetch(asked, span)
                joined = self._joined(kept, answer.window, span, wanted, asked)
                if joined is None:
                    whole = Span(start_s=wanted.start_s, end_s=max(wanted.end_s, span.end_s), step_s=wanted.step_s)
                    answer = await source.fetch(asked, whole)
                    window = self._filled(query, answer, wanted, until, doubted_at_s=until)
                else:
                    answer = replace(answer, cut=tuple(dict.fromkeys((*kept.answer.cut, *answer.cut))))
                    window = self._extended(query, kept, answer, wanted, joined)
            case Fill(span=span):
                answer = await source.fetch(asked, span)
                window = self._filled(query, answer, wanted, until)
            case _:  # Head and Extend without anything kept: plan() never says so
                return None
        return self._polled(query, answer, _moved(window, query.offset_s), started)

    def _joined(
        self, kept: _Kept, piece: Window, span: Span, wanted: Span, query: PromQuery | EsQuery
    ) -> Window | None:
        """The extended window, or None when everything has to be asked for again."""
        if isinstance(query, EsQuery):
            # The tail's own top groups may be others than those of the whole range.
            doubtful = bool(query.group_by) and bool(set(piece.labels) - set(kept.window.labels))
            absent_is_zero = query.metric.function in {"count", "rate", "cardinality"}
        else:
            settled = kept.coverage.to_s - wanted.step_s
            doubtful = not agree(kept.window, piece, from_s=span.start_s, to_s=settled)
            absent_is_zero = False
        kept.is_suspect = kept.is_suspect or doubtful
        lately = wanted.end_s - kept.doubted_at_s < max(REFILL_AT_MOST_EVERY_S, 4 * wanted.step_s)
        if kept.is_suspect and not lately:
            return None
        return merge(
            kept.window,
            piece,
            piece_from_s=span.start_s,
            keep_from_s=wanted.start_s,
            absent_is_zero=absent_is_zero,
        )

    def _filled(
        self, query: Query, answer: Answer, wanted: Span, until_s: float, *, doubted_at_s: float = -inf
    ) -> Window:
        window = without_empty_series(answer.window)
        coverage = Coverage(step_s=wanted.step_s, from_s=wanted.start_s, to_s=wanted.end_s, filled_at_s=until_s)
        self._keep(query, _Kept(window=window, coverage=coverage, answer=answer, doubted_at_s=doubted_at_s))
        return window

    def _extended(self, query: Query, kept: _Kept, answer: Answer, wanted: Span, window: Window) -> Window:
        coverage = replace(kept.coverage, from_s=wanted.start_s, to_s=wanted.end_s)
        self._keep(query, replace(kept, window=window, coverage=coverage, answer=answer))
        return window

    def _keep(self, query: Query, kept: _Kept) -> None:
        """The newest last: the first in the dictionary is the one to give up."""
        self._kept.pop(query, None)
        self._kept[query] = kept
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))

    def _polled(self, query: Query, answer: Answer, window: Window, started: float) -> Polled:
        now = self._clock.monotonic_s()
        return Polled(query=query, answer=answer, window=window, at_s=now, rtt_s=now - started)


async def _logs(query: LogQuery, source: Source, time_range: TimeRange, now_s: float) -> Answer:
    start, end = time_range.bounds(now_s)
    logs: LogSource = source  # type: ignore[assignment]  # the configuration puts log queries on log sources only
    return await logs.fetch_logs(query, start, end)


async def _at_once(query: MetricQuery, source: Source, time_range: TimeRange, now_s: float) -> Answer:
    """What has no history to keep: one instant, one bucket, a table."""
    start, end = time_range.bounds(now_s)
    if isinstance(query, PromQuery):
        return await source.fetch_instant(query, end)
    length = end - start if isinstance(query, EsQuery) else step_of(query, time_range)
    return await source.fetch(query, Span(start_s=start, end_s=end, step_s=length))


def _with_head(kept: _Kept, head: Window, wanted: Span) -> Window:
    """The value now, after the last step; the next step takes its place."""
    after = float(np.nextafter(kept.coverage.to_s, np.inf))
    if head.times.size == 0 or head.times[-1] < after:
        return kept.window
    return merge(kept.window, head, piece_from_s=after, keep_from_s=wanted.start_s)


def _moved(window: Window, offset_s: float) -> Window:
    return window if offset_s == 0 else replace(window, times=window.times + offset_s)
