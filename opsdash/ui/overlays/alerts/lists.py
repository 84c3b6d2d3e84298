"""The screens of silences, rules and SLOs: a table each, with what its keys do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.picture import AlertsPicture, RuleLine, SilenceLine
from opsdash.core.text import clean, fit
from opsdash.core.view.alerts.rule_table import draw_rules, rank_of, rule_words
from opsdash.core.view.alerts.signs import is_in_trouble
from opsdash.core.view.alerts.silence_table import draw_silences, matchers_word
from opsdash.core.view.alerts.slo_table import draw_slos, level_of, slo_words
from opsdash.core.view.alerts.words import day_clock, one_line
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.roles import Role
from opsdash.core.view.units import format_value
from opsdash.core.view.wrap import wrap
from opsdash.ui.commands.take_away import own_words
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Say, Step
from opsdash.ui.overlays.alerts import silencing
from opsdash.ui.overlays.alerts.body import BEGIN, canvas, draw_head, draw_said, draw_words, moved, picture_of, placed
from opsdash.ui.overlays.overlay import Clicked, Commanded, Heard, Scrolled
from opsdash.ui.overlays.pages import help_pages
from opsdash.ui.scene import TOP_LINES, Scene

_BELOW = 4
"""Rows for the selected line in full."""


def _draw_below(cells: Cells, title: str, text: str) -> None:
    """The selected line in full: a table cuts what has no room."""
    y = cells.height - _BELOW
    cells.fill(0, y, cells.width, 1, "─", ink(Role.FRAME))
    cells.put(1, y + 1, fit(title, cells.width - 2), ink(Role.TITLE, attributes=BOLD))
    draw_said(cells, y + 2, [(line, Role.TEXT) for line in wrap(text, max(cells.width - 2, 12))[:2]])


def _said(line: RuleLine) -> str:
    """What is wrong with a rule, then what it asks."""
    first = line.rule.queries[0] if line.rule.queries else None
    asks = "" if first is None else own_words(first)
    wrong = one_line(line.health.message) if line.health is not None else ""
    return " · ".join(word for word in (wrong, one_line(asks)) if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScreen(ABC):
    """A table with a selected line."""

    at: int = 0

    @property
    def wants_text(self) -> bool:
        """Nothing is typed here."""
        return False

    @property
    def where(self) -> Where:
        """The most specific place."""
        return Where.ALERT_SCREENS

    @property
    def places(self) -> tuple[Where, ...]:
        """Any screen of alerts."""
        return (Where.ALERT_SCREENS,)

    @property
    def tab(self) -> str:
        """Which tab it belongs to."""
        return "alerts"

    @abstractmethod
    def count(self, scene: Scene) -> int:
        """How many lines it has."""

    @abstractmethod
    def draw(self, desk: Desk, scene: Scene, /) -> tuple[int, int, Cells]:
        """The table, or how to begin."""

    def index(self, scene: Scene) -> int:
        """The selected line, as far as there are any."""
        return min(self.at, max(self.count(scene) - 1, 0))

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:
        """Moving and leaving, and what the screen itself does."""
        match heard:
            case Commanded("screen.leave"):
                return Step(replace(desk, overlay=None))
            case Commanded("screen.help"):
                return Step(replace(desk, overlay=help_pages(desk, scene)))
            case Commanded(command_id):
                there = moved(command_id, self.index(scene), self.count(scene), scene.body[1] - 2)
                return self.commanded(command_id, desk, scene) if there is None else self._to(there, desk, scene)
            case Scrolled(lines):
                return self._to(self.index(scene) + lines, desk, scene)
            case Clicked(_, y):
                row = y - TOP_LINES - 2
                return self._to(row, desk, scene) if 0 <= row < self.count(scene) <= scene.body[1] - 2 else None
            case _:
                return None

    def _to(self, at: int, desk: Desk, scene: Scene) -> Step:
        at = min(max(at, 0), max(self.count(scene) - 1, 0))
        return Step(replace(desk, overlay=replace(self, at=at)))

    def commanded(self, _command_id: str, _desk: Desk, _scene: Scene) -> Step | None:
        """A key of the screen's own."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences(ListScreen):
    """Active, to come, and expired less than 15 minutes ago."""

    @property
    def where(self) -> Where:
        """The most specific place."""
        return Where.SILENCES

    @property
    def places(self) -> tuple[Where, ...]:
        """Silences, then any screen of alerts."""
        return Where.SILENCES, Where.ALERT_SCREENS

    def count(self, scene: Scene) -> int:
        """Silences."""
        return len(picture_of(scene).silences)

    def draw(self, desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The table, or how to begin."""
        picture, cells = picture_of(scene), canvas(scene)
        silences = picture.silences
        facts = [
            f"{sum(line.state == state for line in silences):,} {state}" for state in ("active", "pending", "expired")
        ]
        y = draw_head(cells, "Silences", facts if silences else (), picture)
        if silences:
            height, zone = cells.height - y - _BELOW, scene.zone_of(desk)
            at, plain = self.index(scene), scene.ascii_only
            cells.blit(0, y, draw_silences(silences, cells.width, height, scene.now_s, zone, at, ascii_only=plain))
            chosen = silences[at].silence
            why = one_line(chosen.comment) or "no comment"
            at_word = day_clock(chosen.created_at_s, scene.now_s, zone)
            _draw_below(cells, matchers_word(silences[at]), f"{clean(chosen.by)} at {at_word}: {why}")
        else:
            draw_words(cells, y, "Nothing is silenced. s makes a silence; in triage, s begins with the selected alert.")
        return placed(cells)

    def commanded(self, command_id: str, desk: Desk, scene: Scene) -> Step | None:
        """Makes one, lets the selected one last longer, ends it."""
        if command_id == "silence.new":
            return silencing.silence(None, self, desk, scene)
        silences: Sequence[SilenceLine] = picture_of(scene).silences
        if not silences:
            return Step(desk, (Say("nothing is silenced; s makes a silence"),))
        line = silences[self.index(scene)]
        return silencing.extend(line, self, desk) if command_id == "silence.extend" else silencing.expire(line, desk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(ListScreen):
    """What is evaluated; what does badly comes first."""

    def count(self, scene: Scene) -> int:
        """Rules."""
        return len(picture_of(scene).rules)

    def draw(self, _desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The table, or how to begin."""
        picture, cells = picture_of(scene), canvas(scene)
        rules = sorted(picture.rules, key=rank_of)
        y = draw_head(cells, "Rules", _rule_facts(rules), picture)
        if rules:
            at = self.index(scene)
            height = cells.height - y - _BELOW
            table = draw_rules(rules, cells.width, height, scene.now_s, at, ascii_only=scene.ascii_only)
            cells.blit(0, y, table)
            chosen = rules[at]
            _draw_below(cells, rule_words(chosen, scene.now_s), _said(chosen))
        else:
            draw_words(cells, y, BEGIN)
        return placed(cells)


def _rule_facts(rules: Sequence[RuleLine]) -> list[str]:
    bad = sum(is_in_trouble(line) for line in rules)
    took = max((line.health.took_s for line in rules if line.health is not None), default=0.0)
    return (
        [
            f"{len(rules):,} rule{'s' if len(rules) != 1 else ''}",
            f"{bad:,} in trouble" if bad else "",
            f"slowest {format_value(took, 's')}",
        ]
        if rules
        else []
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slos(ListScreen):
    """Error budgets and how fast they burn."""

    @property
    def tab(self) -> str:
        """Which tab it belongs to."""
        return "slos"

    def count(self, scene: Scene) -> int:
        """SLOs."""
        return len(picture_of(scene).slos)

    def draw(self, _desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The table, or how to begin."""
        picture, cells = picture_of(scene), canvas(scene)
        y = draw_head(cells, "SLOs", _slo_facts(picture), picture)
        if picture.slos:
            at, height = self.index(scene), cells.height - y - _BELOW
            table = draw_slos(picture.slos, cells.width, height, scene.now_s, at, ascii_only=scene.ascii_only)
            cells.blit(0, y, table)
            slo = picture.slos[at]
            about = next(
                (one_line(spec.description) for spec in scene.board.alerting.slos if spec.name == slo.name), ""
            )
            title = " · ".join(word for word in (clean(slo.name), about) if word)
            _draw_below(cells, title, one_line(slo.message) or slo_words(slo))
        else:
            draw_words(
                cells, y,
                "No SLOs yet. Write them under slos: in the configuration: a query of good events, one of all, "
                "an objective and a window; their burn-rate alerts are made for you.",
            )  # fmt: skip
        return placed(cells)


def _slo_facts(picture: AlertsPicture) -> list[str]:
    slos: Sequence[SloStatus] = picture.slos
    levels = [level_of(slo)[1] for slo in slos]
    gone, low = levels.count(Role.CRITICAL), levels.count(Role.WARNING)
    return (
        [
            f"{len(slos):,} SLO{'s' if len(slos) != 1 else ''}",
            f"{gone} overspent" if gone else "",
            f"{low} low" if low else "",
        ]
        if slos
        else []
    )
