"""Checks what stands at the top: version, zone, theme, keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.themes import theme_names
from opsdash.config.union import Union
from opsdash.core.suggest import did_you_mean


def check_top(union: Union, report: Report, theme_folders: Sequence[Path]) -> None:
    """Reports what is wrong there."""
    top = union.files[0].root.place
    if "version" not in union.top and all(file.root.whole for file in union.files):
        report.warning(top / "version", "missing; this format is version: 1")
    if "timezone" in union.top:
        _timezone(str(union.top["timezone"][0]), union.top["timezone"][1], report)
    if "theme" in union.top and theme_folders:
        _theme(str(union.top["theme"][0]), union.top["theme"][1], theme_folders, report)
    if "keys" in union.top:
        _keys(union.top["keys"][0], union.top["keys"][1], report)
    refresh, range_s = union.top.get("refresh"), union.top.get("range")
    refresh_s = refresh[0] if refresh is not None else 5.0
    range_given = range_s[0] if range_s is not None else 3600.0
    if isinstance(refresh_s, float) and isinstance(range_given, float) and refresh_s > range_given:
        report.warning((refresh or range_s or (0, top))[1], "refresh is longer than range: every refresh skips time")


def _timezone(name: str, place: Place, report: Report) -> None:
    if name in ("local", "UTC"):
        return
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 - 5 ms, for who names a zone

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = did_you_mean(name, ("local", "UTC", *sorted(available_timezones())))
        report.error(place, f'"{shown(name, 60)}" is not a time zone{hint or "; try local, UTC or Europe/Berlin"}')


def _theme(name: str, place: Place, folders: Sequence[Path], report: Report) -> None:
    known = sorted({theme for folder in folders for theme in theme_names(folder)})
    if name not in known:
        listed = f"; known are {', '.join(known)}" if known else ""
        report.error(place, f'"{shown(name, 60)}" is not a theme{did_you_mean(name, known) or listed}')


def _keys(keys: object, place: Place, report: Report) -> None:
    from opsdash.core.view.keymap import remap_problems  # noqa: PLC0415 - 10 ms, for who changes keys

    assert isinstance(keys, dict)
    for command, message in remap_problems(keys):
        report.error(place / command, shown(message, 200))
