"""A notice in words: for a chat, a mail and a pager's summary. Clean and bounded, whatever the labels hold."""

from __future__ import annotations

from datetime import UTC, datetime

from opsdash.core.alerting.alert import Alert, Cause
from opsdash.core.alerting.notice import MANY, Notice
from opsdash.core.metrics.labels import label, notation
from opsdash.core.text import clean

MOST_ALERTS = MANY
"""More are counted, not listed."""
LONGEST_SUMMARY = 300

_VERBS = {"firing": "fires", "acknowledged": "acknowledged", "resolved": "is over"}
_VERBS_OF_MANY = {"firing": "fire", "acknowledged": "acknowledged", "resolved": "are over"}


def title_of(notice: Notice) -> str:
    """One line: `PRODUCTION ● HighErrorRatio fires (critical, 3 alerts)`."""
    worst = max(alert.severity for alert in notice.alerts)
    names = dict.fromkeys(alert.name for alert in notice.alerts)
    name, verb = next(iter(names)), _VERBS[notice.kind]
    if len(names) > 1:
        rules = "rule" if len(names) == 2 else "rules"
        name, verb = f"{name} and {len(names) - 1:,} more {rules}", _VERBS_OF_MANY[notice.kind]
    count = f", {len(notice.alerts):,} alerts" if len(notice.alerts) > 1 else ""
    environment = f"{notice.environment.upper()} " if notice.environment else ""
    by = f" by {notice.actor}" if notice.kind == "acknowledged" and notice.actor else ""
    level = f", escalated to level {notice.level}" if notice.level and notice.kind == "firing" else ""
    text = f"{environment}{name} {verb}{by} ({worst.word}{count}{level})"
    return clean(text, longest=LONGEST_SUMMARY)


def lines_of(notice: Notice) -> tuple[str, ...]:
    """A line an alert: what it is, where, since when, and the first line of its runbook."""
    lines = [line_of(alert) for alert in notice.alerts[:MOST_ALERTS]]
    if len(notice.alerts) > MOST_ALERTS:
        left = notice.alerts[MOST_ALERTS:]
        of = len({alert.name for alert in left})
        rules = f" of {of:,} rules" if of > 1 else ""
        lines.append(f"and {len(left):,} more alerts{rules}: opsdash alerts list")
    if notice.note:
        lines.append(f"note: {clean(notice.note, longest=LONGEST_SUMMARY)}")
    return tuple(lines)


def line_of(alert: Alert) -> str:
    """`orders fails 5.8 % · since 14:02:31 UTC · https://…`, or the labels where there is no summary."""
    summary = label(alert.annotations, "summary") or label(alert.annotations, "description") or _plain(alert)
    at_s = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    since = f"since {datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    runbook = label(alert.annotations, "runbook_url") or label(alert.annotations, "runbook").partition("\n")[0]
    parts = (summary, since, runbook)
    return " · ".join(clean(part, longest=LONGEST_SUMMARY) for part in parts if part)


def _plain(alert: Alert) -> str:
    why = {Cause.NO_DATA: "has no data: ", Cause.ERROR: "cannot be evaluated: "}.get(alert.cause, "")
    return f"{alert.name} {why}{alert.message}{notation(alert.labels)}"
