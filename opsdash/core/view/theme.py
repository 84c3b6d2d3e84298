"""A theme: one colour a role. Files in `themes/` are read by `opsdash.config.themes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.view.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours as `#rrggbb`; every role has one."""

    name: str
    title: str
    dark: bool
    colours: Mapping[Role, str]
    monochrome: bool = False
    """Whether it uses no hue: levels then differ by shape, weight and reverse alone."""
