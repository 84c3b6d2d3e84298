"""The alert screens by name."""

from __future__ import annotations

from dataclasses import replace

from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.overlays.alerts.lists import Rules, Silences, Slos
from opsdash.ui.overlays.alerts.triage import Triage
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.scene import Scene


def opened(name: str, desk: Desk, scene: Scene) -> Step:
    """Shows one of the alert screens, in place of the one that is shown."""
    overlay: Overlay
    match name:
        case "alerts":
            overlay = Triage().settled(scene)
        case "silences":
            overlay = Silences()
        case "rules":
            overlay = Rules()
        case _:
            overlay = Slos()
    return Step(replace(desk, overlay=overlay))
