"""Alertmanagers as an operator has them: Debian's real one, alone and as a cluster of two, and the engine on it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.alertmanager.hub import Alertmanager
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.core.alerting.rules import AlertRule, RuleGroup, Threshold
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import MetricQuery, PromQuery
from opsdash.core.metrics.window import window_of
from opsdash.core.sources import SourceSpec
from opsdash.engine.alerts.alerting import Alerting, Seat
from tests.servers import alertmanager
from tests.servers.alertmanager import AlertmanagerServer, free_port
from tests.servers.needs import missing

pytestmark = pytest.mark.integration

LABELS = {"alertname": "Pages", "service": "orders", "severity": "critical", "text": 'a "quoted" \\ €'}


@pytest.fixture(autouse=True)
def _needs() -> None:
    if why := alertmanager.what_is_missing():
        missing("alertmanager", why)


def posted(url: str, *, ends_in_s: float = 300.0) -> None:
    """As Prometheus does."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ends_in_s))
    body = json.dumps([{"labels": LABELS, "annotations": {"summary": "it burns"}, "endsAt": ends}]).encode()
    asked = Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})
    urlopen(asked, timeout=5).close()


def held(url: str, what: str) -> list[dict[str, Any]]:
    with urlopen(f"{url}/api/v2/{what}", timeout=5) as answer:
        return list(json.load(answer))


def active(url: str) -> list[dict[str, Any]]:
    return [each for each in held(url, "silences") if each["status"]["state"] == "active"]


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - a server says nothing when it changes
            await asyncio.sleep(0.05)


class Meter:
    """A source with one series, whose value a test sets."""

    name = "prom"
    value = 0.0

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        return Answer(window=window_of([at_s], [((("service", "orders"),), [self.value])]))


RULE = AlertRule(
    name="High",
    group="g",
    queries=(PromQuery(source="prom", expr="x > 1", instant=True),),
    condition=Threshold(warning=5.0, critical=10.0),
    interval_s=0.3,
    annotations=(("summary", "too high"),),
)


@asynccontextmanager
async def running(*servers: AlertmanagerServer, meter: Meter | None = None, **more: Any) -> AsyncIterator[Alerting]:
    clock = SystemClock()
    sources = tuple(
        SourceSpec(name=f"am{place}", kind="alertmanager", url=server.url, timeout_s=2.0)
        for place, server in enumerate(servers, start=1)
    )
    alerting = Alerting(
        MemoryStore(clock),
        clock,
        Seat(operator="mina", login="mina", holder="here"),
        hubs=lambda spec: Alertmanager(spec, clock),
    )
    alerting.load(AlertingSpec(hubs=sources, hubs_every_s=0.3, **more), {"prom": meter} if meter else {}, {})  # type: ignore[dict-item]
    task = asyncio.create_task(alerting.run())
    yield alerting
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_acknowledgement_is_a_silence_on_the_real_one_and_gone_when_it_resolves(tmp_path: Path) -> None:
    server = AlertmanagerServer(tmp_path).start()
    try:
        async with running(server) as alerting:
            posted(server.url)
            await until(lambda: alerting.picture(None).lines)
            (line,) = alerting.picture(None).lines
            await alerting.ownership.acknowledge([line.alert.fingerprint], note="on it")
            await until(lambda: active(server.url))
            (silence,) = active(server.url)
            assert {each["name"]: each["value"] for each in silence["matchers"]} == LABELS
            assert silence["createdBy"] == "mina"
            assert silence["comment"].startswith("acknowledged in opsdash: on it")
            (alert,) = held(server.url, "alerts")
            assert alert["status"]["silencedBy"] == [silence["id"]]

            await alerting.ownership.acknowledge([line.alert.fingerprint], note="still on it", for_s=7200)
            await until(lambda: "still on it" in active(server.url)[0]["comment"])
            assert [each["id"] for each in active(server.url)] == [silence["id"]], "changed, not made anew"

            await asyncio.sleep(1.1)
            posted(server.url, ends_in_s=-1)
            await until(lambda: not active(server.url))
            await until(lambda: not alerting.ledger.book.acks and not alerting.ledger.book.mirrors)
    finally:
        server.stop()


async def test_one_that_goes_down_is_said_and_what_was_decided_meanwhile_is_there_when_it_is_back(
    tmp_path: Path,
) -> None:
    server = AlertmanagerServer(tmp_path).start()
    try:
        async with running(server) as alerting:
            posted(server.url)
            await until(lambda: alerting.picture(None).lines)
            server.stop()
            await until(lambda: alerting.sources()[0].state is Freshness.STALE)
            (line,) = alerting.picture(None).lines
            await alerting.ownership.acknowledge([line.alert.fingerprint])
            server.start()
            await until(lambda: active(server.url))
            assert alerting.picture(None).lines[0].ack is not None, "it forgot its alerts; nobody loses one by that"
    finally:
        server.stop()


async def test_a_cluster_of_two_tells_once_and_one_member_is_enough(tmp_path: Path) -> None:
    ports = (free_port(), free_port())
    servers = [
        AlertmanagerServer(tmp_path / str(place), cluster_port=port, peers=(ports[0],) if place else ())
        for place, port in enumerate(ports)
    ]
    try:
        for server in servers:
            server.start()
        async with running(*servers) as alerting:
            for server in servers:
                posted(server.url)
            await until(lambda: alerting.hubs.foreign().clusters == (("am1", "am2"),))
            await until(lambda: [line.alert.hubs for line in alerting.picture(None).lines] == [("am1", "am2")])
            (line,) = alerting.picture(None).lines
            await alerting.ownership.acknowledge([line.alert.fingerprint])
            await until(lambda: active(servers[0].url) and active(servers[1].url))
            assert len(active(servers[0].url)) == len(active(servers[1].url)) == 1
            assert len(alerting.picture(None).silences) == 1

            servers[0].kill()
            await until(lambda: alerting.sources()[0].message)
            await asyncio.sleep(1.1)
            posted(servers[1].url, ends_in_s=-1)
            await until(lambda: not active(servers[1].url))
            await until(lambda: not alerting.picture(None).lines)
    finally:
        for server in servers:
            server.stop()


async def test_ours_stand_in_the_real_one_silent_while_they_are_owned_and_are_gone_when_they_are_over(
    tmp_path: Path,
) -> None:
    server, meter = AlertmanagerServer(tmp_path).start(), Meter()
    group = RuleGroup(name="g", interval_s=0.3, rules=(RULE,))
    to_there = {"send_to": ("am1",), "addresses": (("prom", "http://prom:9090"),), "groups": (group,)}
    try:
        async with running(server, meter=meter, **to_there) as alerting:
            meter.value = 7.0
            await until(lambda: held(server.url, "alerts"))
            (alert,) = held(server.url, "alerts")
            assert alert["labels"] == {"alertname": "High", "service": "orders", "severity": "warning"}
            assert alert["annotations"] == {"summary": "too high"}
            assert alert["generatorURL"] == "http://prom:9090/graph?g0.expr=x+%3E+1&g0.tab=1"
            meter.value = 12.0
            await until(lambda: [each["labels"]["severity"] for each in held(server.url, "alerts")] == ["critical"])
            (line,) = alerting.picture(None).lines
            assert line.alert.origin == ""
            await alerting.ownership.acknowledge([line.alert.fingerprint])
            await until(lambda: held(server.url, "alerts")[0]["status"]["state"] == "suppressed")
            meter.value = 1.0
            await until(lambda: not held(server.url, "alerts"))
            await until(lambda: not active(server.url))
    finally:
        server.stop()
