"""One alert in full: its card, and below it all that ever happened to it, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.audit import Entry
from opsdash.core.view.alerts.card import CardLook, draw_card
from opsdash.core.view.alerts.timeline import draw_timeline
from opsdash.core.view.alerts.words import labels_text
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.core.view.wrap import wrap
from opsdash.ui.desk import Desk
from opsdash.ui.effects import LookUp, Say, Step
from opsdash.ui.overlays.alerts.body import canvas, draw_head, moved, picture_of, placed
from opsdash.ui.overlays.alerts.deeds import on_alert, picked, suggestion
from opsdash.ui.overlays.overlay import Commanded, Heard, Overlay, Scrolled
from opsdash.ui.overlays.pages import help_pages
from opsdash.ui.scene import Scene

Stands = tuple[object, ...]
"""What an alert's newest entries depend on: when it changes there are newer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The screen."""

    line: AlertLine
    """As it was last seen: an alert that is forgotten meanwhile keeps its history on screen."""
    back: Overlay
    """What it was opened from."""
    entries: tuple[Entry, ...] = ()
    """Newest first, as far as they were read."""
    is_whole: bool = False
    """Whether the oldest entry is among them."""
    waits: bool = True
    """Whether a page is being read."""
    problem: str = ""
    top: int = 0

    @classmethod
    def opened(cls, line: AlertLine, back: Overlay, desk: Desk) -> Step:
        """Shows it and asks for the newest page."""
        return Step(replace(desk, overlay=cls(line=line, back=back)), (LookUp(line.alert.fingerprint),))

    @property
    def fingerprint(self) -> str:
        """Of the alert."""
        return self.line.alert.fingerprint

    @property
    def wants_text(self) -> bool:
        """Nothing is typed here."""
        return False

    @property
    def where(self) -> Where:
        """The most specific place."""
        return Where.ALERT

    @property
    def places(self) -> tuple[Where, ...]:
        """An alert, then any screen of alerts."""
        return Where.ALERT, Where.ALERT_SCREENS

    def looked_at(self, _scene: Scene) -> frozenset[str]:
        """The one alert."""
        return frozenset((self.fingerprint,))

    @property
    def tab(self) -> str:
        """Which tab it belongs to."""
        return "alerts"

    # --- what comes --------------------------------------------------------------------------------------------

    def arrived(self, desk: Desk, scene: Scene) -> Step | None:
        """Goes along with the alert; reads its newest entries again when something happened to it."""
        found = next((line for line in picture_of(scene).lines if line.alert.fingerprint == self.fingerprint), None)
        if found is None or found is self.line:
            return None
        news = (LookUp(self.fingerprint),) if _stands(found) != _stands(self.line) else ()
        return Step(replace(desk, overlay=replace(self, line=found)), news)

    def with_page(self, page: tuple[Entry, ...]) -> History:
        """With entries that were read: older ones behind, newer ones in front, none twice."""
        known = {entry.seq for entry in self.entries}
        fresh = tuple(entry for entry in page if entry.seq not in known)
        merged = tuple(sorted((*self.entries, *fresh), key=lambda entry: -entry.seq))
        is_whole = self.is_whole or not page
        return replace(self, entries=merged, waits=False, is_whole=is_whole, problem="")

    def unfilled(self, scene: Scene) -> LookUp | None:
        """The page before, while there is room for it on screen."""
        if self.is_whole or self.waits or not self.entries or len(self.entries) > self._rows(scene):
            return None
        return LookUp(self.fingerprint, self.entries[-1].seq)

    def with_problem(self, problem: str) -> History:
        """With the words of what kept the entries from being read."""
        return replace(self, waits=False, problem=problem)

    # --- picture -----------------------------------------------------------------------------------------------

    @staticmethod
    def _card_height(scene: Scene) -> int:
        height = scene.body[1]
        return min(max(9, height * 9 // 20), max(height - 6, 3))

    def _rows(self, scene: Scene) -> int:
        return max(scene.body[1] - 1 - self._card_height(scene) - 3, 1)

    def draw(self, desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The card above, then the labels, then the entries."""
        picture, cells, zone = picture_of(scene), canvas(scene), scene.zone_of(desk)
        y = draw_head(cells, "History", (), picture)
        card = CardLook(now_s=scene.now_s, zone=zone, ascii_only=scene.ascii_only)
        rows = self._card_height(scene) - (y - 1)
        cells.blit(0, y, draw_card(self.line, picture, cells.width, rows, card))
        y += rows
        for text in wrap(labels_text(self.line.alert.labels), cells.width - 4)[:2]:
            cells.put(2, y, text, ink(Role.DIM))
            y += 1
        y = cells.height - self._rows(scene) - 1
        cells.put(1, y, self._heading(), ink(Role.TITLE, attributes=BOLD))
        height = cells.height - y - 1
        rule = self.line.rule
        cells.blit(0, y + 1, draw_timeline(self.entries, cells.width, height, scene.now_s, zone, self.top, rule))
        if self.problem:
            cells.put(2, y + 1 + min(len(self.entries), height - 1), self.problem, ink(Role.ERROR))
        return placed(cells)

    def _heading(self) -> str:
        if not self.entries:
            return "reading its history…" if self.waits else "" if self.problem else "nothing is written of it yet"
        more = "" if self.is_whole else " so far; older ones come as you go down"
        more = ", reading older ones…" if self.waits else more
        return f"{len(self.entries):,} entries{more}" if len(self.entries) != 1 else f"1 entry{more}"

    # --- keys --------------------------------------------------------------------------------------------------

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:
        """Reading, owning, looking closer."""
        match heard:
            case Commanded(command_id):
                return self._commanded(command_id, desk, scene)
            case Scrolled(lines):
                return self._to(self.top + lines, desk, scene)
            case _:
                return None

    def _commanded(self, command_id: str, desk: Desk, scene: Scene) -> Step | None:
        there = moved(command_id, self.top, len(self.entries), self._rows(scene))
        if there is not None:
            return self._to(there, desk, scene)
        number = picked(command_id)
        if number is not None:
            none = Step(desk, (Say("no action of that number is suggested"),))
            return suggestion(self.line, number, desk) or none
        match command_id:
            case "screen.leave":
                return Step(replace(desk, overlay=self.back))
            case "screen.help":
                return Step(replace(desk, overlay=help_pages(desk, scene)))
            case _:
                return on_alert(command_id, self.line, self, desk, scene)

    def _to(self, top: int, desk: Desk, scene: Scene) -> Step:
        """Scrolls; near the end the page before is asked for, once."""
        last = max(len(self.entries) - self._rows(scene), 0)
        here = min(max(top, 0), last)
        wants = top >= last and self.entries and not self.is_whole and not self.waits
        changed = replace(self, top=here, waits=self.waits or bool(wants))
        older = (LookUp(self.fingerprint, self.entries[-1].seq),) if wants else ()
        return Step(replace(desk, overlay=changed), older)


def _stands(line: AlertLine) -> Stands:
    alert = line.alert
    escalated = line.escalation.level if line.escalation is not None else 0
    silences = tuple(silence.id for silence in line.silences)
    return alert.phase, alert.severity, alert.cause, alert.fired_at_s, line.ack, line.note, escalated, silences
