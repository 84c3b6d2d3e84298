"""How long drawing a panel takes, per kind and size, beside a rasteriser in plain Python in the same run.

    python -m benchmarks.drawing            # prints a table; times are the best of several rounds

Times depend on the machine; the ratio to the plain rasteriser much less so.
"""

from __future__ import annotations

import argparse
import json
import timeit
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.view import raster
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView

SERIES, POINTS = 5, 300
CROWD, CROWD_POINTS = 1000, 361
"""A panel that nobody should make, and somebody will: a key must still be answered at once."""
SIZES = ((30, 8), (80, 15), (200, 50))
END_S = 1_790_000_000.0
LOOK = Look(now_s=END_S)
DRAWS = {
    "lines": {},
    "area stacked": {"draw": "area", "stacked": True},
    "bars": {"draw": "bars"},
    "points": {"draw": "points"},
}
NUMBER_KINDS = (PanelKind.STAT, PanelKind.GAUGE, PanelKind.BARGAUGE)


def made_up(label: str, names: list[str], points: int = POINTS) -> Window:
    rng = np.random.default_rng(1)
    values = np.abs(rng.normal(size=(len(names), points)).cumsum(axis=1)) + 1
    if label == "le":
        values = values.cumsum(axis=0)
    times = END_S - (points - 1 - np.arange(points)) * 12.0
    labels = tuple(labels_of({label: name}) for name in names)
    return Window(times=times, labels=labels, values=values, present=np.ones(values.shape, dtype=bool))


def panel(kind: PanelKind, shown: Window, **spec: object) -> PanelView:
    names = tuple(pairs[0][1] for pairs in shown.labels)
    query = QueryView(
        spec=PanelQuery(query=PromQuery(source="prom", expr="x")),
        window=shown,
        legends=names,
        answer=Answer(window=shown),
        state=Freshness.FRESH,
    )
    details = PanelSpec(
        id="p", title="Panel", kind=kind, unit="s", thresholds=Thresholds(warning=8, critical=12), **spec
    )
    return PanelView(
        spec=details, state=Freshness.FRESH, queries=(query,), start_s=END_S - 3600, end_s=END_S, step_s=12.0, age_s=1.0
    )


def plain_raster(shown: Window, width: int, height: int) -> list[str]:
    """The obvious way: for each series, for each pair of neighbours, for each dot between them."""
    columns, rows = width * 2, height * 4
    dots = [[0] * width for _ in range(height)]
    bits = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
    flat = [value for row in shown.values.tolist() for value in row]
    low, high = min(flat), max(flat)
    times = shown.times.tolist()
    first, length = times[0], times[-1] - times[0]
    for values in shown.values.tolist():
        before = None
        for time, value in zip(times, values, strict=True):
            x = min(int((time - first) / length * columns), columns - 1)
            y = min(int((high - value) / (high - low) * (rows - 1)), rows - 1)
            start = before if before is not None else (x, y)
            steps = max(abs(x - start[0]), abs(y - start[1]), 1)
            for n in range(steps + 1):
                px = start[0] + (x - start[0]) * n // steps
                py = start[1] + (y - start[1]) * n // steps
                dots[py // 4][px // 2] |= bits[py % 4][px % 2]
            before = (x, y)
    return ["".join(chr(0x2800 + dot) for dot in row) for row in dots]


def own_raster(shown: Window, width: int, height: int) -> np.ndarray:
    span = (float(shown.times[0]), float(shown.times[-1]))
    columns = raster.columns_of(shown.times, shown.values, span, width * 2, join=True)
    spans = raster.spans_of(columns, float(shown.values.min()), float(shown.values.max()), height * 4, join=True)
    return raster.merged(raster.patterns_of(spans, height))[0]


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    number = max(int(0.02 / max(timeit.timeit(work, number=1), 1e-6)), 1)
    return min(timeit.repeat(work, number=number, repeat=rounds)) / number * 1000


def measure(rounds: int) -> list[dict[str, object]]:
    services = made_up("service", [f"service-{n}" for n in range(SERIES)])
    buckets = made_up("le", ["0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"])
    views = {f"timeseries {name}": panel(PanelKind.TIMESERIES, services, **spec) for name, spec in DRAWS.items()}
    views |= {kind.value: panel(kind, services) for kind in NUMBER_KINDS}
    views["heatmap"] = panel(PanelKind.HEATMAP, buckets)
    crowd = made_up("service", [f"service-{n}" for n in range(CROWD)], CROWD_POINTS)
    views |= {f"crowd {name}": panel(PanelKind.TIMESERIES, crowd, **spec) for name, spec in DRAWS.items()}
    views["crowd table"] = panel(PanelKind.TABLE, crowd)
    found: list[dict[str, object]] = []
    for width, height in SIZES:
        plain = milliseconds(lambda w=width, h=height: plain_raster(services, w, h), rounds)
        own = milliseconds(lambda w=width, h=height: own_raster(services, w, h), rounds)
        found.append(
            {
                "what": "raster only",
                "size": f"{width}x{height}",
                "ms": own,
                "plain_python_ms": plain,
                "ratio": plain / own,
            }
        )
        for name, view in views.items():
            took = milliseconds(lambda v=view, w=width, h=height: paint(replace(v), w, h, LOOK), rounds)
            row = {
                "what": name,
                "size": f"{width}x{height}",
                "ms": took,
                "plain_python_ms": plain,
                "ratio": plain / took,
            }
            found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.rounds)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{SERIES} series x {POINTS} points; `plain` is the raster alone in plain Python, a panel is all of it")
    print(f"crowd: {CROWD:,} series x {CROWD_POINTS} points, beside the same plain raster of {SERIES} series")
    print(f"{'what':<24}{'size':>9}{'ms':>9}{'plain ms':>10}{'plain/ours':>12}")
    for row in found:
        print(f"{row['what']:<24}{row['size']:>9}{row['ms']:>9.3f}{row['plain_python_ms']:>10.2f}{row['ratio']:>12.1f}")


if __name__ == "__main__":
    main()
