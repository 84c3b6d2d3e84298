"""Telling people, in virtual time: once, also past a leader's death, and through an hour without an endpoint."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from opsdash.core.alerting.notice import Notice
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.errors import SourceUnavailable
from opsdash.engine.alerts.alerting import Alerting
from opsdash.engine.alerts.notifying import Notifying
from tests.engine.test_alerting import Bastion, picture, spec, virtual


class Hook:
    """A notifier that is down when a test says so."""

    name = "hook"

    def __init__(self) -> None:
        self.is_down = False
        self.got: list[Notice] = []

    async def send(self, notice: Notice) -> str:
        await asyncio.sleep(0.05)
        if self.is_down:
            raise SourceUnavailable("hook refused the connection")
        self.got.append(notice)
        return "200"

    async def aclose(self) -> None:
        """Nothing."""


def telling(bastion: Bastion, alerting: Alerting, hook: Hook) -> None:
    part = Notifying(alerting.ledger, alerting.leading, lambda: picture(alerting).lines, lambda _: hook)
    part.load(replace(spec(), notifiers=(NotifierSpec(name="hook", kind="webhook"),)))
    bastion.tasks.append(asyncio.create_task(part.run()))


def test_two_processes_tell_once_and_the_end_too() -> None:
    async def story(bastion: Bastion) -> None:
        hook = Hook()
        for name in ("a", "b"):
            telling(bastion, bastion.start(name), hook)
        bastion.meter.value = 9.0
        await asyncio.sleep(30)
        bastion.meter.value = 0.0
        await asyncio.sleep(30)
        assert [notice.kind for notice in hook.got] == ["firing", "resolved"]

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
        assert [notice.kind for notice in hook.got] == ["firing"]

    virtual(story)
