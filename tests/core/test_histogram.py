"""Buckets of a histogram."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.histogram import bucket_matrix
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.window import window_of
from tests.fakes.panel_views import window


def test_cumulative_buckets_become_counts_between_their_bounds() -> None:
    found = bucket_matrix(window({"0.1": [1, 2], "0.5": [4, 5], "+Inf": [9, 5]}, label="le"), ("", "", ""))
    assert found.highs.tolist() == [0.1, 0.5, np.inf]
    assert found.lows.tolist() == [0.0, 0.1, 0.5]
    assert found.counts.tolist() == [[1, 2], [3, 3], [5, 0]]
    assert found.names == ("0.1", "0.5", "+Inf")


def test_bounds_are_sorted_as_numbers_and_not_as_words() -> None:
    found = bucket_matrix(window({"+Inf": [30], "10": [20], "9": [10], "1e-3": [1]}, label="le"), ("",) * 4)
    assert found.highs.tolist() == [0.001, 9, 10, np.inf]
    assert found.counts[:, 0].tolist() == [1, 9, 10, 10]


def test_series_of_one_bound_are_added_up() -> None:
    pairs = [({"le": "1", "pod": "a"}, [1.0, None]), ({"le": "1", "pod": "b"}, [2.0, None])]
    rows = [(labels_of(labels), values) for labels, values in pairs]
    found = bucket_matrix(window_of([0.0, 10.0], rows), ("", ""))
    assert found.counts[0, 0] == 3
    assert np.isnan(found.counts[0, 1])


def test_a_gap_is_not_a_count_of_zero() -> None:
    found = bucket_matrix(window({"1": [1, None], "2": [3, None]}, label="le"), ("", ""))
    assert np.isnan(found.counts[:, 1]).all()


def test_a_bound_below_the_one_before_it_counts_as_zero() -> None:
    assert bucket_matrix(window({"1": [5], "2": [4]}, label="le"), ("", "")).counts[1, 0] == 0


def test_ranges_of_victoriametrics_are_counts_already() -> None:
    found = bucket_matrix(window({"1.0e-01...2.0e-01": [4], "0...1.0e-01": [3]}, label="vmrange"), ("", ""))
    assert found.lows.tolist() == [0, 0.1]
    assert found.counts[:, 0].tolist() == [3, 4]


def test_other_series_are_rows_of_their_own() -> None:
    found = bucket_matrix(window({"b": [2], "a": [1]}), ("b", "a"))
    assert found.names == ("b", "a")
    assert not found.by_bound
    assert found.counts[:, 0].tolist() == [2, 1]


def test_a_bound_that_is_no_number_is_left_out() -> None:
    assert bucket_matrix(window({"1": [1], "NaN": [3], "x": [4]}, label="le"), ("", "", "")).highs.tolist() == [1.0]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_the_counts_add_up_to_the_largest_bucket(counts: list[int]) -> None:
    series = {str(n): [float(sum(counts[: n + 1]))] for n in range(len(counts))}
    assert bucket_matrix(window(series, label="le"), ("",) * len(counts)).counts.sum() == sum(counts)
