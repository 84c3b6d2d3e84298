"""Every key of the keymap does what help says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.variables import ALL
from opsdash.core.view.cells import Cells
from opsdash.core.view.keymap import COMMAND_IDS, COMMANDS, Command, Where, keymap_with
from opsdash.core.view.timerange import TimeRange
from opsdash.ui import mouse
from opsdash.ui.effects import Copy, LookUp, OlderLogs, Own, Quit, Redraw, Say, Suspend, Write
from tests.fakes.alerts import flash_sale
from tests.fakes.engine import NOW_S, ScriptedEngine, board_of, every_kind, panel, twelve
from tests.fakes.ownership import ScriptedOwnership
from tests.fakes.screen import Bench, bench

Check = Callable[[Bench, Bench], bool]
"""(before, after) → whether the key did what it says; `before` is another bench that did not get the key."""


def on(*keys: str, dashboard: str = "twelve") -> Callable[[], Bench]:
    """A bench after these keys."""

    def make() -> Bench:
        boards = [twelve(), every_kind()] if dashboard == "twelve" else [every_kind(), twelve()]
        many = boards + [replace(twelve(f"Board {n}")) for n in range(3, 10)]
        return bench(ScriptedEngine(board_of(*many)), (200, 50) if dashboard == "twelve" else (120, 34)).press(*keys)

    return make


def focus_on(title: str, *keys: str) -> Callable[[], Bench]:
    """A bench with the focus on a panel of the second dashboard."""

    def make() -> Bench:
        made = bench(ScriptedEngine(board_of(every_kind(), twelve())), (120, 34))
        made.press(":").type(title).press("enter")
        assert made.desk.focus == f"d/{title}", made.desk.focus
        return made.press(*keys)

    return make


def focused(title: str) -> Check:
    return lambda _, after: after.desk.focus.endswith(f"/{title}")


def told(*call: object) -> Check:
    return lambda _, after: call in after.engine.calls


def effect(kind: type) -> Check:
    return lambda _, after: any(isinstance(one, kind) for one in after.effects)


def shows(text: str) -> Check:
    return lambda before, after: text in after.text() and text not in before.text()


def row(number: int | None) -> Check:
    return lambda _, after: after.desk.panel(after.desk.focus).row == number


def sort(name: str) -> Check:
    return lambda _, after: after.desk.panel(after.desk.focus).sort == name


def cursor_moved(seconds: float) -> Check:
    return lambda before, after: (
        after.desk.cursor_s is not None
        and before.desk.cursor_s is not None
        and after.desk.cursor_s - before.desk.cursor_s == pytest.approx(seconds, abs=10)
    )


def range_is(time_range: TimeRange) -> Check:
    return told("choose_range", time_range)


def alerts_on(*keys: str) -> Callable[[], Bench]:
    """A bench with a flash sale's alerts."""

    def make() -> Bench:
        picture = flash_sale()
        engine = ScriptedEngine(board_of(twelve(), every_kind()))
        engine.overrides["alerts"] = picture
        return bench(engine, (120, 34), ownership=ScriptedOwnership(picture)).press(*keys)

    return make


def owns(verb: str) -> Check:
    return lambda _, after: [one.verb for one in after.effects if isinstance(one, Own)] == [verb]


def picks(number: int) -> Check:
    """A suggested action where there is one, else the line of that number, as far as there are lines."""
    if number == 2:
        return lambda _, after: "scale orders" in [one.text for one in after.effects if isinstance(one, Say)][-1]
    at = number - 1 if number <= 8 else 0
    return lambda _, after: after.desk.overlay.at == at


HOUR = TimeRange(length_s=3600.0)
EARLIER = TimeRange(length_s=3600.0, end_s=NOW_S - 900)
LIST = on("T")
LOGS = focus_on("Errors", "enter")
TABLE = focus_on("Services", "enter")
HELP = on("?", dashboard="kinds")

