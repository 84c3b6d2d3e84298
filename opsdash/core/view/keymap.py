"""Every key: the command it gives, where it holds, what help says of it. Help, footer and docs come from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from opsdash.core.suggest import did_you_mean


class Where(StrEnum):
    """Which part of the program hears a key; a screen names several, the most specific first."""

    EVERYWHERE = "everywhere"
    DASHBOARD = "on a dashboard"
    MAXIMISED = "in a maximised panel"
    ROWS = "in a table or log panel"
    OPEN_ROWS = "in a maximised table or log panel"
    CURSOR = "while the cursor is on"
    LIST = "in a list"
    PROMPT = "where text is typed"
    PAGES = "in help and on the sources screen"
    TRIAGE = "on the triage screen"
    ALERT = "on an alert, in triage and in its history"
    SILENCES = "on the silences screen"
    ALERT_SCREENS = "on every screen of alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something that a key does."""

    id: str
    title: str
    """What it does, for help and the palette; starts with a verb."""
    keys: tuple[str, ...]
    where: Where
    group: str
    brief: str = ""
    """One or two words for the footer; empty keeps it out of there."""
    rank: int = 50
    """Place in the footer: the smallest stays longest when the window is narrow."""
    listed: bool = True
    """Whether the palette offers it."""


def _c(  # noqa: PLR0913, PLR0917
    where: Where, group: str, command: str, keys: str, title: str,
    brief: str = "", rank: int = 50, *, listed: bool = True,
) -> Command:  # fmt: skip
    """One command; the table below reads line by line."""
    given = tuple(keys.split())
    return Command(id=command, title=title, keys=given, where=where, group=group, brief=brief, rank=rank, listed=listed)


_ANY, _DASH, _MAX, _ROWS = Where.EVERYWHERE, Where.DASHBOARD, Where.MAXIMISED, Where.ROWS
_TRIAGE, _ALERT, _SILENCES, _SCREENS = Where.TRIAGE, Where.ALERT, Where.SILENCES, Where.ALERT_SCREENS
_OPEN, _CURSOR, _LIST, _PROMPT, _PAGES = Where.OPEN_ROWS, Where.CURSOR, Where.LIST, Where.PROMPT, Where.PAGES

