"""The desk: what the operator did with the screen and no engine knows of. Frozen; a key makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsdash.ui.overlays.overlay import Overlay


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelLook:
    """How one panel is looked at."""

    scroll: int = 0
    row: int | None = None
    row_id: str = ""
    """What the selected row is, else the first one on screen of a log that is scrolled: it stays when rows come."""
    newer: int = 0
    """Rows that came before it since."""
    expanded: frozenset[str] = field(default_factory=frozenset)
    sort: str = ""
    filter: str = ""
    logs: str = ""
    """What a panel of logs asks in place of its own query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """A line that stays for a while."""

    text: str
    until_s: float
    """Monotonic seconds."""
    level: str = "info"
    """`info`, `good` or `bad`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One operator's view of the dashboards."""

    dashboard: int = 0
    page: int = 0
    focus: str = ""
    """Id of the panel that has the focus; empty before the first."""
    maximised: bool = False
    cursor_s: float | None = None
    utc: bool = False
    find: str = ""
    """Only panels whose title contains this are shown."""
    panels: Mapping[str, PanelLook] = field(default_factory=lambda: MappingProxyType({}))
    overlay: Overlay | None = None
    theme: str = "default"
    toasts: tuple[Toast, ...] = ()

    def panel(self, panel_id: str) -> PanelLook:
        """How a panel is looked at."""
        return self.panels.get(panel_id, PanelLook())

    def with_panel(self, panel_id: str, look: PanelLook) -> Desk:
        """The desk with one panel looked at in another way."""
        return replace(self, panels=MappingProxyType({**self.panels, panel_id: look}))
