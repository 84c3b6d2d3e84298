"""Which alerts belong to which panel: by the panel that a rule names, or because both ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.queries import PromQuery, Query
from opsdash.core.view.alerts.moments import AlertMoment
from opsdash.core.view.alerts.signs import is_calm, sign_of
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView

_MOST = 64
"""More moments than a chart has room for say nothing more."""
_WITHOUT_MARKS = frozenset({PanelKind.TEXT, PanelKind.LOGS})
_OF_ALERTS = frozenset({PanelKind.ALERTS, PanelKind.SLO})
Asked = tuple[str, str]
"""(source, expression) without the spaces that mean nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """The alerts that fired, by what a panel may know of them."""

    by_panel: Mapping[tuple[str, str], tuple[AlertLine, ...]]
    """(dashboard or nothing, panel) → lines."""
    by_query: Mapping[Asked, tuple[AlertLine, ...]]


def with_alerts(view: PanelView, picture: AlertsPicture | None, dashboard: str = "") -> PanelView:
    """The panel with its alerts; itself where it has none, so that nothing is drawn again."""
    if picture is None:
        return view
    if view.spec.kind in _OF_ALERTS:
        return replace(view, alerts=picture)
    if view.spec.kind in _WITHOUT_MARKS or not picture.lines:
        return view
    lines = _lines_of(view, _index(picture), dashboard)
    return replace(view, alert_marks=tuple(_moment(line) for line in lines[:_MOST])) if lines else view


def asked_by(query: Query) -> Asked | None:
    """What a query asks, to be compared; None for one that no alert rule has in this form."""
    return (query.source, " ".join(query.expr.split())) if isinstance(query, PromQuery) else None


def _lines_of(view: PanelView, index: _Index, dashboard: str) -> list[AlertLine]:
    named = index.by_panel.get((dashboard, view.spec.title), ()) if dashboard else ()
    found = {id(line): line for line in (*named, *index.by_panel.get(("", view.spec.title), ()))}
    for query in view.queries:
        asked = asked_by(query.spec.query)
        if asked is not None:
            found.update((id(line), line) for line in index.by_query.get(asked, ()))
    return list(found.values())


@lru_cache(maxsize=2)
def _index(picture: AlertsPicture) -> _Index:
    """Made once a picture, for all panels; a picture is known by its identity."""
    by_panel: dict[tuple[str, str], list[AlertLine]] = {}
    by_query: dict[Asked, list[AlertLine]] = {}
    for line in picture.lines:
        rule = line.rule
        if rule is None or line.alert.fired_at_s is None or line.alert.phase is Phase.PENDING:
            continue
        if rule.panel:
            _add(by_panel, (rule.dashboard, rule.panel), line)
        for asked in _asked(rule):
            _add(by_query, asked, line)
    return _Index({key: tuple(v) for key, v in by_panel.items()}, {key: tuple(v) for key, v in by_query.items()})


def _add(lines: dict[tuple[str, str], list[AlertLine]], key: tuple[str, str], line: AlertLine) -> None:
    known = lines.setdefault(key, [])
    if len(known) < _MOST:
        known.append(line)


def _asked(rule: AlertRule) -> Iterable[Asked]:
    first = asked_by(rule.queries[0]) if rule.queries else None
    return () if first is None else (first,)


def _moment(line: AlertLine) -> AlertMoment:
    sign, _ = sign_of(line)
    return AlertMoment(
        at_s=line.alert.fired_at_s or line.alert.active_at_s,
        severity=line.alert.severity,
        who=line.where or line.alert.name,
        is_firing=not is_calm(line),
        sign=sign if sign in "◆✕" else "",
    )
