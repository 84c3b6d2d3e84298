"""Triage: what fires, worst first, who has it, and the one that is selected in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.text import fit
from opsdash.core.view.alerts.card import CardLook, draw_card
from opsdash.core.view.alerts.grid import first_shown
from opsdash.core.view.alerts.signs import unseen_rules
from opsdash.core.view.alerts.triage_table import TableLook, draw_table
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Say, Step
from opsdash.ui.overlays.alerts import owning
from opsdash.ui.overlays.alerts.body import BEGIN, canvas, draw_head, draw_words, moved, picture_of, placed
from opsdash.ui.overlays.alerts.deeds import on_alert, picked, suggestion
from opsdash.ui.overlays.alerts.history import History
from opsdash.ui.overlays.overlay import Clicked, Commanded, Heard, Pasted, Scrolled, Typed
from opsdash.ui.overlays.pages import help_pages
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.scene import TOP_LINES, Scene

_LEAST_TABLE = 6
"""Rows of the table, heading and three alerts at least, before the card takes any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """The screen. The selected alert is known by its fingerprint: it stays selected when others come and go."""

    selected: str = ""
    at: int = 0
    """Where the selected one was: what is selected when it is gone."""
    top: int = 0
    find: str = ""
    typing: TextLine | None = None
    """The filter while it is typed."""
    before: str = ""
    """The filter before it was typed."""

    @property
    def wants_text(self) -> bool:
        """Only while the filter is typed."""
        return self.typing is not None

    @property
    def where(self) -> Where:
        """The most specific place."""
        return Where.PROMPT if self.typing is not None else Where.TRIAGE

    @property
    def places(self) -> tuple[Where, ...]:
        """Triage, then an alert, then any screen of alerts."""
        return (self.where,) if self.typing is not None else (Where.TRIAGE, Where.ALERT, Where.ALERT_SCREENS)

    @property
    def tab(self) -> str:
        """Which tab it belongs to."""
        return "alerts"

    # --- what is shown -----------------------------------------------------------------------------------------

    def lines(self, scene: Scene) -> Sequence[AlertLine]:
        """The alerts that pass the filter."""
        return filtered(picture_of(scene), self.find)

    def index(self, lines: Sequence[AlertLine]) -> int:
        """The selected line, wherever it is now."""
        if self.at < len(lines) and lines[self.at].alert.fingerprint == self.selected:
            return self.at
        found = next((n for n, line in enumerate(lines) if line.alert.fingerprint == self.selected), None)
        return found if found is not None else min(self.at, max(len(lines) - 1, 0))

    def line(self, scene: Scene) -> AlertLine | None:
        """The selected alert."""
        lines = self.lines(scene)
        return lines[self.index(lines)] if lines else None

    def settled(self, scene: Scene) -> Triage:
        """With the selection and the first line where they are now."""
        lines = self.lines(scene)
        at = self.index(lines)
        rows = max(self._table_height(scene) - 1, 1)
        name = lines[at].alert.fingerprint if lines else self.selected
        return replace(self, at=at, selected=name, top=first_shown(at, len(lines), rows, self.top))

    def arrived(self, desk: Desk, scene: Scene) -> Step:
        """The selected alert stays selected, and the table stays where it is."""
        return Step(replace(desk, overlay=self.settled(scene)))

    def looked_at(self, scene: Scene) -> frozenset[str]:
        """The alerts on screen."""
        lines = self.lines(scene)
        rows = max(self._table_height(scene) - 1, 1)
        first = first_shown(self.index(lines), len(lines), rows, self.top)
        return frozenset(line.alert.fingerprint for line in lines[first : first + rows])

    # --- picture -----------------------------------------------------------------------------------------------

    @staticmethod
    def _card_height(scene: Scene) -> int:
        """A fixed share, so that nothing jumps with the number of alerts."""
        height = scene.body[1]
        return min(max(9, height * 9 // 20), max(height - _LEAST_TABLE, 0))

    def _table_height(self, scene: Scene) -> int:
        return max(scene.body[1] - 1 - self._card_height(scene), 1)

    def draw(self, desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The table above, the card of the selected alert below."""
        picture, cells = picture_of(scene), canvas(scene)
        lines = self.lines(scene)
        top = draw_head(cells, "Triage", self._facts(lines, picture), picture)
        if not lines:
            draw_words(cells, top, self._nothing(scene))
        else:
            at = self.index(lines)
            height = self._table_height(scene) - (top - 1)
            look = TableLook(now_s=scene.now_s, selected=at, top=self.top, ascii_only=scene.ascii_only)
            cells.blit(0, top, draw_table(lines, picture, cells.width, height, look))
            card = CardLook(now_s=scene.now_s, zone=scene.zone_of(desk), ascii_only=scene.ascii_only)
            rows = self._card_height(scene)
            cells.blit(0, cells.height - rows, draw_card(lines[at], picture, cells.width, rows, card))
        if self.typing is not None:
            self._draw_filter(cells, lines, picture)
        return placed(cells)

    def _facts(self, lines: Sequence[AlertLine], picture: AlertsPicture) -> list[str]:
        firing, pending = tally(picture, self.find)
        facts = [f"{firing:,} firing", f"{pending:,} pending" if pending else ""]
        if self.find:
            facts.append(f"/{fit(self.find, 24)}: {len(lines):,} of {len(picture.lines):,}")
        return facts

    def _nothing(self, scene: Scene) -> str:
        picture = scene.snapshot.alerts
        if self.find:
            total = len(picture_of(scene).lines)
            return f"None of {total:,} alerts has “{fit(self.find, 40)}” in it; / changes the filter."
        if picture is None or not (picture.rules or picture.slos or picture.lines):
            return BEGIN
        rules = len(picture.rules)
        if bad := unseen_rules(picture):
            return f"Nothing is known to fire, but {bad:,} of {rules:,} rules could not be evaluated; R shows why."
        return f"Nothing fires. {rules:,} rule{'s' if rules != 1 else ''} watch; R shows how they do, S the budgets."

    def _draw_filter(self, cells: Cells, lines: Sequence[AlertLine], picture: AlertsPicture) -> None:
        assert self.typing is not None
        cells.fill(0, 0, cells.width, 1, " ", ink(Role.TEXT, Role.HEADER))
        x = cells.put(1, 0, "filter / ", ink(Role.ACCENT, Role.HEADER, BOLD))
        count = f"{len(lines):,} of {len(picture.lines):,}"
        self.typing.draw(cells, x, 0, max(cells.width - x - len(count) - 3, 4), ink(Role.TEXT, Role.HEADER))
        cells.put(cells.width - len(count) - 1, 0, count, ink(Role.DIM, Role.HEADER))

    # --- keys --------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:  # noqa: PLR0911 - one for each thing heard
        """Moving, owning, looking closer, filtering."""
        match heard:
            case Commanded(command_id) if self.typing is not None:
                return self._typed_out(command_id, desk, scene)
            case Commanded(command_id):
                return self._commanded(command_id, desk, scene)
            case Typed(key) if self.typing is not None:
                line = self.typing.typed(key)
                return None if line is None else self._filtered(line, desk, scene)
            case Pasted(text) if self.typing is not None:
                return self._filtered(self.typing.with_text(text), desk, scene)
            case Clicked(x, y):
                return self._clicked(x, y, desk, scene)
            case Scrolled(lines):
                return self._to(self.index(self.lines(scene)) + lines, desk, scene)
            case _:
                return None

    def _commanded(self, command_id: str, desk: Desk, scene: Scene) -> Step | None:  # noqa: PLR0911 - one a key
        lines = self.lines(scene)
        there = moved(command_id, self.index(lines), len(lines), self._table_height(scene) - 1)
        if there is not None:
            return self._to(there, desk, scene)
        number = picked(command_id)
        if number is not None:
            return self._picked(number, desk, scene)
        match command_id:
            case "triage.acknowledge_all":
                return owning.acknowledge(lines, self, desk, scene, whole=True)
            case "triage.history":
                return self._history(desk, scene)
            case "triage.find":
                typing = TextLine(self.find, len(self.find))
                return Step(replace(desk, overlay=replace(self, typing=typing, before=self.find)))
            case "screen.leave":
                return self._left(desk, scene)
            case "screen.help":
                return Step(replace(desk, overlay=help_pages(desk, scene)))
            case _:
                return on_alert(command_id, self.line(scene), self, desk, scene)

    def _left(self, desk: Desk, scene: Scene) -> Step:
        """One thing at a time: the filter, then the screen."""
        if self.find:
            return Step(replace(desk, overlay=replace(self, find="").settled(scene)))
        return Step(replace(desk, overlay=None))

    def _history(self, desk: Desk, scene: Scene) -> Step:
        line = self.line(scene)
        if line is None:
            return Step(desk, (Say("no alert is selected"),))
        return History.opened(line, self, desk)

    def _picked(self, number: int, desk: Desk, scene: Scene) -> Step:
        """A suggested action of that number where the selected alert has one, else the line."""
        acted = suggestion(self.line(scene), number, desk)
        if acted is not None:
            return acted
        return self._to(number, desk, scene) if number < len(self.lines(scene)) else Step(desk)

    def _to(self, at: int, desk: Desk, scene: Scene) -> Step:
        lines = self.lines(scene)
        at = min(max(at, 0), max(len(lines) - 1, 0))
        name = lines[at].alert.fingerprint if lines else ""
        return Step(replace(desk, overlay=replace(self, at=at, selected=name).settled(scene)))

    def _filtered(self, line: TextLine, desk: Desk, scene: Scene) -> Step:
        changed = replace(self, typing=line, find=line.text.strip(), at=0, top=0)
        return Step(replace(desk, overlay=changed.settled(scene)))

    def _typed_out(self, command_id: str, desk: Desk, scene: Scene) -> Step:
        find = self.before if command_id == "prompt.leave" else self.find
        return Step(replace(desk, overlay=replace(self, typing=None, find=find).settled(scene)))

    def _clicked(self, _x: int, y: int, desk: Desk, scene: Scene) -> Step | None:
        """A click selects a line."""
        lines = self.lines(scene)
        rows = self._table_height(scene) - 1
        first = first_shown(self.index(lines), len(lines), rows, self.top)
        row = y - TOP_LINES - 2
        return self._to(first + row, desk, scene) if 0 <= row < rows and first + row < len(lines) else None


@lru_cache(maxsize=4)
def filtered(picture: AlertsPicture, find: str) -> Sequence[AlertLine]:
    """The alerts that have every word somewhere: name, place, owner, label, severity, state."""
    words = find.casefold().split()
    return tuple(line for line in picture.lines if _has(line, words)) if words else picture.lines


@lru_cache(maxsize=4)
def tally(picture: AlertsPicture, find: str) -> tuple[int, int]:
    """(firing, pending) of those that pass the filter."""
    phases = Counter(line.alert.phase for line in filtered(picture, find))
    return phases[Phase.FIRING], phases[Phase.PENDING]


def _has(line: AlertLine, words: Sequence[str]) -> bool:
    alert = line.alert
    parts = [alert.name, line.where, alert.severity.word, alert.phase.value, line.ack.owner if line.ack else ""]
    parts += [f"{name}={value}" for name, value in alert.labels]
    text = "\n".join(parts).casefold()
    return all(word in text for word in words)
