"""What is not told of: inhibition and maintenance; and how alerts are grouped and named."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Cause
from opsdash.core.alerting.grouping import grouped
from opsdash.core.alerting.inhibition import inhibited
from opsdash.core.alerting.maintenance import next_start, open_windows, opened_at
from opsdash.core.alerting.matcher_text import parse_matchers
from opsdash.core.alerting.spec import InhibitRule, MaintenanceWindow
from opsdash.core.alerting.where import where, wheres
from tests.fakes.books import alert, pending, resolved

DOWN = InhibitRule(
    source=parse_matchers('alertname="NodeDown"'), target=parse_matchers('alertname!="NodeDown"'), equal=("node",)
)


def follows(*alerts: object, rules: tuple[InhibitRule, ...] = (DOWN,)) -> dict[str, str]:
    found = inhibited(alerts, rules)  # type: ignore[arg-type]
    names = {each.fingerprint: each.name for each in alerts}  # type: ignore[attr-defined]
    return {names[key]: source.name for key, source in found.items()}


def test_what_follows_from_another_alert_is_not_told_of() -> None:
    down = alert("NodeDown", labels="node=a")
    assert follows(down, alert("Slow", labels="node=a"), alert("Other", labels="node=b")) == {"Slow": "NodeDown"}


def test_only_what_fires_because_of_its_value_inhibits() -> None:
    slow = alert("Slow", labels="node=a")
    assert follows(pending("NodeDown", labels="node=a"), slow) == {}
    assert follows(resolved("NodeDown", labels="node=a"), slow) == {}
    assert follows(alert("NodeDown", labels="node=a", cause=Cause.NO_DATA), slow) == {}


def test_a_label_that_both_lack_is_equal_and_nothing_inhibits_itself_or_its_like() -> None:
    assert follows(alert("NodeDown", labels=""), alert("Slow", labels="")) == {"Slow": "NodeDown"}
    alike = InhibitRule(source=parse_matchers("node=a"), target=parse_matchers("node=a"))
    assert follows(alert("One", labels="node=a"), alert("Two", labels="node=a"), rules=(alike,)) == {}


BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def nightly(**fields: object) -> MaintenanceWindow:
    basic = {"name": "backup", "matchers": (), "from_s": 2 * 3600.0, "length_s": 7200.0, "timezone": "Europe/Berlin"}
    return MaintenanceWindow(**{**basic, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-07-01 01:59:59", False),
        ("2026-07-01 02:00", True),
        ("2026-07-01 03:59:59", True),
        ("2026-07-01 04:00", False),
    ],
)
def test_a_window_opens_each_day_by_the_clock_of_its_zone(moment: str, is_open: bool) -> None:
    assert (opened_at(nightly(), at(moment), ZoneInfo) is not None) is is_open


@pytest.mark.parametrize(
    ("night", "begins"), [("2026-03-29", "2026-03-29T01:00:00Z"), ("2026-10-25", "2026-10-25T00:00:00Z")]
)
def test_it_lasts_two_hours_also_when_the_clock_is_put_forward_or_back(night: str, begins: str) -> None:
    start = datetime.fromisoformat(begins.replace("Z", "+00:00")).timestamp()
    found = [minute for minute in range(-180, 300) if opened_at(nightly(), start + minute * 60, ZoneInfo) is not None]
    assert (found[0], len(found)) == (0, 120), night


def test_one_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    window = nightly(days=(5,), from_s=23 * 3600.0, length_s=6 * 3600.0)
    assert opened_at(window, at("2026-11-22 04:59"), ZoneInfo) is not None, "Sunday; it began on Saturday"
    assert opened_at(window, at("2026-11-22 23:30"), ZoneInfo) is None
    assert next_start(window, at("2026-11-22 05:00"), ZoneInfo) == at("2026-11-28 23:00")


def test_one_that_lasts_days_is_open_on_all_of_them() -> None:
    weekend = nightly(days=(5,), from_s=0.0, length_s=2 * 86_400.0)
    assert opened_at(weekend, at("2026-11-22 23:59"), ZoneInfo) == at("2026-11-21 00:00")
    assert opened_at(weekend, at("2026-11-23 00:00"), ZoneInfo) is None


def test_once_is_once_and_a_zone_that_nobody_can_read_is_never_open() -> None:
    once = MaintenanceWindow(name="move", matchers=(), starts_at_s=100.0, ends_at_s=200.0)
    assert [bool(open_windows([once], now)) for now in (99.0, 100.0, 199.0, 200.0)] == [False, True, True, False]
    assert (next_start(once, 50.0), next_start(once, 150.0)) == (100.0, None)
    assert open_windows([nightly()], at("2026-07-01 03:00")) == ()
    assert open_windows([nightly(timezone="UTC")], at("2026-07-01 03:00", UTC)) != ()  # type: ignore[arg-type]


@given(st.floats(0, 4e9), st.sampled_from([0.0, 3600.0, 9_000.0, 82_800.0]), st.sampled_from([60.0, 7200.0, 200_000.0]))
def test_a_window_that_is_open_began_no_longer_ago_than_it_lasts(now_s: float, from_s: float, length_s: float) -> None:
    window = nightly(from_s=from_s, length_s=length_s)
    begins = opened_at(window, now_s, ZoneInfo)
    assert begins is None or begins <= now_s < begins + length_s
    following = next_start(window, now_s, ZoneInfo)
    assert following is not None
    assert opened_at(window, following, ZoneInfo) is not None


def test_alerts_are_grouped_by_the_labels_on_which_they_agree() -> None:
    one, two, other = alert("A", labels="team=x,i=1"), alert("A", labels="team=x,i=2"), alert("B", labels="i=1")
    groups = grouped([one, two, other], ("team", "alertname"))
    assert [(group.labels, len(group.alerts)) for group in groups] == [
        ((("alertname", "A"), ("team", "x")), 2),
        ((("alertname", "B"),), 1),
    ]
    assert groups[0].thread == grouped([two], ("alertname", "team"))[0].thread != groups[1].thread
    assert len(grouped([one, two, other], ("...",))) == 3
    assert [len(group.alerts) for group in grouped([one, two, other], ())] == [3]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("service=orders", "orders"),
        ("job=pgbouncer,database=orders", "pgbouncer/orders"),
        ("service=orders,severity=critical,team=shop", "orders"),
        ("service=orders,instance=10.0.0.1:80,job=api,cluster=eu", "orders"),
        ("instance=web-1", "web-1"),
        ("", ""),
    ],
)
def test_where_an_alert_is_takes_a_few_words(labels: str, words: str) -> None:
    assert words in where(alert(labels=labels).labels)
    assert where(alert(labels=labels).labels).count("/") <= 1


def test_alerts_of_one_rule_are_told_apart_by_what_differs() -> None:
    several = [alert(labels=f"service=orders,instance=i{n},job=api") for n in range(3)]
    assert list(wheres(several).values()) == ["i0", "i1", "i2"]
    assert "\x1b" not in where(alert(labels="service=a\x1b[31m").labels)
