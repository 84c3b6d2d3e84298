"""The real Elasticsearch that tests are given."""

from __future__ import annotations

import pytest

from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import LOGS_COUNT, LOGS_INDEX
from tests.servers.shop_logs import HOSTILE_LINES

pytestmark = pytest.mark.integration


def test_it_is_the_version_that_we_say(elasticsearch_server: ElasticsearchServer) -> None:
    assert elasticsearch_server.api("GET", "/").json()["version"]["number"] == "8.19.21"


def test_it_has_the_logs_of_the_shop(elasticsearch_server: ElasticsearchServer) -> None:
    assert elasticsearch_server.matching(LOGS_INDEX) == LOGS_COUNT
    assert elasticsearch_server.matching(LOGS_INDEX, "level:error AND service:payments") > 5


def test_percentiles_over_time_by_service_can_be_asked(elasticsearch_server: ElasticsearchServer) -> None:
    percentiles = {"percentiles": {"field": "latency_ms", "percents": [50, 99]}}
    by_service = {"terms": {"field": "service"}, "aggs": {"p": percentiles}}
    over_time = {"date_histogram": {"field": "@timestamp", "fixed_interval": "10m"}, "aggs": {"s": by_service}}
    answer = elasticsearch_server.search(LOGS_INDEX, {"size": 0, "aggs": {"t": over_time}})
    assert len(answer["aggregations"]["t"]["buckets"]) in {12, 13}


def test_esql_is_there(elasticsearch_server: ElasticsearchServer) -> None:
    answer = elasticsearch_server.esql(f"FROM {LOGS_INDEX} | STATS n = COUNT(*) BY level | SORT n DESC")
    assert [column["name"] for column in answer["columns"]] == ["n", "level"]
    assert sum(row[0] for row in answer["values"]) == LOGS_COUNT


def test_hostile_lines_come_back_as_they_were_sent(elasticsearch_server: ElasticsearchServer) -> None:
    query = {"query_string": {"query": "event.dataset:shop.app AND level:error"}}
    answer = elasticsearch_server.search(LOGS_INDEX, {"size": 5000, "query": query, "_source": ["message"]})
    assert set(HOSTILE_LINES) <= {hit["_source"]["message"] for hit in answer["hits"]["hits"]}
