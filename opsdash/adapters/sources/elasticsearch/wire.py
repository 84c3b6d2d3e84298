"""The official client on our own HTTP: its API and product check; our TLS, secrets, deadline and limits.

Importing this takes half a second, so it is imported in a thread when the first question is asked.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elastic_transport import (
    ApiResponseMeta,
    BaseAsyncNode,
    HttpHeaders,
    JsonSerializer,
    NodeConfig,
    SerializationError,
    TransportError,
)
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import ApiError, AsyncElasticsearch, UnsupportedProductError

from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.response import Response
from opsdash.adapters.http.status import first_words
from opsdash.adapters.sources.elasticsearch.bounded_json import DecodeJson
from opsdash.adapters.sources.elasticsearch.errors import failure
from opsdash.core.errors import AccessDenied, OpsdashError
from opsdash.ports import Clock

LARGEST_REFUSAL_BYTES = 256 * 1024
_WARNING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_JSON = "application/json"
_COMPATIBLE = "application/vnd.elasticsearch+json"


FOREIGN_ERRORS = (ApiError, SerializationError, TransportError)
"""What the client raises by itself; what our HTTP raises passes through it."""


@dataclass(slots=True)
class Exchange:
    """What one question brought beside its answer, and how its answer is to be read."""

    decode: DecodeJson
    largest_bytes: int
    bytes: int = 0
    """Of the answer on the wire."""
    rtt_s: float = 0.0
    date_s: float | None = None
    warnings: list[str] = field(default_factory=list)
    """The texts of the Warning headers; the client would print them over the screen."""


EXCHANGE: ContextVar[Exchange] = ContextVar("opsdash_elasticsearch_exchange")
"""Set around each call of the client: its methods have no place for it."""


class Answered(NamedTuple):
    """What a node gives to the client."""

    meta: ApiResponseMeta
    body: bytes


class DecodedBody(bytes):
    """An answer that was decoded while it was read; it is empty as bytes."""

    value: Any = None


class _Passing(JsonSerializer):
    """Hands on what was decoded already."""

    def loads(self, data: bytes) -> Any:
        return data.value if isinstance(data, DecodedBody) else super().loads(data)


def client_over(http: HttpClient, clock: Clock) -> AsyncElasticsearch:
    """The official client; asks once, never sniffs, never retries, raises `opsdash.core.errors` for what went wrong."""

    class Node(BaseAsyncNode):
        """One node: whatever the URL of the source leads to."""

        def __init__(self, config: NodeConfig) -> None:
            super().__init__(config)

        async def perform_request(  # type: ignore[override]
            self,
            method: str,
            target: str,
            body: bytes | None = None,
            headers: HttpHeaders | None = None,
            request_timeout: DefaultType | float | None = DEFAULT,  # noqa: ARG002 - ours holds
        ) -> Answered:
            asked = _Asked(self.config, http, clock, method, target, body or b"", _own_headers(headers))
            try:
                return await asked.once()
            except AccessDenied:
                if not await http.renew_secrets():
                    raise
                return await asked.once()

        async def close(self) -> None:  # type: ignore[override]
            """The HTTP client belongs to the source, which closes it."""

    passing = _Passing()
    return AsyncElasticsearch(
        ["http://source:9200"],  # never resolved: the node knows where its source is
        node_class=Node,
        serializers={_JSON: passing, _COMPATIBLE: passing},
        max_retries=0,
        retry_on_status=(),
        retry_on_timeout=False,
        sniff_on_start=False,
        sniff_before_requests=False,
        sniff_on_node_failure=False,
        meta_header=False,
    )


def _own_headers(headers: HttpHeaders | None) -> list[tuple[str, str]]:
    """What the API needs: which version of it is spoken. The rest is ours."""
    wanted = ("accept", "content-type")
    return [(name, headers[name]) for name in wanted if headers is not None and name in headers]


@dataclass(frozen=True, slots=True)
class _Asked:
    config: NodeConfig
    http: HttpClient
    clock: Clock
    method: str
    target: str
    body: bytes
    headers: list[tuple[str, str]]

    async def once(self) -> Answered:
        exchange = EXCHANGE.get()
        async with self.http.request(self.method, self.target, body=self.body, headers=self.headers) as response:
            exchange.rtt_s, exchange.date_s = response.rtt_s, response.date_s
            exchange.warnings += _warnings(response.headers)
            if not 200 <= response.status < 300:
                raise await self._failure(response)
            decoded = await self._decoded(response, exchange)
            exchange.bytes = response.wire_bytes
        kept = {name: value for name, value in response.headers.items() if name != "warning"}
        kept["content-type"] = _JSON
        meta = ApiResponseMeta(response.status, "1.1", HttpHeaders(kept), response.rtt_s, self.config)
        return Answered(meta, decoded)

    async def _decoded(self, response: Response, exchange: Exchange) -> DecodedBody:
        decoded = DecodedBody()
        decoded.value = await exchange.decode(self.http.name, response.pieces(), exchange.largest_bytes)
        return decoded

    async def _failure(self, response: Response) -> OpsdashError:
        content = await response.read(LARGEST_REFUSAL_BYTES)
        try:
            body = await asyncio.to_thread(json.loads, content) if len(content) > 65536 else json.loads(content)
        except (ValueError, RecursionError):
            body = None
        return failure(
            self.http.name,
            response.status,
            response.headers,
            body,
            first_words(content),
            now_s=self.clock.now_s(),
            asked_esql=self.target.startswith("/_query"),
        )


def _warnings(headers: Mapping[str, str]) -> list[str]:
    return [text.replace('\\"', '"') for text in _WARNING.findall(headers.get("warning", ""))[:10]]


__all__ = ["EXCHANGE", "FOREIGN_ERRORS", "DecodedBody", "Exchange", "UnsupportedProductError", "client_over"]
