"""A notification reaches the operator's own terminal, through whatever is in between, and carries nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.ui.alarm import notification
from opsdash.ui.app import OpsdashApp
from opsdash.ui.effects import Ring
from opsdash.ui.terminal import terminal_of
from tests.fakes.engine import ScriptedEngine, board_of, twelve
from tests.fakes.screen import surroundings


def test_a_terminal_that_nobody_knows_is_told_both_ways() -> None:
    assert notification("a") == "\x1b]9;opsdash: a\x07\x1b]777;notify;opsdash;a\x07"


@pytest.mark.parametrize(
    ("term", "way"), [("foot", "777"), ("rxvt-unicode", "777"), ("wezterm", "777"), ("xterm-kitty", "9")]
)
def test_a_terminal_that_knows_both_is_told_once(term: str, way: str) -> None:
    sent = notification("a", term=term)
    assert sent.startswith(f"\x1b]{way};")
    assert sent.count("\x1b]") == 1


def test_tmux_hands_it_on() -> None:
    sent = notification("a", term="foot", tmux=True)
    assert sent == "\x1bPtmux;\x1b\x1b]777;notify;opsdash;a\x07\x1b\\"


def test_screen_hands_it_on() -> None:
    assert notification("a", term="foot", screen=True) == "\x1bP\x1b]777;notify;opsdash;a\x07\x1b\\"


def test_the_environment_says_what_is_in_between() -> None:
    assert terminal_of({"TERM": "tmux-256color", "TMUX": "/tmp/x"}).in_tmux
    assert terminal_of({"TERM": "screen", "STY": "1.pts"}).in_screen
    assert terminal_of({"TERM": "tmux-256color"}).in_tmux
    both = terminal_of({"TERM": "tmux", "STY": "1.pts", "TMUX": "/tmp/x"})
    assert (both.in_tmux, both.in_screen) == (True, False)


@given(st.text(max_size=400), st.booleans())
def test_no_text_leaves_its_sequence(text: str, tmux: bool) -> None:
    sent = notification(text, tmux=tmux)
    own = re.sub(r"\x1b+\]9;opsdash: |\x1b+\]777;notify;opsdash;|\x07|\x1bPtmux;|\x1b\\", "", sent)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f;]", own)
    assert len(own) <= 2 * 120


@pytest.mark.parametrize(("bell", "desktop"), [(True, True), (True, False), (False, True), (False, False)])
async def test_bell_and_notification_can_each_be_turned_off(bell: bool, desktop: bool) -> None:
    board = board_of(twelve(), bell=bell)
    engine = ScriptedEngine(board)
    engine.board = replace(board, alerting=replace(board.alerting, desktop=desktop))
    app = OpsdashApp(surroundings(engine))
    sent: list[str] = []
    async with app.run_test(size=(80, 24)):
        app.write_exactly = sent.append  # type: ignore[method-assign]
        app._ring(Ring("critical: HighErrorRatio"))
    assert ("\x07" in sent) is bell
    assert any("777" in each for each in sent) is desktop
