"""An alert that nobody acknowledged in time goes to the next level: once, not early, and not while somebody has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.escalating import Waits, escalated, waits_after
from opsdash.core.alerting.marks import Ack, Silence, Unowned
from opsdash.core.alerting.ownership import NOBODY_IS_TOLD
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec, Escalate, NotifierSpec
from opsdash.core.audit import canonical
from tests.fakes.books import NOW_S, ack, after, alert, book, pending, resolved, spec

AFTER_S = 900.0
PAGER = NotifierSpec(name="pager", kind="webhook", level=1)
FIRST = Escalate(after_s=AFTER_S)
SPEC = spec(escalate=(FIRST,), notifiers=(PAGER,))
HIDDEN = Silence(
    id="s", matchers=(), starts_at_s=NOW_S - 10, ends_at_s=NOW_S + 1e6, by="jun", comment="", created_at_s=0
)
FIRES = alert(fired_at_s=NOW_S, active_at_s=NOW_S)


class Leader:
    """One leader after another on one book."""

    def __init__(self, rules: AlertingSpec = SPEC) -> None:
        self.spec = rules
        self.waits: Waits | None = None
        self.told: list[str] = []

    def look(self, before: Book, now_s: float) -> Book:
        """The book after one look."""
        lines = pictured(before, self.spec, now_s=now_s, operator="mina").lines
        self.waits = waits_after(self.waits, before, lines, self.spec.escalate, now_s=now_s)
        deed = escalated(before, lines, self.waits, self.spec, now_s=now_s)
        assert all(canonical(1, entry) for entry in deed.entries)
        self.told += [entry.text for entry in deed.entries]
        return after(before, deed) if not deed.is_nothing else before

    def die(self) -> None:
        """The next one knows what the book says."""
        self.waits = None


def level(of: Book) -> int:
    """How far the only alert was escalated."""
    return max((mark.level for mark in of.escalations.values()), default=0)


def test_it_is_escalated_when_its_time_is_over_and_not_a_moment_before_and_once() -> None:
    leader, here = Leader(), book(FIRES)
    here = leader.look(here, NOW_S + 1)
    here = leader.look(here, NOW_S + AFTER_S - 0.001)
    assert level(here) == 0
    here = leader.look(here, NOW_S + AFTER_S)
    assert level(here) == 1
    assert leader.told == ["HighErrorRatio (orders) escalated to level 1: nobody acknowledged it within 15m"]
    leader.look(here, NOW_S + 10 * AFTER_S)
    leader.die()
    leader.look(here, NOW_S + 11 * AFTER_S)
    assert len(leader.told) == 1


@pytest.mark.parametrize(
    "here",
    [
        book(FIRES, ack(FIRES, at_s=NOW_S + 1, expires_at_s=NOW_S + 1e6)),
        book(replace(FIRES, severity=Severity.WARNING)),
        book(pending(active_at_s=NOW_S)),
        book(resolved(fired_at_s=NOW_S)),
        book(FIRES, HIDDEN),
    ],
    ids=["acknowledged", "warning", "pending", "resolved", "silenced"],
)
def test_what_somebody_has_and_what_is_not_critical_or_is_quiet_is_not_escalated(here: Book) -> None:
    leader = Leader()
    for minute in range(60):
        here = leader.look(here, NOW_S + 60 * minute)
    assert level(here) == 0


def test_after_an_acknowledgement_that_ended_the_time_begins_anew_also_for_the_next_leader() -> None:
    leader = Leader()
    leader.look(book(FIRES), NOW_S + 1)
    leader.look(book(FIRES, ack(FIRES, expires_at_s=NOW_S + 5000)), NOW_S + 60)
    here = leader.look(book(FIRES), NOW_S + 4000)
    assert [wait.since_s for wait in here.unowned.values()] == [NOW_S + 4000]
    leader.die()
    here = leader.look(here, NOW_S + 4000 + AFTER_S - 1)
    assert level(here) == 0
    here = leader.look(here, NOW_S + 4000 + AFTER_S)
    assert level(here) == 1


def test_what_becomes_critical_later_counts_from_then() -> None:
    leader = Leader()
    warned = replace(FIRES, severity=Severity.WARNING)
    leader.look(book(warned), NOW_S + 1)
    here = leader.look(book(FIRES), NOW_S + 3600)
    assert level(here) == 0
    here = leader.look(here, NOW_S + 3600 + AFTER_S)
    assert level(here) == 1


def test_a_wait_that_is_over_leaves_nothing_in_the_store() -> None:
    leader = Leader()
    leader.look(book(replace(FIRES, severity=Severity.WARNING)), NOW_S + 1)
    here = leader.look(book(FIRES), NOW_S + 3600)
    assert here.unowned
    here = leader.look(replace(here, alerts={}), NOW_S + 3700)
    assert not here.unowned


def test_steps_lead_to_ever_higher_levels() -> None:
    steps = (FIRST, Escalate(after_s=3600, level=3), Escalate(after_s=300, severity=Severity.WARNING, level=2))
    leader, here = Leader(spec(escalate=steps)), book(FIRES)
    found = []
    for minute in (0, 4, 5, 15, 59, 60, 100):
        here = leader.look(here, NOW_S + 60 * minute)
        found.append(level(here))
    assert found == [0, 0, 2, 2, 2, 3, 3]
    assert leader.told[0].endswith(NOBODY_IS_TOLD), "no notifier has a level"


def test_an_operator_who_escalated_already_is_not_overtaken() -> None:
    here = book(FIRES)
    leader = Leader()
    leader.look(here, NOW_S + 1)
    marked = leader.look(here, NOW_S + AFTER_S)
    other = replace(marked, escalations={FIRES.fingerprint: replace(next(iter(marked.escalations.values())), level=4)})
    assert level(leader.look(other, NOW_S + 2 * AFTER_S)) == 4


MOMENTS = st.lists(
    st.tuples(st.sampled_from(["wait", "ack", "give back", "leader dies", "rises", "falls"]), st.integers(1, 600)),
    max_size=25,
)


@given(MOMENTS)
def test_it_is_escalated_only_after_nobody_had_it_for_the_whole_time(moments: list[tuple[str, int]]) -> None:
    """Whatever happens between: as long as one leader looks each second, and also when leaders change."""
    leader, here, now_s = Leader(), book(FIRES), NOW_S
    held: Ack | None = None
    stands: Alert = FIRES
    nobodys_since_s: float | None = NOW_S
    for what, seconds in moments:
        match what:
            case "ack":
                held, nobodys_since_s = ack(stands, at_s=now_s, expires_at_s=now_s + 1e6), None
            case "give back":
                held = None
            case "leader dies":
                leader.die()
            case "rises" | "falls":
                stands = replace(stands, severity=Severity.CRITICAL if what == "rises" else Severity.WARNING)
        waits = held is None and stands.severity is Severity.CRITICAL
        nobodys_since_s = (nobodys_since_s if nobodys_since_s is not None else now_s) if waits else None
        kept = replace(here, alerts={stands.fingerprint: stands}, acks={stands.fingerprint: held} if held else {})
        before = level(kept)
        here = leader.look(kept, now_s)
        if level(here) > before:
            assert nobodys_since_s is not None
            assert now_s - nobodys_since_s >= AFTER_S
        now_s += seconds
        is_due = nobodys_since_s is not None and now_s - nobodys_since_s >= AFTER_S
        here = leader.look(here, now_s)
        assert level(here) == 1 or not is_due


def test_a_wait_has_a_key_for_each_severity() -> None:
    assert Unowned(fingerprint="f", episode="e", severity=Severity.INFO, since_s=1.0).key == "f/info"
