"""A Prometheus-compatible server as a source: Prometheus, Thanos, Mimir, VictoriaMetrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, assert_never
from urllib.parse import quote, urlencode

from opsdash.adapters.http.address import Params
from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.response import Response
from opsdash.adapters.http.status import api_error, first_words, refusal
from opsdash.adapters.secrets import Secrets
from opsdash.adapters.skew import clock_skew_s
from opsdash.adapters.sources.prometheus.decode import (
    MILLISECOND_S,
    Grid,
    Rows,
    decode,
    envelope_of,
    grid_of,
    instant_grid,
    parse,
    values_in,
)
from opsdash.adapters.sources.prometheus.stream import AnswerStream
from opsdash.core.duration import format_duration, format_size
from opsdash.core.errors import AccessDenied, AnswerTooLarge, AnswerUnusable, OpsdashError, QueryRejected
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import MetricQuery, PromQuery, Span
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import FieldValues, FixedValues, FreeText, LabelValues, QueryResult, ValuesFrom
from opsdash.core.view.timerange import step_for
from opsdash.ports import Clock, Probe

if TYPE_CHECKING:
    from opsdash.adapters.sources.prometheus.discovery import Discovery

T = TypeVar("T")

LONGEST_GET = 2000
"""Characters of a request target; longer questions go as a form, which no proxy on the way cuts or refuses."""
WHOLE_BODY_BYTES = 256 * 1024
"""Up to this an answer is decoded in one go, in some four milliseconds."""
SLICE_BYTES = 64 * 1024
LARGEST_REFUSAL_BYTES = 64 * 1024
LARGEST_CATALOGUE_BYTES = 8 * 1024 * 1024
MOST_VALUES = 10_000
_API_HINT = "is this a Prometheus API?"


class PrometheusSource:
    """`opsdash.ports.Source` over `/api/v1`. One connection pool, closed by `aclose`."""

    def __init__(self, spec: SourceSpec, clock: Clock, secrets: Secrets | None = None) -> None:
        self.name = spec.name
        self._spec = spec
        self._clock = clock
        self._secrets = secrets or Secrets(clock.monotonic_s)
        self._http = HttpClient(spec, clock, self._secrets)
        self._forms_refused = False

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        """The series over the span, on its grid. The span is what is asked, whatever `offset_s` says."""
        grid = grid_of(span)
        self._check_points(grid)
        end = span.start_s + (grid.points - 1) * span.step_s
        params = [("start", _seconds(span.start_s)), ("end", _seconds(end)), ("step", _seconds(span.step_s))]
        return await self._query("/api/v1/query_range", self._expr(query), params, grid)

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        """The value at one instant, as a window with one column; a string result is a table."""
        return await self._query("/api/v1/query", self._expr(query), [("time", _seconds(at_s))], instant_grid(at_s))

    async def probe(self) -> Probe:
        """Product and version from the build information; where a server has none, a trivial query proves access."""
        try:
            body, seen = await self._ask("/api/v1/status/buildinfo", [], _whole)
        except QueryRejected:
            body, seen = await self._ask("/api/v1/query", [("query", "1")], _whole)
            envelope_of(self.name, body)
            return Probe(product="Prometheus API", version="", rtt_s=seen.rtt_s, skew_s=self._skew_s(seen))
        data = envelope_of(self.name, body)["data"]
        product = str(data.get("application") or "Prometheus")
        if "x-server-hostname" in seen.headers:
            product = "VictoriaMetrics"
        version = first_words(str(data.get("version") or "").encode(), longest=40)
        product = first_words(product.encode(), longest=40)
        return Probe(product=product, version=version, rtt_s=seen.rtt_s, skew_s=self._skew_s(seen))

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        """The options of a variable, within the time range."""
        match wanted:
            case FixedValues(values=values):
                return values
            case FreeText():
                return ()
            case LabelValues(label=label, metric=metric):
                during = [("start", _seconds(start_s)), ("end", _seconds(end_s)), ("limit", str(MOST_VALUES))]
                params = [*during, ("match[]", metric)] if metric else during
                return values_in(self.name, await self._body(f"/api/v1/label/{quote(label, safe='')}/values", params))
            case QueryResult(expr=expr, label=label):
                answer = await self.fetch_instant(PromQuery(source=self.name, expr=expr, instant=True), end_s)
                return tuple(
                    sorted({value for labels in answer.window.labels for name, value in labels if name == label})
                )
            case FieldValues():
                raise QueryRejected(f"{self.name} is a Prometheus: it has labels, not fields")
            case _:
                assert_never(wanted)

    @property
    def discovery(self) -> Discovery:
        """Its catalogue: metrics, labels, metadata."""
        from opsdash.adapters.sources.prometheus.discovery import Discovery  # noqa: PLC0415 - not needed for a picture

        return Discovery(self.name, self._body)

    async def explain_empty(self, query: PromQuery, start_s: float, end_s: float) -> str | None:
        """What was probably meant by a query that gives nothing; None where nothing is to be said."""
        return await self.discovery.suggest_label_values(query.expr, start_s, end_s)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    def _expr(self, query: MetricQuery) -> str:
        if not isinstance(query, PromQuery):
            raise QueryRejected(f"{self.name} is a Prometheus: it takes `expr`, not an Elasticsearch query")
        if not query.expr.strip():
            raise QueryRejected(f"{self.name}: the expression is empty")
        return query.expr

    def _check_points(self, grid: Grid) -> None:
        most = self._spec.limits.points
        if grid.step_s < MILLISECOND_S:
            raise QueryRejected(f"{self.name}: a step of {grid.step_s:g} s is less than a millisecond")
        if grid.points < 1:
            raise QueryRejected(f"{self.name}: the time range ends before it begins")
        if grid.points > most:
            enough = format_duration(step_for(grid.step_s * (grid.points - 1), points=max(1, most - 1)))
            raise QueryRejected(
                f"{self.name} was not asked: {grid.points:,} points a series are more than {most:,};"
                f" a step of {enough} would do"
            )

    async def _query(self, path: str, expr: str, params: Params, grid: Grid) -> Answer:
        limits = self._spec.limits
        asked = [
            ("query", expr),
            *params,
            ("timeout", f"{_seconds(self._spec.timeout_s)}s"),
            ("limit", str(Rows(self.name, grid, limits).room + 1)),
        ]

        async def read(response: Response) -> Answer:
            answer = await self._decoded(response, Rows(self.name, grid, limits))
            return replace(answer, bytes=response.wire_bytes)

        return await self._ask(path, asked, read)

    async def _ask(self, path: str, params: Params, read: Callable[[Response], Awaitable[T]]) -> T:
        """As GET while it is short, else as a form; as GET all the same where forms are refused."""
        try:
            return await self._ask_once(path, params, read)
        except AccessDenied:
            if not await self._http.renew_secrets():
                raise
            return await self._ask_once(path, params, read)

    async def _ask_once(self, path: str, params: Params, read: Callable[[Response], Awaitable[T]]) -> T:
        as_get = self._forms_refused or len(urlencode(params)) <= LONGEST_GET
        if not as_get:
            async with self._http.request("POST", path, form=params) as response:
                if response.status not in (405, 501):
                    return await self._judged(response, read)
                self._forms_refused = True
        async with self._http.request("GET", path, params=params) as response:
            return await self._judged(response, read)

    async def _body(self, path: str, params: Params) -> bytes:
        async def read(response: Response) -> bytes:
            body = await response.read(LARGEST_CATALOGUE_BYTES + 1)
            if len(body) > LARGEST_CATALOGUE_BYTES:
                raise AnswerTooLarge(f"{self.name} has more names than fit into {format_size(LARGEST_CATALOGUE_BYTES)}")
            return body

        return await self._ask(path, params, read)

    async def _judged(self, response: Response, read: Callable[[Response], Awaitable[T]]) -> T:
        if 200 <= response.status < 300:
            return await read(response)
        raise await self._refusal(response)

    async def _refusal(self, response: Response) -> OpsdashError:
        """The error of a status that is no success, in Prometheus's own words where it says any."""
        body = await response.read(LARGEST_REFUSAL_BYTES)
        said, status = first_words(body), response.status
        try:
            envelope = parse(self.name, body)
        except AnswerUnusable:
            envelope = None
        if isinstance(envelope, dict) and isinstance(envelope.get("error"), str):
            said = envelope["error"]
            error = api_error(self.name, status, str(envelope.get("errorType")), said)
            if error is not None:
                return error
        return refusal(self.name, status, response.headers, said, now_s=self._clock.now_s(), hint=_API_HINT)

    async def _decoded(self, response: Response, rows: Rows) -> Answer:
        """Small answers at once; large ones while they arrive, giving way to others after each piece."""
        limits = self._spec.limits
        whole = bytearray()
        async with aclosing(response.pieces()) as pieces:
            async for piece in pieces:
                whole += piece
                if len(whole) > min(WHOLE_BODY_BYTES, limits.bytes):
                    return await _streamed(bytes(whole), pieces, AnswerStream(rows, limits))
        return decode(bytes(whole), rows)

    def _skew_s(self, seen: Response) -> float | None:
        return clock_skew_s(seen.date_s, now_s=self._clock.now_s(), rtt_s=seen.rtt_s)


async def _streamed(first: bytes, rest: AsyncIterator[bytes], stream: AnswerStream) -> Answer:
    if await _fed(stream, first):
        async for piece in rest:
            if not await _fed(stream, piece):
                break
    return stream.finish()


async def _fed(stream: AnswerStream, piece: bytes) -> bool:
    """Gives way to others after each slice of some milliseconds; False when nothing more is wanted."""
    for start in range(0, len(piece), SLICE_BYTES):
        if not stream.feed(piece[start : start + SLICE_BYTES]):
            return False
        await asyncio.sleep(0)
    return True


async def _whole(response: Response) -> tuple[bytes, Response]:
    return await response.read(WHOLE_BODY_BYTES), response


def _seconds(value: float) -> str:
    """Seconds to the millisecond, without needless zeros."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
