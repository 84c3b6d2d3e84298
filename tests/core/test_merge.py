"""Joining a fetched piece onto a window."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.merge import agree, merge
from opsdash.core.metrics.window import empty_window, window_of

A = labels_of({"service": "a"})
B = labels_of({"service": "b"})


def test_the_piece_replaces_what_was_known_of_its_time() -> None:
    known = window_of([0, 10, 20], [(A, [1, 2, 3])])
    piece = window_of([20, 30], [(A, [30, 40])])
    joined = merge(known, piece, piece_from_s=20, keep_from_s=0)
    assert joined.times.tolist() == [0, 10, 20, 30]
    assert joined.values.tolist() == [[1, 2, 30, 40]]


def test_what_is_older_than_the_range_is_given_up() -> None:
    joined = merge(window_of([0, 10], [(A, [1, 2])]), window_of([20], [(A, [3])]), piece_from_s=20, keep_from_s=10)
    assert joined.times.tolist() == [10, 20]


def test_a_series_that_the_piece_does_not_have_gets_a_gap_and_not_a_zero() -> None:
    known = window_of([0, 10], [(A, [1, 2]), (B, [5, 6])])
    joined = merge(known, window_of([20], [(A, [3])]), piece_from_s=20, keep_from_s=0)
    assert joined.labels == (A, B)
    assert joined.present.tolist() == [[True, True, True], [True, True, False]]
    assert math.isnan(joined.values[1, 2])


def test_a_group_without_log_documents_has_counted_zero() -> None:
    known = window_of([0, 10], [(A, [1, 2]), (B, [5, 6])])
    joined = merge(known, window_of([20], [(A, [3])]), piece_from_s=20, keep_from_s=0, absent_is_zero=True)
    assert joined.values[1].tolist() == [5, 6, 0]
    assert joined.present.all()


def test_a_new_series_follows_the_known_ones_and_begins_with_a_gap() -> None:
    joined = merge(window_of([0], [(A, [1])]), window_of([10], [(B, [2]), (A, [3])]), piece_from_s=10, keep_from_s=0)
    assert joined.labels == (A, B)
    assert joined.present.tolist() == [[True, True], [False, True]]


def test_a_series_whose_last_sample_left_the_range_is_dropped() -> None:
    known = window_of([0, 10], [(A, [1, 1]), (B, [5, None])])
    assert merge(known, window_of([20], [(A, [1])]), piece_from_s=20, keep_from_s=10).labels == (A,)


def test_a_nan_that_the_source_sent_stays_a_value() -> None:
    joined = merge(empty_window(), window_of([0, 10], [(A, [math.nan, None])]), piece_from_s=0, keep_from_s=0)
    assert joined.present.tolist() == [[True, False]]


def test_an_overlap_with_other_values_disagrees() -> None:
    known = window_of([0, 10], [(A, [1, 2])])
    assert agree(known, window_of([10], [(A, [2])]), from_s=10, to_s=10)
    assert agree(known, window_of([10], [(A, [2 + 1e-12])]), from_s=10, to_s=10)
    assert not agree(known, window_of([10], [(A, [2.1])]), from_s=10, to_s=10)
    assert not agree(known, window_of([10], [(B, [2])]), from_s=10, to_s=10)
    assert not agree(known, window_of([10], [(A, [None])]), from_s=10, to_s=10)


def test_the_order_of_the_series_does_not_make_an_overlap_disagree() -> None:
    known = window_of([10], [(A, [1]), (B, [2])])
    assert agree(known, window_of([10], [(B, [2]), (A, [1])]), from_s=10, to_s=10)


_samples = st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), min_size=12, max_size=12)


@given(_samples, _samples, st.integers(1, 11), st.integers(0, 3))
def test_extending_piece_by_piece_gives_what_one_fetch_gives(
    a: list[float | None], b: list[float | None], cut: int, overlap: int
) -> None:
    times = [10.0 * k for k in range(12)]
    whole = merge(empty_window(), window_of(times, [(A, a), (B, b)]), piece_from_s=0, keep_from_s=0)
    known = merge(empty_window(), window_of(times[:cut], [(A, a[:cut]), (B, b[:cut])]), piece_from_s=0, keep_from_s=0)
    start = max(cut - overlap, 0)
    piece = window_of(times[start:], [(A, a[start:]), (B, b[start:])])
    joined = merge(known, piece, piece_from_s=times[start], keep_from_s=0)
    assert set(joined.labels) == set(whole.labels)
    for row, labels in enumerate(joined.labels):
        other = whole.labels.index(labels)
        np.testing.assert_array_equal(joined.values[row], whole.values[other])
        np.testing.assert_array_equal(joined.present[row], whole.present[other])
