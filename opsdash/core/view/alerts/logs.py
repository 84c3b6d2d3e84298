"""The logs of an alert: what its rule's `logs:` asks, and a panel of logs that asks it in place of its own query."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.templates import Expansion, TemplateFailed, expand
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.substitution.escaping import lucene_term
from opsdash.core.view.panels import PanelQuery, PanelSpec


def logs_asked(line: AlertLine) -> str:
    """The Lucene query of the alert's logs, its labels put in as terms; empty where its rule names none.

    A template that fails leaves the text as it is: the source then says what it does not understand.
    """
    rule = line.rule
    if rule is None or not rule.logs:
        return ""
    labels = tuple((name, lucene_term(value)) for name, value in line.alert.labels)
    try:
        return expand(rule.logs, Expansion(labels=labels, value=line.alert.value)).strip()
    except TemplateFailed:
        return rule.logs


def narrowed(spec: PanelSpec, query: str) -> PanelSpec:
    """The panel with another question in place of its own, and a title that says so.

    Its filters go, too: they are the dashboard's variables, and an alert is about its own service, whatever is chosen.
    """
    return replace(spec, title=f"{spec.title}: {query}", queries=tuple(_asking(shown, query) for shown in spec.queries))


def _asking(shown: PanelQuery, query: str) -> PanelQuery:
    own = shown.query
    return replace(shown, query=replace(own, query=query, filters=())) if isinstance(own, LogQuery) else shown
