"""Alertmanagers for commands that look once: all are asked at the same time, each as long as its timeout says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from opsdash.core.alerting.hubs import Foreign, HubRecord, answered, failed, foreign_of
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import OpsdashError
from opsdash.core.sources import SourceSpec
from opsdash.ports import AlertHub


async def foreign_once(
    spec: AlertingSpec, build: Callable[[SourceSpec], AlertHub], now_s: float
) -> tuple[Foreign, tuple[str, ...]]:
    """What they hold, and a line for each that did not answer. Raises nothing of theirs.

    `now_s`: UTC seconds.
    """
    records = await records_once(spec, build, now_s)
    return foreign_of(records, spec.send_to), tuple(record.trouble for record in records if record.trouble)


async def records_once(
    spec: AlertingSpec, build: Callable[[SourceSpec], AlertHub], now_s: float
) -> tuple[HubRecord, ...]:
    """What each of them answered, in the order of the configuration. Raises nothing of theirs."""
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(_record(source, build, now_s), name=f"ask {source.name} once") for source in spec.hubs
        ]
    return tuple(task.result() for task in asked)


async def _record(source: SourceSpec, build: Callable[[SourceSpec], AlertHub], now_s: float) -> HubRecord:
    before = HubRecord(name=source.name)
    try:
        hub = build(source)
    except OpsdashError as error:
        return failed(before, error.message)
    try:
        async with asyncio.timeout(source.timeout_s + 0.5):
            return answered(before, await hub.told(), asked_at_s=now_s)
    except OpsdashError as error:
        return failed(before, error.message)
    except TimeoutError:
        return failed(before, f"{source.name} did not answer in {source.timeout_s:g} s")
    finally:
        await hub.aclose()
