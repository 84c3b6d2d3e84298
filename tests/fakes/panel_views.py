"""Panel views from plain values, for tests of what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window, window_of
from opsdash.core.view.panels import PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.snapshot import PanelView, QueryView

START_S = 1_790_000_000.0


def window(series: Mapping[str, Sequence[float | None]], *, step_s: float = 10.0, label: str = "service") -> Window:
    """Series on one grid from START_S on; None is a gap."""
    points = max((len(values) for values in series.values()), default=0)
    times = [START_S + n * step_s for n in range(points)]
    return window_of(times, [(labels_of({label: name}), values) for name, values in series.items()])


def query_view(shown: Window, *, name: str = "A", **details: Any) -> QueryView:
    """A query whose legends are its first labels' values."""
    legends = details.pop("legends", tuple(pairs[0][1] if pairs else name for pairs in shown.labels))
    spec = details.pop("spec", PanelQuery(query=PromQuery(source="prom", expr="x"), name=name))
    answer = details.pop("answer", Answer(window=shown))
    return QueryView(
        spec=spec, window=shown, legends=legends, answer=answer, state=details.pop("state", Freshness.FRESH), **details
    )


def panel_view(kind: PanelKind, *windows: Window, view: Mapping[str, Any] | None = None, **spec: Any) -> PanelView:
    """A fresh panel of these windows; `view` replaces fields of the view, keywords those of the spec."""
    queries = tuple(query_view(shown) for shown in windows)
    times = [float(time) for shown in windows for time in shown.times]
    start, end = (min(times), max(times)) if times else (START_S, START_S + 3600)
    fields: dict[str, Any] = {
        "spec": PanelSpec(**{"id": "p", "title": "Panel", "kind": kind, "source": "prom", **spec}),
        "state": Freshness.FRESH,
        "queries": queries,
        "start_s": start,
        "end_s": end if end > start else start + 10,
        "step_s": 10.0,
        "age_s": 1.0,
    }
    return PanelView(**{**fields, **(view or {})})
