"""What the keys on one alert do, in triage and in its history alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.text import clean
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Say, Step
from opsdash.ui.overlays.alerts import jumps, owning, silencing
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.scene import Scene


def on_alert(command_id: str, line: AlertLine | None, under: Overlay, desk: Desk, scene: Scene) -> Step | None:
    """What a key of `Where.ALERT` leads to; None where it is none of them."""
    deed = _DEEDS.get(command_id)
    if deed is None:
        return None
    return Step(desk, (Say("no alert is selected"),)) if line is None else deed(line, under, desk, scene)


Deed = Callable[[AlertLine, Overlay, Desk, Scene], Step]
_DEEDS: Mapping[str, Deed] = {
    "alert.acknowledge": lambda line, under, desk, scene: owning.acknowledge([line], under, desk, scene),
    "alert.unacknowledge": lambda line, _, desk, __: owning.unacknowledge([line], desk),
    "alert.assign": lambda line, under, desk, _: owning.assign(line, under, desk),
    "alert.silence": silencing.silence,
    "alert.note": lambda line, under, desk, _: owning.note(line, under, desk),
    "alert.escalate": lambda line, under, desk, _: owning.escalate(line, under, desk),
    "alert.logs": lambda line, _, desk, scene: jumps.to_logs(line, desk, scene),
    "alert.panel": lambda line, _, desk, scene: jumps.to_panel(line, desk, scene),
    "alert.dashboard": lambda line, _, desk, scene: jumps.to_dashboard(line, desk, scene),
}


def picked(command_id: str) -> int | None:
    """The number of a digit key, from 0."""
    kind, _, number = command_id.rpartition(".")
    return int(number) - 1 if kind == "alert.pick" and number.isdigit() else None


def suggestion(line: AlertLine | None, number: int, desk: Desk) -> Step | None:
    """What a digit does with the suggested actions of an alert; None where it has none of that number."""
    actions: Sequence[str] = line.rule.actions if line is not None and line.rule is not None else ()
    if number >= len(actions):
        return None
    words = (
        f"{clean(actions[number])} is suggested here; this version of opsdash does not act yet: carry it out by hand"
    )
    return Step(desk, (Say(words),))
