"""Pictures of alerts: a flash sale as the triage screen shows it, and ten thousand of them."""

from __future__ import annotations

import math

import numpy as np

from opsdash.core.alerting.alert import Alert, Cause, Phase, fingerprint_of
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.picture import (
    AlertLine,
    AlertsPicture,
    LeaderView,
    RuleLine,
    SilenceLine,
    StoreView,
)
from opsdash.core.alerting.rules import AlertRule, AnySeries, BurnRate, Condition, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window, window_of
from tests.fakes.engine import NOW_S


def rule(name: str, condition: Condition | None = None, **more: object) -> AlertRule:
    given: dict[str, object] = {
        "group": "shop",
        "queries": (PromQuery(source="prom", expr=f"{name}_expr"),),
        "condition": condition or Threshold(warning=0.01, critical=0.05),
        "for_s": 300.0,
        **more,
    }
    return AlertRule(name=name, **given)  # type: ignore[arg-type]


def alert(made: AlertRule, labels: Labels, **more: object) -> Alert:
    whole = labels_of({**dict(labels), "alertname": made.name, **dict(made.labels)})
    given: dict[str, object] = {
        "phase": Phase.FIRING,
        "severity": Severity.CRITICAL,
        "active_at_s": NOW_S - 660,
        "fired_at_s": NOW_S - 360,
        "value": 0.058,
        "threshold": 0.05,
        "seen_at_s": NOW_S - 3,
        **more,
    }
    return Alert(fingerprint=fingerprint_of(whole), rule=made.id, name=made.name, labels=whole, **given)  # type: ignore[arg-type]


ERRORS = rule(
    "HighErrorRatio", unit="percentunit", panel="p99 latency", actions=("open breaker orders→payments", "scale orders"),
    labels=labels_of({"severity": "critical"}),
)  # fmt: skip
LATENCY = rule("HighLatency", Threshold(critical=1.0), unit="s")
POOL = rule("PoolWaiting", Threshold(warning=0.0))
QUEUE = rule("QueueBacklog", AnySeries(severity=Severity.WARNING))
BURN = rule(
    "OrdersBudget", BurnRate(slo="orders-availability", objective=0.999, windows_s=(300.0, 3600.0)), group="slo"
)
DOWN = rule("TargetDown", Threshold(below=True, critical=1.0))
RULES = (ERRORS, LATENCY, POOL, QUEUE, BURN, DOWN)


def trend(level: float) -> Window:
    times = np.arange(NOW_S - 3600, NOW_S + 1, 15.0)
    rise = np.clip((times - (NOW_S - 900)) / 600, 0, 1) * level
    rows = []
    for service, factor in (("orders", 1.0), ("payments", 0.2)):
        values = factor * (rise + 0.05 * level * (1 + np.sin(times / 120)))
        rows.append((labels_of({"service": service}), [float(value) for value in values]))
    return window_of(times, rows)


def silence(**more: object) -> Silence:
    given: dict[str, object] = {
        "id": "s1",
        "matchers": (Matcher(name="service", op="=", value="emails"),),
        "starts_at_s": NOW_S - 600,
        "ends_at_s": NOW_S + 6600,
        "by": "jun",
        "comment": "migration of the queue",
        "created_at_s": NOW_S - 600,
        **more,
    }
    return Silence(**given)  # type: ignore[arg-type]


def lines() -> tuple[AlertLine, ...]:
    orders, pool, emails = ({"service": name} for name in ("orders", "pgbouncer", "emails"))
    summary = labels_of({"summary": "orders fails 5.8 % of requests", "description": "Customers see errors."})
    errors = alert(ERRORS, labels_of(orders), annotations=summary)
    latency = alert(LATENCY, labels_of(orders), value=1.21, threshold=1.0, fired_at_s=NOW_S - 240)
    ack = Ack(
        fingerprint=latency.fingerprint, episode=latency.episode, owner="mina", by="mina", at_s=NOW_S - 120,
        expires_at_s=NOW_S + 14_280, severity=Severity.CRITICAL, value=1.2, note="the pool, I think",
    )  # fmt: skip
    pending = alert(
        QUEUE, labels_of(emails), phase=Phase.PENDING, severity=Severity.WARNING, fired_at_s=None, threshold=None,
        active_at_s=NOW_S - 60, value=4200.0,
    )  # fmt: skip
    quiet = alert(QUEUE, labels_of({"service": "emails", "queue": "slow"}), severity=Severity.WARNING, value=9000.0)
    missing = alert(
        DOWN, (), cause=Cause.NO_DATA, severity=Severity.WARNING, value=math.nan, threshold=None,
        message="up has no series with job=\"ordres\"; did you mean orders?",
    )  # fmt: skip
    burn = alert(BURN, labels_of({"slo": "orders-availability"}), value=14.9, threshold=14.4, fired_at_s=NOW_S - 300)
    over = alert(POOL, labels_of({"service": "users"}), phase=Phase.RESOLVED, resolved_at_s=NOW_S - 200)
    warned = alert(POOL, labels_of(pool), severity=Severity.WARNING, value=18.0, threshold=0.0, fired_at_s=NOW_S - 540)
    note = Note(fingerprint=errors.fingerprint, text="looks like the deploy", by="jun", at_s=NOW_S - 100)
    up = Escalation(fingerprint=warned.fingerprint, episode=warned.episode, level=1, by="opsdash", at_s=NOW_S - 60)
    return (
        AlertLine(
            alert=errors, rule=ERRORS, where="orders", note=note,
            runbook="Check the last deploy; if payments is slow, open the breaker",
        ),
        AlertLine(alert=burn, rule=BURN, where="orders-availability", burn_rate=14.9),
        AlertLine(alert=latency, rule=LATENCY, where="orders", ack=ack, runbook="Which dependency is slow? l, then d"),
        AlertLine(alert=warned, rule=POOL, where="pgbouncer/orders", escalation=up),
        AlertLine(alert=missing, rule=DOWN, where=""),
        AlertLine(alert=quiet, rule=QUEUE, where="emails/slow", silences=(silence(),)),
        AlertLine(alert=pending, rule=QUEUE, where="emails"),
        AlertLine(alert=over, rule=POOL, where="users"),
    )  # fmt: skip


