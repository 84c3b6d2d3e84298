"""From the start to an owned alert in three keys, and every other way to own, hide and read one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.picture import AlertsPicture, LeaderView, StoreView
from opsdash.core.alerting.spec import AlertingSpec, CommentRule
from opsdash.core.errors import Refused
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.alerts.signs import is_in_trouble
from opsdash.core.view.panels import Dashboard, PanelKind
from opsdash.ui.effects import LookUp, Own, Ring, Say
from opsdash.ui.overlays.alerts.history import History
from tests.fakes.alerts import flash_sale, many
from tests.fakes.engine import NOW_S, ScriptedEngine, board_of, every_kind, panel, twelve
from tests.fakes.ownership import ScriptedOwnership, entries_of
from tests.fakes.screen import Bench, app_on, bench


def sale(size: tuple[int, int] = (120, 34), picture: AlertsPicture | None = None, **board: object) -> Bench:
    picture = flash_sale() if picture is None else picture
    engine = ScriptedEngine(board_of(twelve(), every_kind(), **board))
    engine.overrides["alerts"] = picture
    return bench(engine, size, ownership=ScriptedOwnership(picture))


def deeds(made: Bench) -> list[Own]:
    return [one for one in made.effects if isinstance(one, Own)]


def said(made: Bench) -> str:
    return [one.text for one in made.effects if isinstance(one, Say)][-1]


def show(made: Bench, picture: AlertsPicture | None) -> None:
    made.engine.overrides["alerts"] = picture
    made.arrive()


def rule_of_first(**more: object) -> AlertsPicture:
    """The flash sale, the rule of its first alert in another way."""
    picture = flash_sale()
    first = picture.lines[0]
    assert first.rule is not None
    changed = replace(first, rule=replace(first.rule, **more))  # type: ignore[arg-type]
    return replace(picture, lines=(changed, *picture.lines[1:]))


FIRST = flash_sale().lines[0].alert.fingerprint
WANTS_NOTE = AlertingSpec(
    comments=(CommentRule(matchers=(), pattern=r".*INC-\d+.*", hint="the incident, like INC-42"),)
)


# --- owning


def test_three_keys_from_the_start_to_an_acknowledged_alert() -> None:
    made = sale().press("!", "a", "enter")
    assert deeds(made) == [Own(verb="acknowledge", fingerprints=(FIRST,), for_s=4 * 3600.0)]


def test_the_dialog_gives_the_screen_back() -> None:
    made = sale().press("!", "a", "enter")
    assert "Triage" in made.lines()[2]
    assert "Acknowledge" not in made.text()


def test_a_note_and_another_length_go_with_it() -> None:
    made = sale().press("!", "a").type("looking").press("tab", "ctrl+u").type("30m").press("enter")
    assert deeds(made) == [Own(verb="acknowledge", fingerprints=(FIRST,), text="looking", for_s=1800.0)]


def test_no_length_means_until_it_is_over() -> None:
    made = sale().press("!", "a", "tab", "ctrl+u", "enter")
    assert deeds(made)[0].for_s is None


@pytest.mark.parametrize("length", ["soon", "-1h", "0", "99999d", "1h1h"])
def test_a_length_that_is_none_is_said_and_nothing_is_done(length: str) -> None:
    made = sale().press("!", "a", "tab", "ctrl+u").type(length).press("enter")
    assert deeds(made) == []
    assert "is no length of time; write it like 4h" in made.text()


def test_where_a_comment_is_wanted_enter_alone_is_not_enough() -> None:
    made = sale(alerting=WANTS_NOTE).press("!", "a")
    assert "wanted here: the incident, like INC-42" in made.text()
    made.press("enter")
    assert deeds(made) == []
    assert "wants a note: the incident, like INC-42" in made.text()
    made.type("INC-7").press("enter")
    assert deeds(made)[0].text == "INC-7"


def test_all_shown_are_counted_before_and_owned_or_quiet_ones_left_alone() -> None:
    made = sale().press("!", "A")
    assert "Acknowledge all 4 shown" in made.text()
    made.press("enter")
    assert len(deeds(made)[0].fingerprints) == 4


def test_all_shown_are_those_that_the_filter_shows() -> None:
    made = sale().press("!", "/").type("orders").press("enter", "A", "enter")
    assert len(deeds(made)[0].fingerprints) == 3


def test_all_of_nothing_says_so() -> None:
    made = sale().press("!", "/").type("users").press("enter", "A")
    assert "nothing that is shown fires without an owner" in said(made)


def test_what_is_over_cannot_be_owned() -> None:
    made = sale().press("!", "end", "a")
    assert "is over; there is nothing to own" in said(made)


def test_an_alert_of_somebody_else_is_taken_over_by_saying_so() -> None:
    made = sale(picture=flash_sale(operator="jun")).press("!", "down", "down", "a")
    assert "Take HighLatency (orders) over from mina" in made.text()
    made.press("enter")
    owned = flash_sale().lines[2].alert.fingerprint
    assert deeds(made) == [Own(verb="assign", fingerprints=(owned,), owner="jun")]


def test_what_happened_while_the_dialog_was_open_is_said_in_it() -> None:
    made = sale().press("!", "a")
    picture = flash_sale()
    first, taken = picture.lines[0], picture.lines[2].ack
    assert taken is not None
    theirs = replace(taken, owner="jun", fingerprint=first.alert.fingerprint)
    show(made, replace(picture, lines=(replace(first, ack=theirs), *picture.lines[1:])))
    assert "taken meanwhile by jun: HighErrorRatio (orders)" in made.text()
    show(made, replace(picture, lines=picture.lines[1:]))
    assert "over meanwhile: HighErrorRatio (orders)" in made.text()


def test_an_alert_of_ones_own_is_renewed() -> None:
    made = sale().press("!", "down", "down", "a")
    assert "it is yours already; this renews it" in made.text()
    assert deeds(made.press("enter"))[0].verb == "acknowledge"


def test_a_key_tells_the_store_that_somebody_is_here_once_a_minute() -> None:
    made = sale().press("j", "k")
    ownership = made.session._around.ownership
    assert isinstance(ownership, ScriptedOwnership)
    assert ownership.heard_count == 1
    made.clock.advance(61)
    made.press("j")
    assert ownership.heard_count == 2


def test_giving_back_takes_one_key_and_only_what_is_owned() -> None:
    made = sale().press("!", "U")
    assert "has no owner" in said(made)
    owned = flash_sale().lines[2].alert.fingerprint
    assert deeds(made.press("down", "down", "U")) == [Own(verb="unacknowledge", fingerprints=(owned,))]


def test_assign_note_and_escalate_take_their_words() -> None:
    made = sale().press("!", "o", "enter")
    assert "who is to have it?" in made.text()
    made.type("jun").press("tab").type("yours").press("enter")
    made.press("n", "enter")
    assert "there is nothing to note yet" in made.text()
    made.type("seen").press("enter").press("e").type("help").press("enter")
    assert deeds(made) == [
        Own(verb="assign", fingerprints=(FIRST,), owner="jun", text="yours"),
        Own(verb="note", fingerprints=(FIRST,), text="seen"),
        Own(verb="escalate", fingerprints=(FIRST,), text="help"),
    ]


def test_a_suggested_action_says_that_it_is_not_carried_out_yet() -> None:
    made = sale().press("!", "1")
    assert "open breaker orders→payments is suggested here; this version of opsdash does not act yet" in said(made)
    assert deeds(made) == []


# --- silences


def test_a_silence_begins_with_the_labels_that_last_and_shows_what_it_hides() -> None:
    made = sale().press("!", "s")
    text = made.text()
    assert 'alertname="HighErrorRatio", service="orders"' in text
    assert "hides 1 of 7 alerts now: HighErrorRatio (orders)" in text
    assert "for 2h: until 09-22 01:13" in text
    made.type("deploy").press("enter")
    (deed,) = deeds(made)
    assert (deed.verb, deed.for_s, deed.text, deed.everything) == ("silence", 7200.0, "deploy", False)
    assert Matcher(name="service", op="=", value="orders") in deed.matchers


def test_the_preview_follows_what_is_typed() -> None:
    made = sale().press("!", "s", "up", "up", "ctrl+u").type('service="orders"')
    assert "hides 2 of 7 alerts now" in made.text()
    made.press("ctrl+u").type('servce="orders"')
    assert 'no alert has a label "servce"; did you mean service?' in made.text()


def test_matchers_that_cannot_be_read_are_said_and_nothing_is_done() -> None:
    made = sale().press("!", "s", "up", "up", "ctrl+u").type("service==orders").press("enter")
    assert "did you mean =?" in made.text()
    assert deeds(made) == []


def test_hiding_everything_has_to_be_typed_out() -> None:
    made = sale().press("!", "s", "up", "up", "ctrl+u").type('alertname=~".+"')
    assert "type EVERYTHING" in made.text()
    made.press("enter")
    assert deeds(made) == []
    made.type("everything").press("enter")
    assert deeds(made) == []
    made.press("ctrl+u").type("EVERYTHING").press("enter")
    assert deeds(made)[0].everything


def test_the_line_to_type_it_out_goes_with_the_reason() -> None:
    made = sale().press("!", "s", "up", "up", "ctrl+u")
    assert "sure?" in made.text()
    assert "sure?" not in made.type('service="orders"').text()


def test_a_silence_is_extended_ended_and_made_on_its_own_screen() -> None:
    made = sale().press("Z", "e", "enter", "E")
    assert deeds(made) == [
        Own(verb="extend", silence_id="s1", for_s=7200.0),
        Own(verb="expire", silence_id="s1"),
    ]
    made.press("end", "E")
    assert "is over already" in said(made)


# --- the way to what shows it


def test_the_panel_that_a_rule_names_is_one_key_away_and_maximised() -> None:
    made = sale().press("!", "p")
    assert made.desk.overlay is None
    assert (made.desk.focus, made.desk.maximised) == ("Twelve/p99 latency", True)
    assert made.engine.shown == (0, frozenset({"Twelve/p99 latency"}))


def test_the_logs_are_one_key_away_and_filtered_by_what_it_is_about() -> None:
    made = sale().press("!", "l")
    assert made.desk.focus == "d/Errors"
    assert made.desk.panel("d/Errors").filter == "orders"
    assert "logs that contain orders" in said(made)


def test_the_logs_that_a_rule_names_are_asked_for_in_place_of_the_panels_own() -> None:
    asked = rule_of_first(logs="level:error AND service:{{ $labels.service }}")
    made = sale(picture=asked).press("!", "l")
    query = "level:error AND service:orders"
    assert ("narrow_logs", "d/Errors", query) in made.engine.calls
    assert made.desk.panel("d/Errors").filter == ""
    assert f"logs of HighErrorRatio (orders): {query}; esc shows all" in said(made)
    made.press("esc")
    assert made.engine.calls.count(("narrow_logs", "d/Errors", "")) == 1
    assert made.desk.maximised
    made.press("esc")
    assert not made.desk.maximised


def test_the_logs_of_another_alert_do_not_stay_those_of_the_first() -> None:
    made = sale(picture=rule_of_first(logs="level:error")).press("!", "l", "!", "down", "down", "l")
    assert made.engine.calls[-1] != ("narrow_logs", "d/Errors", "level:error")
    assert ("narrow_logs", "d/Errors", "") in made.engine.calls
    assert made.desk.panel("d/Errors").filter == "orders"


def test_an_alert_that_no_panel_shows_says_what_to_write() -> None:
    made = sale().press("!", "down", "p")
    assert "name one with panel: in its rule" in said(made)


# --- the screen itself


def test_the_selected_alert_stays_selected_when_others_come() -> None:
    made = sale().press("!", "down", "down")
    before = made.desk.overlay.selected
    picture = flash_sale()
    fresh = many(3).lines
    show(made, replace(picture, lines=(*fresh, *picture.lines)))
    assert made.desk.overlay.selected == before
    assert made.desk.overlay.at == 5


def test_when_the_selected_one_is_gone_the_next_takes_its_place() -> None:
    made = sale().press("!", "down")
    picture = flash_sale()
    show(made, replace(picture, lines=(picture.lines[0], *picture.lines[2:])))
    assert made.desk.overlay.selected == picture.lines[2].alert.fingerprint


def test_esc_takes_the_filter_first_then_the_screen() -> None:
    made = sale().press("!", "/").type("mina").press("enter")
    assert "/mina: 1 of 8" in made.text()
    made.press("esc")
    assert "8" in made.text()
    assert made.press("esc").desk.overlay is None


def test_a_filter_is_undone_by_esc_while_it_is_typed() -> None:
    made = sale().press("!", "/").type("zzz")
    assert "None of 8 alerts has “zzz” in it" in made.text()
    assert "HighErrorRatio" in made.press("esc").text()


def test_only_alerts_on_screen_are_looked_at() -> None:
    made = sale((80, 24), many(1000))
    ownership = made.session._around.ownership
    made.press("!")
    assert isinstance(ownership, ScriptedOwnership)
    assert 0 < len(ownership.looked_at) < 25
    before = ownership.looked_at
    made.press("end")
    assert ownership.looked_at.isdisjoint(before)
    assert ownership.looked_at != frozenset()
    made.press("esc")
    assert ownership.looked_at == frozenset()


def test_a_click_selects_a_line_and_a_tab_opens_its_screen() -> None:
    from opsdash.ui import mouse

    made = sale()
    x = made.lines()[1].index("! Alerts")
    made.session.handle(lambda d, s: mouse.clicked(x, 1, twice=False, desk=d, scene=s))
    made.session.handle(lambda d, s: mouse.clicked(20, 6, twice=False, desk=d, scene=s))
    assert made.desk.overlay.at == 2


@pytest.mark.parametrize(("key", "words"), [("!", "No alert rules"), ("S", "No SLOs yet"), ("R", "No alert rules"),
                                            ("Z", "Nothing is silenced")])  # fmt: skip
def test_an_empty_screen_says_how_to_begin(key: str, words: str) -> None:
    for picture in (AlertsPicture(at_s=NOW_S), None):
        made = bench(ScriptedEngine(board_of(twelve())))
        show(made, picture)
        assert words in made.press(key).text()


def test_nothing_firing_is_said_as_such() -> None:
    well = tuple(line for line in flash_sale().rules if not is_in_trouble(line))
    assert "Nothing fires. 4 rules watch" in sale(picture=flash_sale(lines=(), rules=well)).press("!").text()


def test_nothing_firing_is_not_said_while_rules_cannot_be_evaluated() -> None:
    made = sale(picture=flash_sale(lines=()))
    assert "⟲ 2 rules not evaluated" in made.lines()[0]
    assert "✓ nothing fires" not in made.lines()[0]
    text = made.press("!").text()
    assert "Nothing is known to fire, but 2 of 6 rules could not be evaluated; R shows why." in text


def test_trouble_of_the_store_and_no_leader_are_said_in_the_header_and_on_the_screen() -> None:
    picture = flash_sale(
        store=StoreView(url="x", state=Freshness.ERROR, message="the disk is full; kept in memory", unwritten=3),
        leader=LeaderView(holder="", is_us=False, silent_s=45.0),
    )
    made = sale((160, 40), picture)
    assert "✕ store" in made.lines()[0]
    assert "✕ no leader 45s" in made.lines()[0]
    text = made.press("!").text()
    assert "the disk is full; kept in memory" in text
    assert "3 deeds wait to be written" in text
    assert "nobody has evaluated the rules for 45s" in text


@pytest.mark.parametrize("width", range(40, 200, 8))
def test_the_header_counts_at_any_width(width: int) -> None:
    assert "● 2" in sale((width, 24)).lines()[0]


def test_header_and_tabs_are_as_before_where_nothing_is_evaluated() -> None:
    made = bench(ScriptedEngine(board_of(twelve())))
    assert "●" not in made.lines()[0]
    assert "Alerts" not in made.lines()[1]


# --- history


def test_the_history_is_read_a_page_at_a_time() -> None:
    made = sale().press("!", "h")
    assert made.effects[-1] == LookUp(FIRST)
    every = entries_of(FIRST, NOW_S, 50)
    made.session.told_history(LookUp(FIRST), tuple(reversed(every[30:])), "")
    assert "20 entries so far" in made.text()
    made.press("end")
    asked = LookUp(FIRST, 31)
    assert made.effects[-1] == asked
    made.press("end", "end")
    assert [one for one in made.effects if one == asked] == [asked]
    made.session.told_history(asked, tuple(reversed(every[:30])), "")
    made.press("end")
    made.session.told_history(LookUp(FIRST, 1), (), "")
    assert "50 entries" in made.text()
    overlay = made.desk.overlay
    assert isinstance(overlay, History)
    assert all(a.seq > b.seq for a, b in pairwise(overlay.entries))


def test_a_history_that_comes_too_late_changes_nothing() -> None:
    made = sale().press("!", "h", "esc", "esc")
    before = made.desk
    made.session.told_history(LookUp(FIRST), entries_of(FIRST, NOW_S), "")
    assert made.desk == before


def test_a_history_that_comes_while_a_dialog_is_over_it_is_there_afterwards() -> None:
    made = sale().press("!", "h", "n")
    made.session.told_history(LookUp(FIRST), tuple(reversed(entries_of(FIRST, NOW_S))), "")
    assert "4 entries" in made.press("esc").text()


def test_a_deed_by_somebody_else_is_read_into_an_open_history() -> None:
    made = sale().press("!", "h")
    picture = flash_sale()
    noted = replace(picture.lines[0], note=None)
    show(made, replace(picture, lines=(noted, *picture.lines[1:])))
    assert made.effects[-1] == LookUp(FIRST)


# --- bell


def rings(made: Bench) -> list[str]:
    return [one.text for one in made.effects if isinstance(one, Ring)]


def test_what_fires_at_the_start_is_no_news() -> None:
    assert rings(sale()) == []


def test_an_alert_rings_once_a_storm_as_one_and_never_twice_in_five_seconds() -> None:
    made = sale(picture=flash_sale(lines=()))
    picture = flash_sale()
    show(made, replace(picture, lines=picture.lines[:1]))
    show(made, replace(picture, lines=picture.lines[:1]))
    assert rings(made) == ["critical: HighErrorRatio (orders)"]
    show(made, many(23))
    assert len(rings(made)) == 1
    made.clock.advance(6)
    made.session.ticked()
    assert rings(made)[1:] == ["23 alerts fire, 23 critical: HighErrorRatio (service-0) and others"]
    made.clock.advance(60)
    made.session.ticked()
    assert len(rings(made)) == 2


def test_quiet_owned_and_pending_alerts_do_not_ring() -> None:
    made = sale(picture=flash_sale(lines=()))
    lines = flash_sale().lines
    show(made, flash_sale(lines=(lines[2], lines[5], lines[6], lines[7])))
    assert rings(made) == []


def test_an_alert_whose_silence_ends_while_it_fires_rings() -> None:
    quiet = flash_sale().lines[5]
    made = sale(picture=flash_sale(lines=(quiet,)))
    show(made, flash_sale(lines=(replace(quiet, silences=()),)))
    assert rings(made) == ["warning: QueueBacklog (emails/slow)"]


# --- charts and panels


def test_the_panel_of_a_rule_shows_the_moment_it_fired_and_a_mark_in_its_frame() -> None:
    made = sale((200, 50))
    lines = made.lines()
    assert "● orders ┓" in lines[2]
    assert any("↑" in line for line in lines)
    show(made, replace(flash_sale(), lines=()))
    assert "● orders" not in made.lines()[2]


def test_panels_of_alerts_and_slos_are_filled() -> None:
    board = Dashboard(title="A", panels=(
        panel("Now", PanelKind.ALERTS, queries=(), matchers=(Matcher(name="service", op="=", value="orders"),)),
        panel("Budgets", PanelKind.SLO, queries=()),
    ))  # fmt: skip
    engine = ScriptedEngine(board_of(board))
    engine.overrides["alerts"] = flash_sale()
    text = bench(engine, (160, 40)).text()
    assert "HighErrorRatio" in text
    assert "PoolWaiting" not in text
    assert "checkout-latency" in text


def test_the_rows_of_an_alerts_panel_are_gone_through_and_filtered() -> None:
    board = Dashboard(title="A", panels=(panel("Now", PanelKind.ALERTS, queries=()),))
    engine = ScriptedEngine(board_of(board))
    engine.overrides["alerts"] = flash_sale()
    made = bench(engine, (160, 40)).press("enter", "down", "down")
    assert next(line for line in made.lines() if "❯" in line).count("OrdersBudget") == 1
    made.press("/").type("latency").press("enter")
    assert "HighErrorRatio" not in made.text()
    assert "HighLatency" in made.text()


# --- the real app


@pytest.mark.parametrize("size", [(200, 50), (120, 35), (80, 24), (40, 12)])
async def test_every_screen_of_alerts_opens_by_its_key_in_the_app(size: tuple[int, int]) -> None:
    picture = flash_sale()
    engine = ScriptedEngine(board_of(twelve(), every_kind()))
    engine.overrides["alerts"] = picture
    app = app_on(engine, ownership=ScriptedOwnership(picture))
    async with app.run_test(size=size) as pilot:
        for key in ("!", "h", "escape", "a", "escape", "A", "escape", "s", "escape", "S", "Z", "s", "escape", "R", "!"):
            await pilot.press(key)
            await pilot.pause()
        assert "Triage" in "\n".join(app._session.picture().lines())


async def test_a_deed_is_carried_out_whatever_the_screen_does_meanwhile() -> None:
    picture = flash_sale()
    engine = ScriptedEngine(board_of(twelve()))
    engine.overrides["alerts"] = picture
    ownership = ScriptedOwnership(picture, slow=asyncio.Event())
    app = app_on(engine, ownership=ownership)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("exclamation_mark", "a", "enter", "escape", "n", "escape", "escape")
        await pilot.pause(0.05)
        assert ownership.done == 0
        for worker in app.workers:
            if worker.group == "deeds":
                worker.cancel()
        assert ownership.slow is not None
        ownership.slow.set()
        await pilot.pause(0.05)
    assert ownership.done == 1


async def test_what_came_of_a_deed_is_a_line_good_or_bad() -> None:
    picture = flash_sale()
    engine = ScriptedEngine(board_of(twelve()))
    engine.overrides["alerts"] = picture
    ownership = ScriptedOwnership(picture)
    app = app_on(engine, ownership=ownership)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("exclamation_mark", "a", "enter")
        await pilot.pause(0.05)
        assert [toast.level for toast in app.session.desk.toasts] == ["good"]
        ownership.error = Refused("mina acknowledged it 2 s before you")
        await pilot.press("a", "enter")
        await pilot.pause(0.05)
        last = app.session.desk.toasts[-1]
        assert (last.level, last.text) == ("bad", "not done: mina acknowledged it 2 s before you")
