"""Recorded refusals of a real Elasticsearch 8.19.21 (and a few of 9 and of proxies), and the words they become."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.elasticsearch.errors import IndexMissing, TextFieldUsed, causes, failure, tidy
from opsdash.adapters.sources.elasticsearch.fields import Fields, fields_of, nearest_index, no_time_field
from opsdash.core.errors import (
    AccessDenied,
    InsecureConnection,
    OpsdashError,
    QueryRejected,
    QueryTimedOut,
    Retryable,
    SourceBusy,
    SourceUnavailable,
)


def said(status: int, body: Any, *, text: str = "", headers: dict[str, str] | None = None, esql: bool = False) -> Any:
    return failure("logs", status, headers or {}, body, text, now_s=0.0, asked_esql=esql)


def error(kind: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"error": {"root_cause": [{"type": kind, "reason": reason, **more}], "type": kind, "reason": reason, **more}}


def all_failed(reason: dict[str, Any]) -> dict[str, Any]:
    return {
        "error": {
            "root_cause": [{key: value for key, value in reason.items() if key != "caused_by"}],
            "type": "search_phase_execution_exception",
            "reason": "all shards failed",
            "phase": "query",
            "grouped": True,
            "failed_shards": [{"shard": 0, "index": "t1", "node": "n", "reason": reason}],
        }
    }


_LUCENE = 'Encountered "<EOF>" at line 1, column 14.\nWas expecting one of:\n    <NOT> ...\n    "+" ...\n    '
_FIELDDATA = (
    "Fielddata is disabled on [message] in [t1]. Text fields are not optimised for operations that require per-document"
    " field data like aggregations and sorting, so these operations are disabled by default. Please use a keyword field"
    " instead. Alternatively, set fielddata=true on [message] in order to load field data by uninverting the inverted"
    " index. Note that this can use significant memory."
)
_BUCKETS = (
    "Trying to create too many buckets. Must be less than or equal to: [65536] but this number of buckets was exceeded."
    " This limit can be set by changing the [search.max_buckets] cluster level setting."
)

RECORDED = [
    (
        404,
        error("index_not_found_exception", "no such index [nope]", index="nope"),
        IndexMissing,
        "logs: no index nope",
    ),
    (
        400,
        all_failed({"type": "illegal_argument_exception", "reason": _FIELDDATA}),
        TextFieldUsed,
        "logs: message is a text field, which cannot be grouped or measured",
    ),
    (
        400,
        all_failed(
            {
                "type": "illegal_argument_exception",
                "reason": "Field [latency_ms] of type [keyword] is not supported for aggregation [avg]",
            }
        ),
        QueryRejected,
        "logs: latency_ms is of type keyword: avg does not work on it",
    ),
    (
        400,
        all_failed(
            {
                "type": "query_shard_exception",
                "reason": "Failed to parse query [service:(a AND]",
                "index": "t1",
                "caused_by": {
                    "type": "parse_exception",
                    "reason": f"Cannot parse 'service:(a AND': {_LUCENE}",
                    "caused_by": {"type": "parse_exception", "reason": _LUCENE},
                },
            }
        ),
        QueryRejected,
        'logs: the query cannot be read: Encountered "<EOF>" at line 1, column 14.',
    ),
    (
        400,
        {
            "error": {
                "root_cause": [],
                "type": "search_phase_execution_exception",
                "reason": "",
                "phase": "fetch",
                "failed_shards": [],
                "caused_by": {"type": "too_many_buckets_exception", "reason": _BUCKETS, "max_buckets": 65536},
            }
        },
        QueryRejected,
        "logs: too many buckets (65,536 are allowed): use a longer interval, a shorter range or fewer groups",
    ),
    (
        400,
        error("index_closed_exception", "closed", index="logs-old"),
        QueryRejected,
        "logs: index logs-old is closed: open it, or use a pattern, which leaves it out",
    ),
    (
        400,
        error("verification_exception", "Found 1 problem\nline 1:17: Unknown column [foo]"),
        QueryRejected,
        "logs: line 1:17: Unknown column [foo]",
    ),
    (
        429,
        error("es_rejected_execution_exception", "rejected execution of TimedRunnable"),
        SourceBusy,
        "logs is busy: its search queue is full (429)",
    ),
    (
        429,
        error("circuit_breaking_exception", "[parent] Data too large"),
        SourceBusy,
        "logs is short of memory and refuses queries for now (429)",
    ),
    (
        503,
        error("cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];"),
        SourceBusy,
        "logs has no master or is starting (503): "
        "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
    ),
    (
        503,
        {"error": {"root_cause": [], "type": "search_phase_execution_exception", "reason": "all shards failed"}},
        Retryable,
        "logs: no copy of a shard is available: the index is red (503)",
    ),
    (
        503,
        error("no_shard_available_action_exception", "No shard available for [get]"),
        Retryable,
        "logs: no copy of a shard is available: the index is red (503)",
    ),
    (
        401,
        error("security_exception", "missing authentication credentials for REST request [/_search]"),
        AccessDenied,
        "logs does not let us in (401): the credentials are missing, wrong or expired:"
        " missing authentication credentials for REST request [/_search]",
    ),
    (
        403,
        error("security_exception", "action [indices:data/read/search] is unauthorized for user [ops]"),
        AccessDenied,
        "logs does not allow it (403): the credentials are not enough:"
        " action [indices:data/read/search] is unauthorized for user [ops]",
    ),
    (
        400,
        error("media_type_header_exception", "Invalid media-type value on headers [Accept]"),
        QueryRejected,
        "logs: the server does not take this client (compatible-with=8); servers 8 and 9 do",
    ),
    (
        500,
        error("null_pointer_exception", "java.lang.NullPointerException: Cannot invoke x"),
        Retryable,
        "logs failed inside (500): Cannot invoke x",
    ),
    (504, error("timeout_exception", "took too long"), QueryTimedOut, "logs gave up on the query: took too long"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), RECORDED)
def test_a_recorded_refusal_is_told_in_plain_words(
    status: int, body: Any, kind: type[OpsdashError], words: str
) -> None:
    told = said(status, body)
    assert type(told) is kind
    assert told.message == words


def test_a_full_queue_says_how_long_to_wait() -> None:
    told = said(429, error("es_rejected_execution_exception", "x"), headers={"retry-after": "7"})
    assert told.retry_after_s == 7


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (405, {"error": "Incorrect HTTP method for uri [/_query] and method [POST], allowed: [GET]", "status": 405}),
        (400, {"error": "no handler found for uri [/_query] and method [POST]"}),
        (404, {"error": "no such path"}),
    ],
)
def test_a_server_without_esql_is_recognised_by_what_it_says_and_not_by_its_version(status: int, body: Any) -> None:
    told = said(status, body, esql=True)
    assert isinstance(told, QueryRejected)
    assert told.message.startswith("logs has no ES|QL: the server does not know /_query")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, InsecureConnection),
        (404, QueryRejected),
        (502, SourceUnavailable),
        (503, SourceBusy),
        (504, QueryTimedOut),
    ],
)
def test_what_a_proxy_says_is_told_by_its_status(status: int, kind: type[OpsdashError]) -> None:
    told = said(status, None, text="Bad gateway")
    assert isinstance(told, kind)
    assert told.message.startswith("logs")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "type", "reason", "caused_by", "root_cause", "failed_shards", "index"]), inner
        )
    ),
    max_leaves=30,
)


@given(st.sampled_from([301, 400, 401, 403, 404, 405, 413, 429, 500, 502, 503]), json_values, st.booleans())
def test_whatever_a_server_answers_becomes_one_clean_line(status: int, body: Any, esql: bool) -> None:
    told = said(status, {"error": body}, text="x", esql=esql)
    assert isinstance(told, OpsdashError)
    assert told.message.startswith("logs")
    assert told.message.replace("…", "").isprintable()
    assert len(told.message) < 800


def test_a_chain_of_causes_without_end_is_bounded() -> None:
    loop: dict[str, Any] = {"type": "a", "reason": "b"}
    loop["caused_by"] = loop
    assert len(list(causes(loop))) == 40


def test_reasons_lose_class_names_escapes_and_length() -> None:
    assert tidy("java.lang.IllegalArgumentException: bad \x1b[31m\n  thing") == "bad ␛[31m thing"
    assert len(tidy("x" * 10_000)) == 240


# -- fields ------------------------------------------------------------------------------------------------------------


def caps(**types: list[str]) -> Fields:
    answer = {
        name.replace("__", "."): {kind: {"metadata_field": False} for kind in kinds} for name, kinds in types.items()
    }
    return fields_of({"fields": answer | {"_id": {"_id": {"metadata_field": True}}, "gone": {"unmapped": {}}}})


def test_the_exact_form_of_a_text_field_is_its_keyword_sub_field() -> None:
    text, keyword = ["text"], ["keyword"]
    more = {"a__keyword": keyword, "a__raw": keyword, "d__sort": keyword}
    fields = caps(a=text, b=keyword, c=text, d=text, e=[*text, *keyword], **more)
    assert [fields.exact(name) for name in "abcdex"] == ["a.keyword", "b", None, "d.sort", None, None]
    assert "_id" not in fields.types
    assert "gone" not in fields.types


def test_two_kinds_of_dates_are_noticed_and_dates_are_offered() -> None:
    fields = caps(at=["date", "date_nanos"], created=["date"], n=["long"])
    assert fields.both_dates("at")
    assert not fields.both_dates("created")
    assert no_time_field("ts", "x", fields) == "time_field: no field ts in x; its dates are at, created"
    assert (
        no_time_field("n", "x", fields) == "time_field: n is of type long, not a date in x; its dates are at, created"
    )


def test_the_index_that_was_meant_is_near_or_holds_a_part_of_the_name() -> None:
    names = [".kibana", "logs-shop", "metrics"]
    assert nearest_index("logs-shp", names) == "logs-shop"
    assert nearest_index("shop-*", names) == "logs-shop"
    assert nearest_index("zzz", names) is None
    assert nearest_index("*", names) is None
