"""How a panel is looked at: what the operator chose on the screen and no query knows of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that changes a panel's picture and is not its data."""

    now_s: float
    zone: tzinfo = UTC
    axis: tuple[float, float] | None = None
    """Left and right end of time axes; None takes the panel's own span."""
    ascii_only: bool = False
    """No braille, no box drawing, no block elements: for fonts and terminals without them."""
    monochrome: bool = False
    """The theme has no hue: stacked and overlaid series differ by texture."""
    focused: bool = False
    maximised: bool = False
    cursor_s: float | None = None
    """The instant that all series are read at; None when the cursor is off."""
    scroll: int = 0
    """First row shown, of a table or log panel."""
    row: int | None = None
    """The selected row, counted after sorting and filtering."""
    newer: int = 0
    """Rows of a log that came above what is read, and were not seen yet."""
    expanded: frozenset[str] = field(default_factory=frozenset)
    """Ids of the log rows that are shown whole."""
    sort: str = ""
    """Column a table is sorted by, `-name` for descending; empty for the panel's own."""
    filter: str = ""
    """Only rows or series whose text contains this, without regard to case."""