COMMANDS: tuple[Command, ...] = (
    *(
        _c(_DASH, "Dashboards", f"dashboard.{n}", str(n), f"show dashboard {n}", listed=False)
        for n in range(1, 10)
    ),
    _c(_DASH, "Dashboards", "dashboard.next", "}", "show the next dashboard"),
    _c(_DASH, "Dashboards", "dashboard.previous", "{", "show the previous dashboard"),
    _c(_DASH, "Panels", "focus.left", "left", "go to the panel on the left", listed=False),
    _c(_DASH, "Panels", "focus.right", "right", "go to the panel on the right", listed=False),
    _c(_DASH, "Panels", "focus.up", "up", "go to the panel above", listed=False),
    _c(_DASH, "Panels", "focus.down", "down", "go to the panel below", listed=False),
    _c(_DASH, "Panels", "focus.next", "tab", "go to the next panel", listed=False),
    _c(_DASH, "Panels", "focus.previous", "shift+tab", "go to the panel before", listed=False),
    _c(_DASH, "Panels", "page.next", "pgdn", "show the next page of panels", listed=False),
    _c(_DASH, "Panels", "page.previous", "pgup", "show the page of panels before", listed=False),
    _c(_DASH, "Panels", "page.first", "home", "show the first page of panels", listed=False),
    _c(_DASH, "Panels", "page.last", "end", "show the last page of panels", listed=False),
    _c(_DASH, "Panels", "panel.maximise", "enter", "maximise the panel, or restore it", "maximise", 10),
    _c(_DASH, "Panels", "back", "esc", "go back: cursor off, filter off, panel restored", listed=False),
    _c(_DASH, "Panels", "find", "/", "filter what is shown: panels, or the rows of a maximised panel", "find", 30),
    _c(_DASH, "Time", "pan.earlier", "[", "move a quarter of the range earlier", "pan", 24),
    _c(_DASH, "Time", "pan.later", "]", "move a quarter of the range later", "pan", 24),
    _c(_DASH, "Time", "zoom.out", "-", "show twice the time", "zoom", 25),
    _c(_DASH, "Time", "zoom.in", "+ =", "show half the time", "zoom", 25),
    _c(_DASH, "Time", "live", "0", "go back to live", "live", 26),
    _c(_DASH, "Time", "pause", "space", "stand still, or go on", "pause", 22),
    _c(_DASH, "Time", "time", "t", "choose a time", "time", 27),
    _c(_DASH, "Time", "compare", "c", "compare with an earlier period", "compare", 23),
    _c(_DASH, "Time", "zone", "u", "switch between local time and UTC"),
    _c(_DASH, "Time", "cursor", "v", "read every series at one instant; again leaves it", "cursor", 20),
    _c(_DASH, "Time", "refresh", "r", "ask all sources now"),
    _c(_CURSOR, "Cursor", "cursor.earlier", "left", "move the cursor one step earlier", "move", 2, listed=False),
    _c(_CURSOR, "Cursor", "cursor.later", "right", "move the cursor one step later", "move", 2, listed=False),
    _c(_CURSOR, "Cursor", "cursor.much_earlier", "shift+left ctrl+left", "move it ten steps earlier", listed=False),
    _c(_CURSOR, "Cursor", "cursor.much_later", "shift+right ctrl+right", "move it ten steps later", listed=False),
    _c(_CURSOR, "Cursor", "cursor.first", "home", "move the cursor to the start", listed=False),
    _c(_CURSOR, "Cursor", "cursor.last", "end", "move the cursor to the end", listed=False),
    _c(_ROWS, "Rows", "row.down", "j", "select the next row", "row", 12, listed=False),
    _c(_ROWS, "Rows", "row.up", "k", "select the row before", "row", 12, listed=False),
    _c(_ROWS, "Rows", "sort.next", ">", "sort by the next column", "sort", 14, listed=False),
    _c(_ROWS, "Rows", "sort.previous", "<", "sort by the column before", "sort", 14, listed=False),
    _c(_ROWS, "Rows", "sort.turn", ". ,", "turn the sorting around", listed=False),
    _c(_OPEN, "Rows", "open.down", "down", "select the next row", listed=False),
    _c(_OPEN, "Rows", "open.up", "up", "select the row before", listed=False),
    _c(_OPEN, "Rows", "open.page_down", "pgdn", "go a page of rows down", listed=False),
    _c(_OPEN, "Rows", "open.page_up", "pgup", "go a page of rows up", listed=False),
    _c(_OPEN, "Rows", "open.first", "home", "go to the first row", listed=False),
    _c(_OPEN, "Rows", "open.last", "end", "go to the last row", listed=False),
    _c(_OPEN, "Rows", "row.expand", "enter", "show the whole row, or one line of it", "expand", 9, listed=False),
    _c(_OPEN, "Rows", "row.follow", "f", "follow the newest row: nothing selected", "follow", 13, listed=False),
    _c(_MAX, "Panels", "panel.restore", "esc", "back to the dashboard", "back", 8, listed=False),
    _c(_DASH, "Take away", "copy", "y", "copy the query, or the value under the cursor or in the row", "copy", 40),
    _c(_DASH, "Take away", "write", "w", "write the panel to a file: CSV, JSON, SVG or text", "write", 41),
    _c(_DASH, "Screens", "variables", "$", "choose the values of a variable", "variables", 35),
    _c(_DASH, "Screens", "sources", "H", "show every source: state, age, errors", "sources", 36),
    _c(_DASH, "Screens", "alerts", "!", "show what fires, and who has it: triage", "alerts", 34),
    _c(_DASH, "Screens", "slos", "S", "show the error budgets and how fast they burn"),
    _c(_DASH, "Screens", "silences", "Z", "show silences: active, to come, just expired"),
    _c(_DASH, "Screens", "rules", "R", "show the alert rules: health, time, what they see"),
    _c(_DASH, "Screens", "theme", "T", "choose a theme"),
    _c(_DASH, "Screens", "palette", ": ctrl+p", "find a command or panel by name", "command", 31, listed=False),
    _c(_DASH, "Screens", "help", "? f1", "show the keys that hold here", "help", 1),
    _c(_DASH, "Program", "quit", "q", "leave opsdash", "quit", 45),
    _c(_ANY, "Program", "interrupt", "ctrl+c", "leave opsdash from anywhere", listed=False),
    _c(_ANY, "Program", "suspend", "ctrl+z", "put opsdash to sleep; `fg` wakes it", listed=False),
    _c(_ANY, "Program", "redraw", "ctrl+l", "draw the whole window again"),
    _c(_LIST, "Lists", "list.up", "up ctrl+p", "go to the entry before", "move", 5, listed=False),
    _c(_LIST, "Lists", "list.down", "down ctrl+n", "go to the next entry", "move", 5, listed=False),
    _c(_LIST, "Lists", "list.page_down", "pgdn", "go a page down", listed=False),
    _c(_LIST, "Lists", "list.page_up", "pgup", "go a page up", listed=False),
    _c(_LIST, "Lists", "list.mark", "space tab", "mark the entry, where many may be chosen", "mark", 6, listed=False),
    _c(_LIST, "Lists", "list.take", "enter", "take the entry, or all marked ones", "take", 2, listed=False),
    _c(_LIST, "Lists", "list.leave", "esc", "leave without choosing", "leave", 3, listed=False),
    _c(_PROMPT, "Typing", "prompt.take", "enter", "take what is typed", "take", 2, listed=False),
    _c(_PROMPT, "Typing", "prompt.leave", "esc", "leave it as it was", "leave", 3, listed=False),
    _c(_PAGES, "Reading", "pages.down", "down j", "scroll down", "scroll", 5, listed=False),
    _c(_PAGES, "Reading", "pages.up", "up k", "scroll up", "scroll", 5, listed=False),
    _c(_PAGES, "Reading", "pages.page_down", "pgdn space", "scroll a page down", listed=False),
    _c(_PAGES, "Reading", "pages.page_up", "pgup", "scroll a page up", listed=False),
    _c(_PAGES, "Reading", "pages.first", "home", "go to the top", listed=False),
    _c(_PAGES, "Reading", "pages.last", "end", "go to the bottom", listed=False),
    _c(_PAGES, "Reading", "pages.leave", "esc q", "back", "back", 2, listed=False),
    _c(_PAGES, "Reading", "pages.help", "?", "from another screen: its keys; from help: back", listed=False),
    _c(_ALERT, "Own", "alert.acknowledge", "a", "acknowledge it: it is yours", "ack", 3, listed=False),
    _c(_ALERT, "Own", "alert.unacknowledge", "U", "give an acknowledged alert back", listed=False),
    _c(_ALERT, "Own", "alert.assign", "o", "give it an owner", listed=False),
    _c(_ALERT, "Own", "alert.silence", "s", "silence what is like it", "silence", 5, listed=False),
    _c(_ALERT, "Own", "alert.note", "n", "write a note beside it", "note", 6, listed=False),
    _c(_ALERT, "Own", "alert.escalate", "e", "hand it to the next level", "escalate", 7, listed=False),
    *(
        _c(_ALERT, "Own", f"alert.pick.{n}", str(n), f"suggested action {n}, or else line {n}", listed=False)
        for n in range(1, 10)
    ),
    _c(_ALERT, "Look closer", "alert.logs", "l", "show its logs", "logs", 8, listed=False),
    _c(_ALERT, "Look closer", "alert.panel", "p", "show its panel, maximised", "panel", 9, listed=False),
    _c(_ALERT, "Look closer", "alert.dashboard", "d", "show its dashboard", "dashboard", 20, listed=False),
    _c(_TRIAGE, "Own", "triage.acknowledge_all", "A", "acknowledge all that are shown", "ack all", 4, listed=False),
    _c(_TRIAGE, "Look closer", "triage.history", "h enter", "show what happened to it", "history", 10, listed=False),
    _c(_TRIAGE, "Look closer", "triage.find", "/", "filter by any word of it", "filter", 11, listed=False),
    _c(_SILENCES, "Silences", "silence.new", "s", "make a silence", "new", 3, listed=False),
    _c(_SILENCES, "Silences", "silence.extend", "e", "let it last longer", "extend", 4, listed=False),
    _c(_SILENCES, "Silences", "silence.expire", "E delete", "end it now", "end", 5, listed=False),
    _c(_SCREENS, "Move", "screen.down", "down j", "select the next line", listed=False),
    _c(_SCREENS, "Move", "screen.up", "up k", "select the line before", listed=False),
    _c(_SCREENS, "Move", "screen.page_down", "pgdn space", "go a page down", listed=False),
    _c(_SCREENS, "Move", "screen.page_up", "pgup", "go a page up", listed=False),
    _c(_SCREENS, "Move", "screen.first", "home", "go to the first line", listed=False),
    _c(_SCREENS, "Move", "screen.last", "end", "go to the last line", listed=False),
    _c(_SCREENS, "Screens", "screen.alerts", "!", "show triage", "alerts", 30, listed=False),
    _c(_SCREENS, "Screens", "screen.slos", "S", "show the SLOs", "SLOs", 31, listed=False),
    _c(_SCREENS, "Screens", "screen.silences", "Z", "show the silences", "silences", 32, listed=False),
    _c(_SCREENS, "Screens", "screen.rules", "R", "show the rules", "rules", 33, listed=False),
    _c(_SCREENS, "Screens", "screen.palette", ": ctrl+p", "find a command or panel by name", listed=False),
    _c(_SCREENS, "Screens", "screen.leave", "esc q", "back", "back", 2, listed=False),
    _c(_SCREENS, "Screens", "screen.help", "? f1", "show the keys that hold here", "help", 1, listed=False),
)  # fmt: skip

