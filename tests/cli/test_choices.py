"""What the command line and the environment decide before anything is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.cli.refusal import locale_is_utf8, refusal
from opsdash.cli.resources import find_config, log_file, shipped, theme_folders
from opsdash.cli.wiring import Overrides, overridden
from opsdash.core.errors import ConfigInvalid
from opsdash.core.variables import ALL, FixedValues, VariableSpec
from opsdash.core.view.board import Board


@pytest.mark.parametrize(
    ("env", "coerced", "utf8"),
    [
        ({"LANG": "en_US.UTF-8"}, False, True),
        ({"LANG": "C.utf8"}, False, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False, False),
        ({"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, False, True),
        ({"LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True, False),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, False, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False, False),
        ({}, False, False),
    ],
)
def test_the_first_locale_that_is_set_decides(env: dict[str, str], coerced: bool, utf8: bool) -> None:
    assert locale_is_utf8(env, python_coerced=coerced) == utf8


def test_a_terminal_is_enough_and_nothing_less() -> None:
    env = {"TERM": "xterm"}
    assert refusal(env, input_is_terminal=True, output_is_terminal=True) is None
    assert refusal(env, input_is_terminal=False, output_is_terminal=True) is not None
    assert refusal(env, input_is_terminal=True, output_is_terminal=False) is not None
    assert refusal({}, input_is_terminal=True, output_is_terminal=True) is not None


def test_the_configuration_is_looked_for_in_the_order_that_is_documented(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    mine = home / ".config" / "opsdash" / "opsdash.yaml"
    mine.parent.mkdir(parents=True)
    here.mkdir()
    env = {"HOME": str(home)}
    with pytest.raises(ConfigInvalid) as nothing:
        find_config(None, env, here)
    for place in (here / "opsdash.yaml", mine, "/etc/opsdash/opsdash.yaml"):
        assert str(place) in nothing.value.message
    mine.write_text("")
    assert find_config(None, env, here) == mine
    (here / "opsdash.yaml").write_text("")
    assert find_config(None, env, here) == here / "opsdash.yaml"
    assert find_config(None, {**env, "OPSDASH_CONFIG": "/a.yaml"}, here) == Path("/a.yaml")
    assert find_config("b.yaml", {**env, "OPSDASH_CONFIG": "/a.yaml"}, here) == Path("b.yaml")


def test_a_relative_xdg_folder_is_ignored() -> None:
    assert log_file({"HOME": "/h", "XDG_STATE_HOME": "state"}) == Path("/h/.local/state/opsdash/opsdash.log")
    assert log_file({"HOME": "/h", "XDG_STATE_HOME": "/s"}) == Path("/s/opsdash/opsdash.log")
    assert theme_folders({"HOME": "/h"})[0] == Path("/h/.config/opsdash/themes")


def test_what_is_shipped_is_there() -> None:
    assert (shipped("themes") / "default.yaml").is_file()
    assert list(shipped("sample_configs").glob("*.yaml"))


def test_the_command_line_overrides_the_configuration() -> None:
    specs = tuple(
        VariableSpec(name=name, values_from=FixedValues(values=("a", "b")), default=("a",)) for name in ("x", "y", "z")
    )
    board = Board(dashboards=(), variables=specs, theme="one", ascii_only=True)
    changed = overridden(board, Overrides(variables=(("x", "b"), ("x", "c"), ("y", "All"), ("gone", "1")), theme="two"))
    assert [spec.default for spec in changed.variables] == [("b", "c"), (ALL,), ("a",)]
    assert (changed.theme, changed.ascii_only) == ("two", True)
    assert overridden(board, Overrides()) == board
