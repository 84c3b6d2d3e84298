"""The dashboard's side of the control API, on the real one over HTTP and on servers that misbehave."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.plant_control import PlantControl
from opsdash.core.errors import AnswerUnusable, QueryRejected, SourceUnavailable
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.faces.control import ControlFace
from opsdash.plant.faces.exchange import Handler, Request, Response, refuse_in_json, text_response
from opsdash.plant.faces.web import Face, WebServer
from opsdash.plant.faces.worker import Worker
from opsdash.plant.pace import Pace
from opsdash.plant.plant import Plant
from opsdash.plant.scenarios.stage import Stage
from tests.fakes.drills import FLASH_SALE

NOW_S = 1_790_000_000


@contextlib.asynccontextmanager
async def asking(handler: Handler) -> AsyncIterator[PlantControl]:
    """The adapter on a server with this handler."""
    face = Face(name="the test", handler=handler, refuse=refuse_in_json)
    async with WebServer(face, now_s=lambda: float(NOW_S)) as web:
        control = PlantControl(web.url, (FLASH_SALE,), SystemClock())
        try:
            yield control
        finally:
            await control.aclose()


async def test_an_incident_is_started_cured_and_cleared_in_words() -> None:
    plant = Plant(ARCHITECTURES["shop"], seed=1, now_s=NOW_S)
    plant.history(60)
    face = ControlFace(plant, Stage(plant), Worker("control"), Pace(float(NOW_S)))
    async with asking(face.handler()) as control:
        assert control.scenarios() == (FLASH_SALE,)
        assert await control.start("flash-sale") == "flash sale begins; look at Golden signals"
        assert [fault.name for fault in plant.faults()] == ["flash_sale"]
        with pytest.raises(QueryRejected, match=r"^flash-sale is running; stop it first$"):
            await control.start("hot-shard")
        assert await control.cure("flash-sale") == "orders: 8 more instances are booting, ready in 40 s"
        assert await control.clear() == "all clear: 1 fault ended"
        with pytest.raises(QueryRejected, match="there is no scenario"):
            await control.start("../../v1/status")


@pytest.mark.parametrize(
    "answer",
    [
        text_response(200, "<html>"),
        Response(body=b"{}"),
        Response(body=b"[1]"),
        Response(body=b"null"),
        text_response(500, "it broke"),
    ],
)
async def test_an_answer_without_words_is_said_to_be_one(answer: Response) -> None:
    async def reply(_: Request) -> Response:
        return answer

    async with asking(reply) as control:
        with pytest.raises(AnswerUnusable, match="the demo answered"):
            await control.clear()


async def test_words_of_the_plant_never_reach_the_terminal_uncleaned() -> None:
    async def reply(_: Request) -> Response:
        return Response(body=b'{"told": "\\u001b[31mred' + b"x" * 5000 + b'"}')

    async with asking(reply) as control:
        told = await control.clear()
    assert "\x1b" not in told
    assert len(told) <= 400


async def test_a_demo_that_is_gone_is_said(refused_url: str) -> None:
    control = PlantControl(refused_url, (), SystemClock())
    with pytest.raises(SourceUnavailable, match="the demo"):
        await control.start("flash-sale")
    await control.aclose()
