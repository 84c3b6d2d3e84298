"""An acknowledgement holds exactly until one of its ends, and nothing else loses a mark."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant
from hypothesis.stateful import rule as step

from opsdash.core.alerting.acking import ack_of, is_worse
from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after, removed, written
from opsdash.core.alerting.deed import Deed, joined
from opsdash.core.alerting.lapses import NOTE_KEPT_S, lapses
from opsdash.core.alerting.marks import Ack, Escalation, Note
from opsdash.core.alerting.ownership import acknowledge, assign, note, unacknowledge
from opsdash.core.alerting.rules import AckPolicy
from opsdash.core.alerting.severity import Severity
from opsdash.core.audit import canonical
from opsdash.core.documents import Changes, Document, Write
from opsdash.core.errors import Refused
from tests.fakes.books import NOW_S, ack, after, alert, book, health, pending, resolved, rule, spec

RULE = rule(ack=AckPolicy(expires_s=4 * 3600, worsens_share=0.5, idle_s=3600))
SPEC = spec(RULE)
ORDERS = alert()


def ends(before: Book, now_s: float = NOW_S, **foreign: list[Alert]) -> list[str]:
    """Why each mark ended; the entries can be hashed and what is written is what the book has."""
    deeds = lapses(before, SPEC, now_s=now_s, foreign=foreign or None)
    assert all(canonical(1, entry) for deed in deeds for entry in deed.entries)
    after(before, joined(deeds))
    return [str(entry.data["end"]) for deed in deeds for entry in deed.entries if entry.kind == "mark.lapsed"]


def test_one_that_has_no_reason_to_end_holds() -> None:
    assert ends(book(ORDERS, ack(ORDERS))) == []


@pytest.mark.parametrize(
    ("stands", "why"),
    [
        (resolved(), "over"),
        (alert(fired_at_s=NOW_S, active_at_s=NOW_S - 1), "again"),
        (None, "gone"),
    ],
)
def test_it_ends_with_the_alert(stands: Alert | None, why: str) -> None:
    held = ack(ORDERS)
    assert ends(book(stands, held) if stands is not None else book(held)) == [why]


def test_it_ends_when_the_severity_rises_and_not_when_it_falls() -> None:
    held = ack(alert(severity=Severity.WARNING))
    assert ends(book(ORDERS, held)) == ["severity"]
    assert ends(book(alert(severity=Severity.INFO), held)) == []


def test_it_ends_when_its_time_is_over_and_not_a_moment_before() -> None:
    held = ack(ORDERS, at_s=NOW_S - 100, expires_at_s=NOW_S)
    assert ends(book(ORDERS, held), NOW_S - 0.001) == []
    assert ends(book(ORDERS, held)) == ["expired"]
    assert ack_of(ORDERS, {ORDERS.fingerprint: held}, now_s=NOW_S) is None, "also before the leader has said so"


@pytest.mark.parametrize(
    ("before", "now", "below", "breaks"),
    [(0.06, 0.09, False, False), (0.06, 0.0901, False, True), (10.0, 5.0, True, False), (10.0, 4.9, True, True),
     (-4.0, -2.0, False, False), (-4.0, -1.9, False, True), (0.0, 0.03, False, True), (0.06, math.nan, False, False),
     (math.nan, 9.0, False, False), (0.06, math.inf, False, True)],
)  # fmt: skip
def test_it_ends_when_the_value_worsens_by_its_share(before: float, now: float, below: bool, breaks: bool) -> None:
    here = alert(value=before, below=below, threshold=0.05)
    values = health(RULE, {here.fingerprint: now})
    assert ends(book(here, ack(here), values)) == (["worse"] if breaks else [])


def test_without_a_threshold_nothing_is_worse_than_nothing() -> None:
    assert not is_worse(1.0, 0.0, share=0.5, below=False)


def test_it_comes_back_when_its_owner_is_idle_past_the_limit() -> None:
    held = ack(ORDERS, at_s=NOW_S - 7200)
    assert ends(book(ORDERS, held)) == ["idle"]
    assert ends(book(ORDERS, held, seen_operators={"mina": NOW_S - 3600})) == []
    assert ends(book(ORDERS, held, seen_operators={"mina": NOW_S - 3601, "jun": NOW_S})) == ["idle"]
    assert ends(book(ORDERS, ack(ORDERS, by="jun", at_s=NOW_S - 3600))) == [], "it was assigned an hour ago"


def test_a_clock_that_was_put_back_ends_nothing() -> None:
    assert ends(book(ORDERS, ack(ORDERS)), NOW_S - 7200) == []


def test_the_history_says_whose_it_was_and_why() -> None:
    before = book(ORDERS, ack(alert(severity=Severity.WARNING), "mina"))
    (deed,) = lapses(before, SPEC, now_s=NOW_S)
    assert deed.entries[0].text == (
        "HighErrorRatio (orders) is nobody's: mina's acknowledgement ended, warning became critical"
    )
    assert (deed.entries[0].actor, deed.entries[0].subject) == ("opsdash", ORDERS.fingerprint)
    assert after(before, deed).acks == {}


def test_one_that_was_renewed_in_the_same_moment_stays() -> None:
    before = book(ORDERS, ack(ORDERS, expires_at_s=NOW_S))
    (deed,) = lapses(before, SPEC, now_s=NOW_S)
    renewed = after(before, assign(before, SPEC, [ORDERS.fingerprint], "mina", by="mina", now_s=NOW_S))
    with pytest.raises(AssertionError):
        after(renewed, deed)


def test_an_alertmanagers_alert_that_was_not_asked_for_keeps_its_owner() -> None:
    theirs = alert("Watchdog", rule="", origin="am")
    before = book(ack(theirs, origin="am"))
    assert ends(before) == []
    assert ends(before, am=[theirs]) == []
    assert ends(before, am=[]) == ["gone"]


def test_an_alert_that_cannot_be_read_is_not_gone() -> None:
    held = ack(ORDERS)
    documents = (
        Document(kind="alert", key=ORDERS.fingerprint, version=1, body='{"of": "a newer version"}'),
        Document(kind="ack", key=ORDERS.fingerprint, version=2, body=written(held).body),
    )
    assert ends(book_after(Book(), Changes(revision=2, documents=documents, is_all=True))) == []


def test_escalations_end_with_the_alert_and_notes_when_they_are_old() -> None:
    mark = Escalation(fingerprint=ORDERS.fingerprint, episode=ORDERS.episode, level=1, by="mina", at_s=NOW_S)
    said = Note(fingerprint=ORDERS.fingerprint, text="x", by="mina", at_s=NOW_S)
    assert lapses(book(ORDERS, mark, said), SPEC, now_s=NOW_S + NOTE_KEPT_S * 2) == ()
    over = book(resolved(), mark, said)
    assert after(over, joined(lapses(over, SPEC, now_s=NOW_S))).escalations == {}
    assert lapses(book(said, mark), SPEC, now_s=NOW_S + NOTE_KEPT_S) == ()
    gone = book(said, mark)
    assert after(gone, joined(lapses(gone, SPEC, now_s=NOW_S + NOTE_KEPT_S + 1))).notes == {}


OPERATORS = st.sampled_from(["mina", "jun"])


class Marks(RuleBasedStateMachine):
    """Alerts come, change and go; people acknowledge, take over, give back; the leader ends what is over; books are
    read anew, and commits of two who looked at the same book meet in the store. A model knows what has to hold."""

    alerts = Bundle("alerts")

    def __init__(self) -> None:
        super().__init__()
        self.now_s = NOW_S
        self.documents: dict[tuple[str, str], Document] = {}
        self.revision = 0
        self.book = Book()
        self.stale = Book()
        self.held: dict[str, Ack] = {}
        self.notes: dict[str, str] = {}

    def commit(self, writes: tuple[Write, ...]) -> bool:
        """As a store does: all of it or nothing."""
        for write in writes:
            known = self.documents.get((write.kind, write.key))
            version = known.version if known is not None and known.body is not None else 0
            if write.expects is not None and write.expects != version:
                return False
        self.revision += 1
        fresh = [Document(kind=w.kind, key=w.key, version=self.revision, body=w.body) for w in writes]
        self.documents.update({(each.kind, each.key): each for each in fresh})
        self.book = book_after(self.book, Changes(revision=self.revision, documents=tuple(fresh)))
        return True

    def took_place(self, decide: object, read: Book) -> Deed | None:
        """What was decided from a book, perhaps an old one, if it was not refused and nobody was faster."""
        try:
            deed: Deed = decide(read)  # type: ignore[operator]
        except Refused:
            return None
        return deed if self.commit(deed.writes) else None

    @step(target=alerts, name=st.sampled_from("ABC"), severity=st.sampled_from([Severity.WARNING, Severity.CRITICAL]))
    def begins(self, name: str, severity: Severity) -> str:
        known = self.book.alerts.get(alert(name).fingerprint)
        if known is None or known.phase is Phase.RESOLVED:
            new = pending(name, severity=severity, active_at_s=self.now_s, seen_at_s=self.now_s, rule=RULE.id)
            self.put(new)
            return new.fingerprint
        return known.fingerprint

    def put(self, new: Alert) -> None:
        assert self.commit((written(new),))

    @step(key=alerts)
    def fires(self, key: str) -> None:
        known = self.book.alerts.get(key)
        if known is not None and known.phase is Phase.PENDING:
            self.put(replace(known, phase=Phase.FIRING, fired_at_s=self.now_s))

    @step(key=alerts, severity=st.sampled_from(list(Severity)))
    def changes_severity(self, key: str, severity: Severity) -> None:
        known = self.book.alerts.get(key)
        if known is not None and known.phase is not Phase.RESOLVED:
            self.put(replace(known, severity=severity))
            if key in self.held and severity > self.held[key].severity:
                del self.held[key]

    @step(key=alerts, value=st.sampled_from([0.05, 0.06, 0.08, 0.2]))
    def measures(self, key: str, value: float) -> None:
        known = self.book.alerts.get(key)
        if known is not None and known.phase is not Phase.RESOLVED:
            before = self.book.health.get(RULE.id)
            values = dict(before.values) if before is not None else {}
            assert self.commit((written(health(RULE, {**values, key: value}, at_s=self.now_s)),))

    @step(key=alerts)
    def resolves(self, key: str) -> None:
        known = self.book.alerts.get(key)
        if known is not None and known.phase is Phase.FIRING:
            self.put(replace(known, phase=Phase.RESOLVED, resolved_at_s=self.now_s))
            self.held.pop(key, None)

    @step(key=alerts)
    def is_forgotten(self, key: str) -> None:
        known = self.book.alerts.get(key)
        if known is not None and known.phase is not Phase.FIRING:
            assert self.commit((removed("alert", key),))
            self.held.pop(key, None)

    @step(key=alerts, by=OPERATORS, late=st.booleans(), for_s=st.sampled_from([None, 600.0]))
    def acknowledges(self, key: str, by: str, late: bool, for_s: float | None) -> None:
        read = self.stale if late else self.book
        self.take(key, lambda at: acknowledge(at, SPEC, [key], by=by, now_s=self.now_s, for_s=for_s), read)

    @step(key=alerts, by=OPERATORS, to=OPERATORS)
    def takes_over(self, key: str, by: str, to: str) -> None:
        self.take(key, lambda at: assign(at, SPEC, [key], to, by=by, now_s=self.now_s), self.book)

    def take(self, key: str, decide: object, read: Book) -> None:
        if self.took_place(decide, read) is not None:
            made = self.book.acks[key]
            if ack_of(self.book.alerts[key], {key: made}, now_s=self.now_s) if key in self.book.alerts else None:
                self.held[key] = made

    @step(key=alerts, by=OPERATORS, late=st.booleans())
    def gives_back(self, key: str, by: str, late: bool) -> None:
        read = self.stale if late else self.book
        if self.took_place(lambda at: unacknowledge(at, SPEC, [key], by=by, now_s=self.now_s), read) is not None:
            self.held.pop(key, None)

    @step(key=alerts, text=st.sampled_from(["one", "two"]))
    def notes_something(self, key: str, text: str) -> None:
        if self.took_place(lambda at: note(at, SPEC, [key], text, by="mina", now_s=self.now_s), self.book) is not None:
            self.notes[key] = text

    @step(seconds=st.sampled_from([-3600.0, 1.0, 300.0, 601.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @step(operator=OPERATORS)
    def is_here(self, operator: str) -> None:
        seen = Write(kind="operator", key=operator, body=f'{{"at_s": {self.now_s}}}')
        assert self.commit((seen,))

    @step(late=st.booleans())
    def the_leader_looks(self, late: bool) -> None:
        read = self.stale if late else self.book
        for deed in lapses(read, SPEC, now_s=self.now_s):
            keys = [write.key for write in deed.writes if write.kind == "ack"]
            if self.commit(deed.writes):
                for key in keys:
                    self.ended(key, str(deed.entries[0].data["end"]))

    def ended(self, key: str, why: str) -> None:
        """It ended by itself: by a reason that the model knows too, or one that time, value or absence gave."""
        if key in self.held:
            assert why in {"expired", "worse", "idle"}, why
            held = self.held.pop(key)
            if why == "expired":
                assert held.expires_at_s is not None
                assert self.now_s >= held.expires_at_s
            if why == "idle":
                assert self.now_s - held.at_s > 3600

    @step()
    def somebody_reads(self) -> None:
        self.stale = self.book

    @step()
    def everybody_restarts(self) -> None:
        kept = sorted(
            (each for each in self.documents.values() if each.body is not None), key=lambda each: each.version
        )
        self.book = book_after(Book(), Changes(revision=self.revision, documents=tuple(kept), is_all=True))

    @invariant()
    def what_should_hold_is_in_the_book(self) -> None:
        for key, held in self.held.items():
            assert self.book.acks.get(key) == held, "a mark was lost"
            is_over = held.expires_at_s is not None and self.now_s >= held.expires_at_s
            shown = ack_of(self.book.alerts[key], self.book.acks, now_s=self.now_s)
            assert (shown is None) is is_over, "it is shown exactly as long as it holds"

    @invariant()
    def no_resolved_alert_is_anybodys(self) -> None:
        for each in self.book.alerts.values():
            if each.phase is Phase.RESOLVED:
                assert ack_of(each, self.book.acks, now_s=self.now_s) is None

    @invariant()
    def notes_are_the_newest_that_were_written(self) -> None:
        assert {key: self.book.notes[key].text for key in self.notes if key in self.book.notes} == {
            key: text for key, text in self.notes.items() if key in self.book.notes
        }
        assert set(self.notes) <= set(self.book.notes)


TestMarks = Marks.TestCase
TestMarks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
