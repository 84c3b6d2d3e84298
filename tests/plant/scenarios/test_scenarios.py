"""Every scenario, in simulated time: it is seen, it does not end by itself, and its remedy ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opsdash.core.promql import Engine
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


P99 = 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{{service="{0}"}}[1m])))'
FAILED = (
    'sum(rate(http_requests_total{{service="{0}",code=~"{1}.."}}[1m])) '
    '/ sum(rate(http_requests_total{{service="{0}"}}[1m]))'
)
RATE = 'sum(rate(http_requests_total{{service="{0}"}}[1m]))'

SEEN = [
    ("flash-sale", P99.format("orders"), 5.0),
    ("flash-sale", FAILED.format("orders", 5), 0.5),
    ("bad-deploy", FAILED.format("orders", 5), 0.3),
    ("memory-leak", P99.format("users"), 3.0),
    ("spot-reclaim", FAILED.format("search", 5), 0.15),
    ("hot-shard", FAILED.format("orders", 5), 0.5),
    ("cache-stampede", P99.format("search"), 3.0),
    ("replica-lag", FAILED.format("gateway", 4), 0.03),
    ("pool-exhausted", FAILED.format("orders", 5), 0.5),
    ("cold-starts", P99.format("search"), 2.0),
    ("slow-payment", P99.format("payments"), 3.0),
    ("slow-payment", P99.format("orders"), 2.0),
    ("retry-storm", RATE.format("orders"), 200.0),
    ("traffic-flood", RATE.format("gateway"), 1_500.0),
    ("queue-backlog", 'rabbitmq_queue_messages_ready{queue="emails"}', 2_000.0),
    ("cdn-misconfigured", "100 - aws_cloudfront_cache_hit_rate_average", 50.0),
    ("region-failover", f"300 - {RATE.format('gateway')}", 80.0),
]
"""Incident, what its words promise in the metrics, and how far it goes within three minutes."""


def test_every_incident_has_a_promise_in_the_metrics() -> None:
    assert {name for name, _, _ in SEEN} == set(SCENARIOS)


@pytest.mark.parametrize(("name", "query", "least"), SEEN, ids=[f"{one[0]}-{n}" for n, one in enumerate(SEEN)])
def test_the_metrics_show_what_the_words_say(name: str, query: str, least: float) -> None:
    watch = Watch(SCENARIOS[name], NOON_S, seed=1)

    def now() -> float:
        answer = Engine(watch.plant.samples).instant(query, watch.plant.now_s * 1_000)
        return float(answer.values[0, 0])

    assert now() < least / 2
    watch.stage.start(SCENARIOS[name])
    most = 0.0
    for _ in range(3):
        watch.pass_time(MINUTE)
        most = max(most, now())
    assert most >= least
