"""The one place that knows every layer: a configuration becomes a board, sources and an engine.

Everything heavy is imported where it is needed, in the order in which a start needs it: configuration, HTTP, engine,
and only then the screen. `dashboard.py` sends the first questions before it imports Textual.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsdash.core.view.board import Board
    from opsdash.engine.engine import Engine
    from opsdash.ports import Clock, Source


def load_board(path: Path) -> Board:
    """The configuration as core values. Raises ConfigInvalid, whose message names every problem, one a line."""
    raise NotImplementedError(path)


def build_sources(board: Board, clock: Clock) -> Mapping[str, Source]:
    """A client for each source of the board. Raises SecretMissing, ConfigInvalid."""
    raise NotImplementedError(board, clock)


def build_engine(board: Board) -> Engine:
    """An engine on real sources and the host's clock. Raises SecretMissing, ConfigInvalid."""
    raise NotImplementedError(board)
