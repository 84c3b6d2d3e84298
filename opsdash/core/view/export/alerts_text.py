"""Alerts, silences and the timeline of one alert as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.picture import AlertLine, SilenceLine
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.words import ago, called, matchers_text, until
from opsdash.core.audit import Entry
from opsdash.core.text import clean, fit, text_width
from opsdash.core.view.units import format_value
from opsdash.core.view.wrap import pad

_SIGNS = {Severity.CRITICAL: "●", Severity.WARNING: "▲", Severity.INFO: "·"}
_WIDEST = 40
_LONGEST_LINE = 200


def alerts_table(lines: Sequence[AlertLine], now_s: float) -> str:
    """One alert a line, in their order, under a heading; the empty text where there is none."""
    if not lines:
        return ""
    rows = [("", "severity", "alert", "where", "since", "value", "owner", "id")]
    rows += [
        (
            sign_of(line),
            _severity(line),
            fit(line.alert.name, _WIDEST),
            fit(line.where, _WIDEST),
            ago(now_s - _since(line.alert)),
            value_text(line),
            owner_text(line, now_s),
            line.alert.fingerprint,
        )
        for line in lines
    ]
    return _columns(rows)


def silences_table(lines: Sequence[SilenceLine], now_s: float, zone: tzinfo) -> str:
    """One silence a line under a heading; the empty text where there is none."""
    if not lines:
        return ""
    rows = [("state", "id", "hides", "ends", "by", "matchers", "comment")]
    rows += [
        (
            line.state,
            clean(line.silence.id),
            str(line.hides),
            _ends(line, now_s, zone),
            fit(line.silence.by, 20),
            fit(matchers_text(line.silence.matchers), 60),
            fit(line.silence.comment, 60),
        )
        for line in lines
    ]
    return _columns(rows)


def alert_text(line: AlertLine, now_s: float, zone: tzinfo) -> str:
    """All that is known of one alert."""
    alert = line.alert
    pairs = [
        ("alert", f"{sign_of(line)} {called(alert)}"),
        ("id", alert.fingerprint),
        ("state", f"{_state(line)}, {ago(now_s - _since(alert))}"),
        ("severity", alert.severity.word),
        ("value", f"{value_text(line)}{_threshold(line)}"),
        ("message", fit(alert.message, _LONGEST_LINE)),
        ("owner", owner_text(line, now_s, zone)),
        ("note", _note(line, now_s)),
        ("escalated", f"to level {line.escalation.level} by {clean(line.escalation.by)}" if line.escalation else ""),
        ("follows", fit(line.inhibited_by, _LONGEST_LINE)),
        ("expected", fit(line.maintenance, _LONGEST_LINE)),
        ("runbook", fit(line.runbook, _LONGEST_LINE)),
        ("rule", fit(alert.rule or f"of {', '.join(alert.hubs) or alert.origin}", _LONGEST_LINE)),
        ("from", fit(alert.generator, _LONGEST_LINE)),
    ]
    pairs += [("silence", _silence(each.id, until(each.ends_at_s, now_s, zone), each.by)) for each in line.silences]
    pairs += [("label", fit(f"{name}={value}", _LONGEST_LINE)) for name, value in alert.labels]
    pairs += [(fit(name, 12), fit(value, _LONGEST_LINE)) for name, value in alert.annotations if name != "runbook"]
    return "".join(f"{pad(name, 12)} {value}\n" for name, value in pairs if value)


def timeline_text(entries: Sequence[Entry], zone: tzinfo) -> str:
    """One entry a line, in their order."""
    return "".join(
        f"{_moment(each.entry.at_s, zone)}  {pad(each.entry.actor, 12)} {fit(each.entry.text, _LONGEST_LINE)}\n"
        for each in entries
    )


def sign_of(line: AlertLine) -> str:
    """The shape of the alert's state, as on the screens."""
    alert = line.alert
    if alert.phase is Phase.RESOLVED:
        return "-"
    if alert.phase is Phase.PENDING:
        return "…"
    if line.ack is not None:
        return "✓"
    if line.is_quiet:
        return "z"
    return {Cause.NO_DATA: "◆", Cause.ERROR: "✕"}.get(alert.cause, _SIGNS[alert.severity])


def value_text(line: AlertLine) -> str:
    """The newest value in the rule's unit; why there is none."""
    alert = line.alert
    if alert.cause is not Cause.VALUE:
        return {Cause.NO_DATA: "no data"}.get(alert.cause, "error")
    return format_value(alert.value, line.rule.unit if line.rule is not None else "")


def owner_text(line: AlertLine, now_s: float, zone: tzinfo | None = None) -> str:
    """`mina 2 m`, and what keeps it quiet; `-` where it is nobody's."""
    parts = []
    if line.ack is not None:
        parts.append(f"{fit(line.ack.owner, 20)} {ago(now_s - line.ack.at_s)}")
        if zone is not None:
            parts += [until(line.ack.expires_at_s, now_s, zone)] if line.ack.expires_at_s is not None else []
            parts += [f"assigned by {clean(line.ack.by)}"] if line.ack.by != line.ack.owner else []
            parts += [fit(line.ack.note, _LONGEST_LINE)] if line.ack.note else []
    if zone is None:
        parts += ["silenced"] if line.silences else []
        parts += ["inhibited"] if line.inhibited_by else []
        parts += ["expected"] if line.maintenance else []
    return ", ".join(parts) or "-"


def _since(alert: Alert) -> float:
    if alert.phase is Phase.RESOLVED and alert.resolved_at_s is not None:
        return alert.resolved_at_s
    return alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s


def _severity(line: AlertLine) -> str:
    phase = line.alert.phase
    return line.alert.severity.word if phase is Phase.FIRING else str(phase)


def _state(line: AlertLine) -> str:
    return f"{line.alert.phase}" + (" (no data)" if line.alert.cause is Cause.NO_DATA else "")


def _threshold(line: AlertLine) -> str:
    alert = line.alert
    if alert.threshold is None or alert.cause is not Cause.VALUE:
        return ""
    sign = "<" if alert.below else ">"
    return f" ({sign} {format_value(alert.threshold, line.rule.unit if line.rule is not None else '')})"


def _note(line: AlertLine, now_s: float) -> str:
    if line.note is None:
        return ""
    return f"{fit(line.note.text, _LONGEST_LINE)} ({clean(line.note.by)}, {ago(now_s - line.note.at_s)} ago)"


def _silence(silence_id: str, ends: str, by: str) -> str:
    return f"{clean(silence_id)} by {clean(by)} {ends}"


def _ends(line: SilenceLine, now_s: float, zone: tzinfo) -> str:
    each = line.silence
    if line.state == "expired":
        return f"{ago(now_s - each.ends_at_s)} ago"
    if line.state == "pending":
        return f"begins in {ago(each.starts_at_s - now_s)}"
    return until(each.ends_at_s, now_s, zone)


def _moment(at_s: float, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromtimestamp(at_s, zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return pad("?", 19)


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(text_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ("  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
