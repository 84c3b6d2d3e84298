"""The first run on the demo: what to press to see an incident, and to cure it."""

from __future__ import annotations

from opsdash.core.view.keymap import Keymap
from opsdash.core.view.roles import Role
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.footer import key_word


def tour_rows(keymap: Keymap, scene: Scene) -> list[tuple[str, str, Role]]:
    """(keys, what they do, colour of the keys) in the order to press them; nothing where there are no incidents."""
    if not scene.drills:
        return []
    first = scene.drills[0]
    palette, cursor = _key("palette", keymap, scene), _key("cursor", keymap, scene)
    return [
        ("First run: see an incident, and cure it", "", Role.TITLE),
        ("1", "the golden signals: latency, requests, errors. Calm at the moment", Role.ACCENT),
        (palette, f"type “incident”, enter: “{first.title}” begins. Within a minute or two you see it", Role.ACCENT),
        (cursor, "reads every series at one instant: when did it begin, and whose line moved first?", Role.ACCENT),
        (palette, f"type “cure”, enter: {first.label}. What was done is said at the lower right", Role.ACCENT),
        (palette, "type “clear”, enter: ends every incident. What was changed to cure it stays changed", Role.ACCENT),
        ("", "opsdash demo --list describes all incidents; each can be started here too", Role.DIM),
    ]


def _key(command_id: str, keymap: Keymap, scene: Scene) -> str:
    """The first key of a command, as the operator has it now."""
    keys = next((command.keys for command in keymap.commands if command.id == command_id), ())
    return key_word(keys[0], ascii_only=scene.ascii_only) if keys else ":"
