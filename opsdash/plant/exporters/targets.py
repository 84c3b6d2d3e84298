"""`up`, as a Prometheus writes it: one series for each target that it scrapes, whatever the job."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.fleet import Fleet, Phase
from opsdash.plant.recorder import Recorder

Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_PASSED_ON = {"opencost": "opencost:9003"}
"""Jobs that are scraped with honor_labels: their series tell of other instances than the target."""


def scraped(fleet: Fleet) -> Bools:
    """Which instances answer a scrape: also those that drain or are out of the balancer."""
    there = np.isin(fleet.phase, (Phase.READY, Phase.DRAINING, Phase.OUT))
    return np.asarray(there & fleet.region_up[fleet.region])


class TargetExporter:
    """Targets on an instance go with it; the others are found in the labels of what was registered, and are up."""

    def __init__(self, recorder: Recorder, fleet: Fleet) -> None:
        self._recorder = recorder
        self._fleet = fleet
        self._slot: Rows = np.zeros(0, dtype=np.int64)
        self._rows: Rows = np.zeros(0, dtype=np.int64)
        self._always: Rows = np.zeros(0, dtype=np.int64)
        self._known: set[tuple[str, str]] = set()
        self._seen = 0

    def cover(self, slot: int, targets: list[dict[str, str]]) -> None:
        """The targets of an instance that is new: its labels of job, instance and what service discovery adds."""
        self._known.update((one["job"], one["instance"]) for one in targets)
        self._rows = np.append(self._rows, self._add(targets))
        self._slot = np.append(self._slot, np.full(len(targets), slot))

    def find_others(self) -> None:
        """Register the targets of series that were added since the last time."""
        found: list[dict[str, str]] = []
        labels = self._recorder.store.labels
        for one in labels[self._seen :]:
            job = one["job"]
            pair = (job, _PASSED_ON.get(job, one["instance"]))
            if pair not in self._known:
                self._known.add(pair)
                found.append({"job": pair[0], "instance": pair[1]})
        self._always = np.append(self._always, self._add(found))
        self._seen = len(labels)

    def rows_of(self, slot: int) -> Rows:
        """All rows of an instance."""
        return np.asarray(self._rows[self._slot == slot])

    def write(self) -> None:
        """One frame."""
        self._recorder.put(self._rows, scraped(self._fleet)[self._slot].astype(np.float64))
        self._recorder.put(self._always, 1.0)

    def _add(self, targets: list[dict[str, str]]) -> Rows:
        return self._recorder.gauge("up", "1 where the scrape worked.", targets)
