"""Where there is only ASCII, one state has one sign: in panels, header, help and the list of sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.frame import state_marks
from opsdash.core.view.levels import Level, level_mark
from opsdash.core.view.palette import state_mark
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.plain_ascii import plain
from opsdash.ui.terminal_modes import ENTER_SCREEN, MOUSE_ON, RESTORE
from tests.fakes.engine import ScriptedEngine, board_of, every_kind, twelve
from tests.fakes.panel_views import panel_view, window
from tests.fakes.screen import Bench, bench

STATES = [state for state in Freshness if state is not Freshness.FRESH]
WORDS = {
    Freshness.LATE: "late,", Freshness.STALE: "stale:", Freshness.NO_DATA: "no data:", Freshness.ERROR: "error:",
}  # fmt: skip


def plain_bench(state: Freshness) -> Bench:
    made = bench(ScriptedEngine(board_of(every_kind(), twelve(), ascii_only=True)), (180, 60))
    first = replace(made.session.snapshot.sources[0], state=state, age_s=9.0, errors=1)
    made.engine.overrides["sources"] = (first,)
    made.arrive()
    return made


def panel_sign(state: Freshness) -> str:
    view = panel_view(PanelKind.TIMESERIES, window({"a": [1.0, 2.0]}), view={"state": state, "age_s": 9.0})
    return plain(state_marks(view)[0].text[0])


def test_five_states_have_five_signs() -> None:
    assert len({panel_sign(state) for state in STATES}) == len(STATES)
    assert all(panel_sign(state) == plain(state_mark(state)) for state in STATES)


@pytest.mark.parametrize("state", STATES)
def test_the_header_has_the_sign_that_panels_have(state: Freshness) -> None:
    made = plain_bench(state)
    name = made.session.snapshot.sources[0].name
    assert f"{name} {panel_sign(state)}" in made.lines()[0]


@pytest.mark.parametrize("state", STATES)
def test_the_help_explains_the_sign_that_panels_have(state: Freshness) -> None:
    line = next(line for line in plain_bench(state).press("?").lines() if WORDS[state] in line)
    assert line.split(WORDS[state])[0].split()[-1] == panel_sign(state)


@pytest.mark.parametrize(("level", "word"), [(Level.WARNING, "warning"), (Level.CRITICAL, "critical")])
def test_the_help_explains_the_levels_as_tables_and_titles_show_them(level: Level, word: str) -> None:
    line = next(line for line in plain_bench(Freshness.LATE).press("?").lines() if f" {word}" in line)
    assert line.split(word)[0].split()[-1] == plain(level_mark(level)) == level_mark(level, ascii_only=True)


@pytest.mark.parametrize("state", STATES)
def test_the_list_of_sources_has_the_sign_too(state: Freshness) -> None:
    made = plain_bench(state).press("H")
    name = made.session.snapshot.sources[0].name
    assert any(f"{panel_sign(state)} {name}" in line for line in made.lines())


def test_no_place_of_the_screen_leaves_ascii() -> None:
    made = plain_bench(Freshness.STALE)
    made.engine.overrides["config_problem"] = "opsdash.yaml:1:1: “x” is not…"
    made.session.say("copied …", "good")
    made.session.say("not written ✕", "bad")
    made.arrive()
    assert made.text().isascii()
    for key in ("?", "esc", "H", "esc", "/", "q", "z", "enter"):
        assert made.press(key).text().isascii()
    made.session.resized(20, 5)
    assert made.text().isascii()


def test_the_mouse_is_asked_for_clicks_and_the_wheel_only() -> None:
    assert MOUSE_ON == "\x1b[?1000h\x1b[?1006h"
    for mode in ("1002", "1003"):
        assert mode not in ENTER_SCREEN + MOUSE_ON


def test_what_was_set_is_taken_back() -> None:
    for mode in ("1049", "2004", "1000", "1006"):
        assert f"\x1b[?{mode}h" in ENTER_SCREEN + MOUSE_ON
        assert f"\x1b[?{mode}l" in RESTORE
