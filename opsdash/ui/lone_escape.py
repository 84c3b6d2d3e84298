"""Esc and a key in one breath: two keys to a person, one `alt+key` to a terminal.

Over a slow line, in tmux or mosh, both arrive together. Hardly anything is bound to `alt` keys, so where nothing is, it
is taken for what it was meant to be: Esc, then the key.
"""

from __future__ import annotations

from collections.abc import Callable

from opsdash.core.view.keymap import parse_key

_ESC, _PASTE, _PASTED = "\x1b", "\x1b[200~", "\x1b[201~"
_NAMES = {"\r": "enter", "\t": "tab", "\x7f": "backspace"}
_INTRODUCERS = frozenset("[O]P_^X\\" + _ESC)
"""What begins or ends a sequence of the terminal itself."""


class LoneEscapes:
    """Tells an Esc that is a key from one that begins something, in what a terminal sends."""

    def __init__(self, is_bound: Callable[[str], bool]) -> None:
        """`is_bound` says of a key, `alt+v`, whether it does anything."""
        self._is_bound = is_bound
        self._held = ""
        self._pasting = False

    def hear(self, typed: str) -> tuple[bool, str]:
        """(whether Esc was pressed first, what else was typed). An Esc alone is kept until `decide` or more comes."""
        typed, self._held = self._held + typed, ""
        if self._pasting:
            self._pasting = _PASTED not in typed and not _PASTED.endswith(typed)
            return False, typed
        if typed == _ESC:
            self._held = typed
            return False, ""
        self._pasting = typed.rfind(_PASTE) > typed.rfind(_PASTED)
        return (True, typed[1:]) if self._is_apart(typed) else (False, typed)

    def decide(self) -> bool:
        """Whether an Esc was kept: nothing followed it, so it was the key."""
        held, self._held = self._held, ""
        return bool(held)

    def _is_apart(self, typed: str) -> bool:
        if len(typed) < 2 or typed[0] != _ESC or typed[1] in _INTRODUCERS:
            return False
        key = parse_key(f"alt+{_NAMES.get(typed[1], typed[1])}")
        return key is None or not self._is_bound(key)
