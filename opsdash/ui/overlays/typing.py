"""A line that is typed: the filters at the bottom of the window, and the dialog that asks for a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsdash.core.text import fit, text_width
from opsdash.core.view.asked_time import EXAMPLES, parse_asked_time
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.effects import ChooseRange, Resume, Step
from opsdash.ui.overlays.overlay import Commanded, Heard, Pasted, Typed
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.box import centred, frame
from opsdash.ui.words import duration_word, moment

Take = Callable[[str, Desk, Scene], Step | str]
"""What the typed text leads to, or what is wrong with it."""
Change = Callable[[str, Desk], Desk]
"""The desk while the text is being typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """An overlay with one line of text."""

    title: str
    take: Take
    change: Change | None = None
    before: Desk
    """The desk to go back to when nothing is taken."""
    line: TextLine = field(default_factory=TextLine)
    examples: tuple[tuple[str, str], ...] = ()
    """Shown in a box where there are any; otherwise the line lies over the footer."""
    problem: str = ""

    @property
    def wants_text(self) -> bool:
        """All of them."""
        return True

    @property
    def where(self) -> Where:
        """Keys are text here, but for enter and esc."""
        return Where.PROMPT

    def draw(self, desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """A box with examples, or one line at the bottom."""
        if self.examples:
            return self._box(scene)
        cells = Cells(scene.width, 1, fill=ink(Role.TEXT, Role.HEADER))
        x = cells.put(1, 0, f"{self.title} ", ink(Role.ACCENT, Role.HEADER, BOLD))
        hint = self.problem or self._count(desk, scene)
        self.line.draw(cells, x, 0, max(scene.width - x - text_width(hint) - 3, 4), ink(Role.TEXT, Role.HEADER))
        cells.put(scene.width - text_width(hint) - 1, 0, hint, ink(Role.DIM, Role.HEADER))
        return 0, scene.height - 1, cells

    def _count(self, desk: Desk, scene: Scene) -> str:
        if desk.maximised:
            return "enter keep  esc undo"
        shown, _ = scene.shown(desk)
        return f"{len(shown)} of {len(scene.specs(desk.dashboard))}  enter keep  esc undo"

    def _box(self, scene: Scene) -> tuple[int, int, Cells]:
        width = max(text_width(f"{left:<18}{right}") for left, right in self.examples) + 6
        box = centred(scene, max(width, 44), len(self.examples) + 6)
        cells = frame(box, self.title, scene, footer="enter show  esc leave")
        inner, _ = box.inner
        cells.put(2, 1, "›" if not scene.ascii_only else ">", ink(Role.ACCENT, attributes=BOLD))
        self.line.draw(cells, 4, 1, inner - 2, ink(Role.TEXT))
        cells.put(2, 2, fit(self.problem or self._meaning(scene), inner), ink(Role.ERROR if self.problem else Role.OK))
        for row, (left, right) in enumerate(self.examples):
            cells.put(2, 4 + row, f"{left:<18}", ink(Role.ACCENT), width=inner)
            cells.put(20, 4 + row, fit(right, inner - 18), ink(Role.DIM))
        return box.x, box.y, cells

    def _meaning(self, scene: Scene) -> str:
        """What the text means as far as it is typed, before it is taken."""
        if not self.line.text.strip():
            return ""
        zone = scene.zone_of(self.before)
        try:
            asked = parse_asked_time(self.line.text, scene.snapshot.time_range, scene.now_s, zone)
        except ValueError:
            return ""
        if asked.end_s is None:
            return f"the last {duration_word(asked.length_s)}, live"
        start, end = moment(asked.end_s - asked.length_s, zone), moment(asked.end_s, zone)
        return f"{start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S}"

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:
        """Enter takes the text, esc undoes what it did, other keys are text."""
        match heard:
            case Commanded("prompt.leave"):
                return Step(replace(self.before, overlay=None, toasts=desk.toasts))
            case Commanded():
                return self._taken(desk, scene)
            case Typed(key):
                line = self.line.typed(key)
                return None if line is None else self._with(line, desk)
            case Pasted(text):
                return self._with(self.line.with_text(text), desk)
            case _:
                return None

    def _taken(self, desk: Desk, scene: Scene) -> Step:
        result = self.take(self.line.text, desk, scene)
        if isinstance(result, str):
            return Step(replace(desk, overlay=replace(self, problem=result)))
        return Step(replace(result.desk, overlay=None), result.effects)

    def _with(self, line: TextLine, desk: Desk) -> Step:
        changed = self.change(line.text, desk) if self.change is not None else desk
        return Step(replace(changed, overlay=replace(self, line=line, problem="")))


def find_panels(desk: Desk) -> Typing:
    """Filters the panels of the dashboard by their titles, while it is typed."""
    return Typing(
        title="find panels /",
        take=lambda _, now, __: Step(now),
        change=lambda text, now: replace(now, find=text.strip(), page=0),
        before=desk,
        line=TextLine(desk.find, len(desk.find)),
    )


def find_rows(desk: Desk) -> Typing:
    """Filters the rows or series of the maximised panel."""

    def change(text: str, now: Desk) -> Desk:
        return now.with_panel(now.focus, replace(now.panel(now.focus), filter=text.strip(), row=None, scroll=0))

    before = desk.panel(desk.focus).filter
    return Typing(
        title="find in panel /",
        take=lambda _, now, __: Step(now),
        change=change,
        before=desk,
        line=TextLine(before, len(before)),
    )


def choose_time(desk: Desk, scene: Scene) -> Typing:
    """Asks what time to show."""

    def take(text: str, now: Desk, at: Scene) -> Step | str:
        try:
            asked = parse_asked_time(text, at.snapshot.time_range, at.now_s, at.zone_of(now))
        except ValueError as error:
            return str(error)
        going_on = (Resume(),) if at.snapshot.paused_at_s is not None else ()
        return Step(replace(now, cursor_s=None), (ChooseRange(asked), *going_on))

    zone = moment(scene.now_s, scene.zone_of(desk)).tzname() or ""
    return Typing(title=f"Show which time? ({fit(zone, 8)})", take=take, before=desk, examples=EXAMPLES)
