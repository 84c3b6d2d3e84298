"""`node_cpu_seconds_total` of node_exporter: each CPU of each instance, which are more after scaling up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.flow import Flow
from opsdash.plant.layers.fleet import Fleet
from opsdash.plant.recorder import Recorder, summed

Rows = npt.NDArray[np.int64]

_MODES = ("user", "system", "idle")
_USER = 0.86
"""Part of the busy time that is not the kernel's."""
_UNEVEN = 0.08
"""How much more of the interrupts the first CPU gets than the mean; the last one gets as much less."""


class CpuExporter:
    """Rows of every (instance, CPU); a CPU that an instance has no more has no samples."""

    def __init__(self, recorder: Recorder, fleet: Fleet) -> None:
        self._recorder = recorder
        self._fleet = fleet
        self._slot: Rows = np.zeros(0, dtype=np.int64)
        self._cpu: Rows = np.zeros(0, dtype=np.int64)
        self._rows: Rows = np.zeros((0, len(_MODES)), dtype=np.int64)

    def cover(self, labels: list[dict[str, str]]) -> None:
        """Register the CPUs that are new; `labels` are those of node_exporter, by slot."""
        have = np.bincount(self._slot, minlength=len(labels))
        wanted = self._fleet.vcpus.astype(np.int64)
        added = [(slot, cpu) for slot in range(len(labels)) for cpu in range(have[slot], wanted[slot])]
        if not added:
            return
        sets = [{**labels[slot], "cpu": str(cpu), "mode": mode} for slot, cpu in added for mode in _MODES]
        rows = self._recorder.counter("node_cpu_seconds_total", "CPU time by mode.", sets, whole=False)
        slots, cpus = np.array(added, dtype=np.int64).T
        self._slot, self._cpu = np.append(self._slot, slots), np.append(self._cpu, cpus)
        self._rows = np.concatenate([self._rows, rows.reshape(-1, len(_MODES))])

    def rows_of(self, slot: int) -> Rows:
        """All rows of an instance."""
        return np.asarray(self._rows[self._slot == slot].ravel())

    def end_missing(self) -> None:
        """No samples of CPUs that an instance has no more."""
        self._recorder.set_away(self._rows[self._cpu >= self._fleet.vcpus[self._slot]].ravel(), True)

    def write(self, flow: Flow, step: int) -> None:
        """One frame."""
        busy = flow.instances.busy[:, self._slot]
        last = np.maximum(self._fleet.vcpus[self._slot] - 1, 1)
        # The unevenness adds up to nothing over an instance's CPUs, and keeps each between idle and full.
        lean = _UNEVEN * (1.0 - 2.0 * self._cpu / last)
        busy = busy + lean * busy * (1.0 - busy)
        modes = np.stack([busy * _USER, busy * (1.0 - _USER), 1.0 - busy], axis=-1)
        self._recorder.put(self._rows.ravel(), summed(modes.reshape(len(busy), -1), step))
