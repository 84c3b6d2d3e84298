"""Theme files: every role has a colour, and what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config.themes import ROLES, load_theme, load_themes, theme_names
from opsdash.core.view.roles import Role

ROOT = Path(__file__).parents[2]
SOUND = "name: night\ntitle: Night\ndark: true\ncolours:\n" + "".join(f'  {role}: "#0A0b0c"\n' for role in ROLES)


def problems(folder: Path, text: str) -> list[str]:
    (folder / "night.yaml").write_text(text, encoding="utf-8")
    loaded = load_theme("night", folder)
    assert (loaded.theme is None) == bool(loaded.problems)
    return [str(problem).removeprefix(f"{folder}/night.yaml:") for problem in loaded.problems]


def test_a_sound_theme_has_a_colour_for_every_role(tmp_path: Path) -> None:
    assert problems(tmp_path, SOUND) == []
    theme = load_theme("night", tmp_path).theme
    assert theme is not None
    assert (theme.name, theme.title, theme.dark, theme.monochrome) == ("night", "Night", True, False)
    assert set(theme.colours) == set(Role)
    assert theme.colours[Role.ERROR] == "#0a0b0c"


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("title: Night\n", "", "1:1: title: missing"),
        ("title: Night", "title: 5", "2:8: title: a text is wanted"),
        ("name: night", "name: day", '1:7: name: "day" is not the name of the file'),
        ("dark: true", "dark: on", "3:7: dark: neither true nor false"),
        ("dark: true", "dark: true\nmonochrom: true", "4:1: monochrom: unknown key; did you mean monochrome?"),
        ('  error: "#0A0b0c"\n', "", "5:3: colours: without a colour for error"),
        ('  error: "#0A0b0c"\n', "  error: red\n", '16:10: colours.error: "red" is not a colour such as "#1f3347"'),
        ("  dim:", "  dimm:", "7:3: colours.dimm: there is no role of that name; did you mean dim?"),
    ],
)
def test_a_problem_of_a_theme_has_its_place(tmp_path: Path, before: str, after: str, problem: str) -> None:
    assert problem in problems(tmp_path, SOUND.replace(before, after, 1))


@pytest.mark.parametrize("content", ["", "[]", "a: [", "name: night\nname: night", "colours: 5"])
def test_a_broken_theme_file_is_a_problem(tmp_path: Path, content: str) -> None:
    assert problems(tmp_path, content)


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    (tmp_path / "night.yaml").write_text(SOUND)
    assert load_theme("../night", tmp_path / "themes").theme is None


def test_the_first_folder_that_has_a_theme_gives_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, title in ((first, "Mine"), (second, "Shipped")):
        folder.mkdir()
        (folder / "night.yaml").write_text(SOUND.replace("Night", title))
    assert [theme.title for theme in load_themes([first, second])] == ["Mine"]
    assert theme_names(tmp_path / "none") == ()


@pytest.mark.parametrize("name", theme_names(ROOT / "themes"))
def test_every_shipped_theme_is_sound(name: str) -> None:
    assert load_theme(name, ROOT / "themes").problems == ()
