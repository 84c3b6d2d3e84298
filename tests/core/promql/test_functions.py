"""Each function by plain values. What a real Prometheus says to the same is in tests/integration/test_promql_*."""

from __future__ import annotations

import math

import pytest

from opsdash.core.promql import ParseError, Semantics, parse
from tests.core.promql.series import INF, NAN, STALE, alone, at, engine, shown

V3 = Semantics.V3
COUNTER = {"c a=1": [0.0, 10.0, 20.0, 5.0, 15.0]}
"""One reset, between 30 s and 45 s."""
GAUGE = {"g a=1": [4.0, 1.0, NAN, 7.0, 7.0]}
RISING = {"r": [0.0, 15.0, 30.0, 45.0, 60.0]}


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("increase(c[1m])", 35.0),  # 10 + 10 + 5 + 10 between samples that reach both edges
        ("rate(c[1m])", 35 / 60),
        ("delta(c[1m])", 15.0),
        ("irate(c[1m])", 10 / 15),
        ("idelta(c[1m])", 10.0),
        ("resets(c[1m])", 1.0),
        ("changes(c[1m])", 4.0),
        ("irate(c[1m] offset 15s)", 5 / 15),  # the reset: what is there now was counted since
        ("increase(c[30s] @ 60)", 15.0),
    ],
)
def test_what_a_counter_says(query: str, value: float) -> None:
    assert at(COUNTER, query, 60) == {"a=1": pytest.approx(value)}


def test_a_rate_is_extrapolated_to_the_edges_but_not_below_zero() -> None:
    # two samples 15 s apart, 20 s before the window begins there is nothing: half an interval is added
    assert alone({"c": [None, None, 100.0, 115.0, None]}, "increase(c[1m])", 60) == pytest.approx(
        15 * (15 + 7.5 + 15) / 15
    )
    # from 1 to 16 in 15 s: it was zero one second before
    assert alone({"c": [None, None, 1.0, 16.0, None]}, "increase(c[1m])", 60) == pytest.approx(15 * (15 + 1 + 15) / 15)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("sum_over_time(g[30s])", NAN),
        ("sum_over_time(g[15s])", 14.0),
        ("avg_over_time(g[15s])", 7.0),
        ("min_over_time(g[1m])", 1.0),
        ("max_over_time(g[1m])", 7.0),
        ("count_over_time(g[1m])", 5.0),
        ("present_over_time(g[1m])", 1.0),
        ("stdvar_over_time(g[15s] offset 45s)", 2.25),
        ("stddev_over_time(g[15s] offset 45s)", 1.5),
        ("quantile_over_time(0.5, g[15s] offset 45s)", 2.5),
        ("quantile_over_time(2, g[1m])", INF),
        ("quantile_over_time(-1, g[1m])", -INF),
        ("quantile_over_time(0, g[1m])", NAN),  # NaN is the smallest
        ("changes(g[1m])", 3.0),
    ],
)
def test_what_a_window_of_a_gauge_says(query: str, value: float) -> None:
    assert at(GAUGE, query, 60) == {"a=1": pytest.approx(value, nan_ok=True)}


def test_only_the_last_sample_keeps_its_name() -> None:
    assert at(GAUGE, "last_over_time(g[1m])", 60) == {"__name__=g a=1": 7.0}


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("deriv(r[1m])", 1.0),
        ("predict_linear(r[1m], 100)", 160.0),
        ("predict_linear(r[1m] offset 30s, 10)", 70.0),  # seen from the time of evaluation
        ("holt_winters(r[1m], 0.5, 0.5)", 60.0),
        ("deriv(r[1m:15s])", 1.0),
    ],
)
def test_where_a_gauge_is_going(query: str, value: float) -> None:
    assert alone(RISING, query, 60) == pytest.approx(value)


