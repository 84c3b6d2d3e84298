"""Where an alert is, in a few words: the labels that tell it from the rule's others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from opsdash.core.alerting.alert import Alert
from opsdash.core.metrics.labels import Labels
from opsdash.core.text import fit

_FIRST = ("cluster", "environment", "env", "region", "zone", "namespace", "job")
"""From the whole to the part: these are said before what is not listed, in this order …"""
_LAST = ("service", "app", "deployment", "database", "queue", "topic", "route", "instance", "host", "node", "pod")
"""… and these after it."""
_SAYS_NOTHING = frozenset({"alertname", "severity", "__name__", "prometheus", "prometheus_replica", "monitor", "team"})
_MOST_ALONE = 2
_MOST_TOGETHER = 3
_WIDEST = 24
"""Cells of one value."""


def wheres(alerts: Iterable[Alert], constant: Mapping[str, Labels] | None = None) -> dict[str, str]:
    """Fingerprint → where it is, for all alerts at once: those of one rule are told apart.

    `constant`: rule id → the labels that the rule adds, which say nothing of a place.
    """
    families: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        families.setdefault((alert.rule, alert.name), []).append(alert)
    found: dict[str, str] = {}
    for (rule, _), family in families.items():
        added = frozenset(name for name, _ in (constant or {}).get(rule, ()))
        shared = _shared(family) if len(family) > 1 else frozenset()
        for alert in family:
            found[alert.fingerprint] = _words(alert.labels, added, shared)
    return found


def where(labels: Labels, *, added: Iterable[str] = ()) -> str:
    """The same of one label set, with no others beside it."""
    return _words(labels, frozenset(added), frozenset())


def _shared(family: list[Alert]) -> frozenset[tuple[str, str]]:
    """The label pairs that every one of them has."""
    shared = set(family[0].labels)
    for alert in family[1:]:
        if not shared:
            break
        shared.intersection_update(alert.labels)
    return frozenset(shared)


@lru_cache(maxsize=32_768)
def _words(labels: Labels, added: frozenset[str], shared: frozenset[tuple[str, str]]) -> str:
    telling = [pair for pair in labels if pair[1] and pair[0] not in _SAYS_NOTHING and pair[0] not in added]
    apart = [pair for pair in telling if pair not in shared]
    most = _MOST_TOGETHER if apart and shared else _MOST_ALONE
    chosen = sorted(apart or telling, key=_preference, reverse=True)[:most]
    return "/".join(fit(value, _WIDEST) for _, value in sorted(chosen, key=_order))


def _preference(pair: tuple[str, str]) -> int:
    """What is worth more words comes first: the service before what it runs in and before what changes each day."""
    name = pair[0]
    if name in ("service", "app", "deployment", "database", "queue", "topic", "route"):
        return 3
    if name in _FIRST[:-1] or name == "pod":
        return 0
    return 1 if name in ("instance", "host", "node", "job") else 2


def _order(pair: tuple[str, str]) -> tuple[int, int, str]:
    name = pair[0]
    if name in _FIRST:
        return 0, _FIRST.index(name), name
    return (2, _LAST.index(name), name) if name in _LAST else (1, 0, name)
