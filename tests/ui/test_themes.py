"""Every theme can be read: by contrast, by neighbours that differ, and the colour-blind one by those it is for."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from opsdash.config.themes import load_theme, theme_names
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from opsdash.ui.inks import rgb

FOLDER = Path(__file__).parents[2] / "themes"
NAMES = theme_names(FOLDER)
SERIES = [Role(int(Role.SERIES_1) + n) for n in range(12)]
HEAT = [Role(int(Role.HEAT_1) + n) for n in range(8)]
TEXTS = (Role.TEXT, Role.DIM, Role.TITLE, Role.ACCENT)
MARKS = (
    Role.OK, Role.WARNING, Role.CRITICAL, Role.LATE, Role.STALE, Role.NO_DATA, Role.ERROR, Role.CURSOR, Role.COMPARE,
    Role.ACKNOWLEDGED, Role.ENVIRONMENT,
)  # fmt: skip

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
SIMULATIONS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def theme(name: str) -> Theme:
    loaded = load_theme(name, FOLDER)
    assert loaded.theme is not None, loaded.problems
    return loaded.theme


def linear(colour: str) -> np.ndarray:
    channels = np.array(rgb(colour)) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ (0.2126, 0.7152, 0.0722))


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, simulation: str | None = None) -> np.ndarray:
    light = linear(colour)
    if simulation is not None:
        light = np.clip(np.array(SIMULATIONS[simulation]) @ light, 0, 1)
    xyz = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))) @ light
    x, y, z = (value / white for value, white in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    f = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def difference(a: str, b: str, simulation: str | None = None) -> float:
    """CIE76: 2.3 is just noticeable; 10 is seen at a glance."""
    return float(np.linalg.norm(lab(a, simulation) - lab(b, simulation)))


def test_there_are_eight_themes_among_them_a_colour_blind_and_a_monochrome_one() -> None:
    assert len(NAMES) == 8
    assert {"default", "light", "high-contrast", "colour-blind", "monochrome"} <= set(NAMES)
    assert theme("monochrome").monochrome


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ground", [Role.GROUND, Role.HEADER, Role.SELECTION])
def test_text_can_be_read_on_every_ground(name: str, ground: Role) -> None:
    colours = theme(name).colours
    low = {role.name: contrast(colours[role], colours[ground]) for role in TEXTS}
    least = 4.5 if ground is not Role.SELECTION else 3.0
    assert {role: round(value, 2) for role, value in low.items() if value < least} == {}
    assert contrast(colours[Role.TEXT], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_marks_levels_and_series_stand_out_from_the_ground(name: str) -> None:
    colours = theme(name).colours
    low = {role.name: contrast(colours[role], colours[Role.GROUND]) for role in (*MARKS, *SERIES)}
    assert {role: round(value, 2) for role, value in low.items() if value < 3.0} == {}


@pytest.mark.parametrize("name", NAMES)
def test_marks_stand_out_from_the_header(name: str) -> None:
    colours = theme(name).colours
    marks = (Role.OK, Role.WARNING, Role.LATE, Role.STALE, Role.NO_DATA, Role.ERROR, Role.COMPARE)
    low = {role.name: contrast(colours[role], colours[Role.HEADER]) for role in marks}
    assert {role: round(value, 2) for role, value in low.items() if value < 3.0} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_word_on_an_environment_badge_can_be_read(name: str) -> None:
    colours = theme(name).colours
    badges = (Role.CRITICAL, Role.WARNING, Role.OK, Role.ENVIRONMENT)
    low = {role.name: contrast(colours[role], colours[Role.GROUND]) for role in badges}
    assert {role: round(value, 2) for role, value in low.items() if value < 4.5} == {}


@pytest.mark.parametrize("name", NAMES)
def test_series_that_stand_beside_each_other_differ(name: str) -> None:
    chosen = theme(name)
    least = 8 if chosen.monochrome else 20
    found = {(a.name, b.name): difference(chosen.colours[a], chosen.colours[b]) for a, b in pairwise(SERIES)}
    assert {pair: round(value, 1) for pair, value in found.items() if value < least} == {}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "monochrome"])
def test_the_first_six_series_all_differ(name: str) -> None:
    colours = theme(name).colours
    found = {(a.name, b.name): difference(colours[a], colours[b]) for a, b in combinations(SERIES[:6], 2)}
    assert {pair: round(value, 1) for pair, value in found.items() if value < 20} == {}


@pytest.mark.parametrize("name", NAMES)
def test_heat_goes_one_way_and_starts_above_the_ground(name: str) -> None:
    chosen = theme(name)
    light = [lab(chosen.colours[role])[0] for role in HEAT]
    steps = [b - a for a, b in pairwise(light)]
    assert all(difference(chosen.colours[a], chosen.colours[b]) >= 4 for a, b in pairwise(HEAT))
    assert sum(step > -3 for step in steps) >= 6 if chosen.dark else sum(step < 3 for step in steps) >= 6
    assert difference(chosen.colours[Role.HEAT_1], chosen.colours[Role.GROUND]) >= 10


@pytest.mark.parametrize("simulation", sorted(SIMULATIONS))
def test_the_colour_blind_theme_keeps_levels_apart_for_those_it_is_for(simulation: str) -> None:
    colours = theme("colour-blind").colours
    levels = (Role.OK, Role.WARNING, Role.CRITICAL, Role.TEXT)
    found = {(a.name, b.name): difference(colours[a], colours[b], simulation) for a, b in combinations(levels, 2)}
    assert {pair: round(value, 1) for pair, value in found.items() if value < 15} == {}


@pytest.mark.parametrize("simulation", sorted(SIMULATIONS))
def test_the_colour_blind_theme_keeps_neighbouring_series_apart(simulation: str) -> None:
    colours = theme("colour-blind").colours
    found = {(a.name, b.name): difference(colours[a], colours[b], simulation) for a, b in pairwise(SERIES[:8])}
    assert {pair: round(value, 1) for pair, value in found.items() if value < 12} == {}


def test_the_monochrome_theme_has_no_hue() -> None:
    for role, colour in theme("monochrome").colours.items():
        red, green, blue = rgb(colour)
        assert red == green == blue, role
