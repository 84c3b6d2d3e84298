"""What a panel's description says is seen where there is room: in the maximised panel, below its content."""

from __future__ import annotations

import pytest

from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind
from tests.fakes.hostile_views import assert_sound
from tests.fakes.panel_views import START_S, panel_view, window

ABOUT = "The slowest request of a hundred. Above 1 s people leave: look at the database first."
SHOWN = window({"orders": [1.0, 2.0, 3.0], "users": [3.0, 2.0, 1.0]})


def lines(width: int, height: int, *, maximised: bool, about: str = ABOUT) -> list[str]:
    view = panel_view(PanelKind.TIMESERIES, SHOWN, title="p99 latency", description=about)
    cells = paint(view, width, height, Look(now_s=START_S, maximised=maximised))
    assert_sound(cells, width, height)
    return cells.lines()


def test_a_maximised_panel_says_what_it_is_about() -> None:
    assert ABOUT in lines(120, 30, maximised=True)[-2]
    assert ABOUT not in "\n".join(lines(120, 30, maximised=False))


def test_a_narrow_one_wraps_it_and_keeps_the_content() -> None:
    seen = " ".join(line.strip("│ ") for line in lines(40, 24, maximised=True)[-5:-1])
    assert ABOUT in " ".join(seen.split())
    assert any("orders" in line for line in lines(40, 24, maximised=True))


@pytest.mark.parametrize("height", [3, 8, 11])
def test_where_there_is_little_room_the_content_has_it(height: int) -> None:
    assert "people leave" not in "\n".join(lines(80, height, maximised=True))


def test_a_very_long_one_takes_a_quarter_and_nothing_of_it_reaches_the_terminal_uncleaned() -> None:
    seen = lines(80, 24, maximised=True, about="\x1b[31mred\u202e " + "word " * 2000)
    assert sum("word word" in line for line in seen) <= 6
    assert "\x1b" not in "".join(seen)
    assert "\u202e" not in "".join(seen)