COMMAND_IDS = tuple(command.id for command in COMMANDS)

_ALIASES = {
    "escape": "esc", "return": "enter", "pageup": "pgup", "pagedown": "pgdn", "page_up": "pgup", "page_down": "pgdn",
    "del": "delete", "ins": "insert", "bs": "backspace", "backtab": "shift+tab", " ": "space",
}  # fmt: skip
_NAMED = frozenset(
    "esc enter tab space backspace delete insert home end pgup pgdn up down left right".split()  # noqa: SIM905
) | {f"f{n}" for n in range(1, 13)}
_MODIFIERS = ("ctrl", "alt", "shift")


def parse_key(text: str) -> str | None:
    """The key's one name: `ctrl-k` → `ctrl+k`, `PageUp` → `pgup`; None when there is no such key."""
    if len(text) <= 1:
        return _ALIASES.get(text, text) if text and text.isprintable() else None
    parts = text.replace("C-", "ctrl+").replace("M-", "alt+").replace("S-", "shift+")
    *modifiers, last = (
        parts.replace("-", "+").split("+") if parts[-1] not in "+-" else [*parts[:-2].split("+"), parts[-1]]
    )
    modifiers = [modifier.strip().lower() for modifier in modifiers if modifier.strip()]
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        return None
    if len(last) != 1:
        last = _ALIASES.get(last.strip().lower(), last.strip().lower())
        if last not in _NAMED:
            return None
    elif not last.isprintable():
        return None
    elif "shift" in modifiers and last.isalpha() and len(last.upper()) == 1:
        modifiers.remove("shift")
        last = last.upper()
    else:
        last = _ALIASES.get(last, last)
    return "+".join([*(modifier for modifier in _MODIFIERS if modifier in modifiers), last])


