"""What a client may send to hurt: bodies, depths, patterns, windows. Each has an answer, and soon."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plant.faces.elasticsearch.asking import Ours

INDEX = "logs-shop"
SEARCH = f"/{INDEX}/_search"


@pytest.fixture(scope="module")
def ours() -> Ours:
    made = Ours(index=INDEX)
    lines = "".join(
        f'{{"index":{{"_id":"{number}"}}}}\n'
        + json.dumps({"@timestamp": 1_790_000_000_000 + number, "service": "a" * 400 + "b", "message": "a " * 200})
        + "\n"
        for number in range(300)
    )
    assert made("POST", f"/{INDEX}/_bulk", lines, content_type="application/x-ndjson")[0] == 200
    return made


def deep(opening: str, inner: str, closing: str, depth: int) -> str:
    return '{"query":' + opening * depth + inner + closing * depth + "}"


@pytest.mark.parametrize(
    "body",
    [
        deep('{"bool":{"must":[', '{"match_all":{}}', "]}}", 5_000),
        deep('{"bool":{"must":[', '{"match_all":{}}', "]}}", 31),
        deep('{"constant_score":{"filter":', '{"match_all":{}}', "}}", 200),
        "[" * 100_000,
        '{"aggs":' * 400 + "{}" + "}" * 400,
        '{"aggs":' + '{"a":{"filter":{"match_all":{}},"aggs":' * 60 + "{}" + "}}" * 60 + "}",
        '{"query":{"query_string":{"query":"' + "(" * 5_000 + '"}}}',
        '{"query":{"query_string":{"query":"' + "(a" * 300 + ")" * 300 + '"}}}',
        '{"query":{"regexp":{"service":"(a+)+c"}}}',
        '{"query":{"regexp":{"service":"(a|a)*c"}}}',
        '{"query":{"regexp":{"service":"a*a*a*a*a*a*a*a*a*a*c"}}}',
        '{"query":{"query_string":{"query":"service:/(a+)+c/"}}}',
        '{"query":{"wildcard":{"service":"' + "*a" * 500 + '*c"}}}',
        '{"query":{"terms":{"status":[' + ",".join(["1"] * 70_000) + "]}}}",
        '{"query":{"bool":{"should":[' + ",".join(['{"match_all":{}}'] * 5_000) + "]}}}",
        '{"size":-1}',
        '{"size":1e400}',
        '{"size":99999999999999999999}',
        '{"from":10000,"size":1}',
        '{"query":{"term":{"status":NaN}}}',
        '{"query":{"range":{"@timestamp":{"gte":"now+99999999999999999999d"}}}}',
        '{"aggs":{"a":{"date_histogram":{"field":"@timestamp","fixed_interval":"1ms","extended_bounds":{"min":0}}}}}',
        '{"aggs":{"a":{"histogram":{"field":"bytes","interval":1e-300,"extended_bounds":{"min":0,"max":1e300}}}}}',
        '{"sort":["status"],"search_after":[{"a":1}]}',
        '{"query":{"match_all":{}},"query":{"match_all":{}}}',
        '{"_source":5}',
        "\ufeff{}",
        r'{"query":{"range":{"@timestamp":{"gte":"\ud83d\ude00"}}}}',
    ],
)
def test_what_goes_too_far_is_refused_soon(ours: Ours, body: str) -> None:
    began = time.perf_counter()
    status, told = ours("POST", SEARCH, body)
    assert time.perf_counter() - began < 5
    if status != 200:
        assert status == 400, told
        assert told["status"] == 400
        assert told["error"]["type"]
        assert told["error"]["reason"] or told["error"]["caused_by"]["reason"]
    else:
        assert "wildcard" in body or "query_string" in body or "a*a*" in body, "only patterns that simply match nothing"


def test_an_unknown_query_is_named_in_the_words_of_elasticsearch(ours: Ours) -> None:
    status, told = ours("POST", SEARCH, {"query": {"foo": {}}})
    assert (status, told["error"]["type"], told["error"]["reason"]) == (400, "parsing_exception", "unknown query [foo]")


def test_a_body_that_is_too_large_is_refused_unread(ours: Ours) -> None:
    status, told = ours("POST", SEARCH, '{"query":"' + "x" * 3_000_000 + '"}')
    assert (status, told["status"]) == (413, 413)


KEYS = st.sampled_from((
    "query", "bool", "must", "should", "filter", "term", "terms", "range", "match", "match_phrase", "query_string",
    "prefix", "wildcard", "regexp", "exists", "ids", "multi_match", "field", "value", "fields", "gte", "lt", "format",
    "aggs", "date_histogram", "histogram", "fixed_interval", "interval", "offset", "order", "size", "from", "sort",
    "search_after", "_source", "status", "service", "message", "@timestamp", "client.ip", "latency_ms", "filters",
    "ranges", "avg", "percentiles", "percents", "top_hits", "cardinality", "missing", "track_total_hits", "pit",
    "global", "calendar_interval", "time_zone", "extended_bounds", "min", "max", "minimum_should_match", "keyed",
    "docvalue_fields",
))  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(body=st.dictionaries(KEYS, JSON, max_size=4))
def test_any_json_has_an_answer_and_never_an_error_of_ours(ours: Ours, body: dict[str, Any]) -> None:
    status, told = ours("POST", SEARCH, json.dumps(body))
    assert status in (200, 400, 404), told


@settings(max_examples=400, deadline=None)
@given(text=st.text(st.sampled_from('ab:*?~^"/()[]{}\\+-! \tANDORTO&|<>=1.'), max_size=20))
def test_any_query_string_has_an_answer(ours: Ours, text: str) -> None:
    status, told = ours("POST", SEARCH, {"size": 0, "query": {"query_string": {"query": text}}})
    assert status in (200, 400), told


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")),
    path=st.text("/_ab%2é*-,{}searchpit", max_size=30),
)
def test_any_path_has_an_answer(ours: Ours, method: str, path: str) -> None:
    assert ours.face.answer(method, f"/{path}", "", {}, b"").status in (200, 400, 404, 405)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_have_an_answer(ours: Ours, body: bytes) -> None:
    for path in ("_search", "_msearch", "_bulk", "_count", "_pit", "_field_caps"):
        told = ours.face.answer("POST", f"/{INDEX}/{path}", "", {"content-type": "application/json"}, body)
        assert told.status in (200, 400, 405)
