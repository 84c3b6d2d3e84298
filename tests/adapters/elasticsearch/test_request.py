"""What is asked: bodies as plain values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.elasticsearch.groups import ChosenGroups
from opsdash.adapters.sources.elasticsearch.request import (
    Grid,
    esql_body,
    grid_of,
    matching,
    metric_body,
    rows_body,
    values_body,
    whole,
)
from opsdash.core.metrics.queries import EsFunction, EsMetric, EsQuery, LogQuery, Span

SPAN = Span(start_s=1_790_000_007.5, end_s=1_790_000_067.5, step_s=20)
GRID = grid_of(SPAN)


def query(function: EsFunction = "count", field: str = "", **more: object) -> EsQuery:
    metric = EsMetric(function=function, field=field, percents=(50.0, 99.9) if function == "percentiles" else ())
    return EsQuery(source="logs", query="", metric=metric, **more)  # type: ignore[arg-type]


def body(asked: EsQuery, **more: object) -> dict[str, object]:
    return metric_body(asked, GRID, time_field="@timestamp", deadline_ms=3600, group_limit=1000, **more)  # type: ignore[arg-type]


def test_the_buckets_of_a_span_are_whole_milliseconds_and_the_last_is_asked_for_as_a_whole() -> None:
    assert Grid(start_ms=1_790_000_007_500, step_ms=20_000, buckets=4) == GRID
    assert GRID.end_ms == 1_790_000_087_500
    assert whole(SPAN) == Grid(start_ms=1_790_000_007_500, step_ms=60_000, buckets=1)


def test_a_count_asks_for_buckets_and_nothing_else() -> None:
    assert body(query()) == {
        "size": 0,
        "track_total_hits": False,
        "timeout": "3600ms",
        "query": {
            "bool": {
                "filter": [
                    {
                        "range": {
                            "@timestamp": {"gte": 1_790_000_007_500, "lt": 1_790_000_087_500, "format": "epoch_millis"}
                        }
                    }
                ]
            }
        },
        "aggs": {
            "time": {
                "date_histogram": {
                    "field": "@timestamp",
                    "fixed_interval": "20000ms",
                    "offset": "7500ms",
                    "min_doc_count": 1,
                }
            }
        },
    }


@pytest.mark.parametrize(
    ("asked", "metric"),
    [
        (query("avg", "latency_ms"), {"avg": {"field": "latency_ms"}}),
        (query("cardinality", "user"), {"cardinality": {"field": "user"}}),
        (query("count", "user"), {"value_count": {"field": "user"}}),
        (query("rate", "bytes"), {"sum": {"field": "bytes"}}),
        (
            query("percentiles", "latency_ms"),
            {"percentiles": {"field": "latency_ms", "percents": [50.0, 99.9]}},
        ),
    ],
)
def test_each_function_has_its_aggregation(asked: EsQuery, metric: object) -> None:
    assert body(asked)["aggs"]["time"]["aggs"] == {"metric": metric}  # type: ignore[index]


def test_groups_nest_in_the_order_of_the_fields_and_keep_the_largest() -> None:
    aggs = body(query(group_by=("service", "status"), groups=5))["aggs"]
    assert isinstance(aggs, dict)
    assert aggs["group"]["terms"] == {"field": "service", "size": 5, "shard_size": 45}
    inner = aggs["group"]["aggs"]["group"]
    assert inner["terms"] == {"field": "status", "size": 5, "shard_size": 45}
    assert "date_histogram" in inner["aggs"]["time"]


def test_known_groups_are_asked_for_by_name_and_the_others_beside_them() -> None:
    aggs = body(query(group_by=("service",)), known=[("orders",), ('a"b\\',)])["aggs"]
    assert isinstance(aggs, dict)
    named = [{"bool": {"filter": [{"term": {"service": {"value": name}}}]}} for name in ("orders", 'a"b\\')]
    assert aggs["known"]["filters"] == {"filters": named}
    assert aggs["other"]["filter"] == {"bool": {"must_not": named}}
    assert aggs["other"]["aggs"]["group"]["terms"]["field"] == "service"


@pytest.mark.parametrize("everything", ["", "  ", "*", "*:*"])
def test_a_query_for_everything_costs_the_server_no_query_string(everything: str) -> None:
    assert len(matching(everything, (), "ts", start_ms=0, before_ms=1)["bool"]["filter"]) == 1


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_whatever_is_typed_stays_a_value_in_its_place(text: str, filters: list[tuple[str, str]]) -> None:
    clauses = matching(text, filters, "ts", start_ms=0, before_ms=1)["bool"]["filter"]
    assert [clause["term"] for clause in clauses if "term" in clause] == [{n: {"value": v}} for n, v in filters]
    strings = [clause["query_string"]["query"] for clause in clauses if "query_string" in clause]
    assert strings in ([text], [])
    assert json.loads(json.dumps(clauses)) == clauses


def test_rows_are_newest_first_and_continue_after_a_place() -> None:
    asked = LogQuery(source="logs", query="level:error", filters=(("service", "orders"),), limit=50)
    made = rows_body(
        asked,
        time_field="ts",
        start_ms=1,
        before_ms=2,
        deadline_ms=900,
        order="_seq_no",
        both_dates=True,
        after=(1_790_000_000_000, 8),
    )
    assert made["size"] == 50
    assert made["search_after"] == [1_790_000_000_000, 8]
    assert made["sort"] == [
        {"ts": {"order": "desc", "unmapped_type": "date", "numeric_type": "date_nanos"}},
        {"_seq_no": {"order": "desc"}},
    ]
    assert made["query"]["bool"]["filter"][1] == {"term": {"service": {"value": "orders"}}}
    assert made["track_total_hits"] is False


def test_an_esql_pipe_reads_only_the_range() -> None:
    assert esql_body("FROM x", time_field="ts", start_ms=5, before_ms=9) == {
        "query": "FROM x",
        "filter": {"range": {"ts": {"gte": 5, "lt": 9, "format": "epoch_millis"}}},
    }


def test_the_values_of_a_field_are_its_largest_groups() -> None:
    made = values_body("service", "", time_field="ts", start_ms=0, before_ms=1, deadline_ms=900)
    assert made["aggs"] == {"values": {"terms": {"field": "service", "size": 1000}}}


# -- groups that are remembered ----------------------------------------------------------------------------------------


def span(start_s: float, end_s: float, step_s: float = 10) -> Span:
    return Span(start_s=start_s, end_s=end_s, step_s=step_s)


def test_the_tail_of_a_range_is_asked_with_the_groups_of_the_range() -> None:
    chosen, asked = ChosenGroups(), query(group_by=("service",))
    assert chosen.of(asked, span(0, 3600)) == ()
    chosen.remember(asked, span(0, 3600), (("a",), ("b",)))
    assert chosen.of(asked, span(3540, 3605)) == (("a",), ("b",))
    chosen.remember(asked, span(3540, 3605), (("a",), ("b",), ("c",)))
    assert chosen.of(asked, span(3550, 3610)) == (("a",), ("b",), ("c",))


@pytest.mark.parametrize(
    "other", [span(10, 3610), span(0, 60), span(7200, 7260), span(3540, 3605, 20), span(3000, 3100)]
)
def test_anything_but_a_tail_chooses_its_groups_anew(other: Span) -> None:
    chosen, asked = ChosenGroups(), query(group_by=("service",))
    chosen.remember(asked, span(0, 3600), (("a",),))
    assert chosen.of(asked, other) == ()


def test_a_compared_period_and_now_keep_their_own_groups() -> None:
    chosen, asked = ChosenGroups(), query(group_by=("service",))
    chosen.remember(asked, span(86_400, 90_000), (("now",),))
    chosen.remember(asked, span(0, 3600), (("yesterday",),))
    assert chosen.of(asked, span(89_940, 90_005)) == (("now",),)
    assert chosen.of(asked, span(3540, 3605)) == (("yesterday",),)
