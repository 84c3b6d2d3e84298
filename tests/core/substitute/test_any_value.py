"""Whatever a value holds, it stays a value."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.core.substitution.substitute import references, substitute
from opsdash.core.substitution.template import parts
from opsdash.core.variables import ALL, Binding, FixedValues, FreeText, LabelValues, VariableSpec

ANY = st.text(max_size=20) | st.text("\"'`\\{}()|$.*+?[]^ab\n#/ ", max_size=12)
LISTS = st.lists(ANY.filter(bool), min_size=2, max_size=4, unique=True)
QUOTES = st.sampled_from(['"', "'", "`"])
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r"}


def chosen(*values: str) -> dict[str, Binding]:
    spec = VariableSpec(name="v", values_from=LabelValues(label="x"), multi=True, include_all=True)
    return {"v": Binding(spec=spec, selected=values)}


def promql_strings(text: str) -> list[str]:
    """The values of the string literals of a PromQL text, as Prometheus reads them."""
    found, at = [], 0
    while at < len(text):
        quoting = text[at]
        at += 1
        if quoting not in "\"'`":
            continue
        end = at
        while text[end] != quoting:
            end += 2 if text[end] == "\\" and quoting != "`" else 1
        inside = text[at:end]
        assert quoting == "`" or "\n" not in inside
        found.append(inside if quoting == "`" else _ESCAPE.sub(lambda hit: _PLAIN.get(hit[1], hit[1]), inside))
        at = end + 1
    return found


@given(ANY, QUOTES)
def test_one_value_in_a_promql_string_is_that_value(value: str, quoting: str) -> None:
    text = substitute(f"up{{a={quoting}<$v>{quoting},b={quoting}c{quoting}}}", chosen(value), {}, "promql")
    assert promql_strings(text) == [f"<{value}>", "c"]


@given(LISTS, QUOTES, ANY)
def test_values_in_a_promql_regex_match_exactly_themselves(values: list[str], quoting: str, other: str) -> None:
    text = substitute(f"up{{a=~{quoting}$v{quoting},b='c'}}", chosen(*values), {}, "promql")
    pattern, last = promql_strings(text)
    assert last == "c"
    for value in values:
        assert re.fullmatch(pattern, value, re.DOTALL)
    assert bool(re.fullmatch(pattern, other, re.DOTALL)) == (other in values)


@given(LISTS)
def test_an_equality_with_several_values_becomes_a_match_of_each(values: list[str]) -> None:
    text = substitute('up{a="x.$v"}', chosen(*values), {}, "promql")
    assert text.startswith("up{a=~")
    (pattern,) = promql_strings(text)
    assert all(re.fullmatch(pattern, f"x.{value}", re.DOTALL) for value in values)
    assert not re.fullmatch(pattern, f"xy{values[0]}", re.DOTALL)


@given(ANY)
def test_outside_of_a_string_a_value_is_one_word_or_one_string(value: str) -> None:
    text = substitute("topk(5, $v)", chosen(value), {}, "promql")
    inside = text.removeprefix("topk(5, ").removesuffix(")")
    assert re.fullmatch(r"[A-Za-z0-9_:.+-]*", inside) or promql_strings(inside) == [value]


def lucene_phrases(text: str) -> list[str]:
    return [_ESCAPE.sub(r"\1", hit) for hit in re.findall(r'"((?:\\.|[^"\\])*)"', text, re.DOTALL)]


@given(LISTS)
def test_values_in_lucene_are_phrases(values: list[str]) -> None:
    text = substitute("s:$v AND t", chosen(*values), {}, "lucene")
    assert lucene_phrases(text) == values
    outside = re.sub(r'"(?:\\.|[^"\\])*"', "P", text, flags=re.DOTALL)
    assert outside == f"s:({' OR '.join('P' * len(values))}) AND t"


@given(ANY)
def test_one_value_in_a_lucene_phrase_stays_in_it(value: str) -> None:
    assert lucene_phrases(substitute('s:"$v" AND "t"', chosen(value), {}, "lucene")) == [value, "t"]


@given(ANY.filter(bool))
def test_a_value_beside_other_letters_of_a_lucene_term_ends_no_term(value: str) -> None:
    text = substitute("s:a$v*", chosen(value), {}, "lucene")
    bare = re.sub(r"\\.", "", text.removeprefix("s:a").removesuffix("*"), flags=re.DOTALL)
    assert not re.search(r'[\s()\[\]{}"/:<>]', bare)


@given(LISTS)
def test_values_in_esql_are_strings(values: list[str]) -> None:
    text = substitute("WHERE x IN ($v)", chosen(*values), {}, "esql")
    inside = text.removeprefix("WHERE x IN (").removesuffix(")")
    plain = {"n": "\n", "r": "\r", "t": "\t"}
    literals = re.findall(r'"((?:\\.|[^"\\])*)"', inside, re.DOTALL)
    assert [_ESCAPE.sub(lambda hit: plain.get(hit[1], hit[1]), one) for one in literals] == values
    assert "\n" not in inside


TEMPLATES = st.text("$v{}:\"'`\\/#=~!ab(| \n*", max_size=40)


@example("`$a", "promql")
@given(TEMPLATES, st.sampled_from(["promql", "lucene", "esql", "plain"]))
def test_a_text_without_known_names_stays_as_it_is(text: str, dialect: str) -> None:
    assert substitute(text, {}, {}, dialect) == text  # type: ignore[arg-type]
    assert isinstance(references(text), tuple)
    assert isinstance(parts(text, dialect), tuple)  # type: ignore[arg-type]


@given(TEMPLATES, st.lists(ANY, max_size=3), st.sampled_from(["promql", "lucene", "esql", "plain"]))
def test_no_text_and_no_value_makes_it_raise(text: str, values: list[str], dialect: str) -> None:
    for values_from in (LabelValues(label="x"), FixedValues(values=("a",)), FreeText()):
        spec = VariableSpec(name="v", values_from=values_from, multi=True, include_all=True)
        for selected in (tuple(values), (ALL,)):
            binding = Binding(spec=spec, options=tuple(values), selected=selected)
            assert isinstance(substitute(text, {"v": binding}, {"__range": "5s"}, dialect), str)  # type: ignore[arg-type]


def test_a_long_text_full_of_open_quotes_is_read_once() -> None:
    text = "$v '\\'" * 50_000
    assert isinstance(substitute(text, chosen("a"), {}, "promql"), str)