EFFECTS: dict[str, tuple[Callable[[], Bench], Check]] = {
    **{
        f"dashboard.{n}": (on() if n > 1 else on("2"), lambda _, after, n=n: after.desk.dashboard == n - 1)
        for n in range(1, 10)
    },
    "dashboard.next": (on(), lambda _, after: after.desk.dashboard == 1),
    "dashboard.previous": (on(), lambda _, after: after.desk.dashboard == 8),
    "focus.left": (on("right"), focused("p99 latency")),
    "focus.right": (on(), focused("p95 latency")),
    "focus.up": (on("down"), focused("p99 latency")),
    "focus.down": (on(), focused("4xx ratio")),
    "focus.next": (on(), focused("p95 latency")),
    "focus.previous": (on(), focused("Cost")),
    "page.next": (on(dashboard="kinds"), shows("page 2/2")),
    "page.previous": (on("pgdn", dashboard="kinds"), shows("page 1/2")),
    "page.first": (on("pgdn", dashboard="kinds"), shows("page 1/2")),
    "page.last": (on(dashboard="kinds"), shows("page 2/2")),
    "panel.maximise": (on(), shows("panel 1/12")),
    "panel.restore": (on("enter"), lambda _, after: not after.desk.maximised),
    "back": (on("v"), lambda _, after: after.desk.cursor_s is None),
    "find": (on(), shows("find panels /")),
    "pan.earlier": (on(), range_is(EARLIER)),
    "pan.later": (on("[", "["), range_is(EARLIER)),
    "zoom.out": (on(), range_is(TimeRange(length_s=7200.0))),
    "zoom.in": (on(), range_is(TimeRange(length_s=1800.0))),
    "live": (on("["), range_is(HOUR)),
    "pause": (on(), told("pause")),
    "time": (on(), shows("Show which time?")),
    "compare": (on(), shows("Compare with")),
    "zone": (on(), shows("UTC")),
    "cursor": (on(), lambda _, after: after.desk.cursor_s is not None),
    "refresh": (on(), told("refresh")),
    "cursor.earlier": (on("v"), cursor_moved(-30)),
    "cursor.later": (on("v", "left", "left"), cursor_moved(30)),
    "cursor.much_earlier": (on("v"), cursor_moved(-300)),
    "cursor.much_later": (on("v", "shift+left", "shift+left"), cursor_moved(300)),
    "cursor.first": (on("v"), cursor_moved(-3590)),
    "cursor.last": (on("v", "home"), cursor_moved(3590)),
    "row.down": (focus_on("Services"), row(0)),
    "row.up": (focus_on("Services", "j", "j"), row(0)),
    "sort.next": (focus_on("Services"), sort("service")),
    "sort.previous": (focus_on("Services", ">", ">"), sort("service")),
    "sort.turn": (focus_on("Services", ">"), sort("-service")),
    "open.down": (LOGS, row(0)),
    "open.up": (focus_on("Errors", "enter", "down", "down"), row(0)),
    "open.page_down": (LOGS, lambda _, after: (after.desk.panel(after.desk.focus).row or 0) > 10),
    "open.page_up": (focus_on("Errors", "enter", "end"), lambda _, after: (after.desk.panel("d/Errors").row or 0) < 30),
    "open.first": (focus_on("Errors", "enter", "end"), row(0)),
    "open.last": (LOGS, row(39)),
    "row.expand": (LOGS, lambda _, after: after.desk.panel("d/Errors").expanded == {"row-0"}),
    "row.follow": (focus_on("Errors", "enter", "down", "down"), row(None)),
    "copy": (on(), effect(Copy)),
    "write": (on(), shows("Write the panel as")),
    "variables": (on(), shows("Variables")),
    "sources": (on(), shows("Elasticsearch 8.19.21")),
    "theme": (on(), shows("High contrast")),
    "palette": (on(), shows("Go to or do")),
    "help": (on(), shows("show the keys that hold here")),
    "quit": (on(), effect(Quit)),
    "interrupt": (on("?"), effect(Quit)),
    "suspend": (on("?"), effect(Suspend)),
    "redraw": (on("?"), effect(Redraw)),
    "list.down": (LIST, shows("❯ Colour-blind safe")),
    "list.up": (on("T", "down", "down"), lambda _, after: after.desk.overlay.at == 1),
    "list.page_down": (LIST, lambda _, after: after.desk.overlay.at == 7),
    "list.page_up": (on("T", "pgdn"), lambda _, after: after.desk.overlay.at == 0),
    "list.mark": (on("$", "enter", "down"), lambda _, after: after.desk.overlay.marked == {"gateway"}),
    "list.take": (on("T", "down"), lambda _, after: after.desk.overlay is None and after.desk.theme != "default"),
    "list.leave": (on("T", "down"), lambda _, after: after.desk.overlay is None and after.desk.theme == "default"),
    "prompt.take": (on("/", "c", "p", "u"), lambda _, after: after.desk.find == "cpu" and after.desk.overlay is None),
    "prompt.leave": (on("/", "c", "p", "u"), lambda _, after: after.desk.find == "" and after.desk.overlay is None),
    "pages.down": (HELP, lambda _, after: after.desk.overlay.top == 1),
    "pages.up": (on("?", "end", dashboard="kinds"), lambda old, new: new.desk.overlay.top == old.desk.overlay.top - 1),
    "pages.page_down": (HELP, lambda _, after: after.desk.overlay.top > 1),
    "pages.page_up": (on("?", "end", dashboard="kinds"), lambda _, after: after.desk.overlay.top == 0),
    "pages.first": (on("?", "end", dashboard="kinds"), lambda _, after: after.desk.overlay.top == 0),
    "pages.last": (HELP, lambda _, after: after.desk.overlay.top > 1),
    "pages.leave": (HELP, lambda _, after: after.desk.overlay is None),
    "pages.help": (on("H"), shows("Reading")),
    "alerts": (alerts_on(), shows("HighErrorRatio")),
    "slos": (alerts_on(), shows("checkout-latency")),
    "silences": (alerts_on(), shows("migration of the queue")),
    "rules": (alerts_on(), shows("unknown function ratee")),
    "screen.alerts": (alerts_on("S"), shows("PoolWaiting")),
    "screen.slos": (alerts_on("!"), shows("checkout-latency")),
    "screen.silences": (alerts_on("!"), shows("migration of the queue")),
    "screen.rules": (alerts_on("!"), shows("unknown function ratee")),
    "screen.palette": (alerts_on("!"), shows("Go to or do")),
    "screen.leave": (alerts_on("!"), lambda _, after: after.desk.overlay is None),
    "screen.help": (alerts_on("!"), shows("acknowledge all that are shown")),
    "screen.down": (alerts_on("!"), lambda _, after: after.desk.overlay.at == 1),
    "screen.up": (alerts_on("!", "end"), lambda _, after: after.desk.overlay.at == 6),
    "screen.page_down": (alerts_on("!"), lambda _, after: after.desk.overlay.at == 7),
    "screen.page_up": (alerts_on("!", "end"), lambda _, after: after.desk.overlay.at == 0),
    "screen.first": (alerts_on("!", "end"), lambda _, after: after.desk.overlay.at == 0),
    "screen.last": (alerts_on("!"), lambda _, after: after.desk.overlay.at == 7),
    "alert.acknowledge": (alerts_on("!"), shows("Acknowledge HighErrorRatio (orders)")),
    "alert.unacknowledge": (alerts_on("!", "down", "down"), owns("unacknowledge")),
    "alert.assign": (alerts_on("!"), shows("Give HighErrorRatio (orders) an owner")),
    "alert.silence": (alerts_on("!"), shows("hides 1 of 7 alerts now")),
    "alert.note": (alerts_on("!"), shows("Note beside HighErrorRatio (orders)")),
    "alert.escalate": (alerts_on("!"), shows("Escalate HighErrorRatio (orders)")),
    **{
        f"alert.pick.{n}": (alerts_on("!", *["end"] * (n == 1)), picks(n))
        for n in range(1, 10)
    },
    "alert.logs": (alerts_on("!"), lambda _, after: after.desk.panel("d/Errors").filter == "orders"),
    "alert.panel": (alerts_on("!"), lambda _, after: after.desk.maximised and "p99 latency" in after.desk.focus),
    "alert.dashboard": (alerts_on("!"), lambda _, after: after.desk.overlay is None and not after.desk.maximised),
    "triage.acknowledge_all": (alerts_on("!"), shows("Acknowledge all 4 shown")),
    "triage.history": (alerts_on("!"), effect(LookUp)),
    "triage.find": (alerts_on("!"), shows("filter /")),
    "silence.new": (alerts_on("Z"), shows("a silence without matchers hides every alert")),
    "silence.extend": (alerts_on("Z"), shows("Let a silence last longer")),
    "silence.expire": (alerts_on("Z"), owns("expire")),
}  # fmt: skip


