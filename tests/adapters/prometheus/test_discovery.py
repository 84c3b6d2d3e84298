"""What a Prometheus has, found with prometheus-api-client over our own client."""

from __future__ import annotations

import asyncio
import time

import pytest

from opsdash.core.errors import AccessDenied, AnswerUnusable, QueryTimedOut
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.secret import SecretRef
from opsdash.core.sources import BearerAuth
from tests.adapters.prometheus.own_source import source
from tests.servers import replies
from tests.servers.faults import FaultServer
from tests.servers.prometheus import PrometheusServer


def wait_until_asked(server: FaultServer) -> None:
    while not server.asked:
        time.sleep(0.01)


@pytest.mark.integration
async def test_metrics_labels_values_and_metadata_are_the_servers(prometheus_server: PrometheusServer) -> None:
    now = time.time()
    async with source(prometheus_server.url) as prom:
        names = await prom.discovery.metric_names(now - 3600, now)
        labels = await prom.discovery.label_names("http_requests_total", now - 3600, now)
        codes = await prom.discovery.label_values("code", "http_requests_total")
        facts = await prom.discovery.metadata()
    assert "http_requests_total" in names
    assert set(names) <= set(prometheus_server.label_values("__name__"))
    assert {"__name__", "service", "code"} <= set(labels)
    assert codes == ("200", "301", "404", "500")
    assert facts["http_requests_total"].type == "counter"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("expr", "why"),
    [
        (
            'sum(rate(http_requests_total{service="ordres"}[1m]))',
            'http_requests_total has no series with service="ordres"; did you mean orders?',
        ),
        ("rate(http_request_total[1m])", "there is no metric http_request_total; did you mean http_requests_total?"),
        ('http_requests_total{servce="orders"}', "http_requests_total has no label servce; did you mean service?"),
        ('http_requests_total{service="zzzzzzzz"}', 'http_requests_total has no series with service="zzzzzzzz"'),
        ("quite_another_thing", "there is no metric quite_another_thing"),
        ("http_requests_total > 1e18", None),
        ('http_requests_total{service=~"ordr.*"}', None),
    ],
)
async def test_an_empty_result_is_explained(prometheus_server: PrometheusServer, expr: str, why: str | None) -> None:
    now = time.time()
    async with source(prometheus_server.url) as prom:
        assert await prom.explain_empty(PromQuery(source="prom", expr=expr), now - 3600, now) == why


async def test_discovery_uses_the_credentials_path_and_headers_of_the_source(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROM_SECRET", "s3cret")
    fault_server.always(replies.as_json({"status": "success", "data": ["a"]}))
    auth = BearerAuth(token=SecretRef("env", "PROM_SECRET"))
    async with source(f"{fault_server.url}/mimir?x=1", auth=auth, headers=(("X-Scope-OrgID", "shop"),)) as prom:
        assert await prom.discovery.metric_names(1000, 2000) == ("a",)
        await prom.discovery.label_values("odd/label", 'm{a="b"}')
    first, second = fault_server.asked
    assert first.path == "/mimir/api/v1/label/__name__/values"
    assert (first.param("x"), first.param("start"), first.param("end")) == ("1", "1000.000", "2000.000")
    assert first.headers["authorization"] == "Bearer s3cret"
    assert first.headers["x-scope-orgid"] == "shop"
    assert second.path == "/mimir/api/v1/label/odd%2Flabel/values"
    assert second.param("match[]") == 'm{a="b"}'


async def test_discovery_fails_in_the_same_words_as_a_poll_and_never_tries_again(fault_server: FaultServer) -> None:
    fault_server.then(replies.status(403), replies.html(), replies.as_json({"data": "text"}), replies.as_json([1]))
    async with source(fault_server.url) as prom:
        with pytest.raises(AccessDenied, match="prom does not allow it"):
            await prom.discovery.metric_names()
        with pytest.raises(AnswerUnusable, match="prom answered HTML instead of JSON: ␛"):
            await prom.discovery.metric_names()
        for _ in range(2):
            with pytest.raises(AnswerUnusable, match="prom answered JSON that is not Prometheus's"):
                await prom.discovery.metric_names()
    assert len(fault_server.asked) == 4


async def test_discovery_has_the_deadline_of_the_source(fault_server: FaultServer) -> None:
    fault_server.always(replies.hang())
    async with source(fault_server.url, timeout_s=0.3) as prom:
        with pytest.raises(QueryTimedOut, match=r"prom did not answer in 0\.3 s"):
            await prom.discovery.label_names()


async def test_cancelled_discovery_leaves_nothing_behind(fault_server: FaultServer) -> None:
    fault_server.always(replies.hang())
    async with source(fault_server.url, timeout_s=60) as prom:
        task = asyncio.ensure_future(prom.discovery.metric_names())
        await asyncio.to_thread(wait_until_asked, fault_server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_hostile_names_are_clean_in_what_is_said(fault_server: FaultServer) -> None:
    names = replies.as_json({"status": "success", "data": ["http\x1b_total"]})
    fault_server.always(names)
    fault_server.on("match", replies.as_json({"status": "success", "data": []}))
    async with source(fault_server.url) as prom:
        said = await prom.explain_empty(PromQuery(source="prom", expr="http_total"), 0, 1)
    assert said == "there is no metric http_total; did you mean http␛_total?"
