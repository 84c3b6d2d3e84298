"""Pages of log rows, newest first: turned by `search_after`, without losing or repeating a row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

from opsdash.adapters.sources.elasticsearch.bounded_json import ROWS_CUT, DecodeJson, rows_json
from opsdash.adapters.sources.elasticsearch.catalogue import Catalogue
from opsdash.adapters.sources.elasticsearch.client import Reply
from opsdash.adapters.sources.elasticsearch.logs import Place, RowFields, place_of, rows_after, rows_of
from opsdash.adapters.sources.elasticsearch.notes import notes_of
from opsdash.adapters.sources.elasticsearch.request import ROW_ORDER, Body, rows_body
from opsdash.core.duration import format_size
from opsdash.core.errors import QueryRejected
from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.sources import SourceSpec

MOST_ROWS = 10_000
"""Of one request, by default of every index."""
EQUALS = 10
"""Rows that are asked for beyond a page, since those at its edge come again."""

Search = Callable[[str, Body, DecodeJson], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One page."""

    query: LogQuery
    index: str
    start_ms: int
    before_ms: int
    place: Place | None
    limit: int
    both_dates: bool


class Pages:
    """Turns the pages of one source. It keeps nothing on the server between two of them."""

    def __init__(self, spec: SourceSpec, catalogue: Catalogue, search: Search, deadline_ms: Callable[[], int]) -> None:
        self._spec = spec
        self._catalogue = catalogue
        self._search = search
        self._deadline_ms = deadline_ms
        self._without_order: set[str] = set()
        """Index patterns where time alone can decide."""

    async def page(self, query: LogQuery, start_s: float, end_s: float, after: Sequence[object] | None) -> Answer:
        """At most `query.limit` rows of [start, end], those after `after`."""
        index = query.index or self._spec.index
        query = replace(query, filters=await self._catalogue.exact(index, query.filters))
        fields = await self._catalogue.fields(index, [self._spec.time_field])
        wanted = _Wanted(
            query=query,
            index=index,
            start_ms=ceil(round(start_s * 1000, 2)),
            before_ms=floor(round(end_s * 1000, 2)) + 1,
            place=place_of(after),
            limit=min(max(1, query.limit), MOST_ROWS),
            both_dates=fields is not None and fields.both_dates(self._spec.time_field),
        )
        reply = await self._asked(wanted)
        rows = self._rows(reply.body)
        if wanted.place is not None:
            rows = rows_after(rows, wanted.place, wanted.limit)
        return await self._answer(reply, rows, index, is_first=wanted.place is None)

    def _rows(self, body: Mapping[str, Any]) -> tuple[LogRow, ...]:
        spec = self._spec
        return rows_of(body, RowFields(time=spec.time_field, message=spec.message_field, level=spec.level_field))

    async def _asked(self, wanted: _Wanted) -> Reply:
        """A page that has at least one new row where there is any: more are asked for while all of them are equals."""
        if wanted.place is None:
            return await self._ordered(wanted, wanted.limit)
        size = min(wanted.limit + EQUALS, MOST_ROWS)
        while True:
            reply = await self._ordered(wanted, size)
            rows = self._rows(reply.body)
            if size >= MOST_ROWS or len(rows) < size or rows_after(rows, wanted.place, wanted.limit):
                return reply
            size = min(size * 4, MOST_ROWS)

    async def _ordered(self, wanted: _Wanted, size: int) -> Reply:
        """The search, without what decides between rows of one instant where an index does not have it."""
        place = wanted.place
        is_ordered = wanted.index not in self._without_order and (place is None or place.order is not None)
        body = rows_body(
            wanted.query,
            time_field=self._spec.time_field,
            start_ms=wanted.start_ms,
            before_ms=wanted.before_ms,
            deadline_ms=self._deadline_ms(),
            order=ROW_ORDER if is_ordered else None,
            both_dates=wanted.both_dates,
            after=() if place is None else (place if is_ordered else replace(place, order=None)).search_after(),
            limit=size,
        )
        try:
            reply = await self._search(wanted.index, body, rows_json)
            if not (is_ordered and _lacks_order(reply.body)):
                return reply
        except QueryRejected as error:
            if not is_ordered or ROW_ORDER not in error.message:
                raise
        self._without_order.add(wanted.index)
        return await self._ordered(wanted, size)

    async def _answer(self, reply: Reply, rows: tuple[LogRow, ...], index: str, *, is_first: bool) -> Answer:
        notes = notes_of(reply.body, said=reply.warnings)
        warnings = notes.warnings
        if notes.no_index:
            warnings = (await self._catalogue.nothing_matches(index),)
        elif not rows and is_first:
            warnings += await self._catalogue.why_empty(index, self._spec.time_field, ())
        cut: tuple[str, ...] = ()
        if ROWS_CUT in reply.body:
            cut = (f"cut at {format_size(reply.body[ROWS_CUT])}: {len(rows):,} rows read",)
        return Answer(rows=rows, warnings=warnings, cut=cut, bytes=reply.bytes)


def _lacks_order(body: Mapping[str, Any]) -> bool:
    """Whether some shards failed because they cannot sort by it."""
    shards = body.get("_shards")
    failures = shards.get("failures") if isinstance(shards, Mapping) else None
    return isinstance(failures, list) and any(ROW_ORDER in str(each)[:2000] for each in failures[:20])