def test_no_command_is_untested() -> None:
    assert set(EFFECTS) == set(COMMAND_IDS)


@pytest.mark.parametrize(("command_id", "key"), [(command.id, key) for command in COMMANDS for key in command.keys])
def test_each_key_does_what_help_says(command_id: str, key: str) -> None:
    make, check = EFFECTS[command_id]
    before, after = make(), make()
    command = after.session.scene.keymap.lookup(key, after.stack())
    assert command is not None
    assert command.id == command_id
    after.press(key)
    assert check(before, after)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_a_remapped_command_has_its_new_key_and_not_the_old_one(command: Command) -> None:
    keymap = keymap_with({command.id: "f12"})
    found = keymap.lookup("f12", (command.where,))
    assert found is not None
    assert found.id == command.id
    old = [keymap.lookup(key, (command.where,)) for key in command.keys]
    assert command.id not in [found.id for found in old if found is not None]


# --- what keys lead to beyond the first effect


def test_a_chosen_comparison_reaches_the_engine_and_the_header() -> None:
    made = on()().press("c", "3")
    assert ("compare", 86_400.0) in made.engine.calls
    assert "vs 1d ago" in made.lines()[0]


def test_time_can_be_typed() -> None:
    made = on()().press("t").type("-2h").press("enter")
    assert ("choose_range", TimeRange(length_s=3600.0, end_s=NOW_S - 5400)) in made.engine.calls


