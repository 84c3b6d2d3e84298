"""Labels, annotations, notes and names are written by others: none of it reaches a cell as a control character."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.marks import Ack, Note
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.picture import AlertLine, LeaderView, RuleLine, SilenceLine, StoreView
from opsdash.core.audit import GENESIS, Entry, NewEntry
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.alerts.card import CardLook, draw_card
from opsdash.core.view.alerts.rule_table import draw_rules
from opsdash.core.view.alerts.silence_table import draw_silences
from opsdash.core.view.alerts.slo_table import draw_slos
from opsdash.core.view.alerts.timeline import draw_timeline
from opsdash.core.view.alerts.triage_table import TableLook, draw_table
from opsdash.core.view.cells import Cells
from tests.fakes.alerts import alert, flash_sale, health, rule, silence
from tests.fakes.engine import NOW_S, ScriptedEngine, board_of, twelve
from tests.fakes.ownership import ScriptedOwnership
from tests.fakes.screen import bench

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["\x1b]0;owned\x07", "\x1b[31mred", "a\rb\nc", "\u202eevil", "한국어 경보", "x" * 5000, "\x9b2J", "\0", ""]
    ),
)
NUMBERS = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e308, -1e308]))
TIMES = st.one_of(st.floats(min_value=-1e12, max_value=1e12), st.sampled_from([0.0, NOW_S, 1e18, -1e18]))
WIDTHS = st.sampled_from([200, 120, 80, 40, 12, 5, 1])
HEIGHTS = st.sampled_from([1, 2, 3, 9, 25])


def harmless(cells: Cells) -> None:
    bad = (cells.codes < 32) & (cells.codes != 0) | (cells.codes >= 127) & (cells.codes < 160)
    assert not bad.any()
    assert not ((cells.codes >= 0x202A) & (cells.codes <= 0x202E)).any()


def line(word: str, number: float, at_s: float) -> AlertLine:
    made = replace(rule("R", unit="s", actions=(word,)), name=word)
    one = alert(
        made, ((word, word),), value=number, threshold=number, fired_at_s=at_s, message=word,
        annotations=(("summary", word), ("description", word + "!")),
    )  # fmt: skip
    ack = Ack(
        fingerprint="x", episode="x", owner=word, by=word + "2", at_s=at_s, expires_at_s=at_s, severity=one.severity,
        value=number, note=word,
    )  # fmt: skip
    note = Note(fingerprint="x", text=word, by=word, at_s=at_s)
    quiet = silence(by=word, comment=word, ends_at_s=at_s)
    return AlertLine(
        alert=one, rule=made, where=word, ack=ack, note=note, silences=(quiet,), inhibited_by=word, maintenance=word,
        runbook=word, burn_rate=number,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(HOSTILE, NUMBERS, TIMES, WIDTHS, HEIGHTS)
def test_no_cell_ever_comes_from_hostile_text(word: str, number: float, at_s: float, width: int, height: int) -> None:
    one = line(word, number, at_s)
    slo = SloStatus(
        name=word, objective=number, window_s=86_400, at_s=at_s, budget_left=number, message=word,
        burn_rates={word: number, "1h": number},
    )  # fmt: skip
    quiet = SilenceLine(
        silence=silence(by=word, comment=word, matchers=(Matcher(name=word, op="=", value=word),), ends_at_s=at_s),
        hides=1, state=word,
    )  # fmt: skip
    rules = RuleLine(
        rule=one.rule or rule("x"), health=health(rule("x"), message=word, evaluated_at_s=at_s), is_late=False
    )
    entry = Entry(
        seq=1, previous=GENESIS, hash="", entry=NewEntry(kind=word, subject=word, actor=word, at_s=at_s, text=word)
    )
    picture = flash_sale(lines=(one,), slos=(slo,), silences=(quiet,), rules=(rules,), trends={})
    for cells in (
        draw_table(picture.lines, picture, width, height, TableLook(now_s=NOW_S)),
        draw_card(one, picture, width, height, CardLook(now_s=NOW_S)),
        draw_slos(picture.slos, width, height, NOW_S, 0),
        draw_silences(picture.silences, width, height, NOW_S, UTC, 0),
        draw_rules(picture.rules, width, height, NOW_S, 0),
        draw_timeline((entry,), width, height, NOW_S, UTC),
    ):
        assert (cells.width, cells.height) == (width, height)
        harmless(cells)


@settings(max_examples=25, deadline=None)
@given(
    HOSTILE,
    NUMBERS,
    TIMES,
    st.lists(st.sampled_from([*"!SRZasnehUoAlpd/12", "enter", "esc", "tab", "down"]), max_size=8),
)
def test_no_key_on_hostile_alerts_breaks_the_window(word: str, number: float, at_s: float, keys: list[str]) -> None:
    one = line(word, number, at_s)
    picture = flash_sale(
        lines=(one,), store=StoreView(url=word, state=Freshness.ERROR, message=word), operator=word,
        leader=LeaderView(holder=word, is_us=False, silent_s=99.0),
    )  # fmt: skip
    engine = ScriptedEngine(board_of(twelve()))
    engine.overrides["alerts"] = picture
    made = bench(engine, (80, 24), ownership=ScriptedOwnership(picture), painter=lambda view, w, h, look: Cells(w, h))
    for key in ["!", *keys]:
        made.press(key)
        harmless(made.cells())
