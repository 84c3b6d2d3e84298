"""Text panels: the text as it is written, in lines that fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text import text_width
from opsdash.core.view.draw.text import draw
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.wrap import pad, wrap
from tests.fakes.panel_views import START_S, panel_view

LOOK = Look(now_s=START_S)


def shown(text, width=20, height=4, look=LOOK):
    return [line.rstrip() for line in draw(panel_view(PanelKind.TEXT, text=text), width, height, look).lines()]


def test_markup_is_text():
    assert shown("# [bold]x[/bold] {{y}} %s", width=40)[0] == "# [bold]x[/bold] {{y}} %s"


def test_it_is_wrapped_at_words():
    assert shown("restart the ledger only\nwhen nothing settles") == [
        "restart the ledger", "only", "when nothing settles", "",
    ]  # fmt: skip


def test_a_word_that_is_too_long_is_cut_and_nothing_is_lost():
    assert "".join(wrap("x" * 95, 10)) == "x" * 95


def test_indents_and_empty_lines_stay():
    assert shown("a\n\n  b") == ["a", "", "  b", ""]


def test_a_long_text_says_where_one_is_and_scrolls_to_its_end():
    text = "\n".join(f"line {n}" for n in range(20))
    assert shown(text)[-1] == "lines 1–3 of 20"
    assert shown(text, look=replace(LOOK, scroll=99))[-2:] == ["line 19", "lines 18–20 of 20"]


def test_no_text_is_an_empty_panel():
    assert shown("") == [""] * 4


@given(st.text(), st.integers(1, 40))
def test_no_line_is_wider_than_it_may_be(text, width):
    assert all(text_width(line) <= max(width, 2) for line in wrap(text, width))


@given(st.text(alphabet="ab c\n", max_size=200), st.integers(1, 30))
def test_no_word_is_lost(text, width):
    assert "".join("".join(wrap(text, width)).split()) == "".join(text.split())


@given(st.text(max_size=50), st.integers(1, 40), st.sampled_from(["left", "right"]))
def test_padding_is_exact(text, width, align):
    assert text_width(pad(text, width, align)) == width


@pytest.mark.parametrize("width", [0, -5])
def test_no_width_is_no_lines(width):
    assert wrap("abc", width) == ()