def test_a_large_sum_keeps_its_small_parts() -> None:
    # what Kahan's sum is for: 1 beside 1e16
    assert alone({"x": [1e16, 1.0, 1.0, -1e16]}, "sum_over_time(x[1m])", 45) == 2.0


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("abs(x)", 2.5), ("ceil(x)", -2.0), ("floor(x)", -3.0), ("round(x)", -2.0), ("round(x, 0.2)", -2.4),
        ("sgn(x)", -1.0), ("exp(x)", math.exp(-2.5)), ("ln(-x)", math.log(2.5)), ("log2(-x)", math.log2(2.5)),
        ("log10(-x)", math.log10(2.5)), ("sqrt(x)", NAN), ("sin(x)", math.sin(-2.5)), ("deg(x)", math.degrees(-2.5)),
        ("rad(x)", math.radians(-2.5)), ("atanh(x / 5)", math.atanh(-0.5)), ("cosh(x)", math.cosh(-2.5)),
        ("clamp(x, -1, 1)", -1.0), ("clamp_max(x, -3)", -3.0), ("clamp_min(x, NaN)", NAN),
        ("clamp_min(x / 0 * -1, NaN)", INF), ("-x", 2.5), ("x % 2", -0.5), ("x ^ 2", 6.25), ("x / 0", -INF),
        ("2 ^ 3 ^ 0", 2.0), ("-1 ^ 2", -1.0), ("scalar(x)", -2.5), ("scalar(nope)", NAN), ("1 == bool NaN", 0.0),
        ("vector(pi())", math.pi), ("timestamp(x)", 0.0), ("timestamp(x * 1)", 12.0), ("time()", 12.0),
    ],
)  # fmt: skip
def test_functions_and_operators_of_one_number(query: str, value: float) -> None:
    answer = engine({"x": [-2.5]}).instant(query, 12_000)
    assert answer.values.ravel().tolist() == [pytest.approx(value, nan_ok=True)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("minute", 3), ("hour", 2), ("day_of_week", 4), ("day_of_month", 29), ("day_of_year", 60), ("days_in_month", 29),
     ("month", 2), ("year", 2024)],
)  # fmt: skip
def test_the_calendar_of_a_leap_day(name: str, value: int) -> None:
    assert alone({}, f"{name}(vector(1709172180))", 0) == value  # 2024-02-29 02:03 UTC, a Thursday
    assert alone({}, f"{name}()", 1_709_172_180) == value


def test_a_date_of_no_number_is_what_go_makes_of_it() -> None:
    # recorded from Prometheus 2.42
    assert [alone({}, f"{name}(vector(NaN))", 0) for name in ("year", "month", "day_of_month", "hour", "minute")] == [
        292277026596, 12, 4, 15, 30,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("sum by (a) (x)", {"a=1": 4.0, "a=2": 5.0}),
        ("sum without (b) (x)", {"a=1": 4.0, "a=2": 5.0}),
        ("avg(x)", {"": 3.0}), ("min(x)", {"": 1.0}), ("max(x)", {"": 5.0}), ("count(x)", {"": 3.0}),
        ("group(x)", {"": 1.0}), ("stdvar(x)", {"": pytest.approx(8 / 3)}), ("quantile(0.5, x)", {"": 3.0}),
        ("stddev(x == 5)", {"": 0.0}),
        ("topk(1, x)", {"__name__=x a=2 b=1": 5.0}),
        ("bottomk by (a) (1, x)", {"__name__=x a=1 b=1": 1.0, "__name__=x a=2 b=1": 5.0}),
        ("topk(0, x)", {}),
        ('count_values("v", x > bool 2)', {"v=0": 1.0, "v=1": 2.0}),
        ('count_values by (a) ("a", x)', {"a=1": 1.0, "a=3": 1.0, "a=5": 1.0}),
        ("sum(nope)", {}),
    ],
)  # fmt: skip
def test_aggregations(query: str, values: dict[str, float]) -> None:
    assert at({"x a=1 b=1": [1.0], "x a=1 b=2": [3.0], "x a=2 b=1": [5.0]}, query, 0) == values


