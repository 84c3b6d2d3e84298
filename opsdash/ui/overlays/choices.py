"""A list to choose from, by moving, by typing or by number. One overlay for palette, variables and menus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Compare, Say, Step
from opsdash.ui.fuzzy import ranked
from opsdash.ui.overlays.overlay import Clicked, Commanded, Heard, Pasted, Scrolled, Typed
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.box import Box, centred, frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a list."""

    value: str
    text: str
    hint: str = ""
    """At the right: a key, a kind."""


Taken = Callable[[tuple[str, ...], Desk, Scene], Step]
"""What the chosen values lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A list with a line to filter it, or, where it is short, with numbers to choose by."""

    title: str
    entries: tuple[Entry, ...]
    take: Taken
    filtered: bool = True
    """Whether there is a line to filter with; otherwise digits choose."""
    multi: bool = False
    marked: frozenset[str] = field(default_factory=frozenset)
    sole: str = ""
    """An entry that excludes the others when it is marked: All."""
    line: TextLine = field(default_factory=TextLine)
    at: int = 0
    empty: str = "nothing matches"
    preview: Callable[[str, Desk], Desk] | None = None
    """The desk while an entry is selected and not taken yet."""
    before: Desk | None = None
    """Where there is a preview: the desk to go back to."""

    @property
    def wants_text(self) -> bool:
        """Whether printable keys go to the filter."""
        return self.filtered

    @property
    def where(self) -> Where:
        """A list."""
        return Where.LIST

    def listed(self) -> tuple[Entry, ...]:
        """What passes the filter, the best match first."""
        if not self.line.text:
            return self.entries
        return tuple(ranked(self.line.text, self.entries, lambda entry: entry.text))

    # --- picture -----------------------------------------------------------------------------------------------

    def _box(self, scene: Scene) -> Box:
        """As wide and high as all entries need: filtering moves nothing."""
        widest = max((text_width(entry.text) + text_width(entry.hint) for entry in self.entries), default=0)
        width = min(max(widest + 14, text_width(self.title) + 8, 46), 100)
        lines = min(max(len(self.entries), 1), 20)
        return centred(scene, width, lines + (4 if self.filtered else 2))

    def _rows(self, box: Box) -> tuple[int, int, int]:
        """(first entry shown, y of its line in the box, how many lines)."""
        top = 3 if self.filtered else 1
        count = max(box.h - top - 1, 1)
        return max(min(self.at - count // 2, len(self.listed()) - count), 0), top, count

    def draw(self, _desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """A box with the filter above and the list below."""
        box = self._box(scene)
        listed = self.listed()
        hint = "space mark  enter take  esc leave" if self.multi else "enter take  esc leave"
        cells = frame(box, self.title, scene, footer=hint)
        inner, _ = box.inner
        if self.filtered:
            cells.put(2, 1, ">" if scene.ascii_only else "›", ink(Role.ACCENT, attributes=BOLD))
            self.line.draw(cells, 4, 1, inner - 12, ink(Role.TEXT))
            count = f"{len(listed)}/{len(self.entries)}"
            cells.put(box.w - 2 - len(count), 1, count, ink(Role.DIM))
        first, top, count_rows = self._rows(box)
        for offset, entry in enumerate(listed[first : first + count_rows]):
            self._draw_entry(cells, top + offset, first + offset, entry, scene)
        if not listed:
            cells.put(2, top, fit(self.empty, inner), ink(Role.DIM))
        return box.x, box.y, cells

    def _draw_entry(self, cells: Cells, y: int, index: int, entry: Entry, scene: Scene) -> None:
        selected = index == self.at
        ground = Role.SELECTION if selected else Role.GROUND
        cells.fill(1, y, cells.width - 2, 1, " ", ink(Role.TEXT, ground))
        arrow = (">" if scene.ascii_only else "❯") if selected else " "
        x = cells.put(2, y, arrow, ink(Role.ACCENT, ground, BOLD))
        if self.multi:
            sign = ("[x]" if scene.ascii_only else "[✓]") if entry.value in self.marked else "[ ]"
            x = cells.put(x + 1, y, sign, ink(Role.ACCENT, ground))
        elif not self.filtered:
            x = cells.put(x + 1, y, f"{index + 1}" if index < 9 else " ", ink(Role.ACCENT, ground))
        room = max(cells.width - x - text_width(entry.hint) - 4, 1)
        cells.put(x + 1, y, fit(entry.text, room), ink(Role.TEXT, ground, BOLD if selected else 0))
        cells.put(cells.width - text_width(entry.hint) - 2, y, entry.hint, ink(Role.DIM, ground))

    # --- keys --------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:
        """Moving, marking, taking, filtering."""
        match heard:
            case Commanded(command_id):
                return self._commanded(command_id, desk, scene)
            case Typed(key):
                return self._typed(key, desk, scene)
            case Pasted(text):
                return self._filtered(self.line.with_text(text), desk) if self.filtered else None
            case Clicked(x, y):
                return self._clicked(x, y, desk, scene)
            case Scrolled(lines):
                return self._moved(lines, desk, wrap=False)

    def _commanded(self, command_id: str, desk: Desk, scene: Scene) -> Step:
        _, _, page = self._rows(self._box(scene))
        moves = {"list.down": 1, "list.up": -1, "list.page_down": page - 1, "list.page_up": 1 - page}
        if command_id in moves:
            return self._moved(moves[command_id], desk, wrap=abs(moves[command_id]) == 1)
        if command_id == "list.mark":
            return self._mark(desk)
        if command_id == "list.take":
            return self._take(desk, scene)
        return Step(replace(self.before or desk, overlay=None, toasts=desk.toasts))

    def _moved(self, by: int, desk: Desk, *, wrap: bool) -> Step:
        count = len(self.listed())
        if not count:
            return Step(desk)
        at = (self.at + by) % count if wrap else min(max(self.at + by, 0), count - 1)
        return self._shown(replace(self, at=at), desk)

    @staticmethod
    def _shown(overlay: Choices, desk: Desk) -> Step:
        listed = overlay.listed()
        if overlay.preview is not None and listed:
            desk = overlay.preview(listed[overlay.at].value, desk)
        return Step(replace(desk, overlay=overlay))

    def _mark(self, desk: Desk) -> Step:
        listed = self.listed()
        if not self.multi or not listed:
            return Step(desk)
        value = listed[self.at].value
        if value in self.marked:
            marked = self.marked - {value}
        else:
            marked = frozenset({value}) if value == self.sole else (self.marked - {self.sole}) | {value}
        return Step(replace(desk, overlay=replace(self, marked=marked, at=min(self.at + 1, len(listed) - 1))))

    def _take(self, desk: Desk, scene: Scene) -> Step:
        listed = self.listed()
        if self.multi and self.marked and not (self.line.text and listed and listed[self.at].value not in self.marked):
            values = tuple(entry.value for entry in self.entries if entry.value in self.marked)
        elif listed:
            values = (listed[self.at].value,)
        else:
            return Step(desk)
        return self.take(values, replace(desk, overlay=None), scene)

    def _typed(self, key: str, desk: Desk, scene: Scene) -> Step | None:
        """A digit chooses where entries are numbered; anything else filters."""
        if not self.filtered:
            if key.isdigit() and 0 < int(key) <= len(self.entries):
                return replace(self, at=int(key) - 1)._take(desk, scene)
            return None
        if key == "space" and self.multi:
            return self._mark(desk)
        line = self.line.typed(key)
        return None if line is None else self._filtered(line, desk)

    def _filtered(self, line: TextLine, desk: Desk) -> Step:
        return self._shown(replace(self, line=line, at=0), desk)

    def _clicked(self, x: int, y: int, desk: Desk, scene: Scene) -> Step | None:
        """A click takes (or marks) an entry; outside the box it leaves."""
        box = self._box(scene)
        if not (box.x <= x < box.x + box.w and box.y <= y < box.y + box.h):
            return self._commanded("list.leave", desk, scene)
        first, top, count = self._rows(box)
        line = y - box.y - top
        index = first + line
        if not 0 <= line < count or index >= len(self.listed()):
            return None
        here = replace(self, at=index)
        return here._mark(desk) if self.multi else here._take(desk, scene)


def compare_choices(scene: Scene) -> Choices:
    """Which earlier period to draw beside this one."""
    now = scene.snapshot.compare_s
    offered = ((0.0, "off"), (3600.0, "an hour earlier"), (86_400.0, "a day earlier"), (604_800.0, "a week earlier"))
    entries = tuple(
        Entry(value=str(offset), text=text, hint="now" if offset == now else "") for offset, text in offered
    )

    def take(values: tuple[str, ...], desk: Desk, _: Scene) -> Step:
        return Step(desk, (Compare(float(values[0])),))

    at = next((index for index, (offset, _) in enumerate(offered) if offset == now), 0)
    return Choices(title="Compare with", entries=entries, take=take, filtered=False, at=at)


def theme_choices(desk: Desk, scene: Scene) -> Choices:
    """The themes; the selected one is shown at once, esc goes back to the one before."""
    entries = tuple(
        Entry(value=theme.name, text=theme.title, hint="dark" if theme.dark else "light") for theme in scene.themes
    )

    def take(values: tuple[str, ...], now: Desk, _: Scene) -> Step:
        return Step(replace(now, theme=values[0]), (Say(f"theme {values[0]}; to keep it: `theme: {values[0]}`"),))

    at = next((index for index, entry in enumerate(entries) if entry.value == desk.theme), 0)
    return Choices(
        title="Theme",
        entries=entries,
        take=take,
        at=at,
        preview=lambda name, now: replace(now, theme=name),
        before=desk,
    )
