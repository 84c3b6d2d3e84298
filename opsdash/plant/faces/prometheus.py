"""The HTTP API of Prometheus 2.42 over any storage of samples."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from opsdash.core.promql import (
    Engine,
    EvaluationError,
    Matcher,
    PromqlError,
    Storage,
    format_query,
    parse,
)
from opsdash.core.promql.match import parse_selector
from opsdash.core.promql.nodes import Kind
from opsdash.core.promql.storage import Block
from opsdash.core.promql.types import wants_something
from opsdash.plant.faces import prometheus_status as status
from opsdash.plant.faces.exchange import Handler, Request, Response, text_response
from opsdash.plant.faces.exposition import (
    NEWEST_WITHIN_MS,
    OPENMETRICS_TYPE,
    PLAIN_TYPE,
    exposed,
    federated,
    newest_samples,
    wants_openmetrics,
)
from opsdash.plant.faces.prometheus_answers import as_json, encode, failure, success
from opsdash.plant.faces.prometheus_catalogue import Catalogue, Family
from opsdash.plant.faces.prometheus_parameters import (
    MAX_TIME_MS,
    MIN_TIME_MS,
    ApiError,
    Parameters,
    bad_data,
    invalid,
)
from opsdash.plant.faces.router import Router
from opsdash.plant.faces.worker import TimedOut, Worker

LONGEST_QUERY_S = 120.0
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_MATCHES_ALL = "match[] must contain at least one non-empty matcher"

Answering = Callable[[Request], Awaitable[bytes]]
"""Makes the whole JSON of an answer. Raises ApiError, PromqlError, TimedOut."""
MayStop = Callable[[], bool]


class _Cancelled(Exception):
    """Nobody waits for the evaluation any more."""


@dataclass(frozen=True, slots=True)
class _Interruptible:
    """A storage that is read no further when nobody waits for what is found."""

    storage: Storage
    may_stop: MayStop

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        _end_if(self.may_stop)
        return self.storage.select(matchers, start_ms, end_ms)


def _end_if(may_stop: MayStop) -> None:
    """The checkpoint of an evaluation: it frees the plant's thread when nobody waits any more."""
    if may_stop():
        raise _Cancelled


