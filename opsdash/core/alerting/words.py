"""The words of alerts: what they are called in a sentence, and times as a person says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.where import where
from opsdash.core.duration import format_duration
from opsdash.core.errors import Refused
from opsdash.core.text import clean, fit

LONGEST_TEXT = 1_000
"""Characters of a note or a comment."""
_DAY_S = 86_400.0


def called(alert: Alert) -> str:
    """`HighErrorRatio (orders)`."""
    place = where(alert.labels)
    name = fit(alert.name, 60)
    return f"{name} ({place})" if place else name


def called_all(alerts: Sequence[Alert]) -> str:
    """One or two by name, more by their number: `3 alerts`."""
    if len(alerts) <= 2:
        return " and ".join(called(alert) for alert in alerts)
    return f"{len(alerts):,} alerts"


def ago(seconds: float) -> str:
    """`20 s`, `6 m`, `3 h 5 m`, `2 d`: how long ago something was, in at most two parts; the future counts as now."""
    left = max(int(seconds), 0)
    if left < 120:
        return f"{left} s"
    if left < 7_200:
        return f"{left // 60} m"
    if left < 2 * _DAY_S:
        minutes = left // 60 % 60
        return f"{left // 3_600} h {minutes} m" if minutes else f"{left // 3_600} h"
    return f"{left // 86_400} d"


def until(at_s: float, now_s: float, zone: tzinfo | None) -> str:
    """`until 18:02`, with the day where it is another one; without a zone only how long: `for 4h`."""
    if zone is None:
        return f"for {format_duration(round(max(at_s - now_s, 0.0)))}"
    try:
        at, now = datetime.fromtimestamp(at_s, zone), datetime.fromtimestamp(now_s, zone)
    except (OverflowError, OSError, ValueError):
        return f"for {format_duration(round(max(at_s - now_s, 0.0)))}"
    return f"until {at:%H:%M}" if at.date() == now.date() else f"until {at:%Y-%m-%d %H:%M}"


def matchers_text(matchers: Matchers) -> str:
    """`service="orders", team=~"shop|pay"`, clean; `everything` for none."""
    return clean(", ".join(str(matcher) for matcher in matchers)) if matchers else "everything"


def line_of(text: str, what: str = "a note") -> str:
    """What a person wrote, as one clean line. Raises Refused where it is too long."""
    line = " ".join(text[: LONGEST_TEXT * 4].split())
    if len(text) > LONGEST_TEXT * 4 or len(line) > LONGEST_TEXT:
        raise Refused(f"{what} has {LONGEST_TEXT:,} characters at most; this one has {max(len(line), len(text)):,}")
    return clean(line)
