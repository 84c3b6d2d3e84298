"""Alertmanagers at run time, in virtual time: polled, mirrored into, told of ours, down and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.rules import AlertRule, MissingPolicy, RuleGroup, Threshold
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import AnswerUnusable, Refused, SourceUnavailable
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import MetricQuery, PromQuery
from opsdash.core.metrics.window import window_of
from opsdash.core.sources import SourceSpec
from opsdash.engine.alerts.alerting import Alerting, Seat
from tests.fakes.clock import VirtualClock, run_virtual
from tests.fakes.failing_store import FailingStore
from tests.fakes.hub import PAGES, ScriptedHub

OTHER = labels_of({"alertname": "Disk", "host": "db1", "severity": "warning"})


class Meter:
    """One series whose value a test sets."""

    name = "prom"
    value = 0.0

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        return Answer(window=window_of([at_s], [((("service", "orders"),), [self.value])]))


class Place:
    """Some processes on one store, and two Alertmanagers."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = FailingStore(self.clock)
        self.meter = Meter()
        self.hubs = {name: ScriptedHub(self.clock, name) for name in ("am", "am2")}
        self.am = self.hubs["am"]
        self.tasks: list[asyncio.Task[None]] = []

    def spec(self, *names: str, **more: Any) -> AlertingSpec:
        hubs = tuple(SourceSpec(name=name, kind="alertmanager", url=f"http://{name}:9093") for name in names or ("am",))
        return AlertingSpec(hubs=hubs, hubs_every_s=2.0, **more)

    def start(self, name: str, spec: AlertingSpec | None = None) -> Alerting:
        seat = Seat(operator=name, login=name, holder=name)
        alerting = Alerting(self.store, self.clock, seat, hubs=lambda source: self.hubs[source.name])
        alerting.load(spec or self.spec(), {"prom": self.meter}, {"prom": 4.0})  # type: ignore[dict-item]
        self.tasks.append(asyncio.create_task(alerting.run(), name=name))
        return alerting

    async def kill(self, place: int) -> None:
        """As kill -9: the lease just runs out."""
        lease = dict(self.store._leases)
        self.tasks[place].cancel()
        await asyncio.gather(self.tasks[place], return_exceptions=True)
        self.store._leases.update(lease)

    async def kinds(self) -> list[str]:
        return [entry.entry.kind for entry in await self.store.chain()]


