"""What the terminal can do, as its environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Depth(IntEnum):
    """How many colours."""

    NONE = 0
    ANSI16 = 16
    ANSI256 = 256
    TRUE = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What is drawn with."""

    depth: Depth = Depth.TRUE
    utf8: bool = True
    name: str = ""
    """As `TERM` has it."""
    in_tmux: bool = False
    in_screen: bool = False
    """Inside of GNU screen."""

    @property
    def has_colour(self) -> bool:
        """Whether hue can be used at all."""
        return self.depth is not Depth.NONE


def _is_in_tmux(environment: Mapping[str, str]) -> bool:
    """`TMUX` does not pass SSH; the name that tmux gives the terminal does."""
    return bool(environment.get("TMUX")) or environment.get("TERM", "").lower().startswith("tmux")


_COLOURLESS = ("dumb", "vt100", "vt102", "vt220", "vt320", "xterm-mono", "linux-m", "screen-m", "unknown")


def terminal_of(environment: Mapping[str, str]) -> Terminal:
    """The terminal that these environment variables describe (`NO_COLOR`, `TERM`, `LC_*`, `TMUX`, …)."""
    return Terminal(
        depth=_depth(environment),
        utf8=_is_utf8(environment),
        name=environment.get("TERM", "").lower(),
        in_tmux=_is_in_tmux(environment),
        in_screen=bool(environment.get("STY")) and not _is_in_tmux(environment),
    )


def _depth(environment: Mapping[str, str]) -> Depth:
    term = environment.get("TERM", "").lower()
    if environment.get("NO_COLOR") or not term or term in _COLOURLESS:
        return Depth.NONE
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return Depth.TRUE
    if "256color" in term or "kitty" in term or "alacritty" in term:
        return Depth.ANSI256
    return Depth.ANSI16


def _is_utf8(environment: Mapping[str, str]) -> bool:
    """The first of LC_ALL, LC_CTYPE and LANG that is set decides; none of them means POSIX, which is ASCII."""
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "")
    return "utf8" in locale.lower().replace("-", "")