def test_the_largest_come_first_and_not_a_number_last() -> None:
    rows = {"x a=1": [2.0], "x a=2": [NAN], "x a=3": [9.0]}
    assert list(at(rows, "topk(3, x)", 0)) == ["__name__=x a=3", "__name__=x a=1", "__name__=x a=2"]
    assert list(at(rows, "sort(x)", 0)) == ["__name__=x a=1", "__name__=x a=3", "__name__=x a=2"]
    assert list(at(rows, "sort_desc(x)", 0)) == ["__name__=x a=3", "__name__=x a=1", "__name__=x a=2"]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("x * on(a) group_left(team) info", {"a=1 b=1 team=red": 1.0, "a=1 b=2 team=red": 3.0}),
        ("info * on(a) group_right(team) x", {"a=1 b=1 team=red": 1.0, "a=1 b=2 team=red": 3.0}),
        ("x and on(a) info", {"__name__=x a=1 b=1": 1.0, "__name__=x a=1 b=2": 3.0}),
        ("x unless on(a) info", {"__name__=x a=2 b=1": 5.0}),
        ("info or on(a) x", {"__name__=info a=1 team=red": 1.0, "__name__=x a=2 b=1": 5.0}),
        ("x > 2", {"__name__=x a=1 b=2": 3.0, "__name__=x a=2 b=1": 5.0}),
        ("2 < x", {"__name__=x a=1 b=2": 3.0, "__name__=x a=2 b=1": 5.0}),
        ("x > bool 2", {"a=1 b=1": 0.0, "a=1 b=2": 1.0, "a=2 b=1": 1.0}),
        ("x == ignoring(c) x", {"__name__=x a=1 b=1": 1.0, "__name__=x a=1 b=2": 3.0, "__name__=x a=2 b=1": 5.0}),
        ('x{b="1"} - on(a) x{b="1"}', {"a=1": 0.0, "a=2": 0.0}),
        ("x atan2 x", {f"__name__=x {labels}": math.pi / 4 for labels in ("a=1 b=1", "a=1 b=2", "a=2 b=1")}),
    ],
)
def test_which_series_belong_together(query: str, values: dict[str, float]) -> None:
    rows = {"x a=1 b=1": [1.0], "x a=1 b=2": [3.0], "x a=2 b=1": [5.0], "info a=1 team=red": [1.0]}
    assert at(rows, query, 0) == pytest.approx(values)


@pytest.mark.parametrize(
    ("wanted", "value"),
    [(0.5, 0.125), (0.25, 0.075), (0.0, 0.0), (1.0, 0.2), (2.0, INF), (-1.0, -INF), (NAN, NAN)],
)
def test_quantiles_of_a_histogram(wanted: float, value: float) -> None:
    rows = {"h le=0.1": [10.0], "h le=0.2": [30.0], "h le=+Inf": [30.0], "h le=odd": [9.0]}
    assert alone(rows, f"histogram_quantile({wanted}, h)", 0) == pytest.approx(value, nan_ok=True)


def test_a_histogram_without_a_last_bucket_has_no_quantile() -> None:
    assert math.isnan(alone({"h le=0.1": [10.0], "h le=0.2": [30.0]}, "histogram_quantile(0.5, h)", 0))


def test_buckets_that_fall_are_put_right() -> None:
    # the third bucket was scraped before the second: 30, not 25
    rows = {"h le=1": [10.0], "h le=2": [30.0], "h le=4": [25.0], "h le=+Inf": [40.0]}
    assert alone(rows, "histogram_quantile(0.75, h)", 0) == pytest.approx(2.0)


