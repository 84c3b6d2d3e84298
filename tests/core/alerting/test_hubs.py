"""What several Alertmanagers told, as one. Plain values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after
from opsdash.core.alerting.decoding import Unreadable, object_of
from opsdash.core.alerting.hubs import (
    RETOLD_S,
    Foreign,
    HubRecord,
    Told,
    answered,
    failed,
    foreign_of,
    judged,
    without_ours,
)
from opsdash.core.alerting.lapses import lapses
from opsdash.core.alerting.marks import Ack, Silence
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.mirror import Mirror, mirror_read, mirror_written
from opsdash.core.alerting.mirroring import lost, planned, to_put
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.sending import HOLDS_S, RESEND_S, Sent, after_sending, due_now
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.documents import Changes, Document
from opsdash.core.metrics.labels import labels_of
from tests.fakes.hub import foreign

NOW_S = 10_000.0
SILENCE = Silence(
    id="s1", matchers=(Matcher(name="a", op="=~", value="b|c"),), starts_at_s=NOW_S, ends_at_s=NOW_S + 600,
    by="mina", comment="why", created_at_s=NOW_S,
)  # fmt: skip


def record(name: str, told: Told, asked_at_s: float = NOW_S, trouble: str = "") -> HubRecord:
    return HubRecord(name=name, told=told, asked_at_s=asked_at_s, trouble=trouble)


def told(*alerts: object, peers: str = "", started_at_s: float = 0.0, silences: tuple[Silence, ...] = ()) -> Told:
    return Told(alerts=alerts, silences=silences, peers=frozenset(peers), started_at_s=started_at_s)  # type: ignore[arg-type]


def ack(at_s: float = NOW_S, origin: str = "am") -> Ack:
    alert = foreign()
    return Ack(
        fingerprint=alert.fingerprint, episode=alert.episode, owner="mina", by="mina", at_s=at_s,
        expires_at_s=at_s + 3600, severity=Severity.CRITICAL, value=float("nan"), origin=origin,
    )  # fmt: skip


def test_the_same_alert_of_two_sources_is_one_that_names_both_since_the_earlier_says() -> None:
    later = replace(foreign(at_s=2000.0), seen_at_s=5000.0)
    (one,) = foreign_of([record("x", told(later)), record("y", told(foreign(at_s=1500.0)))]).alerts
    assert (one.origin, one.hubs, one.active_at_s, one.fired_at_s, one.seen_at_s) == ("x", ("x", "y"), 1500, 1500, 5000)


def test_sources_whose_clusters_have_a_member_in_common_are_one_also_over_a_third() -> None:
    records = [record("x", told(peers="ab")), record("lone", told()), record("y", told(peers="cd")),
               record("z", told(peers="bc"))]  # fmt: skip
    assert foreign_of(records).clusters == (("x", "y", "z"), ("lone",))
    assert foreign_of(records, ["z"]).clusters[0] == ("z", "x", "y")


def test_of_a_cluster_the_well_ones_speak_and_where_none_is_all_with_what_they_told_last() -> None:
    old, new = told(foreign(), peers="ab"), told(peers="ab")
    assert foreign_of([record("x", old, trouble="down"), record("y", new)]).alerts == ()
    assert len(foreign_of([record("x", old, trouble="down"), record("y", new, trouble="down")]).alerts) == 1


def test_a_silence_that_is_passed_on_is_one_and_what_was_changed_last_counts() -> None:
    newer = replace(SILENCE, created_at_s=NOW_S + 5, ends_at_s=NOW_S + 9)
    records = [record("x", told(silences=(SILENCE,), peers="ab")), record("y", told(silences=(newer,), peers="ab"))]
    (one,) = foreign_of(records).silences
    assert (one.ends_at_s, one.origin) == (NOW_S + 9, "x")


def test_after_a_restart_what_it_told_before_counts_until_it_had_time_to_be_told_anew() -> None:
    before = record("am", told(foreign(), started_at_s=0.0))
    empty = told(started_at_s=NOW_S)
    after = answered(before, empty, asked_at_s=NOW_S + 1)
    assert [alert.name for alert in after.alerts] == ["Pages"]
    assert answered(after, empty, asked_at_s=NOW_S + RETOLD_S + 1).alerts == ()
    again = answered(after, told(foreign(), started_at_s=NOW_S), asked_at_s=NOW_S + 2)
    assert answered(again, empty, asked_at_s=NOW_S + 3).alerts == (), "told anew, and then over"


def test_a_failure_keeps_what_was_told() -> None:
    after = failed(record("am", told(foreign())), "down")
    assert not after.is_well
    assert len(after.alerts) == 1


@pytest.mark.parametrize(
    ("asked_at_s", "started_at_s", "trouble", "is_judged"),
    [
        (NOW_S + 5, 0.0, "", True),
        (NOW_S - 5, 0.0, "", False),
        (NOW_S + 0.5, 0.0, "", False),
        (NOW_S + 5, NOW_S + 1, "", False),
        (NOW_S + RETOLD_S + 5, NOW_S + 1, "", True),
        (NOW_S + 5, 0.0, "down", False),
    ],
)
def test_an_acknowledgement_is_judged_by_who_was_asked_after_it_and_forgot_nothing(
    asked_at_s: float, started_at_s: float, trouble: str, *, is_judged: bool
) -> None:
    records = [record("am", told(started_at_s=started_at_s), asked_at_s, trouble)]
    book, _ = judged(Book(acks={"f": ack()}), records, foreign_of(records))
    assert bool(book.acks) is is_judged


def test_ours_that_come_back_are_left_out_whatever_their_severity_was() -> None:
    ours = replace(foreign(labels_of({"alertname": "Pages", "service": "orders", "empty": ""})), origin="")
    theirs = foreign_of([record("am", told(foreign()))])
    assert without_ours(theirs, {ours.fingerprint: ours}, ["am"]) == ()
    assert len(without_ours(theirs, {ours.fingerprint: ours}, [])) == 1
    assert len(without_ours(theirs, {ours.fingerprint: ours}, ["another"])) == 1


def test_what_is_wanted_is_written_down_once_and_ends_when_it_is_not_wanted() -> None:
    held = foreign_of([record("am", told(foreign()))])
    book, spec = Book(acks={foreign().fingerprint: ack()}), AlertingSpec()
    (new,) = planned(book, spec, held, now_s=NOW_S, new_token=lambda: "t")
    assert (new.why, new.hub, new.is_done, new.mark) == ("ack", "am", False, "[opsdash t]")
    standing = replace(book, mirrors={new.key: replace(new, is_done=True, there="id")})
    assert planned(standing, spec, held, now_s=NOW_S, new_token=lambda: "u") == ()
    assert planned(standing, spec, Foreign(), now_s=NOW_S, new_token=lambda: "u") == (), "not told: it stands"
    (over,) = planned(replace(standing, acks={}), spec, held, now_s=NOW_S, new_token=lambda: "u")
    assert (over.is_ending, over.there) == (True, "id")
    (off,) = planned(standing, replace(spec, mirror=False), held, now_s=NOW_S, new_token=lambda: "u")
    assert off.is_ending


def test_one_that_vanished_is_made_again_and_one_that_somebody_ended_there_is_not() -> None:
    mirror = Mirror(key="k", why="ack", hub="am", subject="f", silence=SILENCE, token="t", there="id", is_done=True)
    book, well = Book(mirrors={"k": mirror}), {"am": NOW_S + 60}
    (gone,) = lost(book, Foreign(), well, now_s=NOW_S + 60)
    assert '"is_done":false' in str(gone.writes[0].body)
    ended = Foreign(silences=(replace(SILENCE, id="id", ends_at_s=NOW_S + 30),))
    (by_hand,) = lost(book, ended, well, now_s=NOW_S + 60)
    assert [entry.kind for entry in by_hand.entries] == ["hub.refused"]
    assert lost(book, Foreign(), {}, now_s=NOW_S + 60) == (), "nobody answers: nothing is known"


def test_one_that_was_made_is_known_by_its_mark() -> None:
    mirror = Mirror(key="k", why="ack", hub="am", subject="f", silence=SILENCE, token="t")
    there = replace(SILENCE, id="id9", comment="why [opsdash t]", starts_at_s=NOW_S + 3, created_at_s=NOW_S + 3)
    put = to_put(mirror, [replace(SILENCE, id="other"), there], "am")
    assert (put.id, put.starts_at_s, put.comment, put.origin) == ("id9", NOW_S + 3, "why [opsdash t]", "am")
    assert to_put(mirror, [], "am").id == ""


def test_a_mirror_comes_back_from_its_document_and_a_damaged_one_harms_nothing() -> None:
    mirror = Mirror(key="k", why="silence", hub="am", subject="f", silence=SILENCE, token="t", there="id",
                    is_done=True, done_at_s=5.0, trouble="no")  # fmt: skip
    write = mirror_written(mirror)
    assert mirror_read("k", object_of(write.body or "")) == mirror
    for body in ('{"why":"ack"}', '{"why":"else","silence":{}}', '{"why":"ack","silence":{},"hub":3}'):
        with pytest.raises(Unreadable):
            mirror_read("k", object_of(body))
        document = Document(kind="hub", key="k", version=1, body=body)
        after = book_after(Book(), Changes(revision=1, documents=(document,)))
        assert ("hub", "k") in after.unreadable


def test_who_lost_an_acknowledgement_of_a_foreign_alert_is_told_which_by_name() -> None:
    held = foreign_of([record("am", told(foreign()))])
    book = Book(acks={foreign().fingerprint: ack()})
    (new,) = planned(book, AlertingSpec(), held, now_s=NOW_S, new_token=lambda: "t")
    standing = replace(book, mirrors={new.key: new})
    (deed,) = lapses(standing, AlertingSpec(), now_s=NOW_S + 5, foreign={"am": ()})
    assert deed.told == "Pages (orders) is nobody's: mina's acknowledgement ended, it is over in am"


def line(phase: Phase = Phase.FIRING, *, quiet: str = "", **changes: object) -> AlertLine:
    alert = replace(foreign(), origin="", phase=phase, **changes)  # type: ignore[arg-type]
    return AlertLine(alert=alert, rule=None, where="", maintenance=quiet)


def due(sent: dict[object, Sent], *lines: AlertLine, now_s: float = NOW_S, known: tuple[object, ...] = ()) -> list[str]:
    found = due_now(sent, lines, known=known, addresses={}, now_s=now_s)  # type: ignore[arg-type]
    return [str(alert.phase) for alert in found]


def test_what_fires_is_told_at_once_and_again_before_it_counts_as_over() -> None:
    assert due({}, line()) == ["firing"]
    sent = after_sending({}, [line().alert], NOW_S)
    assert due(sent, line(), now_s=NOW_S + RESEND_S - 1) == []  # type: ignore[arg-type]
    assert due(sent, line(), now_s=NOW_S + RESEND_S) == ["firing"]  # type: ignore[arg-type]
    assert RESEND_S * 2 < HOLDS_S
    assert due(sent, line(annotations=(("summary", "new"),))) == ["firing"]  # type: ignore[arg-type]
    assert due(sent, line(severity=Severity.WARNING)) == ["firing", "resolved"]  # type: ignore[arg-type]


def test_its_end_is_told_once_also_where_the_alert_is_forgotten_or_another_leader_told_of_it() -> None:
    over = line(Phase.RESOLVED, resolved_at_s=NOW_S)
    sent = after_sending({}, [line().alert], NOW_S)
    assert due(sent, over) == ["resolved"]  # type: ignore[arg-type]
    assert due(sent) == ["resolved"]  # type: ignore[arg-type]
    assert after_sending(sent, [over.alert], NOW_S) == {}
    assert due({}, over) == []
    assert due({}, over, known=(foreign().labels,)) == ["resolved"]


def test_of_what_is_quiet_nobody_is_told_but_what_was_told_goes_on() -> None:
    assert due({}, line(quiet="deploy")) == []
    assert due({}, line(quiet="deploy"), known=(foreign().labels,)) == ["firing"]
    assert due({}, line(Phase.PENDING)) == []
    assert due({}, AlertLine(alert=foreign(), rule=None, where="")) == []