@dataclass(frozen=True, slots=True, eq=False)
class Keymap:
    """The commands with the keys they have now."""

    commands: tuple[Command, ...] = COMMANDS

    def lookup(self, key: str, stack: Sequence[Where]) -> Command | None:
        """What a key does where `stack` (most specific first) holds."""
        for where in stack:
            for command in self.commands:
                if command.where is where and key in command.keys:
                    return command
        return None

    def holding(self, stack: Sequence[Where]) -> tuple[Command, ...]:
        """The commands that a key reaches here; those whose every key is taken by something more specific are out."""
        return _holding(self, tuple(stack))

    def key_of(self, command_id: str) -> str:
        """The first key of a command; empty when it has none."""
        found = next((command for command in self.commands if command.id == command_id), None)
        return found.keys[0] if found and found.keys else ""


@lru_cache(maxsize=64)
def _holding(keymap: Keymap, stack: tuple[Where, ...]) -> tuple[Command, ...]:
    """Looked at for every picture, so it is remembered."""
    found = []
    for command in (command for where in stack for command in keymap.commands if command.where is where):
        keys = tuple(key for key in command.keys if keymap.lookup(key, stack) == command)
        if keys:
            found.append(command if keys == command.keys else replace(command, keys=keys))
    return tuple(found)


