"""Inks to terminal colours: what a theme's roles become on a terminal of a given depth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from opsdash.core.view.cells import BOLD, DIM_ATTR, REVERSE, UNDERLINE
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from opsdash.ui.terminal import Depth

_ATTRIBUTES = ((BOLD, "1"), (DIM_ATTR, "2"), (UNDERLINE, "4"), (REVERSE, "7"))
_ATTRIBUTE_BITS = BOLD | DIM_ATTR | UNDERLINE | REVERSE

_BASIC = {
    Role.DIM: 8, Role.FRAME: 8, Role.TITLE: 15, Role.OK: 2, Role.WARNING: 11, Role.CRITICAL: 9,
    Role.LATE: 3, Role.STALE: 8, Role.NO_DATA: 12, Role.ERROR: 13, Role.ACCENT: 14, Role.SELECTION: 4,
    Role.ENVIRONMENT: 4, Role.CURSOR: 15, Role.COMPARE: 8, Role.ACKNOWLEDGED: 2,
}  # fmt: skip
"""The sixteen colours by meaning: the nearest colour would make red of orange and grey of green."""
_BASIC_SERIES = (14, 11, 10, 13, 12, 9, 6, 3, 2, 5, 4, 1)
_BASIC_HEAT = (4, 12, 6, 14, 2, 10, 3, 11)
_ON_WHITE = {15: 0, 14: 6, 11: 3, 10: 2}
"""What stands in for the colours that cannot be read on a white ground."""

_ON_SELECTION = {2: 10, 3: 11, 10: 10, 11: 11, 12: 14, 14: 14}
"""What can be read on the blue of a selected line; everything else is white there: red and grey would vanish."""

_HEAVY = frozenset({Role.TITLE, Role.WARNING, Role.CRITICAL, Role.ERROR, Role.ACCENT, Role.ENVIRONMENT, Role.CURSOR})
_LIGHT = frozenset({Role.DIM, Role.FRAME, Role.STALE, Role.COMPARE})
_PLAIN_GROUNDS = frozenset({Role.GROUND, Role.HEADER, *(role for role in Role if role >= Role.HEAT_1)})
"""Those of a heatmap too: its signs get denser, and in reverse the densest would be the darkest."""


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


_LEVELS = (0, 95, 135, 175, 215, 255)


@cache
def nearest_256(colour: str) -> int:
    """The colour of the 6×6×6 cube or the grey ramp that looks nearest."""
    red, green, blue = rgb(colour)
    cube = [min(range(6), key=lambda n, c=channel: abs(_LEVELS[n] - c)) for channel in (red, green, blue)]  # type: ignore[misc]
    grey = min(max(round((red + green + blue) / 3 - 8) // 10, 0), 23)
    candidates = (
        (16 + 36 * cube[0] + 6 * cube[1] + cube[2], tuple(_LEVELS[n] for n in cube)),
        (232 + grey, (8 + 10 * grey,) * 3),
    )
    return min(candidates, key=lambda pair: sum((a - b) ** 2 for a, b in zip(pair[1], rgb(colour), strict=True)))[0]


class Inks:
    """SGR parameters for every ink of one theme at one depth."""

    def __init__(self, theme: Theme, depth: Depth) -> None:
        self.theme = theme
        self.depth = depth
        self._sgr: dict[int, str] = {}
        self._steps: dict[tuple[int, int], str] = {}

    def sgr(self, ink: int) -> str:
        """The sequence that sets this ink from nothing."""
        known = self._sgr.get(ink)
        if known is None:
            codes = ["0", *self._attributes(ink), *self._foreground(ink), *self._background(ink)]
            known = self._sgr[ink] = f"\x1b[{';'.join(codes)}m"
        return known

    def step(self, before: int, ink: int) -> str:
        """The shortest sequence from one ink to another."""
        known = self._steps.get((before, ink))
        if known is None:
            known = self._steps[before, ink] = self._difference(before, ink)
        return known

    def _difference(self, before: int, ink: int) -> str:
        if self._wanted(before) != self._wanted(ink):
            return self.sgr(ink)
        fg, bg = self._foreground(ink), self._background(ink)
        codes = [*(fg if fg != self._foreground(before) else ()), *(bg if bg != self._background(before) else ())]
        return f"\x1b[{';'.join(codes)}m" if codes else ""

    def rich_names(self, ink: int) -> tuple[str | None, str | None, int]:
        """(foreground, background, attributes) in Rich's names; None leaves the terminal's own colour."""
        return _rich_name(self._foreground(ink)), _rich_name(self._background(ink)), self._wanted(ink)

    def _wanted(self, ink: int) -> int:
        """The attributes, with what stands in for colours where there are none."""
        wanted = ink & _ATTRIBUTE_BITS
        if self.depth is Depth.NONE or (self.depth is Depth.ANSI16 and self.theme.monochrome):
            wanted |= self._colourless(ink)
        return wanted

    def _attributes(self, ink: int) -> Sequence[str]:
        wanted = self._wanted(ink)
        return [code for bit, code in _ATTRIBUTES if wanted & bit]

    @staticmethod
    def _colourless(ink: int) -> int:
        """What stands in for a colour where there is none: weight for the foreground, reverse for the background."""
        role, ground = Role(ink & 63), Role(ink >> 6 & 63)
        weight = BOLD if role in _HEAVY else DIM_ATTR if role in _LIGHT else 0
        filled = ground not in _PLAIN_GROUNDS and not ink & REVERSE
        return (weight if not filled else 0) | (REVERSE if filled else 0)

    def _foreground(self, ink: int) -> Sequence[str]:
        """The ground as a foreground is the text's colour on the ground, and the ground's own on a badge."""
        role, ground = Role(ink & 63), Role(ink >> 6 & 63)
        if ground is Role.SELECTION and self.depth is Depth.ANSI16 and not self.theme.monochrome:
            return (_basic_code(_ON_SELECTION.get(_BASIC.get(role, 15), 15), 30),)
        return self._codes(Role.TEXT if role is Role.GROUND and ground is Role.GROUND else role, 30)

    def _background(self, ink: int) -> Sequence[str]:
        return self._codes(Role(ink >> 6 & 63), 40)

    def _codes(self, role: Role, base: int) -> Sequence[str]:
        """Parameters for one role as foreground (30) or background (40)."""
        if self.depth is Depth.NONE:
            return ()
        if self.depth is Depth.ANSI16:
            return (self._basic(role, base),)
        colour = self.theme.colours[role]
        if self.depth is Depth.ANSI256:
            return (str(base + 8), "5", str(nearest_256(colour)))
        return (str(base + 8), "2", *(str(channel) for channel in rgb(colour)))

    def _basic(self, role: Role, base: int) -> str:
        """One of the sixteen; the ground and plain text are the terminal's own."""
        own = str(base + 9)
        if self.theme.monochrome or role in (Role.TEXT, Role.HEADER):
            return own
        if role is Role.GROUND:
            return str(base) if base == 30 else own
        if Role.SERIES_1 <= role <= Role.SERIES_12:
            number = _BASIC_SERIES[role - Role.SERIES_1]
        elif Role.HEAT_1 <= role <= Role.HEAT_8:
            number = _BASIC_HEAT[role - Role.HEAT_1]
        else:
            number = _BASIC[role]
        if not self.theme.dark:
            number = _ON_WHITE.get(number, number)
        return _basic_code(number, base)


def _basic_code(number: int, base: int) -> str:
    """One of the sixteen as foreground (30) or background (40)."""
    return str(base + number if number < 8 else base + 52 + number)


def _rich_name(codes: Sequence[str]) -> str | None:
    """SGR colour parameters as Rich names them."""
    match codes:
        case (_, "2", red, green, blue):
            return f"rgb({red},{green},{blue})"
        case (_, "5", number):
            return f"color({number})"
        case (code,) if int(code) % 10 != 9 or int(code) >= 90:
            basic = int(code)
            return f"color({basic % 10 + (8 if basic >= 90 else 0)})"
        case _:
            return None
