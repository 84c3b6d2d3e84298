"""Every panel, at every size, with whatever a source sends."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.text import char_width
from opsdash.core.view.cells import DIM_ATTR, Cells
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import Mapping, PanelKind, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from tests.fakes.hostile_views import assert_sound
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S + 600)
HOSTILE = [
    "\x1b[31mred",
    "a\x00b\x07",
    "\x9b31m",
    "日本語テキスト",
    "e\u0301\u202e\u200bx",
    "[bold]{{x}}%s",
    "",
    "x" * 5000,
    "😀😀",
]
WAVE = window({"orders": [1 + np.sin(n / 9) for n in range(60)], "users": [None] * 20 + [0.5] * 40})

numbers = st.one_of(
    st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(min_value=-10, max_value=10), st.just(0.0)
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    names = draw(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=5, unique=True))
    points = draw(st.integers(0, 30))
    series = {name: draw(st.lists(numbers, min_size=points, max_size=points)) for name in names}
    return window(series, label=draw(st.sampled_from(["service", "le"])))


@st.composite
def views(draw: st.DrawFn) -> PanelView:
    found = draw(st.lists(windows(), max_size=2))
    text = draw(st.sampled_from(HOSTILE))
    fields = {
        "state": draw(st.sampled_from(list(Freshness))),
        "message": draw(st.sampled_from([None, *HOSTILE])),
        "notes": tuple(draw(st.lists(st.sampled_from(HOSTILE), max_size=2))),
        "age_s": draw(st.sampled_from([None, 0.0, 9.0, 1e9])),
        "waiting": draw(st.booleans()),
        "compare_s": draw(st.sampled_from([0.0, 86_400.0])),
    }
    view = panel_view(
        draw(st.sampled_from(list(PanelKind))),
        *found,
        view=fields,
        title=text,
        unit=draw(st.sampled_from(["", "s", "bytes", "percentunit", text[:10]])),
        draw=draw(st.sampled_from(["lines", "points", "bars", "area"])),
        stacked=draw(st.booleans()),
        thresholds=draw(
            st.sampled_from([Thresholds(), Thresholds(warning=1, critical=2), Thresholds(critical=-3, below=True)])
        ),
        legend=draw(st.sampled_from([None, (), ("last",), ("last", "min", "max", "avg")])),
        minimum=draw(st.sampled_from([None, 0.0, 5.0])),
        maximum=draw(st.sampled_from([None, 5.0])),
        mappings=draw(st.sampled_from([(), (Mapping(text=text, value=0.0),)])),
    )
    if draw(st.booleans()) and view.queries:
        first = replace(view.queries[0], compare=found[0], answer=Answer(partial_from_s=START_S + 50))
        view = replace(view, queries=(first, *view.queries[1:]))
    return view


@st.composite
def looks(draw: st.DrawFn) -> Look:
    return Look(
        now_s=START_S + 600,
        ascii_only=draw(st.booleans()),
        monochrome=draw(st.booleans()),
        focused=draw(st.booleans()),
        maximised=draw(st.booleans()),
        cursor_s=draw(st.sampled_from([None, START_S, START_S + 55, 0.0])),
        axis=draw(st.sampled_from([None, (START_S - 100, START_S + 700)])),
        scroll=draw(st.integers(0, 5)),
        filter=draw(st.sampled_from(["", "o", "zzz"])),
    )


def assert_harmless(cells: Cells, width: int, height: int) -> None:
    assert cells.codes.shape == cells.inks.shape == (height, width)
    wide = np.array([code > 126 and char_width(chr(code)) == 2 for code in cells.codes.ravel().tolist()], dtype=bool)
    wide = wide.reshape(cells.codes.shape)
    assert (wide[:, :-1] == (cells.codes[:, 1:] == 0)).all()
    assert not wide[:, -1].any()
    assert (cells.codes[:, 0] != 0).all()
    for code in np.unique(cells.codes).tolist():
        assert code == 0 or unicodedata.category(chr(code)) not in {
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Cn",
            "Zl",
            "Zp",
            "Mn",
            "Me",
        }
    assert set(np.unique(cells.inks & 63).tolist()) <= {int(role) for role in Role}
    assert set(np.unique(cells.inks >> 6 & 63).tolist()) <= {int(role) for role in Role}


@settings(max_examples=300, deadline=None)
@given(views(), st.integers(1, 90), st.integers(1, 30), looks())
def test_any_panel_of_any_size_is_drawn_in_its_size_without_a_control_character(
    view: PanelView, width: int, height: int, look: Look
) -> None:
    cells = paint(view, width, height, look)
    assert_harmless(cells, width, height)
    if look.ascii_only:
        assert ((cells.codes >= 32) & (cells.codes < 127)).all()


@pytest.mark.parametrize("kind", list(PanelKind))
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 1), (4, 3), (1, 50), (200, 1), (30, 8), (80, 24), (500, 200)])
def test_every_kind_is_drawn_at_every_size(kind: PanelKind, size: tuple[int, int]) -> None:
    assert_harmless(paint(panel_view(kind, WAVE, unit="s"), *size, LOOK), *size)


def words(view: PanelView, width: int = 40, height: int = 10, look: Look = LOOK) -> str:
    return "\n".join(paint(view, width, height, look).lines())


def state(of: Freshness, **view: object) -> PanelView:
    return panel_view(PanelKind.TIMESERIES, WAVE, view={"state": of, "age_s": 130.0, **view})


def test_the_five_states_and_waiting_differ_without_colour() -> None:
    empty = {"queries": ()}
    pictures = [
        words(state(Freshness.FRESH)),
        words(state(Freshness.LATE, age_s=9.0)),
        words(state(Freshness.STALE)),
        words(state(Freshness.NO_DATA, **empty)),
        words(state(Freshness.ERROR, **empty)),
        words(state(Freshness.ERROR, waiting=True, **empty)),
    ]
    assert len(set(pictures)) == len(pictures)
    for picture, sign in zip(pictures[1:], ("⟲ 9s", "░ stale 2m", "◆ no data", "✕ error", "…"), strict=True):
        assert sign in picture.splitlines()[0]
    for sign in "⟲░◆✕":
        assert sign not in pictures[0].splitlines()[0]


def test_the_states_differ_in_ascii_too() -> None:
    plain = replace(LOOK, ascii_only=True)
    heads = {words(state(of, queries=()), look=plain).splitlines()[0] for of in Freshness}
    assert len(heads) == 5


def test_a_stale_panel_keeps_its_values_dimmed_in_a_dashed_frame() -> None:
    cells = paint(state(Freshness.STALE), 40, 10, LOOK)
    assert "┄" in cells.lines()[0]
    assert "orders" in "\n".join(cells.lines())
    assert (cells.inks[1:-1, 1:-1] & DIM_ATTR).all()


def test_a_failure_with_values_says_why_below_them() -> None:
    view = state(Freshness.LATE, message="prom did not answer in 4 s; next try in 10 s")
    picture = words(view, 60)
    assert "prom did not answer in 4 s; next try in 10 s" in picture.splitlines()[-1]
    assert "orders" in picture


def test_a_message_without_values_is_wrapped_and_said_once() -> None:
    view = state(Freshness.ERROR, queries=(), message="prom refused the query: parse error at char 14")
    lines = [line.strip("│╭╮╰╯─ ") for line in words(view, 24, 9).splitlines()]
    assert " ".join(line for line in lines[1:-1] if line) == "prom refused the query: parse error at char 14"
    assert not lines[-1]


def test_a_long_message_is_whole_when_the_panel_is_maximised() -> None:
    message = "prom refused the query: " + " ".join(f"word{n}" for n in range(20))
    view = state(Freshness.ERROR, message=message)
    assert "word19" not in words(view, 80, 24)
    picture = words(view, 80, 24, replace(LOOK, maximised=True))
    assert "word19" in picture
    assert "orders" in picture


def test_what_was_cut_stands_in_the_bottom_line() -> None:
    picture = words(state(Freshness.FRESH, notes=("1,000 of 5,213 series", "a warning")), 60)
    assert "1,000 of 5,213 series · a warning" in picture.splitlines()[-1]
    assert "…" in words(state(Freshness.FRESH, notes=("1,000 of 5,213 series",)), 20).splitlines()[-1]


def test_a_focused_panel_is_seen_without_colour() -> None:
    view = state(Freshness.FRESH)
    assert words(view) != words(view, look=replace(LOOK, focused=True))
    assert paint(view, 40, 10, replace(LOOK, focused=True)).inks[0, 0] & 63 == Role.ACCENT


def test_the_worst_series_is_named_in_the_title_line() -> None:
    view = panel_view(
        PanelKind.TIMESERIES,
        window({"calm": [1, 1], "worried": [2, 2], "burning": [2, 9]}),
        title="Errors",
        thresholds=Thresholds(warning=2, critical=5),
    )
    assert words(view).splitlines()[0].endswith("● burning ╮")


def test_the_title_gives_way_to_the_state_and_never_the_other_way_round() -> None:
    view = panel_view(
        PanelKind.TIMESERIES, WAVE, title="A very long title " * 5, view={"state": Freshness.LATE, "age_s": 9.0}
    )
    head = words(view, 24).splitlines()[0]
    assert "⟲ 9s" in head
    assert "A ve" in head


def test_panels_of_alerts_say_how_to_begin_where_nothing_is_evaluated() -> None:
    for kind, key in ((PanelKind.ALERTS, "alerts:"), (PanelKind.SLO, "slos:")):
        assert f"write them under {key}" in words(panel_view(kind, empty_window()), 70)


def test_an_empty_window_is_drawn_as_a_message_and_not_as_a_chart() -> None:
    view = panel_view(PanelKind.TIMESERIES, empty_window(), view={"state": Freshness.NO_DATA})
    assert "no data in this time range" in words(view)


def test_a_query_that_is_hidden_is_not_drawn() -> None:
    hidden = query_view(window({"secret": [1, 2, 3]}))
    hidden = replace(hidden, spec=replace(hidden.spec, hidden=True))
    view = panel_view(PanelKind.TIMESERIES, WAVE)
    assert "secret" not in words(replace(view, queries=(*view.queries, hidden)), 80, 20)


@pytest.mark.parametrize("kind", [kind for kind in PanelKind if kind is not PanelKind.TEXT])
@pytest.mark.parametrize("spec", [{}, {"draw": "area", "stacked": True}, {"draw": "bars", "stacked": True}])
def test_numbers_whose_sum_is_more_than_a_number_can_be_are_drawn(kind: PanelKind, spec: dict[str, object]) -> None:
    largest = 1.7e308
    for sign in (1, -1):
        view = panel_view(kind, window({name: [sign * largest] * 9 for name in "abcd"}), **spec)
        assert_sound(paint(view, 60, 14, LOOK), 60, 14)
