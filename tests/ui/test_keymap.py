"""The keymap is one grammar: no key twice in a place, every problem said, the page in docs/ up to date."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.core.view.keymap import (
    COMMAND_IDS,
    COMMANDS,
    Where,
    as_markdown,
    keymap_with,
    parse_key,
    remap_problems,
)

DOCS = Path(__file__).parents[2] / "docs" / "keys.md"


def test_no_key_means_two_things_in_one_place() -> None:
    counted = Counter((command.where, key) for command in COMMANDS for key in command.keys)
    assert [pair for pair, count in counted.items() if count > 1] == []


def test_every_key_is_written_by_its_one_name() -> None:
    assert [key for command in COMMANDS for key in command.keys if parse_key(key) != key] == []


def test_command_ids_are_unique() -> None:
    assert len(set(COMMAND_IDS)) == len(COMMAND_IDS)


def test_nothing_typed_is_taken_from_a_prompt() -> None:
    taken = [key for command in COMMANDS if command.where is Where.PROMPT for key in command.keys if len(key) == 1]
    assert taken == []


def test_the_page_of_keys_is_up_to_date() -> None:
    assert DOCS.read_text() == as_markdown()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ctrl-k", "ctrl+k"), ("C-k", "ctrl+k"), ("PageUp", "pgup"), ("escape", "esc"), ("+", "+"),
        ("ctrl++", "ctrl++"), ("-", "-"),
        ("shift+a", "A"), ("S-tab", "shift+tab"), ("alt+shift+x", "alt+X"), (" ", "space"), ("F5", "f5"),
        ("f13", None), ("hyper+x", None), ("", None), ("??", None), ("\x1b", None), ("ctrl+", None),
    ],
)  # fmt: skip
def test_keys_have_one_name_however_they_are_written(text: str, key: str | None) -> None:
    assert parse_key(text) == key


@given(st.text(max_size=12))
@example("+ ")
@example("ctrl+ ")
@example("alt+\x00")
@example("shift+ß")
def test_any_text_is_a_key_or_is_not(text: str) -> None:
    found = parse_key(text)
    assert found is None or parse_key(found) == found


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"cursr": "x"}, '"cursr" is not a command; did you mean cursor?'),
        ({"cursor": "wheel"}, '"wheel" is not a key'),
        ({"cursor": "x", "compare": "x"}, "x is given to cursor too"),
        ({"cursor": "q"}, "takes the only key of quit"),
    ],
)
def test_a_key_that_cannot_be_used_is_said(keys: dict[str, str], said: str) -> None:
    assert any(said in problem for _, problem in remap_problems(keys)), remap_problems(keys)


def test_good_keys_have_no_problems() -> None:
    assert remap_problems({"cursor": "ctrl+v", "quit": "x", "list.down": "x"}) == ()


def test_a_key_that_is_given_away_does_nothing_else_in_that_place() -> None:
    keymap = keymap_with({"cursor": "c"})
    found = keymap.lookup("c", (Where.DASHBOARD,))
    assert found is not None
    assert found.id == "cursor"
    assert keymap.key_of("compare") == ""


def test_a_remap_that_is_no_key_leaves_the_default() -> None:
    assert keymap_with({"cursor": "no such key"}).key_of("cursor") == "v"
