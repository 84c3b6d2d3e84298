"""A query is written anew as `/api/v1/format_query` of Prometheus 2.42 writes it; the lines were recorded from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.promql import format_query, parse
from opsdash.core.promql.numbers import shortest, spelled_number


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("sum(x)by(a,b)", "sum by (a, b) (x)"),
        ('x{b="2",a=~"1"}[90m]offset -1d', 'x{a=~"1",b="2"}[1h30m] offset -1d'),
        ("x@1.5", "x @ 1.500"),
        ("SUM(x)  BY (A)", "sum by (A) (x)"),
        ("a/on()group_left b", "a / on () group_left () b"),
        ("a >bool ignoring(c) b", "a > bool ignoring (c) b"),
        ("x[1w:5s] @ end()", "x[1w:5s] @ end()"),
        ("x[8d]", "x[8d]"),
        ("1000000", "1e+06"),
        ("1234567.5", "1.2345675e+06"),
        ("0.00001234", "1.234e-05"),
        ('"a\\n\\u00e9"', '"a\\né"'),
    ],
)
def test_short_queries_stay_on_a_line(query: str, written: str) -> None:
    assert format_query(query) == written


def test_long_queries_are_cut_where_their_parts_begin() -> None:
    selector = 'http_requests_total{code=~"5..",service="checkout"}'
    assert format_query(
        f"sum(rate({selector}[5m])) by (service) / sum(rate(http_requests_total[5m])) by (service)"
    ) == (f"  sum by (service) (rate({selector}[5m]))\n/\n  sum by (service) (rate(http_requests_total[5m]))")


@given(st.floats(allow_nan=False))
def test_a_number_is_read_back_as_it_was(number: float) -> None:
    assert float(shortest(number)) == number
    assert float(spelled_number(number)) == number


@given(st.sampled_from(["rate(x[5m])", "sum by (a) (x) > 1", "-x ^ 2", "(a or b) and c", "topk(3, x offset 5m)"]))
def test_what_was_written_anew_is_the_same_query(query: str) -> None:
    written = format_query(query)
    assert parse(written).root == parse(query).root
    assert format_query(written) == written
