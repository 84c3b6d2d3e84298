"""The picture of 10,000 alerts under 100 silences: CPU milliseconds, cold and after each kind of change.

python -m benchmarks.pictured
"""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert, Phase, fingerprint_of
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.marks import Ack, Silence
from opsdash.core.alerting.matcher_text import parse_matchers
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.rules import AlertRule, RuleGroup, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery

NOW_S = 1_790_000_000.0
RULES, ALERTS, SILENCES = 500, 10_000, 100


def alerts(rules: tuple[AlertRule, ...]) -> dict[str, Alert]:
    found = {}
    for at in range(ALERTS):
        rule = rules[at % RULES]
        instance = f"10.0.{at // 250}.{at % 250}:9100"
        labels = labels_of({"alertname": rule.name, "service": f"s{at % 40}", "instance": instance, "job": "api",
                            "namespace": f"n{at % 7}", "cluster": "eu", "team": f"t{at % 5}"})  # fmt: skip
        key = fingerprint_of(labels)
        found[key] = Alert(fingerprint=key, rule=rule.id, name=rule.name, labels=labels, phase=Phase.FIRING,
                           severity=Severity.CRITICAL, active_at_s=NOW_S - at, fired_at_s=NOW_S - at, value=float(at),
                           annotations=(("runbook", "Look here first"),))  # fmt: skip
    return found


def measured(what: str, book: Book, spec: AlertingSpec) -> None:
    began = time.process_time()
    lines = pictured(book, spec, now_s=NOW_S, operator="mina").lines
    took_ms = (time.process_time() - began) * 1000
    print(f"{what:<34}{took_ms:8.1f} ms   {sum(line.is_quiet for line in lines):,} of {len(lines):,} quiet")


def main() -> None:
    query = PromQuery(source="prom", expr="x")
    rules = tuple(
        AlertRule(name=f"R{at}", group="g", queries=(query,), condition=Threshold(warning=1.0)) for at in range(RULES)
    )
    spec = AlertingSpec(groups=(RuleGroup(name="g", interval_s=15.0, rules=rules),))
    found = alerts(rules)
    values: dict[str, dict[str, float]] = {}
    for key, each in found.items():
        values.setdefault(each.rule, {})[key] = each.value + 1
    health = {
        rule: RuleHealth(rule=rule, evaluated_at_s=NOW_S, took_s=0.1, state=Freshness.FRESH, values=of)
        for rule, of in values.items()
    }
    for kind, text in (("equality", 'service="s{}"'), ("regular expressions", r'instance=~"10\.0\.{}\..*"')):
        silences = {
            f"{kind}{at}": Silence(id=f"{kind}{at}", matchers=parse_matchers(text.format(at).replace("\\", "\\\\")),
                                   starts_at_s=0.0, ends_at_s=NOW_S * 2, by="m", comment="c", created_at_s=0.0)
            for at in range(SILENCES)
        }  # fmt: skip
        book = Book(alerts=MappingProxyType(found), silences=silences, health=health)
        print(f"{SILENCES} silences by {kind}")
        measured("  the first picture", book, spec)
        measured("  the same book", book, spec)
        key, first = next(iter(found.items()))
        ack = Ack(fingerprint=key, episode=first.episode, owner="m", by="m", at_s=NOW_S, expires_at_s=None,
                  severity=first.severity, value=1.0)  # fmt: skip
        measured("  one is acknowledged", replace(book, acks={key: ack}), spec)
        some = {
            rule: replace(each, values={k: v + 1 for k, v in each.values.items()})
            for rule, each in list(health.items())[:30]
        }
        measured("  30 of 500 rules are evaluated", replace(book, health={**health, **some}), spec)
        changed = replace(first, phase=Phase.RESOLVED, resolved_at_s=NOW_S)
        measured("  one resolves", replace(book, alerts={**found, key: changed}), spec)


if __name__ == "__main__":
    main()