def test_labels_are_made_from_labels() -> None:
    rows = {"x host=web-1.eu port=80": [1.0]}
    assert list(at(rows, 'label_replace(x, "n", "$1/${2}", "host", "web-(.*)\\\\.(.*)")', 0)) == [
        "__name__=x host=web-1.eu n=1/eu port=80"
    ]
    assert list(at(rows, 'label_replace(x, "host", "", "host", ".*")', 0)) == ["__name__=x port=80"]
    assert list(at(rows, 'label_replace(x, "n", "a", "host", "web")', 0)) == ["__name__=x host=web-1.eu port=80"]
    assert list(at(rows, 'label_join(x, "a", ":", "host", "port")', 0)) == [
        "__name__=x a=web-1.eu:80 host=web-1.eu port=80"
    ]


def test_what_is_absent_has_the_labels_that_were_wanted() -> None:
    assert at({}, 'absent(x{a="1", b=~"2", c="3", c="4"})', 0) == {"a=1": 1.0}
    assert at({}, 'absent_over_time(x{a="1"}[5m])', 0) == {"a=1": 1.0}
    assert at({}, "absent(sum(x))", 0) == {"": 1.0}
    assert at({}, 'absent(x{b!~".*3", b="1"})', 0) == {"b=1": 1.0}
    assert at({}, 'absent(x{b!~".*3", b="1"})', 0, V3) == {"": 1.0}
    assert at({}, 'absent(x{b=~".+", b="1", c!="", c="2"})', 0, V3) == {"b=1 c=2": 1.0}
    assert at({"x": [1.0]}, "absent(x)", 0) == {}


def test_a_series_ends_at_its_marker() -> None:
    rows = {"x": [1.0, 2.0, STALE, None, 5.0]}
    assert [len(at(rows, "x", second)) for second in (15, 30, 45, 60)] == [1, 0, 0, 1]
    assert alone(rows, "count_over_time(x[1m])", 60) == 3.0
    assert alone(rows, "sum_over_time(x[1m])", 60) == 8.0


def test_a_sample_is_seen_for_five_minutes() -> None:
    assert at({"x": [1.0]}, "x", 300) == {"__name__=x": 1.0}
    assert at({"x": [1.0]}, "x", 300.001) == {}
    assert at({"x": [1.0]}, "x", 300, V3) == {}


def test_offset_and_at() -> None:
    rows = {"x": [0.0, 1.0, 2.0, 3.0, 4.0]}
    asked = {"x offset 15s": 2.0, "x offset -15s": 4.0, "x @ 15": 1.0, "x @ 30 offset 15s": 1.0, "x @ end()": 3.0}
    assert {query: alone(rows, query, 45) for query in asked} == asked
    answer = engine(rows).range("x @ end() - x @ start()", 15_000, 47_000, 15_000)
    assert answer.values.tolist() == [[2.0, 2.0, 2.0]]


