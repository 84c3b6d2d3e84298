"""What a variable becomes in each place it can stand in."""

from __future__ import annotations

import pytest

from opsdash.core.metrics.queries import EsMetric, EsqlQuery, EsQuery, LogQuery, PromQuery
from opsdash.core.substitution.substitute import builtins_at, references, resolve_query, substitute, unknown_names
from opsdash.core.variables import ALL, Binding, FixedValues, FreeText, LabelValues, ValuesFrom, VariableSpec

FIXED = FixedValues(values=("4..", "5.."))
LABELS = LabelValues(label="service")


def bound(
    *selected: str,
    options: tuple[str, ...] = (),
    multi: bool = True,
    all_value: str = "",
    values_from: ValuesFrom = LABELS,
) -> dict[str, Binding]:
    spec = VariableSpec(name="service", values_from=values_from, multi=multi, include_all=multi, all_value=all_value)
    return {"service": Binding(spec=spec, options=options, selected=selected)}


@pytest.mark.parametrize(
    ("text", "bindings", "expected"),
    [
        ('up{service=~"$service"}', bound("a"), 'up{service=~"a"}'),
        ('up{service=~"$service"}', bound("a.b", "c"), 'up{service=~"(a\\\\.b|c)"}'),
        ('up{service=~"^api-${service}$"}', bound("a", "c"), 'up{service=~"^api-(a|c)$"}'),
        ("up{service=~'$service'}", bound("it's"), "up{service=~'it\\'s'}"),
        ("up{service=~`$service`}", bound("a`b.c"), 'up{service=~"a`b\\\\.c"}'),
        ("up{service=~`\\d+$service`}", bound("a"), 'up{service=~"\\\\d+a"}'),
        ('up{service="$service"}', bound("a.b"), 'up{service="a.b"}'),
        ('up{service="$service"}', bound('a"} or vector(1) #'), 'up{service="a\\"} or vector(1) #"}'),
        ('up{service="x.$service"}', bound("a", "b"), 'up{service=~"x\\\\.(a|b)"}'),
        ('up{service != "$service"}', bound("a", "b"), 'up{service !~ "(a|b)"}'),
        ('up{service=~"$service"}', bound(ALL, options=("a", "b")), 'up{service=~"(a|b)"}'),
        ('up{service="$service"}', bound(ALL, options=("a", "b"), all_value="[ab]+"), 'up{service=~"[ab]+"}'),
        ('up{service=~"$service"}', bound(ALL, all_value=r"\w+"), 'up{service=~"\\\\w+"}'),
        ('up{service=~"$service"}', bound(ALL), 'up{service=~".*"}'),
        ('up{service=~"$service"}', bound("5..", multi=False, values_from=FIXED), 'up{service=~"5.."}'),
        ('up{service=~"$service"}', bound("a|b", multi=False, values_from=FreeText()), 'up{service=~"a|b"}'),
        ('up{service=~"$service"}', bound("a|b", multi=False), 'up{service=~"a\\\\|b"}'),
        ("topk(5, $service)", bound("up"), "topk(5, up)"),
        ("topk(5, $service)", bound("up) or vector(1"), 'topk(5, "up) or vector(1")'),
        ("sum by ($service) (up)", bound("job", "pod"), "sum by (job,pod) (up)"),
        ("rate(x[$service])", bound("5m", multi=False), "rate(x[5m])"),
        ('up # "$service', bound("a"), 'up # "$service'),
        ('up{a="x # $service"}', bound("a"), 'up{a="x # a"}'),
        ('label_replace(up, "a", "$1", "b", "(.*)$")', bound("x"), 'label_replace(up, "a", "$1", "b", "(.*)$")'),
        ('up{a="$other"}', bound("a"), 'up{a="$other"}'),
        ('up{service=~"${service:pipe}"}', bound("a", "b"), 'up{service=~"a|b"}'),
        ('up{service="${service:raw}"}', bound('a"b'), 'up{service="a\\"b"}'),
        ("${service:raw}", bound("sum(up)"), "sum(up)"),
        ('up{service=~"${service:regex}"}', bound("a.b", "c"), 'up{service=~"(a\\\\.b|c)"}'),
        ('up{service="$service', bound('a"b'), 'up{service="a\\"b'),
    ],
)  # fmt: skip
def test_a_variable_in_promql_is_what_its_place_needs(text: str, bindings: dict[str, Binding], expected: str) -> None:
    assert substitute(text, bindings, {}, "promql") == expected


