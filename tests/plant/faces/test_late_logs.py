"""The logs come after the metrics: nobody sees that they were not there at first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opsdash.plant.architecture_names import ARCHITECTURE_NAMES
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.faces.exchange import Request
from opsdash.plant.faces.late_logs import LateLogs
from opsdash.plant.faces.worker import Worker
from opsdash.plant.plant import Plant

NOW_S = 1_790_000_000
HISTORY_S = 1_800


class Host:
    """A plant with a little history whose logs are not written yet."""

    def __init__(self, *, is_late: bool = True) -> None:
        self.worker = Worker("test")
        self.logs = LateLogs(self.worker, seed=7, now_ms=lambda: NOW_S * 1_000)
        self.plant = Plant(ARCHITECTURES["shop"], seed=7, now_s=NOW_S)
        self.plant.subscribe(self.logs.hear)
        if is_late:
            self.plant.history(HISTORY_S)

    async def found(self, body: dict[str, object], path: str = "/logs-shop/_search") -> dict[str, object]:
        """What a search gives."""
        headers = {"content-type": "application/json"}
        request = Request(method="POST", path=path, headers=headers, body=json.dumps(body).encode())
        answer = await self.logs.answer(request)
        assert answer.status == 200, answer.body
        told: dict[str, object] = json.loads(answer.body)
        return told

    async def newest(self) -> list[object]:
        """The newest hundred documents, without how long the search took."""
        hits = (await self.found({"size": 100, "sort": [{"@timestamp": "desc"}]}))["hits"]
        assert isinstance(hits, dict)
        return [(one["_id"], one["_source"]) for one in hits["hits"]]

    async def tick(self) -> None:
        """A second passes, on the plant's thread."""
        await self.worker.run(lambda _: self.plant.tick(), timeout_s=10, is_abandoned=lambda: False)


@asynccontextmanager
async def living(*, is_late: bool = True) -> AsyncIterator[Host]:
    """A plant whose logs are being written."""
    host = Host(is_late=is_late)
    writing = asyncio.create_task(host.logs.write())
    try:
        yield host
    finally:
        writing.cancel()
        host.worker.close()


async def test_the_first_question_waits_until_all_of_the_history_is_there() -> None:
    async with living() as host:
        times = {"low": {"min": {"field": "@timestamp"}}, "high": {"max": {"field": "@timestamp"}}}
        told = await host.found({"size": 0, "aggs": times, "track_total_hits": True})
    found = told["aggregations"]
    assert isinstance(found, dict)
    assert found["low"]["value"] / 1_000 < NOW_S - HISTORY_S + 60
    assert found["high"]["value"] / 1_000 > NOW_S - 60


async def test_seconds_that_pass_while_the_history_is_written_come_after_it_and_none_is_lost() -> None:
    async with living() as late:
        question = asyncio.create_task(late.newest())
        for _ in range(30):
            await late.tick()
        await question
        for _ in range(30):
            await late.tick()
        seen = await late.newest()
    async with living(is_late=False) as early:
        await early.newest()  # its logs are there before anything has happened
        early.plant.history(HISTORY_S)
        for _ in range(60):
            await early.tick()
        assert seen == await early.newest()


async def test_metrics_are_asked_while_the_logs_are_written() -> None:
    async with living() as host:
        logs = asyncio.create_task(host.newest())
        order: list[str] = []
        logs.add_done_callback(lambda _: order.append("logs"))
        for _ in range(3):
            await host.worker.run(lambda _: order.append("metrics"), timeout_s=10, is_abandoned=lambda: False)
        await logs
    assert order[:3] == ["metrics"] * 3


async def test_without_a_question_they_are_written_all_the_same() -> None:
    host = Host()
    await host.logs.write()
    assert await host.newest()
    host.worker.close()


def test_the_command_line_knows_every_architecture() -> None:
    assert tuple(ARCHITECTURES) == ARCHITECTURE_NAMES
