"""A dialog of a few lines to type, with what they would do shown while they are typed. It lies over a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from opsdash.core.text import fit
from opsdash.core.view.alerts.signs import Said
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.core.view.wrap import wrap
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.overlays.overlay import Clicked, Commanded, Heard, Overlay, Pasted, Scrolled, Typed
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.box import Box, centred, frame

_WIDTH = 92
_LABEL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One line to type."""

    name: str
    label: str
    line: TextLine = field(default_factory=TextLine)
    hint: str = ""
    """Shown while it is empty."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What keeps a form from being taken, and where."""

    text: str
    at: str = ""


Take = Callable[["Form", Desk, Scene], Step | Wrong]
About = Callable[["Form", Scene], Sequence[Said]]
Adapt = Callable[["Form", Scene], "Form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The dialog. The desk that it gives has the screen under it again."""

    title: str
    blanks: tuple[Blank, ...]
    take: Take
    about: About
    under: Overlay
    at: int = 0
    wrong: Wrong | None = None
    adapt: Adapt | None = None
    """What a changed text changes in the form itself."""
    rows: int = 5
    """How many lines `about` may take: the box never changes its size with what is typed."""
    button: str = "enter do it"

    @property
    def wants_text(self) -> bool:
        """All of it."""
        return True

    @property
    def where(self) -> Where:
        """Keys are text here, but for enter and esc."""
        return Where.PROMPT

    @property
    def tab(self) -> str:
        """Which tab the screen under it belongs to."""
        return str(getattr(self.under, "tab", ""))

    def looked_at(self, scene: Scene) -> frozenset[str]:
        """What the screen under it looks at: its curves are still there when the dialog is gone."""
        looks = getattr(self.under, "looked_at", None)
        seen: frozenset[str] = looks(scene) if looks is not None else frozenset()
        return seen

    def value(self, name: str) -> str:
        """What is typed in a line, without spaces around it."""
        return next((blank.line.text.strip() for blank in self.blanks if blank.name == name), "")

    # --- picture -----------------------------------------------------------------------------------------------

    def _box(self, scene: Scene) -> Box:
        return centred(scene, _WIDTH, len(self.blanks) + self.rows + 4)

    def draw(self, _desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The lines to type, below them what they mean, then what is wrong."""
        box = self._box(scene)
        next_key = "tab next  " if len(self.blanks) > 1 else ""
        cells = frame(box, self.title, scene, footer=f"{next_key}{self.button}  esc do nothing")
        inner, _ = box.inner
        for y, blank in enumerate(self.blanks, start=1):
            self._draw_blank(cells, y, blank, inner, is_here=y - 1 == self.at)
        y = len(self.blanks) + 2
        said = [(part, role) for text, role in self.about(self, scene) for part in wrap(text, max(inner, 12))]
        for text, role in said[: max(box.h - 2 - y, 0)]:
            cells.put(2, y, fit(text, inner), ink(role))
            y += 1
        if self.wrong is not None:
            mark = "X" if scene.ascii_only else "✕"
            cells.fill(1, box.h - 2, box.w - 2, 1)
            cells.put(2, box.h - 2, fit(f"{mark} {self.wrong.text}", inner), ink(Role.ERROR, attributes=BOLD))
        return box.x, box.y, cells

    @staticmethod
    def _draw_blank(cells: Cells, y: int, blank: Blank, inner: int, *, is_here: bool) -> None:
        cells.put(2, y, fit(blank.label, _LABEL), ink(Role.ACCENT if is_here else Role.DIM, attributes=BOLD))
        room = max(inner - _LABEL - 2, 4)
        if is_here:
            blank.line.draw(cells, 4 + _LABEL, y, room, ink(Role.TEXT))
            if not blank.line.text:
                cells.put(6 + _LABEL, y, fit(blank.hint, room - 2), ink(Role.DIM))
            return
        text, role = (blank.line.text, Role.TEXT) if blank.line.text else (blank.hint, Role.DIM)
        cells.put(4 + _LABEL, y, fit(text, room), ink(role))

    # --- keys --------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:  # noqa: PLR0911 - one for each thing heard
        """Enter takes it, esc leaves it, tab and arrows go from line to line, other keys are text."""
        match heard:
            case Commanded("prompt.leave"):
                return Step(replace(desk, overlay=self.under))
            case Commanded():
                return self._taken(desk, scene)
            case Typed("tab" | "down"):
                return self._at((self.at + 1) % len(self.blanks), desk)
            case Typed("shift+tab" | "up"):
                return self._at((self.at - 1) % len(self.blanks), desk)
            case Typed(key):
                line = self.blanks[self.at].line.typed(key)
                return None if line is None else self._with(line, desk, scene)
            case Pasted(text):
                return self._with(self.blanks[self.at].line.with_text(text), desk, scene)
            case Clicked(x, y):
                return self._clicked(x, y, desk, scene)
            case Scrolled():
                return None

    def _at(self, at: int, desk: Desk) -> Step:
        return Step(replace(desk, overlay=replace(self, at=at)))

    def _with(self, line: TextLine, desk: Desk, scene: Scene) -> Step:
        blanks = list(self.blanks)
        blanks[self.at] = replace(blanks[self.at], line=line)
        return Step(replace(desk, overlay=replace(self, blanks=tuple(blanks), wrong=None).adapted(scene)))

    def adapted(self, scene: Scene) -> Form:
        """The form as its own texts want it."""
        return self.adapt(self, scene) if self.adapt is not None else self

    def _taken(self, desk: Desk, scene: Scene) -> Step:
        result = self.take(self, replace(desk, overlay=self.under), scene)
        if isinstance(result, Wrong):
            at = next((n for n, blank in enumerate(self.blanks) if blank.name == result.at), self.at)
            return Step(replace(desk, overlay=replace(self, wrong=result, at=at)))
        return result

    def _clicked(self, x: int, y: int, desk: Desk, scene: Scene) -> Step | None:
        """A click goes to a line; outside of the box it does nothing: nothing typed is lost by a slip."""
        box = self._box(scene)
        line = y - box.y - 1
        if box.x <= x < box.x + box.w and 0 <= line < len(self.blanks):
            return self._at(line, desk)
        return None
