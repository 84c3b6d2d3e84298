"""What the plant writes into its logs, second by second."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from opsdash.plant.log_ring import LogRing
from opsdash.plant.logs import ACCESS_PER_S, MOST_ACCESS_PER_S, LogWriter
from opsdash.plant.summary import OUTCOMES
from tests.plant.summaries import summary

START_S = 1_790_000_000


def written(*blocks: Any, seed: int = 1) -> list[dict[str, Any]]:
    ring = LogRing()
    writer = LogWriter(ring, seed=seed)
    for block in blocks:
        writer.write(block)
    return [ring.source(place) for place in range(len(ring))]


def test_the_same_seed_writes_the_same_lines_and_another_one_does_not() -> None:
    block = summary(START_S, 60)
    assert written(block) == written(block)
    assert written(block) != written(block, seed=2)


def test_lines_are_in_order_and_inside_their_seconds() -> None:
    found = [each["@timestamp"] for each in written(summary(START_S, 60), summary(START_S + 60, 1))]
    assert found == sorted(found)
    assert found[0] >= "2026-09-21T14:13:20"
    assert found[-1] < "2026-09-21T14:14:21.1"


def test_two_hours_fit_when_all_is_well() -> None:
    documents = written(summary(START_S, 600))
    assert 600 * ACCESS_PER_S < len(documents) < 600 * 100_000 / 7_200


def test_every_kind_of_line_is_there_with_its_fields() -> None:
    documents = written(summary(START_S, 300))
    kinds = Counter(each["event"]["dataset"] for each in documents)
    assert set(kinds) == {"shop.access", "shop.app", "shop.slowlog", "shop.security"}
    access = next(each for each in documents if each["event"]["dataset"] == "shop.access")
    assert {"service", "level", "message", "status", "latency_ms", "bytes", "client", "url", "http", "user_agent",
            "trace", "host", "version"} <= set(access)  # fmt: skip
    actions = {each["event"].get("action") for each in documents}
    assert {"sql_injection", "xss", "login_failed", "token_rejected"} <= actions
    slow = [each for each in documents if each["event"]["dataset"] == "shop.slowlog"]
    assert all(each["latency_ms"] >= 250 for each in slow)
    assert all(each["message"].startswith("duration: ") for each in slow)


def test_a_trace_joins_the_services_of_one_request() -> None:
    by_trace: dict[str, set[str]] = {}
    for each in written(summary(START_S, 120)):
        by_trace.setdefault(each["trace"]["id"], set()).add(each["event"]["dataset"])
    assert sum({"shop.access", "shop.app"} <= kinds for kinds in by_trace.values()) > 50


def test_shares_of_statuses_are_those_of_the_traffic() -> None:
    access = [each for each in written(summary(START_S, 600)) if each["event"]["dataset"] == "shop.access"]
    failed = sum(each["status"] >= 500 for each in access) / len(access)
    assert abs(failed - 1.5 / 103) < 0.006
    assert {each["status"] for each in access} >= {200, 201, 404, 422, 500, 502, 429}


def test_a_surge_is_a_surge_of_lines_up_to_a_bound() -> None:
    calm = summary(START_S, 60)
    surge = summary(START_S + 60, 60, outcomes=calm.outcomes * 5)
    flood = summary(START_S + 120, 60, outcomes=calm.outcomes * 1_000)
    ring = LogRing()
    writer = LogWriter(ring, seed=1)
    counts = []
    for block in (calm, surge, flood):
        before = ring.next_number
        writer.write(block)
        counts.append(ring.next_number - before)
    assert 3 < counts[1] / counts[0] < 6
    assert counts[2] < 60 * MOST_ACCESS_PER_S * 2


def test_an_address_that_floods_stands_out_and_what_is_refused_is_quick() -> None:
    calm = summary(START_S, 60)
    outcomes = calm.outcomes.copy()
    outcomes[:, 0, OUTCOMES.index("limited")] = 300
    access = [
        each for each in written(summary(START_S, 60, outcomes=outcomes)) if each["event"]["dataset"] == "shop.access"
    ]
    limited = [each for each in access if each["status"] == 429]
    assert {each["client"]["ip"] for each in limited} == {"203.0.113.66"}
    assert max(each["latency_ms"] for each in limited) < 10


def test_attackers_send_what_would_harm_a_terminal() -> None:
    documents = written(summary(START_S, 600, sql_injections=np.full(600, 1.0), xss=np.full(600, 1.0)))
    agents = {each["user_agent"]["original"] for each in documents if "user_agent" in each}
    assert any("\x1b" in agent for agent in agents)
    assert any("jndi" in agent for agent in agents)
    assert any("\x1b" in each["message"] for each in documents)


def test_a_plant_without_traffic_services_or_numbers_writes_little_and_breaks_nothing() -> None:
    calm = summary(START_S, 5)
    nothing = written(summary(START_S, 5, outcomes=calm.outcomes * 0, failed_calls=calm.failed_calls * np.nan,
                              slow_queries=calm.slow_queries * np.nan, addresses=()))  # fmt: skip
    assert all(each["event"]["dataset"] != "shop.access" for each in nothing)
