"""What the demo's dashboards say in calm and in every incident: their queries, asked of the plant's own samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsdash.cli.demo import dashboard_files
from opsdash.config import load
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.promql import Engine
from opsdash.core.view.panels import PanelQuery, PanelSpec, Thresholds
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.plant import Plant
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.stage import Stage

NOON_S = 1_790_000_000
EVENING_S = NOON_S + 4 * 3600
"""Near the highest load of the day."""
AN_HOUR_S = 3_900
"""History for panels that look an hour back."""


@pytest.fixture(scope="module")
def panels_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, PanelSpec]]:
    """Architecture → the panels of its dashboards by `Dashboard/Title`."""
    known: dict[str, dict[str, PanelSpec]] = {}

    def panels(architecture: str) -> dict[str, PanelSpec]:
        if architecture not in known:
            folder = tmp_path_factory.mktemp(architecture)
            for file in dashboard_files(architecture):
                (folder / file.name).write_text(Path(file).read_text(encoding="utf-8"), encoding="utf-8")
            board = load(folder).board
            assert board is not None
            known[architecture] = {panel.id: panel for one in board.dashboards for panel in one.panels}
        return known[architecture]

    return panels


def values(plant: Plant, query: PanelQuery) -> Iterator[tuple[str, float]]:
    """Labels and value of each series of a panel's query, now, for all services and regions."""
    assert isinstance(query.query, PromQuery)
    expr = query.query.expr.replace("$service", ".*").replace("$region", ".*")
    answer = Engine(plant.samples).instant(expr, plant.now_s * 1000)
    for labels, row in zip(answer.labels, answer.values, strict=True):
        yield ",".join(labels.values()), float(row[0])


def by_series(plant: Plant, panel: PanelSpec) -> dict[str, float]:
    """Every series of a panel, by its labels; the legend where it has none."""
    found: dict[str, float] = {}
    for query in panel.queries:
        if isinstance(query.query, PromQuery):
            found.update({f"{labels} {query.legend or query.name}".strip(): v for labels, v in values(plant, query)})
    return found


def is_over(value: float, limit: float | None, below: bool) -> bool:
    return limit is not None and not math.isnan(value) and (value <= limit if below else value >= limit)


def worries(plant: Plant, panels: dict[str, PanelSpec]) -> list[tuple[str, str, float]]:
    """Panels, series and values at which somebody would worry."""
    found = []
    for name, panel in panels.items():
        columns = {column.name: column.thresholds for column in panel.columns if column.thresholds is not None}
        for query in panel.queries:
            limits: Thresholds | None = columns.get(query.name) if columns else panel.thresholds
            if limits is None or not isinstance(query.query, PromQuery):
                continue
            found += [
                (name, labels, value)
                for labels, value in values(plant, query)
                if is_over(value, limits.warning, limits.below) or is_over(value, limits.critical, limits.below)
            ]
    return found


@pytest.mark.parametrize("now_s", [NOON_S, EVENING_S])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_nothing_worries_anybody_in_calm(
    architecture: str, now_s: int, panels_of: Callable[[str], dict[str, PanelSpec]]
) -> None:
    plant = Plant(ARCHITECTURES[architecture], seed=1, now_s=now_s)
    plant.history(AN_HOUR_S)
    assert worries(plant, panels_of(architecture)) == []


@dataclass(frozen=True, slots=True)
class Shown:
    """Where an incident is seen: one series of one panel, and what it is then."""

    panel: str
    series: str
    """Part of its labels or legend."""
    above: float = -math.inf
    below: float = math.inf


SEEN: dict[str, tuple[Shown, ...]] = {
    "flash-sale": (
        Shown("Golden signals/Requests", "users", above=300),
        Shown("Golden signals/5xx by service", "orders", above=0.05),
        Shown("Services/Circuit breakers", "gateway-orders", above=0),
    ),
    "bad-deploy": (
        Shown("Golden signals/Availability", "users", below=0.99),
        Shown("Golden signals/5xx by service", "orders", above=0.2),
        Shown("Golden signals/How each service is", "orders", above=1.5),
    ),
    "memory-leak": (Shown("Capacity/Fullest memory", "users", above=0.6),),
    "spot-reclaim": (
        Shown("Capacity/Lost instances", "reclaimed", above=2),
        Shown("Capacity/Booting", "search", above=0),
    ),
    "region-failover": (
        Shown("Balancer/By region", "us-east-1", below=20),
        Shown("Golden signals/Availability", "users", below=0.95),
    ),
    "hot-shard": (Shown("Databases/Shard skew", "max of mean", above=2),),
    "cache-stampede": (
        Shown("Caches, queues/Redis hits", "of reads", below=0.75),
        Shown("Caches, queues/Misses", "both", above=120),
    ),
    "replica-lag": (Shown("Databases/Worst lag", "behind", above=5),),
    "pool-exhausted": (Shown("Databases/Waiting clients", "clients", above=25),),
    "queue-backlog": (
        Shown("Caches, queues/Queue depth", "emails", above=500),
        Shown("Caches, queues/Oldest message", "waits", above=30),
    ),
    "cold-starts": (Shown("Capacity/Cold starts", "personalise", above=600),),
    "slow-payment": (Shown("Services/p99 of callees", "bank", above=4_000),),
    "retry-storm": (Shown("Services/Tries for each call", "orders", above=1.5),),
    "traffic-flood": (Shown("Golden signals/Requests", "users", above=600),),
    "cdn-misconfigured": (
        Shown("Edge/CDN hits", "all edges", below=0.5),
        Shown("Edge/Saved by compression", "of files", below=0.05),
        Shown("Cost/Against an hour ago", "of it", above=1.25),
    ),
}


def test_every_incident_of_the_shop_is_in_the_table() -> None:
    assert SEEN.keys() == {one.name for one in SCENARIOS.values() if "shop" in one.architectures}


@pytest.mark.parametrize("name", list(SEEN))
def test_panels_move_in_an_incident_and_not_before(name: str, panels_of: Callable[[str], dict[str, PanelSpec]]) -> None:
    panels = panels_of("shop")
    plant = Plant(ARCHITECTURES["shop"], seed=1, now_s=NOON_S)
    plant.history(AN_HOUR_S if name == "cdn-misconfigured" else 600)
    calm = [shown for shown in SEEN[name] if is_shown(plant, panels, shown)]
    stage = Stage(plant)
    stage.start(SCENARIOS[name])
    waiting = set(SEEN[name])
    for _ in range(60):
        for _ in range(5):
            plant.tick()
            stage.go_on()
        waiting -= {shown for shown in waiting if is_shown(plant, panels, shown)}
        if not waiting:
            break
    assert calm == []
    assert waiting == set()


def is_shown(plant: Plant, panels: dict[str, PanelSpec], shown: Shown) -> bool:
    """Whether some series of that name is where the incident puts it."""
    found = {name: value for name, value in by_series(plant, panels[shown.panel]).items() if shown.series in name}
    assert found, f"{shown.panel} has no {shown.series}"
    return any(shown.above < value < shown.below for value in found.values())
