"""Templates of labels and annotations: Go's text/template with Prometheus's functions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.templates import Expansion, Sample, TemplateFailed, check_template, expand

ORDERS = Expansion(labels=(("code", "500"), ("service", "orders")), value=0.058)


def test_the_contracts_example_reads_as_a_sentence() -> None:
    assert expand("{{ $labels.service }} fails {{ $value | percent }}", ORDERS) == "orders fails 5.8 %"


def test_a_label_that_is_missing_is_empty() -> None:
    assert expand("[{{ $labels.nope }}]", ORDERS) == "[]"


def test_values_are_text_and_never_template() -> None:
    hostile = Expansion(labels=(("service", "{{ $value }}"),), value=1.0)
    assert expand("{{ $labels.service }}", hostile) == "{{ $value }}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ $labels.service", "unclosed action"),
        ("{{ if true }}x", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ $nope }}", 'undefined variable "$nope"'),
        ("{{ nope 1 }}", 'function "nope" not defined'),
        ('{{ "abc }}', "unterminated quoted string"),
        ("{{ break }}", "outside {{range}}"),
        ("{{ 1 2 }}", "can't give argument"),
        ("{{ | len }}", "empty command"),
        ("{{ }}", "missing value for command"),
        ("{{/* x }}", "unclosed comment"),
        ("{{ (1 }}", "unexpected"),
        ("{{ $value | }}", "missing value for command"),
    ],
)
def test_what_is_no_template_is_refused_before_any_value_is_known(template: str, said: str) -> None:
    problem = check_template(template)
    assert problem is not None
    assert said in problem.message


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ gt $value 1 }}", "incompatible types for comparison"),
        ("{{ $value.Nope }}", "can't evaluate field Nope in type float64"),
        ("{{ humanize $labels }}", "can't convert map[string]string to float"),
        ('{{ humanize "x" }}', "invalid syntax"),
        ('{{ query "up" }}', "query is not to be had here"),
        ("{{ query `none` | first }}", "query is not to be had here"),
        ('{{ template "gone" }}', 'template "gone" not defined'),
        ('{{ index "abc" 9 }}', "index out of range: 9"),
        ("{{ len 5 }}", "len of type int"),
        ('{{ reReplaceAll "(" "" "x" }}', "error parsing regexp"),
        ("{{ range $value }}{{ end }}", "range can't iterate over 0.058"),
        ("{{ humanize }}", "wrong number of args for humanize"),
        ('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', "more than 100 deep"),
    ],
)
def test_what_fails_with_these_values_says_why(template: str, said: str) -> None:
    with pytest.raises(TemplateFailed) as failed:
        expand(template, ORDERS)
    assert said in failed.value.message


def test_an_expansion_ends_and_its_text_is_bounded() -> None:
    many = Expansion(query=lambda _: [Sample(labels={"a": "b" * 100}, value=1.0)] * 2000)
    loops = '{{ range query "a" }}{{ range query "a" }}{{ .Labels.a }}{{ end }}{{ end }}'
    with pytest.raises(TemplateFailed, match=r"longer than|more than"):
        expand(loops, many)
    assert expand("{{ printf `%999999999d` 1 }}", ORDERS) == "1".rjust(1000)


@given(st.text(alphabet=st.sampled_from('{}$.-|()"`\\/* \nabend0x=:,irangewithlvuq'), max_size=80))
def test_any_text_is_expanded_or_refused(template: str) -> None:
    refused = check_template(template)
    with contextlib.suppress(TemplateFailed):
        expand(template, ORDERS)
        assert refused is None


@given(st.floats(allow_nan=False))
def test_a_number_is_printed_so_that_it_can_be_read_back(value: float) -> None:
    assert float(expand("{{ $value }}", Expansion(value=value))) == value
