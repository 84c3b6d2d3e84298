"""Whole windows as text, compared with what was looked at and found good.

`OPSDASH_UPDATE_PICTURES=1 pytest tests/ui/test_pictures.py` writes them anew; look at the difference before it is kept.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.core.alerting.picture import AlertsPicture, LeaderView, StoreView
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.cells import ink
from opsdash.core.view.export.svg import to_svg
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from opsdash.ui.effects import LookUp
from opsdash.ui.inks import Inks
from opsdash.ui.terminal import Depth
from tests.fakes.alerts import flash_sale, many
from tests.fakes.engine import NOW_S, ScriptedEngine, board_of, every_kind, twelve
from tests.fakes.ownership import ScriptedOwnership, entries_of
from tests.fakes.screen import Bench, all_themes, bench

FOLDER = Path(__file__).parent / "pictures"
SIZES = [(200, 50), (120, 34), (80, 24), (40, 12)]
pytestmark = pytest.mark.snapshot


def matches(name: str, text: str, kind: str = "txt") -> None:
    file = FOLDER / f"{name}.{kind}"
    if os.environ.get("OPSDASH_UPDATE_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text + "\n")
    assert file.read_text() == text + "\n"


def kinds(size: tuple[int, int], **more: object) -> Bench:
    return bench(ScriptedEngine(board_of(every_kind(), twelve(), **more)), size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_twelve_panels(size: tuple[int, int]) -> None:
    made = bench(ScriptedEngine(board_of(twelve(), every_kind())), size)
    matches(f"twelve-{size[0]}x{size[1]}", made.text())


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_kind_and_state(size: tuple[int, int]) -> None:
    made = kinds(size)
    pages = [made.text(), made.press("pgdn").text()]
    matches(f"kinds-{size[0]}x{size[1]}", "\n\n".join(pages))


@pytest.mark.parametrize("size", [(120, 34), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_in_ascii(size: tuple[int, int]) -> None:
    text = kinds(size, ascii_only=True).text()
    assert text.isascii()
    matches(f"ascii-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("help", "?"), ("sources", "H"), ("palette", ":"), ("time", "t"), ("compare", "c"), ("theme", "T"),
        ("write", "w"),
        ("variables", "$ enter"), ("find", "/ c p u"), ("maximised", "enter"), ("cursor", "enter v left left"),
        ("utc", "u"), ("paused", "space"), ("compared", "c 2"), ("fixed", "["),
        ("logs", ": E r r o r s enter enter down enter"),
    ],
)  # fmt: skip
def test_screens(name: str, keys: str) -> None:
    matches(f"screen-{name}", kinds((100, 30)).press(*keys.split()).text())


def test_a_source_that_is_lost_and_a_broken_configuration() -> None:
    made = kinds((120, 34))
    first, second = made.session.snapshot.sources
    made.engine.overrides["sources"] = (
        replace(
            first, state=Freshness.ERROR, age_s=75.0, errors=12, message="prom did not answer in 4 s; next try in 10 s"
        ),
        replace(second, state=Freshness.LATE, age_s=14.0),
    )
    made.engine.overrides["config_problem"] = (
        'opsdash.yaml:41:13: dashboards[0].panels[3].kind: "timeserie" is not a panel kind'
    )
    made.arrive()
    matches("trouble-120x34", made.text())
    matches("trouble-sources", made.press("H").text())


def sale(size: tuple[int, int], **more: object) -> Bench:
    """A flash sale on the screen of somebody who has one of its alerts."""
    engine = ScriptedEngine(board_of(twelve(), every_kind(), **more))
    picture = flash_sale()
    engine.overrides["alerts"] = picture
    return bench(engine, size, ownership=ScriptedOwnership(picture))


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("triage", "!"), ("acknowledge", "! a"), ("acknowledge-all", "! A"), ("silence", "! s"), ("everything", "Z s"),
        ("silences", "Z"), ("rules", "R"), ("slos", "S"), ("history", "! h"), ("marks", ""),
    ],
)  # fmt: skip
def test_screens_of_alerts(name: str, keys: str, size: tuple[int, int]) -> None:
    made = sale(size).press(*keys.split())
    if name == "history":
        first = flash_sale().lines[0].alert.fingerprint
        made.session.told_history(LookUp(first), tuple(reversed(entries_of(first, NOW_S, 7))), "")
    matches(f"alerts-{name}-{size[0]}x{size[1]}", made.text())


WIDE = "한국어로 쓴 아주 긴 이름의 경보입니다 "


def others() -> dict[str, AlertsPicture]:
    """What is seldom seen: a store that is away and nobody who evaluates, three thousand, names that do not fit."""
    picture = flash_sale()
    first, *rest = picture.lines
    long = replace(first.alert, name=WIDE * 3, annotations=(("summary", WIDE * 9), ("runbook", "x" * 300)))
    theirs = replace(first.alert, rule="", origin="am", hubs=("am", "am2"), value=math.nan, threshold=None)
    lines = (
        replace(first, alert=long, where=WIDE * 2, runbook=WIDE),
        replace(first, alert=theirs, rule=None),
        *rest,
    )
    away = StoreView(
        url="postgresql://db/opsdash", state=Freshness.ERROR, unwritten=3, message="postgresql://db does not answer"
    )
    nobody = LeaderView(holder="", is_us=False, silent_s=95.0)
    return {
        "away": replace(picture, store=away, leader=nobody), "many": many(3000), "wide": replace(picture, lines=lines),
        "none": replace(picture, lines=(), silences=()),
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["away", "many", "wide", "none"])
def test_triage_of_what_is_seldom_seen(name: str, size: tuple[int, int]) -> None:
    made = sale(size)
    made.engine.overrides["alerts"] = others()[name]
    made.arrive()
    matches(f"alerts-{name}-{size[0]}x{size[1]}", made.press("!").text())


@pytest.mark.parametrize("name", ["", "S", "! s"])
def test_screens_of_alerts_in_ascii(name: str) -> None:
    made = sale((120, 34), ascii_only=True).press("!", *name.split()[1:] if "!" in name else name.split())
    text = made.text()
    assert text.isascii()
    matches(f"alerts-ascii-{name.replace(' ', '').replace('!', '') or 'triage'}", text)


@pytest.mark.parametrize("theme", all_themes(), ids=lambda theme: theme.name)
def test_triage_in_every_theme(theme: Theme) -> None:
    cells = sale((100, 30)).press("!").cells()
    matches(f"alerts-{theme.name}", to_svg(cells, theme, title="triage"), "svg")


@pytest.mark.parametrize("name", ["default", "light", "monochrome", "colour-blind"])
def test_every_kind_as_svg_with_its_colours(name: str) -> None:
    theme = next(theme for theme in all_themes() if theme.name == name)
    made = kinds((100, 30))
    matches(f"kinds-{name}", to_svg(made.cells(), theme, title="every kind"), "svg")


@pytest.mark.parametrize("theme", all_themes(), ids=lambda theme: theme.name)
def test_each_theme_gives_each_role_its_colours(theme: object) -> None:
    lines = []
    for depth in (Depth.TRUE, Depth.ANSI256, Depth.ANSI16):
        inks = Inks(theme, depth)  # type: ignore[arg-type]
        for role in Role:
            on = inks.sgr(ink(Role.GROUND, role))
            lines.append(f"{depth.name:8} {role.name:14} {inks.sgr(ink(role))[2:]:32} {on[2:]}")
    matches(f"theme-{theme.name}", "\n".join(lines))  # type: ignore[attr-defined]


def test_without_colours_nothing_but_weight_and_reverse_is_written() -> None:
    inks = Inks(all_themes()[0], Depth.NONE)
    codes = {code for role in Role for on in Role for code in inks.sgr(ink(role, on))[2:-1].split(";")}
    assert codes <= {"0", "1", "2", "7"}
