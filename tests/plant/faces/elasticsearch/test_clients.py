"""Clients of Elasticsearch on the plant's face, over a real socket: the official one, and our own adapter."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator

import pytest
from elasticsearch import Elasticsearch, NotFoundError
from elasticsearch.helpers import bulk

from opsdash.adapters.sources.build import build_source
from opsdash.core.metrics.queries import EsMetric, EsQuery, LogQuery, PromQuery, Span
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import FieldValues
from opsdash.plant.faces.elasticsearch.face import ElasticsearchFace
from opsdash.plant.faces.web import Face, WebServer
from opsdash.plant.log_ring import LogRing
from opsdash.plant.logs import LogWriter
from tests.contract.source_contract import SourceContract, Subject
from tests.plant.faces.elasticsearch.asking import Ours
from tests.plant.summaries import summary
from tests.servers.web import ask

INDEX = "logs-shop"
COUNT = EsQuery(source="logs", query="", metric=EsMetric(function="count"), group_by=("service",))


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A face with an hour of logs."""
    ring = LogRing()
    writer = LogWriter(ring, seed=2)
    now_s = math.floor(time.time())
    for minute in range(60):
        writer.write(summary(now_s - 3600 + 60 * minute, 60))
    face = ElasticsearchFace(ring, now_ms=lambda: int(time.time() * 1000), index=INDEX)
    async with WebServer(Face(name="elasticsearch", handler=face), now_s=time.time) as server:
        yield f"http://127.0.0.1:{server.port}"


class TestOurAdapter(SourceContract):
    """The contract of sources, as the real Elasticsearch keeps it."""

    @pytest.fixture
    async def subject(self, url: str, refused_url: str) -> AsyncIterator[Subject]:
        def source(at: str) -> SourceSpec:
            return SourceSpec(name="logs", kind="elasticsearch", url=at, index="logs-*")

        made, unreachable = build_source(source(url)), build_source(source(refused_url))
        end_s = math.floor((time.time() - 300) / 300) * 300
        yield Subject(
            source=made,
            span=Span(start_s=end_s - 7 * 300, end_s=end_s, step_s=300),
            several=COUNT,
            nothing=EsQuery(source="logs", query="no_such_word_xyz", metric=COUNT.metric, group_by=("service",)),
            refused=EsQuery(source="logs", query="level:(error", metric=COUNT.metric),
            foreign=PromQuery(source="logs", expr="up"),
            wanted=FieldValues(field="service"),
            unreachable=unreachable,
            instants_are_points=False,
        )
        await made.aclose()
        await unreachable.aclose()

    async def test_log_rows_come_page_by_page_without_losing_or_repeating_one(self, subject: Subject) -> None:
        query = LogQuery(source="logs", query="event.dataset:shop.security", limit=40)
        end_s = time.time()
        after: tuple[object, ...] | None = None
        seen: list[tuple[object, ...]] = []
        while True:
            rows = (await subject.source.fetch_logs(query, end_s - 3600, end_s, after=after)).rows  # type: ignore[attr-defined]
            if not rows:
                break
            seen += [tuple(row.sort) for row in rows]
            after = rows[-1].sort
        assert len(seen) > 100
        assert len(set(seen)) == len(seen)
        assert seen == sorted(seen, reverse=True)


async def test_the_official_client_searches_counts_pages_and_writes(url: str) -> None:
    await asyncio.to_thread(work_of_the_official_client, url)


def work_of_the_official_client(url: str) -> None:
    with Elasticsearch(url) as client:
        assert (client.info())["version"]["number"] == "8.19.21"
        found = client.search(index="logs-*", query={"term": {"service": "orders"}}, size=3, sort=["@timestamp"])
        assert [hit["_source"]["service"] for hit in found["hits"]["hits"]] == ["orders"] * 3
        assert (client.count(index=INDEX))["count"] > 10_000
        point = client.open_point_in_time(index=INDEX, keep_alive="1m")
        paged = client.search(pit={"id": point["id"]}, size=1, sort=[{"@timestamp": "desc"}])
        assert len(paged["hits"]["hits"][0]["sort"]) == 2
        assert (client.close_point_in_time(id=paged["pit_id"]))["succeeded"]
        several = client.msearch(searches=[{"index": INDEX}, {"size": 0}, {"index": "nope"}, {"size": 0}])
        assert [each["status"] for each in several["responses"]] == [200, 404]
        assert "service" in (client.field_caps(index=INDEX, fields="*"))["fields"]
        assert INDEX in client.indices.get_mapping(index="logs-*")
        assert (client.indices.resolve_index(name="*"))["indices"][0]["name"] == INDEX
        assert (client.cluster.health())["status"] == "green"
        assert (client.cat.indices(format="json")).body[0]["index"] == INDEX
        made = [{"_index": INDEX, "_id": f"x{number}", "service": "mine"} for number in range(20)]
        assert bulk(client, made, refresh=True) == (20, [])
        assert (client.count(index=INDEX, q="service:mine"))["count"] == 20
        assert (client.get(index=INDEX, id="x3"))["_source"] == {"service": "mine"}
        with pytest.raises(NotFoundError, match="no such index"):
            client.search(index="nope")


@pytest.mark.parametrize("version", ["8", "9"])
def test_requests_as_client_8_and_client_9_send_them_are_answered_in_their_media_type(version: str) -> None:
    """Headers recorded from elasticsearch-py 8.19 and 9.2."""
    ours = Ours(index=INDEX)
    kind = f"application/vnd.elasticsearch+json; compatible-with={version}"
    lines = f"application/vnd.elasticsearch+x-ndjson; compatible-with={version}"
    told = ours.face.answer("POST", f"/{INDEX}/_search", "", {"accept": kind, "content-type": kind}, b'{"size":0}')
    assert told.status == 200
    assert told.content_type == f"application/vnd.elasticsearch+json;compatible-with={version}"
    assert ("X-elastic-product", "Elasticsearch") in told.headers
    body = b'{"index":{}}\n{"service":"x"}\n'
    told = ours.face.answer("PUT", f"/{INDEX}/_bulk", "refresh=true", {"accept": kind, "content-type": lines}, body)
    assert told.status == 200
    assert json.loads(told.body)["errors"] is False
    told = ours.face.answer("GET", "/", "", {"accept": kind})
    assert json.loads(told.body)["tagline"] == "You Know, for Search"


def test_other_media_types_are_refused() -> None:
    ours = Ours(index=INDEX)
    for headers, status in (
        ({"content-type": "text/plain"}, 406),
        ({}, 406),
        ({"content-type": "application/vnd.elasticsearch+json; compatible-with=7"}, 406),
        ({"content-type": "application/json", "accept": "application/vnd.elasticsearch+json; compatible-with=7"}, 400),
        ({"content-type": "application/json; charset=UTF-8", "accept": "*/*"}, 200),
    ):
        assert ours.face.answer("POST", "/_search", "", headers, b"{}").status == status, headers


async def test_esql_is_absent_as_on_a_server_without_it(url: str) -> None:
    got = await asyncio.to_thread(ask, f"{url}/_query", body=b'{"query":"FROM x"}')
    assert (got.status, got.json()) == (
        400,
        {"error": "no handler found for uri [/_query] and method [POST]", "status": 400},
    )
