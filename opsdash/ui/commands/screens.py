"""Keys that open something over the dashboard, and those that concern the program itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from opsdash.ui.desk import Desk
from opsdash.ui.effects import Effect, Quit, Redraw, Say, Step, Suspend
from opsdash.ui.overlays.choices import theme_choices
from opsdash.ui.overlays.pages import help_pages, sources_pages
from opsdash.ui.overlays.palette import palette
from opsdash.ui.overlays.variables import variable_choices
from opsdash.ui.scene import Scene

Handler = Callable[[Desk, Scene], Step]


def _variables(desk: Desk, scene: Scene) -> Step:
    overlay = variable_choices(scene)
    if overlay is None:
        return Step(desk, (Say("the configuration has no variables"),))
    return Step(replace(desk, overlay=overlay))


def _just(effect: Effect, desk: Desk, _: Scene) -> Step:
    return Step(desk, (effect,))


def _alert_screen(name: str, desk: Desk, scene: Scene) -> Step:
    from opsdash.ui.overlays.alerts.screens import opened  # noqa: PLC0415 - 15 ms, for who opens them

    return opened(name, desk, scene)


_ALERT_SCREENS = ("alerts", "slos", "silences", "rules")

HANDLERS: Mapping[str, Handler] = {
    "variables": _variables,
    "sources": lambda desk, _: Step(replace(desk, overlay=sources_pages())),
    "theme": lambda desk, scene: Step(replace(desk, overlay=theme_choices(desk, scene))),
    "palette": lambda desk, scene: Step(replace(desk, overlay=palette(desk, scene))),
    "screen.palette": lambda desk, scene: Step(replace(desk, overlay=palette(desk, scene))),
    "help": lambda desk, scene: Step(replace(desk, overlay=help_pages(desk, scene))),
    **{name: partial(_alert_screen, name) for name in _ALERT_SCREENS},
    **{f"screen.{name}": partial(_alert_screen, name) for name in _ALERT_SCREENS},
    "quit": partial(_just, Quit()),
    "interrupt": partial(_just, Quit()),
    "suspend": partial(_just, Suspend()),
    "redraw": partial(_just, Redraw()),
}
