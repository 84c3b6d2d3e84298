"""The plant's own process: time goes on, the faces answer, and it ends with whoever started it.

It is started with listening sockets and with a pipe that nobody writes to. When the pipe is closed, the process that
started it is gone, however it went: the plant removes the folder of that run and ends.

One thread owns the plant. Ticks, questions and operations are jobs of that thread, so nothing changes while it is
read, and the event loop only ever waits.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import math
import shutil
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.faces.control import ControlFace
from opsdash.plant.faces.exchange import refuse_in_json
from opsdash.plant.faces.late_logs import LateLogs
from opsdash.plant.faces.plant_catalogue import PlantCatalogue
from opsdash.plant.faces.prometheus import PrometheusFace
from opsdash.plant.faces.web import Face, WebServer
from opsdash.plant.faces.worker import Worker
from opsdash.plant.pace import Pace
from opsdash.plant.plant import HISTORY_S, Plant
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.scenario import Scenario
from opsdash.plant.scenarios.stage import Stage
from opsdash.plant.verbs import Refused

TICKS_AT_ONCE = 30
"""Before the thread is free for a question again: some 0.1 s where time goes fast or has to be caught up."""
SCENARIO_AFTER_S = 5.0
"""This host's seconds from the faces' first answer to a scenario that was asked for: the dashboard is live by then."""

logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until the pipe is closed; the exit code."""
    options = _parser().parse_args(argv)
    gc.disable()  # until the history is there: nothing of it is garbage
    pace = Pace(options.origin, options.speed)
    plant = Plant(ARCHITECTURES[options.topology], seed=options.seed, now_s=int(_now_s(pace)))
    try:
        sockets = [socket.socket(fileno=number) for number in options.listen]
        asyncio.run(Life(plant, pace).run(sockets, options.life, options.scenario))
    finally:
        if options.folder is not None:
            shutil.rmtree(options.folder, ignore_errors=True)
    return 0


class Life:
    """The plant, its thread and its faces, from the first tick to the last."""

    def __init__(self, plant: Plant, pace: Pace) -> None:
        """`plant` has no history yet: it is made here, and its logs are written from it."""
        self._plant = plant
        self._pace = pace
        self._stage = Stage(plant)
        self._worker = Worker("plant")
        self._logs = LateLogs(self._worker, seed=plant.seed, now_ms=lambda: int(self._now_s() * 1_000))
        plant.subscribe(self._logs.hear)
        plant.history(HISTORY_S)
        gc.freeze()
        gc.enable()

    async def run(self, sockets: Sequence[socket.socket], life: int, scenario: str | None = None) -> None:
        """Until the pipe is closed. `scenario` begins a few seconds after the faces answer."""
        async with AsyncExitStack() as stack:
            stack.callback(self._worker.close)
            for face, listening in zip(self._faces(), sockets, strict=True):
                await stack.enter_async_context(WebServer(face, now_s=self._now_s, listening=listening))
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._tick()), group.create_task(self._logs.write())]
                if scenario is not None:
                    beside.append(group.create_task(self._start(SCENARIOS[scenario])))
                await _until_closed(life)
                for task in beside:
                    task.cancel()

    def _faces(self) -> tuple[Face, ...]:
        prometheus = PrometheusFace(
            self._plant.samples, PlantCatalogue(self._plant.samples), now_s=self._now_s, worker=self._worker
        )
        control = ControlFace(self._plant, self._stage, self._worker, self._pace)
        return (
            Face(name="the demo's Prometheus", handler=prometheus.handler()),
            Face(name="the demo's Elasticsearch", handler=self._logs.answer, refuse=refuse_in_json),
            Face(name="the demo's control API", handler=control.handler(), refuse=refuse_in_json),
        )

    async def _tick(self) -> None:
        """Keeps the plant's time up with the pace, for ever. A host that slept is caught up with, piece by piece."""
        while True:
            due = int(self._now_s() - self._plant.now_s)
            if due > 0:
                some = partial(self._pass, min(due, TICKS_AT_ONCE))
                await self._worker.run(some, timeout_s=math.inf, is_abandoned=lambda: False)
            else:
                await asyncio.sleep(max(0.02, (self._plant.now_s + 1 - self._now_s()) / self._pace.speed))

    def _pass(self, seconds: int, _may_stop: Callable[[], bool]) -> None:
        for _ in range(seconds):
            self._plant.tick()
            self._stage.go_on()

    async def _start(self, scenario: Scenario) -> None:
        await asyncio.sleep(SCENARIO_AFTER_S)
        try:
            await self._worker.run(
                lambda _: self._stage.start(scenario), timeout_s=math.inf, is_abandoned=lambda: False
            )
        except Refused as refused:  # somebody was faster with a fault of the same name
            logger.warning("%s was not started: %s", scenario.name, refused)

    def _now_s(self) -> float:
        return _now_s(self._pace)


async def _until_closed(descriptor: int) -> None:
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, closed.set)
    await closed.wait()


def _now_s(pace: Pace) -> float:
    return pace.now_s(time.time())  # noqa: TID251 - the plant is a host of its own, and this is its clock


def _parser() -> argparse.ArgumentParser:
    """Only `opsdash demo` starts this, so there are no words for people."""
    parser = argparse.ArgumentParser(prog="opsdash-plant", allow_abbrev=False)
    parser.add_argument("--topology", required=True, choices=tuple(ARCHITECTURES))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--origin", type=float, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--listen", type=lambda text: [int(part) for part in text.split(",")], required=True)
    parser.add_argument("--life", type=int, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scenario", choices=tuple(SCENARIOS))
    return parser


if __name__ == "__main__":
    sys.exit(main())
