"""What telling people costs with 10,000 alerts of 500 rules: CPU milliseconds of one look, twice a second.

python -m benchmarks.notifying
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from benchmarks.pictured import ALERTS, NOW_S, RULES, alerts
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.delivering import delivered
from opsdash.core.alerting.escalating import escalated, waits_after
from opsdash.core.alerting.glance import glanced
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.outbox import Thread
from opsdash.core.alerting.outbox_codec import thread_read, thread_written
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.planning import planned
from opsdash.core.alerting.rules import AlertRule, RuleGroup, Threshold
from opsdash.core.alerting.spec import AlertingSpec, Escalate, NotifierSpec
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import PromQuery

T = TypeVar("T")
HOOK = NotifierSpec(name="hook", kind="webhook")


def timed(what: str, work: Callable[[], T]) -> T:
    began = time.process_time()
    found = work()
    print(f"{what:<52}{(time.process_time() - began) * 1000:8.1f} ms")
    return found


def told(threads: dict[str, Thread], lines: tuple[AlertLine, ...], now_s: float) -> dict[str, Thread]:
    """Everything that is to be told, delivered."""
    for thread in planned(threads, lines, HOOK, ("alertname",), now_s=now_s):
        threads[thread.key] = delivered(thread, "200", now_s=now_s)[0]
    return threads


def main() -> None:
    query = PromQuery(source="prom", expr="x")
    rules = tuple(
        AlertRule(name=f"R{at}", group="g", queries=(query,), condition=Threshold(warning=1.0)) for at in range(RULES)
    )
    spec = AlertingSpec(groups=(RuleGroup(name="g", interval_s=15.0, rules=rules),), escalate=(Escalate(after_s=1e9),))
    found = alerts(rules)
    values: dict[str, dict[str, float]] = {}
    for key, each in found.items():
        values.setdefault(each.rule, {})[key] = each.value + 1
    health = {
        rule: RuleHealth(rule=rule, evaluated_at_s=NOW_S, took_s=0.1, state=Freshness.FRESH, values=of)
        for rule, of in values.items()
    }
    book = Book(alerts=MappingProxyType(found), health=health)
    lines = pictured(book, spec, now_s=NOW_S, operator="mina").lines
    print(f"{ALERTS:,} alerts of {RULES} rules")
    new = timed("all begin to fire at once: planned", lambda: planned({}, lines, HOOK, ("alertname",), now_s=NOW_S))
    print(
        f"  {len(new)} messages, the largest with {max(len(one.intent.alerts) for one in new if one.intent):,} alerts"
    )
    writes = timed("  … written down", lambda: [thread_written(one) for one in new])
    print(f"  {sum(len(one.body or '') for one in writes) / 1e6:.1f} MB")
    timed("  … read by the next leader", lambda: [thread_read(one.body or "") for one in writes])
    threads = told({}, lines, NOW_S)
    some = {
        rule: replace(each, values={k: v + 1 for k, v in each.values.items()})
        for rule, each in list(health.items())[:30]
    }
    after = pictured(replace(book, health={**health, **some}), spec, now_s=NOW_S + 1, operator="mina").lines
    glance, _ = timed("the first glance", lambda: glanced(None, lines))
    assert not timed("a glance: nothing changed", lambda: glanced(glance, lines))[1]
    assert not timed("a glance: 30 of 500 rules are evaluated", lambda: glanced(glance, after))[1]
    timed("told; an alert changed: planned", lambda: planned(threads, after, HOOK, ("alertname",), now_s=NOW_S + 1))
    waits = timed("escalation: a new leader", lambda: waits_after(None, book, lines, spec.escalate, now_s=NOW_S))
    timed(
        "escalation: 30 of 500 rules are evaluated", lambda: waits_after(waits, book, after, spec.escalate, now_s=NOW_S)
    )
    timed("escalation: who is due", lambda: escalated(book, after, waits, spec, now_s=NOW_S))


if __name__ == "__main__":
    main()
