"""Reads `themes/*.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.documents import read_document
from opsdash.config.nodes import Node
from opsdash.config.problems import Problem, shown
from opsdash.config.report import Place, Report
from opsdash.core.suggest import did_you_mean
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme

ROLES = {role.name.lower(): role for role in Role}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEYS = ("name", "title", "dark", "monochrome", "colours")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTheme:
    """What came of a theme file."""

    theme: Theme | None
    """None where a problem is an error."""
    problems: tuple[Problem, ...] = ()


def theme_names(folder: Path) -> tuple[str, ...]:
    """The themes of a folder, sorted; none where there is no such folder."""
    try:
        names = [entry.stem for entry in folder.iterdir() if entry.suffix == ".yaml"]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if _NAME.fullmatch(name)))


def load_themes(folders: Sequence[Path]) -> tuple[Theme, ...]:
    """Every theme that can be used; of two with one name that of the first folder. Broken ones are left out."""
    found: dict[str, Theme] = {}
    for folder in folders:
        for name in theme_names(folder):
            loaded = load_theme(name, folder)
            if loaded.theme is not None:
                found.setdefault(name, loaded.theme)
    return tuple(found.values())


def load_theme(name: str, folder: Path) -> LoadedTheme:
    """One theme. Every role has to have a colour, and every colour is `#rrggbb`."""
    if not _NAME.fullmatch(name):
        problem = Problem(file=shown(name, 60), line=1, column=1, key="theme", message="not the name of a theme")
        return LoadedTheme(theme=None, problems=(problem,))
    read = read_document(folder / f"{name}.yaml")
    if isinstance(read, Problem):
        return LoadedTheme(theme=None, problems=(read,))
    report, top = Report(), Place(read)
    assert isinstance(read.root.value, dict)
    values = read.root.value
    for key in values:
        if key not in _KEYS:
            report.error(top / key, f"unknown key{did_you_mean(key, _KEYS)}", key=True)
    given = _text(values, "name", top, report)
    if given and given != name:
        report.error(top / "name", f'"{shown(given, 60)}" is not the name of the file')
    title = _text(values, "title", top, report)
    dark, monochrome = _flag(values, "dark", top, report), _flag(values, "monochrome", top, report, missing=False)
    colours = _colours(values.get("colours"), top / "colours", report)
    if report.has_errors:
        return LoadedTheme(theme=None, problems=tuple(report.problems))
    theme = Theme(name=name, title=title, dark=dark, colours=colours, monochrome=monochrome)
    return LoadedTheme(theme=theme, problems=tuple(report.problems))


def _text(values: dict[str, Node], key: str, top: Place, report: Report) -> str:
    value = values[key].value if key in values else None
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    report.error(top / key, "missing" if key not in values else "a text is wanted")
    return ""


def _flag(values: dict[str, Node], key: str, top: Place, report: Report, *, missing: bool | None = None) -> bool:
    if key not in values and missing is not None:
        return missing
    value = values[key].value if key in values else None
    if not isinstance(value, bool):
        report.error(top / key, "missing: true or false" if key not in values else "neither true nor false")
    return value is True


def _colours(node: Node | None, place: Place, report: Report) -> dict[Role, str]:
    if node is None or not isinstance(node.value, dict):
        report.error(place, "missing: a colour for each role" if node is None else "a mapping of roles to colours")
        return {}
    colours: dict[Role, str] = {}
    for name, child in node.value.items():
        if name not in ROLES:
            report.error(place / name, f"there is no role of that name{did_you_mean(name, ROLES)}", key=True)
        elif not isinstance(child.value, str) or not _COLOUR.fullmatch(child.value):
            report.error(place / name, f'"{shown(child.value, 40)}" is not a colour such as "#1f3347"')
        else:
            colours[ROLES[name]] = child.value.lower()
    missing = [name for name, role in ROLES.items() if role not in colours and name not in node.value]
    if missing:
        report.error(place, f"without a colour for {', '.join(missing)}")
    return colours
