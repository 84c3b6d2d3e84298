"""The last line: the keys that are needed most right here, and what is going on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Command, Where
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.scene import Scene
from opsdash.ui.words import bytes_word

_H = Role.HEADER
_FOLDER = re.compile(r"^[^:]*/(?=[^/:]+:\d+:\d+: )")
"""What stands before the name of the file, in `/etc/opsdash/shop.yaml:3:5: …`."""
_KEY_SIGNS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
_KEY_WORDS = {"left": "left", "right": "right", "up": "up", "down": "down"}


def key_word(key: str, *, ascii_only: bool) -> str:
    """A key as the footer and help write it."""
    *modifiers, last = [key] if key in ("+", "-") else key.split("+") if not key.endswith("++") else [key[:-2], "+"]
    signs = _KEY_WORDS if ascii_only else _KEY_SIGNS
    return "+".join([*modifiers, signs.get(last, last)])


def draw_footer(desk: Desk, scene: Scene, width: int) -> Cells:
    """Keys on the left by rank, as many as fit; a broken configuration takes their place until it is repaired."""
    cells = Cells(width, 1, fill=ink(Role.TEXT, _H))
    right = _right(scene) if width >= 70 else ""
    help_key = key_word(scene.keymap.key_of("help"), ascii_only=scene.ascii_only)
    if scene.snapshot.config_problem is not None and desk.overlay is None:
        text = _problem_text(scene.snapshot.config_problem, scene.snapshot.config_problems, width - len(help_key) - 8)
        cells.put(0, 0, text, ink(Role.ERROR, _H, BOLD))
        cells.put(width - len(help_key) - 6, 0, f"{help_key} help", ink(Role.DIM, _H))
        return cells
    room = width - text_width(right) - 2
    x = 1
    for keys, word in _fitting(_hints(desk, scene), room):
        x = cells.put(x, 0, keys, ink(Role.ACCENT, _H, BOLD))
        x = cells.put(x, 0, f" {word}", ink(Role.DIM, _H)) + 2
    cells.put(max(width - text_width(right) - 1, 0), 0, right, ink(Role.DIM, _H))
    return cells


def _problem_text(problem: str, count: int, room: int) -> str:
    """What is wrong, with as much around it as there is room for: the folder of the file goes first."""
    brief = _FOLDER.sub("", problem)
    more = f"and {count - 1} more; " if count > 1 else ""
    notes = [f" ({more}the configuration of before goes on)", f" ({more}the old one goes on)"]
    notes += [f" ({more.removesuffix('; ')})"] if more else []
    texts = [f" ✕ {text}{note}" for note in (*notes, "") for text in (problem, brief)]
    return next((text for text in texts if text_width(text) <= room), fit(texts[-1], room))


def _hints(desk: Desk, scene: Scene) -> list[tuple[int, str, str]]:
    """(rank, keys, word); commands that share a word share a place: `[ ] pan`."""
    merged: dict[str, tuple[int, list[str]]] = {}
    for command in scene.keymap.holding(scene.stack(desk)):
        if command.brief and _makes_sense(command, desk, scene):
            rank, keys = merged.setdefault(command.brief, (command.rank, []))
            word = key_word(command.keys[0], ascii_only=scene.ascii_only)
            if word not in keys:
                keys.append(word)
            merged[command.brief] = (min(rank, command.rank), keys)
    return [(rank, " ".join(keys), word) for word, (rank, keys) in merged.items()]


def _makes_sense(command: Command, desk: Desk, scene: Scene) -> bool:
    """Whether a key that holds here would do something now."""
    spec = scene.focused(desk)
    kind = spec.kind if spec is not None else None
    match command.id:
        case "live":
            useful = not scene.snapshot.time_range.is_live or scene.snapshot.paused_at_s is not None
        case "variables":
            useful = bool(scene.snapshot.bindings)
        case "alerts":
            useful = scene.snapshot.alerts is not None
        case "screen.alerts":
            useful = desk.overlay is None or desk.overlay.where is not Where.TRIAGE
        case "row.expand" | "row.follow":
            useful = kind is PanelKind.LOGS
        case "list.mark":
            useful = bool(getattr(desk.overlay, "multi", False))
        case "panel.maximise":
            useful = not desk.maximised
        case "sort.next" | "sort.previous":
            useful = kind is PanelKind.TABLE
        case _:
            useful = True
    return useful


def _fitting(hints: Sequence[tuple[int, str, str]], room: int) -> list[tuple[str, str]]:
    """The lowest ranks that fit, help among them always, in the order of their ranks with help last."""
    kept: list[tuple[int, str, str]] = []
    used = 1
    for hint in sorted(hints, key=lambda hint: hint[0]):
        size = text_width(hint[1]) + text_width(hint[2]) + 3
        if used + size <= room:
            kept.append(hint)
            used += size
    kept.sort(key=lambda hint: (hint[0] == 1, hint[0]))
    return [(keys, word) for _, keys, word in kept]


def _right(scene: Scene) -> str:
    waiting = [panel for panel in scene.snapshot.panels.values() if panel.waiting]
    total = len(scene.snapshot.panels)
    if waiting and scene.snapshot.paused_at_s is not None:
        return f"paused before {len(waiting)} of {total} were asked"
    if waiting:
        sources = sorted({panel.spec.source for panel in waiting if panel.spec.source})
        name = fit(sources[0], 12) if len(sources) == 1 else f"{len(sources)} sources"
        return f"asking {name}… {total - len(waiting)} of {total}"
    if scene.width < 110 or scene.down_bytes_s is None or scene.up_bytes_s is None:
        return ""
    down, up = bytes_word(scene.down_bytes_s), bytes_word(scene.up_bytes_s)
    return f"in {down}/s  out {up}/s" if scene.ascii_only else f"↓{down}/s ↑{up}/s"
