"""What stands in the cells of the alert screens: ages, values, thresholds, owners."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.rules import Absent, AlertRule, AnySeries, BurnRate, Deviation
from opsdash.core.duration import format_duration
from opsdash.core.metrics.labels import Labels
from opsdash.core.text import clean
from opsdash.core.view.palette import age_text
from opsdash.core.view.units import format_value


def annotation(alert: Alert, name: str) -> str:
    """One of its annotations, clean, in one line; empty where it has none."""
    return next((one_line(value) for given, value in alert.annotations if given == name), "")


def one_line(text: str) -> str:
    """The text in one clean line."""
    return clean(" ".join(text[:4096].split()))


def labels_text(labels: Labels) -> str:
    """`service="orders" team="shop"`, clean."""
    return "  ".join(f'{clean(name)}="{clean(value)}"' for name, value in labels if name != "alertname")


def since_s(alert: Alert) -> float:
    """When what it is now began."""
    if alert.phase is Phase.RESOLVED and alert.resolved_at_s is not None:
        return alert.resolved_at_s
    if alert.phase is Phase.FIRING and alert.fired_at_s is not None:
        return alert.fired_at_s
    return alert.active_at_s


def since_word(alert: Alert, now_s: float) -> str:
    """`6m`: how long it is what it is now."""
    return age_text(now_s - since_s(alert))


def value_word(line: AlertLine) -> str:
    """The newest value in the rule's unit; what is not a value says so."""
    alert, rule = line.alert, line.rule
    if alert.cause is Cause.NO_DATA:
        return "no data"
    if alert.cause is Cause.ERROR:
        return "error"
    if math.isnan(alert.value):
        return "–"
    return _number(alert.value, rule)


def told_by(alert: Alert) -> str:
    """`told by am, am2`: the Alertmanagers that tell of it."""
    return f"told by {', '.join(map(one_line, alert.hubs or (alert.origin,)))}"


def _number(value: float, rule: AlertRule | None) -> str:
    """A value as the condition means it: a burn rate, a share of an earlier value, or the unit's own."""
    match rule.condition if rule is not None else None:
        case Absent():
            return "absent"
        case BurnRate():
            return f"{value:.1f}×"
        case Deviation():
            return f"{value:+.0%}"
        case _:
            return format_value(value, rule.unit if rule is not None else "")


def threshold_word(line: AlertLine) -> str:
    """`> 5%`: what the value is held against; empty where the query itself says what is wrong. `@am` of another's."""
    alert = line.alert
    if alert.origin:
        return f"@{one_line(alert.origin)}"
    return _level(alert.threshold, line.rule, below=alert.below) if alert.cause is Cause.VALUE else ""


def _level(threshold: float | None, rule: AlertRule | None, *, below: bool) -> str:
    condition = rule.condition if rule is not None else None
    if threshold is None or isinstance(condition, AnySeries | Absent):
        return ""
    sign = "<" if below else ">"
    if isinstance(condition, BurnRate):
        return f"{sign} {threshold:.3g}×"
    if isinstance(condition, Deviation):
        return f"{sign} {threshold:.0%}"
    return f"{sign} {format_value(threshold, rule.unit if rule is not None else '')}"


def held_words(value: float, threshold: float | None, rule: AlertRule | None, *, below: bool) -> str:
    """`5.8% > 5%`: a value and what it is held against, in the rule's unit."""
    return " ".join(word for word in (_number(value, rule), _level(threshold, rule, below=below)) if word)


def pending_word(line: AlertLine, now_s: float) -> str:
    """`pending 1m of 5m`."""
    for_s = line.rule.for_s if line.rule is not None else 0.0
    waited = since_word(line.alert, now_s)
    return f"pending {waited} of {format_duration(for_s)}" if for_s else f"pending {waited}"


def owner_word(line: AlertLine, now_s: float) -> str:
    """`✓ mina 2m`, `z until 18:02`-like: who has it, or why it is quiet; `–` where nobody does."""
    if line.ack is not None:
        return f"✓ {clean(line.ack.owner)} {age_text(now_s - line.ack.at_s)}"
    if line.silences:
        ends = max(silence.ends_at_s for silence in line.silences)
        return f"z {age_text(ends - now_s)} left"
    if line.inhibited_by:
        return f"z by {clean(line.inhibited_by)}"
    if line.maintenance:
        return f"z {clean(line.maintenance)}"
    if line.escalation is not None:
        return f"↑{line.escalation.level} nobody"
    return "–"


def clock(at_s: float, zone: tzinfo, *, seconds: bool = True) -> str:
    """`14:02:31`; dashes for what no calendar has."""
    try:
        at = datetime.fromtimestamp(at_s, zone)
    except (OverflowError, ValueError, OSError):
        return "--:--:--" if seconds else "--:--"
    return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"


def day_clock(at_s: float, now_s: float, zone: tzinfo, *, seconds: bool = False) -> str:
    """`18:02` today, `11-25 18:02` another day."""
    try:
        at, now = datetime.fromtimestamp(at_s, zone), datetime.fromtimestamp(now_s, zone)
    except (OverflowError, ValueError, OSError):
        return clock(at_s, zone, seconds=seconds)
    time = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    return time if at.date() == now.date() else f"{at:%m-%d} {time}"


def length_word(seconds: float) -> str:
    """A length in its two largest parts, as it is typed: `1h30m`, `29d`."""
    if not math.isfinite(seconds):
        return "–"
    left = max(round(seconds), 0)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
