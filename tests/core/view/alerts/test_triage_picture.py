"""What fires is seen at any size, in columns that do not move, with marks that need no colour."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC
from itertools import pairwise

import pytest

from opsdash.core.alerting.alert import Cause, Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, LeaderView, StoreView
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.view.alerts.card import CardLook, budget_text, draw_card
from opsdash.core.view.alerts.grid import first_shown, placed
from opsdash.core.view.alerts.rule_table import draw_rules
from opsdash.core.view.alerts.signs import counts_of, sign_of, troubles
from opsdash.core.view.alerts.silence_table import draw_silences
from opsdash.core.view.alerts.slo_table import budget_bar, draw_slos, gone_in
from opsdash.core.view.alerts.timeline import draw_timeline
from opsdash.core.view.alerts.trends import trend_of
from opsdash.core.view.alerts.triage_table import COLUMNS, TableLook, draw_table
from opsdash.core.view.cells import Cells
from opsdash.core.view.plain_ascii import to_ascii
from tests.fakes.alerts import ERRORS, flash_sale, lines, many, rule, silence, slos, trend
from tests.fakes.alerts import alert as made_alert
from tests.fakes.engine import NOW_S
from tests.fakes.ownership import entries_of

LOOK = TableLook(now_s=NOW_S)
CARD = CardLook(now_s=NOW_S, zone=UTC)


def text(cells: Cells) -> str:
    return "\n".join(line.rstrip() for line in cells.lines())


def table(width: int = 120, height: int = 12, picture: AlertsPicture | None = None, look: TableLook = LOOK) -> Cells:
    picture = picture or flash_sale()
    return draw_table(picture.lines, picture, width, height, look)


def by_name(name: str, where: str = "") -> AlertLine:
    return next(line for line in lines() if line.alert.name == name and where in line.where)


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        (by_name("HighErrorRatio"), "●"), (by_name("PoolWaiting", "pgbouncer"), "▲"), (by_name("TargetDown"), "◆"),
        (by_name("QueueBacklog", "emails"), "▲"), (by_name("PoolWaiting", "users"), "·"),
        (replace(by_name("TargetDown"), alert=replace(by_name("TargetDown").alert, cause=Cause.ERROR)), "✕"),
        (next(line for line in lines() if line.alert.phase is Phase.PENDING), "…"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_each_state_has_a_shape_of_its_own(line: AlertLine, sign: str) -> None:
    assert sign_of(line)[0] == sign


def test_a_line_tells_since_when_what_where_how_much_against_what_and_who() -> None:
    row = table(150).lines()[3]
    for word in ("3", "4m", "●", "HighLatency", "orders", "1.21s", "> 1s", "✓ mina 2m", "Which dependency"):
        assert word in row


def test_columns_stay_where_they_are_whatever_the_values_are() -> None:
    calm = table().lines()[1]
    picture = flash_sale()
    first = picture.lines[0]
    loud = replace(first, alert=replace(first.alert, value=123_456.789, fired_at_s=NOW_S - 86_400 * 30))
    other = table(picture=replace(picture, lines=(loud, *picture.lines[1:]))).lines()[1]
    assert calm.index("HighErrorRatio") == other.index("HighErrorRatio")
    assert calm.index("> 5%") == other.index("> 5%")
    assert calm.index("orders") == other.index("orders")


def test_numbers_end_in_one_column() -> None:
    rows = table().lines()[1:5]
    ends = {row.index(word) + len(word) for row, word in zip(rows, ("5.8%", "14.9×", "1.21s", " 18 "), strict=True)}
    assert len({end - (1 if n == 3 else 0) for n, end in enumerate(sorted(ends))}) <= 2


@pytest.mark.parametrize(("width", "kept"), [(200, 10), (120, 10), (80, 8), (60, 8)])
def test_what_has_no_room_leaves_whole_columns_the_least_needed_first(width: int, kept: int) -> None:
    columns = placed(COLUMNS, width - 3)
    assert len(columns) <= kept
    titles = [place.column.title for place in columns]
    assert {"since", "alert", "where", "value", "owner"} <= set(titles)
    assert all(a.x + a.w < b.x for a, b in pairwise(columns))


def test_a_pending_alert_says_how_far_it_is() -> None:
    assert "pending 1m of 5m" in text(table())


def test_the_trend_is_that_of_the_alerts_own_series() -> None:
    found = trend_of(by_name("HighErrorRatio"), flash_sale())
    assert found is not None
    assert dict(found[0].labels[found[1]])["service"] == "orders"


def test_a_series_label_that_the_rule_overrides_does_not_hide_the_trend() -> None:
    made = rule("Over", labels=labels_of({"service": "shop"}))
    alert = made_alert(made, labels_of({"service": "shop", "zone": "b"}))
    window = trend(1.0)
    window = replace(window, labels=tuple(labels_of({"service": "x", "zone": zone}) for zone in "ab"))
    found = trend_of(AlertLine(alert=alert, rule=made, where=""), flash_sale(trends={made.id: window}))
    assert found is not None
    assert found[1] == 1


def test_only_lines_on_screen_are_made() -> None:
    picture = many(10_000)

    class Counted(tuple):  # type: ignore[type-arg]
        seen = 0

        def __getitem__(self, key: object) -> object:
            found = super().__getitem__(key)  # type: ignore[index]
            Counted.seen += len(found) if isinstance(key, slice) else 1
            return found

    draw_table(Counted(picture.lines), picture, 120, 31, TableLook(now_s=NOW_S, selected=9_000, top=8_990))
    assert Counted.seen == 30


@pytest.mark.parametrize(
    ("selected", "count", "rows", "top", "first"),
    [(0, 100, 10, 0, 0), (10, 100, 10, 0, 1), (5, 100, 10, 8, 5),
     (99, 100, 10, 0, 90), (0, 3, 10, 9, 0), (7, 100, 10, 3, 3),
     (0, 0, 10, 5, 0), (3, 5, 0, 0, 0)],
)  # fmt: skip
def test_the_selected_line_is_seen_and_the_rest_moves_no_further_than_it_must(
    selected: int, count: int, rows: int, top: int, first: int
) -> None:
    assert first_shown(selected, count, rows, top) == first


def test_without_colour_and_braille_every_mark_is_still_a_sign() -> None:
    cells = table(look=replace(LOOK, ascii_only=True))
    to_ascii(cells)
    drawn = text(cells)
    assert drawn.isascii()
    rows = drawn.splitlines()
    assert [rows[n].split()[2 + (n == 1)] for n in (1, 4, 5)] == ["!", "W", "?"]


# --- the card


def test_the_card_has_the_words_the_chart_and_what_could_be_done() -> None:
    drawn = text(draw_card(lines()[0], flash_sale(), 118, 16, CARD))
    for words in (
        "● HighErrorRatio · orders", "orders fails 5.8 % of requests", "critical, firing 6m since", "now 5.8% > 5%",
        "↑", "5%┼", "Suggested 1 open breaker orders→payments   2 scale orders", "Runbook",
        "jun: looks like the deploy",
    ):  # fmt: skip
        assert words in drawn, words


def test_the_card_tells_who_has_it_until_when_and_why() -> None:
    drawn = text(draw_card(by_name("HighLatency"), flash_sale(), 118, 16, CARD))
    assert "✓ mina has it until 18:11: the pool, I think" in drawn


def test_the_card_tells_by_whom_it_is_silenced() -> None:
    drawn = text(draw_card(by_name("QueueBacklog", "emails/slow"), flash_sale(), 118, 16, CARD))
    assert "z silenced by jun until 16:03: migration of the queue" in drawn


def test_a_budget_says_what_is_left_and_when_it_is_gone() -> None:
    assert (
        budget_text(by_name("OrdersBudget"), flash_sale()) == "Budget    12% of 30d left, burning 14.9×, gone in 5h47m"
    )


@pytest.mark.parametrize("size", [(118, 16), (78, 9), (40, 5), (12, 3), (11, 2), (200, 30)])
def test_the_card_fits_in_any_size(size: tuple[int, int]) -> None:
    for line in lines():
        cells = draw_card(line, flash_sale(), *size, CARD)
        assert (cells.width, cells.height) == size


# --- the other screens


def test_slos_show_budget_burn_rates_and_what_is_not_known() -> None:
    drawn = text(draw_slos(slos(), 170, 6, NOW_S))
    assert "● 14.9×" in drawn
    assert "99.9%" in drawn
    assert "-40%" in drawn
    assert "no event in the last 5m" in drawn
    assert gone_in(slos()[2]) == "gone"


@pytest.mark.parametrize(("left", "bar"), [(1.0, "████"), (0.5, "██··"), (0.01, "█···"), (0.0, "····"), (-3.0, "····"),
                                           (math.nan, "")])  # fmt: skip
def test_a_budget_bar_is_never_full_of_what_is_gone(left: float, bar: str) -> None:
    assert budget_bar(left, 4) == bar


def test_silences_say_state_matchers_end_owner_and_reason() -> None:
    drawn = text(draw_silences(flash_sale().silences, 140, 6, NOW_S, UTC, 0))
    for words in ("active", "pending", "expired", 'service="emails"', "1h50m", "jun@am", "migration of the queue"):
        assert words in drawn


def test_a_rule_says_when_it_was_evaluated_how_long_it_took_and_what_is_wrong() -> None:
    drawn = text(draw_rules(flash_sale().rules, 160, 8, NOW_S, 0))
    for words in ("✕  TargetDown", "error", "late", "not yet", "400ms", "prom refuses the query"):
        assert words in drawn


def test_a_timeline_says_when_who_what() -> None:
    drawn = text(draw_timeline(tuple(reversed(entries_of("x", NOW_S, 5))), 100, 6, NOW_S, UTC))
    assert "mina" in drawn
    assert "acknowledged until 18:02: looking" in drawn
    assert drawn.splitlines()[0].endswith("told slack")


# --- how it is with the whole


def test_quiet_and_owned_alerts_are_not_counted_as_firing() -> None:
    assert counts_of(flash_sale()) == (2, 2, 0, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"store": StoreView(url="sqlite:///x", state=Freshness.ERROR, message="the disk is full; kept in memory")},
         "✕ the disk is full; kept in memory"),
        ({"store": StoreView(url="sqlite:///x", state=Freshness.ERROR)}, "✕ the store sqlite:///x does not answer"),
        ({"store": StoreView(url="x", state=Freshness.FRESH, unwritten=2)}, "2 deeds wait to be written"),
        ({"leader": LeaderView(holder="", is_us=False, silent_s=40.0)}, "nobody has evaluated the rules for 40s"),
        ({"leader": LeaderView(holder="a@b", is_us=False, silent_s=90.0)}, "a@b leads and has said nothing for 1m"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_said(fields: dict[str, object], said: str) -> None:
    assert any(said in text for text, _ in troubles(flash_sale(**fields)))


def test_nothing_is_said_while_all_is_well() -> None:
    assert troubles(flash_sale()) == []
    assert troubles(flash_sale(silences=(), leader=LeaderView(holder="", is_us=False, silent_s=5.0))) == []


def test_the_value_of_a_rule_without_a_unit_is_a_plain_number() -> None:
    assert ERRORS.unit == "percentunit"
    assert silence().by == "jun"
    assert " 18 " in text(table())
