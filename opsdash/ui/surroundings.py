"""What is given to the screen from outside, by `opsdash.cli.wiring` or a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from opsdash.core.view.board import Board
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.theme import Theme
from opsdash.ports import Clock, Drills
from opsdash.ui.engine_port import EnginePort, Ownership
from opsdash.ui.terminal import Terminal
from opsdash.ui.tiles import Painter

Exporter = Callable[[PanelView, Look, Theme], str]
"""A panel as the content of a file."""
Saver = Callable[[str, str], str]
"""(suggested file name, content) → the path it was written to. Raises OpsdashError or OSError; runs in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """Everything that the screen does not make itself."""

    engine: EnginePort
    board: Callable[[], Board]
    """The configuration that runs now."""
    clock: Clock
    themes: Callable[[], Sequence[Theme]]
    """All themes; the first one is taken where the board's cannot be found."""
    zone: tzinfo = UTC
    """What the configuration's `timezone` means on this host."""
    zone_for: Callable[[str], tzinfo] | None = None
    """What another `timezone` means, after a reload; without it the zone stays what it was."""
    terminal: Terminal = field(default_factory=Terminal)
    exporters: Mapping[str, Exporter] = field(default_factory=dict)
    """By the format's name: csv, json, svg, text."""
    save: Saver | None = None
    """None where nothing may be written."""
    painter: Painter = paint
    drills: Drills | None = None
    """Incidents to play; only on the demo."""
    ownership: Ownership | None = None
    """What operators do with alerts; None where nobody can own any."""
