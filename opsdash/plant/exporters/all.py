"""Every exporter of the plant, and what happens to their series when instances come and go."""

from __future__ import annotations

import numpy as np

from opsdash.plant.exporters.calls import Latencies, call_tables
from opsdash.plant.exporters.cpus import CpuExporter
from opsdash.plant.exporters.data import data_tables
from opsdash.plant.exporters.edge import edge_tables, server_table
from opsdash.plant.exporters.hosts import cadvisor_labels, living_tables, node_labels, pod_table, service_tables
from opsdash.plant.exporters.http import HttpExporter, slot_labels
from opsdash.plant.exporters.stores import node_tables, store_tables
from opsdash.plant.exporters.targets import TargetExporter, scraped
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
        self._cpus = CpuExporter(recorder, world.fleet)
        self._living = living_tables(recorder, world)
        """Tables by slot whose series end while the instance is away or boots."""
        self._targets = TargetExporter(recorder, world.fleet)
        self._existing = [pod_table(recorder, world), server_table(recorder, world)]
        """Tables by slot whose series end when the instance is away."""
        self._nodes = node_tables(recorder, world)
        self._fixed = [
            *edge_tables(recorder, world, began_s),
            *call_tables(recorder, world),
            *data_tables(recorder, world),
            *store_tables(recorder, world),
            *service_tables(recorder, world),
        ]
        self._lives = np.zeros(0, dtype=np.int64)
        self._shown = np.zeros(0, dtype=np.int64)

    def prepare(self) -> None:
        """Have rows for what is new; begin counters again for what was replaced; end what is away."""
        world, fleet = self._world, self._world.fleet
        old = len(self._labels)
        if fleet.count > old:
            self._labels[:] = list(slot_labels(world))
            self._http.cover(self._labels)
            for table in (*self._living, *self._existing):
                table.cover(fleet.count)
            for slot in range(old, fleet.count):
                self._targets.cover(slot, self._targets_on(slot))
        self._cpus.cover([node_labels(world, slot) for slot in range(fleet.count)])
        match world.supply.store:
            case SqlCluster() as store:
                nodes = len(store.shard)
            case RingCluster() as ring:
                nodes = len(ring.tokens)
            case _:
                nodes = 0
        for table in self._nodes:
            table.cover(nodes)
        self._targets.find_others()
        self._follow()

    def write(self, flow: Flow, step: int) -> None:
        """Everything into the recorder's frame."""
        self._http.write(flow, step)
        self._latencies.write(flow, step)
        for table in (*self._living, *self._existing, *self._fixed, *self._nodes):
            table.write(flow, step)
        self._cpus.write(flow, step)
        self._targets.write()

    def _follow(self) -> None:
        fleet, recorder = self._world.fleet, self._recorder
        old = len(self._lives)
        # 0: away, 1: exists but cannot be scraped, 2: scraped.
        shown = np.where(fleet.phase == Phase.AWAY, 0, np.where(scraped(fleet), 2, 1))
        for slot in range(fleet.count):
            is_new = slot >= old
            if is_new or fleet.life[slot] != self._lives[slot]:
                recorder.restart(self._living_rows(slot))
            if is_new or shown[slot] != self._shown[slot]:
                recorder.set_away(self._living_rows(slot), bool(shown[slot] < 2))
                rows = [self._targets.rows_of(slot), *(table.rows_of(slot) for table in self._existing)]
                recorder.set_away(np.concatenate(rows), bool(shown[slot] == 0))
        self._cpus.end_missing()
        self._lives, self._shown = fleet.life.copy(), shown

    def _targets_on(self, slot: int) -> list[dict[str, str]]:
        service = {key: self._labels[slot][key] for key in ("job", "instance", "region")}
        node, kubelet = node_labels(self._world, slot), cadvisor_labels(self._world, slot)
        found = [{**{key: one[key] for key in ("job", "instance", "node")}, "region": node["region"]}
                 for one in (node, kubelet)]  # fmt: skip
        return [service, *found]

    def _living_rows(self, slot: int) -> np.ndarray:
        tables = [table.rows_of(slot) for table in self._living]
        return np.concatenate([self._http.rows_of(slot), self._cpus.rows_of(slot), *tables])
