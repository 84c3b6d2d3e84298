"""What can lie over a dashboard: it takes all keys while it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from opsdash.core.view.cells import Cells
from opsdash.core.view.keymap import Where
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.scene import Scene


@dataclass(frozen=True, slots=True)
class Commanded:
    """A key that the keymap knows was pressed."""

    id: str


@dataclass(frozen=True, slots=True)
class Typed:
    """Any other key was pressed."""

    key: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """Text was pasted."""

    text: str


@dataclass(frozen=True, slots=True)
class Clicked:
    """The mouse was clicked at a cell of the window."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Scrolled:
    """The wheel was turned; down is positive."""

    lines: int


Heard = Commanded | Typed | Pasted | Clicked | Scrolled


class Overlay(Protocol):
    """A frozen value with a picture. What it hears gives another desk, usually with another overlay on it.

    It may have more: `places` where several parts of the keymap hold, `under` where it lies over another overlay,
    `looked_at(scene)` for the alerts that it shows, `arrived(desk, scene)` to go along with a newer snapshot.
    """

    @property
    def where(self) -> Where:
        """Which part of the keymap holds."""

    @property
    def wants_text(self) -> bool:
        """Whether printable keys are text, also where the keymap has a command for them."""

    def draw(self, desk: Desk, scene: Scene, /) -> tuple[int, int, Cells]:
        """(x, y, picture) in the window."""

    def hear(self, heard: Heard, desk: Desk, scene: Scene, /) -> Step | None:
        """What it leads to; None when it means nothing here."""