def virtual(story: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        place = Place()
        await story(place)
        for task in place.tasks:
            task.cancel()
        await asyncio.gather(*place.tasks, return_exceptions=True)

    run_virtual(main())


def lines(alerting: Alerting) -> tuple[AlertLine, ...]:
    return alerting.picture(None).lines


def rules() -> dict[str, Any]:
    rule = AlertRule(
        name="High",
        group="g",
        queries=(PromQuery(source="prom", expr="x", instant=True),),
        condition=Threshold(warning=5.0, critical=10.0),
        interval_s=2.0,
        no_data=MissingPolicy(state="keep"),
    )
    return {
        "groups": (RuleGroup(name="g", interval_s=2.0, rules=(rule,)),),
        "addresses": (("prom", "http://prom:9090"),),
    }


def test_its_alerts_are_on_every_screen_and_an_acknowledgement_is_a_silence_there_until_it_resolves() -> None:
    async def story(place: Place) -> None:
        mina, jun = place.start("mina"), place.start("jun")
        place.am.fire()
        await asyncio.sleep(4)
        (line,) = lines(jun)
        assert (line.alert.origin, line.alert.hubs) == ("am", ("am",))

        told = await jun.ownership.acknowledge([line.alert.fingerprint], note="on it")
        assert told.startswith("acknowledged Pages (orders)")
        await asyncio.sleep(4)
        (silence,) = place.am.active()
        assert {(each.name, each.value) for each in silence.matchers} == set(PAGES)
        assert silence.by == "jun"
        assert silence.comment.startswith("acknowledged in opsdash: on it")
        (line,) = lines(mina)
        assert line.ack is not None
        assert not line.is_quiet, "it is owned, not silenced"
        assert [each.silence.id for each in mina.picture(None).silences] == [silence.id]

        place.am.alerts_held.clear()
        await asyncio.sleep(6)
        assert place.am.active() == []
        assert lines(mina) == lines(jun) == ()
        assert mina.ledger.book.acks == mina.ledger.book.mirrors == {}
        assert [kind for kind in await place.kinds() if kind != "silence.over"] == [
            "mark.acknowledged", "hub.silenced", "mark.lapsed", "hub.ended",
        ]  # fmt: skip

    virtual(story)


def test_giving_it_back_ends_the_silence_and_a_new_owner_is_its_owner_there() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        alert = place.am.fire()
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(2)
        (first,) = place.am.active()
        await mina.ownership.assign([alert.fingerprint], "jun", note="yours")
        await asyncio.sleep(2)
        (second,) = place.am.active()
        assert (first.id, first.by, second.id, second.by) == (second.id, "mina", first.id, "jun")
        await mina.ownership.unacknowledge([alert.fingerprint])
        await asyncio.sleep(2)
        assert place.am.active() == []
        assert len(lines(mina)) == 1

    virtual(story)


def test_a_leader_killed_between_the_acknowledgement_and_the_silence_is_followed_by_one_that_makes_it() -> None:
    async def story(place: Place) -> None:
        place.start("first")
        await asyncio.sleep(1)
        second = place.start("second")
        alert = place.am.fire()
        await asyncio.sleep(4)
        await second.ownership.acknowledge([alert.fingerprint])
        await place.kill(0)
        assert place.am.active() == []
        await asyncio.sleep(9)
        assert len(place.am.active()) == 1

    virtual(story)


def test_one_that_was_made_and_whose_answer_was_lost_is_found_again_and_not_made_twice() -> None:
    async def story(place: Place) -> None:
        first = place.start("first")
        alert = place.am.fire()
        await asyncio.sleep(4)
        place.am.loses_answers = True
        await first.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(1)
        assert place.am.puts == 1
        await place.kill(0)
        place.am.loses_answers = False
        second = place.start("second")
        await asyncio.sleep(12)
        assert len(place.am.silences_held) == 1
        (mirror,) = second.ledger.book.mirrors.values()
        assert mirror.is_done
        assert (await place.kinds()).count("hub.silenced") == 1

    virtual(story)


def test_one_that_is_down_keeps_what_it_told_and_is_said_to_be_and_what_was_wanted_meanwhile_is_done_after() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        alert = place.am.fire()
        await asyncio.sleep(4)
        place.am.trouble = SourceUnavailable("am refused the connection")
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(200)
        (view,) = mina.sources()
        assert (view.state, view.message) == (Freshness.STALE, "am refused the connection")
        assert view.age_s is not None
        assert view.age_s > 190
        (line,) = lines(mina)
        assert line.ack is not None
        place.am.trouble = None
        await asyncio.sleep(40)
        assert mina.sources()[0].state is Freshness.FRESH
        assert len(place.am.active()) == 1

    virtual(story)


def test_one_that_never_answered_is_an_error_and_is_asked_less_and_less() -> None:
    async def story(place: Place) -> None:
        place.am.trouble = AnswerUnusable("am did not answer with JSON: <html>")
        mina = place.start("mina")
        await asyncio.sleep(300)
        (view,) = mina.sources()
        assert (view.state, view.message) == (Freshness.ERROR, "am did not answer with JSON: <html>")
        assert view.errors < 20

    virtual(story)


def test_a_restart_that_forgot_its_alerts_ends_nobodys_acknowledgement() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        alert = place.am.fire()
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(4)
        held = dict(place.am.alerts_held)
        place.am.alerts_held.clear()
        place.am.started_at_s = place.clock.now_s()
        await asyncio.sleep(60)
        (line,) = lines(mina)
        assert line.ack is not None
        place.am.alerts_held.update(held)
        await asyncio.sleep(400)
        assert len(place.am.active()) == 1
        place.am.alerts_held.clear()
        await asyncio.sleep(6)
        assert place.am.active() == []

    virtual(story)


def test_members_of_a_cluster_tell_of_an_alert_once_and_one_of_them_is_enough() -> None:
    async def story(place: Place) -> None:
        for hub in place.hubs.values():
            hub.peers = frozenset({"a", "b"})
            hub.silences_held = place.am.silences_held
            hub.fire()
        mina = place.start("mina", place.spec("am", "am2"))
        await asyncio.sleep(4)
        (line,) = lines(mina)
        assert (line.alert.origin, line.alert.hubs) == ("am", ("am", "am2"))
        place.am.trouble = SourceUnavailable("am refused the connection")
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([line.alert.fingerprint])
        await asyncio.sleep(4)
        assert (place.am.puts, place.hubs["am2"].puts) == (0, 1)
        place.hubs["am2"].alerts_held.clear()
        await asyncio.sleep(6)
        assert lines(mina) == ()
        assert place.hubs["am2"].active() == []

    virtual(story)


def test_two_that_are_no_cluster_each_get_the_silence() -> None:
    async def story(place: Place) -> None:
        for hub in place.hubs.values():
            hub.fire()
        mina = place.start("mina", place.spec("am", "am2"))
        await asyncio.sleep(4)
        (line,) = lines(mina)
        await mina.ownership.acknowledge([line.alert.fingerprint])
        await asyncio.sleep(4)
        assert [len(hub.active()) for hub in place.hubs.values()] == [1, 1]

    virtual(story)


def test_a_silence_of_ours_for_its_alerts_is_there_too_and_is_extended_and_ended_with_ours() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        place.am.fire()
        place.am.fire(OTHER)
        await asyncio.sleep(4)
        matchers = (Matcher(name="service", op="=", value="orders"),)
        told = await mina.ownership.silence(matchers, for_s=600, comment="deploy")
        assert "it hides Pages (orders) now" in told
        await asyncio.sleep(4)
        (there,) = place.am.active()
        assert there.matchers == matchers
        (shown,) = mina.picture(None).silences
        assert (shown.silence.origin, shown.hides) == ("", 1)
        await mina.ownership.extend(shown.silence.id, 600)
        await asyncio.sleep(2)
        (longer,) = place.am.active()
        assert (longer.id, longer.ends_at_s - there.ends_at_s) == (there.id, 600)
        await mina.ownership.expire(shown.silence.id)
        await asyncio.sleep(2)
        assert place.am.active() == []

    virtual(story)


def test_a_silence_made_there_is_shown_and_extended_and_ended_from_here() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        place.am.fire()
        now_s = place.clock.now_s()
        await place.am.put_silence(
            replace(_silence(now_s), matchers=(Matcher(name="alertname", op="=~", value="Pa.*"),))
        )
        await asyncio.sleep(4)
        (line,) = lines(mina)
        (held,) = line.silences
        assert (held.by, held.origin) == ("amtool", "am")
        await mina.ownership.extend(held.id, 900)
        assert mina.picture(None).silences[0].silence.ends_at_s == now_s + 1500
        await asyncio.sleep(2)
        assert place.am.silences_held[held.id].ends_at_s == now_s + 1500
        await mina.ownership.expire(held.id)
        await asyncio.sleep(3)
        assert place.am.active() == []
        assert mina.ledger.book.mirrors == {}

    virtual(story)


def test_the_silence_of_an_acknowledgement_is_not_changed_by_hand() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        alert = place.am.fire()
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(4)
        (shown,) = mina.picture(None).silences
        with pytest.raises(Refused, match="stands for mina's acknowledgement"):
            await mina.ownership.expire(shown.silence.id)

    virtual(story)


def test_what_it_refuses_is_in_the_history_and_not_asked_again() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina")
        alert = place.am.fire()
        place.am.refuses = True
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(60)
        entries = await mina.ownership.timeline(alert.fingerprint)
        assert [entry.entry.kind for entry in entries] == ["hub.refused", "mark.acknowledged"]
        assert "not today" in entries[0].entry.text

    virtual(story)


def test_mirror_false_makes_no_silence() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina", place.spec(mirror=False))
        alert = place.am.fire()
        await asyncio.sleep(4)
        await mina.ownership.acknowledge([alert.fingerprint])
        await asyncio.sleep(10)
        assert place.am.puts == 0
        assert lines(mina)[0].ack is not None

    virtual(story)


def test_ours_are_sent_told_again_and_ended_and_do_not_come_back_as_theirs() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina", place.spec(send_to=("am",), **rules()))
        jun = place.start("jun", place.spec(send_to=("am",), **rules()))
        place.meter.value = 7.0
        await asyncio.sleep(6)
        ((sent,), *_) = place.am.posts
        assert (sent.name, sent.phase, sent.severity.word) == ("High", Phase.FIRING, "warning")
        assert sent.generator == "http://prom:9090/graph?g0.expr=x&g0.tab=1"
        assert [line.alert.origin for line in lines(mina)] == [line.alert.origin for line in lines(jun)] == [""]
        await asyncio.sleep(240)
        assert 4 <= len(place.am.posts) <= 6

        place.meter.value = 12.0
        await asyncio.sleep(6)
        assert [dict(labels)["severity"] for labels in place.am.alerts_held] == ["critical"]
        assert len(lines(jun)) == 1
        place.meter.value = 1.0
        await asyncio.sleep(6)
        assert place.am.alerts_held == {}

    virtual(story)


def test_a_new_leader_ends_what_the_one_before_told_of() -> None:
    async def story(place: Place) -> None:
        place.start("first", place.spec(send_to=("am",), **rules()))
        place.meter.value = 12.0
        await asyncio.sleep(6)
        assert len(place.am.alerts_held) == 1
        place.am.trouble = SourceUnavailable("am is away")
        place.meter.value = 1.0
        await asyncio.sleep(6)
        await place.kill(0)
        place.am.trouble = None
        place.start("second", place.spec(send_to=("am",), **rules()))
        await asyncio.sleep(12)
        assert place.am.alerts_held == {}

    virtual(story)


def test_one_of_ours_that_was_sent_and_is_acknowledged_is_silent_there() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina", place.spec(send_to=("am",), **rules()))
        place.meter.value = 12.0
        await asyncio.sleep(6)
        (line,) = lines(mina)
        await mina.ownership.acknowledge([line.alert.fingerprint])
        await asyncio.sleep(3)
        (silence,) = place.am.active()
        assert {each.name for each in silence.matchers} == {"alertname", "service", "severity"}
        assert not lines(mina)[0].is_quiet
        place.meter.value = 1.0
        await asyncio.sleep(8)
        assert place.am.active() == []

    virtual(story)


def test_a_source_that_left_the_configuration_takes_its_alerts_along() -> None:
    async def story(place: Place) -> None:
        mina = place.start("mina", place.spec("am", "am2"))
        place.am.fire()
        await asyncio.sleep(4)
        assert len(lines(mina)) == 1
        mina.load(place.spec("am2"), {}, {})
        await asyncio.sleep(4)
        assert lines(mina) == ()
        assert [view.name for view in mina.sources()] == ["am2"]

    virtual(story)


def _silence(now_s: float) -> Silence:
    return Silence(
        id="", matchers=(), starts_at_s=now_s, ends_at_s=now_s + 600, by="amtool", comment="x", created_at_s=now_s
    )
