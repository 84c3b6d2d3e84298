"""How one panel becomes a file, by the name of the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from opsdash.core.view.export.csv import panel_csv
from opsdash.core.view.export.json_panel import panel_json
from opsdash.core.view.export.svg import to_svg
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.theme import Theme

SVG_SIZE = (120, 32)
"""Cells of a panel that is written to a file."""

Exporter = Callable[[PanelView, Look, Theme], str]


def _csv(view: PanelView, look: Look, _: Theme) -> str:
    return panel_csv(view, look)


def _json(view: PanelView, _: Look, __: Theme) -> str:
    return panel_json(view, view.spec.id[: max(view.spec.id.rfind(f"/{view.spec.title}"), 0)])


def _svg(view: PanelView, look: Look, theme: Theme) -> str:
    return to_svg(paint(view, *SVG_SIZE, _alone(look)), theme, title=view.spec.title)


def _text(view: PanelView, look: Look, _: Theme) -> str:
    return to_text(paint(view, *SVG_SIZE, _alone(look)))


def _alone(look: Look) -> Look:
    """As it is looked at, without what only makes sense on the screen."""
    return replace(look, axis=None, focused=False, maximised=False, row=None)


EXPORTERS: Mapping[str, Exporter] = {"csv": _csv, "json": _json, "svg": _svg, "txt": _text}
"""By the suffix of the file."""
