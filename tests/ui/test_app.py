"""The app as a person meets it: any size, any speed, any text, and it always comes back."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from textual import events

from opsdash.core.errors import SourceUnavailable
from opsdash.core.view.panels import Dashboard, PanelKind
from opsdash.ui.app import OpsdashApp, file_stem
from tests.fakes.engine import ScriptedEngine, board_of, every_kind, panel, twelve, view_of
from tests.fakes.screen import Written, app_on, bench, surroundings
from tests.ui.test_exact_writer import CapturingDriver

HOSTILE = "\x1b[31mred\x1b]0;owned\x07\x9b2J\x00\r\n\u202eabc\u200b[bold]x[/bold] {{ %s \t한글 " + "y" * 300


def window(app: OpsdashApp) -> str:
    cells = app.session.picture()
    return "\n".join(cells.lines())


async def test_the_first_picture_has_every_panel() -> None:
    app = app_on()
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.pause(0.2)
        assert "p99 latency" in window(app)
        assert "PRODUCTION" in window(app)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (39, 12), (40, 11), (40, 12), (80, 24), (100, 30), (200, 50), (500, 200)]
)
async def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    app = app_on()
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.3)
        cells = app.session.picture()
        assert (cells.width, cells.height) == size
        if size[0] < 40 or size[1] < 12:
            assert "PRODUCTION" not in window(app)


async def test_a_window_that_is_too_small_says_so_and_can_be_left() -> None:
    app = app_on()
    async with app.run_test(size=(36, 8)) as pilot:
        await pilot.pause(0.1)
        said = " ".join(window(app).split())
        assert "the window is 36×8; opsdash needs 40×12" in said
        await pilot.press("q")
        await pilot.pause(0.1)
    assert app.return_code == 0


async def test_a_storm_of_resizes_ends_in_the_last_size() -> None:
    app = app_on()
    async with app.run_test(size=(120, 34)) as pilot:
        for n in range(60):
            await pilot.resize_terminal(1 + (n * 37) % 220, 1 + (n * 17) % 60)
        await pilot.resize_terminal(100, 30)
        await pilot.pause(0.3)
        assert (app.session.picture().width, app.session.picture().height) == (100, 30)
        assert "p99 latency" in window(app)


async def test_a_thousand_keys_are_all_heard() -> None:
    engine = ScriptedEngine(board_of(twelve(), every_kind()))
    app = app_on(engine)
    async with app.run_test(size=(120, 34)) as pilot:
        for _ in range(250):
            for key, character in (("tab", None), ("u", "u"), ("right", None), ("left", None)):
                app.post_message(events.Key(key, character))
        await pilot.pause(0.5)
        await pilot.press("v")
        await pilot.pause(0.1)
        by_hand = bench(ScriptedEngine(board_of(twelve(), every_kind())), (120, 34))
        for _ in range(250):
            by_hand.session.pressed("tab")
            by_hand.session.pressed("right")
            by_hand.session.pressed("left")
        assert app.session.desk.cursor_s is not None
        assert app.session.desk.focus == by_hand.desk.focus
        assert not app.session.desk.utc


async def test_two_hundred_panels_are_drawn_and_only_those_on_screen_are_asked_for() -> None:
    panels = tuple(panel(f"Panel {n}", id=f"many/{n}") for n in range(200))
    engine = ScriptedEngine(board_of(Dashboard(title="Many", panels=panels)))
    app = app_on(engine)
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("end")
        await pilot.pause(0.3)
        assert "Panel 199" in window(app)
        assert len(engine.shown[1] or ()) <= 24


def hostile_board() -> ScriptedEngine:
    titled = [replace(panel("x", kind), id=f"h/{kind}", title=HOSTILE, text=HOSTILE) for kind in PanelKind]
    engine = ScriptedEngine(
        board_of(Dashboard(title=HOSTILE, panels=tuple(titled)), title=HOSTILE, environment=HOSTILE)
    )
    engine.overrides["config_problem"] = HOSTILE
    return engine


async def test_hostile_text_never_reaches_the_terminal_as_control_bytes() -> None:
    engine = hostile_board()
    for spec in engine.board.dashboards[0].panels:
        view = view_of(spec, engine.now_s - 3600, engine.now_s)
        queries = tuple(
            replace(query, legends=tuple(HOSTILE for _ in query.legends), message=HOSTILE) for query in view.queries
        )
        engine.views[spec.id] = replace(view, queries=queries, message=HOSTILE, notes=(HOSTILE,))
    app = OpsdashApp(surroundings(engine), driver_class=CapturingDriver)
    async with app.run_test(headless=False, size=(160, 50)) as pilot:
        await pilot.pause(0.3)
        for key in ("question_mark", "escape", "H", "escape", "colon", "escape", "v", "enter", "pagedown"):
            await pilot.press(key)
            await pilot.pause(0.05)
        driver = app._driver
        assert isinstance(driver, CapturingDriver)
        written = "".join(driver.written)
    own = re.compile(r"\x1b\[[0-9;]*[mHCG]|\x1b\[\?[0-9;]+[hl]")
    left = own.sub("", written)
    found = re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e].{0,20}", left)
    assert found is None, repr(found[0])
    assert "owned" in left


async def test_copying_goes_to_the_operators_own_clipboard() -> None:
    app = OpsdashApp(surroundings(ScriptedEngine(board_of(twelve()))), driver_class=CapturingDriver)
    async with app.run_test(headless=False, size=(120, 34)) as pilot:
        await pilot.press("y")
        await pilot.pause(0.1)
        driver = app._driver
        assert isinstance(driver, CapturingDriver)
        written = "".join(driver.written)
    found = re.search(r"\x1b]52;c;([A-Za-z0-9+/=]+)\x07", written)
    assert found is not None
    assert base64.b64decode(found[1]) == b"sum(p99 latency)"


async def test_a_panel_is_written_to_a_file_and_the_place_is_said() -> None:
    written = Written()
    app = app_on(ScriptedEngine(board_of(twelve())), written)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("w", "1")
        await pilot.pause(0.3)
        assert written.files == {"p99-latency.csv": "csv of p99 latency"}
        assert "written to /home/ops/p99-latency.csv" in window(app)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), SourceUnavailable("the disk is full")])
async def test_a_file_that_cannot_be_written_is_said(error: Exception) -> None:
    app = app_on(ScriptedEngine(board_of(twelve())), Written(error=error))
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("w", "2")
        await pilot.pause(0.3)
        assert "not written" in window(app)


async def test_pasted_text_filters() -> None:
    app = app_on(ScriptedEngine(board_of(twelve())))
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("slash")
        app.post_message(events.Paste("queue\x1b[2J"))
        await pilot.pause(0.1)
        assert app.session.desk.find.startswith("queue")
        assert "\x1b" not in app.session.desk.find


async def test_a_click_focuses_a_double_click_maximises_and_a_tab_is_shown() -> None:
    app = app_on(ScriptedEngine(board_of(twelve(), every_kind())))
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.mouse_down(offset=(70, 15))
        assert app.session.desk.focus == "Twelve/Availability"
        await pilot.mouse_down(offset=(70, 15))
        assert app.session.desk.maximised
        await pilot.press("escape")
        await pilot.mouse_down(offset=(15, 1))
        assert app.session.desk.dashboard == 1


async def test_a_new_snapshot_is_shown_and_a_burst_costs_one_drawing() -> None:
    engine = ScriptedEngine(board_of(twelve()))
    app = app_on(engine)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.pause(0.1)
        engine.overrides["real_period_s"] = 10.0
        for _ in range(50):
            engine.publish()
        await pilot.pause(0.1)
        assert "takes 10s" in window(app)


class BlockedDriver(CapturingDriver):
    """A terminal that reads nothing for a while."""

    is_congested = False


async def test_a_terminal_that_does_not_read_gets_no_frames_and_then_the_newest() -> None:
    engine = ScriptedEngine(board_of(twelve()))
    app = OpsdashApp(surroundings(engine), driver_class=BlockedDriver)
    async with app.run_test(headless=False, size=(120, 34)) as pilot:
        await pilot.pause(0.3)
        driver = app._driver
        assert isinstance(driver, BlockedDriver)
        driver.is_congested = True
        before = len(driver.written)
        for _ in range(30):
            await pilot.press("tab")
        assert len(driver.written) == before
        assert app.session.desk.focus == "Twelve/4xx ratio" or app.session.desk.focus
        driver.is_congested = False
        app.terminal_drained()
        assert len(driver.written) == before + 1
        assert len(driver.written[-1]) < 8000


async def test_panels_are_painted_a_slice_at_a_time_and_all_of_them_in_the_end() -> None:
    app = app_on(ScriptedEngine(board_of(twelve())))
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.pause(0.5)
        assert window(app).count("gateway") >= 12


def test_a_painter_that_fails_takes_only_its_own_panel() -> None:
    from opsdash.core.view.paint import paint

    def painter(view: object, width: int, height: int, look: object) -> object:
        if getattr(view, "spec").title == "CPU":  # noqa: B009
            raise ZeroDivisionError
        return paint(view, width, height, look)  # type: ignore[arg-type]

    made = bench(ScriptedEngine(board_of(twelve())), painter=painter)
    text = made.text()
    assert "this panel cannot" in text
    assert "Queue depth" in text


@pytest.mark.parametrize(
    ("title", "stem"),
    [("p99 latency", "p99-latency"), ("../../etc/passwd", "etc-passwd"), ("한글", "panel"), (HOSTILE, None)],
)
def test_file_names_are_harmless(title: str, stem: str | None) -> None:
    found = file_stem(title)
    assert re.fullmatch(r"[a-z0-9-]{1,60}", found)
    assert stem is None or found == stem
