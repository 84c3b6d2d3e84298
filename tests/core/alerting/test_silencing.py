"""Silences: what is made, previewed, extended and ended, and what would hide everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.label_columns import LabelColumns
from opsdash.core.alerting.matcher_text import MatchersWrong, parse_matchers, strange_labels
from opsdash.core.alerting.matchers import Matcher, Matchers, all_match
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.silencing import (
    LONGEST_S,
    SHOWN_AFTER_S,
    expire,
    extend,
    forgotten,
    hidden_by,
    proposed,
    silence,
)
from opsdash.core.alerting.spec import AlertingSpec, CommentRule
from opsdash.core.errors import Refused
from tests.fakes.books import NOW_S, after, alert, book, resolved, rule, spec

ORDERS, USERS = alert(), alert(labels="service=users")
SPEC = spec()


def made(matchers: str, *values: object, spec: AlertingSpec = SPEC, **fields: object) -> Deed:
    wanted = {"by": "mina", "now_s": NOW_S, "for_s": 7200.0, "comment": "deploy", **fields}
    return silence(book(*values), spec, parse_matchers(matchers), **wanted)  # type: ignore[arg-type]


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.message


def test_a_silence_says_what_it_hides_and_for_how_long() -> None:
    deed = made('service="orders"', ORDERS, USERS)
    each = next(iter(after(book(ORDERS, USERS), deed).silences.values()))
    assert (each.starts_at_s, each.ends_at_s, each.by, each.comment) == (NOW_S, NOW_S + 7200, "mina", "deploy")
    assert deed.told == f'silenced service="orders" for 2h; it hides HighErrorRatio (orders) now (id {each.id})'
    assert deed.entries[0].kind == "silence.created"
    assert deed.entries[0].subject == each.id


@pytest.mark.parametrize(
    "matchers",
    ["", 'alertname=~".*"', 'alertname=~".+"', 'service=~".*"', 'service=~".+"', 'service!="none"', 'nothing=""',
     'severity=~"critical|warning|info"', 'service!~"a|b", severity=~".+"', 'alertname=~"HighErrorRatio|HighLatency"'],
)  # fmt: skip
def test_what_would_hide_everything_is_refused_unless_that_is_meant(matchers: str) -> None:
    two = spec(rule(), rule("HighLatency"))
    words = refusal(lambda: made(matchers, ORDERS, spec=two))
    assert words.endswith("confirm that this is meant, or add a matcher")
    assert made(matchers, ORDERS, spec=two, everything=True).writes


@pytest.mark.parametrize(
    "matchers",
    [
        'service="orders"',
        'service=~"orders|users"',
        'severity="warning"',
        'alertname="HighErrorRatio", service=~".+"',
        'service="x", zone!="a"',
    ],
)
def test_what_asks_for_something_in_particular_is_not(matchers: str) -> None:
    assert made(matchers, ORDERS, spec=spec(rule(), rule("HighLatency"))).writes


def test_all_alerts_of_three_rules_are_everything_and_all_of_one_are_not() -> None:
    production = [alert(name, labels=f"env=production,service={name}") for name in ("A", "B", "C")]
    words = refusal(lambda: made('env="production"', *production))
    assert words == "it hides all 3 alerts that there are now; confirm that this is meant, or add a matcher"
    assert made('env="production"', *production, alert("D", labels="env=test")).writes
    assert made('service="orders"', ORDERS).writes


def test_times_are_bounded_and_a_comment_is_needed() -> None:
    assert "lasts 1m to 90d" in refusal(lambda: made('a="b"', for_s=LONGEST_S + 1))
    assert "lasts 1m to 90d" in refusal(lambda: made('a="b"', for_s=float("nan")))
    assert "begins now or within" in refusal(lambda: made('a="b"', starts_in_s=-1.0))
    assert refusal(lambda: made('a="b"', comment=" ")) == "a silence needs a comment that says why"


def test_a_required_comment_holds_for_alerts_that_are_there_and_for_those_that_are_meant() -> None:
    strict = spec(comments=(CommentRule(matchers=parse_matchers('team="shop"'), pattern="INC-.*", hint="write INC-"),))
    shop = alert(labels="service=orders,team=shop")
    assert refusal(lambda: made('service="orders"', shop, spec=strict)).startswith(
        "HighErrorRatio (orders) is silenced"
    )
    assert "with a comment only: write INC-" in refusal(lambda: made('team="shop"', spec=strict))
    assert made('service="users"', shop, spec=strict).writes


def test_the_same_silence_twice_is_told_by_whom() -> None:
    before = after(book(), made('service="orders"'))
    words = refusal(lambda: silence(before, SPEC, parse_matchers('service="orders"'), by="jun", now_s=NOW_S + 60,
                                    for_s=600, comment="x"))  # fmt: skip
    assert words.startswith("mina silenced the same 60 s ago, for another 1h59m; extend it (id ")
    one, other = made('service="orders"'), made('service="orders"')
    assert one.writes[0].key == other.writes[0].key, "a key pressed twice is one silence"


def test_extended_expired_and_forgotten_after_a_quarter_of_an_hour() -> None:
    start = after(book(ORDERS), made('service="orders"', ORDERS))
    name = next(iter(start.silences))
    longer = after(start, extend(start, name[:5], 3600, by="jun", now_s=NOW_S + 60))
    assert longer.silences[name].ends_at_s == NOW_S + 3 * 3600
    deed = expire(longer, name, by="jun", now_s=NOW_S + 120)
    assert deed.told == 'ended the silence of mina: service="orders"; HighErrorRatio (orders) told of again'
    over = after(longer, deed)
    assert over.silences[name].ends_at_s == NOW_S + 120
    assert "ended 10 s ago; nothing to expire" in refusal(lambda: expire(over, name, by="m", now_s=NOW_S + 130))
    assert forgotten(over, now_s=NOW_S + 120 + SHOWN_AFTER_S) == ()
    (last,) = forgotten(over, now_s=NOW_S + 121 + SHOWN_AFTER_S)
    assert after(over, last).silences == {}
    again = after(over, extend(over, name, 600, by="jun", now_s=NOW_S + 200))
    assert again.silences[name].is_active(NOW_S + 799)
    assert not again.silences[name].is_active(NOW_S + 800)


def test_a_silence_is_not_extended_beyond_the_longest_and_unknown_ones_are_told() -> None:
    start = after(book(), made('service="orders"'))
    name = next(iter(start.silences))
    assert "at most" in refusal(lambda: extend(start, name, LONGEST_S, by="m", now_s=NOW_S))
    assert "at least" in refusal(lambda: extend(start, name, float("nan"), by="m", now_s=NOW_S))
    assert f"did you mean {name}?" in refusal(lambda: expire(start, name[:-1] + "z", by="m", now_s=NOW_S))
    assert "there is no silence" in refusal(lambda: expire(book(), "", by="m", now_s=NOW_S))


def test_expired_silences_stay_visible_for_15_minutes_and_hide_nothing() -> None:
    start = after(book(ORDERS), made('service="orders"', ORDERS))
    over = after(start, expire(start, next(iter(start.silences)), by="m", now_s=NOW_S + 60))
    shown = pictured(over, SPEC, now_s=NOW_S + 60 + SHOWN_AFTER_S, operator="m").silences
    assert [(each.state, each.hides) for each in shown] == [("expired", 0)]
    assert pictured(over, SPEC, now_s=NOW_S + 61 + SHOWN_AFTER_S, operator="m").silences == ()


def test_the_preview_is_what_it_hides_and_resolved_ones_are_not_hidden() -> None:
    lines = pictured(book(ORDERS, USERS, resolved("Old")), SPEC, now_s=NOW_S, operator="m").lines
    assert [line.where for line in hidden_by(lines, parse_matchers('service=~"orders"'))] == ["orders"]
    assert hidden_by(lines, parse_matchers('alertname="Old"')) == ()


def test_the_silence_that_is_offered_leaves_out_what_changes_with_each_instance() -> None:
    offered = proposed(alert(labels="service=orders,pod=orders-x1,instance=10.0.0.1:80"), by="m", now_s=NOW_S)
    assert {matcher.name for matcher in offered.matchers} == {"alertname", "service"}
    place = proposed(alert("NodeDown", labels="instance=web-1,job=node"), by="m", now_s=NOW_S)
    assert {matcher.name for matcher in place.matchers} == {"alertname", "instance", "job"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('service="orders"', [("service", "=", "orders")]),
        ('{service="orders", team=~"shop|pay",}', [("service", "=", "orders"), ("team", "=~", "shop|pay")]),
        ("a!=b,c!~d", [("a", "!=", "b"), ("c", "!~", "d")]),
        (r'path="a\"b\\c", re=~"\\d+\."', [("path", "=", r'a"b\c'), ("re", "=~", r"\d+\.")]),
        ('"a.b"="c"', [("a.b", "=", "c")]),
        ("", []),
        ("{}", []),
        ('empty=""', [("empty", "=", "")]),
    ],
)
def test_matchers_are_read_as_alertmanager_reads_them(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(each.name, each.op, each.value) for each in parse_matchers(text)] == expected


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ('service=="orders"', 7, "== is no operator; did you mean =?"),
        ('service~="orders"', 7, "~= is no operator; did you mean =~?"),
        ("service", 7, "after service comes =, !=, =~ or !~, not the end"),
        ('a="b" c="d"', 6, 'a comma is missing before "c="d""'),
        ('a="b', 2, "the closing quote is missing"),
        ("a='b'", 2, "values stand in double quotes"),
        ('{a="b"', 6, "the closing } is missing"),
        ('a="b"}', 5, 'a comma is missing before "}"'),
        ('{a="b"} x', 8, '"x" does not belong here'),
        ('="b"', 0, "a label's name is missing"),
        ('a=~"("', 3, "missing closing )"),
        ('servcie="a"', 0, 'no alert has a label "servcie"; did you mean service?'),
        ("a=", 2, "comes a value in double quotes, not the end"),
    ],
)
def test_what_is_wrong_with_matchers_is_said_with_its_place(text: str, at: int, words: str) -> None:
    with pytest.raises(MatchersWrong) as caught:
        parse_matchers(text, known=["service", "team", "a"])
    assert (caught.value.at, words in caught.value.message) == (at, True), caught.value.message
    assert caught.value.message.startswith(f"at {at + 1}: ")


def test_a_preview_that_hides_nothing_says_which_label_nobody_has() -> None:
    assert strange_labels(parse_matchers("servcie=orders"), [ORDERS.labels]) == (
        '; no alert has a label "servcie"; did you mean service?'
    )
    assert strange_labels(parse_matchers("service=nobody"), [ORDERS.labels]) == ""


_WORDS = st.text(alphabet='ab"\\\n{,.', max_size=5)
_MATCHERS = st.lists(
    st.builds(Matcher, name=st.sampled_from(["x", "y", "__z"]), op=st.sampled_from(["=", "!="]), value=_WORDS),
    max_size=4,
).map(tuple)


@given(_MATCHERS)
def test_what_is_written_is_read_again(matchers: Matchers) -> None:
    kept = tuple(matcher for matcher in matchers if "\n" not in matcher.value)
    assert parse_matchers(", ".join(map(str, kept))) == kept


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    at = 0
    try:
        parse_matchers(text, known=["service"])
    except MatchersWrong as wrong:
        at = wrong.at
    assert 0 <= at <= len(text)


_LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2", "11"]), max_size=3)
_ANY = st.builds(
    Matcher,
    name=st.sampled_from("abcd"),
    op=st.sampled_from(["=", "!=", "=~", "!~"]),
    value=st.sampled_from(["", "1", "1|2", "1.*", ".+", ".*"]),
)


@given(st.lists(_LABELS.map(lambda each: tuple(sorted(each.items())))), st.lists(_ANY, max_size=3).map(tuple))
def test_columns_find_what_looking_at_each_one_finds(
    label_sets: list[tuple[tuple[str, str], ...]], matchers: Matchers
) -> None:
    slow = [at for at, labels in enumerate(label_sets) if all_match(matchers, labels)]
    assert LabelColumns(label_sets).matching(matchers) == slow
