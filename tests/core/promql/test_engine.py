"""What holds for every query: shapes, limits, and series that do not share their scrapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.promql import Answer, Block, Engine, EvaluationError, Semantics
from tests.core.promql.series import INF, NAN, STALE, STEP_MS, Memory, engine, memory, named

SAMPLES = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(0, 50).map(float), st.sampled_from([NAN, INF, -INF, STALE])),
    min_size=1,
    max_size=30,
)
COUNTS = st.lists(st.integers(0, 1000).map(float), min_size=2, max_size=40)
WINDOW_FUNCTIONS = st.sampled_from(
    ["rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time",
     "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time", "changes",
     "resets", "deriv"]
)  # fmt: skip


def column(answer: Answer, step: int) -> dict[tuple[tuple[str, str], ...], float]:
    """Labels and values of one step."""
    rows = np.flatnonzero(answer.present[:, step])
    return {tuple(sorted(answer.labels[row].items())): float(answer.values[row, step]) for row in rows}


@given(st.lists(SAMPLES, min_size=1, max_size=6), WINDOW_FUNCTIONS, st.sampled_from(Semantics))
@settings(deadline=None, max_examples=80)
def test_each_step_of_a_range_is_the_answer_at_its_time(
    rows: list[list[float | None]], function: str, semantics: Semantics
) -> None:
    asked = Engine(memory({f"x n={n}": values for n, values in enumerate(rows)}), semantics=semantics)
    query = f"{function}(x[1m])"
    whole = asked.range(query, 0, 450_000, 25_000)
    for step, time_ms in enumerate(whole.times.tolist()):
        alone = asked.instant(query, time_ms)
        assert column(whole, step) == pytest.approx(column(alone, 0), rel=1e-9, abs=1e-9, nan_ok=True)


@given(st.lists(SAMPLES, min_size=2, max_size=8), WINDOW_FUNCTIONS)
@settings(deadline=None, max_examples=80)
def test_a_series_says_the_same_alone_and_among_others(rows: list[list[float | None]], function: str) -> None:
    series = {f"x n={n}": values for n, values in enumerate(rows)}
    together = engine(series).range(f"{function}(x[50s])", 0, 450_000, 40_000)
    for text, values in series.items():
        alone = engine({text: values}).range(f"{function}(x[50s])", 0, 450_000, 40_000)
        for step in range(len(together.times)):
            for labels, value in column(alone, step).items():
                assert column(together, step)[labels] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)


@given(st.lists(COUNTS, min_size=1, max_size=6))
def test_a_grid_and_its_series_apart_give_the_same(rows: list[list[float]]) -> None:
    shortest = min(map(len, rows))
    values = np.array([row[:shortest] for row in rows])
    times = np.arange(shortest, dtype=np.int64) * STEP_MS
    labels = [named(f"x n={n}") for n in range(len(rows))]
    blocks = [Block([one], times, values[n : n + 1]) for n, one in enumerate(labels)]
    for query in ("rate(x[1m])", "max_over_time(x[1m])", "stddev_over_time(x[1m])", "x", "sum(x)"):
        grid = Engine(Memory([Block(labels, times, values)])).range(query, 0, 600_000, 20_000)
        apart = Engine(Memory(blocks)).range(query, 0, 600_000, 20_000)
        assert grid.labels == apart.labels
        assert (grid.present == apart.present).all()
        assert grid.values[grid.present] == pytest.approx(apart.values[apart.present], rel=1e-12)


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_a_counter_never_has_a_negative_rate(rows: list[list[float]]) -> None:
    answer = engine({f"x n={n}": values for n, values in enumerate(rows)}).range("rate(x[1m])", 0, 600_000, 15_000)
    assert (answer.values[answer.present] >= 0).all()


@given(st.lists(COUNTS, min_size=2, max_size=6))
def test_a_sum_is_the_sum_of_its_parts(rows: list[list[float]]) -> None:
    asked = engine({f"x n={n} half={n % 2}": values for n, values in enumerate(rows)})
    whole = asked.range("sum(x)", 0, 900_000, 30_000)
    parts = asked.range("sum(sum by (half) (x))", 0, 900_000, 30_000)
    assert whole.values[whole.present] == pytest.approx(parts.values[parts.present])


@given(COUNTS, st.integers(0, 20))
def test_an_offset_is_a_look_at_an_earlier_time(values: list[float], steps: int) -> None:
    asked = engine({"x": values})
    back_s = steps * 15 or 1
    shifted = asked.range(f"rate(x[1m] offset {back_s}s)", 600_000, 900_000, 30_000)
    before = asked.range("rate(x[1m])", 600_000 - back_s * 1000, 900_000 - back_s * 1000, 30_000)
    assert (shifted.present == before.present).all()
    assert shifted.values[shifted.present].tolist() == before.values[before.present].tolist()


@given(COUNTS)
def test_a_subquery_at_every_scrape_is_the_range_itself(values: list[float]) -> None:
    asked = engine({"x": values})
    for function in ("sum_over_time", "max_over_time", "increase", "changes"):
        plain = asked.instant(f"{function}(x[1m])", (len(values) - 1) * STEP_MS)
        again = asked.instant(f"{function}(x[1m:15s])", (len(values) - 1) * STEP_MS)
        assert again.values.tolist() == [[pytest.approx(value)] for value in plain.values.ravel().tolist()]


def test_a_query_holds_no_more_samples_than_it_may() -> None:
    small = Engine(memory({f"x n={n}": [1.0] * 10 for n in range(10)}), max_samples=100)
    assert small.range("sum(x)", 0, 135_000, 15_000).values.tolist() == [[10.0] * 10]
    words = "query processing would load too many samples into memory in query execution"
    for query in ("x", "x + x", "sum_over_time(x[200y:1ms])", "rate(x[5m])"):
        with pytest.raises(EvaluationError) as refused:
            small.range(query, 0, 300_000, 15_000)
        assert str(refused.value) == words
    with pytest.raises(EvaluationError, match="too many samples"):
        small.range("1", 0, 2**53, 1)


def test_an_empty_storage_has_an_answer_to_everything() -> None:
    empty = engine({})
    for query in ("x", "rate(x[5m])", "sum(x)", "topk(3, x)", "x + on(a) group_left y", "x and y", "x or y",
                  "histogram_quantile(0.9, x)", "sort(x)", "x[5m]", "label_replace(x, \"a\", \"b\", \"c\", \"d\")",
                  "quantile_over_time(0.5, x[5m:1m])", 'count_values("v", x)', "sum(x) > 0", "-x"):  # fmt: skip
        assert empty.instant(query, 0).labels == ()
        if query != "x[5m]":
            assert empty.range(query, 0, 60_000, 15_000).values.shape == (0, 5)


def test_the_kinds_of_answers() -> None:
    asked = engine({"x": [1.0]})
    kinds = {query: asked.instant(query, 0).kind for query in ("x", "x[1m]", "1", '"text"')}
    assert kinds == {"x": "vector", "x[1m]": "matrix", "1": "scalar", '"text"': "string"}
    assert asked.instant('"te\\u00e9"', 0).text == "teé"
    scalar = asked.range("time()", 0, 30_000, 15_000)
    assert (scalar.kind, scalar.labels, scalar.values.tolist()) == ("matrix", ({},), [[0.0, 15.0, 30.0]])


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(EvaluationError, match="zero or negative query resolution step widths are not accepted"):
        engine({}).range("1", 0, 1, 0)


def test_an_end_before_the_start_gives_nothing() -> None:
    assert engine({"x": [1.0]}).range("x", 10, 0, 1).values.shape == (0, 0)


def test_a_range_answer_is_ordered_by_labels() -> None:
    rows = {"x b=2": [1.0], "x b=10": [3.0], "x a=3": [2.0]}
    answer = engine(rows).range("sort_desc(x)", 0, 15_000, 15_000)
    assert [dict(labels) for labels in answer.labels] == [named("x a=3"), named("x b=10"), named("x b=2")]


def test_numbers_of_any_size_beside_each_other_keep_their_own_digits() -> None:
    rows = {"x n=1": [1e300, 1e300], "x n=2": [1e-300, 1e-300], "x n=3": [0.1, 0.2], "x n=4": [1e308, 1e308]}
    answer = engine(rows).instant("avg_over_time(x[1m])", 15_000)
    assert answer.values.ravel().tolist() == pytest.approx([1e300, 1e-300, 0.15, 1e308])


def test_live_arrays_are_only_read() -> None:
    values = np.arange(40.0).reshape(4, 10)
    values.flags.writeable = False
    times = np.arange(10, dtype=np.int64) * STEP_MS
    times.flags.writeable = False
    storage = Memory([Block([named(f"x n={n}") for n in range(4)], times, values)])
    for query in ("x", "rate(x[1m])", "-x", "sum(x)", "max_over_time(x[1m])", "x > 3", "topk(2, x)", "sort(x)"):
        Engine(storage).instant(query, 100_000)


class Ended(Exception):
    """Somebody ended the evaluation."""


@pytest.mark.parametrize(
    "query",
    [
        "quantile_over_time(0.5, x[5m])",
        "stddev_over_time(x[5m])",
        "holt_winters(x[5m], 0.5, 0.5)",
        "sum(rate(x[5m])) + sum(rate(x[1m]))",
        "max_over_time(sum(x)[5m:15s])",
    ],
)
def test_an_evaluation_can_be_ended_at_each_of_its_parts(query: str) -> None:
    rows = memory({f"x n={n}": [float(n + k) for k in range(200)] for n in range(30)})
    asked = 0
    last = 10**9

    def checkpoint() -> None:
        nonlocal asked
        asked += 1
        if asked >= last:
            raise Ended

    watched = Engine(rows, checkpoint=checkpoint)
    whole = watched.range(query, 0, 3_000_000, 5_000)
    needed, asked = asked, 0
    assert needed >= 2
    assert whole.values.tolist() == Engine(rows).range(query, 0, 3_000_000, 5_000).values.tolist()
    for last in (1, needed // 2, needed):
        asked = 0
        with pytest.raises(Ended):
            watched.range(query, 0, 3_000_000, 5_000)
        assert asked == last