def keymap_with(remapped: Mapping[str, str]) -> Keymap:
    """The keymap with the configuration's keys; what `remap_problems` names is left as it is by default."""
    wanted = {name: parse_key(key) for name, key in remapped.items() if name in COMMAND_IDS}
    commands = []
    for command in COMMANDS:
        key = wanted.get(command.id)
        commands.append(replace(command, keys=(key,)) if key else command)
    taken = {(command.where, key) for command in commands for key in command.keys if wanted.get(command.id)}
    return Keymap(tuple(_without(command, taken) if not wanted.get(command.id) else command for command in commands))


def _without(command: Command, taken: set[tuple[Where, str]]) -> Command:
    """A remapped key belongs to the command it was given to, and to nothing else in the same place."""
    return replace(command, keys=tuple(key for key in command.keys if (command.where, key) not in taken))


def remap_problems(remapped: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(command id, what is wrong with it) for each entry of `keys:` that cannot be used."""
    problems = []
    owners: dict[tuple[Where, str], str] = {}
    by_id = {command.id: command for command in COMMANDS}
    for name, text in remapped.items():
        command, key = by_id.get(name), parse_key(text)
        if command is None:
            problems.append((name, f'"{name}" is not a command{did_you_mean(name, COMMAND_IDS)}'))
        elif key is None:
            problems.append((name, f'"{text}" is not a key; keys are written as in docs/keys.md, e.g. x, ctrl+x, f5'))
        elif (other := owners.setdefault((command.where, key), name)) != name:
            problems.append((name, f"{key} is given to {other} too"))
    for name in ("interrupt", "help", "quit"):
        lost = [owner for (where, key), owner in owners.items() if owner != name and _sole(by_id[name], where, key)]
        if lost and name not in remapped:
            problems.append((lost[0], f"takes the only key of {name}; give {name} another one"))
    return tuple(problems)


def _sole(command: Command, where: Where, key: str) -> bool:
    return command.where is where and command.keys == (key,)


def as_markdown() -> str:
    """`docs/keys.md`, up to date."""
    lines = _INTRODUCTION.strip().splitlines()
    for where in Where:
        lines += ["", f"## {where.value.capitalize()}", "", "| key | command | does |", "|---|---|---|"]
        lines += [
            f"| {' '.join(f'`{key}`' for key in command.keys)} | `{command.id}` | {command.title} |"
            for command in COMMANDS
            if command.where is where
        ]
    lines += ["", *_MOUSE.strip().splitlines()]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """
# Keys

Made from `opsdash/core/view/keymap.py`; a test compares the two.

A key is one printable character (`?`, `[`, `A`), a name (`esc enter tab space backspace delete insert home end pgup`
`pgdn up down left right f1` … `f12`), or either with `ctrl+`, `alt+` or `shift+` before it. To change a key:

```yaml
keys: {panel.maximise: z, cursor: ctrl+v}
```

The command then has that key alone, and the key does nothing else in the same place.
The more specific place wins: what holds in a maximised table comes before what holds on a dashboard.
"""

_MOUSE = """
## Mouse

A click focuses a panel, a double click maximises or restores it, a click on a tab shows that dashboard. The wheel goes
from page to page of panels, and through the rows of the table or log panel under it; with `ctrl` it zooms the time.
Where a list is open, a click takes an entry. Hold `shift` to select text with the terminal's own mouse.
"""
