"""What an Elasticsearch has: indices and fields, asked for when they are needed and kept for a few minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from opsdash.adapters.sources.elasticsearch.client import ElasticsearchClient
from opsdash.adapters.sources.elasticsearch.errors import IndexMissing, TextFieldUsed
from opsdash.adapters.sources.elasticsearch.fields import (
    DATES,
    Fields,
    fields_of,
    nearest_index,
    no_such_field,
    no_time_field,
    text_field_words,
)
from opsdash.core.errors import AnswerUnusable, NeedsFixing, OpsdashError, QueryRejected, QueryTimedOut
from opsdash.core.text import clean
from opsdash.ports import Clock

KEPT_S = 300.0
UNKNOWN_KEPT_S = 60.0
"""How long it is not asked again for what it does not tell, or not in time."""
MOST_QUESTIONS = 256
EXPLAIN_WITHIN_S = 1.0
"""How long finding better words for an error may take."""
ALL = ("*",)


@dataclass(frozen=True, slots=True)
class _Kept:
    fields: Fields | None
    until_s: float


class Catalogue:
    """Discovery through the official client. What is not allowed is not known, and never an error of its own."""

    def __init__(self, client: ElasticsearchClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[tuple[str, tuple[str, ...]], _Kept] = {}
        self._locks: dict[tuple[str, tuple[str, ...]], asyncio.Lock] = {}

    async def fields(self, index: str, names: Sequence[str] = ALL) -> Fields | None:
        """The types of these fields and their sub-fields; None where the source does not let us know."""
        key = (index, tuple(sorted({*names, *(f"{name}.*" for name in names if name != "*")})))
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            now = self._clock.monotonic_s()
            if kept is None or now >= kept.until_s:
                fields = await self._ask(index, key[1])
                kept = _Kept(fields, now + (UNKNOWN_KEPT_S if fields is None else KEPT_S))
                self._kept.pop(key, None)
                self._kept[key] = kept
                self._bound()
            return kept.fields

    def _bound(self) -> None:
        """Those that were asked for longest ago go: a variable in an index or a field makes ever new questions."""
        while len(self._kept) > MOST_QUESTIONS:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            lock = self._locks.get(oldest)
            if lock is not None and not lock.locked():
                del self._locks[oldest]

    async def _ask(self, index: str, names: Sequence[str]) -> Fields | None:
        try:
            reply = await self._client.ask(
                lambda client: client.field_caps(
                    index=index, fields=list(names), filters="-metadata,-parent", ignore_unavailable=True
                )
            )
        except (NeedsFixing, QueryTimedOut, AnswerUnusable):
            return None
        try:
            return fields_of(reply.body)
        except AnswerUnusable:
            return None

    async def indices(self) -> tuple[str, ...]:
        """Names of indices, aliases and data streams; none where it is not allowed to know."""
        try:
            reply = await self._client.ask(lambda client: client.indices.resolve_index(name="*"))
        except OpsdashError:
            return ()
        found = reply.body
        names = [
            each.get("name")
            for kind in ("data_streams", "aliases", "indices")
            for each in found.get(kind, ())
            if isinstance(each, dict) and "data_stream" not in each
        ]
        return tuple(name for name in names if isinstance(name, str))

    async def exact(self, index: str, filters: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """The filters, each on the field that holds whole values: a text field only knows its words."""
        if not filters:
            return ()
        fields = await self.fields(index, [name for name, _ in filters])
        if fields is None:
            return tuple(filters)
        return tuple((fields.exact(name) or name, value) for name, value in filters)

    async def explained(self, error: QueryRejected, index: str) -> QueryRejected:
        """The same refusal with what would be right, where that can be found out quickly."""
        try:
            async with asyncio.timeout(EXPLAIN_WITHIN_S):
                if isinstance(error, IndexMissing):
                    return QueryRejected(error.message + await self._index_hint(error.index))
                if isinstance(error, TextFieldUsed):
                    words = text_field_words(error.field, await self.fields(index, [error.field]))
                    return QueryRejected(f"{self._client.name}: {words}")
        except (TimeoutError, OpsdashError):
            return error
        return error

    async def nothing_matches(self, index: str) -> str:
        """Words for a pattern that no index matches."""
        hint = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(EXPLAIN_WITHIN_S):
                hint = await self._index_hint(index)
        return f"no index matches {clean(index, longest=120)}{hint}"

    async def _index_hint(self, wanted: str) -> str:
        """`; did you mean …?`, or nothing where no name is near."""
        near = nearest_index(wanted, await self.indices())
        return f"; did you mean {clean(near, longest=120)}?" if near else ""

    async def why_empty(self, index: str, time_field: str, names: Iterable[str]) -> tuple[str, ...]:
        """Why nothing was found, as far as the mappings tell.

        Raises QueryRejected where nothing ever can be found, because the time field is none.
        """
        try:
            async with asyncio.timeout(EXPLAIN_WITHIN_S):
                fields = await self.fields(index)
        except (TimeoutError, OpsdashError):
            return ()
        if fields is None or not fields.types:
            return ()
        if not fields.kinds(time_field) & DATES:
            raise QueryRejected(f"{self._client.name}: {no_time_field(time_field, index, fields)}")
        return tuple(no_such_field(name, index, fields) for name in names if name and not fields.kinds(name))
