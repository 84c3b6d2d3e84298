"""Who owns an alert: what each verb writes, what it refuses, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.deed import Deed, signed
from opsdash.core.alerting.marks import Escalation
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.overtaking import overtaken_by
from opsdash.core.alerting.ownership import acknowledge, assign, escalate, level_of, note, unacknowledge
from opsdash.core.alerting.rules import AckPolicy
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import CommentRule, Escalate, NotifierSpec
from opsdash.core.audit import canonical
from opsdash.core.errors import Refused
from tests.fakes.books import NOW_S, ack, after, alert, book, health, pending, resolved, rule, spec

ORDERS, USERS = alert(), alert(labels="service=users")
SPEC = spec()


def refusal(work: Callable[[], Deed]) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.message


def test_who_acknowledges_owns_it_for_as_long_as_the_rule_says() -> None:
    deed = acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S, zone=UTC)
    held = after(book(ORDERS), deed).acks[ORDERS.fingerprint]
    assert (held.owner, held.by, held.episode, held.expires_at_s) == ("mina", "mina", ORDERS.episode, NOW_S + 4 * 3600)
    assert deed.told == "acknowledged HighErrorRatio (orders) until 18:13"
    assert [(e.kind, e.actor, e.subject) for e in deed.entries] == [("mark.acknowledged", "mina", ORDERS.fingerprint)]
    assert "HighErrorRatio (orders) acknowledged for 4h" in deed.entries[0].text


def test_it_holds_for_the_time_that_was_asked_for() -> None:
    deed = acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S, for_s=1800, note="on it")
    assert after(book(ORDERS), deed).acks[ORDERS.fingerprint].expires_at_s == NOW_S + 1800
    assert deed.told == "acknowledged HighErrorRatio (orders) for 30m"
    assert deed.entries[0].data["note"] == "on it"


@pytest.mark.parametrize("for_s", [0.0, -5.0, 59.0, 31 * 86_400.0, float("inf"), float("nan")])
def test_a_time_that_makes_no_sense_is_refused(for_s: float) -> None:
    words = refusal(lambda: acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S, for_s=for_s))
    assert "holds for 1m to 30d" in words


def test_an_alert_that_just_resolved_says_since_when() -> None:
    over = resolved()
    words = refusal(lambda: acknowledge(book(over), SPEC, [over.fingerprint], by="mina", now_s=NOW_S))
    assert words == "HighErrorRatio (orders) resolved 20 s ago; nothing to acknowledge"


def test_one_that_is_somebodys_says_whose_and_how_to_take_it_over() -> None:
    before = book(ORDERS, ack(ORDERS, "jun", note="db"))
    words = refusal(lambda: acknowledge(before, SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S))
    assert words == "jun acknowledged HighErrorRatio (orders) 60 s ago: db; to take it over, assign it to yourself"


def test_who_owns_it_already_renews_it() -> None:
    before = book(ORDERS, ack(ORDERS, "mina", value=0.01))
    held = after(before, acknowledge(before, SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S)).acks
    assert (held[ORDERS.fingerprint].at_s, held[ORDERS.fingerprint].value) == (NOW_S, 0.06)


def test_an_acknowledgement_that_is_over_does_not_stand_in_the_way() -> None:
    before = book(ORDERS, ack(ORDERS, "jun", expires_at_s=NOW_S - 1))
    assert (
        after(before, acknowledge(before, SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S))
        .acks[ORDERS.fingerprint]
        .owner
        == "mina"
    )


def test_an_unknown_fingerprint_says_which_one_was_meant() -> None:
    near = ORDERS.fingerprint[:-1] + ("0" if ORDERS.fingerprint[-1] != "0" else "1")
    words = refusal(lambda: acknowledge(book(ORDERS), SPEC, [near], by="mina", now_s=NOW_S))
    assert words.startswith(f"there is no alert {near}")
    assert words.endswith(f"did you mean {ORDERS.fingerprint}?")


def test_a_pending_alert_can_be_taken_and_stays_taken_when_it_fires() -> None:
    waiting = pending()
    before = book(waiting)
    held = after(before, acknowledge(before, SPEC, [waiting.fingerprint], by="mina", now_s=NOW_S)).acks
    fired = alert(active_at_s=waiting.active_at_s, fired_at_s=NOW_S + 5)
    words = refusal(
        lambda: acknowledge(
            book(fired, held[waiting.fingerprint]), SPEC, [fired.fingerprint], by="jun", now_s=NOW_S + 10
        )
    )
    assert words.startswith("mina acknowledged")


def test_of_several_those_that_can_be_are_taken_and_the_others_told() -> None:
    over, mine = resolved("HighLatency"), alert("PoolWaiting")
    before = book(ORDERS, USERS, over, mine, ack(mine, "jun"))
    keys = [ORDERS.fingerprint, USERS.fingerprint, over.fingerprint, mine.fingerprint]
    deed = acknowledge(before, SPEC, keys, by="mina", now_s=NOW_S)
    assert {write.key for write in deed.writes} == {ORDERS.fingerprint, USERS.fingerprint}
    assert deed.told.startswith("acknowledged HighErrorRatio (orders) and HighErrorRatio (users) for 4h")
    assert "; 2 left alone: HighLatency (orders) resolved 20 s ago" in deed.told


def test_where_none_of_several_can_be_taken_every_reason_is_said() -> None:
    one, other = resolved("A"), resolved("B")
    words = refusal(
        lambda: acknowledge(book(one, other), SPEC, [one.fingerprint, other.fingerprint], by="mina", now_s=NOW_S)
    )
    assert words.startswith("none of these 2 alerts: A (orders) resolved 20 s ago")
    assert (
        refusal(lambda: acknowledge(book(one), SPEC, [], by="m", now_s=NOW_S)) == "no alert was named; nothing was done"
    )


def test_bulk_says_how_many() -> None:
    many = [alert(labels=f"service=s{n}") for n in range(5)]
    deed = acknowledge(book(*many), SPEC, [each.fingerprint for each in many], by="mina", now_s=NOW_S)
    assert deed.told == "acknowledged 5 alerts for 4h"
    assert len(deed.entries) == 5


def test_a_comment_that_is_required_is_asked_for_by_its_hint() -> None:
    wants = spec(comments=(CommentRule(matchers=(Matcher(name="service", op="=", value="orders"),),
                                       pattern=r"INC-\d+.*", hint="write INC- and the number"),))  # fmt: skip
    words = refusal(lambda: acknowledge(book(ORDERS), wants, [ORDERS.fingerprint], by="mina", now_s=NOW_S, note="hm"))
    assert words == "HighErrorRatio (orders) is acknowledged with a comment only: write INC- and the number"
    assert acknowledge(book(ORDERS), wants, [ORDERS.fingerprint], by="mina", now_s=NOW_S, note="INC-12 db").writes
    assert acknowledge(book(USERS), wants, [USERS.fingerprint], by="mina", now_s=NOW_S).writes


def test_a_comment_rule_without_a_hint_shows_its_pattern_and_a_bad_pattern_wants_any_comment() -> None:
    wants = spec(comments=(CommentRule(matchers=(), pattern=r"T-\d+"),))
    words = refusal(lambda: acknowledge(book(ORDERS), wants, [ORDERS.fingerprint], by="m", now_s=NOW_S))
    assert words.endswith(r"with a comment only that matches T-\d+")
    broken = spec(comments=(CommentRule(matchers=(), pattern="("),))
    assert acknowledge(book(ORDERS), broken, [ORDERS.fingerprint], by="m", now_s=NOW_S, note="x").writes


def test_hostile_and_endless_notes_are_cleaned_or_refused() -> None:
    deed = acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="m", now_s=NOW_S, note="a\x1b[31m\nb\x07")
    assert deed.entries[0].data["note"] == "a␛[31m b␇"
    assert "1,000 characters" in refusal(
        lambda: acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="m", now_s=NOW_S, note="x" * 1001)
    )


def test_unacknowledged_is_nobodys_and_says_whose_it_was() -> None:
    before = book(ORDERS, ack(ORDERS, "jun"))
    deed = unacknowledge(before, SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S)
    assert after(before, deed).acks == {}
    assert deed.told == "nobody owns HighErrorRatio (orders) any more (before: jun)"
    assert deed.entries[0].text == "HighErrorRatio (orders) taken from jun"
    assert refusal(lambda: unacknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="m", now_s=NOW_S)) == (
        "HighErrorRatio (orders) is not acknowledged"
    )


def test_assigning_takes_over_and_keeps_the_note() -> None:
    before = book(ORDERS, ack(ORDERS, "jun", note="db"))
    deed = assign(before, SPEC, [ORDERS.fingerprint], "mina", by="mina", now_s=NOW_S)
    held = after(before, deed).acks[ORDERS.fingerprint]
    assert (held.owner, held.by, held.note) == ("mina", "mina", "db")
    assert deed.told == "mina owns HighErrorRatio (orders) for 4h"
    assert deed.entries[0].data["before"] == "jun"
    assert "(before: jun)" in deed.entries[0].text


def test_nobody_is_assigned_who_is_not_there() -> None:
    before = book(ORDERS, seen_operators={"mina": NOW_S})
    words = refusal(
        lambda: assign(before, SPEC, [ORDERS.fingerprint], "mian", by="jun", now_s=NOW_S, is_operator=lambda _: False)
    )
    assert words == 'this system has no user "mian"; did you mean mina?'


def test_a_note_is_written_beside_every_alert_also_a_resolved_one() -> None:
    over = resolved("HighLatency")
    before = book(ORDERS, over)
    deed = note(before, SPEC, [ORDERS.fingerprint, over.fingerprint], "rolled back", by="mina", now_s=NOW_S)
    assert {each.text for each in after(before, deed).notes.values()} == {"rolled back"}
    assert refusal(lambda: note(before, SPEC, [ORDERS.fingerprint], " \n", by="m", now_s=NOW_S)).startswith(
        "the note is"
    )
    assert all(write.expects is None for write in deed.writes), "two notes at once are both kept"


def test_escalating_goes_up_a_level_at_a_time_to_the_highest() -> None:
    two = spec(
        escalate=(Escalate(after_s=900, level=2),), notifiers=(NotifierSpec(name="pager", kind="webhook", level=1),)
    )
    before = book(ORDERS)
    first = escalate(before, two, [ORDERS.fingerprint], by="mina", now_s=NOW_S, note="need help")
    assert first.told == "escalated HighErrorRatio (orders) to level 1"
    once = after(before, first)
    twice = after(once, escalate(once, two, [ORDERS.fingerprint], by="mina", now_s=NOW_S))
    assert level_of(ORDERS, twice.escalations) == 2
    words = refusal(lambda: escalate(twice, two, [ORDERS.fingerprint], by="mina", now_s=NOW_S))
    assert words == "HighErrorRatio (orders) is at level 2 already, the highest there is"


def test_an_escalation_of_an_earlier_time_does_not_count_and_nobody_to_tell_is_said() -> None:
    old = Escalation(fingerprint=ORDERS.fingerprint, episode="other", level=3, by="jun", at_s=NOW_S - 9_000)
    deed = escalate(book(ORDERS, old), SPEC, [ORDERS.fingerprint], by="mina", now_s=NOW_S)
    assert (
        deed.told
        == "escalated HighErrorRatio (orders) to level 1; every screen shows it, and no notifier has that level"
    )


def test_an_alertmanagers_alert_is_owned_like_ours() -> None:
    theirs = alert("Watchdog", rule="", origin="am")
    deed = acknowledge(book(), SPEC, [theirs.fingerprint], by="mina", now_s=NOW_S, foreign=[theirs])
    assert after(book(), deed).acks[theirs.fingerprint].origin == "am"


def test_it_remembers_the_newest_value_and_the_rules_own_time() -> None:
    short = rule(ack=AckPolicy(expires_s=600))
    before = book(ORDERS, health(short, {ORDERS.fingerprint: 0.09}))
    held = after(before, acknowledge(before, spec(short), [ORDERS.fingerprint], by="m", now_s=NOW_S)).acks
    assert (held[ORDERS.fingerprint].value, held[ORDERS.fingerprint].expires_at_s) == (0.09, NOW_S + 600)


def test_of_two_at_once_one_wins_and_the_other_is_told_by_whom() -> None:
    before = book(ORDERS)
    mine, theirs = (acknowledge(before, SPEC, [ORDERS.fingerprint], by=by, now_s=NOW_S) for by in ("mina", "jun"))
    won = after(before, mine)
    with pytest.raises(AssertionError):
        after(won, theirs)
    words = overtaken_by(won, "ack", ORDERS.fingerprint)
    assert words == "mina acknowledged HighErrorRatio (orders) first; nothing was changed"
    assert "given back" in overtaken_by(before, "ack", ORDERS.fingerprint)
    assert overtaken_by(before, "silence", "abc").startswith("abc was changed")


def test_who_logged_in_is_in_the_history_beside_who_acts() -> None:
    deed = acknowledge(book(ORDERS), SPEC, [ORDERS.fingerprint], by="root", now_s=NOW_S)
    assert signed(deed, "alice").entries[0].data["login"] == "alice"
    assert "login" not in signed(deed, "root").entries[0].data


@given(st.text(), st.text(max_size=40), st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_is_written_the_history_can_be_hashed(text: str, owner: str, value: float) -> None:
    wild = replace(ORDERS, value=value, severity=Severity.WARNING)
    before = book(wild)
    try:
        deed = assign(before, SPEC, [wild.fingerprint], owner, by="m", now_s=NOW_S, note=text)
    except Refused:
        return
    assert all(canonical(1, entry) for entry in deed.entries)
    assert all(entry.text.isprintable() for entry in deed.entries)
    assert after(before, deed).acks[wild.fingerprint].owner == owner
