"""Which store a configuration means, and an adapter for it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from opsdash.adapters.secrets import Secrets
from opsdash.cli.resources import state_home
from opsdash.core.errors import ConfigInvalid, StoreUnusable
from opsdash.core.secret import SecretRef

if TYPE_CHECKING:
    from opsdash.core.view.board import Board
    from opsdash.ports import Clock, Spool, StateStore

SHARED = Path("/var/lib/opsdash")
"""Where all operators of a bastion share one file, once somebody made it for their group."""


def store_url(board: Board, env: Mapping[str, str], shared: Path = SHARED) -> str | SecretRef:
    """The URL that the configuration names, or SQLite: shared where that folder is ours to write, else the user's."""
    given = board.alerting.store
    if given is not None:
        return given
    if shared.is_dir() and os.access(shared, os.W_OK | os.X_OK):
        return f"sqlite:///{shared}/state.db"
    home = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME") or Path.home()) / ".local" / "state")
    return f"sqlite:///{Path(home).absolute()}/opsdash/state.db"


def build_store(url: str | SecretRef, clock: Clock) -> StateStore:
    """The adapter; nothing is opened yet. Raises ConfigInvalid for an address that is none.

    A reference stands for a PostgreSQL: it is looked up before each connection, so that a new password is taken.
    """
    if isinstance(url, SecretRef):
        return _postgres(partial(Secrets(clock.monotonic_s).resolve, url))
    scheme, _, rest = url.partition("://")
    match scheme:
        case "memory":
            from opsdash.adapters.stores.memory import MemoryStore  # noqa: PLC0415 - only what is used

            return MemoryStore(clock)
        case "sqlite" if rest.startswith("/") and len(rest) > 1:
            from opsdash.adapters.stores.sqlite import SqliteStore  # noqa: PLC0415

            return SqliteStore(Path(rest), clock)
        case "postgresql" | "postgres":
            return _postgres(url)
        case _:
            raise ConfigInvalid("store.url: it begins with sqlite:///FILE, postgresql:// or memory://")


def build_spool(url: str | SecretRef, env: Mapping[str, str]) -> Spool | None:
    """Where what waits for this store is kept; None where the store itself is not kept either."""
    if isinstance(url, str) and url.startswith("memory:"):
        return None
    from opsdash.adapters.stores.spool import FileSpool  # noqa: PLC0415 - only what is used

    return FileSpool(state_home(env) / "opsdash" / "unwritten", url)


def _postgres(dsn: str | Callable[[], Awaitable[str]]) -> StateStore:
    from opsdash.adapters.stores.postgres import MISSING, PostgresStore  # noqa: PLC0415

    if find_spec("asyncpg") is None:
        raise ConfigInvalid(f"store.url: {MISSING}")
    try:
        return PostgresStore(dsn)
    except StoreUnusable as error:
        raise ConfigInvalid(error.message) from error
