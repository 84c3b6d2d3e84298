"""The plant's metrics are the real exporters': the table of docs/demo-metrics.md has each, with its type."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.plant.architectures import AMAZON, ARCHITECTURES, NETFLIX, SHOP
from opsdash.plant.faults import FAULTS
from opsdash.plant.layers.breakers import Breakers, BreakerState
from opsdash.plant.plant import Plant
from opsdash.plant.topology import Edge, Topology
from opsdash.plant.verbs import Refused

NOW = 1_795_000_000
LACKING = {("netflix", "hot_shard"), ("netflix", "replica_lag"), ("amazon", "hot_shard"), ("amazon", "replica_lag"),
           ("amazon", "spot_reclaim")}  # fmt: skip
DOCUMENT = Path(__file__).parents[2] / "docs" / "demo-metrics.md"


@pytest.fixture(scope="module")
def plants() -> dict[str, Plant]:
    made = {}
    for name, topology in ARCHITECTURES.items():
        made[name] = Plant(topology, 1, NOW)
        made[name].history(300)
    return made


def newest(plant: Plant, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
    matchers = [Matcher("__name__", MatchOp.EQUAL, name)]
    matchers += [Matcher(key, MatchOp.EQUAL, value) for key, value in labels.items()]
    rows = plant.samples.find(matchers)
    values = plant.samples.latest(rows)
    return {tuple(sorted(plant.samples.labels[row].items())): float(v) for row, v in zip(rows, values, strict=True)}


def test_the_documents_table_is_what_is_exported(plants: dict[str, Plant]) -> None:
    rows = re.findall(r"^\| `([A-Za-z0-9_]+)` \| (\w+) \| ", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    exported = {(f.name, f.kind) for plant in plants.values() for f in plant.samples.families.values()}
    assert set(rows) == exported
    assert len(rows) == len(set(rows))


def test_every_target_has_an_up(plants: dict[str, Plant]) -> None:
    for plant in plants.values():
        up = {(dict(key)["job"], dict(key)["instance"]) for key in newest(plant, "up")}
        jobs = {labels["job"] for labels in plant.samples.labels}
        assert {job for job, _ in up} == jobs
        assert len(up) == len(newest(plant, "up"))
        seen = {(one["job"], one["instance"]) for one in plant.samples.labels if one["job"] != "opencost"}
        assert seen <= up


def test_a_region_that_is_gone_is_not_up_and_fails_its_checks() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(60)
    plant.inject("region_failover")
    for _ in range(15):
        plant.tick()
    gone = newest(plant, "up", region="us-east-1")
    assert gone
    assert not any(gone.values())
    failing = newest(plant, "haproxy_server_check_status", state="L4TOUT")
    assert sum(failing.values()) == sum(not up for up in newest(plant, "up", region="us-east-1", job="node").values())


def test_a_larger_type_has_more_cpus_and_a_smaller_one_less() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(60)

    def cpus() -> int:
        values = newest(plant, "node_cpu_seconds_total", service="orders", mode="idle")
        return sum(not np.isnan(value) for value in values.values())

    assert cpus() == 4 * 2
    for name, each in (("c6i.xlarge", 4), ("c6i.large", 2)):
        plant.operate("set_instance_type", service="orders", type=name)
        for _ in range(120):
            plant.tick()
        assert cpus() == 4 * each


def test_streams_stall_when_the_cdn_keeps_nothing() -> None:
    plant = Plant(NETFLIX, 1, NOW)
    plant.history(300)

    def stalled() -> float:
        before = newest(plant, "video_rebuffering_seconds_total"), newest(plant, "video_playing_seconds_total")
        for _ in range(30):
            plant.tick()
        after = newest(plant, "video_rebuffering_seconds_total"), newest(plant, "video_playing_seconds_total")
        return (sum(after[0].values()) - sum(before[0].values())) / (sum(after[1].values()) - sum(before[1].values()))

    calm = stalled()
    plant.inject("cdn_misconfigured", ttl_s=0)
    assert calm < 0.01 < 3 * calm < stalled()


@pytest.mark.parametrize("topology", ARCHITECTURES.values(), ids=lambda one: one.name)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_without_arguments_hits_what_is_there_or_says_what_is_not(fault: str, topology: Topology) -> None:
    plant = Plant(topology, 1, NOW)
    plant.history(20)
    if (plant.topology.name, fault) in LACKING:
        with pytest.raises(Refused, match=f"the architecture {plant.topology.name} has no "):
            plant.inject(fault)
        return
    plant.inject(fault)
    plant.tick()
    plant.clear(fault)


def test_users_fail_over_to_the_other_region_and_back() -> None:
    plant = Plant(AMAZON, 1, NOW)
    plant.history(60)
    here = plant.topology.regions[0]
    before = plant.world.fleet.region_weights.copy()
    plant.operate("fail_over_region", source=here)
    for _ in range(120):
        plant.tick()
    assert plant.world.fleet.region_weights[0] == 0
    assert not (plant.world.fleet.running() & (plant.world.fleet.region == 0)).any()
    assert plant.health().error_ratio < 0.02
    plant.operate("fail_over_region", source=plant.topology.regions[1])
    for _ in range(120):
        plant.tick()
    assert plant.world.fleet.region_weights[0] == before.sum()
    assert plant.health().error_ratio < 0.02


def test_a_half_open_breaker_lets_only_probes_through_and_opens_again_while_they_fail() -> None:
    """Under lasting overload a breaker is open for 30 s and half-open for 10 s, in turn: 100 and 90 % are rejected."""
    breakers = Breakers((Edge(source="a", target="b"),))
    states = []
    for second in range(200):
        through = 100.0 * (1.0 - breakers.rejecting())
        breakers.step(float(second), 1, through, through)
        states.append(int(breakers.state[0]))
        if breakers.state[0] == BreakerState.HALF_OPEN:
            assert breakers.rejecting()[0] == pytest.approx(0.9)
    tripped = states.index(BreakerState.OPEN)
    assert set(states[tripped:]) == {BreakerState.OPEN, BreakerState.HALF_OPEN}
    for second in range(200, 280):
        through = 100.0 * (1.0 - breakers.rejecting())
        breakers.step(float(second), 1, through, np.zeros(1))
    assert breakers.state[0] == BreakerState.CLOSED
