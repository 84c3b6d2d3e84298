"""What an operation or a remedy did, in one line for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opsdash.core.duration import format_duration

Outcome = Mapping[str, Any]
_SUBJECTS = (
    "service", "edge", "cache", "queue", "function", "pool", "instance", "target", "node", "network", "path", "source",
)  # fmt: skip


def told(outcome: Outcome) -> str:
    """`orders: 4 more instances are booting, ready in 40 s`."""
    name = outcome["operation"]
    if "refused" in outcome:
        return f"not done: {_spaced(name)}: {outcome['refused']}"
    said = _WORDS[name](outcome) if name in _WORDS else _change(outcome)
    wait = outcome.get("ready_in_s") or 0.0
    return f"{said}, ready in {_seconds(wait)}" if wait > 0 else said


def told_all(outcomes: Sequence[Outcome]) -> str:
    """Several at once: those that scale as one, the others after each other."""
    scaled = [one for one in outcomes if one["operation"] == "set_replicas" and "refused" not in one]
    if len(scaled) < 3:
        return "; ".join(told(one) for one in outcomes)
    others = [told(one) for one in outcomes if one not in scaled]
    more = sum(one["after"] - one["before"] for one in scaled)
    wait = max(one["ready_in_s"] for one in scaled)
    return "; ".join(
        [f"{more} more instances of {len(scaled)} services are booting, ready in {_seconds(wait)}", *others]
    )


def _seconds(seconds: float) -> str:
    return format_duration(seconds) if seconds >= 120 else f"{seconds:.0f} s"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _replicas(outcome: Outcome) -> str:
    service, more = outcome["service"], outcome["after"] - outcome["before"]
    if more == 0:
        return f"{service}: stays at {outcome['after']} instances"
    noun = "instance" if abs(more) == 1 else "instances"
    verb = ("is" if more == 1 else "are") + " booting" if more > 0 else "drained and stopped"
    return f"{service}: {abs(more)} {'more ' if more > 0 else ''}{noun} {verb}"


def _breaker(outcome: Outcome) -> str:
    words = {"forced_open": "open until somebody closes it", "closed": "closed", "half_open": "half open"}
    return f"{outcome['edge']}: the breaker is {words[outcome['after']]}"


def _version(outcome: Outcome) -> str:
    return f"{outcome['service']}: from {outcome['before']} to {outcome['after']}, half of the instances at a time"


def _blocked(outcome: Outcome) -> str:
    return f"{outcome['network']} is blocked for {format_duration(outcome['expires_s'])}"


def _market(outcome: Outcome) -> str:
    parts = [f"{outcome[name]:.0%} {_spaced(name)}" for name in ("on_demand", "reserved", "spot") if outcome[name]]
    return f"{outcome['service']}: {', '.join(parts)}; its instances are being replaced"


def _region(outcome: Outcome) -> str:
    return f"no users go to {outcome['source']} any longer"


def _change(outcome: Outcome) -> str:
    """`set pool size orders: 40 → 80`."""
    subject = next((f" {outcome[name]}" for name in _SUBJECTS if outcome.get(name) is not None), "")
    if "before" not in outcome:
        return f"{_spaced(outcome['operation'])}{subject}: done"
    return f"{_spaced(outcome['operation'])}{subject}: {_shown(outcome['before'])} → {_shown(outcome['after'])}"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case float() | int():
            return f"{value:g}"
        case None:
            return "none"
        case dict():
            return ", ".join(f"{_spaced(name)} {_shown(one)}" for name, one in value.items())
        case list():
            return " / ".join(_shown(one) for one in value)
        case _:
            return str(value)


_WORDS: Mapping[str, Callable[[Outcome], str]] = {
    "set_replicas": _replicas,
    "open_breaker": _breaker,
    "close_breaker": _breaker,
    "half_open": _breaker,
    "deploy": _version,
    "rollback": _version,
    "block_address": _blocked,
    "set_market": _market,
    "fail_over_region": _region,
    "split_shard": lambda one: f"half of shard {one['shard']} moves to the new shard {one['new_shard']}",
    "add_read_replica": lambda one: f"{one['node']} copies its data",
    "drain": lambda one: f"{one['target']} gets no more requests",
    "ready": lambda one: f"{one['target']} gets requests again",
    "warm_cache": lambda one: f"{one['cache']} is warm, and renews its hot keys early",
    "kill_idle": lambda one: f"{one['before']:.0f} connections of {one['pool']} ended",
    "set_consumers": lambda one: f"{one['queue']}: {one['before']} → {one['after']} consumers",
}
