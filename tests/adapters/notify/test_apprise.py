"""What the apprise library sends, over the wire: it arrives, what failed for now is told from what failed, and no
address is ever repeated."""

from __future__ import annotations

import asyncio
import builtins
import json
import logging
import threading
from typing import Any

import pytest

from opsdash.adapters.notify.threads import Threads
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.errors import ConfigInvalid, NeedsFixing, OpsdashError, Retryable, SourceBusy
from opsdash.core.secret import SecretRef
from tests.adapters.notify.test_notify import answering, listening, sent

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
"""Of the library, which imports all of its plug-ins."""


def spec(url: str | SecretRef) -> NotifierSpec:
    return NotifierSpec(name="teams", kind="apprise", url=url)


async def test_a_notice_arrives_through_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[bytes] = []
    async with listening(answering("200 OK", got)) as port:
        monkeypatch.setenv("TEAMS_URL", f"json://127.0.0.1:{port}/s3cret/path")
        assert await sent(spec(SecretRef(scheme="env", where="TEAMS_URL"))) == "delivered by apprise"
    (body,) = got
    told = json.loads(body)
    assert told["title"] == "PRODUCTION High fires (critical)"
    assert told["message"].startswith("orders fails 6 %")
    assert told["type"] == "failure"


@pytest.mark.parametrize(
    ("head", "error"),
    [
        ("429 Too Many Requests", Retryable),
        ("500 Internal Server Error", Retryable),
        ("503 Service Unavailable", Retryable),
        ("400 Bad Request", NeedsFixing),
        ("401 Unauthorized", NeedsFixing),
        ("404 Not Found", NeedsFixing),
        ("302 Found\r\nLocation: http://127.0.0.1:9/elsewhere", NeedsFixing),
        ("", Retryable),
    ],
)
async def test_a_temporary_failure_is_told_from_a_permanent_one_and_the_address_stays_secret(
    head: str, error: type[OpsdashError], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(answering(head)) as port:
        with pytest.raises(error) as failed:
            await sent(spec(f"json://127.0.0.1:{port}/s3cret?token=s3cret"))
    printed = capfd.readouterr()
    for text in (failed.value.message, repr(failed.value), caplog.text, printed.out, printed.err):
        assert "s3cret" not in text
    assert failed.value.__cause__ is None


async def test_one_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Retryable, match="could not deliver"):
        await sent(spec("json://127.0.0.1:9/s3cret"))


async def test_an_address_that_the_library_does_not_know_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigInvalid, match="does not know such an address") as failed:
        await sent(spec("nonsense://s3cret"))
    assert "s3cret" not in failed.value.message


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigInvalid, match=r"pip install 'opsdash\[apprise\]'"):
        await sent(spec("json://127.0.0.1:9"))


async def test_threads_that_hang_are_few_and_the_next_message_is_told_so() -> None:
    threads, over = Threads("teams", most=2), threading.Event()
    both, begun, loop = threading.Barrier(2), asyncio.Event(), asyncio.get_running_loop()

    def hang() -> None:
        both.wait()
        loop.call_soon_threadsafe(begun.set)
        over.wait()

    hanging = [asyncio.ensure_future(threads.run(hang)) for _ in range(2)]
    await begun.wait()
    with pytest.raises(SourceBusy, match="still hangs with 2 earlier messages"):
        await threads.run(over.wait)
    over.set()
    await asyncio.gather(*hanging)
    assert await threads.run(lambda: 7) == 7
