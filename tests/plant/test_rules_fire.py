"""The demo's alert rules on the plant's own samples: nothing fires in calm, and every incident fires what it should."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from opsdash.cli.demo import dashboard_files
from opsdash.config import load
from opsdash.core.alerting.rules import AlertRule, AnySeries, BurnRate
from opsdash.core.alerting.trial.backtest import Replay, replay
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.promql import Engine
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.plant import Plant
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.stage import Stage

NOON_S = 1_790_000_000
EVENING_S = NOON_S + 4 * 3600
"""Near the highest load of the day."""
STEP_S = 15
INCIDENT_S = 300
BEFORE_S = 1_500
"""So much history has what a rule compares with."""


def shipped_rules(architecture: str, folder: Path) -> Sequence[AlertRule]:
    for file in dashboard_files(architecture):
        (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    board = load(folder).board
    assert board is not None
    return [rule for group in board.alerting.groups for rule in group.rules]


def history(plant: Plant, query: PromQuery, times_s: Sequence[int]) -> Window:
    late_ms = round(query.offset_s * 1000)
    answer = Engine(plant.samples).range(
        query.expr, times_s[0] * 1000 - late_ms, times_s[-1] * 1000 - late_ms, STEP_S * 1000
    )
    return Window(
        times=np.asarray(times_s, dtype=float),
        labels=tuple(labels_of(labels) for labels in answer.labels),
        values=answer.values,
        present=answer.present,
    )


def replayed(plant: Plant, rule: AlertRule, seconds: int) -> Replay:
    times = range(plant.now_s - plant.now_s % STEP_S - seconds, plant.now_s + 1, STEP_S)
    asked = [query for query in rule.queries if isinstance(query, PromQuery)]
    assert len(asked) == len(rule.queries)
    return replay(rule, [history(plant, query, times) for query in asked], times)


@pytest.mark.slow
@pytest.mark.parametrize("now_s", [NOON_S, EVENING_S])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_nothing_fires_in_two_hours_of_calm(architecture: str, now_s: int, tmp_path: Path) -> None:
    plant = Plant(ARCHITECTURES[architecture], seed=1, now_s=now_s)
    plant.history(7_200)
    rules = shipped_rules(architecture, tmp_path)
    replays = [replayed(plant, rule, 7_200 - 60) for rule in rules]

    assert [(one.rule, one.episodes) for one in replays if one.episodes] == []
    # None is blind: each had something to judge.
    judged = {rule.id for rule in rules if not isinstance(rule.condition, AnySeries)}
    assert [one.rule for one in replays if one.rule in judged and one.without_data >= one.evaluations] == []


FIRES = {
    "flash-sale": {"ServiceFailing", "UsersSeeErrors", "BreakerOpen"},
    "bad-deploy": {"UsersSeeErrors", "ServiceFailing", "BreakerOpen"},
    "memory-leak": {"MemoryFull"},
    "spot-reclaim": {"SpotReclaimed"},
    "region-failover": {"RegionWithoutUsers", "UsersSeeErrors"},
    "hot-shard": {"ShardHot", "ServiceFailing"},
    "cache-stampede": {"CacheMisses"},
    "replica-lag": {"ReplicaBehind"},
    "pool-exhausted": {"PoolFull", "ServiceFailing"},
    "queue-backlog": {"QueueBacklog"},
    "cold-starts": {"ColdStarts", "ServiceSlow"},
    "slow-payment": {"ServiceSlow"},
    "retry-storm": {"RetryStorm", "ServiceFailing"},
    "traffic-flood": {"TrafficFlood", "AtMaximum"},
    "cdn-misconfigured": {"CdnMisses"},
}
"""Incident → rules that fire within five minutes, at least."""


def test_every_incident_has_rules_that_tell_of_it() -> None:
    assert FIRES.keys() == SCENARIOS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FIRES))
def test_an_incident_fires_the_rules_that_tell_of_it(name: str, tmp_path: Path) -> None:
    rules = [rule for rule in shipped_rules("shop", tmp_path) if not isinstance(rule.condition, BurnRate)]
    plant = Plant(ARCHITECTURES["shop"], seed=1, now_s=NOON_S)
    plant.history(BEFORE_S)
    stage = Stage(plant)
    stage.start(SCENARIOS[name])
    for _ in range(INCIDENT_S):
        plant.tick()
        stage.go_on()
    replays = {rule.name: replayed(plant, rule, INCIDENT_S + 120) for rule in rules}
    began_s = plant.now_s - INCIDENT_S

    fired = {rule for rule, one in replays.items() if any(each.fired_at_s >= began_s for each in one.episodes)}
    early = {rule for rule, one in replays.items() if any(each.fired_at_s < began_s for each in one.episodes)}
    assert early == set()
    assert fired >= FIRES[name]
