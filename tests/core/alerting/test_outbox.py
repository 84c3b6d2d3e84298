"""What a notifier is told, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.delivering import GIVE_UP_S, claimed, delivered, failed
from opsdash.core.alerting.marks import Escalation
from opsdash.core.alerting.outbox import Thread, notice_of
from opsdash.core.alerting.outbox_codec import thread_read, thread_written
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.planning import LEFT_S, STORM_GROUPS, left_behind, planned
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.errors import AccessDenied, SourceBusy, SourceUnavailable
from tests.fakes import books
from tests.fakes.books import NOW_S

HOOK = NotifierSpec(name="hook", kind="webhook")


class Outbox:
    """One notifier and what was written; every plan goes through its document, as after a restart."""

    def __init__(self, notifier: NotifierSpec = HOOK) -> None:
        self.notifier = notifier
        self.threads: dict[str, Thread] = {}
        self.now_s = NOW_S

    def plan(self, *values: object) -> list[tuple[str, int]]:
        book = books.book(*values)  # type: ignore[arg-type]
        lines = pictured(book, books.spec(), now_s=self.now_s, operator="mina").lines
        new = planned(self.threads, lines, self.notifier, ("alertname",), now_s=self.now_s)
        for thread in new:
            body = thread_written(thread).body
            self.threads[thread.key] = thread_read(body) if body is not None else thread
            assert self.threads[thread.key] == thread
        return [(one.intent.kind, len(one.intent.alerts)) for one in new if one.intent is not None]

    def deliver(self) -> None:
        for key, thread in self.threads.items():
            self.threads[key] = delivered(thread, "200", now_s=self.now_s)[0]

    def fail(self) -> None:
        """Every message is answered with a temporary error."""
        for key, thread in self.threads.items():
            self.threads[key] = failed(thread, SourceUnavailable("down"), now_s=self.now_s, jitter=0.5)[0]


def many(count: int) -> list[Alert]:
    return [books.alert(labels=f"service=s{number}") for number in range(count)]


def test_an_alert_is_told_once_then_its_owner_then_its_end() -> None:
    outbox, fires = Outbox(), books.alert()
    assert outbox.plan(fires) == [("firing", 1)]
    assert outbox.plan(fires) == []
    outbox.deliver()
    assert outbox.plan(fires) == []
    assert outbox.plan(fires, books.ack(fires)) == [("acknowledged", 1)]
    outbox.deliver()
    assert outbox.plan(fires, books.ack(fires)) == []
    assert outbox.plan(books.resolved()) == [("resolved", 1)]
    outbox.deliver()
    assert outbox.plan(books.resolved()) == []
    assert all(thread.is_over for thread in outbox.threads.values())


def test_a_storm_is_one_message() -> None:
    assert Outbox().plan(*many(500)) == [("firing", 500)]


def test_an_end_is_told_only_where_the_beginning_was() -> None:
    assert Outbox().plan(books.resolved()) == []


def test_what_is_below_the_severity_or_of_a_higher_level_is_not_told() -> None:
    low = books.alert(severity=Severity.WARNING)
    assert Outbox(replace(HOOK, severity=Severity.CRITICAL)).plan(low) == []
    assert Outbox(replace(HOOK, level=1)).plan(low) == []


def test_it_is_told_again_after_a_while() -> None:
    outbox = Outbox()
    outbox.plan(books.alert())
    outbox.deliver()
    outbox.now_s += HOOK.repeat_s - 1
    assert outbox.plan(books.alert()) == []
    outbox.now_s += 1
    assert outbox.plan(books.alert()) == [("firing", 1)]


def test_an_hour_of_failures_is_given_up_with_a_record_and_its_end_is_not_told() -> None:
    outbox = Outbox()
    outbox.plan(books.alert())
    (key,) = outbox.threads
    thread, kinds = outbox.threads[key], []
    while thread.intent is not None:
        thread = claimed(thread, now_s=outbox.now_s, for_s=15)
        down = SourceUnavailable("hook is down")
        thread, entries = failed(thread, down, now_s=outbox.now_s, jitter=0.5)
        kinds += [entry.kind for entry in entries]
        outbox.now_s = thread.intent.next_at_s if thread.intent is not None else outbox.now_s
    assert outbox.now_s - NOW_S > GIVE_UP_S - 120
    assert kinds[-1] == "notify.given_up"
    assert set(kinds[:-1]) == {"notify.failed"}
    outbox.threads[key] = thread
    assert outbox.plan(books.alert()) == []
    assert outbox.plan(books.resolved()) == []


def test_an_acknowledgement_that_ended_is_told_as_firing_at_once() -> None:
    outbox, fires = Outbox(), books.alert()
    for values in ((fires,), (fires, books.ack(fires))):
        outbox.plan(*values)
        outbox.deliver()
    outbox.now_s += 1
    assert outbox.plan(fires) == [("firing", 1)]
    (thread,) = outbox.threads.values()
    assert thread.intent is not None
    assert thread.intent.note == "nobody has it any more"
    outbox.deliver()
    assert outbox.plan(fires) == [], "once"
    assert outbox.plan(fires, books.ack(fires, "jun")) == [("acknowledged", 1)]


def test_one_that_was_taken_and_given_back_before_anybody_was_told_of_it_is_told_once() -> None:
    outbox, fires = Outbox(), books.alert()
    assert outbox.plan(fires, books.ack(fires)) == []
    assert outbox.plan(fires) == [("firing", 1)]


def test_an_escalation_is_told_to_the_notifiers_of_its_level_once_and_with_its_reason() -> None:
    fires = books.alert()
    mark = Escalation(
        fingerprint=fires.fingerprint, episode=fires.episode, level=1, by="opsdash", at_s=NOW_S, note="nobody came"
    )
    everybody, pager = Outbox(), Outbox(replace(HOOK, name="pager", level=1))
    assert (everybody.plan(fires), pager.plan(fires)) == ([("firing", 1)], [])
    everybody.deliver()
    everybody.now_s = pager.now_s = NOW_S + 60
    assert (everybody.plan(fires, mark), pager.plan(fires, mark)) == ([], [("firing", 1)])
    (thread,) = pager.threads.values()
    assert thread.intent is not None
    assert (thread.intent.level, thread.intent.note) == (1, "escalated by opsdash: nobody came")
    pager.deliver()
    assert pager.plan(fires, mark) == []
    assert pager.plan(books.resolved()) == [("resolved", 1)]


def test_one_that_is_acknowledged_before_its_escalation_was_told_is_not_told() -> None:
    fires = books.alert()
    mark = Escalation(fingerprint=fires.fingerprint, episode=fires.episode, level=1, by="opsdash", at_s=NOW_S)
    assert Outbox(replace(HOOK, level=1)).plan(fires, mark, books.ack(fires)) == []


def rules(count: int, start: int = 0, **fields: object) -> list[Alert]:
    return [books.alert(f"Rule{start + number}", **fields) for number in range(count)]


def test_a_storm_over_many_names_is_a_few_messages_and_one_for_all_the_others() -> None:
    outbox, storm = Outbox(), rules(500)
    planned_first = outbox.plan(*storm)
    assert sorted(planned_first) == sorted([("firing", 1)] * STORM_GROUPS + [("firing", 500 - STORM_GROUPS)])
    outbox.deliver()
    outbox.now_s += 5
    assert outbox.plan(*storm, *rules(50, 500)) == [], "what follows gathers"
    outbox.now_s += 6
    assert outbox.plan(*storm, *rules(50, 500)) == [("firing", 50)]
    outbox.deliver()
    outbox.now_s += 60
    assert outbox.plan(*storm, *rules(51, 500)) == [("firing", 1)], "a calm minute later a group has its own message"
    outbox.deliver()
    over = rules(551, phase=Phase.RESOLVED, resolved_at_s=NOW_S)
    ends = outbox.plan(*over)
    assert sorted(ends) == sorted([("resolved", 1)] * (STORM_GROUPS + 1) + [("resolved", 540)])
    outbox.deliver()
    assert all(thread.is_over for thread in outbox.threads.values())


def test_the_worst_of_a_storm_has_a_message_of_its_own() -> None:
    outbox = Outbox()
    outbox.plan(*rules(100, severity=Severity.WARNING), *rules(3, 100))
    own = {thread.group for thread in outbox.threads.values() if thread.group}
    assert {(("alertname", f"Rule{number}"),) for number in (100, 101, 102)} <= own


def test_what_a_notifier_that_is_gone_was_told_is_forgotten_after_a_day() -> None:
    outbox = Outbox()
    outbox.plan(books.alert())
    outbox.deliver()
    threads = outbox.threads.values()
    assert left_behind(threads, {"hook"}, now_s=NOW_S + 2 * LEFT_S) == ()
    assert left_behind(threads, {"mail"}, now_s=NOW_S + LEFT_S - 1) == ()
    (gone,) = left_behind(threads, {"mail"}, now_s=NOW_S + LEFT_S)
    assert thread_written(gone).body is None


def test_what_was_told_with_many_others_is_over_with_the_last_of_them() -> None:
    outbox = Outbox()
    outbox.plan(*many(30))
    (thread,) = outbox.threads.values()
    assert thread.intent is not None
    assert len(notice_of(thread, thread.intent, environment="", now_s=NOW_S).together) == 30
    outbox.deliver()
    outbox.now_s += 11
    outbox.plan(*many(31))
    (thread,) = outbox.threads.values()
    assert thread.intent is not None
    late = notice_of(thread, thread.intent, environment="production", now_s=NOW_S)
    assert (late.together, late.environment) == (frozenset(), "production")
    outbox.deliver()
    for left, others in ((5, 5), (0, 0)):
        outbox.plan(*many(left), *many(31)[30:])
        (thread,) = outbox.threads.values()
        assert thread.intent is not None
        notice = notice_of(thread, thread.intent, environment="", now_s=NOW_S)
        assert (notice.kind, notice.others_together) == ("resolved", others)
        outbox.deliver()


@pytest.mark.parametrize(("error", "kept"), [(AccessDenied("no"), False), (SourceBusy("x", retry_after_s=90), True)])
def test_a_permanent_failure_is_given_up_at_once_and_a_busy_one_waits_as_asked(error: Exception, kept: bool) -> None:
    outbox = Outbox()
    outbox.plan(books.alert())
    (thread,) = outbox.threads.values()
    after, _ = failed(claimed(thread, now_s=NOW_S, for_s=15), error, now_s=NOW_S, jitter=0.0)  # type: ignore[arg-type]
    assert (after.intent is not None) is kept
    if after.intent is not None:
        assert after.intent.next_at_s == NOW_S + 90
