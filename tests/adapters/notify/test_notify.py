"""Ways to tell somebody: what is sent, and which failures are worth another try."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.notify.build import build_notifier
from opsdash.adapters.notify.mail import mail_of
from opsdash.adapters.notify.pagerduty import event_of, events_of
from opsdash.adapters.notify.slack import message_of
from opsdash.adapters.notify.webhook import payload_of
from opsdash.adapters.notify.words import lines_of, title_of
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.notice import Notice
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.errors import NeedsFixing, OpsdashError, Retryable

HIGH = Alert(
    fingerprint="f00d",
    rule="g/High",
    name="High",
    labels=(("alertname", "High"), ("service", "orders")),
    phase=Phase.FIRING,
    severity=Severity.CRITICAL,
    active_at_s=1_790_000_000.0,
    fired_at_s=1_790_000_060.5,
    value=0.06,
    annotations=(("runbook", "Check the last deploy.\nThen the rest."), ("summary", "orders fails 6 %")),
)
FIRES = Notice(
    key="k1",
    thread="High",
    kind="firing",
    group=(("alertname", "High"),),
    alerts=(HIGH,),
    at_s=1_790_000_061.0,
    environment="production",
)
OVER = replace(FIRES, kind="resolved", alerts=(replace(HIGH, phase=Phase.RESOLVED, resolved_at_s=1_790_000_400.0),))
HOSTILE = replace(HIGH, annotations=(("summary", "<!channel> \x1b[2J\r\nBcc: all@x & <http://x|y>"),))


def test_a_notice_reads_as_a_sentence() -> None:
    assert title_of(FIRES) == "PRODUCTION High fires (critical)"
    assert (
        title_of(replace(FIRES, kind="acknowledged", actor="mina")) == "PRODUCTION High acknowledged by mina (critical)"
    )
    assert lines_of(FIRES) == ("orders fails 6 % · since 2026-09-21 14:14:20 UTC · Check the last deploy.",)
    assert "has no data" in lines_of(replace(FIRES, alerts=(replace(HIGH, annotations=(), cause=Cause.NO_DATA),)))[0]


def test_a_storm_is_counted_and_not_listed() -> None:
    lines = lines_of(replace(FIRES, alerts=(HIGH,) * 500))
    assert len(lines) == 21
    assert lines[-1] == "and 480 more alerts: opsdash alerts list"
    names = tuple(replace(HIGH, name=f"High{number}") for number in range(500))
    assert lines_of(replace(FIRES, alerts=names))[-1] == "and 480 more alerts of 480 rules: opsdash alerts list"
    assert title_of(replace(FIRES, alerts=names)) == "PRODUCTION High0 and 499 more rules fire (critical, 500 alerts)"
    assert title_of(replace(OVER, alerts=names[:2])) == "PRODUCTION High0 and 1 more rule are over (critical, 2 alerts)"


def test_the_webhook_gets_alertmanagers_payload() -> None:
    payload: Any = payload_of(FIRES, receiver="hook")
    assert payload["version"] == "4"
    assert payload["status"] == "firing"
    assert payload["groupLabels"] == {"alertname": "High"}
    (one,) = payload["alerts"]
    assert one["labels"] == {"alertname": "High", "service": "orders", "severity": "critical"}
    assert one["annotations"]["summary"] == "orders fails 6 %"
    assert (one["status"], one["startsAt"], one["endsAt"], one["fingerprint"]) == (
        "firing",
        "2026-09-21T14:14:20.500Z",
        "0001-01-01T00:00:00Z",
        "f00d",
    )
    over: Any = payload_of(OVER, receiver="hook")
    assert (over["status"], over["alerts"][0]["endsAt"]) == ("resolved", "2026-09-21T14:20:00.000Z")


def test_slack_takes_text_as_text() -> None:
    message: Any = message_of(replace(FIRES, alerts=(HOSTILE,)), channel="#ops")
    body = message["attachments"][0]["text"]
    assert message["channel"] == "#ops"
    assert "<" not in body
    assert "&lt;!channel&gt;" in body
    assert "\x1b" not in body


def test_pagerduty_knows_the_incident_again() -> None:
    trigger, over = event_of(FIRES, HIGH, "key"), event_of(OVER, OVER.alerts[0], "key")
    assert (trigger["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == over["dedup_key"]
    assert event_of(replace(FIRES, kind="acknowledged"), HIGH, "key")["event_action"] == "acknowledge"
    assert "payload" not in over


def many(count: int) -> tuple[Alert, ...]:
    return tuple(replace(HIGH, fingerprint=f"f{number}") for number in range(count))


def test_a_storm_is_one_incident_that_is_over_with_the_last_of_its_alerts() -> None:
    names = frozenset(alert.fingerprint for alert in many(500))
    fires = replace(FIRES, thread="pager/storm", alerts=many(500), together=names)
    (trigger,) = events_of(fires, "key")
    payload: Any = trigger["payload"]
    assert payload["summary"] == "PRODUCTION High fires (critical, 500 alerts)"
    assert payload["custom_details"]["alerts"] == 500
    assert payload["custom_details"]["list"][-1] == "and 480 more alerts: opsdash alerts list"
    some = replace(OVER, thread="pager/storm", alerts=many(499), together=names, others_together=1)
    assert events_of(some, "key") == []
    (over,) = events_of(replace(some, alerts=many(500)[499:], others_together=0), "key")
    assert (over["event_action"], over["dedup_key"]) == ("resolve", trigger["dedup_key"])


def test_what_was_told_alone_is_an_incident_of_its_own_beside_the_storm() -> None:
    two = many(2)
    mixed = replace(OVER, alerts=two, together=frozenset({"f1"}), thread="pager/x")
    assert [event["dedup_key"] for event in events_of(mixed, "key")] == ["opsdash/f0", "opsdash/pager/x"]


async def test_a_try_goes_on_where_the_one_before_ended() -> None:
    got: list[bytes] = []
    answers = iter(["202 Accepted", "500 Oops", "202 Accepted", "202 Accepted"])

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(next(answers), got)(reader, writer)

    clock = SystemClock()
    async with listening(talk) as port:
        url = f"http://127.0.0.1:{port}"
        spec = NotifierSpec(name="p", kind="pagerduty", url=url, options={"routing_key": "secret"})
        pager = build_notifier(spec, clock, Secrets(clock.monotonic_s))
        with pytest.raises(Retryable):
            await pager.send(replace(FIRES, alerts=many(3)))
        await pager.send(replace(FIRES, alerts=many(3)))
        await pager.aclose()
    keys = [json.loads(body)["dedup_key"] for body in got]
    assert keys == ["opsdash/f0", "opsdash/f1", "opsdash/f2", "opsdash/f1"]


def test_no_label_makes_a_header_of_a_mail() -> None:
    mail = mail_of(replace(FIRES, alerts=(replace(HOSTILE, name="x\r\nBcc: all@x"),)), "ops@x", ("a@x", "b@x"))
    assert mail["Bcc"] is None
    assert mail["To"] == "a@x, b@x"
    assert "\n" not in mail["Subject"]
    assert "\x1b" not in mail.get_content()


def test_a_value_that_is_no_number_is_no_trouble() -> None:
    json.dumps(payload_of(replace(FIRES, alerts=(replace(HIGH, value=math.nan),)), receiver="x"), allow_nan=False)


# --- over the wire -------------------------------------------------------------------------------------------------

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that talks so."""

    async def closed_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(closed_after, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def answering(head: str, got: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        length = int(asked.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(length)
        if got is not None:
            got.append(body)
        if head:
            writer.write(f"HTTP/1.1 {head}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode())
            await writer.drain()

    return talk


async def sent(spec: NotifierSpec) -> str:
    clock = SystemClock()
    notifier = build_notifier(spec, clock, Secrets(clock.monotonic_s))
    try:
        return await notifier.send(FIRES)
    finally:
        await notifier.aclose()


def text_in(mail: bytes) -> str:
    return message_from_bytes(mail, policy=default).get_content()


async def test_the_environment_is_in_what_arrives() -> None:
    for kind, where in (
        ("webhook", lambda body: body["opsdash"]["environment"]),
        ("slack", lambda body: body["text"].split()[1].lower()),
        ("pagerduty", lambda body: body["payload"]["group"]),
    ):
        got: list[bytes] = []
        async with listening(answering("202 Accepted", got)) as port:
            await sent(
                NotifierSpec(name="n", kind=kind, url=f"http://127.0.0.1:{port}", options={"routing_key": "secret"})
            )
        assert where(json.loads(got[0])) == "production", kind
    async with listening(mail_server(got=got)) as port:
        await sent(mail(port))
    assert "PRODUCTION High fires (critical)" in text_in(got[-1])


@pytest.mark.parametrize("kind", ["webhook", "slack", "pagerduty"])
async def test_a_notice_arrives(kind: str) -> None:
    got: list[bytes] = []
    async with listening(answering("202 Accepted", got)) as port:
        spec = NotifierSpec(name="n", kind=kind, url=f"http://127.0.0.1:{port}/hook", options={"routing_key": "secret"})
        assert (await sent(spec)).startswith("202")
    (body,) = got
    assert "High" in json.dumps(json.loads(body))


@pytest.mark.parametrize(
    ("head", "error"),
    [
        ("429 Too Many Requests\r\nRetry-After: 7", Retryable),
        ("500 Internal Server Error", Retryable),
        ("503 Service Unavailable", Retryable),
        ("400 Bad Request", NeedsFixing),
        ("401 Unauthorized", NeedsFixing),
        ("404 Not Found", NeedsFixing),
        ("302 Found\r\nLocation: http://elsewhere/", NeedsFixing),
        ("", Retryable),
    ],
)
async def test_a_temporary_failure_is_told_from_a_permanent_one(head: str, error: type[OpsdashError]) -> None:
    async with listening(answering(head)) as port:
        with pytest.raises(error) as failed:
            await sent(NotifierSpec(name="n", kind="webhook", url=f"http://127.0.0.1:{port}/hook?token=s3cret"))
    assert "s3cret" not in failed.value.message
    if head.startswith("429"):
        assert isinstance(failed.value, Retryable)
        assert failed.value.retry_after_s == 7


def mail_server(*, rcpt: str = "250 ok", got: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 here")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                await say("354 go on")
                content = await reader.readuntil(b"\r\n.\r\n")
                if got is not None:
                    got.append(content)
                await say("250 taken")
            elif word == b"QUIT":
                await say("221 bye")
                return
            else:
                await say(rcpt if word == b"RCPT" else "250 ok")

    return talk


def mail(port: int, **options: str) -> NotifierSpec:
    given = {"from": "ops@x", "to": "a@x, b@x", "starttls": "off", **options}
    return NotifierSpec(name="m", kind="email", url=f"smtp://127.0.0.1:{port}", options=given)


async def test_a_mail_is_handed_over() -> None:
    got: list[bytes] = []
    async with listening(mail_server(got=got)) as port:
        assert await sent(mail(port)) == "handed over for 2"
    assert b"Subject: PRODUCTION High fires (critical)" in got[0]


@pytest.mark.parametrize(("rcpt", "error"), [("451 later", Retryable), ("550 nobody", NeedsFixing)])
async def test_a_mail_server_that_refuses_for_now_is_told_from_one_that_refuses(
    rcpt: str, error: type[OpsdashError]
) -> None:
    async with listening(mail_server(rcpt=rcpt)) as port:
        with pytest.raises(error):
            await sent(mail(port))


async def test_a_mail_server_without_tls_gets_no_mail_that_wants_it() -> None:
    got: list[bytes] = []
    async with listening(mail_server(got=got)) as port:
        with pytest.raises(NeedsFixing, match="no safe connection"):
            await sent(mail(port, starttls=""))
    assert got == []


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(Retryable):
        await sent(mail(9))
