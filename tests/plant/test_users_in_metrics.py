"""What users get is what the gateway's own metrics say."""

from __future__ import annotations

import pytest

from opsdash.core.promql import Engine
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.plant import Plant

NOW_S = 1_790_000_000
ALL = 'sum(rate(http_requests_total{service="gateway"}[1m]))'


def ratio(plant: Plant, codes: str) -> float:
    """Part of the gateway's requests of the last minute with these codes."""
    query = f'sum(rate(http_requests_total{{service="gateway",code=~"{codes}"}}[1m])) / {ALL}'
    return float(Engine(plant.samples).instant(query, plant.now_s * 1_000).values[0, 0])


def after(fault: str, seconds: int = 180, **arguments: object) -> tuple[Plant, float, float]:
    """A plant in which that went wrong; 5xx and 4xx as users got them, over the last minute."""
    plant = Plant(ARCHITECTURES["shop"], seed=1, now_s=NOW_S)
    plant.history(300)
    plant.inject(fault, **arguments)
    seen = []
    for _ in range(seconds):
        plant.tick()
        seen.append(plant.health())
    last = seen[-60:]
    return plant, sum(h.error_ratio for h in last) / 60, sum(h.client_error_ratio for h in last) / 60


@pytest.mark.parametrize("fault", ["flash_sale", "bad_deploy", "pool_exhausted", "hot_shard"])
def test_what_fails_behind_the_gateway_is_answered_5xx_by_it(fault: str) -> None:
    plant, errors, _ = after(fault)
    assert errors > 0.005
    assert ratio(plant, "5..") == pytest.approx(errors, rel=0.12)


def test_what_was_written_and_is_not_found_is_a_4xx() -> None:
    plant, _, not_found = after("replica_lag")
    assert not_found > 0.03
    assert ratio(plant, "4..") == pytest.approx(not_found, rel=0.1)


def test_requests_that_find_no_gateway_are_not_in_its_books() -> None:
    plant, errors, _ = after("region_failover")
    assert errors > 0.4
    assert ratio(plant, "5..") < 0.01