def test_a_time_that_is_not_understood_is_said_and_stays_to_be_corrected() -> None:
    made = on()().press("t").type("lunch").press("enter")
    assert "is not a time" in made.text()
    assert not made.engine.calls or made.engine.calls[-1][0] != "choose_range"


def test_values_of_a_variable_are_marked_and_taken() -> None:
    made = on()().press("$", "enter", "down", "space", "space", "enter")
    assert ("choose_variable", "service", ("gateway", "orders")) in made.engine.calls


def test_all_excludes_single_values() -> None:
    made = on()().press("$", "enter", "down", "space", "up", "up", "space", "enter")
    assert ("choose_variable", "service", (ALL,)) in made.engine.calls


def test_a_variable_of_free_text_is_typed() -> None:
    made = on()().press("$", "down", "down", "enter", "ctrl+u").type("a b").press("enter")
    assert ("choose_variable", "text", ("a b",)) in made.engine.calls


def test_the_palette_finds_a_panel_of_another_dashboard_and_goes_there() -> None:
    made = on()().press(":").type("lat heat").press("enter")
    assert made.desk.dashboard == 1
    assert made.desk.focus == "d/Latency heat"
    assert "Latency heat" in made.text()


def test_the_palette_runs_a_command() -> None:
    made = on()().press(":").type("half the time").press("enter")
    assert ("choose_range", TimeRange(length_s=1800.0)) in made.engine.calls


def test_a_filter_shows_only_panels_with_that_title_and_says_so() -> None:
    made = on()().press("/").type("latency").press("enter")
    assert "/latency 3 of 12" in made.lines()[1]
    assert made.engine.calls[-1][0] == "show"
    assert len(made.engine.calls[-1][2]) == 3
    assert "Queue depth" not in made.text()
    made.press("esc")
    assert "Queue depth" in made.text()


