"""The Textual app: keyboard, mouse and paper for a `Session`."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import re
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.binding import BindingType

from opsdash.core.errors import OpsdashError, Refused
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.text import fit
from opsdash.core.view.keymap import parse_key
from opsdash.ui import mouse
from opsdash.ui.alarm import notification
from opsdash.ui.bridge import carry_snapshots, owned, played, tell_engine
from opsdash.ui.effects import (
    Copy,
    Effect,
    LookUp,
    OlderLogs,
    Own,
    PlayDrill,
    Quit,
    Redraw,
    Ring,
    Say,
    Suspend,
    Write,
)
from opsdash.ui.engine_port import Ownership
from opsdash.ui.exact_writer import ExactDisplay, ExactWriter, is_supported
from opsdash.ui.messages import SnapshotArrived
from opsdash.ui.overlays.overlay import Pasted
from opsdash.ui.session import Session
from opsdash.ui.stage import Stage
from opsdash.ui.surroundings import Surroundings

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.driver import Driver

logger = logging.getLogger(__name__)

PAINT_SLICE_S = 0.004
"""Panels are painted for so long at a time; then keys are looked at."""
PAINT_PAUSE_S = 0.002
_DOUBLE_CLICK_S = 0.4
_LONGEST_COPY = 64 * 1024
_DEEDS_END_S = 3.0
"""What was asked for with alerts is waited for so long when the program ends."""
_NOT_DONE = {"start": "the incident was not started", "cure": "not cured", "clear": "not cleared"}


class OpsdashApp(ExactDisplay):
    """One dashboard on one terminal. `around` is everything that it does not make itself."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = "Screen { overflow: hidden; }"

    def __init__(
        self, around: Surroundings, *, driver_class: type[Driver] | None = None, exact: bool | None = None
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.exact = is_supported() if exact is None else exact and is_supported()
        self._around = around
        self._session = Session(around, self._perform)
        self._stage = Stage(self._session.inks)
        self._writer = ExactWriter(self.write_exactly)
        self._painting: asyncio.TimerHandle | None = None
        self._last_click: tuple[float, int, int] = (-1e9, -1, -1)
        self._under_way = 0
        self._all_done = asyncio.Event()

    @property
    def session(self) -> Session:
        """What the app is the keyboard and paper of."""
        return self._session

    def tell(self, text: str) -> None:
        """Shows a line for a while; also before the app runs."""
        self._session.say(text)

    def is_bound(self, key: str) -> bool:
        """Whether a key does anything, anywhere."""
        return self._session.is_bound(key)

    # --- Textual's side ----------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """One widget: the whole window."""
        yield self._stage

    def on_mount(self) -> None:
        """Starts listening to the engine and to the clock."""
        self._session.resized(self.size.width, self.size.height)
        self._carry()
        self._tick()
        self._draw()

    @work(exit_on_error=True)
    async def _carry(self) -> None:
        await carry_snapshots(self._around.engine, self.post_message)

    def _tick(self) -> None:
        """Once a second, just after the clock's second has changed."""
        now_s = self._around.clock.now_s()
        self.set_timer(1.02 - now_s % 1.0, self._ticked)

    def _ticked(self) -> None:
        self._session.ticked()
        self._draw()
        self._tick()

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        """The engine has a newer picture."""
        self._session.arrived(message.snapshot, self._writer.written_bytes)
        self._draw()

    async def on_event(self, event: events.Event) -> None:
        """Input goes straight to the session; everything else to Textual."""
        match event:
            case events.Key():
                event.stop()
                self._pressed(event)
            case events.Paste():
                event.stop()
                text = event.text
                self._handle(lambda desk, scene: desk.overlay.hear(Pasted(text), desk, scene) if desk.overlay else None)
            case events.MouseDown() | events.MouseScrollUp() | events.MouseScrollDown():
                event.stop()
                self._moused(event)
            case events.MouseEvent():
                event.stop()
            case events.Resize():
                await super().on_event(event)
                self._resized(event)
            case _:
                await super().on_event(event)

    def _resized(self, event: events.Resize) -> None:
        """Also sent after the program was asleep, when another one has written over the window."""
        self._writer.forget()
        self._session.resized(event.size.width, event.size.height)
        self._draw()

    def _pressed(self, event: events.Key) -> None:
        named = event.character if event.is_printable and event.character else event.key
        key = parse_key(named.replace("shift+", "S-") if len(named) > 1 else named) or parse_key(event.key)
        if key is not None:
            self._session.pressed(key)
            self._draw()

    def _moused(self, event: events.MouseEvent) -> None:
        x, y = int(event.screen_x), int(event.screen_y)
        if isinstance(event, events.MouseDown):
            if event.button == 1:
                now = self._around.clock.monotonic_s()
                before, self._last_click = self._last_click, (now, x, y)
                twice = now - before[0] <= _DOUBLE_CLICK_S and before[1:] == (x, y)
                self._handle(lambda desk, scene: mouse.clicked(x, y, twice=twice, desk=desk, scene=scene))
            return
        lines = 1 if isinstance(event, events.MouseScrollDown) else -1
        zoom = event.ctrl
        self._handle(lambda desk, scene: mouse.scrolled((x, y), lines, zoom=zoom, desk=desk, scene=scene))

    def _handle(self, step: mouse.Happening) -> None:
        self._session.handle(step)
        self._draw()

    # --- drawing -----------------------------------------------------------------------------------------------

    def displayed(self) -> None:
        """Textual laid its widgets out; what it would have written is ours to write."""
        self._show()

    def terminal_drained(self) -> None:
        """The terminal has taken what it was behind with."""
        self._draw()

    def _draw(self) -> None:
        """Paints for one slice and shows the result; the rest of the panels follow, a slice at a time."""
        if not self.is_running:
            return
        self._paint_slice()
        self._show()

    def _paint_slice(self) -> None:
        if self._painting is not None:
            self._painting.cancel()
            self._painting = None
        if self._session.paint_some(PAINT_SLICE_S):
            self._painting = asyncio.get_running_loop().call_later(PAINT_PAUSE_S, self._paint_rest)

    def _paint_rest(self) -> None:
        self._painting = None
        if not self.is_running:
            return
        self._paint_slice()
        if self._painting is None:
            self._show()

    def _show(self) -> None:
        """Brings the terminal to what the session looks like; a terminal that is behind gets the next one."""
        if self.is_congested:
            return
        cells = self._session.picture()
        self._stage.show(cells, self._session.inks, draw=not self.exact)
        if self.exact:
            self._writer.show(cells, self._session.inks, synchronised=self.is_synchronised)

    # --- effects -----------------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        """What a key asked for: of the engine, or of what is here."""
        if not tell_engine(self._around.engine, effect):
            self._do(effect)

    def _do(self, effect: Effect) -> None:  # noqa: C901 - one case an effect
        match effect:
            case Copy():
                self._copy(effect)
            case Write():
                self._write_panel(effect)
            case OlderLogs():
                self._fetch_older(effect.panel_id)
            case PlayDrill():
                self._play_drill(effect)
            case Own():
                self._own(effect)
            case LookUp():
                self._look_up(effect)
            case Ring():
                self._ring(effect)
            case Say():
                self._session.say(effect.text, effect.level)
            case Suspend():
                os.kill(os.getpid(), signal.SIGTSTP)
            case Redraw():
                self._writer.forget()
                self.refresh(repaint=True)
            case Quit():
                self.exit()
            case _:
                logger.error("nobody carries out %r", effect)

    def _copy(self, effect: Copy) -> None:
        """OSC 52: the terminal at the operator's end puts it on the clipboard, also over SSH."""
        if len(effect.text.encode()) > _LONGEST_COPY:
            self._session.say(f"not copied: {effect.what} is longer than 64 KiB", "bad")
            return
        encoded = base64.b64encode(effect.text.encode()).decode()
        self.write_exactly(f"\x1b]52;c;{encoded}\x07")
        self._session.say(f"copied {effect.what}: {fit(effect.text, 60)}", "good")

    @work(exit_on_error=False)
    async def _write_panel(self, effect: Write) -> None:
        view = self._session.scene.view(effect.panel_id)
        exporter, save = self._around.exporters.get(effect.format), self._around.save
        if view is None or exporter is None or save is None:
            return
        look = self._session.scene.look(self._session.desk, effect.panel_id)
        name = f"{file_stem(view.spec.title)}.{'txt' if effect.format == 'text' else effect.format}"
        try:
            content = exporter(view, look, self._session.inks.theme)
            path = await asyncio.to_thread(save, name, content)
        except OpsdashError as error:
            self._session.say(f"not written: {error.message}", "bad")
        except OSError as error:
            self._session.say(f"not written: {name}: {error.strerror or 'the file cannot be made'}", "bad")
        else:
            self._session.say(f"written to {path}", "good")
        self._draw()

    @work(exit_on_error=False, group="drills")
    async def _play_drill(self, effect: PlayDrill) -> None:
        """Beside the screen, which goes on; the outcome is a line, whatever it is."""
        drills = self._around.drills
        if drills is None:
            return
        try:
            words = await played(drills, effect)
        except OpsdashError as error:
            self._session.say(f"{_NOT_DONE[effect.act]}: {error.message}", "bad")
        else:
            self._session.say(words, "info" if effect.act == "start" else "good")
        self._draw()

    @work(exit_on_error=False, group="deeds")
    async def _own(self, effect: Own) -> None:
        """A write: once it is asked for nothing on the screen stops it; its outcome is a line."""
        ownership = self._around.ownership
        if ownership is None:
            self._session.say("not done: nobody can own alerts here; no store is set up", "bad")
            return
        try:
            words = await asyncio.shield(self._carried_out(ownership, effect))
        except OpsdashError as error:
            self._session.say(f"not done: {error.message}", "bad")
        else:
            self._session.say(words, "good")
        self._draw()

    async def _carried_out(self, ownership: Ownership, effect: Own) -> str:
        """Goes on when the worker that waits for it is cancelled: a write is never cut in its middle."""
        self._under_way += 1
        self._all_done.clear()
        try:
            return await owned(ownership, effect)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._all_done.set()

    async def on_unmount(self) -> None:
        """Deeds that are under way are carried out before the program ends."""
        if self._under_way:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_done.wait(), _DEEDS_END_S)

    @work(exit_on_error=False, group="history")
    async def _look_up(self, effect: LookUp) -> None:
        """The entries go to the screen that asked, if it is still there."""
        ownership = self._around.ownership
        try:
            if ownership is None:
                raise Refused("no history: no store is set up")
            page = await ownership.timeline(effect.fingerprint, before_seq=effect.before_seq)
        except OpsdashError as error:
            self._session.told_history(effect, (), error.message)
        else:
            self._session.told_history(effect, page, "")
        self._draw()

    def _ring(self, effect: Ring) -> None:
        """The bell, and a notification of the operator's own terminal, as far as they are wanted."""
        board, terminal = self._around.board(), self._around.terminal
        if board.bell:
            self.write_exactly("\x07")
        if board.alerting.desktop:
            self.write_exactly(
                notification(effect.text, term=terminal.name, tmux=terminal.in_tmux, screen=terminal.in_screen)
            )

    @work(exit_on_error=False, exclusive=True, group="older-logs")
    async def _fetch_older(self, panel_id: str) -> None:
        view = self._session.snapshot.panels.get(panel_id)
        for query in view.queries if view is not None else ():
            if isinstance(query.spec.query, LogQuery) and query.answer is not None and query.answer.rows:
                try:
                    await self._around.engine.older_logs(query.spec.query, query.answer)
                except OpsdashError as error:
                    self._session.say(f"older rows: {error.message}", "bad")
        self._draw()


def file_stem(title: str) -> str:
    """A panel's title as a file name that is harmless everywhere."""
    return re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower()[:60] or "panel"
