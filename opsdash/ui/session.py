"""A session at the screen without a screen: keys in, canvases out. Textual is only its keyboard and its paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from opsdash.core.audit import Entry
from opsdash.core.view.cells import Cells
from opsdash.core.view.keymap import Keymap, keymap_with
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.theme import Theme
from opsdash.ui.alarm import Alarm
from opsdash.ui.commands.navigation import settled
from opsdash.ui.commands.registry import HANDLERS
from opsdash.ui.commands.rows import kept_rows
from opsdash.ui.compose import compose, wanted_tiles
from opsdash.ui.desk import Desk, Toast
from opsdash.ui.effects import Effect, LookUp, Ring, Run, Step
from opsdash.ui.inks import Inks
from opsdash.ui.news import Rates, news_of
from opsdash.ui.overlays.overlay import Commanded, Typed
from opsdash.ui.scene import Layouts, Scene
from opsdash.ui.surroundings import Surroundings
from opsdash.ui.tiles import Tiles

TOAST_S = 8.0
HEARD_EVERY_S = 60.0
"""How often it is told, at most, that the operator is here."""


class Session:
    """Holds the desk and the newest snapshot. `perform` carries out what keys ask of the outside."""

    def __init__(self, around: Surroundings, perform: Callable[[Effect], None]) -> None:
        self._around = around
        self._perform = perform
        self._board = around.board()
        self._keymap: Keymap = keymap_with(self._board.keys)
        self._layouts = Layouts()
        self._drills = around.drills.scenarios() if around.drills is not None else ()
        self._zone = self._other_zone()
        self._themes = tuple(around.themes())
        self._tiles = Tiles(around.painter, around.clock.monotonic_s)
        self._rates = Rates()
        self._alarm = Alarm()
        self.snapshot: Snapshot = around.engine.snapshot()
        self.size = (80, 24)
        utc = self._board.timezone.upper() == "UTC"
        self.desk = Desk(theme=self._first_theme().name, dashboard=max(self.snapshot.current, 0), utc=utc)
        self._inks = Inks(self._first_theme(), around.terminal.depth)
        self._shown: tuple[int, tuple[str, ...]] | None = None
        self._looked_at: frozenset[str] = frozenset()
        self._heard_at_s = float("-inf")

    # --- what is -----------------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """Everything besides the desk, now."""
        return Scene(
            board=self._board,
            snapshot=self.snapshot,
            keymap=self._keymap,
            layouts=self._layouts,
            width=self.size[0],
            height=self.size[1],
            now_s=self._around.clock.now_s(),
            zone=self._zone,
            ascii_only=self._board.ascii_only or not self._around.terminal.utf8,
            has_colour=self._around.terminal.has_colour,
            themes=self._themes,
            formats=tuple(self._around.exporters) if self._around.save is not None else (),
            down_bytes_s=self._rates.down_bytes_s,
            up_bytes_s=self._rates.up_bytes_s,
            drills=self._drills,
            ownership=self._around.ownership,
        )

    @property
    def inks(self) -> Inks:
        """The colours of the theme that is chosen."""
        theme = next((theme for theme in self._themes if theme.name == self.desk.theme), self._themes[0])
        if theme is not self._inks.theme:
            self._inks = Inks(theme, self._around.terminal.depth)
        return self._inks

    def _first_theme(self) -> Theme:
        """The configuration's; a monochrome one where there are no colours."""
        wanted = self._board.theme if self._around.terminal.has_colour else "monochrome"
        return next((theme for theme in self._themes if theme.name == wanted), self._themes[0])

    def _other_zone(self) -> tzinfo:
        """The zone besides UTC that `u` switches to: the configuration's, or the host's where that is UTC."""
        zone_for = self._around.zone_for
        if zone_for is None:
            return self._around.zone
        return zone_for("local" if self._board.timezone.upper() == "UTC" else self._board.timezone)

    # --- what happens ------------------------------------------------------------------------------------------

    def resized(self, width: int, height: int) -> None:
        """The window has another size."""
        self.size = (width, height)
        self._settle()

    def arrived(self, snapshot: Snapshot, written_bytes: int) -> None:
        """The engine has a newer picture."""
        before, self.snapshot = self.snapshot, snapshot
        if snapshot.revision != before.revision:
            self._reloaded()
        self._rates.note(self._around.clock.monotonic_s(), snapshot, written_bytes)
        for text, level in news_of(before, snapshot):
            self.say(text, level)
        self.desk = kept_rows(self.desk, self.scene)
        self._alarm.noted(snapshot.alerts)
        self._ring()
        goes_along = getattr(self.desk.overlay, "arrived", None)
        if goes_along is not None:
            self._take(goes_along(self.desk, self.scene))
        self._settle()

    def _reloaded(self) -> None:
        """Another configuration runs: keys, themes and places may differ."""
        before, self._board = self._board, self._around.board()
        self._keymap = keymap_with(self._board.keys)
        self._layouts = Layouts()
        if before.timezone != self._board.timezone:
            self._zone = self._other_zone()
            self.desk = replace(self.desk, utc=self._board.timezone.upper() == "UTC")
        if before.theme != self._board.theme:
            self._themes = tuple(self._around.themes())
            self.desk = replace(self.desk, theme=self._first_theme().name)

    def say(self, text: str, level: str = "info") -> None:
        """Shows a line for a while; one that is there already stays longer instead of coming twice."""
        until = self._around.clock.monotonic_s() + TOAST_S
        others = tuple(toast for toast in self.desk.toasts if toast.text != text)
        self.desk = replace(self.desk, toasts=(*others[-2:], Toast(text=text, until_s=until, level=level)))

    def ticked(self) -> None:
        """A second has passed."""
        now = self._around.clock.monotonic_s()
        self._ring()
        if any(toast.until_s <= now for toast in self.desk.toasts):
            self.desk = replace(self.desk, toasts=tuple(toast for toast in self.desk.toasts if toast.until_s > now))

    def _ring(self) -> None:
        """Tells of alerts that started to fire, not more than once every few seconds."""
        text = self._alarm.due(self._around.clock.monotonic_s())
        if text:
            self._perform(Ring(text))

    def pressed(self, key: str) -> None:
        """A key, by its name in the keymap."""
        self._is_here()
        scene = self.scene
        if scene.too_small and key not in ("q", "ctrl+c", "ctrl+z", "ctrl+l"):
            return
        command = self._keymap.lookup(key, scene.stack(self.desk))
        overlay = self.desk.overlay
        if overlay is None:
            self._take(HANDLERS[command.id](self.desk, scene) if command is not None else None)
        elif command is None or (overlay.wants_text and (len(key) == 1 or key == "space")):
            self._take(overlay.hear(Typed(key), self.desk, scene))
        elif command.id in HANDLERS:
            self._take(HANDLERS[command.id](self.desk, scene))
        else:
            self._take(overlay.hear(Commanded(command.id), self.desk, scene))

    def _is_here(self) -> None:
        """Whoever presses keys is not idle: what they own stays theirs."""
        ownership, now = self._around.ownership, self._around.clock.monotonic_s()
        if ownership is not None and now - self._heard_at_s >= HEARD_EVERY_S:
            self._heard_at_s = now
            ownership.heard()

    def told_history(self, asked: LookUp, page: tuple[Entry, ...], problem: str) -> None:
        """A page of an alert's history, or why there is none; dropped where another screen is shown by now."""
        changed = _informed(self.desk.overlay, asked.fingerprint, page, problem)
        if changed is not None:
            self.desk = replace(self.desk, overlay=changed)
            unfilled = getattr(changed, "unfilled", None)
            older = unfilled(self.scene) if unfilled is not None and page else None
            if older is not None:
                self.desk = replace(self.desk, overlay=replace(changed, waits=True))
                self._perform(older)

    def is_bound(self, key: str) -> bool:
        """Whether a key does anything, anywhere."""
        return any(key in command.keys for command in self._keymap.commands)

    def run(self, command_id: str) -> None:
        """A command by its id, as the palette gives it."""
        self._take(HANDLERS[command_id](self.desk, self.scene))

    def handle(self, event: Callable[[Desk, Scene], Step | None]) -> None:
        """Anything else that turns into a step: the mouse, a paste."""
        self._take(event(self.desk, self.scene))

    def _take(self, step: Step | None) -> None:
        if step is None:
            return
        self.desk = step.desk
        for effect in step.effects:
            if isinstance(effect, Run):
                self.run(effect.command)
            else:
                self._perform(effect)
        self._settle()

    def _settle(self) -> None:
        """Keeps the desk true and tells the engine what is on screen."""
        scene = self.scene
        if scene.too_small:
            return
        self.desk = settled(self.desk, scene)
        shown = (self.desk.dashboard, tuple(placed.id for placed in scene.on_screen(self.desk)))
        if shown != self._shown:
            self._shown = shown
            self._around.engine.show(shown[0], shown[1])
        self._look_at(scene)

    def _look_at(self, scene: Scene) -> None:
        """Says which alerts are on screen: their last hour is wanted."""
        looks = getattr(self.desk.overlay, "looked_at", None)
        seen = looks(scene) if looks is not None else frozenset()
        if seen != self._looked_at and self._around.ownership is not None:
            self._looked_at = seen
            self._around.ownership.look_at(seen)

    # --- what is drawn -----------------------------------------------------------------------------------------

    def paint_some(self, budget_s: float) -> bool:
        """Brings the panels' pictures up to date for so long; returns whether something is left."""
        self._tiles.want(wanted_tiles(self.desk, self.scene))
        return self._tiles.paint_some(budget_s, self.desk.focus)

    def picture(self) -> Cells:
        """The window as it should look, with the panels as far as they are painted."""
        return compose(self.desk, self.scene, self._tiles)


def _informed(overlay: Any, fingerprint: str, page: tuple[Entry, ...], problem: str) -> Any | None:
    """The overlay with what was read of an alert; None where neither it nor what is under it shows that alert.

    Overlays are known here by what they can do only: their module is not imported before it is used.
    """
    if overlay is None:
        return None
    if hasattr(overlay, "with_page") and overlay.fingerprint == fingerprint:
        return overlay.with_problem(problem) if problem else overlay.with_page(page)
    under = _informed(getattr(overlay, "under", None), fingerprint, page, problem)
    return None if under is None else replace(overlay, under=under)
