"""What the end-to-end tests run: the whole program, on a configuration that needs no server."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.tty import Tty

OPSDASH = (sys.executable, "-m", "opsdash")

UNREACHABLE = """\
version: 1
title: Shop
environment: production
refresh: 1s
timezone: UTC
sources:
  prom: {kind: prometheus, url: "http://127.0.0.1:9", timeout: 1s}
dashboards:
  - title: Golden signals
    panels:
      - {title: Requests, kind: timeseries, source: prom, queries: [{expr: up}]}
      - {title: Errors, kind: stat, source: prom, queries: [{expr: down}]}
  - title: Edge
    panels:
      - {title: Words, kind: text, text: "nothing to see here"}
"""

SHOWN = r"Shop › Golden signals"
"""What the screen says once it is drawn."""


def write(folder: Path, text: str = UNREACHABLE, name: str = "opsdash.yaml") -> Path:
    """A configuration file."""
    path = folder / name
    path.write_text(text)
    return path


def home(folder: Path) -> dict[str, str]:
    """An environment whose home is this folder."""
    return {"HOME": str(folder), "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "OPSDASH_CONFIG": ""}


def dashboard(
    folder: Path,
    *args: str,
    text: str = UNREACHABLE,
    size: tuple[int, int] = (120, 34),
    env: Mapping[str, str] | None = None,
    around: Sequence[str] = (),
) -> Tty:
    """The dashboard on a terminal of its own, started in `folder`; `around` is put before the command."""
    path = write(folder, text)
    whole = {**home(folder), **(env or {})}
    return Tty([*around, *OPSDASH, *args, str(path)], size=size, env=whole, cwd=folder)
