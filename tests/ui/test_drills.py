"""Incidents of the demo, from the palette: started, cured and cleared without the screen ever waiting."""

from __future__ import annotations

import asyncio

from opsdash.core.errors import QueryRejected, SourceUnavailable
from opsdash.ui.app import OpsdashApp
from opsdash.ui.effects import PlayDrill
from tests.fakes.drills import ScriptedDrills
from tests.fakes.screen import app_on, bench


def window(app: OpsdashApp) -> str:
    return "\n".join(app.session.picture().lines())


def test_without_a_demo_the_palette_has_no_incident() -> None:
    plain = bench()
    plain.press(":").type("incident")
    assert "Incident:" not in plain.text()
    assert "Clear all incidents" not in plain.text()


def test_the_palette_has_each_incident_with_its_remedy_and_the_end_of_them_all() -> None:
    demo = bench(drills=ScriptedDrills())
    demo.press(":").type("flash")
    assert "Incident: Flash sale" in demo.text()
    assert "Cure: Flash sale — run 12 instances of orders" in demo.text()
    demo.press("esc", ":").type("clear all inc")
    assert "Clear all incidents" in demo.text()


async def test_starting_curing_and_clearing_are_said_in_words() -> None:
    drills = ScriptedDrills()
    app = app_on(drills=drills)
    async with app.run_test(size=(120, 34)) as pilot:
        for letters in ("incident flash", "cure hot", "clear all inc"):
            await pilot.press(":", *("space" if letter == " " else letter for letter in letters), "enter")
            await pilot.pause(0.1)
        assert drills.asked == ["start flash-sale", "cure hot-shard", "clear"]
        assert "✓ orders: 4 more instances are booting, ready in 40 s" in window(app)


async def test_a_refusal_and_a_demo_that_is_gone_are_said() -> None:
    for error, act, words in (
        (
            QueryRejected("hot-shard is running; stop it first"),
            "incident",
            "the incident was not started: hot-shard is",
        ),
        (SourceUnavailable("the demo does not answer"), "cure", "not cured: the demo does not answer"),
        (SourceUnavailable("the demo does not answer"), "clear all", "not cleared: the demo does not answer"),
    ):
        app = app_on(drills=ScriptedDrills(error=error))
        async with app.run_test(size=(120, 34)) as pilot:
            await pilot.press(":", *("space" if letter == " " else letter for letter in act), "enter")
            await pilot.pause(0.1)
            assert f"✕ {words}" in window(app)


async def test_the_screen_goes_on_while_the_demo_takes_its_time() -> None:
    drills = ScriptedDrills(gate=asyncio.Event())
    app = app_on(drills=drills)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press(":", *"incident", "enter")
        await pilot.pause(0.1)
        assert drills.asked == ["start flash-sale"]
        await pilot.press("?")
        await pilot.pause(0.1)
        assert "Help" in window(app)
        await pilot.press("escape")
        assert drills.gate is not None
        drills.gate.set()
        await pilot.pause(0.1)
        assert "4 more instances" in window(app)


def test_the_help_leads_a_newcomer_to_an_incident_and_its_cure_only_on_the_demo() -> None:
    demo = bench(drills=ScriptedDrills())
    told = demo.press("?").text()
    assert "First run: see an incident, own its alert, and cure it" in told
    assert "run 12 instances of orders" in told
    plain = bench()
    assert "First run" not in plain.press("?").text()


def test_what_the_tour_says_to_press_does_what_it_says() -> None:
    demo = bench(drills=ScriptedDrills())
    for letters, act in (("incident", "start"), ("cure", "cure"), ("clear", "clear")):
        demo.press(":").type(letters).press("enter")
        assert demo.effects[-1] == PlayDrill(act, "" if act == "clear" else "flash-sale")  # type: ignore[arg-type]


def test_an_incident_is_cured_from_triage_too() -> None:
    demo = bench(drills=ScriptedDrills())
    demo.press("!", ":").type("cure").press("enter")
    assert demo.effects[-1] == PlayDrill("cure", "flash-sale")