class PrometheusFace:
    """Answers as a Prometheus does. `handler()` is what a WebServer needs; `close` ends its thread.

    Queries are evaluated one after the other in a thread of their own, so the storage is read there: its `select`
    has to give blocks that another thread may go on adding samples to.
    """

    def __init__(
        self,
        storage: Storage,
        catalogue: Catalogue,
        *,
        now_s: Callable[[], float],
        facts: status.Facts | None = None,
        worker: Worker | None = None,
    ) -> None:
        """`now_s` is the time of questions that name none, in UTC seconds. `worker`: who else owns the storage."""
        self._storage = storage
        self._catalogue = catalogue
        self._now_s = now_s
        self._facts = facts or status.Facts(started_s=now_s())
        self._worker = worker or Worker("promql")

    def close(self) -> None:
        """Ends the thread; a query that runs ends by itself."""
        self._worker.close()

    def handler(self) -> Handler:
        """The paths and who answers them."""
        router = Router()
        for methods, path, answering in (
            ("GET POST", "query", self._query),
            ("GET POST", "query_range", self._query_range),
            ("GET POST", "query_exemplars", self._exemplars),
            ("GET POST", "format_query", self._format),
            ("GET POST", "series", self._series),
            ("GET POST", "labels", self._labels),
            ("GET", "label/{name}/values", self._label_values),
            ("GET", "metadata", self._metadata),
            ("GET", "targets", self._targets),
            ("GET", "targets/metadata", self._targets_metadata),
            ("GET", "rules", self._rules),
            ("GET", "alerts", _fixed({"alerts": []})),
            ("GET", "alertmanagers", _fixed({"activeAlertmanagers": [], "droppedAlertmanagers": []})),
            ("GET", "status/buildinfo", _fixed(status.BUILD)),
            ("GET", "status/config", _fixed({"yaml": status.CONFIG})),
            ("GET", "status/flags", _fixed(status.FLAGS)),
            ("GET", "status/walreplay", _fixed({"min": 0, "max": 0, "current": 0})),
            ("GET", "status/runtimeinfo", self._runtime),
            ("GET", "status/tsdb", self._tsdb),
        ):
            router.add(methods, f"/api/v1/{path}", _in_envelope(answering))
        router.add("GET HEAD", "/-/ready", _says("Prometheus Server is Ready."))
        router.add("GET HEAD", "/-/healthy", _says("Prometheus Server is Healthy."))
        router.add("GET", "/metrics", self._metrics)
        router.add("GET", "/federate", self._federate)
        router.add("GET", "/", _says("The Prometheus of `opsdash demo`: its API is under /api/v1."))
        return router

    # -- queries ---------------------------------------------------------------------------------------------------

    async def _query(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        time_ms = asked.time_or_ms("time", self._now_ms())
        timeout_s = asked.timeout_s(LONGEST_QUERY_S)
        query = _checked(asked.text("query"))
        return await self._evaluate(request, timeout_s, lambda engine: encode(engine.instant(query, time_ms)))

    async def _query_range(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        start_ms, end_ms, step_ms = asked.steps_ms()
        timeout_s = asked.timeout_s(LONGEST_QUERY_S)
        query = asked.text("query")
        try:
            kind = parse(query).kind
        except PromqlError as error:
            raise bad_data(error.message) from error
        if kind not in (Kind.VECTOR, Kind.SCALAR):
            raise bad_data(f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector')
        return await self._evaluate(
            request, timeout_s, lambda engine: encode(engine.range(query, start_ms, end_ms, step_ms))
        )

    async def _evaluate(self, request: Request, timeout_s: float, work: Callable[[Engine], bytes]) -> bytes:
        def evaluate(may_stop: MayStop) -> bytes:
            return work(Engine(self._storage, checkpoint=partial(_end_if, may_stop)))

        return await self._worker.run(evaluate, timeout_s=timeout_s, is_abandoned=request.is_abandoned)

    async def _exemplars(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        start_ms, end_ms = _span(asked)
        if end_ms < start_ms:
            raise bad_data("end timestamp must not be before start timestamp")
        try:
            parse(asked.text("query"))
        except PromqlError as error:
            raise bad_data(error.message) from error
        return success(b"[]")

    async def _format(self, request: Request) -> bytes:
        query = Parameters(request.parameters()).text("query")
        try:
            return success(as_json(format_query(query)))
        except PromqlError as error:
            raise invalid("query", error.message) from error

    # -- series and labels -----------------------------------------------------------------------------------------

    async def _series(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        if not asked.all("match[]"):
            raise bad_data("no match[] parameter provided")
        start_ms, end_ms = _span(asked)
        try:
            chosen = _matchers(asked)
        except ApiError as error:
            raise invalid("match[]", error.words) from error
        label_sets = await self._label_sets(request, chosen, (start_ms, end_ms))
        return success(as_json([dict(labels) for labels in sorted(label_sets)]))

    async def _labels(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        span = _span(asked)
        label_sets = await self._label_sets(request, _matchers(asked) or [()], span)
        return success(as_json(sorted({name for labels in label_sets for name, _ in labels})))

    async def _label_values(self, request: Request) -> bytes:
        name = request.in_path["name"]
        if not _LABEL_NAME.fullmatch(name):
            raise bad_data(f'invalid label name: "{name}"')
        asked = Parameters(request.parameters())
        span = _span(asked)
        label_sets = await self._label_sets(request, _matchers(asked) or [()], span)
        return success(as_json(sorted({value for labels in label_sets for each, value in labels if each == name})))

    async def _label_sets(
        self, request: Request, chosen: Sequence[tuple[Matcher, ...]], span: tuple[int, int]
    ) -> set[tuple[tuple[str, str], ...]]:
        """Of every series that has a sample in the span and meets one of the selectors."""
        start_ms, end_ms = span

        def find(may_stop: MayStop) -> set[tuple[tuple[str, str], ...]]:
            storage = _Interruptible(self._storage, may_stop)
            blocks = [block for each in chosen for block in storage.select(each, start_ms, end_ms)]
            seen = [b for b in blocks if ((b.times >= start_ms) & (b.times <= end_ms)).any()]
            return {tuple(sorted((k, v) for k, v in labels.items() if v)) for block in seen for labels in block.labels}

        return await self._worker.run(find, timeout_s=LONGEST_QUERY_S, is_abandoned=request.is_abandoned)

    # -- metadata and targets --------------------------------------------------------------------------------------

    async def _metadata(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        limit, metric = asked.limit(), asked.text("metric")
        told = {name: [_told(family)] for name, family in self._catalogue.families().items() if metric in ("", name)}
        return success(as_json(dict(list(told.items())[:limit] if limit >= 0 else told)))

    async def _targets(self, request: Request) -> bytes:
        state = Parameters(request.parameters()).text("state").lower()
        targets = self._catalogue.targets() if state in ("", "any", "active") else ()
        return success(as_json({"activeTargets": [status.target(each) for each in targets], "droppedTargets": []}))

    async def _targets_metadata(self, request: Request) -> bytes:
        asked = Parameters(request.parameters())
        limit, metric = asked.limit(), asked.text("metric")
        try:
            wanted = parse_selector(asked.text("match_target")) if asked.text("match_target") else ()
        except PromqlError as error:
            raise invalid("match_target", error.message) from error
        families, targets = self._catalogue.families(), self._catalogue.targets()

        def find(_: MayStop) -> list[dict[str, object]]:
            return status.targets_metadata(self._storage, self._now_ms(), wanted, families, targets)

        found = await self._worker.run(find, timeout_s=LONGEST_QUERY_S, is_abandoned=request.is_abandoned)
        if metric:
            found = [{k: v for k, v in each.items() if k != "metric"} for each in found if each["metric"] == metric]
        return success(as_json(found[:limit] if limit >= 0 else found))

    async def _rules(self, request: Request) -> bytes:
        kind = Parameters(request.parameters()).text("type").lower()
        if kind not in ("", "alert", "record"):
            raise invalid("type", f'not supported value "{kind}"')
        return success(as_json({"groups": []}))

    # -- about itself ----------------------------------------------------------------------------------------------

    async def _runtime(self, _: Request) -> bytes:
        return success(as_json(status.runtime(self._facts)))

    async def _tsdb(self, request: Request) -> bytes:
        def count(_: MayStop) -> bytes:
            blocks = self._storage.select((), self._now_ms() - NEWEST_WITHIN_MS, self._now_ms())
            return success(as_json(status.tsdb(blocks)))

        return await self._worker.run(count, timeout_s=LONGEST_QUERY_S, is_abandoned=request.is_abandoned)

    async def _metrics(self, request: Request) -> Response:
        openmetrics = wants_openmetrics(request.headers.get("accept", ""))
        families = self._catalogue.families()

        def write(_: MayStop) -> bytes:
            samples = newest_samples(self._storage, (), self._now_ms())
            return exposed(samples, families, openmetrics=openmetrics)

        body = await self._worker.run(write, timeout_s=LONGEST_QUERY_S, is_abandoned=request.is_abandoned)
        return Response(body=body, content_type=OPENMETRICS_TYPE if openmetrics else PLAIN_TYPE)

    async def _federate(self, request: Request) -> Response:
        try:
            chosen = [parse_selector(text) for text in Parameters(request.parameters()).all("match[]")]
        except PromqlError as error:
            return text_response(400, error.message)

        def write(_: MayStop) -> bytes:
            found = [each for one in chosen for each in newest_samples(self._storage, one, self._now_ms())]
            return federated({tuple(sorted(each.labels.items())): each for each in found}.values())

        body = await self._worker.run(write, timeout_s=LONGEST_QUERY_S, is_abandoned=request.is_abandoned)
        return Response(body=body, content_type=PLAIN_TYPE)

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)


def _checked(query: str) -> str:
    """The query, if it is PromQL. Raises ApiError."""
    try:
        parse(query)
    except PromqlError as error:
        raise invalid("query", error.message) from error
    return query


def _span(asked: Parameters) -> tuple[int, int]:
    return asked.time_or_ms("start", MIN_TIME_MS), asked.time_or_ms("end", MAX_TIME_MS)


def _matchers(asked: Parameters) -> list[tuple[Matcher, ...]]:
    """Those of every `match[]`. Raises ApiError; one that everything meets is refused."""
    chosen = []
    for text in asked.all("match[]"):
        try:
            matchers = parse_selector(text)
        except PromqlError as error:
            raise bad_data(error.message) from error
        if not any(wants_something(matcher) for matcher in matchers):
            raise bad_data(_MATCHES_ALL)
        chosen.append(matchers)
    return chosen


def _told(family: Family) -> Mapping[str, str]:
    return {"type": family.type, "help": family.help, "unit": family.unit}


def _fixed(data: object) -> Answering:
    whole = success(as_json(data))

    async def answer(_: Request) -> bytes:
        return whole

    return answer


def _says(text: str) -> Handler:
    async def answer(_: Request) -> Response:
        return text_response(200, text)

    return answer


def _in_envelope(answering: Answering) -> Handler:
    """Turns what goes wrong into Prometheus's statuses and error types."""

    async def answer(request: Request) -> Response:
        try:
            return Response(body=await answering(request))
        except ApiError as error:
            return Response(status=error.status, body=failure(error.kind, error.words))
        except EvaluationError as error:
            return Response(status=422, body=failure("execution", error.message))
        except PromqlError as error:  # the query itself: its syntax, a type, a regex
            return Response(status=400, body=failure("bad_data", error.message))
        except TimedOut as error:
            return Response(status=503, body=failure("timeout", str(error)))
        except _Cancelled:
            return Response(status=503, body=failure("canceled", "query was canceled in expression evaluation"))

    return answer
