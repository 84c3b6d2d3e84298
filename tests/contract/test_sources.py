"""The contract of sources, kept by the real Prometheus, the real Elasticsearch and the scripted source alike."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from opsdash.adapters.sources.build import build_source
from opsdash.core.errors import QueryRejected, SourceUnavailable
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery, Span
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import FieldValues, LabelValues
from tests.contract.source_contract import SourceContract, Subject
from tests.fakes.source import Lines, ScriptedSource
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import LOGS_INDEX
from tests.servers.prometheus import PrometheusServer

SPAN = Span(start_s=1_790_000_000, end_s=1_790_000_300, step_s=30)
ES_COUNT = EsQuery(source="logs", query="", metric=EsMetric(function="count"), group_by=("service",))


def spec(name: str, kind: Any, url: str, **more: Any) -> SourceSpec:
    return SourceSpec(name=name, kind=kind, url=url, **more)


def past_span(step_s: float, *, points: int) -> Span:
    end = math.floor((time.time() - 900) / step_s) * step_s
    return Span(start_s=end - (points - 1) * step_s, end_s=end, step_s=step_s)


class TestScriptedSource(SourceContract):
    """The fake that the engine's tests may trust."""

    @pytest.fixture
    def subject(self) -> Subject:
        two = Lines({labels_of({"service": "a"}): math.sin, labels_of({"service": "b"}): math.cos})
        script = {"several": two, "refused": QueryRejected("prom: parse error")}
        gone = SourceUnavailable("prom refused the connection")
        return Subject(
            source=ScriptedSource(script=dict(script), options={"service": ("a", "b")}),
            span=SPAN,
            several=PromQuery(source="prom", expr="several"),
            nothing=PromQuery(source="prom", expr="nothing"),
            refused=PromQuery(source="prom", expr="refused"),
            foreign=ES_COUNT,
            wanted=LabelValues(label="service"),
            unreachable=ScriptedSource(fails=gone),
        )


@pytest.mark.integration
class TestPrometheusSource(SourceContract):
    """On the real server."""

    @pytest.fixture
    async def subject(self, prometheus_server: PrometheusServer, refused_url: str) -> AsyncIterator[Subject]:
        source = build_source(spec("prom", "prometheus", prometheus_server.url))
        unreachable = build_source(spec("prom", "prometheus", refused_url))
        yield Subject(
            source=source,
            span=past_span(10.0, points=60),
            several=PromQuery(source="prom", expr="sum by (service) (rate(http_requests_total[1m]))"),
            nothing=PromQuery(source="prom", expr="no_such_metric"),
            refused=PromQuery(source="prom", expr="sum("),
            foreign=ES_COUNT,
            wanted=LabelValues(label="service", metric="http_requests_total"),
            unreachable=unreachable,
        )
        await source.aclose()
        await unreachable.aclose()


@pytest.mark.integration
class TestElasticsearchSource(SourceContract):
    """On the real server."""

    @pytest.fixture
    async def subject(self, elasticsearch_server: ElasticsearchServer, refused_url: str) -> AsyncIterator[Subject]:
        index = {"index": LOGS_INDEX}
        source = build_source(spec("logs", "elasticsearch", elasticsearch_server.url, **index))
        unreachable = build_source(spec("logs", "elasticsearch", refused_url, **index))
        nothing = EsQuery(source="logs", query="no_such_word_xyz", metric=ES_COUNT.metric, group_by=("service",))
        refused = EsQuery(source="logs", query="level:(error", metric=ES_COUNT.metric)
        yield Subject(
            source=source,
            span=past_span(300.0, points=8),
            several=ES_COUNT,
            nothing=nothing,
            refused=refused,
            foreign=PromQuery(source="logs", expr="up"),
            wanted=FieldValues(field="service"),
            unreachable=unreachable,
            instants_are_points=False,
        )
        await source.aclose()
        await unreachable.aclose()
