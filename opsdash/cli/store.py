"""Which store a configuration means, and an adapter for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opsdash.core.errors import ConfigInvalid

if TYPE_CHECKING:
    from opsdash.core.view.board import Board
    from opsdash.ports import Clock, StateStore

SHARED = Path("/var/lib/opsdash")
"""Where all operators of a bastion share one file, once somebody made it for their group."""


def store_url(board: Board, env: Mapping[str, str], shared: Path = SHARED) -> str:
    """The URL that the configuration names, or SQLite: shared where that folder is ours to write, else the user's."""
    given = board.alerting.store
    if isinstance(given, str):
        return given
    if given is not None:
        raise ConfigInvalid("store.url: a reference is not resolved here; write the address and refer to the password")
    if shared.is_dir() and os.access(shared, os.W_OK | os.X_OK):
        return f"sqlite:///{shared}/state.db"
    home = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME") or Path.home()) / ".local" / "state")
    return f"sqlite:///{Path(home).absolute()}/opsdash/state.db"


def build_store(url: str, clock: Clock) -> StateStore:
    """The adapter; nothing is opened yet. Raises ConfigInvalid for an address that is none."""
    scheme, _, rest = url.partition("://")
    match scheme:
        case "memory":
            from opsdash.adapters.stores.memory import MemoryStore  # noqa: PLC0415 - only what is used

            return MemoryStore(clock)
        case "sqlite" if rest.startswith("/") and len(rest) > 1:
            from opsdash.adapters.stores.sqlite import SqliteStore  # noqa: PLC0415

            return SqliteStore(Path(rest), clock)
        case "postgresql" | "postgres":
            raise ConfigInvalid("store.url: PostgreSQL is not there yet; see docs/roadmap.md")
        case _:
            raise ConfigInvalid("store.url: it begins with sqlite:///FILE, postgresql:// or memory://")
