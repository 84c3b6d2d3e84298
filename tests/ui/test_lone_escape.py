"""Esc and a key in one breath are two keys, unless something is bound to them as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.ui.lone_escape import LoneEscapes


def escapes(*bound: str) -> LoneEscapes:
    return LoneEscapes(lambda key: key in bound)


@pytest.mark.parametrize("key", ["v", "V", "1", ":", "?", "q", "\r", "\t", " ", "é"])
def test_esc_and_a_key_at_once_are_two_keys(key: str) -> None:
    assert escapes().hear(f"\x1b{key}") == (True, key)


@pytest.mark.parametrize("key", ["v", ":", "1"])
def test_esc_and_a_key_soon_after_are_two_keys(key: str) -> None:
    heard = escapes()
    assert heard.hear("\x1b") == (False, "")
    assert heard.hear(key) == (True, key)
    assert not heard.decide()


def test_an_esc_that_nothing_followed_was_the_key_once() -> None:
    heard = escapes()
    heard.hear("\x1b")
    assert heard.decide()
    assert not heard.decide()
    assert heard.hear("v") == (False, "v")


@pytest.mark.parametrize(("typed", "key"), [("\x1bv", "alt+v"), ("\x1bV", "alt+V"), ("\x1b\r", "alt+enter")])
def test_a_key_that_something_is_bound_to_stays_one(typed: str, key: str) -> None:
    assert escapes(key).hear(typed) == (False, typed)


@pytest.mark.parametrize("typed", ["\x1b[A", "\x1bOP", "\x1b[1;5D", "\x1b[<0;3;4M", "\x1bP1$r\x1b\\", "\x1b\x1b"])
def test_what_the_terminal_says_itself_is_left_alone(typed: str) -> None:
    assert escapes().hear(typed) == (False, typed)


def test_a_sequence_that_comes_in_two_parts_stays_whole() -> None:
    heard = escapes()
    heard.hear("\x1b")
    assert heard.hear("[A") == (False, "\x1b[A")


def test_what_is_pasted_is_text() -> None:
    heard = escapes()
    for part in ("\x1b[200~one", "\x1bv", "\x1b", "[201~"):
        assert heard.hear(part) == (False, part)
        assert not heard.decide()
    assert heard.hear("\x1bv") == (True, "v")


@given(st.lists(st.text(st.sampled_from("\x1b[Ov1~20\r"), min_size=1)))
def test_no_key_is_lost(parts: list[str]) -> None:
    heard, seen = escapes(), ""
    for part in parts:
        escape, rest = heard.hear(part)
        seen += ("\x1b" if escape else "") + rest
    assert seen + ("\x1b" if heard.decide() else "") == "".join(parts)
