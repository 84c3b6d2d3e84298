"""An Elasticsearch, 8 or 9, as a source of series, tables and log rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Any, assert_never

import numpy as np

from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.status import first_words
from opsdash.adapters.secrets import Secrets
from opsdash.adapters.skew import clock_skew_s
from opsdash.adapters.sources.elasticsearch.bounded_json import DecodeJson, whole_json
from opsdash.adapters.sources.elasticsearch.catalogue import Catalogue
from opsdash.adapters.sources.elasticsearch.client import Call, ElasticsearchClient, Reply
from opsdash.adapters.sources.elasticsearch.decode import Groups, decode_window, key_text
from opsdash.adapters.sources.elasticsearch.esql import decode_esql
from opsdash.adapters.sources.elasticsearch.fields import no_such_field, text_field_words
from opsdash.adapters.sources.elasticsearch.groups import ChosenGroups
from opsdash.adapters.sources.elasticsearch.notes import Notes, notes_of
from opsdash.adapters.sources.elasticsearch.pages import Pages
from opsdash.adapters.sources.elasticsearch.request import (
    Body,
    Grid,
    esql_body,
    grid_of,
    metric_body,
    values_body,
    whole,
)
from opsdash.core.duration import format_duration
from opsdash.core.errors import AccessDenied, AnswerUnusable, QueryRejected
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, MetricQuery, PromQuery, Span
from opsdash.core.metrics.window import Floats, Window
from opsdash.core.sources import SourceSpec
from opsdash.core.text import clean
from opsdash.core.variables import FieldValues, FixedValues, FreeText, LabelValues, QueryResult, ValuesFrom
from opsdash.core.view.timerange import step_for
from opsdash.ports import Clock, Probe

SERVER_SHARE = 0.9
"""Of our deadline, after which the server is to stop and to answer with what it has."""
INSTANT_S = 60.0
"""Width of the bucket of a single value whose query names no interval."""
MOST_TABLE_ROWS = 10_000
FEW_BUCKETS = 4_000
"""Up to this many an answer is made into a window at once, in some eight milliseconds."""


class ElasticsearchSource:
    """`opsdash.ports.LogSource` through the official client. One connection pool, closed by `aclose`."""

    def __init__(self, spec: SourceSpec, clock: Clock, secrets: Secrets | None = None) -> None:
        self.name = spec.name
        self._spec = spec
        self._clock = clock
        self._http = HttpClient(spec, clock, secrets or Secrets(clock.monotonic_s))
        self._client = ElasticsearchClient(self._http, clock, largest_bytes=spec.limits.bytes)
        self._catalogue = Catalogue(self._client, clock)
        self._groups = ChosenGroups()
        self._pages = Pages(spec, self._catalogue, self._search, self._deadline_ms)

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        """The buckets that begin in the span; each is asked for as a whole, so the last may not be complete yet.

        An instant query has one bucket over all of the span, at its end. What ES|QL gives is a table; where it has
        a date and numbers, it is a window too, at the instants of its date column.
        """
        match query:
            case EsQuery():
                self._check(span, query)
                return await self._measured(query, span)
            case EsqlQuery():
                return await self._esql(query, span)
            case PromQuery():
                raise QueryRejected(f"{self.name} is an Elasticsearch: it takes `query` and `metric`, not `expr`")
            case _:
                assert_never(query)

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        """The bucket of the query's interval (a minute where it has none) that ends now, with one column."""
        width = INSTANT_S
        if isinstance(query, EsQuery):
            width = query.interval_s or INSTANT_S
            query = replace(query, instant=True)
        return await self.fetch(query, Span(start_s=at_s - width, end_s=at_s, step_s=width))

    async def fetch_logs(
        self, query: LogQuery, start_s: float, end_s: float, *, after: Sequence[object] | None = None
    ) -> Answer:
        """Rows of [start, end], newest first; `after` is the `sort` of the last row that is known."""
        return await self._pages.page(query, start_s, end_s, after)

    async def probe(self) -> Probe:
        """Product and version; without the right to know them, a search proves that we are let in."""
        try:
            reply = await self._client.ask(lambda client: client.info())
        except AccessDenied:
            reply = await self._search(self._spec.index, {"size": 0, "terminate_after": 1, "track_total_hits": False})
        version = reply.body.get("version") if isinstance(reply.body, dict) else None
        number = str(version.get("number") or "") if isinstance(version, dict) else ""
        return Probe(
            product="Elasticsearch",
            version=first_words(number.encode(errors="replace"), longest=40),
            rtt_s=reply.rtt_s,
            skew_s=clock_skew_s(reply.date_s, now_s=self._clock.now_s(), rtt_s=reply.rtt_s),
        )

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        """The options of a variable, within the time range, most frequent first."""
        match wanted:
            case FixedValues(values=values):
                return values
            case FreeText():
                return ()
            case FieldValues():
                return await self._field_values(wanted, start_s, end_s)
            case LabelValues() | QueryResult():
                raise QueryRejected(f"{self.name} is an Elasticsearch: it has fields, not labels")
            case _:
                assert_never(wanted)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    # -- series ----------------------------------------------------------------------------------------------------

    def _check(self, span: Span, query: EsQuery) -> None:
        most = self._spec.limits.points
        if span.step_s < 0.001:
            raise QueryRejected(f"{self.name}: an interval of {span.step_s:g} s is less than a millisecond")
        if span.end_s < span.start_s:
            raise QueryRejected(f"{self.name}: the time range ends before it begins")
        if not query.instant and span.points > most:
            enough = format_duration(step_for(span.end_s - span.start_s, points=max(1, most - 1)))
            raise QueryRejected(
                f"{self.name} was not asked: {span.points:,} points a series are more than {most:,};"
                f" an interval of {enough} would do"
            )
        if query.metric.function not in ("count", "rate") and not query.metric.field:
            raise QueryRejected(f"{self.name}: {query.metric.function} needs a field")
        if query.metric.function == "percentiles" and not query.metric.percents:
            raise QueryRejected(f"{self.name}: percentiles needs at least one percent")

    async def _measured(self, query: EsQuery, span: Span) -> Answer:
        index = query.index or self._spec.index
        grid = whole(span) if query.instant else grid_of(span)
        times = _instants(span, query)
        known = () if query.instant or not query.group_by else self._groups.of(query, span)
        body = metric_body(
            _with_filters(query, await self._catalogue.exact(index, query.filters)),
            grid,
            time_field=self._spec.time_field,
            deadline_ms=self._deadline_ms(),
            group_limit=self._spec.limits.series,
            known=known,
        )
        asked_at_s = self._clock.now_s()
        reply = await self._search(index, body)
        notes = notes_of(reply.body, said=reply.warnings)
        if notes.no_index:
            return Answer(warnings=(await self._catalogue.nothing_matches(index),), bytes=reply.bytes)
        window, groups, series = await self._decoded(
            self._aggregations(reply),
            metric=query.metric,
            group_by=query.group_by,
            grid=grid,
            times=times.tolist(),
            most_series=self._spec.limits.series,
            known=known,
            groups=query.groups,
        )
        if query.group_by and not query.instant and not notes.partial:
            self._groups.remember(query, span, groups.kept)
        return Answer(
            window=window,
            warnings=notes.warnings + await self._why_empty(query, index, window),
            cut=() if known else _cut(query, window, series, groups),
            partial_from_s=_partial_from_s(times, grid, notes, asked_at_s, instant=query.instant),
            bytes=reply.bytes,
        )

    async def _why_empty(self, query: EsQuery, index: str, window: Window) -> tuple[str, ...]:
        """Fields that no index has, where there is nothing to show but gaps and zeros."""
        if window.present.any() and np.nan_to_num(window.values).any():
            return ()
        names = (query.metric.field, *query.group_by)
        return await self._catalogue.why_empty(index, self._spec.time_field, names)

    async def _decoded(self, aggregations: Any, *, grid: Grid, **asked: Any) -> tuple[Window, Groups, int]:
        """Decoded here where that takes a few milliseconds, in a thread where a key would have to wait for it."""
        if grid.buckets * max(1, asked["groups"]) ** len(asked["group_by"]) <= FEW_BUCKETS:
            return decode_window(aggregations, grid=grid, **asked)
        return await asyncio.to_thread(decode_window, aggregations, grid=grid, **asked)

    def _aggregations(self, reply: Reply) -> Any:
        found = reply.body.get("aggregations") if isinstance(reply.body, dict) else None
        if not isinstance(found, dict):
            raise AnswerUnusable(f"{self.name} answered without the aggregations that were asked for")
        return found

    # -- ES|QL -----------------------------------------------------------------------------------------------------

    async def _esql(self, query: EsqlQuery, span: Span) -> Answer:
        start_ms, end_ms = round(span.start_s * 1000), round(span.end_s * 1000)
        body = esql_body(query.esql, time_field=self._spec.time_field, start_ms=start_ms, before_ms=end_ms + 1)
        asked_at_s = self._clock.now_s()
        reply = await self._asked(lambda client: client.esql.query(**body), self._spec.index)
        limits = self._spec.limits
        table, window, series = decode_esql(
            reply.body, time_column=query.time_column, most_rows=MOST_TABLE_ROWS, most_series=limits.series
        )
        notes = notes_of(reply.body, said=reply.warnings)
        return Answer(
            window=window,
            table=table,
            warnings=notes.warnings,
            cut=(f"{len(window.labels):,} of {series:,} series",) if series > len(window.labels) else (),
            partial_from_s=_last_bucket(window, asked_at_s) if not notes.partial else _first(window),
            bytes=reply.bytes,
        )

    # -- variables -------------------------------------------------------------------------------------------------

    async def _field_values(self, wanted: FieldValues, start_s: float, end_s: float) -> tuple[str, ...]:
        index = self._spec.index
        fields = await self._catalogue.fields(index, [wanted.field])
        name = wanted.field
        if fields is not None:
            if not fields.kinds(name):
                known = await self._catalogue.fields(index)
                if known is not None and known.types:
                    raise QueryRejected(f"{self.name}: {no_such_field(name, index, known)}")
            exact = fields.exact(name)
            if exact is None and fields.kinds(name):
                raise QueryRejected(f"{self.name}: {text_field_words(name, fields)}")
            name = exact or name
        body = values_body(
            name,
            wanted.query,
            time_field=self._spec.time_field,
            start_ms=floor(start_s * 1000),
            before_ms=ceil(end_s * 1000) + 1,
            deadline_ms=self._deadline_ms(),
        )
        aggregations = (await self._search(index, body)).body.get("aggregations") or {"values": {"buckets": []}}
        try:
            return tuple(text for text in map(key_text, aggregations["values"]["buckets"]) if text)
        except (KeyError, TypeError) as error:
            raise AnswerUnusable(f"{self.name} answered without the values that were asked for") from error

    # -- how all of them ask ---------------------------------------------------------------------------------------

    async def _search(self, index: str, body: Body, decode: DecodeJson = whole_json) -> Reply:
        reply = await self._asked(lambda client: client.search(index=index, body=body), index, decode)
        if not isinstance(reply.body, dict):
            raise AnswerUnusable(f"{self.name} answered with JSON that is no search answer")
        return reply

    async def _asked(self, call: Call, index: str, decode: DecodeJson = whole_json) -> Reply:
        try:
            return await self._client.ask(call, decode=decode)
        except QueryRejected as error:
            better = await self._catalogue.explained(error, index)
            raise better from error

    def _deadline_ms(self) -> int:
        return max(100, round(self._spec.timeout_s * 1000 * SERVER_SHARE))


