"""The escape sequences that take a terminal over and give it back. No Textual: they are wanted before and after it."""

from __future__ import annotations

ENTER_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J"
"""Alternate screen, no cursor, no line wrap, bracketed paste."""

MOUSE_ON = "\x1b[?1000h\x1b[?1006h"
"""Clicks and the wheel. Moves are not asked for, nor is dragging: over SSH each cell on the way is a packet."""

RESTORE = "\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
"""Takes back whatever the other two set, and ends a synchronised update that was cut short."""

ASK_SYNCHRONISED = "\x1b[?2026$p"
"""Asks whether synchronised updates are known."""
