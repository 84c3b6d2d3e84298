"""Alerts at run time, in virtual time: who evaluates, what a store that goes away costs, and what operators see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.alerting.rules import AlertRule, MissingPolicy, RuleGroup, Threshold
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.audit import first_break
from opsdash.core.errors import Refused, SourceUnavailable
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import MetricQuery, PromQuery
from opsdash.core.metrics.window import window_of
from opsdash.engine.alerts.alerting import Alerting, Seat
from opsdash.engine.alerts.ledger import NOT_WRITTEN
from tests.fakes.clock import VirtualClock, run_virtual
from tests.fakes.failing_store import FailingStore
from tests.fakes.spool import Disk, MemorySpool

ORDERS = (("service", "orders"),)


@dataclass
class Meter:
    """A source with one series, whose value a test sets."""

    name: str = "prom"
    value: float | None = 0.0
    is_down: bool = False
    hangs: bool = False
    asked: list[float] = field(default_factory=list)

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        self.asked.append(at_s)
        await asyncio.sleep(3600 if self.hangs else 0.01)
        if self.is_down:
            raise SourceUnavailable("prom refused the connection")
        return Answer(window=window_of([at_s], [] if self.value is None else [(ORDERS, [self.value])]))


def spec(for_s: float = 0.0) -> AlertingSpec:
    rule = AlertRule(
        name="High",
        group="g",
        queries=(PromQuery(source="prom", expr="x", instant=True),),
        condition=Threshold(critical=5.0),
        interval_s=2.0,
        for_s=for_s,
        no_data=MissingPolicy(state="keep"),
    )
    return AlertingSpec(groups=(RuleGroup(name="g", interval_s=2.0, rules=(rule,)),))


class Bastion:
    """Some processes on one store and one source."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = FailingStore(self.clock)
        self.disk = Disk()
        self.meter = Meter()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, rules: AlertingSpec | None = None, clock: VirtualClock | None = None) -> Alerting:
        seat = Seat(operator=name, login=name, holder=name)
        alerting = Alerting(self.store, clock or self.clock, seat, spool=MemorySpool(self.disk))
        alerting.load(rules or spec(), {"prom": self.meter}, {"prom": 4.0})  # type: ignore[dict-item]
        self.tasks.append(asyncio.create_task(alerting.run(), name=name))
        return alerting

    async def kill(self, place: int) -> None:
        """As kill -9: nothing is given up, the lease just runs out."""
        lease = dict(self.store._leases)
        self.tasks[place].cancel()
        await asyncio.gather(self.tasks[place], return_exceptions=True)
        self.store._leases.update(lease)


