"""The small things that the screen is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.ui.fuzzy import ranked, score
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.terminal import Depth, terminal_of
from opsdash.ui.words import age_word, bytes_word, clock_word, duration_word, moment, moment_word, trip_word
from tests.fakes.engine import NOW_S
from tests.fakes.screen import KST


@pytest.mark.parametrize(
    ("environment", "depth", "utf8"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"}, Depth.TRUE, True),
        ({"TERM": "xterm-256color", "LANG": "C.utf8"}, Depth.ANSI256, True),
        ({"TERM": "tmux-256color", "LC_ALL": "C", "LANG": "en_US.UTF-8"}, Depth.ANSI256, False),
        ({"TERM": "xterm"}, Depth.ANSI16, False),
        ({"TERM": "screen", "LC_CTYPE": "ko_KR.UTF-8"}, Depth.ANSI16, True),
        ({"TERM": "linux"}, Depth.ANSI16, False),
        ({"TERM": "vt100"}, Depth.NONE, False),
        ({"TERM": "dumb"}, Depth.NONE, False),
        ({}, Depth.NONE, False),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": "1"}, Depth.NONE, False),
        ({"TERM": "xterm-direct", "NO_COLOR": ""}, Depth.TRUE, False),
    ],
)
def test_a_terminal_is_known_by_its_environment(environment: dict[str, str], depth: Depth, utf8: bool) -> None:
    found = terminal_of(environment)
    assert (found.depth, found.utf8) == (depth, utf8)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (age_word(None), "–"),
        (age_word(-3), "0s"), (age_word(59.9), "59s"), (age_word(61), "1m"), (age_word(90_000), "1d"),
        (trip_word(0.0004), "0.4ms"), (trip_word(0.012), "12ms"), (trip_word(1.24), "1.2s"), (trip_word(120), "120s"),
        (trip_word(None), "–"),
        (duration_word(3600), "1h"), (duration_word(5400), "1h30m"), (duration_word(90), "1m30s"),
        (duration_word(0.5), "0.5s"), (duration_word(90_061), "1d1h"),
        (bytes_word(0), "0 B"), (bytes_word(1234), "1.2 kB"), (bytes_word(5e6), "5.0 MB"), (bytes_word(2e9), "2.0 GB"),
        (clock_word(NOW_S, KST), "23:13:20 KST"),
        (moment_word(NOW_S - 60, KST, NOW_S), "23:12"), (moment_word(NOW_S - 90_000, KST, NOW_S), "09-20 22:13"),
    ],
)  # fmt: skip
def test_words(word: str, text: str) -> None:
    assert word == text


@given(st.floats(allow_nan=False))
def test_any_instant_has_a_date(at_s: float) -> None:
    assert moment(at_s, KST).tzinfo is KST


def test_a_run_at_the_start_of_a_word_is_found_before_scattered_letters() -> None:
    texts = ["choose a theme", "Latency heat", "the hot eager ant"]
    assert ranked("heat", texts, str)[0] == "Latency heat"
    assert ranked("xyz", texts, str) == []
    assert ranked("", texts, str) == texts


@given(st.text(max_size=8), st.text(max_size=30))
def test_a_text_is_found_by_itself(wanted: str, text: str) -> None:
    assert score(text, text) > 0
    assert (score(wanted, text) > 0) or wanted.split() != []


@pytest.mark.parametrize(
    ("keys", "text", "at"),
    [
        ("a b", "a b", 3),
        (["a", "b", "left", "c"], "acb", 2),
        (["a", "b", "backspace"], "a", 1),
        (["a", "b", "home", "delete"], "b", 0),
        (["a", "b", "left", "ctrl+u"], "b", 0),
        (["a", "b", "left", "ctrl+k"], "a", 1),
        ([*"one two", "ctrl+w"], "one ", 4),
        (["backspace", "left", "delete", "ctrl+w"], "", 0),
        (["a", "home", "end", "right"], "a", 1),
    ],
)
def test_a_line_is_edited(keys: list[str], text: str, at: int) -> None:
    line = TextLine()
    for key in keys:
        line = line.typed("space" if key == " " else key) or line
    assert (line.text, line.at) == (text, at)


@given(st.lists(st.sampled_from(["a", "한", "left", "right", "home", "end", "backspace", "delete", "ctrl+w", "space"])))
def test_the_place_in_a_line_is_always_inside_it(keys: list[str]) -> None:
    line = TextLine()
    for key in keys:
        line = line.typed(key) or line
        assert 0 <= line.at <= len(line.text)


def test_keys_that_are_not_text_are_left_to_others() -> None:
    assert TextLine().typed("f5") is None
    assert TextLine().typed("up") is None


def test_pasted_control_characters_become_visible() -> None:
    assert TextLine().with_text("a\x1b[2J\nb").text == "a␛[2J b"
