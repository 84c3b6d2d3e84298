"""The one place that knows every layer: a configuration becomes a board, sources, an engine and a screen.

Everything heavy is imported where it is needed, in the order in which a start needs it: configuration, HTTP, engine,
and only then the screen; `dashboard.py` sends the first questions before it asks for that.
"""

# ruff: noqa: PLC0415 - the imports inside functions are the point of this file: each is made when its time has come

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

from opsdash.adapters.clock import SystemClock
from opsdash.cli.reading import Reading, read_here
from opsdash.core.errors import ConfigInvalid
from opsdash.core.variables import ALL

if TYPE_CHECKING:
    from opsdash.adapters.secrets import Secrets
    from opsdash.core.sources import SourceSpec
    from opsdash.core.view.board import Board
    from opsdash.core.view.theme import Theme
    from opsdash.engine.alerts.alerting import Alerting
    from opsdash.engine.engine import Engine
    from opsdash.ports import AlertHub, Clock, Drills, Source
    from opsdash.ui.app import OpsdashApp


SCREEN_MODULES = (
    "rich.console",
    "rich.text",
    "textual",
    "opsdash.core.view.paint",
    "textual._compositor",
    "textual.widget",
    "textual.command",
    "textual.app",
    "opsdash.ui.app",
)
"""What the screen needs, in pieces of some 20 to 80 ms; each needs those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line says instead of the configuration; it also holds after a reload."""

    theme: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    ascii_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What the screen is told of the terminal that it draws on."""

    utf8: bool
    on_gone: Callable[[], None]
    """Called in the event loop when the terminal was closed."""


class Wiring:
    """Builds what one process needs. Sources whose description did not change are kept over a reload."""

    def __init__(
        self,
        overrides: Overrides | None = None,
        env: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        drills: Callable[[], Drills] | None = None,
    ) -> None:
        self._overrides = overrides or Overrides()
        self._env = os.environ if env is None else env
        self.clock: Clock = clock or SystemClock()
        self._drills = drills
        self._board: Board | None = None
        self._sources: dict[str, Source] = {}
        self._secrets: Secrets | None = None
        self.alerting: Alerting | None = None
        self._themes: tuple[Theme, ...] = ()

    # Configuration

    def load_board(self, path: Path) -> Board:
        """The configuration as core values. Raises ConfigInvalid, whose message has a problem in each line."""
        return self.accept(read_here(path, self._env))

    def accept(self, reading: Reading) -> Board:
        """The same, of what another process has read."""
        if reading.board is None:
            raise ConfigInvalid("\n".join(reading.problems))
        self._themes = reading.themes
        return overridden(reading.board, self._overrides)

    def themes(self) -> Sequence[Theme]:
        """Every theme there is, the user's own first."""
        return self._themes

    # Sources and engine

    def build_sources(self, board: Board) -> Mapping[str, Source]:
        """A client for each source; those that did not change stay. Raises SecretMissing, ConfigInvalid."""
        from opsdash.adapters.secrets import Secrets
        from opsdash.adapters.sources.build import build_source

        self._secrets = self._secrets or Secrets(self.clock.monotonic_s)
        before = {spec.name: spec for spec in self._board.sources} if self._board is not None else {}
        sources = {
            spec.name: self._sources[spec.name]
            if before.get(spec.name) == spec
            else build_source(spec, clock=self.clock, secrets=self._secrets)
            for spec in board.sources
        }
        self._board, self._sources = board, sources
        return sources

    def import_engine(self) -> None:
        """Imports what `build_engine` needs of every configuration, while the configuration is still being read."""
        import opsdash.adapters.sources.build
        import opsdash.adapters.sources.prometheus.source
        import opsdash.engine.engine  # noqa: F401

    def import_screen(self, until: Callable[[], bool]) -> None:
        """Imports what draws, a piece at a time, until told to stop: the first question needs nothing of it."""
        for name in SCREEN_MODULES:
            if until():
                return
            import_module(name)

    def build_engine(self, board: Board) -> Engine:
        """An engine on real sources and the host's clock. Raises SecretMissing, ConfigInvalid."""
        from opsdash.engine.engine import Engine

        sources = self.build_sources(board)
        self.alerting = None if board.alerting.is_empty else self.build_alerting(board)
        return Engine(board, sources, self.clock, alerting=self.alerting)

    def build_alerting(self, board: Board) -> Alerting:
        """Alerts on the store that the configuration means. Raises ConfigInvalid."""
        from opsdash.adapters.notify.build import build_notifier
        from opsdash.adapters.operator import is_user, this_operator
        from opsdash.adapters.secrets import Secrets
        from opsdash.cli.store import build_spool, build_store, store_url
        from opsdash.cli.zone import zone_of
        from opsdash.engine.alerts.alerting import Alerting, Seat

        operator = this_operator(self._env)
        seat = Seat(
            operator=operator.name,
            login=operator.login,
            holder=f"{operator.name}@{gethostname()} {os.getpid()}",
            zone=zone_of(board.timezone),
            zone_of=zone_of,
            is_operator=is_user,
            speed=self.clock.speed if isinstance(self.clock, SystemClock) else 1.0,
        )
        secrets = self._secrets = self._secrets or Secrets(self.clock.monotonic_s)
        url = store_url(board, self._env)
        store = build_store(url, self.clock)
        return Alerting(
            store,
            self.clock,
            seat,
            notifiers=lambda spec: build_notifier(spec, self.clock, secrets),
            hubs=self.build_hub,
            spool=build_spool(url, self._env),
        )

    def build_hub(self, spec: SourceSpec) -> AlertHub:
        """A client for an Alertmanager; nothing is asked yet. Raises ConfigInvalid."""
        from opsdash.adapters.secrets import Secrets
        from opsdash.adapters.sources.alertmanager.hub import Alertmanager

        self._secrets = self._secrets or Secrets(self.clock.monotonic_s)
        return Alertmanager(spec, self.clock, self._secrets)

    # Screen

    def build_app(self, engine: Engine, terminal: Terminal) -> OpsdashApp:
        """The screen. Imports Textual: slow, and made to run in a thread while the first answers travel."""
        from opsdash.cli.exports import save_in
        from opsdash.cli.zone import zone_of
        from opsdash.core.view.export.formats import EXPORTERS
        from opsdash.ui.app import OpsdashApp
        from opsdash.ui.surroundings import Surroundings
        from opsdash.ui.terminal import terminal_of
        from opsdash.ui.terminal_driver import TerminalDriver

        around = Surroundings(
            engine=engine,
            board=self.board,
            clock=self.clock,
            themes=self.themes,
            zone=zone_of(self.board().timezone),
            zone_for=zone_of,
            terminal=replace(terminal_of(self._env), utf8=terminal.utf8),
            exporters=EXPORTERS,
            save=partial(save_in, Path.cwd()),
            drills=self._drills() if self._drills is not None else None,
            ownership=self.alerting.ownership if self.alerting is not None else None,
        )
        app = OpsdashApp(around)
        app.driver_class = partial(  # type: ignore[assignment]
            TerminalDriver, on_gone=terminal.on_gone, is_bound=app.is_bound, utf8=terminal.utf8
        )
        return app

    def board(self) -> Board:
        """The one that runs now."""
        if self._board is None:
            raise RuntimeError("no engine was built yet")
        return self._board


def overridden(board: Board, overrides: Overrides) -> Board:
    """The board with what the command line says. Variables that it does not have are left alone."""
    values: dict[str, tuple[str, ...]] = {}
    for name, value in overrides.variables:
        values[name] = (*values.get(name, ()), ALL if value == "All" else value)
    return replace(
        board,
        theme=overrides.theme or board.theme,
        ascii_only=board.ascii_only or overrides.ascii_only,
        variables=tuple(
            replace(spec, default=values[spec.name]) if spec.name in values else spec for spec in board.variables
        ),
    )
