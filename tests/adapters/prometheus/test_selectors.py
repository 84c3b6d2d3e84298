"""The selectors of an expression, found without a parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.prometheus.selectors import Matcher, Selector, selectors_of


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("up", ["up"]),
        ('up{job="api"}', ['up{job="api"}']),
        ('{__name__="up",job=~"a.*"}', ['up{job=~"a.*"}']),
        ('{job="api"}', ['{job="api"}']),
        ("rate(http_requests_total{code!~'5..'}[5m]) > 0.5", ['http_requests_total{code!~"5.."}']),
        ("sum by (service, le) (rate(x_bucket[1m])) / on (a) group_left (b) y", ["x_bucket", "y"]),
        ("sum(rate(a[1m])) without (pod)", ["a"]),
        ("avg without (a) (job:x:rate5m)", ["job:x:rate5m"]),
        ("a and b or c unless d offset 5m", ["a", "b", "c", "d"]),
        ("a # b\n + c", ["a", "c"]),
        ('label_replace(up, "a", "$1", "b", "(.*)")', ["up"]),
        ('m{a="x\\"y\\\\z",b=`raw\\n`}', ['m{a="x\\"y\\\\z",b="raw\\\\n"}']),
        ('{"utf.8 name", "a.b"="c"}', ['{a.b="c"}']),
        ("a == bool b", ["a", "b"]),
        ("1 + 0x1F + Inf - NaN", []),
        ("up @ end()", ["up"]),
        ("m{", ["m"]),
        ("sum(", []),
        ("", []),
    ],
)
def test_selectors_are_found(expr: str, expected: list[str]) -> None:
    assert [str(selector) for selector in selectors_of(expr)] == expected


def test_the_same_selector_counts_once_and_there_is_an_end() -> None:
    assert len(selectors_of("up + up + up")) == 1
    assert len(selectors_of(" + ".join(f"m{n}" for n in range(100)))) == 8


@given(st.text(alphabet='ab{}()"\\`=~!, \n#[]1:by', max_size=60) | st.text(max_size=60))
def test_no_text_breaks_it(expr: str) -> None:
    selectors_of(expr)


labels = st.from_regex(r"[a-z_]{1,5}", fullmatch=True)
matchers = st.builds(Matcher, labels, st.sampled_from(["=", "!=", "=~", "!~"]), st.text(max_size=8))


@given(st.builds(Selector, labels.map(lambda name: f"m_{name}"), st.lists(matchers, max_size=3).map(tuple)))
def test_what_is_written_is_read_back(selector: Selector) -> None:
    assert selectors_of(str(selector)) == (selector,)