def test_timestamp_looks_at_the_time_of_at_among_the_samples_of_the_offset() -> None:
    rows = {"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    asked = {"timestamp(x @ 60)": 60.0, "timestamp(x @ 60 offset 30s)": 30.0, "timestamp(x @ 60 offset -30s)": 60.0}
    assert {query: alone(rows, query, 45) for query in asked} == asked
    early = {"x": [None, 1.0]}
    assert alone(early, "x @ 330 offset 30s", 45) == 1.0
    assert at(early, "timestamp(x @ 330 offset 30s)", 45) == {}


def test_a_subquery_at_a_fixed_time_drifts_beyond_it_where_the_function_looks_at_the_time() -> None:
    rows = {"x": [float(n) for n in range(9)]}
    answer = engine(rows).range("predict_linear(x[30s:15s] @ 60, 0)", 60_000, 105_000, 15_000)
    # Beyond 60 s there are no samples: for as long as it looks back, the last one goes on.
    assert answer.values[0].tolist() == pytest.approx([4.0, 25 / 6, 4.0, 4.0])
    nested = engine(rows).range("predict_linear(sum_over_time(x[15s:15s])[30s:15s] @ 60, 0)", 60_000, 105_000, 15_000)
    assert nested.values[0, -1] == 8.0
    always = engine(rows).range("predict_linear(vector(time())[30s:15s] @ 60, 0)", 60_000, 105_000, 15_000)
    assert always.values[0].tolist() == pytest.approx([60.0, 75.0, 90.0, 105.0])


def test_what_is_the_same_at_each_step_has_one_value_after_a_window_without_steps() -> None:
    rows = {"x": [7.0]}
    ((times, values),) = engine(rows).instant("(x @ 0)[10s:17s]", 50_000).samples
    assert (times.tolist(), values.tolist()) == ([51_000], [7.0])
    assert engine(rows).instant("x[10s:17s]", 50_000).samples == ()
    assert at(rows, "sum_over_time((x @ 0)[10s:17s])", 50) == {}


def test_subqueries_are_aligned_to_their_step() -> None:
    rows = {"x": [float(n) for n in range(9)]}
    answer = engine(rows).instant("x[1m:20s]", 65_000)
    ((times, values),) = answer.samples
    assert (times.tolist(), values.tolist()) == ([20_000, 40_000, 60_000], [1.0, 2.0, 4.0])
    assert alone(rows, "max_over_time(sum_over_time(x[30s])[1m:15s])", 60) == 9.0


def test_a_raw_range_gives_the_samples_as_they_are() -> None:
    answer = engine({"x a=1": [1.0, None, 3.0, STALE], "x a=2": [None, 5.0]}).instant("x[1m]", 60_000)
    assert answer.kind == "matrix"
    assert [dict(labels) for labels in answer.labels] == [{"__name__": "x", "a": "1"}, {"__name__": "x", "a": "2"}]
    assert [(times.tolist(), values.tolist()) for times, values in answer.samples] == [
        ([0, 30_000], [1.0, 3.0]),
        ([15_000], [5.0]),
    ]


@pytest.mark.parametrize("name", ["histogram_count", "histogram_sum"])
def test_functions_of_native_histograms_find_none_among_numbers(name: str) -> None:
    assert at({"x": [1.0]}, f"{name}(x)", 0) == {}


def test_prometheus_3_leaves_out_the_left_edge_of_a_window() -> None:
    assert [alone(RISING, "count_over_time(r[30s])", 60, semantics) for semantics in Semantics] == [3.0, 2.0]


@pytest.mark.parametrize(
    ("query", "value"),
    [("mad_over_time(g[20s])", 0.0), ("ts_of_max_over_time(g[1m])", 60.0),
     ("ts_of_min_over_time(g[1m])", 15.0),     ("ts_of_last_over_time(g[1m])", 60.0),
     ("double_exponential_smoothing(g[20s], 0.5, 0.5)", 7.0)],
)  # fmt: skip
def test_functions_that_only_prometheus_3_has(query: str, value: float) -> None:
    with pytest.raises(ParseError, match="unknown function"):
        parse(query)
    assert alone(GAUGE, query, 60, V3) == value


def test_what_prometheus_3_has_lost_or_only_tries_is_refused_politely() -> None:
    with pytest.raises(ParseError):
        parse("holt_winters(x[5m], 0.5, 0.5)", V3)
    rows = {"x a=2": [1.0], "x a=10": [2.0], "x a=1": [3.0]}
    assert list(at(rows, 'sort_by_label(x, "a")', 0, V3)) == ["__name__=x a=1", "__name__=x a=2", "__name__=x a=10"]
    assert len(at(rows, "limitk(2, x)", 0, V3)) == 2
    for value in (NAN, INF):  # of a single series that is no number, a spread of 0 was wrong
        assert alone({"x": [value]}, "stddev(x)", 0, Semantics.V2) == 0.0
        assert math.isnan(alone({"x": [value]}, "stddev(x)", 0, V3))
    assert "__name__=x a=10 b.c=1" in at(rows, 'label_replace(x, "b.c", "1", "a", "10")', 0, V3)
    assert shown(engine(rows, V3).instant('{"x", a="2"}', 0)) == {"__name__=x a=2": 1.0}
