"""From an alert to what shows it: its panel, its dashboard, its logs."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.metrics.labels import label
from opsdash.core.text import fit
from opsdash.core.view.alerts.logs import logs_asked
from opsdash.core.view.alerts.on_panels import asked_by
from opsdash.core.view.panels import PanelKind, PanelSpec
from opsdash.ui.desk import Desk
from opsdash.ui.effects import NarrowLogs, Say, Step
from opsdash.ui.overlays.alerts.owning import name_of
from opsdash.ui.scene import Scene

Place = tuple[int, PanelSpec]
"""A dashboard by its number, and one of its panels."""
_TELLING = ("service", "app", "deployment", "database", "queue", "topic", "route", "instance", "host", "node", "pod")
"""Labels whose values are found in the text of logs, the most telling first."""


def to_panel(line: AlertLine, desk: Desk, scene: Scene) -> Step:
    """Its panel, maximised."""
    place = panel_of(line, scene)
    if place is None:
        return Step(desk, (Say(f"no panel shows {name_of(line)}; name one with panel: in its rule"),))
    return Step(_there(place, desk, scene, maximised=True))


def to_dashboard(line: AlertLine, desk: Desk, scene: Scene) -> Step:
    """Its dashboard, with the focus on its panel."""
    place = panel_of(line, scene)
    if place is not None:
        return Step(_there(place, desk, scene, maximised=False))
    number = _number_of(line, scene)
    if number is None:
        return Step(desk, (Say(f"no dashboard shows {name_of(line)}; name one with dashboard: in its rule"),))
    return Step(_on(number, desk))


def to_logs(line: AlertLine, desk: Desk, scene: Scene) -> Step:
    """The log panel of its dashboard, or the first there is, asking what its rule's `logs:` says.

    Of a rule without: the panel's own rows, only those that name what the alert is about.
    """
    place = logs_of(line, scene)
    if place is None:
        return Step(desk, (Say("no dashboard has a panel of logs"),))
    there = _there(place, desk, scene, maximised=True)
    panel_id, asked = place[1].id, logs_asked(line)
    words = "" if asked else filter_of(line)
    looked = replace(there.panel(panel_id), filter=words, logs=asked, row=None, scroll=0, newer=0)
    told = [Say(f"logs that contain {fit(words, 40)}; esc shows all")] if words else []
    if asked:
        told = [Say(f"logs of {name_of(line)}: {fit(asked, 60)}; esc shows all")]
    return Step(there.with_panel(panel_id, looked), (NarrowLogs(panel_id, asked), *told))


def filter_of(line: AlertLine) -> str:
    """What the rows must contain: the value of the label that tells most of where it is."""
    return next((value for name in _TELLING if (value := label(line.alert.labels, name))), "")


def panel_of(line: AlertLine, scene: Scene) -> Place | None:
    """The panel that its rule names, or else the first that asks the same."""
    rule = line.rule
    if rule is None:
        return None
    every = [(number, spec) for number, board in enumerate(scene.board.dashboards) for spec in board.panels]
    if rule.panel:
        titles = [board.title for board in scene.board.dashboards]
        named = [place for place in every if place[1].title == rule.panel]
        ours = [place for place in named if not rule.dashboard or titles[place[0]] == rule.dashboard]
        if ours or named:
            return (ours or named)[0]
    asked = asked_by(rule.queries[0]) if rule.queries else None
    if asked is None:
        return None
    return next((place for place in every if any(asked_by(query.query) == asked for query in place[1].queries)), None)


def logs_of(line: AlertLine, scene: Scene) -> Place | None:
    """A panel of logs: on its own dashboard first."""
    own, panel = _number_of(line, scene), panel_of(line, scene)
    first = own if own is not None else panel[0] if panel is not None else 0
    order = sorted(range(len(scene.board.dashboards)), key=lambda number: (number != first, number))
    return next(
        ((n, spec) for n in order for spec in scene.board.dashboards[n].panels if spec.kind is PanelKind.LOGS), None
    )


def _number_of(line: AlertLine, scene: Scene) -> int | None:
    wanted = line.rule.dashboard if line.rule is not None else ""
    return next((n for n, board in enumerate(scene.board.dashboards) if wanted and board.title == wanted), None)


def _on(number: int, desk: Desk) -> Desk:
    """The dashboard, without anything over it."""
    if number == desk.dashboard:
        return replace(desk, overlay=None, find="")
    return replace(desk, overlay=None, dashboard=number, page=0, focus="", maximised=False, find="", cursor_s=None)


def _there(place: Place, desk: Desk, scene: Scene, *, maximised: bool) -> Desk:
    number, spec = place
    there = _on(number, desk)
    _, placement = scene.shown(there)
    found = placement.find(spec.id)
    return replace(there, focus=spec.id, page=found.page if found is not None else 0, maximised=maximised)