@pytest.mark.parametrize(
    ("text", "bindings", "expected"),
    [
        ("service:$service", bound("orders"), "service:orders"),
        ("service:$service", bound("a b"), 'service:"a b"'),
        ("service:$service", bound("OR"), 'service:"OR"'),
        ("service:$service", bound('a" OR b:"c'), 'service:"a\\" OR b:\\"c"'),
        ("service:$service AND x", bound("a", "b"), 'service:("a" OR "b") AND x'),
        ("service:$service", bound(ALL), "service:*"),
        ("service:$service", bound(ALL, options=("a", "b"), all_value="a*"), "service:a*"),
        ("service:api-$service*", bound("a b"), "service:api-a\\ b*"),
        ('service:"$service"', bound('a"b\\'), 'service:"a\\"b\\\\"'),
        ('service:"api $service"', bound("a", "b"), 'service:("api a" OR "api b")'),
        ("service:/x$service/", bound("a/b", "c."), "service:/x(a\\/b|c\\.)/"),
        ("${service:lucene}", bound("a", "b"), '("a" OR "b")'),
        ("took:>${service}", bound("5"), "took:>5"),
    ],
)
def test_a_variable_in_lucene_is_a_term_a_phrase_or_a_list(
    text: str, bindings: dict[str, Binding], expected: str
) -> None:
    assert substitute(text, bindings, {}, "lucene") == expected


@pytest.mark.parametrize(
    ("text", "bindings", "expected"),
    [
        ("FROM x | WHERE s IN ($service)", bound("a", 'b"'), 'FROM x | WHERE s IN ("a", "b\\"")'),
        ('FROM x | WHERE s == "$service"', bound('b"c\n'), 'FROM x | WHERE s == "b\\"c\\n"'),
        ("FROM x | STATS n = COUNT(*) BY `$service`", bound("a`b"), "FROM x | STATS n = COUNT(*) BY `a``b`"),
        ("FROM x // $service\n| LIMIT 1", bound("a"), "FROM x // $service\n| LIMIT 1"),
        ('WHERE s == """$service"""', bound('a"""b'), 'WHERE s == """ab"""'),
    ],
)
def test_a_variable_in_esql_is_a_quoted_list(text: str, bindings: dict[str, Binding], expected: str) -> None:
    assert substitute(text, bindings, {}, "esql") == expected


@pytest.mark.parametrize(
    ("wanted", "one", "two"),
    [
        ("csv", 'a"b', "a\"b,c'd"),
        ("distributed", 'a"b', "a\"b,service=c'd"),
        ("doublequote", '"a\\"b"', '"a\\"b","c\'d"'),
        ("glob", 'a"b', "{a\"b,c'd}"),
        ("json", '"a\\"b"', '["a\\"b","c\'d"]'),
        ("lucene", 'a\\"b', '("a\\"b" OR "c\'d")'),
        ("percentencode", "a%22b", "%7Ba%22b%2Cc'd%7D"),
        ("pipe", 'a"b', "a\"b|c'd"),
        ("queryparam", "var-service=a%22b", "var-service=a%22b&var-service=c'd"),
        ("raw", 'a"b', "a\"b,c'd"),
        ("regex", 'a"b', "(a\"b|c'd)"),
        ("singlequote", "'a\"b'", "'a\"b','c\\'d'"),
        ("sqlstring", "'a\"b'", "'a\"b','c''d'"),
        ("text", 'a"b', "a\"b + c'd"),
        ("join:;", 'a"b', "a\"b;c'd"),
        ("nonsense", 'a"b', "{a\"b,c'd}"),
    ],
)
def test_a_format_is_grafanas(wanted: str, one: str, two: str) -> None:
    assert substitute(f"${{service:{wanted}}}", bound('a"b'), {}, "plain") == one
    assert substitute(f"${{service:{wanted}}}", bound('a"b', "c'd"), {}, "plain") == two


