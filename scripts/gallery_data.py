"""Made-up windows and views for `scripts/gallery.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.view.panels import PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView

END_S = 1_790_000_000.0
SERVICES = ("orders", "payments", "gateway", "users")
LIMITS = Thresholds(warning=0.3, critical=0.5)


def window(
    names: Sequence[str], level: float, *, points: int = 361, step: float = 10.0, label: str = "service"
) -> Window:
    """Smooth, a little noisy series around `level`, with a gap in the second one."""
    rng = np.random.default_rng(len(names))
    times = END_S - (points - 1 - np.arange(points)) * step
    phase = np.linspace(0, 6, points)
    rows = [
        level * (1 + 0.5 * n) * (1 + 0.35 * np.sin(phase * (1 + 0.2 * n) + n) + 0.05 * rng.normal(size=points))
        for n in range(len(names))
    ]
    values = np.array(rows).reshape(len(names), points)
    present = np.ones(values.shape, dtype=bool)
    if len(names) > 1:
        present[1, points // 3 : points // 3 + points // 12] = False
    values = np.where(present, values, np.nan)
    return Window(times=times, labels=tuple(labels_of({label: name}) for name in names), values=values, present=present)


def histogram(step: float = 15.0, points: int = 241) -> Window:
    """Cumulative buckets of a latency that moves and doubles for a while."""
    bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, np.inf]
    times = END_S - (points - 1 - np.arange(points)) * step
    middle = np.log(0.06) + 0.6 * np.sin(np.linspace(0, 5, points)) + 1.5 * (np.abs(np.arange(points) - 180) < 20)
    rows = [
        200 / (1 + np.exp(-(np.log(bound) - middle) / 0.35)) if np.isfinite(bound) else np.full(points, 200.0)
        for bound in bounds
    ]
    values = np.array(rows)
    values[:, 60:70] = np.nan
    names = ["+Inf" if np.isinf(bound) else f"{bound:g}" for bound in bounds]
    return Window(
        times=times, labels=tuple(labels_of({"le": name}) for name in names), values=values, present=~np.isnan(values)
    )


def panel(kind: PanelKind, shown: Window, **spec: object) -> PanelView:
    """A fresh view of one query."""
    names = tuple(pairs[0][1] if pairs else "all" for pairs in shown.labels)
    details = PanelSpec(
        id="p", title=str(spec.pop("title", kind.value)), kind=kind, source=str(spec.pop("source", "prom")), **spec
    )  # type: ignore[arg-type]
    query = PanelQuery(query=PromQuery(source="prom", expr="x"))
    found = QueryView(spec=query, window=shown, legends=names, answer=Answer(window=shown), state=Freshness.FRESH)
    return PanelView(
        spec=details, state=Freshness.FRESH, queries=(found,), start_s=END_S - 3600, end_s=END_S, step_s=10.0, age_s=1.0
    )
