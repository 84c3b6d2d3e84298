"""One number of each series: gaps never count, NaN is a value that was sent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import empty_window
from tests.fakes.panel_views import window

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("calc", "expected"),
    [
        ("last", 3.0),
        ("first", 4.0),
        ("min", 2.0),
        ("max", 4.0),
        ("avg", 3.0),
        ("sum", 9.0),
        ("count", 3.0),
        ("delta", -1.0),
    ],
)
def test_gaps_are_left_out(calc, expected):
    assert reduce(window({"a": [None, 4.0, None, 2.0, 3.0, None]}), calc).tolist() == [expected]


@pytest.mark.parametrize("calc", ["last", "first", "min", "max", "avg", "sum", "delta"])
def test_a_series_of_gaps_has_no_number(calc):
    assert np.isnan(reduce(window({"a": [None, None]}), calc)).all()


def test_a_series_of_gaps_counts_nothing():
    assert reduce(window({"a": [None, None], "b": [0.0, None]}), "count").tolist() == [0.0, 1.0]


@pytest.mark.parametrize("calc", ["last", "first", "delta"])
def test_a_newest_or_oldest_nan_is_seen(calc):
    assert np.isnan(reduce(window({"a": [NAN, 1.0, NAN]}), calc)).all()


@pytest.mark.parametrize(("calc", "expected"), [("min", 1.0), ("max", 3.0), ("avg", 2.0), ("sum", 4.0), ("count", 3.0)])
def test_nan_does_not_spoil_what_is_known(calc, expected):
    assert reduce(window({"a": [1.0, NAN, 3.0]}), calc).tolist() == [expected]


def test_nan_alone_is_nan_and_not_zero():
    assert all(np.isnan(reduce(window({"a": [NAN]}), calc)).all() for calc in ("min", "max", "avg", "sum"))


def test_infinities_count():
    both = window({"a": [INF, 1.0], "b": [-INF, INF]})
    assert reduce(both, "max").tolist() == [INF, INF]
    assert reduce(both, "min").tolist() == [1.0, -INF]
    assert math.isnan(reduce(both, "avg")[1])


@pytest.mark.parametrize("calc", ["last", "first", "min", "max", "avg", "sum", "count", "delta"])
def test_an_empty_window_has_no_series(calc):
    assert reduce(empty_window(), calc).shape == (0,)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=20))
def test_it_agrees_with_the_plain_definition(samples):
    known = [sample for sample in samples if sample is not None]
    shown = window({"a": samples})
    assert reduce(shown, "count")[0] == len(known)
    if known:
        assert reduce(shown, "min")[0] == min(known)
        assert reduce(shown, "max")[0] == max(known)
        assert reduce(shown, "last")[0] == known[-1]
        assert reduce(shown, "first")[0] == known[0]
        assert reduce(shown, "sum")[0] == pytest.approx(math.fsum(known), abs=1e-6)
        assert min(known) - 1e-6 <= reduce(shown, "avg")[0] <= max(known) + 1e-6
