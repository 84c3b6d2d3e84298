"""What is no query is refused as Prometheus 2.42 refuses it, word for word and at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsdash.core.promql import EvaluationError, ParseError, Semantics, parse, selectors
from opsdash.core.promql.storage import Matcher, MatchOp
from tests.core.promql.series import at, engine

RECORDED = [json.loads(line) for line in (Path(__file__).parent / "refusals.jsonl").read_text().splitlines()]
"""Queries and what a real Prometheus 2.42 said to them; nothing where it took them."""


@pytest.mark.parametrize(("query", "words"), RECORDED)
def test_a_bad_query_is_refused_in_the_words_of_prometheus(query: str, words: str) -> None:
    if not words:
        assert parse(query).query == query
        return
    with pytest.raises(ParseError) as refused:
        parse(query)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    "query",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "x",
        "1" + "+1" * 5000,
        "1" + "^1" * 5000,
        "abs(" * 999 + "x" + ")" * 999,
    ],
)
@pytest.mark.parametrize("semantics", Semantics)
def test_deep_nesting_is_a_refusal_and_not_the_end_of_the_stack(query: str, semantics: Semantics) -> None:
    with pytest.raises(ParseError, match=r"nested|operators"):
        parse(query, semantics)


def test_what_a_person_would_nest_is_answered() -> None:
    deep = "abs(" * 40 + "x" + ")" * 40
    assert at({"x": [-2.0]}, deep + "+1" * 40, 0) == {"": 42.0}


def test_a_query_without_end_is_refused() -> None:
    with pytest.raises(ParseError, match="longer than 100,000 characters"):
        parse("x" * 100_001)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(?=a)", r"(a)\\1", "a{2000}", "(a|aa)*"])
def test_a_regex_that_could_take_for_ever_or_is_not_re2_is_refused(pattern: str) -> None:
    with pytest.raises(ParseError, match="error parsing regexp"):
        parse(f'x{{a=~"{pattern}"}}')


def test_the_place_of_an_error_is_known_too() -> None:
    with pytest.raises(ParseError) as refused:
        parse("sum(x) +\n  rate(y)")
    assert refused.value.position == 16
    assert str(refused.value).startswith("2:8: ")


def test_columns_are_counted_in_bytes() -> None:
    with pytest.raises(ParseError, match=r'^1:15: parse error: unexpected identifier "b"'):
        parse('x{a="日本"} b')


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("x + on(a) x", "found duplicate series for the match group {} on the right hand-side of the operation: "
         '[{__name__="x", i="2"}, {__name__="x", i="1"}];'
         "many-to-many matching not allowed: matching labels must be unique on one side"),
        ("x + on(a) sum(x)",
         "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"),
        ("x * on() group_left sum(x) + on() group_left(i) sum(x)",
         "multiple matches for labels: grouping labels must ensure unique matches"),
        ('label_replace(x, "i", "", "", "")', "vector cannot contain metrics with the same labelset"),
        ('-label_replace({__name__=~"x|y"}, "i", "", "", "")', "vector cannot contain metrics with the same labelset"),
        ('label_replace(x, "~", "", "i", "(.*)")', "invalid destination label name in label_replace(): ~"),
        ('label_replace(x, "a", "", "i", "(")', "invalid regular expression in label_replace(): ("),
        ('label_join(x, "~", "-", "i")', "invalid destination label name in label_join(): ~"),
        ('label_join(x, "a", "-", "~")', "invalid source label name in label_join(): ~"),
        ('count_values("~", x)', 'invalid label name "~"'),
        ("topk(NaN, x)", "Scalar value NaN overflows int64"),
        ("topk(1e300, x)", "Scalar value 1e+300 overflows int64"),
        ("holt_winters(x[1m], 2, 0.5)", "invalid smoothing factor. Expected: 0 < sf < 1, got: 2.000000"),
        ("holt_winters(x[1m], 0.5, 0)", "invalid trend factor. Expected: 0 < tf < 1, got: 0.000000"),
    ],
)  # fmt: skip
def test_what_the_series_do_not_allow_is_said_in_the_words_of_prometheus(query: str, words: str) -> None:
    rows = {"x i=1": [1.0, 2.0], "x i=2": [3.0, 4.0], "y i=1": [1.0, 1.0]}
    with pytest.raises(EvaluationError) as refused:
        engine(rows).instant(query, 15_000)
    assert str(refused.value) == words


@pytest.mark.parametrize(("query", "kind"), [("x[5m]", "range vector"), ('"a"', "string")])
def test_a_range_query_is_of_numbers(query: str, kind: str) -> None:
    with pytest.raises(EvaluationError, match=f'invalid expression type "{kind}" for range query'):
        engine({}).range(query, 0, 60_000, 15_000)


def test_the_selectors_of_a_query_are_told_in_its_order() -> None:
    assert selectors('rate(x{a="1"}[5m]) / on(a) {b=~"y"} @ 5') == [
        (Matcher("a", MatchOp.EQUAL, "1"), Matcher("__name__", MatchOp.EQUAL, "x")),
        (Matcher("b", MatchOp.REGEX, "y"),),
    ]


@pytest.mark.parametrize(
    "query",
    [
        'sum by (a, b) (rate(x{a=~"b.*"}[5m] offset 1m)) > bool on (c) group_left (d) -y ^ 2 * 3',
        "max_over_time((a or b and c unless ignoring (d) e)[1h:30s] @ end() offset -5m)",
        'topk(3, x @ 1.5) / quantile(0.5, {__name__="y", b!="1", c!~"2"})',
        'count_values without (le) ("v", histogram_quantile(0.9, x)) atan2 on () group_right y',
    ],
)
def test_our_grammar_and_that_of_prometheus_3_read_the_same_tree(query: str) -> None:
    assert parse(query, Semantics.V2).root == parse(query, Semantics.V3).root


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("x @ -5", "times before 1970"),
        ("a + fill(0) b", "fill modifier"),
        ('x{a="b" or c="d"}', "`or` between matchers"),
        ("rate(x)", "expected type matrix"),
        ('x{a=~"(a+)+"}', "take for ever"),
    ],
)
def test_what_the_engine_has_not_of_prometheus_3_is_refused(query: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse(query, Semantics.V3)