def test_the_built_ins_are_grafanas() -> None:
    known = builtins_at(step_s=10, start_s=1_000, end_s=4_600, scrape_interval_s=15)
    text = "$__interval ${__interval_ms} $__rate_interval $__range $__range_s $__range_ms $__from $__to"
    assert substitute(text, {}, known, "promql") == "15s 15000 60s 3600s 3600 3600000 1000000 4600000"
    assert substitute("${__to:date:iso}", {}, known, "plain") == "1970-01-01T01:16:40.000Z"
    assert substitute("${__to:date:seconds}", {}, known, "plain") == "4600"


@pytest.mark.parametrize(
    ("step_s", "scrape_s", "interval", "rate"),
    [(60, 15, "60s", "75s"), (10, 5, "10s", "20s"), (0.5, 0.25, "500ms", "1s"), (1, 0, "1s", "1s")],
)
def test_the_rate_interval_spans_four_scrapes_or_an_interval_and_one(
    step_s: float, scrape_s: float, interval: str, rate: str
) -> None:
    known = builtins_at(step_s=step_s, start_s=0, end_s=60, scrape_interval_s=scrape_s)
    assert (known["__interval"], known["__rate_interval"]) == (interval, rate)


def test_references_are_variables_and_not_regex_anchors_or_groups() -> None:
    text = 'label_replace(up{a=~"$a$"}, "d", "${g}$1", "s", "(?P<g>.*)$") + ${b:regex} + $a + $__range'
    assert references(text) == ("a", "b", "__range")
    assert unknown_names(text, bound("x")) == ("a", "b")


def test_nothing_to_replace_gives_the_same_query() -> None:
    query = PromQuery(source="prom", expr="up")
    assert resolve_query(query, {}, step_s=10, start_s=0, end_s=60, scrape_interval_s=15) is query


def resolved(query: EsQuery | LogQuery | PromQuery | EsqlQuery, bindings: dict[str, Binding]) -> object:
    return resolve_query(query, bindings, step_s=10, start_s=0, end_s=60, scrape_interval_s=15)


def test_every_text_of_a_query_is_resolved() -> None:
    count = EsMetric(function="avg", field="$service")
    query = EsQuery(source="logs", query="s:$service", metric=count, group_by=("x", "$service"), index="logs-$service")
    assert resolved(query, bound("a")) == EsQuery(
        source="logs", query="s:a", metric=EsMetric(function="avg", field="a"), group_by=("x", "a"), index="logs-a"
    )
    assert resolved(PromQuery(source="p", expr="rate(x[$__interval])"), {}) == PromQuery(
        source="p", expr="rate(x[15s])"
    )
    esql = EsqlQuery(source="logs", esql="FROM x | STATS c = COUNT(*) BY b = BUCKET(@timestamp, $__interval)")
    assert "BUCKET(@timestamp, 10s)" in resolved(esql, {}).esql  # type: ignore[attr-defined]


def test_a_filter_by_several_values_moves_into_the_query_and_by_all_it_goes() -> None:
    query = LogQuery(source="logs", query="level:error", filters=(("service", "$service"), ("env", "prod")))
    assert resolved(query, bound("a", "b")) == LogQuery(
        source="logs", query='(level:error) AND service:("a" OR "b")', filters=(("env", "prod"),)
    )
    assert resolved(query, bound(ALL)) == LogQuery(source="logs", query="level:error", filters=(("env", "prod"),))
    assert resolved(query, bound("a b")) == LogQuery(
        source="logs", query="level:error", filters=(("service", "a b"), ("env", "prod"))
    )


def test_several_values_of_a_field_variable_group_by_each() -> None:
    query = EsQuery(source="logs", query="", metric=EsMetric(function="count"), group_by=("$service",))
    assert resolved(query, bound("a", "b")).group_by == ("a", "b")  # type: ignore[attr-defined]


def test_a_value_cannot_add_an_index() -> None:
    query = LogQuery(source="logs", query="", index="logs-$service")
    assert resolved(query, bound("a,secret-*")).index == "logs-asecret-"  # type: ignore[attr-defined]
    assert resolved(query, bound(ALL)).index == "logs-*"  # type: ignore[attr-defined]
