"""The command palette: every command, dashboard, panel, variable and theme by a few letters of its name."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.view.keymap import Where
from opsdash.ui.desk import Desk
from opsdash.ui.effects import PlayDrill, Run, Say, Step
from opsdash.ui.overlays.choices import Choices, Entry
from opsdash.ui.overlays.variables import name_of, open_variable
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.footer import key_word


def palette(desk: Desk, scene: Scene) -> Choices:
    """Commands first, then where one can go, then what one can choose."""
    return Choices(title="Go to or do", entries=_entries(desk, scene), take=_take)


def _entries(desk: Desk, scene: Scene) -> tuple[Entry, ...]:
    holding = {command.id for command in scene.keymap.holding(scene.stack(desk))}
    commands = [
        Entry(
            value=f"command:{command.id}",
            text=command.title,
            hint=" ".join(key_word(key, ascii_only=scene.ascii_only) for key in command.keys[:2]),
        )
        for command in scene.keymap.commands
        if command.listed and (command.id in holding or command.where in (Where.DASHBOARD, Where.EVERYWHERE))
    ]
    dashboards = [
        Entry(value=f"dashboard:{index}", text=board.title, hint="dashboard")
        for index, board in enumerate(scene.board.dashboards)
    ]
    panels = [
        Entry(value=f"panel:{index}:{spec.id}", text=spec.title, hint=f"panel of {board.title}"[:30])
        for index, board in enumerate(scene.board.dashboards)
        for spec in board.panels
    ]
    variables = [
        Entry(value=f"variable:{binding.spec.name}", text=name_of(binding), hint="variable")
        for binding in scene.snapshot.bindings
    ]
    themes = [Entry(value=f"theme:{theme.name}", text=theme.title, hint="theme") for theme in scene.themes]
    return (*commands, *_drills(scene), *dashboards, *panels, *variables, *themes)


def _drills(scene: Scene) -> list[Entry]:
    """Each incident beside its remedy; and, where there are any, the end of them all."""
    entries = [
        entry
        for drill in scene.drills
        for entry in (
            Entry(value=f"start:{drill.name}", text=f"Incident: {drill.title}", hint="demo"),
            Entry(value=f"cure:{drill.name}", text=f"Cure: {drill.title} — {drill.label}", hint="demo"),
        )
    ]
    return [*entries, Entry(value="clear:", text="Clear all incidents", hint="demo")] if entries else []


def _take(values: tuple[str, ...], desk: Desk, scene: Scene) -> Step:
    kind, _, name = values[0].partition(":")
    match kind:
        case "command":
            return Step(desk, (Run(name),))
        case "dashboard":
            return Step(_at_dashboard(int(name), desk))
        case "panel":
            number, _, panel_id = name.partition(":")
            return _go_to_panel(int(number), panel_id, desk, scene)
        case "start" | "cure" | "clear":
            return Step(desk, (PlayDrill(kind, name),))
        case "variable":
            return open_variable(name, desk, scene)
        case _:
            return Step(replace(desk, theme=name), (Say(f"theme {name}; to keep it: `theme: {name}`"),))


def _at_dashboard(number: int, desk: Desk) -> Desk:
    if number == desk.dashboard:
        return desk
    return replace(desk, dashboard=number, page=0, focus="", maximised=False, find="")


def _go_to_panel(number: int, panel_id: str, desk: Desk, scene: Scene) -> Step:
    """Its dashboard, its page, the focus on it; a filter that hides it is taken away."""
    there = replace(_at_dashboard(number, desk), find="")
    _, placement = scene.shown(there)
    placed = placement.find(panel_id)
    if placed is None:
        return Step(there)
    return Step(replace(there, focus=panel_id, page=placed.page))
