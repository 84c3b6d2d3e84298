"""A selected line can be read on sixteen colours, where its ground is the terminal's own blue."""

from __future__ import annotations

import pytest

from opsdash.core.view.cells import ink
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from opsdash.ui.inks import Inks
from opsdash.ui.terminal import Depth
from tests.fakes.screen import all_themes

COLOURED = [theme for theme in all_themes() if not theme.monochrome]


@pytest.mark.parametrize("theme", COLOURED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.GROUND, Role.SELECTION)])
def test_nothing_on_the_selected_line_is_red_grey_or_blue(role: Role, theme: Theme) -> None:
    codes = Inks(theme, Depth.ANSI16).sgr(ink(role, Role.SELECTION)).removesuffix("m").split(";")
    assert codes[-1] == "44"
    assert codes[-2] in ("92", "93", "96", "97")


def test_warnings_and_what_is_owned_keep_a_hue_there() -> None:
    inks = Inks(COLOURED[0], Depth.ANSI16)
    assert ";93;44m" in inks.sgr(ink(Role.WARNING, Role.SELECTION))
    assert ";92;44m" in inks.sgr(ink(Role.ACKNOWLEDGED, Role.SELECTION))
