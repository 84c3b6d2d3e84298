"""An Alertmanager as a hub, on Debian's real one."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.alertmanager.decode import once_each
from opsdash.adapters.sources.alertmanager.hub import Alertmanager
from opsdash.core.alerting.alert import Alert, Phase, fingerprint_of
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher, all_match, exactly
from opsdash.core.alerting.severity import Severity
from opsdash.core.errors import QueryRejected, SourceUnavailable
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.sources import SourceSpec
from tests.servers import alertmanager
from tests.servers.alertmanager import AlertmanagerServer
from tests.servers.needs import missing

ORDERS = labels_of({"alertname": "High", "service": "orders", "text": 'a "quoted" \\ \u20ac'})


def alert(labels: Labels = ORDERS, at_s: float | None = None) -> Alert:
    now = time.time() if at_s is None else at_s
    return Alert(
        fingerprint=fingerprint_of(labels),
        rule="g/High",
        name="High",
        labels=labels,
        phase=Phase.FIRING,
        severity=Severity.CRITICAL,
        active_at_s=now - 60,
        fired_at_s=now - 30,
        value=1.0,
        annotations=(("summary", "orders fails"),),
    )


def silence(**changes: object) -> Silence:
    now = time.time()
    given = {
        "id": "",
        "matchers": exactly(ORDERS),
        "starts_at_s": now,
        "ends_at_s": now + 600,
        "by": "mina",
        "comment": "on it",
        "created_at_s": now,
    }
    return Silence(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Alertmanager]:
    """One on a real server."""
    if why := alertmanager.what_is_missing():
        missing("alertmanager", why)
    server = AlertmanagerServer(tmp_path / "am")
    server.start()
    made = Alertmanager(SourceSpec(name="am", kind="alertmanager", url=server.url), SystemClock())
    yield made
    await made.aclose()
    server.stop()


@pytest.mark.integration
async def test_an_alert_that_is_posted_comes_back_as_it_was(hub: Alertmanager) -> None:
    sent = alert()
    await hub.post([sent], time.time() + 300)

    (found,) = await hub.alerts()

    assert dict(found.labels) == {**dict(sent.labels), "severity": "critical"}
    assert (found.name, found.severity, found.phase, found.origin) == ("High", Severity.CRITICAL, Phase.FIRING, "am")
    assert found.annotations == (("summary", "orders fails"),)
    assert abs(found.active_at_s - (sent.fired_at_s or 0)) < 0.01


@pytest.mark.integration
async def test_an_alert_whose_end_is_past_is_gone(hub: Alertmanager) -> None:
    await hub.post([alert()], time.time() + 300)
    await hub.post([alert()], time.time() - 1)
    assert await hub.alerts() == ()


@pytest.mark.integration
async def test_a_silence_is_made_changed_and_ended(hub: Alertmanager) -> None:
    made = await hub.put_silence(silence())
    (found,) = await hub.silences()
    assert (found.id, found.by, found.comment) == (made, "mina", "on it")
    assert set(found.matchers) == set(exactly(ORDERS))
    assert all_match(found.matchers, ORDERS)

    same = await hub.put_silence(
        silence(id=made, origin="am", ends_at_s=time.time() + 1200, starts_at_s=found.starts_at_s)
    )
    assert max(each.ends_at_s for each in await hub.silences()) > time.time() + 1000

    await hub.expire_silence(same)
    assert not any(each.is_active(time.time() + 1) for each in await hub.silences() if each.id == same)
    await hub.expire_silence(same)


@pytest.mark.integration
async def test_every_operator_of_a_matcher_survives_the_journey(hub: Alertmanager) -> None:
    matchers = tuple(Matcher(name=f"l{place}", op=op, value="a|b") for place, op in enumerate(("=", "!=", "=~", "!~")))
    await hub.put_silence(silence(matchers=matchers))
    (found,) = await hub.silences()
    assert set(found.matchers) == set(matchers)


@pytest.mark.integration
async def test_what_it_refuses_is_told_in_its_own_words(hub: Alertmanager) -> None:
    with pytest.raises(QueryRejected, match=r"am refuses the question \(400\)"):
        await hub.put_silence(silence(ends_at_s=time.time() - 10))


@pytest.mark.integration
async def test_it_says_its_version(hub: Alertmanager) -> None:
    probe = await hub.probe()
    assert probe.product == "Alertmanager"
    assert probe.version.startswith("0.")


async def test_one_that_is_not_there_is_unavailable() -> None:
    hub = Alertmanager(SourceSpec(name="am", kind="alertmanager", url="http://127.0.0.1:9"), SystemClock())
    with pytest.raises(SourceUnavailable):
        await hub.alerts()
    await hub.aclose()


def test_members_of_a_cluster_tell_of_an_alert_once() -> None:
    older, newer = alert(at_s=1000.0), alert(at_s=2000.0)
    assert once_each([newer, older]) == (older,)
