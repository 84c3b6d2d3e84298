"""What `opsdash watch` tells of itself, in Prometheus's text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.metrics.freshness import Freshness

_NONE: Mapping[str, bool] = MappingProxyType({})
KIND = "text/plain; version=0.0.4; charset=utf-8"


def status_metrics(
    picture: AlertsPicture, counters: Mapping[str, float], version: str, *, hubs: Mapping[str, bool] = _NONE
) -> str:
    """The page. `hubs`: Alertmanager source → whether it answers.

    `counters` are what only the process knows: name (without `opsdash_`) → value, all of them totals.
    """
    return "\n".join((*_lines(picture, counters, version), *_hubs(hubs), ""))


def _lines(picture: AlertsPicture, counters: Mapping[str, float], version: str) -> Iterator[str]:
    yield from _family("build_info", "gauge", "Which opsdash this is.", {f'version="{version}"': 1.0})
    states = Counter((str(line.alert.phase), line.alert.severity.word) for line in picture.lines)
    yield from _family(
        "alerts",
        "gauge",
        "Alerts by state and severity.",
        {f'state="{state}",severity="{severity}"': float(count) for (state, severity), count in sorted(states.items())},
    )
    owned = sum(1 for line in picture.lines if line.ack is not None)
    yield from _family("alerts_acknowledged", "gauge", "Alerts that somebody owns.", {"": float(owned)})
    quiet = sum(1 for line in picture.lines if line.is_quiet)
    yield from _family("alerts_quiet", "gauge", "Alerts that are silenced, inhibited or expected.", {"": float(quiet)})
    rules = Counter("never" if line.health is None else str(line.health.state) for line in picture.rules)
    yield from _family(
        "rules",
        "gauge",
        "Rules by what their newest evaluation saw.",
        {f'state="{state}"': float(count) for state, count in sorted(rules.items())},
    )
    late = sum(1 for line in picture.rules if line.is_late)
    yield from _family("rules_late", "gauge", "Rules whose evaluation is overdue.", {"": float(late)})
    leader, store = picture.leader, picture.store
    yield from _family(
        "leader", "gauge", "1: this process evaluates.", {"": float(leader is not None and leader.is_us)}
    )
    if store is not None:
        yield from _family("store_up", "gauge", "1: the store answers.", {"": float(store.state is Freshness.FRESH)})
        yield from _family("store_unwritten", "gauge", "Changes that wait for it.", {"": float(store.unwritten)})
    for name, value in sorted(counters.items()):
        yield from _family(f"{name}_total", "counter", name.replace("_", " ").capitalize() + ".", {"": value})


def _hubs(hubs: Mapping[str, bool]) -> Iterator[str]:
    if hubs:
        samples = {f'source="{name}"': float(answers) for name, answers in sorted(hubs.items())}
        yield from _family("alertmanager_up", "gauge", "1: the Alertmanager answers.", samples)


def _family(name: str, kind: str, text: str, samples: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP opsdash_{name} {text}"
    yield f"# TYPE opsdash_{name} {kind}"
    for labels, value in samples.items():
        yield f"opsdash_{name}{{{labels}}} {value:g}" if labels else f"opsdash_{name} {value:g}"
