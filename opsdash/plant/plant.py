"""The plant: a simulated high-traffic system that ticks once a second.

plant = Plant(topology("shop"), seed=1, now_s=1_790_000_000)
plant.history(7_200)                 # two hours that end at now_s, in blocks of ten minutes
plant.tick()                         # the next second
plant.samples                        # SampleStore: what a Prometheus would have scraped, every 5 s
plant.subscribe(listener)            # called with a TickSummary after every block (logs)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from opsdash.plant.exporters.all import Exporters
from opsdash.plant.faults import ActiveFault, Faults
from opsdash.plant.flow import Flow, joined
from opsdash.plant.health import Health, health_of
from opsdash.plant.operations import operate
from opsdash.plant.recorder import Recorder
from opsdash.plant.samples import SCRAPE_S, SampleStore
from opsdash.plant.summarising import summarised
from opsdash.plant.summary import TickSummary
from opsdash.plant.topology import Topology
from opsdash.plant.world import World

_BLOCK_S = 600
HISTORY_S = 7_200


class Plant:
    """See the module's text. One thread only."""

    def __init__(self, topology: Topology, seed: int, now_s: int) -> None:
        self.topology = topology
        self.seed = seed
        self.now_s = now_s
        """The last second that passed."""
        self.samples = SampleStore()
        self.world = World(topology, seed)
        self._recorder = Recorder(self.samples)
        self._exporters = Exporters(self._recorder, self.world, now_s)
        self._faults = Faults(self.world)
        self._newest: Flow | None = None
        self._waiting: list[Flow] = []
        self._listeners: list[Callable[[TickSummary], None]] = []

    def operate(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Do what an operator wants; what was before and after. Raises `verbs.Refused`."""
        return operate(self.world, float(self.now_s), operation, arguments)

    def inject(self, fault: str, **arguments: Any) -> dict[str, Any]:
        """Let something go wrong. Raises `verbs.Refused`."""
        return self._faults.inject(float(self.now_s), fault, arguments)

    def clear(self, fault: str) -> dict[str, Any]:
        """End a fault. Raises `verbs.Refused`."""
        return self._faults.clear(fault)

    def faults(self) -> tuple[ActiveFault, ...]:
        """What is wrong now."""
        return self._faults.active

    def health(self) -> Health:
        """The golden signals of the newest second; only after something has passed."""
        if self._newest is None:
            raise RuntimeError("nothing has passed yet")
        return health_of(self._newest, self.topology)

    def subscribe(self, listener: Callable[[TickSummary], None]) -> None:
        """Call this after every block of seconds."""
        self._listeners.append(listener)

    def history(self, seconds: int = HISTORY_S) -> None:
        """Seconds that ended at `now_s`, in blocks; before the first tick only."""
        end = self.now_s
        start = end - seconds
        self.now_s = start - start % SCRAPE_S
        while self.now_s < end:
            left = min(_BLOCK_S - self.now_s % _BLOCK_S, end - self.now_s)
            # Blocks end where scrapes are, so that no interval is cut; the last seconds wait for theirs.
            self._pass(left - left % SCRAPE_S or left)

    def tick(self) -> None:
        """One second."""
        self._pass(1)

    def _pass(self, count: int) -> None:
        seconds = np.arange(self.now_s + 1, self.now_s + count + 1, dtype=np.int64)
        self._faults.go_on(float(self.now_s))
        flow = self._newest = self.world.advance(seconds)
        self.now_s += count
        if self._listeners:
            summary = summarised(self.world, flow)
            for listener in self._listeners:
                listener(summary)
        self._waiting.append(flow)
        if self.now_s % SCRAPE_S == 0:
            self._scrape()

    def _scrape(self) -> None:
        flow = joined(self._waiting)
        self._waiting.clear()
        whole = len(flow.seconds) // SCRAPE_S * SCRAPE_S
        if whole < len(flow.seconds):
            # The plant began between two scrapes: that interval is not shown.
            return
        times = flow.seconds[SCRAPE_S - 1 :: SCRAPE_S] * 1_000
        self._exporters.prepare()
        self._recorder.begin(len(times))
        self._exporters.write(flow, SCRAPE_S)
        self._recorder.commit(times)