def slos() -> tuple[SloStatus, ...]:
    rates = {"5m": 22.0, "1h": 14.9, "6h": 2.4, "3d": 1.2}
    return (
        SloStatus(
            name="orders-availability", objective=0.999, window_s=30 * 86_400, at_s=NOW_S - 4, budget_left=0.12,
            burn_rates=rates,
        ),
        SloStatus(
            name="checkout-latency", objective=0.99, window_s=30 * 86_400, at_s=NOW_S - 4, budget_left=0.91,
            burn_rates=dict.fromkeys(rates, 0.2),
        ),
        SloStatus(
            name="search", objective=0.95, window_s=7 * 86_400, at_s=NOW_S - 4, budget_left=-0.4, burn_rates=rates
        ),
        SloStatus(
            name="emails", objective=0.95, window_s=7 * 86_400, at_s=NOW_S - 4, budget_left=math.nan,
            message="no event in the last 5m",
        ),
    )  # fmt: skip


def health(made: AlertRule, **more: object) -> RuleHealth:
    given: dict[str, object] = {
        "evaluated_at_s": NOW_S - 4, "answered_at_s": NOW_S - 4, "took_s": 0.012,
        "state": Freshness.FRESH, "series": 12, **more,
    }  # fmt: skip
    return RuleHealth(rule=made.id, **given)  # type: ignore[arg-type]


def flash_sale(**more: object) -> AlertsPicture:
    """Eight alerts in every state."""
    given: dict[str, object] = {
        "at_s": NOW_S,
        "lines": lines(),
        "silences": (
            SilenceLine(silence=silence(), hides=1, state="active"),
            SilenceLine(
                silence=silence(id="s2", starts_at_s=NOW_S + 3600, ends_at_s=NOW_S + 7200, comment="deploy"),
                hides=0, state="pending",
            ),
            SilenceLine(
                silence=silence(id="s3", starts_at_s=NOW_S - 7200, ends_at_s=NOW_S - 300, comment="tests", origin="am"),
                hides=0, state="expired",
            ),
        ),
        "rules": (
            RuleLine(rule=ERRORS, health=health(ERRORS), is_late=False, firing=1),
            RuleLine(rule=LATENCY, health=health(LATENCY, took_s=0.4), is_late=False, firing=1),
            RuleLine(rule=POOL, health=health(POOL, evaluated_at_s=NOW_S - 70), is_late=True, firing=1),
            RuleLine(rule=QUEUE, health=health(QUEUE), is_late=False, firing=1, pending=1),
            RuleLine(
                rule=DOWN, is_late=False,
                health=health(DOWN, state=Freshness.ERROR, message="prom refuses the query: unknown function ratee"),
            ),
            RuleLine(rule=BURN, health=None, is_late=False),
        ),
        "slos": slos(),
        "store": StoreView(url="sqlite:///var/lib/opsdash/state.db", state=Freshness.FRESH),
        "leader": LeaderView(holder="mina@bastion 4711", is_us=False, silent_s=3.0),
        "operator": "mina",
        "trends": {ERRORS.id: trend(0.058), LATENCY.id: trend(1.2)},
        **more,
    }  # fmt: skip
    return AlertsPicture(**given)  # type: ignore[arg-type]


def many(count: int) -> AlertsPicture:
    """So many alerts of one rule, with a series each."""
    sets = [labels_of({"service": f"service-{number}"}) for number in range(count)]
    times = np.arange(NOW_S - 3600, NOW_S + 1, 60.0)
    values = np.tile(np.linspace(0.0, 0.08, times.size), (count, 1))
    window = Window(times=times, labels=tuple(sets), values=values, present=np.ones(values.shape, dtype=bool))
    made = tuple(AlertLine(alert=alert(ERRORS, labels), rule=ERRORS, where=dict(labels)["service"]) for labels in sets)
    return flash_sale(lines=made, trends={ERRORS.id: window})
