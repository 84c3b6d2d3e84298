"""The plant keeps its laws: conservation, Little's law, monotone counters, determinism, memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.plant.architectures import ARCHITECTURES, SHOP
from opsdash.plant.layers.balancer import ALGORITHMS, Servers, shares, stickiness
from opsdash.plant.layers.queueing import fluid_queue, waiting
from opsdash.plant.plant import Plant
from opsdash.plant.summary import TickSummary
from opsdash.plant.topology import Topology
from opsdash.plant.verbs import Refused
from opsdash.plant.world import World

NOW = 1_795_000_003


def series(plant: Plant, name: str) -> np.ndarray:
    blocks = plant.samples.select([Matcher("__name__", MatchOp.EQUAL, name)], 0, 1 << 60)
    return np.concatenate([block.values for block in blocks])


@pytest.mark.parametrize("topology", ARCHITECTURES.values(), ids=lambda one: one.name)
def test_what_is_offered_is_served_refused_or_failed(topology: Topology) -> None:
    world = World(topology, 3)
    for start in range(NOW, NOW + 300, 30):
        flow = world.advance(np.arange(start, start + 30))
        np.testing.assert_allclose(flow.users.outcomes.sum(axis=2), flow.users.offered, rtol=1e-9)
        i = flow.instances
        np.testing.assert_allclose(i.ok + i.error + i.bad_gateway + i.refused + i.timeout, i.arriving, rtol=1e-9)
        q = flow.supply.queues
        assert (q.published >= 0).all()
        assert (q.consumed >= -1e-9).all()


def test_no_message_is_lost_under_a_backlog() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(120)
    seen: list[Any] = []
    plant.inject("queue_backlog")
    before = plant.world.supply.queues.depth.copy()
    for second in range(60):
        queues = plant.world.advance(np.array([NOW + 1 + second])).supply.queues
        seen.append(queues.published[0] - queues.consumed[0])
    np.testing.assert_allclose(np.sum(seen, axis=0), plant.world.supply.queues.depth - before, atol=1e-6)


def test_littles_law_holds_where_nothing_is_refused() -> None:
    flow = World(SHOP, 1).advance(np.arange(NOW, NOW + 60))
    i = flow.instances
    np.testing.assert_allclose(i.held, i.arriving * i.latency_s, rtol=1e-6)


def test_counters_never_fall() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(1_800)
    for family in plant.samples.families.values():
        if family.kind == "counter":
            values = series(plant, family.name)
            assert (np.diff(values, axis=1) >= 0).all(), family.name


def test_a_replaced_instance_begins_at_zero_and_has_no_samples_while_it_boots() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(600)
    plant.operate("restart", service="payments")
    for _ in range(120):
        plant.tick()
    block = plant.samples.select(
        [Matcher("__name__", MatchOp.EQUAL, "http_requests_total"), Matcher("service", MatchOp.EQUAL, "payments")],
        0,
        1 << 60,
    )[0]
    assert np.isnan(block.values[:, -20:]).any()
    busiest = int(np.argmax(block.values[:, 100]))
    assert block.values[busiest, -1] < block.values[busiest, 100]


def test_the_same_seed_gives_the_same_samples_and_another_does_not() -> None:
    def run(seed: int) -> np.ndarray:
        plant = Plant(SHOP, seed, NOW)
        plant.history(300)
        for _ in range(20):
            plant.tick()
        return series(plant, "http_request_duration_seconds_sum")

    one = run(5)
    assert np.array_equal(one, run(5), equal_nan=True)
    assert not np.array_equal(one, run(6), equal_nan=True)


def test_history_in_blocks_agrees_with_ticks_in_calm() -> None:
    blocks, ticks = Plant(SHOP, 1, NOW - NOW % 5), Plant(SHOP, 1, NOW - NOW % 5 - 300)
    blocks.history(300)
    for _ in range(300):
        ticks.tick()
    for name in ("http_requests_total", "kong_http_requests_total", "http_request_duration_seconds_sum"):
        one, other = series(blocks, name)[:, -1].sum(), series(ticks, name)[:, -1].sum()
        assert one == pytest.approx(other, rel=0.02), name


def test_the_knee_is_at_high_utilisation() -> None:
    low, middle, high = waiting(np.array([0.3, 0.7, 0.97]), 2.0)
    assert low < 0.2
    assert 0.2 < middle < 1.5
    assert high > 8
    assert waiting(0.8, 8.0) < waiting(0.8, 2.0)


def test_a_fluid_queue_is_the_same_in_one_block_and_second_by_second() -> None:
    arriving = np.random.default_rng(1).uniform(0, 20, (50, 3))
    capacity = np.array([9.0, 10.0, 11.0])
    whole, _ = fluid_queue(np.zeros(3), arriving, capacity, 1e9)
    queue = np.zeros(3)
    for second in range(50):
        queue = fluid_queue(queue, arriving[second : second + 1], capacity, 1e9)[0][0]
    np.testing.assert_allclose(whole[-1], queue)


def test_the_four_algorithms_share_differently() -> None:
    count = 4
    speed = np.array([20.0, 25.0, 30.0, 60.0])
    servers = Servers(
        pool=np.zeros(count, dtype=np.int64),
        pools=1,
        serving=np.array([True, True, True, True]),
        speed=speed,
        weight=np.array([100.0, 100.0, 50.0, 50.0]),
        sticky=stickiness(np.arange(count), np.zeros(count, dtype=np.int64)),
    )
    seen = {name: shares(np.full(count, i), servers) for i, name in enumerate(ALGORITHMS)}
    for part in seen.values():
        assert part.sum() == pytest.approx(1.0)
    assert np.ptp(seen["roundrobin"]) == 0
    assert np.ptp(seen["leastconn"] / speed) == pytest.approx(0)
    assert seen["weighted"].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6])
    assert np.ptp(seen["source"]) > 0.05


def test_an_algorithm_is_seen_in_the_servers_load() -> None:
    def spread(algorithm: str) -> float:
        world = World(SHOP, 1)
        world.algorithm[:] = ALGORITHMS.index(algorithm)
        flow = world.advance(np.arange(NOW, NOW + 60))
        mine = world.fleet.of(5)
        return float(np.ptp(flow.instances.busy[-1, mine][world.fleet.region[mine] == 0]))

    assert spread("leastconn") < 1e-6 < spread("roundrobin") < spread("source")


def test_the_cost_adds_up() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(300)
    compute = plant.health().usd_per_hour["compute"]
    fleet = plant.world.fleet
    assert compute == pytest.approx(float(fleet.usd_per_hour[fleet.running()].sum()))
    plant.operate("set_replicas", service="users", replicas=8)
    plant.tick()
    assert plant.health().usd_per_hour["compute"] > compute


def test_a_boot_takes_time() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.history(60)
    done = plant.operate("set_replicas", service="orders", replicas=8)
    assert (done["before"], done["after"], done["ready_in_s"]) == (4, 8, 40.0)
    mine = plant.world.fleet.of(2)
    for _ in range(35):
        plant.tick()
    assert plant.world.fleet.serving()[mine].sum() == 4
    for _ in range(10):
        plant.tick()
    assert plant.world.fleet.serving()[mine].sum() == 8


@pytest.mark.parametrize(
    ("operation", "arguments", "words"),
    [
        ("set_replicas", {"service": "ordres", "replicas": 4}, "did you mean orders"),
        ("set_replicas", {"service": "orders", "replicas": 0}, "1 to 40"),
        ("set_replicas", {"service": "orders", "replicas": 10_000}, "1 to 40"),
        ("set_replicas", {"service": "orders", "replicas": 2.5}, "whole number"),
        ("set_replicas", {"service": "orders"}, "needs replicas"),
        ("set_replicas", {"service": "orders", "replicas": 4, "now": True}, "no argument"),
        ("set_replica", {}, "did you mean set_replicas"),
        ("open_breaker", {"edge": "orders-paymets"}, "did you mean orders-payments"),
        ("block_address", {"address": "999.1.1.1"}, "no address"),
        ("block_address", {"address": "0.0.0.0/0"}, "too wide"),
        ("unblock", {"address": "203.0.113.9"}, "not blocked"),
        ("set_market", {"service": "orders", "spot": 0.4}, "add up to 1"),
        ("drain", {"target": "shard-0-primary"}, "primary"),
        ("set_capacity", {"read_units": 100}, "no table"),
        ("set_pool_size", {"pool": "orders", "size": 900}, "can have"),
        ("set_compression", {"on": "yes"}, "true or false"),
        ("split_shard", {"shard": 9}, "0 to 3"),
    ],
)
def test_nonsense_is_refused_with_a_reason(operation: str, arguments: dict[str, Any], words: str) -> None:
    plant = Plant(SHOP, 1, NOW)
    with pytest.raises(Refused, match=words):
        plant.operate(operation, **arguments)


def test_a_block_expires() -> None:
    plant = Plant(SHOP, 1, NOW)
    plant.operate("block_address", address="198.51.100.20", expires_s=20)
    plant.tick()
    assert plant.health().client_error_ratio > 0.005
    assert plant.world.firewall.blocks
    for _ in range(25):
        plant.tick()
    assert not plant.world.firewall.blocks


def test_memory_and_series_are_bounded() -> None:
    for topology in ARCHITECTURES.values():
        plant = Plant(topology, 1, NOW)
        plant.history(600)
        assert 1_000 < plant.samples.series < 6_000
        assert plant.samples.bytes < 120e6


def test_a_listener_is_told_of_every_second_once() -> None:
    seen: list[TickSummary] = []
    plant = Plant(SHOP, 1, NOW)
    plant.subscribe(seen.append)
    plant.history(300)
    plant.tick()
    seconds = np.concatenate([summary.seconds for summary in seen])
    assert (np.diff(seconds) == 1).all()
    assert seconds[-1] == NOW + 1
    assert dataclasses.is_dataclass(seen[-1])
