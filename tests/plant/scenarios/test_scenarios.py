"""Every scenario, in simulated time: it is seen, it does not end by itself, and its remedy ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.plant import Plant
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.scenario import Scenario
from opsdash.plant.scenarios.stage import Stage

NOON_S = 1_790_000_000
EVENING_S = 1_790_000_000 + 4 * 3600
"""Near the highest load of the day."""
WAIT_S = 600
MINUTE = 60


class Watch:
    """A plant and the signal of a scenario, second by second."""

    def __init__(self, scenario: Scenario, now_s: int, seed: int) -> None:
        self.plant = Plant(ARCHITECTURES[scenario.architectures[0]], seed=seed, now_s=now_s)
        self.plant.history(300)
        self.stage = Stage(self.plant)
        self.signal = scenario.signal
        self.seen: list[float] = []

    def second(self) -> None:
        self.plant.tick()
        self.stage.go_on()
        self.seen.append(self.signal.read(self.plant.health()))

    def minute(self) -> float:
        """The signal's mean over the last minute."""
        return sum(self.seen[-MINUTE:]) / MINUTE

    def pass_time(self, seconds: int) -> float:
        for _ in range(seconds):
            self.second()
        return self.minute()

    def until(self, holds: Callable[[float], bool], within_s: int) -> int | None:
        """Seconds until it holds over a whole minute; None where it does not in time."""
        self.pass_time(MINUTE)
        for passed in range(MINUTE, within_s + 1):
            if holds(self.minute()):
                return passed
            self.second()
        return None


def every_scenario() -> list[Scenario]:
    return list(SCENARIOS.values())


@pytest.mark.parametrize(
    "now_s", [pytest.param(NOON_S, id="noon"), pytest.param(EVENING_S, id="evening", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("scenario", every_scenario(), ids=lambda scenario: scenario.name)
def test_it_is_seen_stays_while_nothing_is_done_and_its_remedy_ends_it(scenario: Scenario, now_s: int) -> None:
    signal = scenario.signal
    watch = Watch(scenario, now_s, seed=3)
    assert watch.pass_time(2 * MINUTE) < signal.healthy_below, "calm is not healthy"
    assert scenario.is_cured(watch.plant)

    watch.stage.start(scenario)
    bad = signal.healthy_below * signal.worse_by
    assert watch.until(lambda mean: mean >= bad, scenario.seen_within_s) is not None, f"{watch.minute():.4g} < {bad}"

    for _ in range(WAIT_S // MINUTE):
        assert watch.pass_time(MINUTE) > signal.healthy_below, "it went away by itself"

    done = watch.stage.cure(scenario)
    assert all("refused" not in each for each in done)
    passed = watch.until(lambda mean: mean <= signal.healthy_below, scenario.cured_within_s)
    assert passed is not None, f"{watch.minute():.4g} > {signal.healthy_below}"
    assert watch.pass_time(3 * MINUTE) <= signal.healthy_below, "it came back"
