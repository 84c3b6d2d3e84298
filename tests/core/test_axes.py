"""Axes: round, calm, honest about zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.view.axes import AxisRequest, ValueAxis, nice_step, row_of, value_axis
from opsdash.core.view.unit_table import unit_of


def axis(low: float, high: float, unit: str = "short", rows: int = 10, **details: object) -> ValueAxis:
    return value_axis(AxisRequest(low=low, high=high, unit=unit, rows=rows, **details))  # type: ignore[arg-type]


def labels(found: ValueAxis) -> list[str]:
    return [tick.label for tick in found.ticks]


@given(
    st.floats(min_value=-1e15, max_value=1e15),
    st.floats(min_value=-1e15, max_value=1e15),
    st.sampled_from(["short", "bytes", "s", "percent", "percentunit", "reqps", "ms"]),
    st.integers(min_value=1, max_value=120),
    st.booleans(),
)
def test_all_data_is_on_the_axis_and_its_ticks_too(a: float, b: float, unit: str, rows: int, from_zero: bool) -> None:
    low, high = min(a, b), max(a, b)
    found = axis(low, high, unit, rows, from_zero=from_zero)
    slack = 1e-6 * max(abs(low), abs(high), 1e-9)
    assert found.low <= low + slack
    assert found.high >= high - slack
    assert found.low < found.high
    for tick in found.ticks:
        assert found.low - slack <= tick.value <= found.high + slack
        assert len(tick.label) <= found.label_width


@given(st.floats(min_value=0, max_value=1e12), st.floats(min_value=0, max_value=1e12))
def test_data_that_is_never_negative_has_no_negative_axis(a: float, b: float) -> None:
    assert axis(min(a, b), max(a, b)).low >= 0


def test_a_rate_between_5_and_630_starts_at_zero() -> None:
    assert axis(5.62, 630.0, "reqps").low == 0


def test_no_two_labels_of_an_axis_are_the_same() -> None:
    for low, high in ((1.19, 1.2), (99.251, 99.5558), (0.0, 1e-9), (1e9, 1e9 + 3)):
        found = labels(axis(low, high, "percent"))
        assert len(set(found)) == len(found) >= 2


def test_labels_share_scale_and_decimals() -> None:
    assert labels(axis(0.4, 1.04, "s", rows=14)) == ["0s", "0.2s", "0.4s", "0.6s", "0.8s", "1.0s", "1.2s"]


def test_bytes_are_divided_by_powers_of_two() -> None:
    assert labels(axis(0, 3.1 * 2**30, "bytes", rows=10)) == ["0B", "1GiB", "2GiB", "3GiB"]


def test_long_times_are_divided_as_clocks_are() -> None:
    assert labels(axis(0, 3500, "s", rows=8)) == ["0s", "0.5h", "1.0h"]
    assert labels(axis(0, 170, "s", rows=8)) == ["0s", "1min", "2min", "3min"]


def test_a_small_change_of_the_data_changes_nothing() -> None:
    assert axis(12.0, 631.0) == axis(13.0, 655.0)


def test_percentages_do_not_go_past_a_hundred() -> None:
    assert axis(0.0, 97.0, "percent").high == 100
    assert axis(0.0, 0.97, "percentunit").high == 1


def test_fixed_ends_are_kept() -> None:
    found = axis(3.0, 7.0, minimum=0.0, maximum=50.0)
    assert (found.low, found.high) == (0.0, 50.0)


def test_a_flat_line_has_room_above_and_below() -> None:
    found = axis(99.4, 99.4, "percent")
    assert found.low < 99.4 < found.high
    zero = axis(0.0, 0.0)
    assert (zero.low, zero.high) == (0.0, 1.0)


def test_thresholds_are_labelled_where_they_are_inside() -> None:
    found = labels(axis(0, 1, "s", extra=(0.3, 5.0)))
    assert "300ms" in found or "0.3s" in found
    assert not any(label.startswith("5") and label.endswith("5s") and "0" not in label for label in found)


def test_the_ends_of_the_axis_are_its_first_and_last_rows() -> None:
    found = axis(0, 100)
    assert row_of(found.low, found, 12) == 11
    assert row_of(found.high, found, 12) == 0
    assert row_of(1e9, found, 12) == 0


@pytest.mark.parametrize(("raw", "step"), [(0.13, 0.2), (1, 1), (3, 5), (7, 10), (0.0005, 0.0005), (21, 50)])
def test_steps_are_one_two_five(raw: float, step: float) -> None:
    assert nice_step(raw) == pytest.approx(step)


def test_steps_of_minutes_are_clock_steps() -> None:
    assert nice_step(70, unit_of("s")) == 120
    assert nice_step(4000, unit_of("s")) == 7200
    assert nice_step(2, unit_of("m")) == 2


def test_labels_of_very_small_and_very_large_numbers_stay_short() -> None:
    tiny = value_axis(AxisRequest(low=0.0, high=2e-9, unit="", rows=10))
    huge = value_axis(AxisRequest(low=0.0, high=4e15, unit="s", rows=10))
    for axis in (tiny, huge):
        assert all(len(tick.label) <= 7 for tick in axis.ticks)
        assert len({tick.label for tick in axis.ticks}) == len(axis.ticks) > 1


def test_a_tall_axis_is_not_left_with_two_labels() -> None:
    axis = value_axis(AxisRequest(low=80.0, high=890.0, unit="reqps", rows=11))
    assert [tick.label for tick in axis.ticks] == ["0/s", "200/s", "400/s", "600/s", "800/s"]
