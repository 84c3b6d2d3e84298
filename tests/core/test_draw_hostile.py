"""Whatever a source sends and however large the window: a panel is drawn, in its size, without a control character."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.view.export.ansi import to_ansi
from opsdash.core.view.export.csv import panel_csv
from opsdash.core.view.export.json_panel import panel_json
from opsdash.core.view.export.svg import to_svg
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from tests.fakes.hostile_views import assert_sound, looks, sizes, views
from tests.fakes.panel_views import START_S, panel_view, query_view, window

KINDS = ("table", "logs", "status", "toplist", "text", "cost")
THEME = Theme(name="t", title="T", dark=True, colours=dict.fromkeys(Role, "#a0b0c0"))
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def draw_of(kind: str):
    return import_module(f"opsdash.core.view.draw.{kind}").draw


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(data=st.data(), size=sizes, look=looks())
def test_any_panel_is_drawn_in_any_size_without_control_characters(kind, data, size, look):
    view = data.draw(views(PanelKind(kind)))
    assert_sound(draw_of(kind)(view, *size, look), *size)


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(data=st.data(), look=looks())
def test_any_panel_can_be_written_to_a_file_that_holds_no_control_character(kind, data, look):
    view = data.draw(views(PanelKind(kind)))
    cells = draw_of(kind)(view, 60, 8, look)
    for text in (
        to_text(cells),
        panel_csv(view, look),
        panel_json(view, "d"),
        to_svg(cells, THEME, title=view.spec.title),
    ):
        assert not [char for char in text if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)]
    ET.fromstring(to_svg(cells, THEME, title=view.spec.title))
    assert to_ansi(cells, THEME, "none").count("\n") == 8


@pytest.mark.parametrize("kind", KINDS)
def test_ten_megabytes_in_a_label_cost_no_more_than_a_line(kind):
    huge = "a\x1b日" * 3_500_000
    shown = window({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    row = LogRow(id="1", at_s=START_S, message=huge, level=huge, fields={"service": huge, huge: 1.0})
    query = query_view(shown, legends=(huge, huge), answer=Answer(window=shown, rows=(row,)))
    view = panel_view(PanelKind(kind), view={"queries": (query,)}, text=huge, title=huge)
    look = Look(now_s=START_S, expanded=frozenset({"1"}))
    assert_sound(draw_of(kind)(view, 80, 20, look), 80, 20)
    assert_sound(draw_of(kind)(view, 500, 200, look), 500, 200)
