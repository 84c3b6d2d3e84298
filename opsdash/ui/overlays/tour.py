"""The first run on the demo: what to press to see an incident, to own its alert, and to cure it."""

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
    palette, cursor, back = _key("palette", keymap, scene), _key("cursor", keymap, scene), _key("back", keymap, scene)
    first_page = _key("dashboard.1", keymap, scene)
    own = f"{_key('alerts', keymap, scene)} {_key('alert.acknowledge', keymap, scene)} enter"
    return [
        ("First run: see an incident, own its alert, and cure it", "", Role.TITLE),
        (first_page, "the golden signals: latency, requests, errors. Calm at the moment", Role.ACCENT),
        (
            palette,
            f"type “incident”, enter: “{first.title}” begins. In a minute the header counts what fires",
            Role.ACCENT,
        ),
        (own, "triage, and its first alert is yours: ✓ and your name stand beside it, for everybody", Role.ACCENT),
        (
            f"{back} {cursor}",
            "back; every series at one instant: when did it begin, and whose line moved first?",
            Role.ACCENT,
        ),
        (palette, f"type “cure”, enter: {first.label}. What was done is said at the lower right", Role.ACCENT),
        (palette, "type “clear”, enter: ends every incident. What was changed to cure it stays changed", Role.ACCENT),
        (
            "",
            "Alerts end by themselves a few minutes later, those of an error budget (S) last; --list has all incidents",
            Role.DIM,
        ),
    ]


def _key(command_id: str, keymap: Keymap, scene: Scene) -> str:
    """The first key of a command, as the operator has it now."""
    keys = next((command.keys for command in keymap.commands if command.id == command_id), ())
    return key_word(keys[0], ascii_only=scene.ascii_only) if keys else ":"
