"""The first and the last line tell the truth in whatever room they have; news is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import SourceView
from opsdash.core.view.timerange import TimeRange
from opsdash.ui.news import news_of
from opsdash.ui.widgets.header import environment_role
from tests.fakes.engine import NOW_S, ScriptedEngine, board_of, every_kind, twelve
from tests.fakes.screen import Bench, bench


def source(name: str = "prom", state: Freshness = Freshness.FRESH, **more: object) -> SourceView:
    given: dict[str, object] = {"age_s": 2.0, "rtt_s": 0.003, "errors": 0, "polls": 9, "bytes": 0, **more}
    return SourceView(name=name, kind="prometheus", url="http://x", state=state, **given)  # type: ignore[arg-type]


def with_snapshot(size: tuple[int, int] = (120, 34), **fields: object) -> Bench:
    made = bench(ScriptedEngine(board_of(twelve())), size)
    made.engine.overrides.update(fields)
    made.arrive()
    return made


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("production", Role.CRITICAL), ("PROD-eu", Role.CRITICAL), ("eu-prod", Role.CRITICAL), ("live", Role.CRITICAL),
        ("staging", Role.WARNING), ("dev", Role.OK), ("test-7", Role.OK), ("demo", Role.OK), ("blue", Role.ENVIRONMENT),
        ("", Role.ENVIRONMENT),
    ],
)  # fmt: skip
def test_an_environment_has_the_colour_of_its_danger(name: str, role: Role) -> None:
    assert environment_role(name) is role


def test_the_environment_is_a_word_at_any_width() -> None:
    for width in (40, 60, 80, 120, 200):
        assert bench(size=(width, 30)).lines()[0].startswith(" PRODUCTION ")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "1h live 5s"),
        ({"real_period_s": 5.1}, "1h live 5s "),
        ({"real_period_s": 10.0}, "5s takes 10s"),
        ({"paused_at_s": NOW_S, "end_s": NOW_S}, "1h … 23:13 PAUSED"),
        (
            {"time_range": TimeRange(length_s=7200.0, end_s=NOW_S - 90_000), "end_s": NOW_S - 90_000},
            "2h … 09-20 22:13 FIXED",
        ),
        ({"compare_s": 86_400.0}, "vs 1d ago"),
        ({"sources": (source(state=Freshness.LATE, age_s=9.0),)}, "prom ⟲ 9s"),
        ({"sources": (source(state=Freshness.STALE, age_s=130.0),)}, "prom ░ 2m"),
        ({"sources": (source(state=Freshness.ERROR, age_s=None),)}, "prom ✕"),
        ({"sources": (source(insecure=True),)}, "unsafe prom"),
        ({"sources": (source(polls=0, age_s=None, state=Freshness.ERROR),)}, "prom …"),
    ],
)
def test_the_header_says(fields: dict[str, object], said: str) -> None:
    assert said in with_snapshot(**fields).lines()[0]


def test_the_age_of_a_source_grows_while_nothing_comes() -> None:
    made = with_snapshot(sources=(source(state=Freshness.LATE, age_s=9.0),))
    made.clock.advance(30)
    assert "39s" in made.lines()[0]


@pytest.mark.parametrize("width", range(40, 130, 6))
def test_a_source_that_is_not_well_is_never_left_out(width: int) -> None:
    many = tuple(source(f"source-{n}") for n in range(9))
    made = with_snapshot((width, 30), sources=(*many, source("sick", Freshness.ERROR, age_s=70.0)))
    assert "sick" in made.lines()[0]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(40, 220),
    st.lists(st.tuples(st.text(max_size=30), st.sampled_from(Freshness)), max_size=12),
    st.text(max_size=60),
    st.text(max_size=60),
)
def test_the_header_is_one_line_whatever_it_has_to_say(
    width: int, sources: list[tuple[str, Freshness]], title: str, environment: str
) -> None:
    views = tuple(source(name, state) for name, state in sources)
    made = with_snapshot((width, 20), sources=views, title=title, environment=environment)
    made.lines()


def test_the_footer_keeps_help_at_any_width() -> None:
    for width in (40, 60, 80, 120, 200):
        assert "? help" in bench(size=(width, 30)).lines()[-1]


def test_what_is_still_asked_is_said() -> None:
    made = bench(ScriptedEngine(board_of(twelve())))
    snapshot = made.engine.snapshot()
    waiting = list(snapshot.panels)[:9]
    made.engine.overrides["panels"] = {
        name: replace(view, waiting=name in waiting) for name, view in snapshot.panels.items()
    }
    made.arrive()
    assert "asking prom… 3 of 12" in made.lines()[-1]


def test_a_broken_configuration_is_said_until_it_is_repaired() -> None:
    problem = "opsdash.yaml:41:13: kind: not a panel kind"
    made = with_snapshot(config_problem=problem)
    assert problem in made.lines()[-1]
    made.engine.overrides["config_problem"] = None
    made.arrive()
    assert problem not in made.lines()[-1]


def test_a_source_that_is_lost_is_told_once_and_once_when_it_is_back() -> None:
    made = with_snapshot(sources=(source(),))
    lost = (source(state=Freshness.STALE, message="prom did not answer in 4 s; next try in 10 s"),)
    texts = []
    for sources in (lost, lost, lost, (source(),), (source(),)):
        before = made.session.snapshot
        made.engine.overrides["sources"] = sources
        made.arrive()
        texts += [text for text, _ in news_of(before, made.session.snapshot)]
    assert texts == ["prom did not answer in 4 s; next try in 10 s", "prom answers again"]


def test_news_leaves_after_a_while() -> None:
    made = with_snapshot()
    made.session.say("something happened", "good")
    assert "something happened" in made.text()
    made.clock.advance(9)
    made.session.ticked()
    assert "something happened" not in made.text()


def test_a_reload_keeps_the_focus_and_takes_new_keys_and_panels() -> None:
    made = bench(ScriptedEngine(board_of(twelve()))).press("down", "right")
    focus = made.desk.focus
    made.engine.board = board_of(twelve(), every_kind(), keys={"cursor": "f9"})
    made.engine.revision += 1
    made.arrive()
    assert made.desk.focus == focus
    assert "2 Every kind" in made.lines()[1]
    assert made.press("f9").desk.cursor_s is not None


def test_a_reload_that_takes_the_dashboard_away_shows_one_that_is_there() -> None:
    made = bench(ScriptedEngine(board_of(twelve(), every_kind()))).press("2", "enter")
    made.engine.board = board_of(twelve())
    made.engine.shown = (0, None)
    made.engine.revision += 1
    made.arrive()
    assert (made.desk.dashboard, made.desk.maximised) == (0, False)
    assert "p99 latency" in made.text()


def test_what_the_variables_stand_for_is_always_seen() -> None:
    made = bench(ScriptedEngine(board_of(twelve())), (120, 34))
    assert "$service All  Region eu" in made.lines()[1]
    made.press("$", "enter", "down", "space", "space", "enter")
    assert "$service 2 of 4" in made.lines()[1]


def test_a_board_without_dashboards_says_so() -> None:
    made = bench(ScriptedEngine(replace(board_of(), dashboards=())))
    assert "the configuration has no dashboards" in made.text()
    made.press("1", "}", "tab", "enter", "v", "y", "w", ":", "esc", "?", "esc")


def test_charts_stand_still_between_two_snapshots() -> None:
    made = bench(ScriptedEngine(board_of(twelve())))
    before = made.session.scene.axis()
    made.clock.advance(5)
    made.arrive()
    assert made.session.scene.axis() == before


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_where_there_is_little_room_the_folder_of_a_broken_file_goes_before_what_is_wrong_with_it(width: int) -> None:
    problem = '/srv/teams/shop/opsdash/dashboards/golden.yaml:41:13: refresh: "5x" is not a time'
    made = with_snapshot((width, 30), config_problem=problem)
    assert 'golden.yaml:41:13: refresh: "5x" is not a time' in made.lines()[-1]
    assert ("/srv/teams" in made.lines()[-1]) is (width == 200)
    assert "? help" in made.lines()[-1]


def test_all_that_is_left_of_a_long_problem_is_its_beginning() -> None:
    made = with_snapshot((80, 30), config_problem="/srv/" + "a/" * 60 + "shop.yaml:3:4: sources.prom: " + "long " * 60)
    assert made.lines()[-1].startswith(" ✕ shop.yaml:3:4: sources.prom: long")


def test_how_many_problems_there_are_is_said_beside_the_first() -> None:
    made = with_snapshot((120, 30), config_problem="shop.yaml:3:4: refresh: too short", config_problems=3)
    assert "too short (and 2 more; the configuration of before goes on)" in made.lines()[-1]