def _instants(span: Span, query: EsQuery) -> Floats:
    """The instants of the answer: the beginnings of the buckets, or the end of the only one."""
    if query.instant:
        return np.array([span.end_s], dtype=np.float64)
    return np.asarray(span.start_s + np.arange(span.points) * span.step_s, dtype=np.float64)


def _partial_from_s(times: Floats, grid: Grid, notes: Notes, asked_at_s: float, *, instant: bool) -> float | None:
    """From the first bucket on where documents are missing everywhere; else the one that was not over when asked."""
    if notes.partial:
        return float(times[0])
    place = floor((asked_at_s * 1000 - grid.start_ms) / grid.step_ms)
    return float(times[place]) if not instant and 0 <= place < grid.buckets else None


def _with_filters(query: EsQuery, filters: tuple[tuple[str, str], ...]) -> EsQuery:
    return query if filters == query.filters else replace(query, filters=filters)


def _cut(query: EsQuery, window: Window, series: int, groups: Groups) -> tuple[str, ...]:
    """What a panel says of groups that it does not show."""
    cut = []
    if series > len(window.labels):
        cut.append(f"{len(window.labels):,} of {series:,} series")
    left_out, uncertain = groups.left_out_documents, groups.uncertain_documents
    if left_out:
        by = clean(", ".join(query.group_by), longest=80)
        cut.append(f"the {query.groups:,} largest groups by {by}; {left_out:,} documents are in others")
    if uncertain:
        cut.append(f"a group may lack up to {uncertain:,} documents: each shard names only its own largest groups")
    return tuple(cut)


def _first(window: Window) -> float | None:
    return float(window.times[0]) if window.times.size else None


def _last_bucket(window: Window, now_s: float) -> float | None:
    """The last instant, while the bucket that seems to begin there is not over."""
    if window.times.size < 2:
        return None
    width = float(np.diff(window.times).min())
    last = float(window.times[-1])
    return last if last <= now_s < last + width else None


__all__ = ["ElasticsearchSource"]
