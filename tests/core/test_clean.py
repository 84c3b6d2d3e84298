"""Hostile text made harmless, measured in cells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text import char_width, clean, fit, text_width

UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"}


@given(st.text(st.characters(exclude_categories=())))
def test_no_character_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = clean(text)
    assert not any(unicodedata.category(char) in UNSAFE for char in shown)
    assert clean(shown) == shown
    assert text_width(text) == sum(char_width(char) for char in shown)


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 30))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    shown = fit(text, width)
    assert text_width(shown) <= width
    assert shown == clean(text) or shown.endswith("…") or width == 0


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\r\nb\tc\x00", "a␍␊b␉c␀"),
        ("\x9b31m", "�31m"),
        ("\x7f", "␡"),
        ("ad\u200bmin\ufeff", "admin"),
        ("user\u202egnp", "user�gnp"),
        ("e\u0301", "é"),
        ("Z\u0351\u0348al", "Zal"),
        ("👍🏽", "👍"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u1161", "�"),
        ("a\u3164b", "a�b"),
        ("a\u00a0b", "a b"),
        ("[bold]{{x}} %s", "[bold]{{x}} %s"),
    ],
)
def test_signs_of_control_are_seen_and_text_stays_text(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_wide_characters_take_two_cells() -> None:
    assert text_width("日本語") == 6
    assert fit("日本語", 4) == "日…"


def test_ten_megabytes_cost_no_more_than_a_line() -> None:
    assert len(clean("\x1b" * 10_000_000)) == 4096
