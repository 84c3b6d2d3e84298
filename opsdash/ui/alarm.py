"""Whom to wake, and how: alerts that start to fire ring once each, and a storm of them rings as one."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.text import clean, fit
from opsdash.core.view.alerts.signs import is_calm

EVERY_S = 5.0
"""Rings are at least so far apart; what fires between them is told in the next one."""
_MOST_TEXT = 120


@dataclass(slots=True)
class Alarm:
    """What this screen has rung for already."""

    _known: set[str] | None = None
    """Episodes that were told or need not be; None before the first picture: what fires then is no news."""
    _waiting: dict[str, AlertLine] = field(default_factory=dict)
    _last_s: float = float("-inf")

    def noted(self, picture: AlertsPicture | None) -> None:
        """Looks at a newer picture. An alert whose silence ends while it fires counts as one that starts."""
        if picture is None:
            return
        loud = {line.alert.episode: line for line in picture.lines if not is_calm(line)}
        standing = {line.alert.episode for line in picture.lines if line.alert.phase is Phase.FIRING}
        if self._known is None:
            self._known = set(loud)
            return
        for episode, line in loud.items():
            if episode not in self._known:
                self._known.add(episode)
                self._waiting[episode] = line
        self._known &= standing
        self._waiting = {episode: line for episode, line in self._waiting.items() if episode in loud}

    def due(self, monotonic_s: float) -> str:
        """What is to be told now, clean and short; empty where nothing is."""
        if not self._waiting or monotonic_s - self._last_s < EVERY_S:
            return ""
        self._last_s = monotonic_s
        lines = sorted(self._waiting.values(), key=lambda line: -line.alert.severity)
        self._waiting = {}
        return alarm_text(lines)


def alarm_text(lines: list[AlertLine]) -> str:
    """`critical: HighErrorRatio (orders)`; `23 alerts fire, 4 critical: …` for many."""
    first = lines[0]
    name = fit(first.alert.name, 50) + (f" ({fit(first.where, 40)})" if first.where else "")
    if len(lines) == 1:
        return fit(f"{first.alert.severity.word}: {name}", _MOST_TEXT)
    worst = sum(line.alert.severity is first.alert.severity for line in lines)
    return fit(f"{len(lines):,} alerts fire, {worst:,} {first.alert.severity.word}: {name} and others", _MOST_TEXT)


def notification(text: str, *, term: str = "", tmux: bool = False, screen: bool = False) -> str:
    """The bytes that ask the operator's own terminal for a notification, also through SSH and a multiplexer.

    OSC 777 where the terminal is known to have it, OSC 9 where it has only that, both where nobody knows.
    """
    words = clean(text, longest=_MOST_TEXT).replace(";", ",")
    nine = f"\x1b]9;opsdash: {words}\x07"
    seven = f"\x1b]777;notify;opsdash;{words}\x07"
    if term.startswith(("foot", "rxvt", "wezterm", "xterm-ghostty")):
        sent: tuple[str, ...] = (seven,)
    elif term.startswith(("xterm-kitty", "iterm")):
        sent = (nine,)
    else:
        sent = (nine, seven)
    return "".join(_through(each, tmux=tmux, screen=screen) for each in sent)


def _through(sequence: str, *, tmux: bool, screen: bool) -> str:
    """Wrapped, so that the multiplexer hands it on to the terminal outside."""
    if tmux:
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return f"\x1bP{sequence}\x1b\\" if screen else sequence
