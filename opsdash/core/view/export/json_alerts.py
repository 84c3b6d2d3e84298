"""Alerts, silences and SLOs as JSON: what `alerts … --json` and `once --format json` print. Keys are only added."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, SilenceLine
from opsdash.core.audit import Entry
from opsdash.core.view.export.json_panel import Document
from opsdash.core.view.export.numbers import iso_time, plain_number


def alerts_document(picture: AlertsPicture, lines: Sequence[AlertLine], version: str) -> Document:
    """`alerts list --json`: these lines, and every silence that is shown."""
    return {
        "opsdash": version,
        "at": iso_time(picture.at_s),
        "operator": picture.operator,
        "alerts": [alert_document(line) for line in lines],
        "silences": [silence_document(each) for each in picture.silences],
    }


def alert_document(line: AlertLine) -> Document:
    """One alert with its marks. Labels and texts are as they came: JSON escapes them."""
    alert, ack, note, escalation = line.alert, line.ack, line.note, line.escalation
    return {
        "alert": alert.name,
        "fingerprint": alert.fingerprint,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "where": line.where,
        "state": str(alert.phase),
        "cause": str(alert.cause),
        "severity": alert.severity.word,
        "value": plain_number(alert.value),
        "threshold": None if alert.threshold is None else plain_number(alert.threshold),
        "since": iso_time(alert.active_at_s),
        "fired_at": _time(alert.fired_at_s),
        "resolved_at": _time(alert.resolved_at_s),
        "message": alert.message,
        "rule": alert.rule or None,
        "origin": alert.origin or None,
        "acked_by": None if ack is None else ack.owner,
        "acked_at": None if ack is None else iso_time(ack.at_s),
        "acked_until": None if ack is None else _time(ack.expires_at_s),
        "ack_note": None if ack is None else ack.note,
        "assigned_by": ack.by if ack is not None and ack.by != ack.owner else None,
        "silenced_by": [each.id for each in line.silences],
        "inhibited_by": line.inhibited_by or None,
        "maintenance": line.maintenance or None,
        "note": None if note is None else {"text": note.text, "by": note.by, "at": iso_time(note.at_s)},
        "escalated": None if escalation is None else escalation.level,
        "burn_rate": None if line.burn_rate is None else plain_number(line.burn_rate),
        "runbook": line.runbook or None,
    }


def silence_document(line: SilenceLine) -> Document:
    """One silence: active, to come, or expired less than 15 minutes ago."""
    each = line.silence
    return {
        "id": each.id,
        "state": line.state,
        "matchers": [{"name": one.name, "op": one.op, "value": one.value} for one in each.matchers],
        "starts": iso_time(each.starts_at_s),
        "ends": iso_time(each.ends_at_s),
        "by": each.by,
        "comment": each.comment,
        "hides": line.hides,
        "origin": each.origin or None,
    }


def entry_document(entry: Entry) -> Document:
    """One entry of the history."""
    new = entry.entry
    return {
        "seq": entry.seq,
        "at": iso_time(new.at_s),
        "kind": new.kind,
        "actor": new.actor,
        "text": new.text,
        "data": dict(new.data),
    }


def slo_document(slo: SloStatus) -> Document:
    """One SLO, as the contract has it."""
    return {
        "name": slo.name,
        "objective": slo.objective,
        "error_budget_left": plain_number(slo.budget_left),
        "burn_rates": {window: plain_number(rate) for window, rate in slo.burn_rates.items()},
        "message": slo.message or None,
    }


def _time(at_s: float | None) -> str | None:
    return None if at_s is None else iso_time(at_s)
