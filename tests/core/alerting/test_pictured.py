"""The picture: every alert with its marks, in the order in which it has to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.marks import Escalation, Note, Silence
from opsdash.core.alerting.matcher_text import parse_matchers
from opsdash.core.alerting.matchers import all_match
from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.alerting.pictured import pictured, runbook_line
from opsdash.core.alerting.ranking import ranked
from opsdash.core.alerting.rules import BurnRate
from opsdash.core.alerting.selecting import all_selected, selected
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec, InhibitRule, MaintenanceWindow, Slo
from opsdash.core.errors import Refused
from tests.fakes.books import NOW_S, ack, alert, book, health, pending, resolved, rule, spec

SPEC = spec()


def picture(of: Book, by: AlertingSpec = SPEC, now_s: float = NOW_S, **fields: object) -> AlertsPicture:
    return pictured(of, by, now_s=now_s, operator="mina", **fields)  # type: ignore[arg-type]


def silence(matchers: str, **fields: object) -> Silence:
    basic = Silence(id="s1", matchers=parse_matchers(matchers), starts_at_s=NOW_S - 10, ends_at_s=NOW_S + 10, by="jun",
                    comment="x", created_at_s=NOW_S - 10)  # fmt: skip
    return replace(basic, **fields)  # type: ignore[arg-type]


def test_what_burns_and_is_nobodys_comes_first_and_what_is_over_last() -> None:
    owned, quiet = alert("Owned"), alert("Quiet", labels="service=users")
    of = book(
        resolved("Over"),
        pending("Waits"),
        quiet,
        owned,
        ack(owned),
        alert("Young", fired_at_s=NOW_S - 5),
        alert("Old"),
        alert("Warns", severity=Severity.WARNING, fired_at_s=NOW_S - 9_000),
        silence('service="users"'),
    )
    assert [line.alert.name for line in picture(of).lines] == [
        "Old", "Young", "Warns", "Owned", "Quiet", "Waits", "Over",
    ]  # fmt: skip
    assert [line.alert.name for line in picture(of).firing()] == ["Old", "Young", "Warns"]


def test_of_the_same_severity_the_faster_burn_comes_first() -> None:
    slow = rule("Slow", condition=BurnRate(slo="web", objective=0.999, windows_s=(3600.0,)))
    fast = rule("Fast", condition=BurnRate(slo="shop", objective=0.999, windows_s=(3600.0,)))
    slos = {
        name: SloStatus(name=name, objective=0.999, window_s=1.0, at_s=NOW_S, budget_left=0.5, burn_rates=rates)
        for name, rates in (("web", {"1h": 2.0}), ("shop", {"5m": 20.0, "1h": 15.0}))
    }
    by = spec(
        slow, fast, slos=tuple(Slo(name=n, objective=0.999, window_s=1.0, source="p", good="", total="") for n in slos)
    )
    shown = picture(book(alert("Slow"), alert("Fast", fired_at_s=NOW_S), slos=slos), by)
    assert [(line.alert.name, line.burn_rate) for line in shown.lines] == [("Fast", 15.0), ("Slow", 2.0)]
    assert [slo.name for slo in shown.slos] == ["web", "shop"]


@given(st.permutations(range(6)))
def test_the_order_does_not_depend_on_the_order_in_the_store(order: list[int]) -> None:
    alerts = [alert(labels=f"service=s{n}") for n in range(6)]
    lines = picture(book(*alerts)).lines
    assert ranked(lines[at] for at in order) == lines


def test_a_line_has_all_that_is_beside_the_alert() -> None:
    here = alert(annotations=(("runbook", "Look at the last deploy\nthen at payments"),))
    mark = Escalation(fingerprint=here.fingerprint, episode=here.episode, level=1, by="jun", at_s=NOW_S)
    said = Note(fingerprint=here.fingerprint, text="rolled back", by="jun", at_s=NOW_S)
    down = alert("NodeDown", labels="zone=a")
    by = spec(
        inhibit=(InhibitRule(source=parse_matchers("alertname=NodeDown"), target=parse_matchers("service=orders")),),
        maintenance=(MaintenanceWindow(name="move", matchers=parse_matchers("service=orders"), starts_at_s=0.0,
                                       ends_at_s=NOW_S + 1),),
    )  # fmt: skip
    of = book(here, down, ack(here), mark, said, silence("service=orders"), health(rule(), {here.fingerprint: 0.5}))
    line = next(each for each in picture(of, by).lines if each.where == "orders")
    assert line.ack is not None
    assert (line.ack.owner, line.note, line.escalation) == ("mina", said, mark)
    assert (line.inhibited_by, line.maintenance, line.is_quiet) == ("NodeDown (a)", "move", True)
    assert [each.id for each in line.silences] == ["s1"]
    assert (line.alert.value, line.runbook, line.rule) == (0.5, "Look at the last deploy", by.groups[0].rules[0])


def test_time_alone_changes_it_though_the_book_is_the_same() -> None:
    here = alert()
    of = book(here, ack(here, expires_at_s=NOW_S + 5), silence("service=orders", starts_at_s=NOW_S + 2))
    seen = [picture(of, now_s=NOW_S + at).lines[0] for at in (0, 3, 6, 11, 0)]
    assert [(line.ack is not None, bool(line.silences)) for line in seen] == [
        (True, False), (True, True), (False, True), (False, False), (True, False),
    ]  # fmt: skip


def test_a_picture_of_the_same_book_has_the_very_same_lines() -> None:
    of = book(alert(), alert(labels="service=users"))
    assert picture(of).lines is picture(of, now_s=NOW_S + 1).lines
    one, other = picture(of).lines, picture(replace(of, acks={of.revision.__str__(): ack(alert())})).lines  # type: ignore[dict-item]
    assert [a is b for a, b in zip(one, other, strict=True)] == [True, True]


def test_a_silence_of_an_alertmanager_hides_what_that_one_tells_of() -> None:
    ours, theirs = alert(), alert("Watchdog", origin="am", rule="")
    held = [silence("service=orders", id="am1", origin="am")]

    def hidden(by: AlertingSpec) -> set[str]:
        lines = picture(book(ours), by, foreign=[theirs], foreign_silences=held).lines
        return {line.alert.name for line in lines if line.silences}

    assert hidden(SPEC) == {"Watchdog"}
    assert hidden(spec(send_to=("am",))) == {"Watchdog", "HighErrorRatio"}


def test_one_of_ours_that_comes_back_from_an_alertmanager_is_shown_once() -> None:
    ours = alert()
    lines = picture(book(ours), foreign=[replace(ours, origin="am", rule="")]).lines
    assert [line.alert.origin for line in lines] == [""]


def test_rules_say_how_many_fire_and_whether_they_are_late() -> None:
    known = health(rule(), {}, at_s=NOW_S - 31)
    shown = picture(book(alert(), pending(labels="a=b"), resolved(labels="a=c"), known), spec(rule(), rule("New")))
    assert [(each.rule.name, each.is_late, each.pending, each.firing) for each in shown.rules] == [
        ("HighErrorRatio", True, 1, 1),
        ("New", False, 0, 0),
    ]
    assert not picture(book(replace(known, evaluated_at_s=NOW_S - 30))).rules[0].is_late


def test_silences_are_listed_by_what_ends_first() -> None:
    of = book(
        silence("a=b", id="late", ends_at_s=NOW_S + 99),
        silence("a=b", id="soon"),
        silence("a=b", id="next", starts_at_s=NOW_S + 5, ends_at_s=NOW_S + 50),
        silence("a=b", id="gone", ends_at_s=NOW_S - 5),
    )
    states = [(each.silence.id, each.state) for each in picture(of).silences]
    assert states == [("soon", "active"), ("late", "active"), ("next", "pending"), ("gone", "expired")]


@pytest.mark.parametrize(
    ("annotations", "line"),
    [
        ({"runbook": "\n  first \nsecond"}, "first "),
        ({"runbook_url": "https://x/y"}, "https://x/y"),
        ({"runbook": "a\x1b[2J"}, "a␛[2J"),
        ({"summary": "no runbook"}, ""),
        ({"runbook": "x" * 9_999}, "x" * 300),
    ],
)
def test_the_first_line_of_a_runbook_is_clean_and_short(annotations: dict[str, str], line: str) -> None:
    assert runbook_line(tuple(sorted(annotations.items()))) == line


def test_alerts_are_found_by_what_a_person_writes() -> None:
    orders, users, other = alert(), alert(labels="service=users"), alert("HighLatency")
    lines = picture(book(orders, users, other)).lines
    found: Callable[[str], set[str]] = lambda text: {line.alert.fingerprint for line in selected(lines, text)}  # noqa: E731
    assert found(orders.fingerprint[:6]) == {orders.fingerprint}
    assert found("HighErrorRatio") == {orders.fingerprint, users.fingerprint}
    assert found('HighErrorRatio{service="users"}') == {users.fingerprint}
    assert found("{service=orders}") == {orders.fingerprint, other.fingerprint}
    assert len(all_selected(lines, ["HighErrorRatio", orders.fingerprint])) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("HighErorRatio", 'there is no alert "HighErorRatio" now; did you mean HighErrorRatio?'),
        ("Zzz", "; there are: HighErrorRatio"),
        ("HighErrorRatio{service=nobody}", "no alert HighErrorRatio matches {service=nobody}; there are: orders"),
        ("HighErrorRatio{servce=orders}", 'no alert has a label "servce"; did you mean service?'),
        ("", "no alert was named"),
        ("a=b", "is no fingerprint and no NAME{matchers}"),
    ],
)
def test_what_is_not_found_is_told_with_what_was_meant(text: str, words: str) -> None:
    lines = picture(book(alert())).lines
    with pytest.raises(Refused) as caught:
        selected(lines, text)
    assert words in caught.value.message
    with pytest.raises(Refused, match="there is no alert now"):
        selected((), "HighErrorRatio")


def test_a_beginning_that_two_have_is_too_short() -> None:
    twins = [alert(labels="a=1", fingerprint="abcd000000000001"), alert(labels="a=2", fingerprint="abcd000000000002")]
    with pytest.raises(Refused, match="2 fingerprints begin with abcd"):
        selected(picture(book(*twins)).lines, "abcd")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("12")), max_size=6), st.sampled_from(
    ['a="1"', 'a!="1"', 'a=~"1|2"', 'b!~"1"', 'a="", b="2"']))  # fmt: skip
def test_a_silence_hides_exactly_what_its_matchers_match(pairs: list[tuple[str, str]], matchers: str) -> None:
    alerts = {a.fingerprint: a for name, value in pairs for a in [alert(labels=f"{name}={value}")]}
    for line in picture(book(*alerts.values(), silence(matchers))).lines:
        assert bool(line.silences) is all_match(parse_matchers(matchers), line.alert.labels)
        assert line.alert.phase is Phase.FIRING
