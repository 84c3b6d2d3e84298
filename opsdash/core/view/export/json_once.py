"""`opsdash once --format json`: the document of the contract."""

from __future__ import annotations

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.export.json_alerts import alert_document, slo_document
from opsdash.core.view.export.json_panel import Document, dumped, panel_document
from opsdash.core.view.export.numbers import iso_time
from opsdash.core.view.snapshot import Snapshot, SourceView


def once_document(snapshot: Snapshot, version: str) -> Document:
    """The whole snapshot. `at` is the end of the range; panels are in the order of the configuration."""
    return {
        "opsdash": version,
        "at": iso_time(float(int(snapshot.end_s))),
        "environment": snapshot.environment,
        "sources": {source.name: _source(source) for source in snapshot.sources},
        "panels": [
            panel_document(view, snapshot.dashboard_of.get(panel_id, "")) for panel_id, view in snapshot.panels.items()
        ],
        "alerts": [] if snapshot.alerts is None else [alert_document(line) for line in snapshot.alerts.lines],
        "slos": [] if snapshot.alerts is None else [slo_document(status) for status in snapshot.alerts.slos],
    }


def once_json(snapshot: Snapshot, version: str) -> str:
    """As text."""
    return dumped(once_document(snapshot, version))


def _source(source: SourceView) -> Document:
    """`ok` is a source that answered; `no_data` one that was not asked, because no panel needs it."""
    return {
        "state": "ok" if source.state is Freshness.FRESH else str(source.state),
        "rtt_ms": None if source.rtt_s is None else round(source.rtt_s * 1000, 3),
        "error": source.message,
    }
