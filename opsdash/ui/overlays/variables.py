"""Choosing the values of a variable: first which one, then of what it has."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.variables import ALL, Binding, FreeText
from opsdash.ui.desk import Desk
from opsdash.ui.effects import ChooseVariable, Step
from opsdash.ui.overlays.choices import Choices, Entry
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.overlays.typing import Typing
from opsdash.ui.scene import Scene


def variable_choices(scene: Scene) -> Overlay | None:
    """The picker of the only variable, or the list of variables; None where there are none."""
    bindings = scene.snapshot.bindings
    if not bindings:
        return None
    if len(bindings) == 1:
        return value_choices(bindings[0], None)
    entries = tuple(
        Entry(value=binding.spec.name, text=name_of(binding), hint=selection_word(binding)) for binding in bindings
    )

    def take(values: tuple[str, ...], desk: Desk, now: Scene) -> Step:
        return open_variable(values[0], desk, now)

    return Choices(title="Variables", entries=entries, take=take)


def open_variable(name: str, desk: Desk, scene: Scene) -> Step:
    """The picker of one variable."""
    binding = next((binding for binding in scene.snapshot.bindings if binding.spec.name == name), None)
    return Step(desk) if binding is None else Step(replace(desk, overlay=value_choices(binding, desk)))


def name_of(binding: Binding) -> str:
    """What people call it."""
    return binding.spec.label or f"${binding.spec.name}"


def selection_word(binding: Binding) -> str:
    """`All`, the value, or how many."""
    selected = binding.selected
    if ALL in selected:
        return "All"
    if len(selected) <= 1:
        return (selected[0] if selected else "nothing")[:24]
    return f"{len(selected)} of {len(binding.options)}"


def value_choices(binding: Binding, desk: Desk | None) -> Overlay:
    """Its values, those that are selected first marked; free text where it is typed."""
    spec = binding.spec
    if isinstance(spec.values_from, FreeText):
        return _free_text(binding, desk or Desk())
    missing = tuple(value for value in binding.selected if value != ALL and value not in binding.options)
    entries = tuple(Entry(value=value, text=value) for value in binding.options)
    entries += tuple(Entry(value=value, text=value, hint="not found now") for value in missing)
    if spec.include_all:
        entries = (Entry(value=ALL, text="All", hint=f"{len(binding.options)} values"), *entries)
    at = next((index for index, entry in enumerate(entries) if entry.value in binding.selected), 0)

    def take(values: tuple[str, ...], now: Desk, _: Scene) -> Step:
        return Step(now, (ChooseVariable(spec.name, (ALL,) if ALL in values else values),))

    return Choices(
        title=name_of(binding),
        entries=entries,
        take=take,
        multi=spec.multi,
        marked=frozenset(binding.selected) if spec.multi else frozenset(),
        sole=ALL,
        at=at,
        empty=binding.error or "no values" if not entries else "nothing matches",
    )


def _free_text(binding: Binding, desk: Desk) -> Typing:
    before = binding.selected[0] if binding.selected else ""

    def take(text: str, now: Desk, _: Scene) -> Step | str:
        return Step(now, (ChooseVariable(binding.spec.name, (text,)),))

    return Typing(title=f"{name_of(binding)} =", take=take, before=desk, line=TextLine(before, len(before)))