def test_in_a_maximised_panel_the_filter_is_for_rows() -> None:
    made = LOGS().press("/").type("request 39").press("enter")
    assert "request 39" in made.text()
    assert "request 38" not in made.text()


def test_only_panels_on_screen_are_asked_for() -> None:
    made = bench(ScriptedEngine(board_of(twelve())), (80, 24))
    assert made.engine.shown == (0, frozenset({"Twelve/p99 latency", "Twelve/p95 latency"}))
    made.press("enter")
    assert made.engine.shown == (0, frozenset({"Twelve/p99 latency"}))


def test_the_cursor_reads_every_series() -> None:
    made = on()().press("v", "left")
    made.press("y")
    copied = next(one for one in made.effects if isinstance(one, Copy))
    assert all(name in copied.text for name in ("gateway", "orders", "payments", "users"))


def test_copy_takes_the_selected_row() -> None:
    made = LOGS().press("down", "down", "y")
    copied = next(one for one in made.effects if isinstance(one, Copy))
    assert "request 1 failed" in copied.text


def test_writing_names_the_panel_and_the_format() -> None:
    assert Write("Twelve/p99 latency", "svg") in on()().press("w", "3").effects


def test_the_last_log_row_asks_for_older_ones() -> None:
    assert OlderLogs("d/Errors") in LOGS().press("end").effects


def test_arrows_turn_the_page_when_the_next_panel_is_there() -> None:
    made = bench(ScriptedEngine(board_of(twelve())), (80, 24)).press("down", "down")
    assert made.desk.page == 1
    assert made.desk.focus == "Twelve/Average latency"


def test_help_lists_only_keys_that_hold_here() -> None:
    text = LOGS().press("?").text()
    assert "show the whole row" in text
    assert "go to the panel below" not in text


def test_keys_that_mean_nothing_here_do_nothing() -> None:
    made = on()()
    before = made.desk
    made.press("@", "f9", "ctrl+q", "alt+x", "Y")
    assert made.desk == before


def test_esc_goes_back_one_thing_at_a_time() -> None:
    made = focus_on("Errors", "enter", "v")()
    made.press("/").type("request").press("enter")
    assert (made.desk.cursor_s is not None, made.desk.panel("d/Errors").filter, made.desk.maximised) == (
        True,
        "request",
        True,
    )
    made.press("esc")
    assert made.desk.cursor_s is None
    made.press("esc")
    assert made.desk.panel("d/Errors").filter == ""
    made.press("esc")
    assert not made.desk.maximised
    made.press("esc", "esc")
    assert made.desk.focus == "d/Errors"


def test_remapped_keys_are_heard_and_shown() -> None:
    made = bench(ScriptedEngine(board_of(twelve(), keys={"cursor": "ctrl+v", "panel.maximise": "z"})))
    made.press("v")
    assert made.desk.cursor_s is None
    assert made.press("ctrl+v").desk.cursor_s is not None
    assert "z maximise" in made.lines()[-1]


@pytest.mark.parametrize(
    ("key", "length_s", "end_s"), [("[", 3600, NOW_S - 900), ("-", 7200, NOW_S), ("+", 1800, NOW_S)]
)
def test_another_range_of_a_paused_screen_is_asked_for_and_stands_still(
    key: str, length_s: float, end_s: float
) -> None:
    made = on("space")()
    made.clock.advance(60)
    made.press(key)
    assert ("choose_range", TimeRange(length_s=length_s, end_s=end_s)) in made.engine.calls
    assert made.engine.calls[-1] == ("resume",)
    assert "FIXED" in made.lines()[0]


def test_a_typed_time_ends_a_pause() -> None:
    made = on("space", "t")().type("3h").press("enter")
    assert "3h live" in made.lines()[0]


def test_a_paused_refresh_says_why_nothing_happens() -> None:
    made = on("space")().press("r")
    assert "refresh" not in [call[0] for call in made.engine.calls]


