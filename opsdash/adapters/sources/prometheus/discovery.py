"""What a Prometheus has: metrics, labels, their values and metadata. For pickers, `init` and "did you mean".

prometheus-api-client asks the questions. It is synchronous and would wait without end or retry in silence by itself;
so it runs in a thread, over a session that hands every request to the source's own client: the same
credentials, TLS, proxy, deadline and limits as a poll, and the same words when it fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from opsdash.adapters.http.address import Params
from opsdash.adapters.sources.prometheus.decode import parse
from opsdash.adapters.sources.prometheus.selectors import Matcher, Selector, selectors_of
from opsdash.core.errors import AnswerUnusable, OpsdashError
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean

T = TypeVar("T")
Ask = Callable[[str, Params], Awaitable[bytes]]
"""Asks a path below the source's address with parameters and gives the body of a success."""

MOST_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What the exporters say of a metric."""

    type: str
    help: str
    unit: str


class Discovery:
    """The catalogue of one source. Every method raises only `opsdash.core.errors`."""

    def __init__(self, source: str, ask: Ask) -> None:
        self._source = source
        self._ask = ask

    async def metric_names(self, start_s: float | None = None, end_s: float | None = None) -> tuple[str, ...]:
        """Names of all metrics that have samples in the time."""
        return self._names(await self._run(lambda client: client.all_metrics(params=_during(start_s, end_s))))

    async def label_names(
        self, match: str = "", start_s: float | None = None, end_s: float | None = None
    ) -> tuple[str, ...]:
        """Names of the labels of the series that match a selector; of all without one."""
        params = _during(start_s, end_s) | _matching(match)
        return self._names(await self._run(lambda client: client.get_label_names(params=params)))

    async def label_values(
        self, label: str, match: str = "", start_s: float | None = None, end_s: float | None = None
    ) -> tuple[str, ...]:
        """Values of a label among the series that match a selector."""
        params = _during(start_s, end_s) | _matching(match)
        name = quote(label, safe="")
        return self._names(await self._run(lambda client: client.get_label_values(name, params=params)))

    async def metadata(self) -> Mapping[str, MetricFacts]:
        """Type, help and unit by metric; where exporters disagree, the first word counts."""
        rows = await self._run(lambda client: client.get_metric_metadata(metric=None))
        facts: dict[str, MetricFacts] = {}
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                name = str(row.get("metric_name", ""))
                said = (clean(str(row.get(key, "")), longest=500) for key in ("type", "help", "unit"))
                facts.setdefault(name, MetricFacts(*said))
        return facts

    async def suggest_label_values(self, expr: str, start_s: float, end_s: float) -> str | None:
        """Why an expression gives nothing, with what was probably meant; None where nothing is to be said.

        `http_requests_total has no series with service="ordres"; did you mean orders?`
        """
        for selector in selectors_of(expr):
            if selector.metric:
                said = await self._why_empty(selector, start_s, end_s)
                if said is not None:
                    return said
        return None

    async def _why_empty(self, selector: Selector, start_s: float, end_s: float) -> str | None:
        metric = clean(selector.metric, longest=120)
        if not await self.label_values("__name__", selector.metric, start_s, end_s):
            return f"there is no metric {metric}{await _meant(metric, await self.metric_names(start_s, end_s))}"
        for matcher in selector.matchers:
            if matcher.operator != "=" or not matcher.value:
                continue
            values = await self.label_values(matcher.name, selector.metric, start_s, end_s)
            if matcher.value not in values:
                return await self._no_such_value(selector, matcher, values)
        return None

    async def _no_such_value(self, selector: Selector, matcher: Matcher, values: tuple[str, ...]) -> str:
        metric, name = clean(selector.metric, longest=120), clean(matcher.name, longest=120)
        if not values:
            labels = await self.label_names(selector.metric)
            return f"{metric} has no label {name}{await _meant(name, labels)}"
        return f"{metric} has no series with {clean(str(matcher), longest=120)}{await _meant(matcher.value, values)}"

    async def _run(self, question: Callable[[Any], T]) -> T:
        loop = asyncio.get_running_loop()
        session = _Session(self._source, self._ask, loop)
        try:
            return await asyncio.to_thread(_asked, session, question)
        except (OpsdashError, asyncio.CancelledError):
            session.cancel()
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnswerUnusable(f"{self._source} answered JSON that is not Prometheus's") from error

    def _names(self, found: object) -> tuple[str, ...]:
        if not isinstance(found, list):
            raise AnswerUnusable(f"{self._source} answered JSON that is not Prometheus's")
        return tuple(name for name in found[:MOST_NAMES] if isinstance(name, str))


class _Session:
    """What PrometheusConnect needs of a requests session, over our own client."""

    verify = True
    cert = None

    def __init__(self, source: str, ask: Ask, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._ask = ask
        self._loop = loop
        self._under_way: Future[bytes] | None = None
        self._cancelled = False

    def mount(self, _prefix: str, _adapter: object) -> None:
        """Its retries are not wanted."""

    def request(self, *, url: str, params: Mapping[str, str] | None = None, **_ignored: object) -> _Reply:
        """Called in the thread: asks on the event loop and waits."""
        if self._cancelled:
            raise CancelledError
        self._under_way = asyncio.run_coroutine_threadsafe(self._body(url, tuple((params or {}).items())), self._loop)
        return _Reply(self._source, self._under_way.result())

    def get(self, url: str, **named: Any) -> _Reply:
        """The same, by the name that some of its methods use."""
        return self.request(url=url, **named)

    def cancel(self) -> None:
        """Called on the event loop: nobody waits for the answer any longer."""
        self._cancelled = True
        if self._under_way is not None:
            self._under_way.cancel()

    def close(self) -> None:
        """The connections belong to the source."""

    async def _body(self, url: str, params: Params) -> bytes:
        return await self._ask(url, params)


class _Reply:
    """A success: what is none has been raised already."""

    status_code = 200

    def __init__(self, source: str, content: bytes) -> None:
        self._source = source
        self.content = content

    def json(self) -> Any:
        return parse(self._source, self.content)


def _asked(session: _Session, question: Callable[[Any], T]) -> T:
    from prometheus_api_client import PrometheusConnect  # noqa: PLC0415 - 0.15 s, off the way to the first picture

    return question(PrometheusConnect(url="", session=session))


def _during(start_s: float | None, end_s: float | None) -> dict[str, str]:
    limits = {"limit": str(MOST_NAMES)}
    if start_s is None or end_s is None:
        return limits
    return limits | {"start": f"{start_s:.3f}", "end": f"{end_s:.3f}"}


def _matching(match: str) -> dict[str, str]:
    return {"match[]": match} if match else {}


async def _meant(written: str, known: tuple[str, ...]) -> str:
    """In a thread: thousands of comparisons take a while."""
    return clean(await asyncio.to_thread(did_you_mean, written, known), longest=160)
