"""Series as dots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from opsdash.core.view import raster

NAN = float("nan")


def lines(values: list[list[float]], width: int, height: int, *, low: float = 0.0, high: float = 1.0) -> list[str]:
    """The picture of series whose samples stand in the middle of their dot columns."""
    data = np.array(values, dtype=float)
    times = np.arange(data.shape[1]) + 0.5
    columns = raster.columns_of(times, data, (0.0, float(data.shape[1])), width * 2, join=True)
    spans = raster.spans_of(columns, low, high, height * 4, join=True)
    dots, _ = raster.merged(raster.patterns_of(spans, height))
    return ["".join(chr(raster.BRAILLE + dot) for dot in row) for row in dots.tolist()]


def dots_of(picture: list[str]) -> set[tuple[int, int]]:
    """(column, row) of each dot."""
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    return {
        (2 * x + places[bit][0], 4 * y + places[bit][1])
        for y, row in enumerate(picture)
        for x, sign in enumerate(row)
        for bit in range(8)
        if ord(sign) >> bit & 1
    }


def test_a_flat_line_is_one_row_of_dots() -> None:
    assert lines([[0.0] * 8], 4, 1) == ["⣀⣀⣀⣀"]
    assert lines([[1.0] * 8], 4, 1) == ["⠉⠉⠉⠉"]


def test_a_rising_line_has_a_dot_in_each_row_and_column() -> None:
    assert lines([[0, 1 / 3, 2 / 3, 1]], 2, 1) == ["⡠⠊"]


def test_a_jump_is_joined_without_a_hole() -> None:
    assert {row for _, row in dots_of(lines([[0, 0, 1, 1]], 2, 2))} == set(range(8))


def test_a_gap_stays_a_gap() -> None:
    found = {column for column, _ in dots_of(lines([[0.5, 0.5, NAN, NAN, 0.5, 0.5]], 3, 1))}
    assert found == {0, 1, 4, 5}


def test_one_lonely_sample_is_seen() -> None:
    assert len(dots_of(lines([[NAN, NAN, 0.5, NAN, NAN, NAN]], 3, 1))) == 1


def test_few_samples_are_joined_by_straight_lines() -> None:
    columns = raster.columns_of(np.array([0.0, 10.0]), np.array([[0.0, 10.0]]), (0.0, 10.0), 10, join=True)
    assert columns.low[0] == pytest.approx([0, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 10])


def test_instants_that_are_missing_on_the_grid_are_not_bridged() -> None:
    times = np.array([0.0, 1, 2, 3, 8, 9, 10])
    columns = raster.columns_of(times, np.ones((1, 7)), (0.0, 10.0), 40, join=True)
    assert np.isnan(columns.low[0, 15:30]).all()


def test_a_spike_of_one_sample_among_thousands_is_seen() -> None:
    values = np.zeros((1, 5000))
    values[0, 2345] = 1.0
    columns = raster.columns_of(np.arange(5000.0), values, (0.0, 4999.0), 60, join=True)
    assert columns.high.max() == 1.0
    assert columns.low.max() == 0.0


def test_samples_outside_of_the_span_are_not_drawn_but_lead_the_line_to_its_edge() -> None:
    columns = raster.columns_of(np.array([-5.0, 5.0, 15.0]), np.array([[0.0, 1.0, 0.0]]), (0.0, 10.0), 10, join=True)
    assert not np.isnan(columns.low).any()
    alone = raster.columns_of(np.array([-5.0, 15.0]), np.ones((1, 2)), (0.0, 10.0), 10, join=False)
    assert np.isnan(alone.low).all()


def test_the_first_series_is_in_front() -> None:
    patterns = np.array([[[0x01]], [[0x03]]], dtype=np.uint8)
    dots, owner = raster.merged(patterns)
    assert dots.tolist() == [[3]]
    assert owner.tolist() == [[0]]


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 200)),
        elements=st.one_of(st.just(NAN), st.floats(min_value=-1e6, max_value=1e6)),
    ),
    st.integers(1, 60),
    st.integers(1, 20),
)
def test_every_column_with_a_sample_has_a_dot_and_no_other_series_has_more(
    values: np.ndarray, width: int, height: int
) -> None:
    times = np.arange(values.shape[1], dtype=float)
    span = (0.0, max(float(times[-1]), 1.0))
    columns = raster.columns_of(times, values, span, width * 2, join=True)
    spans = raster.spans_of(columns, -1e6, 1e6, height * 4, join=True)
    patterns = raster.patterns_of(spans, height)
    assert patterns.shape == (len(values), height, width)
    shown = ~np.isnan(columns.low)
    covered = (patterns != 0).any(axis=1)
    by_cell = shown.reshape(len(values), width, 2).any(axis=2)
    assert (covered == by_cell).all()
    assert (columns.low[shown] <= columns.high[shown]).all()


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 60)), elements=st.floats(0, 1) | st.just(NAN)),
    st.integers(1, 30),
    st.integers(1, 12),
)
def test_many_series_are_drawn_as_few_are(values: np.ndarray, width: int, height: int) -> None:
    times = np.arange(values.shape[1], dtype=float)
    columns = raster.columns_of(times, values, (0.0, max(float(times[-1]), 1.0)), width * 2, join=True)
    spans = raster.spans_of(columns, 0.0, 1.0, height * 4, join=True)
    repeat = 100_000 // (spans.top.size * height) + 1
    many = raster.Spans(top=np.tile(spans.top, (repeat, 1)), bottom=np.tile(spans.bottom, (repeat, 1)))
    assert (raster.patterns_of(many, height)[: len(values)] == raster.patterns_of(spans, height)).all()


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=2, max_size=80))
def test_a_line_without_gaps_is_connected(samples: list[float]) -> None:
    found = dots_of(lines([samples], 20, 5))
    drawn = sorted({column for column, _ in found})
    assert drawn == list(range(drawn[0], drawn[-1] + 1))
    for column in drawn[:-1]:
        here = {row for x, row in found if x == column}
        there = {row for x, row in found if x == column + 1}
        assert min(abs(a - b) for a in here for b in there) <= 1
