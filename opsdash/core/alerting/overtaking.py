"""Two at once: one won, and the other is told by whom."""

from __future__ import annotations

from opsdash.core.alerting.book import Book
from opsdash.core.alerting.words import called, matchers_text
from opsdash.core.text import clean, fit


def overtaken_by(book: Book, kind: str, key: str) -> str:
    """Who changed a document first, from the book as it is after that: for whoever was `Overtaken`."""
    alert = book.alerts.get(key)
    what = called(alert) if alert is not None else fit(key, 40)
    ack, silence, escalation = book.acks.get(key), book.silences.get(key), book.escalations.get(key)
    if kind == "ack" and ack is not None:
        if ack.by != ack.owner:
            return f"{clean(ack.by)} assigned {what} to {clean(ack.owner)} first{_with(ack.note)}; nothing was changed"
        return f"{clean(ack.owner)} acknowledged {what} first{_with(ack.note)}; nothing was changed"
    if kind == "ack":
        return f"{what} was given back, or its acknowledgement ended, in the same moment; look again"
    if kind == "silence" and silence is not None:
        return f"the silence of {fit(matchers_text(silence.matchers), 120)} was changed in the same moment; look again"
    if kind == "escalation" and escalation is not None:
        return f"{clean(escalation.by)} escalated {what} to level {escalation.level} first; nothing was changed"
    return f"{what} was changed by somebody else in the same moment; look again"


def _with(text: str) -> str:
    return f": {fit(text, 120)}" if text else ""
