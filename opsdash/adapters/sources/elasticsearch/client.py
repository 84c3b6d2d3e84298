"""The way to an Elasticsearch: one question at a time through the official client, which is loaded when first used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.sources.elasticsearch.bounded_json import DecodeJson, whole_json
from opsdash.core.errors import AnswerUnusable, OpsdashError, QueryRejected
from opsdash.ports import Clock

if TYPE_CHECKING:
    from types import ModuleType

    from elasticsearch import AsyncElasticsearch

Call = Callable[["AsyncElasticsearch"], Awaitable[Any]]

LARGEST_AGGREGATIONS_BYTES = 12 * 1024 * 1024
"""As Python values six times as much; the 65,536 buckets that a server gives by default fit in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with how it came."""

    body: Any
    bytes: int
    rtt_s: float
    date_s: float | None
    warnings: tuple[str, ...]


class ElasticsearchClient:
    """Asks through `elasticsearch` 8.19, which speaks with servers 8 and 9. Raises only `opsdash.core.errors`."""

    def __init__(self, http: HttpClient, clock: Clock, *, largest_bytes: int) -> None:
        self.name = http.name
        self._http = http
        self._clock = clock
        self._largest_bytes = largest_bytes
        self._loading: asyncio.Lock = asyncio.Lock()
        self._wire: ModuleType | None = None
        self._client: AsyncElasticsearch | None = None

    async def ask(self, call: Call, *, decode: DecodeJson = whole_json) -> Reply:
        """One question, asked once."""
        wire, client = await self._ready()
        most = min(self._largest_bytes, LARGEST_AGGREGATIONS_BYTES) if decode is whole_json else self._largest_bytes
        exchange = wire.Exchange(decode=decode, largest_bytes=most)
        token = wire.EXCHANGE.set(exchange)
        try:
            body = (await call(client)).body
        except OpsdashError:
            raise
        except wire.UnsupportedProductError as error:
            raise QueryRejected(
                f"{self.name} is not an Elasticsearch: it does not say so in its answers (OpenSearch is not supported)"
            ) from error
        except wire.FOREIGN_ERRORS as error:
            raise AnswerUnusable(f"{self.name} gave an answer that the client cannot use") from error
        finally:
            wire.EXCHANGE.reset(token)
        return Reply(
            body=body,
            bytes=exchange.bytes,
            rtt_s=exchange.rtt_s,
            date_s=exchange.date_s,
            warnings=tuple(exchange.warnings),
        )

    async def _ready(self) -> tuple[ModuleType, AsyncElasticsearch]:
        """The client; imported in a thread, since that takes longer than a key may wait."""
        async with self._loading:
            if self._wire is None:
                self._wire = await asyncio.to_thread(_load)
            if self._client is None:
                self._client = self._wire.client_over(self._http, self._clock)
            return self._wire, self._client


def _load() -> ModuleType:
    from opsdash.adapters.sources.elasticsearch import wire  # noqa: PLC0415 - half a second of imports

    return wire
