"""The scene: what a key or a picture is decided by, besides the desk. Frozen, made anew for each event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from opsdash.core.view.alerts.on_panels import with_alerts
from opsdash.core.view.board import Board
from opsdash.core.view.keymap import Keymap, Where
from opsdash.core.view.layout import SMALLEST_HEIGHT, SMALLEST_WIDTH, Placed, Placement, place
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, PanelSpec
from opsdash.core.view.snapshot import PanelView, Snapshot
from opsdash.core.view.theme import Theme
from opsdash.core.view.timerange import anchored_axis
from opsdash.ports import Drill
from opsdash.ui.desk import Desk
from opsdash.ui.engine_port import Ownership

ROW_KINDS = frozenset({PanelKind.TABLE, PanelKind.LOGS, PanelKind.ALERTS})
"""Panels with rows to go through."""
TOP_LINES, BOTTOM_LINES = 2, 1


@dataclass(frozen=True, slots=True, eq=False)
class Layouts:
    """Placements that were already worked out, for one board."""

    known: dict[tuple[int, str, int, int], tuple[tuple[PanelSpec, ...], Placement]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """Board, snapshot, window and clock at one moment."""

    board: Board
    snapshot: Snapshot
    keymap: Keymap
    layouts: Layouts
    width: int
    height: int
    now_s: float
    zone: tzinfo = UTC
    """The zone that is not UTC; `u` switches between the two."""
    ascii_only: bool = False
    has_colour: bool = True
    """Whether the terminal shows hues at all."""
    themes: tuple[Theme, ...] = ()
    formats: tuple[str, ...] = ()
    """What a panel can be written as."""
    down_bytes_s: float | None = None
    up_bytes_s: float | None = None
    drills: tuple[Drill, ...] = ()
    """Incidents that can be played; none but on the demo."""
    ownership: Ownership | None = None
    """Whom a silence is proposed and previewed by."""

    @property
    def too_small(self) -> bool:
        """Whether the window cannot show a dashboard."""
        return self.width < SMALLEST_WIDTH or self.height < SMALLEST_HEIGHT

    @property
    def body(self) -> tuple[int, int]:
        """Width and height of what is between the tabs and the footer."""
        return self.width, max(self.height - TOP_LINES - BOTTOM_LINES, 1)

    def shown(self, desk: Desk) -> tuple[tuple[PanelSpec, ...], Placement]:
        """The panels of the dashboard that pass the filter, and their places."""
        width, height = self.body
        key = (desk.dashboard, desk.find, width, height)
        known = self.layouts.known.get(key)
        if known is None:
            specs = tuple(spec for spec in self.specs(desk.dashboard) if desk.find.casefold() in spec.title.casefold())
            known = self.layouts.known[key] = (specs, place(specs, width, height))
            if len(self.layouts.known) > 64:
                del self.layouts.known[next(iter(self.layouts.known))]
        return known

    def specs(self, dashboard: int) -> tuple[PanelSpec, ...]:
        """All panels of a dashboard."""
        if 0 <= dashboard < len(self.board.dashboards):
            return self.board.dashboards[dashboard].panels
        return ()

    def on_screen(self, desk: Desk) -> tuple[Placed, ...]:
        """The panels that are seen now, where they are in the body."""
        specs, placement = self.shown(desk)
        if desk.maximised and any(spec.id == desk.focus for spec in specs):
            return (Placed(desk.focus, 0, 0, 0, *self.body),)
        return placement.page(desk.page)

    def focused(self, desk: Desk) -> PanelSpec | None:
        """The panel that has the focus."""
        return next((spec for spec in self.specs(desk.dashboard) if spec.id == desk.focus), None)

    def view(self, panel_id: str) -> PanelView | None:
        """What a panel shows, its alerts among it; None while the engine has not given it."""
        view = self.snapshot.panels.get(panel_id)
        if view is None or self.snapshot.alerts is None:
            return view
        return with_alerts(view, self.snapshot.alerts, self.snapshot.dashboard_of.get(panel_id, ""))

    def axis(self, panel: PanelView | None = None) -> tuple[float, float]:
        """The ends of the time axes: standing still between jumps while live, exact otherwise."""
        start, end = (panel.start_s, panel.end_s) if panel is not None else (self.snapshot.start_s, self.snapshot.end_s)
        moving = self.snapshot.time_range.is_live and self.snapshot.paused_at_s is None
        return anchored_axis(start, end) if moving and end > start else (start, end)

    def is_monochrome(self, desk: Desk) -> bool:
        """Whether the theme that is chosen has no hue."""
        return next((theme.monochrome for theme in self.themes if theme.name == desk.theme), False)

    def zone_of(self, desk: Desk) -> tzinfo:
        """The zone that times are shown in."""
        return UTC if desk.utc else self.zone

    def look(self, desk: Desk, panel_id: str) -> Look:
        """How a panel is to be drawn."""
        own = desk.panel(panel_id)
        return Look(
            now_s=self.now_s,
            zone=self.zone_of(desk),
            axis=self.axis(self.view(panel_id)),
            ascii_only=self.ascii_only,
            monochrome=not self.has_colour or self.is_monochrome(desk),
            focused=panel_id == desk.focus and desk.overlay is None,
            maximised=desk.maximised and panel_id == desk.focus,
            cursor_s=desk.cursor_s,
            scroll=own.scroll,
            row=own.row,
            newer=min(own.newer, own.scroll),
            expanded=own.expanded,
            sort=own.sort,
            filter=own.filter,
        )

    def stack(self, desk: Desk) -> tuple[Where, ...]:
        """Where a key is heard, the most specific place first."""
        if desk.overlay is not None:
            return (*getattr(desk.overlay, "places", (desk.overlay.where,)), Where.EVERYWHERE)
        spec = self.focused(desk)
        rows = spec is not None and spec.kind in ROW_KINDS
        places = [
            (Where.CURSOR, desk.cursor_s is not None),
            (Where.OPEN_ROWS, rows and desk.maximised),
            (Where.MAXIMISED, desk.maximised),
            (Where.ROWS, rows),
            (Where.DASHBOARD, True),
            (Where.EVERYWHERE, True),
        ]
        return tuple(where for where, holds in places if holds)