def test_where_is_more_specific_first() -> None:
    assert LOGS().stack()[0] is Where.OPEN_ROWS
    assert panel("x").id == "d/x"


def test_a_selected_row_stays_selected_when_newer_rows_come() -> None:
    made = LOGS().press("down", "down", "down")
    view = made.session.snapshot.panels["d/Errors"]
    query = view.queries[0]
    assert query.answer is not None
    newer = tuple(replace(row, id=f"new-{row.id}", at_s=row.at_s + 1000) for row in query.answer.rows[:5])
    answer = replace(query.answer, rows=(*newer, *query.answer.rows))
    made.engine.views["d/Errors"] = replace(view, queries=(replace(query, answer=answer),))
    made.arrive()
    assert made.desk.panel("d/Errors").row == 7
    made.press("y")
    copied = [one for one in made.effects if isinstance(one, Copy)]
    assert "request 2 failed" in copied[-1].text


KEYS = sorted({key for command in COMMANDS for key in command.keys} - {"q", "ctrl+c", "ctrl+z"})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*KEYS, *"abz09", "backspace", "delete"]), max_size=40),
    st.sampled_from([(40, 12), (80, 24), (120, 34), (39, 30)]),
)
def test_no_sequence_of_keys_breaks_the_screen(keys: list[str], size: tuple[int, int]) -> None:
    made = bench(ScriptedEngine(board_of(every_kind(), twelve())), size, painter=lambda view, w, h, look: Cells(w, h))
    for key in keys:
        made.press(key)
        cells = made.cells()
        assert (cells.width, cells.height) == size


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 119), st.integers(0, 33), st.sampled_from(["click", "twice", "up", "down", "zoom"]))
    ),
    st.sampled_from(["", ":", "$", "?", "T", "enter", "/"]),
)
def test_the_mouse_may_be_anywhere(actions: list[tuple[int, int, str]], key: str) -> None:
    made = bench(ScriptedEngine(board_of(every_kind(), twelve())), painter=lambda view, w, h, look: Cells(w, h))
    made.press(*([key] if key else []))
    for x, y, what in actions:
        if what in ("click", "twice"):
            made.session.handle(lambda d, s: mouse.clicked(x, y, twice=what == "twice", desk=d, scene=s))  # noqa: B023
        else:
            lines = -1 if what == "up" else 1
            made.session.handle(lambda d, s: mouse.scrolled((x, y), lines, zoom=what == "zoom", desk=d, scene=s))  # noqa: B023
        made.arrive()
        made.cells()


def test_the_wheel_scrolls_the_rows_under_it_and_zooms_with_ctrl() -> None:
    made = focus_on("Errors")()
    placed = next(one for one in made.session.scene.on_screen(made.desk) if one.id == "d/Errors")
    at = (placed.x + 3, placed.y + 4)
    made.session.handle(lambda d, s: mouse.scrolled(at, 1, zoom=False, desk=d, scene=s))
    assert made.desk.panel("d/Errors").scroll == 3
    made.session.handle(lambda d, s: mouse.scrolled(at, 1, zoom=True, desk=d, scene=s))
    assert ("choose_range", TimeRange(length_s=7200.0)) in made.engine.calls


def test_the_wheel_turns_pages_where_there_are_no_rows() -> None:
    made = bench(ScriptedEngine(board_of(twelve())), (80, 24))
    made.session.handle(lambda d, s: mouse.scrolled((5, 5), 1, zoom=False, desk=d, scene=s))
    assert made.desk.page == 1


def test_help_begins_with_what_the_dashboard_says_of_itself() -> None:
    about = "What users feel. \x1b[31mLook here first."
    first = replace(twelve(), description=about)
    engine = ScriptedEngine(board_of(first, every_kind()))
    made = bench(engine, (80, 24)).press("?")
    assert "What users feel. ␛[31mLook here first." in made.lines()[2]
    assert first.title in made.lines()[1]
    assert "users feel" not in made.press("esc", "2", "?").text()
