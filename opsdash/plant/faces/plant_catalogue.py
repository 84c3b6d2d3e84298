"""The plant's own families and targets, as its Prometheus face tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.plant.faces.prometheus_catalogue import Family, Target
from opsdash.plant.samples import SampleStore

_UP = (Matcher("__name__", MatchOp.EQUAL, "up"),)


class PlantCatalogue:
    """A `Catalogue` over the plant's samples: every `up` series is a target."""

    def __init__(self, samples: SampleStore) -> None:
        self._samples = samples

    def families(self) -> Mapping[str, Family]:
        """Name → family."""
        return {
            name: Family(type=family.kind, help=family.help, unit=family.unit)
            for name, family in self._samples.families.items()
        }

    def targets(self) -> Sequence[Target]:
        """In the order in which they appeared; those that are gone for good are left out."""
        rows = self._samples.find(_UP)
        if not len(rows) or not len(self._samples.times_ms):
            return ()
        scraped_s = int(self._samples.times_ms[-1]) / 1_000
        latest = self._samples.latest(rows)
        return [
            self._target(self._samples.labels[row], is_up=bool(value), scraped_s=scraped_s)
            for row, value in zip(rows.tolist(), latest.tolist(), strict=True)
            if value == value  # noqa: PLR0124 - a staleness marker is a NaN
        ]

    @staticmethod
    def _target(labels: Mapping[str, str], *, is_up: bool, scraped_s: float) -> Target:
        own = {name: value for name, value in labels.items() if name != "__name__"}
        return Target(
            labels=own,
            scrape_url=f"http://{own.get('instance', 'unknown')}/metrics",
            is_up=is_up,
            last_error="" if is_up else "connection refused",
            last_scrape_s=scraped_s,
        )
