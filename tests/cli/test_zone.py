"""Local time, also where the host's rules are odd."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from opsdash.cli.zone import HostZone, zone_of
from opsdash.core.errors import ConfigInvalid


@pytest.fixture
def in_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    "in_zone", ["CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30", "UTC", "EST5EDT,M3.2.0,M11.1.0"], indirect=True
)
@pytest.mark.parametrize("second", [1_774_745_999, 1_774_746_001, 1_792_891_000, 1_793_000_000, 0])
def test_the_host_zone_goes_there_and_back(in_zone: str, second: int) -> None:
    instant = datetime.fromtimestamp(second, UTC)
    local = instant.astimezone(HostZone())
    assert local.astimezone(UTC) == instant
    assert local.replace(tzinfo=None) == datetime.fromtimestamp(second)  # noqa: DTZ006 - what the C library says


@pytest.mark.parametrize("in_zone", ["CET-1CEST,M3.5.0,M10.5.0/3"], indirect=True)
def test_the_hour_that_comes_twice_is_told_apart(in_zone: str) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(HostZone())
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(HostZone())
    assert (first.hour, first.tzname()) == (2, "CEST")
    assert (second.hour, second.tzname()) == (2, "CET")
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)


def test_a_zone_that_the_host_does_not_know_is_said() -> None:
    assert zone_of("utc") is UTC
    with pytest.raises(ConfigInvalid, match="Mars/Olympus"):
        zone_of("Mars/Olympus")
    with pytest.raises(ConfigInvalid):
        zone_of("../../etc/passwd")
