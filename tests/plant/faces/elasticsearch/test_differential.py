"""The plant's Elasticsearch against the real one: the same documents, the same requests, the same answers.

`comparing` names the rules by which answers may differ. Relevance is not compared: what is not sorted comes in the
order of the documents here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from opsdash.plant.log_fields import mappings
from tests.plant.faces.elasticsearch.asking import Ours, Real, Server, load
from tests.plant.faces.elasticsearch.comparing import differences
from tests.plant.faces.elasticsearch.documents import INDEX, documents
from tests.plant.faces.elasticsearch.random_requests import RandomRequests
from tests.plant.faces.elasticsearch.requests_table import Case, cases
from tests.servers.elasticsearch_node import ElasticsearchServer

pytestmark = pytest.mark.integration

SEED = 20_261_123
RANDOM = 400


@pytest.fixture(scope="module")
def both(elasticsearch_server: ElasticsearchServer) -> Iterator[tuple[Real, Ours]]:
    elasticsearch_server.create_index(INDEX, mappings())
    real, ours = Real(elasticsearch_server.url), Ours(index=INDEX, now_ms=lambda: int(time.time() * 1000))
    made = documents()
    load(real, INDEX, made)
    load(ours, INDEX, made)
    yield real, ours
    elasticsearch_server.delete_index(INDEX)


def unexplained(both: tuple[Real, Ours], case: Case) -> list[str]:
    """What differs in status or body."""
    (real_status, real), (status, ours) = (server(*case) for server in both)
    if real_status != status:
        return [f"{case}: status {real_status} or {status}: {real!s:.500} or {ours!s:.500}"]
    return [f"{case!s:.600}: {each}" for each in differences(real, ours)]


def test_every_request_of_the_table_is_answered_alike(both: tuple[Real, Ours]) -> None:
    table = cases()
    assert len(table) > 500
    assert [each for case in table for each in unexplained(both, case)] == []


def test_random_queries_and_aggregations_are_answered_alike(both: tuple[Real, Ours]) -> None:
    made = RandomRequests(SEED)
    found = [each for _ in range(RANDOM) for each in unexplained(both, made.case())]
    assert found == []


def test_different_values_are_counted_alike_within_the_sketch(both: tuple[Real, Ours]) -> None:
    for name in ("service", "trace.id", "client.ip", "latency_ms", "nope"):
        body = {"size": 0, "aggs": {"different": {"cardinality": {"field": name}}}}
        assert unexplained(both, ("POST", f"/{INDEX}/_search", body)) == []


def test_searches_sent_together_are_answered_alike(both: tuple[Real, Ours]) -> None:
    lines = (
        '{}\n{"size":0,"query":{"term":{"service":"orders"}}}\n'
        '{"index":"nope-at-all"}\n{}\n'
        f'{{"index":["{INDEX}"]}}\n{{"query":{{"term":{{"status":"x"}}}}}}\n'
        '\n{"size":0}\n'
    )
    (real_status, real), (status, ours) = (
        server("POST", f"/{INDEX}/_msearch", lines, content_type="application/x-ndjson") for server in both
    )
    assert (real_status, list(differences(real, ours))) == (status, [])


def pages(server: Server, index: str) -> list[str]:
    """Every id, by pages of a point in time, newest first."""
    name = server("POST", f"/{index}/_pit?keep_alive=1m")[1]["id"]
    found: list[str] = []
    after = None
    while True:
        body = {"size": 700, "sort": [{"@timestamp": "desc"}], "_source": False, "track_total_hits": False,
                "pit": {"id": name, "keep_alive": "1m"}, **({"search_after": after} if after else {})}  # fmt: skip
        status, answer = server("POST", "/_search", body)
        assert status == 200, answer
        name = answer["pit_id"]
        hits = answer["hits"]["hits"]
        if not hits:
            break
        assert len(hits[0]["sort"]) == 2
        found += [hit["_id"] for hit in hits]
        after = hits[-1]["sort"]
    assert server("DELETE", "/_pit", {"id": name})[0] == 200
    return found


def test_pages_of_a_point_in_time_have_every_document_once_and_in_the_same_order(both: tuple[Real, Ours]) -> None:
    real, ours = (pages(server, INDEX) for server in both)
    assert len(set(ours)) == len(ours) == len(documents())
    assert set(real) == set(ours)
    times = {name: place for place, name in enumerate(real)}
    assert sum(times[later] < times[earlier] for earlier, later in pairwise(ours)) < len(ours) // 10, "only ties differ"


BULKS = {
    "index, create, replace, delete": (
        '{"index":{"_id":"a"}}\n{"service":"x","n":1}\n{"create":{"_id":"a"}}\n{"service":"y"}\n'
        '{"index":{"_id":"a"}}\n{"service":"z"}\n{"delete":{"_id":"nope"}}\n{"delete":{"_id":"a"}}\n'
    ),
    "values that do not fit": (
        '{"index":{"_id":"1"}}\n{"status":"abc"}\n{"index":{"_id":"2"}}\n{"@timestamp":"yesterday"}\n'
        '{"index":{"_id":"3"}}\n{"client":{"ip":"nowhere"}}\n{"index":{"_id":"4"}}\n{"status":99999999999}\n'
        '{"index":{"_id":"5"}}\n{"service":{"a":1}}\n'
    ),
    "no line feed at the end": '{"index":{}}\n{"service":"x"}',
    "unknown action": '{"foo":{}}\n{"service":"x"}\n',
    "action that is no object": "[1]\n{}\n",
    "unknown parameter": '{"index":{"foo":1}}\n{}\n',
    "nothing": "\n",
}


@pytest.mark.parametrize("name", BULKS)
def test_bulks_are_taken_and_refused_alike(elasticsearch_server: ElasticsearchServer, name: str) -> None:
    index = "plant-bulk"
    elasticsearch_server.delete_index(index)
    elasticsearch_server.create_index(index, mappings())
    told = [
        server("POST", f"/{index}/_bulk?refresh=true", BULKS[name], content_type="application/x-ndjson")
        for server in (Real(elasticsearch_server.url), Ours(index=index))
    ]
    elasticsearch_server.delete_index(index)
    (real_status, real), (status, ours) = told
    assert real_status == status, (real, ours)
    if status != 200:
        assert real["error"]["type"] == ours["error"]["type"]
        return
    assert real["errors"] == ours["errors"]
    for real_item, item in zip(real["items"], ours["items"], strict=True):
        (action, one), (other_action, other) = next(iter(real_item.items())), next(iter(item.items()))
        assert action == other_action
        for key in ("_id", "status", "result", "_version"):
            assert one.get(key) == other.get(key), (key, one, other)
        assert one.get("error", {}).get("type") == other.get("error", {}).get("type"), (one, other)
