"""The one place that knows every layer: a configuration becomes a board, sources, an engine and a screen.

Everything heavy is imported where it is needed, in the order in which a start needs it: configuration, HTTP, engine,
and only then the screen; `dashboard.py` sends the first questions before it asks for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opsdash.adapters.clock import SystemClock

if TYPE_CHECKING:
    from opsdash.cli.terminal import Departure, TerminalGuard
    from opsdash.core.view.board import Board
    from opsdash.engine.engine import Engine
    from opsdash.ports import Source
    from opsdash.ui.app import OpsdashApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line says instead of the configuration; it also holds after a reload."""

    theme: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    ascii_only: bool = False


class Wiring:
    """Builds what one process needs. Sources whose description did not change are kept over a reload."""

    def __init__(self, overrides: Overrides) -> None:
        self._overrides = overrides
        self._clock = SystemClock()
        self._board: Board | None = None
        self._sources: Mapping[str, Source] = {}

    def load_board(self, path: Path) -> Board:
        """The configuration as core values. Raises ConfigInvalid, whose message has a problem in each line."""
        raise NotImplementedError(path)

    def build_engine(self, board: Board) -> Engine:
        """An engine on real sources and the host's clock. Raises SecretMissing, ConfigInvalid."""
        raise NotImplementedError(board)

    def rebuild_sources(self, board: Board) -> Mapping[str, Source]:
        """The sources of a board that was read again."""
        raise NotImplementedError(board)

    def build_app(self, engine: Engine, board: Board, departure: Departure, guard: TerminalGuard) -> OpsdashApp:
        """The screen. Imports Textual: slow, and made to run in a thread while the first answers travel."""
        raise NotImplementedError(engine, board, departure, guard)


def overridden(board: Board, overrides: Overrides) -> Board:
    """The board with what the command line says. Variables that it does not have are left alone."""
    values: dict[str, tuple[str, ...]] = {}
    for name, value in overrides.variables:
        values[name] = (*values.get(name, ()), value)
    return replace(
        board,
        theme=overrides.theme or board.theme,
        ascii_only=board.ascii_only or overrides.ascii_only,
        variables=tuple(
            replace(spec, default=values[spec.name]) if spec.name in values else spec for spec in board.variables
        ),
    )