def virtual(story: Callable[[Bastion], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        bastion = Bastion()
        await story(bastion)
        for task in bastion.tasks:
            task.cancel()
        await asyncio.gather(*bastion.tasks, return_exceptions=True)

    run_virtual(main())


def states(alerting: Alerting) -> list[tuple[str, str | None]]:
    return [(str(line.alert.phase), line.ack.owner if line.ack else None) for line in picture(alerting).lines]


def picture(alerting: Alerting) -> AlertsPicture:
    return alerting.picture(None)


def test_one_of_ten_evaluates_and_all_see_it_within_a_second() -> None:
    async def story(bastion: Bastion) -> None:
        screens = [bastion.start(f"s{number}") for number in range(10)]
        await asyncio.sleep(3)
        bastion.meter.asked.clear()
        bastion.meter.value = 9.0
        await asyncio.sleep(3.5)

        assert [states(screen) for screen in screens] == [[("firing", None)]] * 10
        assert len(bastion.meter.asked) <= 2
        assert sum(screen.leading.is_ours for screen in screens) == 1

        (fingerprint,) = [line.alert.fingerprint for line in picture(screens[3]).lines]
        await screens[3].ownership.acknowledge([fingerprint])
        await asyncio.sleep(0.9)
        assert [states(screen) for screen in screens] == [[("firing", "s3")]] * 10

    virtual(story)


def test_of_two_who_acknowledge_in_the_same_second_one_wins_and_the_other_is_told() -> None:
    async def story(bastion: Bastion) -> None:
        mina, jun = bastion.start("mina"), bastion.start("jun")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (fingerprint,) = [line.alert.fingerprint for line in picture(mina).lines]
        told = await asyncio.gather(
            mina.ownership.acknowledge([fingerprint]), jun.ownership.acknowledge([fingerprint]), return_exceptions=True
        )
        (refused,) = [each for each in told if isinstance(each, Refused)]
        assert "acknowledged" in refused.message or "owns" in refused.message

    virtual(story)


def test_a_dead_leader_is_followed_within_two_intervals_of_its_lease() -> None:
    async def story(bastion: Bastion) -> None:
        bastion.start("first")
        await asyncio.sleep(1)
        second = bastion.start("second")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (before,) = picture(second).lines
        await bastion.kill(0)
        await asyncio.sleep(9)

        assert second.leading.is_ours
        (after,) = picture(second).lines
        assert after.alert.fired_at_s == before.alert.fired_at_s
        fired = [entry for entry in await bastion.store.chain() if entry.entry.kind == "alert.firing"]
        assert len(fired) == 1

    virtual(story)


def test_a_leader_that_leaves_gives_the_lease_up_at_once() -> None:
    async def story(bastion: Bastion) -> None:
        bastion.start("first")
        await asyncio.sleep(1)
        second = bastion.start("second")
        await asyncio.sleep(1)
        bastion.tasks[0].cancel()
        await asyncio.sleep(2.5)
        assert second.leading.is_ours

    virtual(story)


def test_while_the_store_is_away_alerts_go_on_and_an_acknowledgement_is_kept_and_written_later() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        await asyncio.sleep(3)
        bastion.store.is_gone = True
        bastion.meter.value = 9.0
        await asyncio.sleep(8)

        view = picture(mina).store
        assert view is not None
        assert view.state is Freshness.ERROR
        assert "the store is gone" in view.message
        assert states(mina) == [("firing", None)]

        (line,) = picture(mina).lines
        told = await mina.ownership.acknowledge([line.alert.fingerprint], note="on it")
        assert "not written yet" in told
        assert states(mina) == [("firing", "mina")]
        assert picture(mina).store.unwritten == 1  # type: ignore[union-attr]

        bastion.store.is_gone = False
        await asyncio.sleep(10)
        assert states(mina) == [("firing", "mina")]
        kinds = [entry.entry.kind for entry in await bastion.store.chain()]
        assert kinds.count("mark.acknowledged") == 1
        assert kinds.count("alert.firing") == 1
        assert first_break(await bastion.store.chain()) is None

    virtual(story)


def test_an_answer_of_the_store_that_is_lost_acknowledges_once() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        bastion.store.loses_answers = True
        await mina.ownership.acknowledge([line.alert.fingerprint])
        bastion.store.loses_answers = False
        await asyncio.sleep(5)

        kinds = [entry.entry.kind for entry in await bastion.store.chain()]
        assert kinds.count("mark.acknowledged") == 1
        assert states(mina) == [("firing", "mina")]

    virtual(story)


def test_a_source_that_is_down_fires_nothing_and_resolves_nothing() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        bastion.meter.is_down = True
        await asyncio.sleep(60)
        assert states(mina) == [("firing", None)]
        (rule,) = picture(mina).rules
        assert rule.health is not None
        assert rule.health.state is Freshness.ERROR

        bastion.meter.is_down, bastion.meter.value = False, 0.0
        await asyncio.sleep(12)
        assert states(mina) == [("resolved", None)]

    virtual(story)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_jumps_an_hour_fires_nothing(jump_s: float) -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina", spec(for_s=60.0))
        bastion.meter.value = 9.0
        await asyncio.sleep(10)
        assert states(mina) == [("pending", None)]
        bastion.clock.jump_s = jump_s
        await asyncio.sleep(10)
        assert states(mina) == [("pending", None)]

    virtual(story)


def test_a_rule_that_is_taken_out_of_the_configuration_ends_its_alerts() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        mina.load(AlertingSpec(), {}, {})
        await asyncio.sleep(5)
        assert states(mina) == [("resolved", None)]
        last = (await bastion.store.entries(limit=1))[0]
        assert "the rule is gone" in last.entry.text

    virtual(story)


@pytest.mark.parametrize("apart_s", [30.0, -30.0])
def test_leases_and_expiries_hold_where_two_clocks_are_half_a_minute_apart(apart_s: float) -> None:
    async def story(bastion: Bastion) -> None:
        other = VirtualClock()
        other.jump_s = apart_s
        here, there = bastion.start("here"), bastion.start("there", clock=other)
        bastion.meter.value = 9.0
        for _ in range(40):
            await asyncio.sleep(0.5)
            assert here.leading.is_ours + there.leading.is_ours <= 1

        (fingerprint,) = [line.alert.fingerprint for line in picture(there).lines]
        await there.ownership.acknowledge([fingerprint], for_s=60.0)
        await asyncio.sleep(55)
        assert [states(screen) for screen in (here, there)] == [[("firing", "there")]] * 2
        await asyncio.sleep(10)
        assert [states(screen) for screen in (here, there)] == [[("firing", None)]] * 2

    virtual(story)


def test_an_owner_who_presses_keys_keeps_an_alert_and_one_who_left_loses_it() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        await mina.ownership.acknowledge([line.alert.fingerprint])
        for _ in range(70):
            await asyncio.sleep(60)
            mina.ownership.heard()
        assert states(mina) == [("firing", "mina")]
        await asyncio.sleep(3700)
        assert states(mina) == [("firing", None)]

    virtual(story)


def test_a_deed_that_waited_for_the_store_and_was_overtaken_is_told() -> None:
    async def story(bastion: Bastion) -> None:
        mina, jun = bastion.start("mina"), bastion.start("jun")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        bastion.store.is_gone = True
        await asyncio.sleep(1)
        for screen in (mina, jun):
            assert "not written yet" in await screen.ownership.acknowledge([line.alert.fingerprint])
        bastion.store.is_gone = False
        await asyncio.sleep(6)

        owner = states(mina)[0][1]
        assert owner in ("mina", "jun")
        loser = jun if owner == "mina" else mina
        view = picture(loser).store
        assert view is not None
        assert view.message.startswith("not written after all:")
        assert states(loser) == [("firing", owner)]

    virtual(story)


def test_what_was_decided_while_the_store_was_away_outlives_kill_9_and_is_written_once() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        bastion.store.is_gone = True
        await asyncio.sleep(1)
        told = await mina.ownership.acknowledge([line.alert.fingerprint], note="on it")
        assert told.endswith(NOT_WRITTEN)
        await bastion.kill(0)
        assert len(bastion.disk.commits) == 1

        again = bastion.start("mina")
        await asyncio.sleep(5)
        assert picture(again).store.unwritten == 1  # type: ignore[union-attr]
        bastion.store.is_gone = False
        await asyncio.sleep(10)

        assert states(again) == [("firing", "mina")]
        assert picture(again).store.message.startswith("what was decided here before")  # type: ignore[union-attr]
        assert bastion.disk.commits == {}
        kinds = [entry.entry.kind for entry in await bastion.store.chain()]
        assert kinds.count("mark.acknowledged") == 1
        assert kinds.count("alert.firing") == 1

    virtual(story)


def test_what_cannot_be_kept_on_the_disk_is_said_to_be_in_memory_only() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        bastion.store.is_gone = bastion.disk.is_full = True
        await asyncio.sleep(1)

        told = await mina.ownership.acknowledge([line.alert.fingerprint], note="on it")

        assert told.endswith("; kept in memory only: the disk is full")
        assert "in memory only (the disk is full)" in picture(mina).store.message  # type: ignore[union-attr]
        assert states(mina) == [("firing", "mina")]

    virtual(story)


def test_a_store_that_is_slow_to_open_is_not_overwritten_with_what_was_begun_without_it() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (before,) = picture(mina).lines
        await bastion.kill(0)
        bastion.store.is_gone = True
        jun = bastion.start("jun")
        await asyncio.sleep(8)
        assert states(jun) == [("firing", None)]

        bastion.store.is_gone = False
        await asyncio.sleep(10)

        (after,) = picture(jun).lines
        assert after.alert.fired_at_s == before.alert.fired_at_s
        kinds = [entry.entry.kind for entry in await bastion.store.chain()]
        assert kinds.count("alert.firing") == 1

    virtual(story)


def test_of_many_that_wait_each_is_written_once_though_several_write_them() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        bastion.store.is_gone = True
        await asyncio.sleep(1)
        for word in "abcdef":
            await mina.ownership.note([line.alert.fingerprint], word)
        bastion.store.is_gone = False

        await asyncio.gather(*(mina.ledger.keep_up() for _ in range(3)))

        notes = [each.entry.text[-1] for each in await bastion.store.chain() if each.entry.kind == "mark.noted"]
        assert notes == list("abcdef")
        assert bastion.disk.commits == {}

    virtual(story)


def test_an_acknowledgement_that_ended_in_the_same_moment_is_taken_at_the_second_try() -> None:
    async def story(bastion: Bastion) -> None:
        mina, jun = bastion.start("mina"), bastion.start("jun")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        await mina.ownership.acknowledge([line.alert.fingerprint])
        await asyncio.sleep(1)

        await jun.ownership.unacknowledge([line.alert.fingerprint])
        await mina.ownership.acknowledge([line.alert.fingerprint], note="still mine")

        assert states(mina) == [("firing", "mina")]

    virtual(story)


def test_what_somebody_else_just_took_is_not_given_back_at_a_second_try() -> None:
    async def story(bastion: Bastion) -> None:
        mina, jun = bastion.start("mina"), bastion.start("jun")
        bastion.meter.value = 9.0
        await asyncio.sleep(5)
        (line,) = picture(mina).lines
        await mina.ownership.acknowledge([line.alert.fingerprint])
        await asyncio.sleep(1)

        await jun.ownership.assign([line.alert.fingerprint], "jun")
        with pytest.raises(Refused, match="jun"):
            await mina.ownership.unacknowledge([line.alert.fingerprint])

        assert states(jun) == [("firing", "jun")]

    virtual(story)


def test_a_query_that_hangs_holds_up_its_group_for_less_than_an_interval() -> None:
    async def story(bastion: Bastion) -> None:
        mina = bastion.start("mina")
        await asyncio.sleep(5)
        bastion.meter.hangs = True
        await asyncio.sleep(20)
        (rule,) = picture(mina).rules
        assert rule.health is not None
        assert rule.health.message.startswith("prom did not answer in 1.8 s")
        assert bastion.clock.now_s() - rule.health.evaluated_at_s < 5

    virtual(story)
