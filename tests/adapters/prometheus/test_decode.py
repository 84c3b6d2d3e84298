"""Answers of Prometheus-compatible servers, good and bad, as plain bytes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.prometheus.decode import LONGEST_LABEL, Rows, decode, grid_of, instant_grid
from opsdash.core.errors import AnswerUnusable, OpsdashError, QueryRejected, QueryTimedOut
from opsdash.core.limits import Limits
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import Span

START = 1_790_000_000.0
SPAN = Span(start_s=START, end_s=START + 50, step_s=10)


def body(result: Any, kind: str = "matrix", **beside: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}} | beside).encode()


def series(labels: dict[str, str], *samples: tuple[float, str]) -> dict[str, Any]:
    return {"metric": labels, "values": [[START + at, text] for at, text in samples]}


def decoded(content: bytes, *, span: Span = SPAN, limits: Limits | None = None) -> Answer:
    return decode(content, Rows("prom", grid_of(span), limits or Limits()))


def decoded_instant(content: bytes) -> Answer:
    return decode(content, Rows("prom", instant_grid(START), Limits()))


def message(content: bytes) -> str:
    with pytest.raises(AnswerUnusable) as caught:
        decoded(content)
    return caught.value.message


def test_samples_stand_on_the_grid_that_was_asked_and_missing_ones_are_gaps() -> None:
    window = decoded(body([series({"a": "1"}, (10, "1.5"), (30, "2"))])).window
    assert window.times.tolist() == [START + k * 10 for k in range(6)]
    assert window.labels == ((("a", "1"),),)
    assert window.present.tolist() == [[False, True, False, True, False, False]]
    assert window.values[0][[1, 3]].tolist() == [1.5, 2.0]
    assert np.isnan(window.values[0][[0, 2, 4, 5]]).all()


def test_nan_and_infinities_are_values_and_not_gaps() -> None:
    window = decoded(body([series({}, (0, "NaN"), (10, "+Inf"), (20, "-Inf"), (30, "0"))])).window
    assert window.present.tolist() == [[True, True, True, True, False, False]]
    assert math.isnan(window.values[0, 0])
    assert window.values[0, 1:4].tolist() == [math.inf, -math.inf, 0.0]


def test_jittered_times_snap_to_the_nearest_instant_and_those_outside_are_left_out() -> None:
    window = decoded(body([series({}, (-20, "9"), (-4.9, "1"), (14.9, "2"), (25.1, "3"), (99, "9"))])).window
    assert window.present.tolist() == [[True, True, False, True, False, False]]
    assert window.values[0][[0, 1, 3]].tolist() == [1, 2, 3]


def test_an_empty_matrix_is_no_data_and_no_error() -> None:
    window = decoded(body([])).window
    assert window.is_empty
    assert window.values.shape == (0, 6)
    assert window.times.size == 6


def test_a_vector_a_scalar_and_a_range_vector_give_one_column() -> None:
    vector = decoded_instant(body([{"metric": {"a": "b"}, "value": [START - 300, "7"]}], "vector")).window
    assert (vector.times.tolist(), vector.values.tolist(), vector.labels) == ([START], [[7.0]], ((("a", "b"),),))
    scalar = decoded_instant(body([START, "3"], "scalar")).window
    assert (scalar.values.tolist(), scalar.labels) == ([[3.0]], ((),))
    ranged = decoded_instant(body([series({"a": "b"}, (-20, "1"), (-10, "2"))]))
    assert ranged.window.values.tolist() == [[2.0]]
    assert ranged.warnings == ("the query gives a range of samples; the last of each series is shown",)


def test_a_string_result_is_a_table() -> None:
    table = decoded_instant(body([START, "hello"], "string")).table
    assert table is not None
    assert (table.columns, table.rows) == (("value",), (("hello",),))


def test_warnings_infos_and_partial_answers_are_told_and_clean() -> None:
    answer = decoded(body([], isPartial=True, warnings=["store \x1b[31mx\x07 is gone"], infos=["not a counter"]))
    assert answer.warnings == (
        "partial answer: a part of the storage did not answer",
        "store ␛[31mx␇ is gone",
        "not a counter",
    )


def test_a_flood_of_warnings_is_cut() -> None:
    answer = decoded(body([], warnings=[f"w{n}" for n in range(500)]))
    assert answer.warnings[-1] == "and 490 more warnings"
    assert len(answer.warnings) == 11


def test_native_histograms_are_told_and_not_dropped_in_silence() -> None:
    histogram = {"metric": {"a": "1"}, "histograms": [[START, {"count": "1", "sum": "2", "buckets": []}]]}
    answer = decoded(body([histogram, series({"a": "2"}, (0, "1"))]))
    assert answer.window.labels == ((("a", "2"),),)
    assert answer.warnings == ("1 series of native histograms cannot be shown; use histogram_quantile",)
    instant = decoded_instant(body([{"metric": {}, "histogram": [START, {}]}], "vector"))
    assert instant.window.is_empty
    assert "native histograms" in instant.warnings[0]


def test_series_over_the_limit_are_cut_and_said() -> None:
    many = [series({"n": str(n)}, (0, "1")) for n in range(5_213)]
    answer = decoded(body(many))
    assert len(answer.window.labels) == 1_000
    assert answer.cut == ("1,000 of 5,213 series",)


def test_a_server_that_truncated_as_asked_is_not_taken_for_one_that_has_so_many() -> None:
    content = body(
        [series({"n": str(n)}, (0, "1")) for n in range(8)], warnings=["results truncated due to limit", "other"]
    )
    answer = decoded(content, limits=Limits(series=7))
    assert answer.cut == ("7 series shown; the source has more",)
    assert answer.warnings == ("other",)


def test_many_points_leave_room_for_fewer_series() -> None:
    span = Span(start_s=START, end_s=START + 10_999, step_s=1)
    answer = decoded(body([series({"n": str(n)}, (0, "1")) for n in range(500)]), span=span)
    assert answer.cut == ("363 of 500 series",)
    assert answer.window.values.nbytes < 40_000_000


def test_long_labels_are_cut_and_said() -> None:
    answer = decoded(body([series({"long": "x" * 100_000, "b": "c"}, (0, "1"))]))
    assert len(dict(answer.window.labels[0])["long"]) == LONGEST_LABEL
    assert answer.cut == ("1 series with labels cut to 4,096 characters",)


def test_half_of_a_surrogate_pair_in_a_label_is_replaced() -> None:
    (labels,) = decoded(
        b'{"status":"success","data":{"resultType":"matrix","result":'
        b'[{"metric":{"a":"x\\ud800y"},"values":[[1790000000,"1"]]}]}}'
    ).window.labels
    assert labels == (("a", "x?y"),)


def test_two_series_with_the_same_labels_are_refused_by_name() -> None:
    twice = [series({"__name__": "up", "job": "a"}, (0, "1")), series({"job": "a", "__name__": "up"}, (0, "2"))]
    assert message(body(twice)) == 'prom answered two series with the same labels: up{job="a"}'


def test_a_result_that_is_not_what_it_says_is_named() -> None:
    html = b"<!DOCTYPE html><html><head><title>T</title></head><body><h1>\x1b[31mSign in</h1> to go on</body></html>"
    assert message(html) == "prom answered HTML instead of JSON: ␛[31mSign in to go on"
    assert message(b"upstream gone") == "prom answered text instead of JSON: upstream gone"
    assert message(b"") == "prom answered nothing"
    assert message(body([series({}, (0, "1"))])[:-9]).startswith('prom answered half of a JSON: {"status": "success"')
    assert message(b'{"status":"succ\x00ess", ' + b'"a":1,' * 100 + b"}").startswith("prom answered broken JSON: ")
    assert message(b"[" * 100_000).startswith("prom answered ")
    assert message(b'{"hits":{"total":3}}') == 'prom answered JSON that is not Prometheus\'s: {"hits":{"total":3}}'
    assert message(b"[1,2]") == "prom answered JSON that is not Prometheus's: [1,2]"
    assert message(b"7") == "prom answered JSON that is not Prometheus's: 7"


def test_what_is_quoted_of_a_bad_answer_is_at_most_eighty_clean_characters() -> None:
    quoted = message(b"x\x1b]0;t\x07" * 500).removeprefix("prom answered text instead of JSON: ")
    assert len(quoted) == 80
    assert quoted.isprintable()


@pytest.mark.parametrize(
    "result",
    [
        [{"metric": {"a": 1}, "values": [[START, "1"]]}],
        [{"metric": ["a"], "values": [[START, "1"]]}],
        [{"metric": {}, "values": [[START, "one"]]}],
        [{"metric": {}, "values": [[START]]}],
        [{"metric": {}, "values": [["x", "1"]]}],
        [{"metric": {}, "values": [[START, None]]}],
        [{"metric": {}, "values": 7}],
        [{"metric": {}, "values": [7]}],
        [{"metric": {}}],
        [{"values": [[START, "1"]]}],
        [{"metric": {}, "values": [[10**400, "1"]]}],
        [{"metric": {}, "values": [[START, 10**400]]}],
        [7],
        [None],
        {"metric": {}},
        "text",
        None,
    ],
)
def test_wrong_types_are_unusable_and_never_an_exception_of_python(result: Any) -> None:
    assert message(body(result)).startswith("prom answered ")


def test_times_beyond_all_bounds_are_left_out() -> None:
    content = body([{"metric": {}, "values": [[1e308, "1"], [-1e308, "2"]]}])
    assert decoded(content, span=Span(start_s=START, end_s=START + 1, step_s=0.001)).window.is_empty


def test_an_error_inside_a_success_is_told_in_its_own_words() -> None:
    with pytest.raises(QueryRejected, match="prom: parse error: unexpected end"):
        decoded(b'{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}')
    with pytest.raises(QueryTimedOut, match="prom gave up on the query: too slow"):
        decoded(b'{"status":"error","errorType":"timeout","error":"too slow"}')
    with pytest.raises(AnswerUnusable, match="prom failed: odd"):
        decoded(b'{"status":"error","errorType":"new_kind","error":"odd"}')


texts = st.text(max_size=12)
numbers = st.floats().map(lambda x: "NaN" if math.isnan(x) else "+Inf" if x == math.inf else repr(x))
matrices = st.dictionaries(
    st.dictionaries(texts, texts, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    st.dictionaries(st.integers(0, 5), numbers, max_size=6),
    max_size=8,
)


@given(matrices)
def test_every_sample_that_was_sent_is_found_again(expected: dict[Any, dict[int, str]]) -> None:
    content = [series(dict(labels), *((k * 10, text) for k, text in rows.items())) for labels, rows in expected.items()]
    window = decoded(body(content)).window
    assert len(window.labels) == len(expected)
    for row, samples in enumerate(expected.values()):
        assert set(np.flatnonzero(window.present[row]).tolist()) == set(samples)
        for column, text in samples.items():
            assert np.array_equal(window.values[row, column], float(text), equal_nan=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["metric", "values", "value", "histograms", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200) | json_values.map(body) | json_values.map(lambda x: json.dumps(x).encode()))
def test_whatever_comes_the_errors_are_ours(content: bytes) -> None:
    said = ""
    try:
        decoded(content)
    except OpsdashError as error:
        said = error.message
    assert said.isprintable()
