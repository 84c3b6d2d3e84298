"""Every exporter of the plant, and what happens to their series when instances come and go."""

from __future__ import annotations

import numpy as np

from opsdash.plant.exporters.calls import Latencies, call_tables
from opsdash.plant.exporters.data import data_tables, node_table
from opsdash.plant.exporters.edge import edge_tables, server_table
from opsdash.plant.exporters.hosts import instance_table, pod_table, service_tables, up_table
from opsdash.plant.exporters.http import HttpExporter, slot_labels
from opsdash.plant.flow import Flow
from opsdash.plant.layers.database import SqlCluster
from opsdash.plant.layers.fleet import Phase
from opsdash.plant.layers.ring import RingCluster
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World


class Exporters:
    """Writes a frame from a block of seconds."""

    def __init__(self, recorder: Recorder, world: World, began_s: int) -> None:
        self._recorder = recorder
        self._world = world
        self._labels: list[dict[str, str]] = []
        self._http = HttpExporter(recorder, world)
        self._latencies = Latencies(recorder, world)
        self._living = [instance_table(recorder, world), server_table(recorder, world)]
        """Tables by slot whose series end while the instance is away or boots."""
        self._existing = [pod_table(recorder, world), up_table(recorder, world, self._labels)]
        """Tables by slot whose series end when the instance is away."""
        self._nodes = node_table(recorder, world)
        self._fixed = [
            *edge_tables(recorder, world, began_s),
            *call_tables(recorder, world),
            *data_tables(recorder, world),
            *service_tables(recorder, world),
        ]
        self._lives = np.zeros(0, dtype=np.int64)
        self._shown = np.zeros(0, dtype=np.int64)

    def prepare(self) -> None:
        """Have rows for what is new; begin counters again for what was replaced; end what is away."""
        fleet = self._world.fleet
        if fleet.count > len(self._labels):
            self._labels[:] = list(slot_labels(self._world))
            self._http.cover(self._labels)
            for table in (*self._living, *self._existing):
                table.cover(fleet.count)
        store = self._world.supply.store
        if self._nodes is not None:
            match store:
                case SqlCluster():
                    self._nodes.cover(len(store.shard))
                case RingCluster():
                    self._nodes.cover(len(store.tokens))
                case _:
                    pass
        self._follow()

    def write(self, flow: Flow, step: int) -> None:
        """Everything into the recorder's frame."""
        self._http.write(flow, step)
        self._latencies.write(flow, step)
        for table in (*self._living, *self._existing, *self._fixed):
            table.write(flow, step)
        if self._nodes is not None:
            self._nodes.write(flow, step)

    def _follow(self) -> None:
        fleet, recorder = self._world.fleet, self._recorder
        old = len(self._lives)
        # 0: away, 1: exists but cannot be scraped, 2: scraped.
        scraped = np.isin(fleet.phase, (Phase.READY, Phase.DRAINING, Phase.OUT)) & fleet.region_up[fleet.region]
        shown = np.where(fleet.phase == Phase.AWAY, 0, np.where(scraped, 2, 1))
        for slot in range(fleet.count):
            is_new = slot >= old
            if is_new or fleet.life[slot] != self._lives[slot]:
                recorder.restart(self._living_rows(slot))
            if is_new or shown[slot] != self._shown[slot]:
                recorder.set_away(self._living_rows(slot), bool(shown[slot] < 2))
                rows = np.concatenate([table.rows_of(slot) for table in self._existing])
                recorder.set_away(rows, bool(shown[slot] == 0))
        self._lives, self._shown = fleet.life.copy(), shown

    def _living_rows(self, slot: int) -> np.ndarray:
        return np.concatenate([self._http.rows_of(slot), *(table.rows_of(slot) for table in self._living)])
