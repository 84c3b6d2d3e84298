"""A screen without a terminal: a session with its engine, keys by name, the window as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from opsdash.config.themes import load_theme, theme_names
from opsdash.core.view.cells import Cells
from opsdash.core.view.keymap import Where
from opsdash.core.view.theme import Theme
from opsdash.ui.app import OpsdashApp
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Effect
from opsdash.ui.session import Session
from opsdash.ui.surroundings import Exporter, Surroundings
from opsdash.ui.terminal import Depth, Terminal
from tests.fakes.engine import NOW_S, ScriptedEngine

KST = timezone(timedelta(hours=9), "KST")
THEMES = Path(__file__).parents[2] / "themes"


@dataclass
class StillClock:
    """A clock that a test moves by hand."""

    at_s: float = NOW_S
    passed_s: float = 0.0

    def now_s(self) -> float:
        return self.at_s

    def monotonic_s(self) -> float:
        return self.passed_s

    def advance(self, seconds: float) -> None:
        self.at_s += seconds
        self.passed_s += seconds


@cache
def all_themes() -> tuple[Theme, ...]:
    names = sorted(theme_names(THEMES), key=lambda name: name != "default")
    return tuple(theme for name in names if (theme := load_theme(name, THEMES).theme) is not None)


@dataclass
class Written:
    """Files that were written, by name."""

    files: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None

    def save(self, name: str, content: str) -> str:
        if self.error is not None:
            raise self.error
        self.files[name] = content
        return f"/home/ops/{name}"


def _exporter(name: str) -> Exporter:
    return lambda view, look, theme: f"{name} of {view.spec.title}"


def surroundings(engine: ScriptedEngine, written: Written | None = None, **more: Any) -> Surroundings:
    """Everything a screen is given, with a still clock and four formats."""
    exporters = {
        name: (lambda view, look, theme, name=name: f"{name} of {view.spec.title}")
        for name in ("csv", "json", "svg", "text")
    }
    given: dict[str, Any] = {
        "engine": engine,
        "board": lambda: engine.board,
        "clock": StillClock(engine.now_s),
        "themes": all_themes,
        "zone": KST,
        "terminal": Terminal(depth=Depth.TRUE, utf8=True),
        "exporters": exporters,
        "save": (written or Written()).save,
        **more,
    }
    return Surroundings(**given)


@dataclass
class Bench:
    """A session that is driven by hand."""

    session: Session
    engine: ScriptedEngine
    clock: StillClock
    effects: list[Effect]

    @property
    def desk(self) -> Desk:
        return self.session.desk

    def press(self, *keys: str) -> Bench:
        """Keys by their names in the keymap; the engine's answer is shown before the next one."""
        for key in keys:
            self.session.pressed(key)
            self.arrive()
        return self

    def type(self, text: str) -> Bench:
        return self.press(*("space" if char == " " else char for char in text))

    def arrive(self) -> None:
        self.engine.now_s = self.clock.now_s()
        self.session.arrived(self.engine.snapshot(), 0)

    def cells(self) -> Cells:
        while self.session.paint_some(1e9):
            pass
        return self.session.picture()

    def lines(self) -> list[str]:
        return self.cells().lines()

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines())

    def stack(self) -> tuple[Where, ...]:
        return self.session.scene.stack(self.desk)


def bench(engine: ScriptedEngine | None = None, size: tuple[int, int] = (120, 34), **more: Any) -> Bench:
    """A session on a scripted engine; effects for the engine reach it, all are noted."""
    engine = engine or ScriptedEngine()
    around = surroundings(engine, **more)
    effects: list[Effect] = []

    def perform(effect: Effect) -> None:
        from opsdash.ui.bridge import tell_engine

        effects.append(effect)
        tell_engine(engine, effect)

    session = Session(around, perform)
    made = Bench(session, engine, around.clock, effects)  # type: ignore[arg-type]
    session.resized(*size)
    made.arrive()
    return made


def app_on(engine: ScriptedEngine | None = None, written: Written | None = None, **more: Any) -> OpsdashApp:
    """The real app on a scripted engine, for a Pilot."""
    return OpsdashApp(surroundings(engine or ScriptedEngine(), written, **more))
