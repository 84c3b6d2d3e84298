"""The second line: the dashboards by number."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.text import fit, text_width
from opsdash.core.view.alerts.signs import standing
from opsdash.core.view.cells import BOLD, UNDERLINE, Cells, ink
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.overlays.variables import name_of, selection_word
from opsdash.ui.scene import Scene


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab's place on its line."""

    dashboard: int
    x: int
    w: int
    text: str


def tabs_of(desk: Desk, scene: Scene, width: int) -> tuple[Tab, ...]:
    """As many as fit, the current one always among them; titles are shortened before any is left out."""
    titles = scene.snapshot.dashboards
    longest = max((text_width(title) for title in titles), default=0)
    for limit in (longest, 20, 14, 10, 6):
        tabs = _laid_out(titles, limit, 0)
        if not tabs or tabs[-1].x + tabs[-1].w <= width:
            return tabs
    first = 0
    while first < desk.dashboard:
        tabs = _laid_out(titles, 10, first)
        if tabs[desk.dashboard - first].x + tabs[desk.dashboard - first].w <= width:
            break
        first += 1
    return tuple(tab for tab in _laid_out(titles, 10, first) if tab.x + tab.w <= width)


@dataclass(frozen=True, slots=True)
class ScreenTab:
    """A screen's place on the line of tabs."""

    command: str
    x: int
    text: str


def line_of(desk: Desk, scene: Scene, width: int) -> tuple[tuple[Tab, ...], tuple[ScreenTab, ...]]:
    """Dashboards and, where there are alerts, their screens; those are shortened, then left out, before a tab is."""
    picture = scene.snapshot.alerts
    if picture is None:
        return tabs_of(desk, scene, width), ()
    count = standing(picture)
    number = f" {count:,}" if count else ""
    key, slo_key = scene.keymap.key_of("alerts"), scene.keymap.key_of("slos")
    names = [("alerts", f"{key} Alerts{number}"), ("slos", f"{slo_key} SLOs")]
    for variant in (names, [("alerts", f"{key}{number}"), ("slos", slo_key)], [("alerts", f"{key}{number}")]):
        needed = 1 + sum(text_width(text) + 2 for _, text in variant)
        tabs = tabs_of(desk, scene, max(width - needed, 1))
        if len(tabs) == len(scene.snapshot.dashboards):
            return tabs, _screens(tabs, variant)
    return tabs_of(desk, scene, width), ()


def _screens(tabs: tuple[Tab, ...], names: list[tuple[str, str]]) -> tuple[ScreenTab, ...]:
    x = (tabs[-1].x + tabs[-1].w if tabs else 0) + 2
    found = []
    for command, text in names:
        found.append(ScreenTab(command, x, text))
        x += text_width(text) + 2
    return tuple(found)


def _laid_out(titles: tuple[str, ...], limit: int, first: int) -> tuple[Tab, ...]:
    tabs, x = [], 0
    for index, title in enumerate(titles):
        if index < first:
            continue
        number = f"{index + 1} " if index < 9 else ""
        text = f" {number}{fit(title, max(limit, 1))} "
        tabs.append(Tab(index, x, text_width(text), text))
        x += text_width(text)
    return tuple(tabs)


def draw_tabs(desk: Desk, scene: Scene, width: int) -> Cells:
    """The line of tabs, with what the panels are filtered by and which page of them is shown."""
    cells = Cells(width, 1)
    right = _right(desk, scene)
    tabs, screens = line_of(desk, scene, max(width - text_width(right) - 1, 1))
    title = getattr(desk.overlay, "tab", "")
    for tab in tabs:
        current = tab.dashboard == desk.dashboard and not title
        style = ink(Role.ACCENT, attributes=BOLD | UNDERLINE) if current else ink(Role.DIM)
        cells.put(tab.x, 0, tab.text[:1])
        cells.put(tab.x + 1, 0, tab.text[1:-1], style)
    for number, screen in enumerate(screens):
        if not number:
            cells.put(screen.x - 2, 0, "│", ink(Role.FRAME))
        is_current = title == screen.command
        cells.put(
            screen.x, 0, screen.text, ink(Role.ACCENT, attributes=BOLD | UNDERLINE) if is_current else ink(Role.DIM)
        )
    end = max(width - text_width(right) - 1, 0)
    cells.put(end, 0, right, ink(Role.ACCENT))
    chosen = _chosen(scene, end - _end_of(tabs, screens) - 4)
    cells.put(end - text_width(chosen) - 2, 0, chosen, ink(Role.TEXT))
    return cells


def _end_of(tabs: tuple[Tab, ...], screens: tuple[ScreenTab, ...]) -> int:
    if screens:
        return screens[-1].x + text_width(screens[-1].text)
    return tabs[-1].x + tabs[-1].w if tabs else 0


def _chosen(scene: Scene, room: int) -> str:
    """What the variables stand for, as many as there is room for: whoever reads a chart has to know what it is of."""
    words: list[str] = []
    for binding in scene.snapshot.bindings:
        word = fit(f"{name_of(binding)} {selection_word(binding)}", 32)
        if text_width("  ".join([*words, word])) > room:
            break
        words.append(word)
    return "  ".join(words)


def _right(desk: Desk, scene: Scene) -> str:
    shown, placement = scene.shown(desk)
    words = []
    if desk.find:
        words.append(f"/{fit(desk.find, 16)} {len(shown)} of {len(scene.specs(desk.dashboard))}")
    if placement.pages > 1 and not desk.maximised:
        words.append(f"page {min(desk.page, placement.pages - 1) + 1}/{placement.pages}")
    if desk.maximised and shown:
        place = next((index for index, spec in enumerate(shown) if spec.id == desk.focus), 0)
        words.append(f"panel {place + 1}/{len(shown)}")
    return "  ".join(words)
