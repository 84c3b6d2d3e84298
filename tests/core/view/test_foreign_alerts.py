"""Alerts of an Alertmanager on the screens: who tells of them, where they come from, and nothing that does harm."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.view.alerts.card import CardLook, draw_card
from opsdash.core.view.export.alerts_text import alerts_table
from tests.fakes.hub import foreign

NOW_S = 1_060.0


def card(alert: Alert, width: int = 100) -> str:
    picture = pictured(Book(), AlertingSpec(), now_s=NOW_S, operator="mina", foreign=[alert])
    cells = draw_card(picture.lines[0], picture, width, 14, CardLook(now_s=NOW_S))
    return "\n".join(cells.lines())


def test_the_card_names_every_source_that_tells_of_it_and_where_it_comes_from() -> None:
    alert = replace(foreign(), hubs=("am1", "am2"), generator="http://prom:9090/graph?g0.expr=up")
    assert "told by am1, am2" in card(alert)
    assert "look into it at http://prom:9090/graph?g0.expr=up" in card(alert)
    assert "told by am" in card(foreign())


def test_a_hostile_address_reaches_no_terminal() -> None:
    assert "\x1b" not in card(replace(foreign(), generator="http://x/\x1b[31m\n\u202e"))


def test_it_stands_in_the_list_with_its_severity_and_since_when() -> None:
    picture = pictured(Book(), AlertingSpec(), now_s=NOW_S, operator="mina", foreign=[foreign()])
    assert "critical  Pages  orders  60 s" in alerts_table(picture.lines, NOW_S)
