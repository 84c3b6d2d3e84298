"""Which function carries out which command of the keymap."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsdash.ui.commands import navigation, rows, screens, take_away, time
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.scene import Scene

Handler = Callable[[Desk, Scene], Step]

HANDLERS: Mapping[str, Handler] = {
    **navigation.HANDLERS,
    **time.HANDLERS,
    **rows.HANDLERS,
    **take_away.HANDLERS,
    **screens.HANDLERS,
}
"""Commands of lists, prompts and pages are not here: their overlay carries them out."""
