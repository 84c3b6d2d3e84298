"""The legend, and names that stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text import clean, text_width
from opsdash.core.view.legend import Entry, Legend, draw_legend, legend_rows, most_entries, numbers_shown
from opsdash.core.view.levels import Level
from opsdash.core.view.short_names import short_names


def entries(names: list[str], *numbers: str, level: Level = Level.NONE) -> list[Entry]:
    return [Entry(name=name, index=n, numbers=numbers, level=level) for n, name in enumerate(names)]


def drawn(found: list[Entry], headings: tuple[str, ...], width: int, rows: int) -> list[str]:
    return draw_legend(Legend(entries=found, headings=headings), width, rows).lines()


def test_names_lose_what_all_of_them_begin_with() -> None:
    names = tuple(f'http_requests_total{{service="{name}"}}' for name in ("orders", "users"))
    assert short_names(names, 12) == ("…orders", "…users")


def test_names_that_fit_stay_as_they_are() -> None:
    assert short_names(("api-orders", "api-users"), 10) == ("api-orders", "api-users")


def test_names_keep_as_much_of_the_beginning_as_fits() -> None:
    assert short_names(("service-0", "service-10"), 9) == ("…rvice-0", "…rvice-10")


def test_names_of_one_beginning_and_end_keep_what_differs() -> None:
    names = tuple(f"node_cpu_seconds_total.{mode}.instance.example.com" for mode in ("idle", "user"))
    assert short_names(names, 8) == ("…idle", "…user")


def test_long_names_lose_their_middle() -> None:
    assert short_names(("alpha-one-omega", "beta-two-psi"), 7) == ("alp…ega", "bet…psi")


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.integers(0, 30))
def test_names_never_take_more_room_than_they_have(names: list[str], width: int) -> None:
    for name in short_names(tuple(names), width):
        assert text_width(name) <= width
        assert name == clean(name)


@given(st.integers(0, 60), st.integers(1, 4), st.integers(1, 200), st.integers(1, 60))
def test_the_legend_leaves_most_rows_to_the_chart(count: int, numbers: int, width: int, room: int) -> None:
    rows = legend_rows(["x" * (n % 30) for n in range(count)], numbers, width, room)
    assert 0 <= rows <= max(room // 4, 1) + (1 if room >= 12 else 0)
    assert rows == 0 or room >= 5


@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=30),
    st.integers(1, 4),
    st.integers(1, 120),
    st.integers(1, 12),
)
def test_any_legend_has_its_size_and_computes_what_it_shows(
    names: list[str], count: int, width: int, rows: int
) -> None:
    headings = ("last", "min", "max", "avg")[: numbers_shown(len(names), count, width, rows)]
    found = entries(names, *("1.21s" for _ in headings))
    cells = draw_legend(Legend(entries=found, headings=headings), width, rows)
    assert cells.codes.shape == (rows, width)


def test_a_small_legend_is_one_line_of_last_values() -> None:
    assert legend_rows(["orders"] * 4, 4, 28, 6) == 1
    line = drawn(entries(["orders", "users"], "1.21s"), ("last",), 40, 1)[0]
    assert line.split() == ["■", "orders", "1.21s", "□", "users", "1.21s"]


def test_what_has_no_room_is_counted() -> None:
    lines = drawn(entries([f"service-{n}" for n in range(20)], "1.21s"), ("last",), 60, 2)
    shown = sum("service" in word or "…" in word for line in lines for word in line.split())
    assert f"+{20 - shown} more" in lines[-1]
    assert shown >= 4


def test_a_table_has_headings_and_right_aligned_numbers() -> None:
    found = [
        Entry(name="orders", index=0, numbers=("1.21s", "180ms")),
        Entry(name="users", index=1, numbers=("92ms", "9ms")),
    ]
    lines = drawn(found, ("last", "min"), 60, 3)
    assert lines[0].split() == ["last", "min"]
    assert lines[1].index("1.21s") + 5 == lines[2].index("92ms") + 4 == lines[0].index("last") + 4


def test_numbers_stay_in_their_place_when_their_digits_change() -> None:
    before = drawn(entries(["orders", "users"], "9ms", "1ms"), ("last", "min"), 60, 3)
    after = drawn(entries(["orders", "users"], "180ms", "1ms"), ("last", "min"), 60, 3)
    assert before[0] == after[0]
    assert before[1].index("9ms") + 3 == after[1].index("180ms") + 5


@pytest.mark.parametrize(("level", "sign"), [(Level.WARNING, "▲"), (Level.CRITICAL, "●")])
def test_a_level_has_its_sign_behind_the_number(level: Level, sign: str) -> None:
    assert f"1.21s {sign}" in drawn(entries(["orders"], "1.21s", level=level), ("last",), 60, 1)[0]


def test_every_series_has_a_sign_of_its_own() -> None:
    lines = drawn(entries([f"s{n}" for n in range(12)], "1"), ("last",), 200, 3)
    signs = {char for line in lines for char in line if not char.isascii()}
    assert len(signs) == 12


@given(
    st.lists(st.text("abc", max_size=9), min_size=1, max_size=200),
    st.integers(0, 3),
    st.integers(1, 120),
    st.integers(1, 8),
)
def test_a_legend_that_is_given_only_what_has_room_is_the_same(
    names: list[str], count: int, width: int, rows: int
) -> None:
    headings = ("last", "min", "max")[: numbers_shown(len(names), count, width, rows)]
    every = entries(names, *("1.21s" for _ in headings))
    most = most_entries(len(headings), width, rows)
    few = Legend(entries=every[:most], headings=headings, others=len(every[most:]))
    said = draw_legend(few, width, rows).lines()[-1].rpartition("+")[2]
    whole = draw_legend(Legend(entries=every, headings=headings), width, rows).lines()
    if len(names) <= most:
        assert draw_legend(few, width, rows).lines() == whole
    elif whole[-1].rstrip().endswith("more"):
        assert said.strip().endswith("more")


def test_the_first_number_says_its_instant_where_that_is_not_now() -> None:
    found = entries(["orders", "users"], "1.21s", "180ms")
    said = Legend(entries=found, headings=("last", "min"), instant="23:13:20")
    table = draw_legend(said, 60, 3).lines()
    assert table[0].split() == ["23:13:20", "min"]
    assert table[1].index("1.21s") + 5 == table[0].index("23:13:20") + 8
    one = draw_legend(Legend(entries=found[:1], headings=("last", "min"), instant="23:13:20"), 60, 1).lines()[0]
    assert one.split() == ["■", "orders", "23:13:20", "1.21s", "min", "180ms"]


def test_a_legend_shows_the_sign_that_the_chart_has() -> None:
    found = [Entry(name="orders", index=0, numbers=(), sign="▓"), Entry(name="users", index=1, numbers=(), sign="▒")]
    assert draw_legend(Legend(entries=found), 40, 1).lines()[0].split() == ["▓", "orders", "▒", "users"]


def test_short_names_take_fewer_rows() -> None:
    names = [f"s{n:02}" for n in range(12)]
    assert legend_rows(names, 1, 60, 40) == 4
    assert legend_rows([name * 9 for name in names], 1, 60, 40) == 6


def test_numbers_stand_beside_the_names_also_when_those_were_shortened() -> None:
    names = [f'http_requests_total{{service="orders", instance="10.0.0.{n}:9090"}}' for n in range(4)]
    legend = Legend(
        entries=[Entry(name=name, index=n, numbers=("1", "2", "3")) for n, name in enumerate(names)],
        headings=("last", "min", "max"),
    )
    row = draw_legend(legend, 60, 5).lines()[1]
    assert row.startswith("■ …10.0.0.0:9090       1")


def test_one_series_is_named_before_the_others_are_counted() -> None:
    names = [f'http_requests_total{{instance="10.0.0.{n}:9090"}}' for n in range(18)]
    legend = Legend(
        entries=[Entry(name=name, index=n, numbers=("18.6/s",)) for n, name in enumerate(names)], headings=("last",)
    )
    (row,) = draw_legend(legend, 28, 1).lines()
    assert "18.6/s" in row
    assert row.endswith("+17 more")


def test_the_last_series_is_named_rather_than_counted() -> None:
    assert legend_rows(["gateway", "orders", "payments", "users"], 1, 28, 13) == 4
    assert legend_rows(["gateway", "orders", "payments", "users", "emails"], 1, 28, 13) == 3
