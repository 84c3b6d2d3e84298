"""Running sums give the variance and the line of a window to their last digits, whatever lies outside of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.promql.batches import Batch
from opsdash.core.promql.moments import line_sums, pays, usable_rows, variances
from opsdash.core.promql.over_time import deviation, variance
from opsdash.core.promql.trends import predicted, slope
from opsdash.core.promql.values import Floats, Ints
from opsdash.core.promql.windows import Windows

COLUMNS = 400
STEP_MS = 5_000


def windows(values: Floats, *, width: int = 100, ragged: bool = False, shift_ms: int = 0) -> Windows:
    """A window of so many samples that ends at every fourth sample."""
    rows = len(values)
    times = 1_700_000_000_000 + np.arange(COLUMNS, dtype=np.int64)[None] * STEP_MS
    after = np.arange(width, COLUMNS + 1, 4, dtype=np.int64)[None]
    steps = times[0, after[0] - 1] + 1_234
    if ragged:
        times = times + np.arange(rows, dtype=np.int64)[:, None] * 137
        after = np.repeat(after, rows, axis=0)
    labels = tuple((("row", str(row)),) for row in range(rows))
    batch = Batch(labels, times, values, int(times.max()) + 2)
    return Windows(batch, after - width, after, steps, width * STEP_MS, steps + shift_ms)


def exact_variance(samples: Floats) -> Fraction:
    numbers = [Fraction(float(each)) for each in samples]
    mean = sum(numbers, Fraction(0)) / len(numbers)
    return sum(((each - mean) ** 2 for each in numbers), Fraction(0)) / len(numbers)


def exact_line(samples: Floats, times: Ints, origin_ms: int) -> tuple[Fraction, Fraction]:
    """The slope a second, and the value at the origin."""
    x = [Fraction(int(each) - origin_ms, 1000) for each in times]
    y = [Fraction(float(each)) for each in samples]
    count, sum_x, sum_y = len(x), sum(x, Fraction(0)), sum(y, Fraction(0))
    covariance = sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0)) - sum_x * sum_y / count
    rises = covariance / (sum((a * a for a in x), Fraction(0)) - sum_x * sum_x / count)
    return rises, sum_y / count - rises * sum_x / count


KINDS = {
    "a counter": lambda random: np.cumsum(random.poisson(20, (3, COLUMNS))).reshape(3, -1) + 1e6,
    "a gauge around zero": lambda random: random.normal(0, 1, (3, COLUMNS)) * [[1.0], [1e-6], [1e9]],
    "small beside large": lambda random: np.exp(random.uniform(0, 17, (3, COLUMNS))),
    "a level with steps": lambda random: np.repeat(random.normal(70, 1, (3, COLUMNS // 50)), 50, axis=1),
}


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_long_windows_are_right_to_the_last_digits(kind: str, ragged: bool) -> None:
    values = np.asarray(KINDS[kind](np.random.default_rng(3)), dtype=np.float64)
    asked = windows(values, ragged=ragged)
    assert pays(asked)
    assert usable_rows(values).all()
    spread, slopes = variance(asked), slope(asked)
    ahead = predicted(asked, np.full(asked.steps.size, 600.0))
    times = np.broadcast_to(asked.batch.times, values.shape)
    for row in range(3):
        for step in range(0, asked.steps.size, 7):
            at = np.broadcast_to(asked.after, spread.shape)[row, step]
            inside = slice(at - 100, at)
            samples = values[row, inside]
            if (samples == samples[0]).all():
                assert (spread[row, step], slopes[row, step], ahead[row, step]) == (0.0, 0.0, samples[0])
                continue
            assert spread[row, step] == pytest.approx(float(exact_variance(samples)), rel=1e-12)
            rises, _ = exact_line(samples, times[row, inside], int(times[row, at - 100]))
            largest = float(np.abs(samples).max())
            assert slopes[row, step] == pytest.approx(float(rises), rel=1e-9, abs=1e-14 * largest)
            _, now = exact_line(samples, times[row, inside], int(asked.steps[step]))
            assert ahead[row, step] == pytest.approx(float(now + rises * 600), rel=1e-9, abs=1e-11 * largest)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.floats(-1e12, 1e12), st.floats(1e-3, 1e6))
def test_the_variance_is_exact_or_says_that_it_is_not(seed: int, level: float, noise: float) -> None:
    values = np.random.default_rng(seed).normal(level, noise, (1, COLUMNS))
    asked = windows(values)
    if not usable_rows(values).all():
        return
    found, exact = variances(asked)
    for step in range(0, asked.steps.size, 15):
        if exact[0, step]:
            at = int(asked.after[0, step])
            assert found[0, step] == pytest.approx(float(exact_variance(values[0, at - 100 : at])), rel=1e-11)


def test_infinities_and_nan_take_the_way_that_knows_them() -> None:
    values = np.ones((3, COLUMNS)) * np.arange(COLUMNS)
    values[1, 200] = np.inf
    values[2, 200] = np.nan
    asked = windows(values)
    with np.errstate(all="ignore"):
        spread, rises = deviation(asked), slope(asked)
    struck = (asked.first[0] <= 200) & (asked.after[0] > 200)
    assert not np.isfinite(spread[1:, struck]).any()
    assert not np.isfinite(rises[1:, struck]).any()
    assert np.isfinite(spread[:, ~struck]).all()
    assert rises[:, ~struck] == pytest.approx(1 / 5)


def test_a_time_far_from_the_window_is_left_to_the_plain_way() -> None:
    values = np.random.default_rng(5).normal(0, 1, (2, COLUMNS))
    far = windows(values, shift_ms=400 * 86_400_000)
    assert line_sums(far, far.steps[None]) is None
    assert np.isfinite(predicted(far, np.full(far.steps.size, 1.0))).all()
