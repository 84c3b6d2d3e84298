"""Telling people, in virtual time: once, also past a leader's death, and through an hour without an endpoint."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from opsdash.core.alerting.notice import Notice
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec, Escalate, NotifierSpec
from opsdash.core.errors import SourceUnavailable
from opsdash.engine.alerts.alerting import Alerting
from opsdash.engine.alerts.notifying import Notifying
from tests.engine.test_alerting import Bastion, picture, spec, virtual

HOOK = NotifierSpec(name="hook", kind="webhook")
PAGER = NotifierSpec(name="pager", kind="webhook", level=1)
ESCALATES = replace(spec(), escalate=(Escalate(after_s=60.0),), environment="production")


class Hook:
    """A notifier that is down, or slow, when a test says so."""

    name = "hook"

    def __init__(self, takes_s: float = 0.05) -> None:
        self.is_down = False
        self.is_broken = False
        self.is_closed = False
        self.takes_s = takes_s
        self.answers_s = 0.0
        self.got: list[Notice] = []
        self.at_s: list[float] = []
        self.tries = 0

    async def send(self, notice: Notice) -> str:
        self.tries += 1
        await asyncio.sleep(self.takes_s)
        if self.is_down:
            raise SourceUnavailable("hook refused the connection")
        if self.is_broken:
            raise KeyError("s3cret")
        self.got.append(notice)
        self.at_s.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.answers_s)
        return "200"

    async def aclose(self) -> None:
        self.is_closed = True

    @property
    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.got]


def telling(
    bastion: Bastion, alerting: Alerting, hooks: Hook | Mapping[str, Hook], *notifiers: NotifierSpec
) -> Notifying:
    by_name = hooks if isinstance(hooks, Mapping) else {"hook": hooks}
    part = Notifying(alerting.ledger, alerting.leading, lambda: picture(alerting).lines, lambda one: by_name[one.name])
    part.load(replace(alerting.spec, notifiers=notifiers or (HOOK,)))
    bastion.tasks.append(asyncio.create_task(part.run()))
    return part


async def kinds_of(bastion: Bastion) -> Counter[str]:
    return Counter(entry.entry.kind for entry in await bastion.store.chain())


def test_two_processes_tell_once_and_the_end_too() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        for name in ("a", "b"):
            telling(bastion, bastion.start(name), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(30)
        bastion.meter.value = 0.0
        await asyncio.sleep(30)
        assert hook.kinds == ["firing", "resolved"]

    virtual(story)


def test_an_endpoint_that_is_down_for_half_an_hour_is_told_once_when_it_returns() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        hook.is_down = True
        telling(bastion, bastion.start("a"), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(1800)
        hook.is_down = False
        await asyncio.sleep(120)
        assert hook.kinds == ["firing"]

    virtual(story)


def test_an_endpoint_that_is_down_for_two_hours_is_given_up_with_a_record_and_told_of_what_comes_after() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        hook.is_down = True
        telling(bastion, bastion.start("a"), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(7200)
        kinds = await kinds_of(bastion)
        assert kinds["notify.given_up"] == 1
        assert kinds["notify.failed"] > 10
        assert hook.tries < 100, "it is not hammered"
        hook.is_down = False
        bastion.meter.value = 0.0
        await asyncio.sleep(60)
        assert hook.got == [], "the end of what was never told"
        bastion.meter.value = 9.0
        await asyncio.sleep(60)
        assert hook.kinds == ["firing"]

    virtual(story)


@pytest.mark.parametrize("after_s", [0.1 * step for step in range(1, 40, 3)])
@pytest.mark.parametrize("answers_s", [0.0, 2.0], ids=["answers at once", "answers late"])
def test_a_leader_that_is_killed_at_any_moment_leaves_nobody_untold_and_no_other_message(
    after_s: float, answers_s: float
) -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook(takes_s=0.3)
        hook.answers_s = answers_s
        telling(bastion, bastion.start("a"), hook)
        await asyncio.sleep(1)
        telling(bastion, bastion.start("b"), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(after_s)
        for place in (0, 1):
            await bastion.kill(place)
        taken = len(hook.got)
        await asyncio.sleep(60)
        assert len({notice.key for notice in hook.got}) == 1, "one message, which the other side knows again"
        assert len(hook.got) in (1, taken + 1), "told again at most by the one who could not know"
        assert (await kinds_of(bastion))["notify.sent"] == 1

    virtual(story)


def test_a_notifier_that_hangs_holds_up_neither_the_others_nor_the_rules() -> None:
    async def story(bastion: Bastion) -> None:
        hooks = {"hook": Hook(), "slow": Hook(takes_s=1e6)}
        alerting = bastion.start("a")
        telling(bastion, alerting, hooks, replace(HOOK, name="slow", timeout_s=10.0), HOOK)
        await asyncio.sleep(5)
        bastion.meter.value = 9.0
        before = alerting.evaluating.rounds
        await asyncio.sleep(3)
        assert hooks["hook"].kinds == ["firing"]
        bastion.meter.value = 0.0
        await asyncio.sleep(17)
        assert hooks["hook"].kinds == ["firing", "resolved"]
        assert alerting.evaluating.rounds - before == 10, "one every two seconds, as without it"
        (failed,) = [one.entry for one in await bastion.store.chain() if one.entry.kind == "notify.failed"]
        assert "slow did not take it within 10 s" in failed.text

    virtual(story)


def test_a_notifier_that_breaks_is_tried_again_and_its_words_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        hook.is_broken = True
        telling(bastion, bastion.start("a"), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(10)
        hook.is_broken = False
        await asyncio.sleep(60)
        assert hook.kinds == ["firing"]
        assert not any("s3cret" in one.entry.text for one in await bastion.store.chain())

    virtual(story)
    assert "s3cret" not in caplog.text


def storm(count: int) -> AlertingSpec:
    """As many rules, each of its own name, that all ask the same."""
    (group,) = spec().groups
    rules = tuple(replace(group.rules[0], name=f"High{number}") for number in range(count))
    return replace(spec(), groups=(replace(group, rules=rules),))


def test_a_storm_over_many_names_keeps_to_the_rate_and_every_alert_is_told_and_recorded() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        telling(bastion, bastion.start("a", storm(60)), hook, replace(HOOK, rate_per_minute=4.0))
        bastion.meter.value = 9.0
        await asyncio.sleep(240)
        told = [alert.fingerprint for notice in hook.got for alert in notice.alerts]
        assert len(told) == len(set(told)) == 60
        assert len(hook.got) == 11
        assert max(len(notice.alerts) for notice in hook.got) == 50
        for begin in hook.at_s:
            assert sum(1 for at_s in hook.at_s if begin <= at_s < begin + 60) <= 4
        sent = [one.entry for one in await bastion.store.chain() if one.entry.kind == "notify.sent"]
        assert len({entry.subject for entry in sent}) == 60
        assert sum("50 alerts in one message" in entry.text for entry in sent) == 50

    virtual(story)


def test_a_critical_that_nobody_acknowledged_in_time_is_told_to_the_next_level_once_and_recorded() -> None:
    async def story(bastion: Bastion) -> None:
        hooks = {"hook": Hook(), "pager": Hook()}
        alerting = bastion.start("a", replace(ESCALATES, notifiers=(HOOK, PAGER)))
        telling(bastion, alerting, hooks, HOOK, PAGER)
        bastion.meter.value = 9.0
        await asyncio.sleep(60)
        assert hooks["pager"].got == []
        await asyncio.sleep(120)
        (notice,) = hooks["pager"].got
        assert (notice.kind, notice.level, notice.environment) == ("firing", 1, "production")
        assert notice.note == "escalated by opsdash: nobody acknowledged it within 1m"
        assert hooks["hook"].kinds == ["firing"], "who knows already is not told again"
        bastion.meter.value = 0.0
        await asyncio.sleep(20)
        assert hooks["pager"].kinds == hooks["hook"].kinds == ["firing", "resolved"]
        entries = [one.entry for one in await bastion.store.chain()]
        (mark,) = [entry for entry in entries if entry.kind == "mark.escalated"]
        assert (mark.actor, mark.text) == (
            "opsdash",
            "High (orders) escalated to level 1: nobody acknowledged it within 1m",
        )
        told = [entry.text for entry in entries if entry.kind == "notify.sent" and "pager" in entry.text]
        assert told[0] == "pager told (firing, escalated to level 1, 1 alert): 200"

    virtual(story)


def test_an_acknowledgement_in_time_prevents_the_escalation_and_its_end_is_told_at_once() -> None:
    async def story(bastion: Bastion) -> None:
        hooks = {"hook": Hook(), "pager": Hook()}
        alerting = bastion.start("a", ESCALATES)
        telling(bastion, alerting, hooks, HOOK, PAGER)
        bastion.meter.value = 9.0
        await asyncio.sleep(50)
        (line,) = picture(alerting).lines
        await alerting.ownership.acknowledge([line.alert.fingerprint], for_s=300.0)
        await asyncio.sleep(295)
        assert hooks["hook"].kinds == ["firing", "acknowledged"]
        await asyncio.sleep(10)
        assert hooks["hook"].kinds == ["firing", "acknowledged", "firing"]
        assert hooks["hook"].got[-1].note == "nobody has it any more"
        assert hooks["pager"].got == [], "its time begins anew"
        await asyncio.sleep(60)
        assert hooks["pager"].kinds == ["firing"]

    virtual(story)


@pytest.mark.parametrize("after_s", [30.0, 59.0, 60.5, 61.0, 61.5, 62.0, 70.0])
def test_an_escalation_survives_its_leader_and_is_told_once(after_s: float) -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        for name in ("a", "b"):
            telling(bastion, bastion.start(name, ESCALATES), hook, replace(PAGER, name="hook"))
            await asyncio.sleep(1)
        bastion.meter.value = 9.0
        await asyncio.sleep(after_s)
        for place in (0, 1):
            await bastion.kill(place)
        await asyncio.sleep(120)
        assert len({notice.key for notice in hook.got}) == 1
        assert len(hook.got) == (await kinds_of(bastion))["mark.escalated"] == 1

    virtual(story)


def test_what_is_not_critical_is_not_escalated() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        steps = (Escalate(after_s=60.0, severity=Severity.CRITICAL),)
        (group,) = spec().groups
        mild = replace(group.rules[0], condition=replace(group.rules[0].condition, critical=None, warning=5.0))  # type: ignore[type-var]
        rules = replace(spec(), escalate=steps, groups=(replace(group, rules=(mild,)),))
        telling(bastion, bastion.start("a", rules), hook, replace(PAGER, name="hook"))
        bastion.meter.value = 9.0
        await asyncio.sleep(600)
        assert hook.got == []

    virtual(story)


def test_a_changed_notifier_takes_over_where_the_one_before_was_which_is_closed() -> None:
    async def story(bastion: Bastion) -> None:
        first, second = Hook(), Hook()
        hooks = {"hook": first}
        alerting = bastion.start("a")
        part = telling(bastion, alerting, hooks)
        bastion.meter.value = 9.0
        await asyncio.sleep(10)
        hooks["hook"] = second
        part.load(replace(spec(), notifiers=(replace(HOOK, url="http://elsewhere"),)))
        bastion.meter.value = 0.0
        await asyncio.sleep(10)
        assert (first.kinds, second.kinds) == (["firing"], ["resolved"])
        assert (first.is_closed, second.is_closed) == (True, False)
        assert part.outcomes == {"notifications_sent": 2, "notifications_failed": 0, "notifications_given_up": 0}

    virtual(story)


def test_while_nothing_changes_nothing_is_planned() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        part = telling(bastion, bastion.start("a"), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(60)
        before = part.plans
        await asyncio.sleep(100)
        assert part.plans - before <= 20, "twice a second would be 200"

    virtual(story)
