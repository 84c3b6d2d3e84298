"""What is answered, as plain values: buckets to windows, tables to windows, notes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.elasticsearch.decode import Groups, decode_window
from opsdash.adapters.sources.elasticsearch.esql import date_s, decode_esql
from opsdash.adapters.sources.elasticsearch.notes import Notes, notes_of
from opsdash.adapters.sources.elasticsearch.request import Grid
from opsdash.core.errors import AnswerUnusable
from opsdash.core.metrics.queries import EsMetric
from opsdash.core.metrics.window import Window

GRID = Grid(start_ms=1000, step_ms=10_000, buckets=3)
TIMES = [1.0, 11.0, 21.0]


def bucket(at_ms: int, documents: int, **metric: Any) -> dict[str, Any]:
    return {"key": at_ms, "key_as_string": "x", "doc_count": documents, **({"metric": metric} if metric else {})}


def time(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {"time": {"buckets": list(buckets)}}


def decode(aggregations: Any, metric: EsMetric, **more: Any) -> tuple[Window, Groups, int]:
    wanted = {"group_by": (), "grid": GRID, "times": TIMES, "most_series": 1000, "groups": 10, **more}
    return decode_window(aggregations, metric=metric, **wanted)


def rows(window: Window) -> list[list[float | None]]:
    return [
        [float(value) if there else None for value, there in zip(values, present, strict=True)]
        for values, present in zip(window.values, window.present, strict=True)
    ]


COUNT = EsMetric(function="count")


def test_a_bucket_that_was_not_sent_is_zero_documents_but_no_average() -> None:
    counted, _, _ = decode(time(bucket(11_000, 4)), COUNT)
    assert rows(counted) == [[0, 4, 0]]
    averaged, _, _ = decode(time(bucket(11_000, 4, value=2.5)), EsMetric(function="avg", field="x"))
    assert rows(averaged) == [[None, 2.5, None]]


@pytest.mark.parametrize("nothing", [None, "NaN", float("nan")])
def test_null_and_nan_are_gaps(nothing: object) -> None:
    window, _, _ = decode(time(bucket(1000, 4, value=nothing)), EsMetric(function="max", field="x"))
    assert rows(window) == [[None, None, None]]


def test_a_rate_is_per_the_seconds_that_were_asked_for() -> None:
    window, _, _ = decode(time(bucket(1000, 5)), EsMetric(function="rate", per_s=60))
    assert rows(window) == [[30, 0, 0]]


def test_buckets_outside_of_the_grid_are_ignored() -> None:
    window, _, _ = decode(time(bucket(-9000, 1), bucket(31_000, 1), bucket(1001, 1), bucket(21_000, 7)), COUNT)
    assert rows(window) == [[0, 0, 7]]


def test_percentiles_keep_the_order_they_were_asked_for_in() -> None:
    values = {"50.0": 1.0, "50.0_as_string": "x", "95.0": 9.0, "99.9": None}
    metric = EsMetric(function="percentiles", field="x", percents=(99.9, 50, 95, 50))
    window, _, _ = decode(time(bucket(1000, 3, values=values)), metric)
    assert window.labels == ((("percentile", "99.9"),), (("percentile", "50"),), (("percentile", "95"),))
    assert rows(window) == [[None, None, None], [1, None, None], [9, None, None]]


def group(key: Any, documents: int, inside: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    return {"key": key, "doc_count": documents, **({"key_as_string": text} if text else {}), **inside}


def test_groups_are_series_and_what_is_in_others_is_counted() -> None:
    inner = {
        "group": {
            "sum_other_doc_count": 3,
            "buckets": [group(1, 2, time(bucket(1000, 2)), "true"), group(404, 1, time(bucket(1000, 1)))],
        }
    }
    outer = {"sum_other_doc_count": 10, "doc_count_error_upper_bound": 4, "buckets": [group("orders", 6, inner)]}
    aggregations = {"group": outer}
    window, groups, series = decode(aggregations, COUNT, group_by=("service", "what"))
    assert window.labels == ((("service", "orders"), ("what", "true")), (("service", "orders"), ("what", "404")))
    assert groups == Groups(kept=(("orders", "true"), ("orders", "404")), left_out_documents=13, uncertain_documents=4)
    assert series == 2


def test_more_series_than_the_limit_are_counted_and_not_kept() -> None:
    buckets = [group(f"s{place}", 1, time(bucket(1000, 1))) for place in range(30)]
    aggregations = {"group": {"sum_other_doc_count": 0, "buckets": buckets}}
    window, _, series = decode(aggregations, COUNT, group_by=("s",), most_series=7, groups=30)
    assert (len(window.labels), series) == (7, 30)


def test_newcomers_join_where_there_is_room_or_where_they_outgrow_the_known() -> None:
    def tail(*others: tuple[str, int]) -> dict[str, Any]:
        return {
            "known": {"buckets": [{"doc_count": 10, **time(bucket(1000, 10))}, {"doc_count": 0, **time()}]},
            "other": {
                "group": {
                    "sum_other_doc_count": 5,
                    "buckets": [group(name, size, time(bucket(1000, size))) for name, size in others],
                }
            },
        }

    known = [("a",), ("b",)]
    window, groups, _ = decode(tail(("c", 4)), COUNT, group_by=("s",), known=known, groups=3)
    assert [labels[0][1] for labels in window.labels] == ["a", "b", "c"]
    assert rows(window) == [[10, 0, 0], [0, 0, 0], [4, 0, 0]]
    assert groups.left_out_documents == 5
    _, groups, _ = decode(tail(("c", 10), ("d", 11)), COUNT, group_by=("s",), known=known, groups=2)
    assert groups == Groups(kept=(("a",), ("b",), ("d",)), left_out_documents=15)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"time": 3},
        {"time": {"buckets": [{}]}},
        {"time": {"buckets": [{"key": "x", "doc_count": 1}]}},
        {"time": {"buckets": [bucket(1000, 1, value={"a": 1})]}},
        {"time": {"buckets": 7}},
        {"time": {"buckets": [{"key": 1e400, "doc_count": 1}]}},
    ],
)
def test_a_broken_answer_is_unusable_and_not_an_exception(broken: Any) -> None:
    with pytest.raises(AnswerUnusable, match="not what was asked for"):
        decode(broken, EsMetric(function="avg", field="x"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["time", "group", "buckets", "key", "doc_count", "metric", "value"]), inner)
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from(["avg", "count", "percentiles"]), st.sampled_from([(), ("a",), ("a", "b")]))
def test_no_answer_whatever_escapes_as_an_exception(answer: Any, function: Any, group_by: tuple[str, ...]) -> None:
    metric = EsMetric(function=function, field="x", percents=(50,))
    try:
        window, _, _ = decode(answer, metric, group_by=group_by)
    except AnswerUnusable:
        return
    assert window.values.shape == (len(window.labels), 3)


# -- notes -------------------------------------------------------------------------------------------------------------


def test_a_whole_answer_has_no_notes() -> None:
    assert notes_of({"timed_out": False, "_shards": {"total": 3, "failed": 0}}) == Notes()


def test_a_search_that_was_stopped_is_partial() -> None:
    notes = notes_of({"took": 3600, "timed_out": True, "_shards": {"total": 3, "failed": 0}})
    assert notes.partial
    assert notes.warnings == (
        "partial: the search was stopped after 3.6 s; shorten the range or raise the source's timeout",
    )


def test_the_first_shard_failure_is_told_and_cleaned() -> None:
    failure = {"index": "logs\x1b[31m", "reason": {"type": "x", "reason": "java.lang.FooException: bad\nthing \x9b"}}
    notes = notes_of({"_shards": {"total": 5, "failed": 2, "failures": [failure]}})
    assert notes.partial
    assert notes.warnings == ("partial: 2 of 5 shards failed (first: one of logs␛[31m): bad thing �",)


def test_clusters_that_did_not_answer_and_esql_that_is_partial_are_said() -> None:
    answer = {"_clusters": {"total": 3, "successful": 1, "skipped": 1, "failed": 1}, "_shards": {"total": 0}}
    assert notes_of(answer).warnings == ("partial: of 3 clusters 1 skipped, 1 failed",)
    assert not notes_of(answer).no_index
    assert notes_of({"is_partial": True}).partial
    assert notes_of({"_shards": {"total": 0, "failed": 0}}).no_index


@given(json_values)
def test_notes_of_anything_are_notes(value: Any) -> None:
    assert isinstance(notes_of({"_shards": value, "_clusters": value, "timed_out": value, "took": value}), Notes)


# -- ES|QL -------------------------------------------------------------------------------------------------------------


def table(columns: list[tuple[str, str]], *values: list[Any]) -> dict[str, Any]:
    return {"columns": [{"name": name, "type": kind} for name, kind in columns], "values": list(values)}


AT = "2026-09-21T14:13:20.000Z"
AT_S = 1_790_000_000.0


def test_a_table_without_a_date_is_a_table_only() -> None:
    answer = table([("service", "keyword"), ("n", "long")], ["a", 3], [["b", "c"], None])
    made, window, series = decode_esql(answer, time_column="", most_rows=10, most_series=10)
    assert made.columns == ("service", "n")
    assert made.rows == (("a", 3), ("b, c", None))
    assert window.is_empty
    assert series == 0


def test_numbers_by_date_are_series_labelled_by_the_keywords() -> None:
    columns = [("n", "long"), ("ms", "double"), ("at", "date"), ("service", "keyword")]
    later = "2026-09-21T14:13:30.5Z"
    answer = table(columns, [3, 1.5, later, "a"], [1, None, AT, "a"], [7, 2.0, AT, "b"], [9, 9.0, None, "b"])
    _, window, series = decode_esql(answer, time_column="", most_rows=10, most_series=10)
    assert window.times.tolist() == [AT_S, AT_S + 10.5]
    assert window.labels == (
        (("__name__", "n"), ("service", "a")),
        (("__name__", "ms"), ("service", "a")),
        (("__name__", "n"), ("service", "b")),
        (("__name__", "ms"), ("service", "b")),
    )
    assert rows(window) == [[1, 3], [None, 1.5], [7, None], [2, None]]
    assert series == 4


def test_one_number_needs_no_name_and_the_time_column_can_be_chosen() -> None:
    answer = table([("a", "date"), ("b", "date_nanos"), ("n", "long")], [AT, "2026-09-21T14:13:20.000000001Z", 3])
    _, window, _ = decode_esql(answer, time_column="b", most_rows=10, most_series=10)
    assert window.labels == ((),)
    assert window.times == pytest.approx([AT_S], abs=1e-6)
    _, none, _ = decode_esql(answer, time_column="c", most_rows=10, most_series=10)
    assert none.is_empty


def test_series_beyond_the_limit_are_counted() -> None:
    answer = table([("at", "date"), ("n", "long"), ("s", "keyword")], *([AT, 1, f"s{place}"] for place in range(9)))
    _, window, series = decode_esql(answer, time_column="", most_rows=10, most_series=4)
    assert (len(window.labels), series) == (4, 9)


@pytest.mark.parametrize(
    "broken", [{}, {"columns": 3, "values": []}, table([("a", "date"), ("n", "long")], [AT]), None]
)
def test_a_broken_table_is_unusable(broken: Any) -> None:
    with pytest.raises(AnswerUnusable):
        decode_esql(broken, time_column="", most_rows=10, most_series=10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(AT, AT_S), ("1970-01-01T00:00:00Z", 0.0), ("1969-12-31T23:59:59.5Z", -0.5), ("yesterday", None), ("", None)],
)
def test_dates_are_read_as_esql_writes_them(text: str, expected: float | None) -> None:
    assert date_s(text) == expected


@given(st.text())
def test_no_text_breaks_the_date(text: str) -> None:
    found = date_s(text)
    assert found is None or np.isfinite(found)
