"""Status codes, Retry-After and the server's words, as plain values."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from opsdash.adapters.http.status import api_error, first_words, http_date, refusal, retry_after_s
from opsdash.core.errors import (
    AccessDenied,
    InsecureConnection,
    NeedsFixing,
    QueryRejected,
    QueryTimedOut,
    Retryable,
    SourceBusy,
    SourceUnavailable,
)

NOW = 1_790_000_000.0


def said(status: int, text: str = "", hint: str = "", **headers: str) -> tuple[type, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error = refusal("prom", status, named, text, now_s=NOW, hint=hint)
    return type(error), error.message


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert retry_after_s({"retry-after": "17"}, NOW) == 17
    assert retry_after_s({"retry-after": formatdate(NOW + 30, usegmt=True)}, NOW) == 30
    assert retry_after_s({"retry-after": formatdate(NOW - 30, usegmt=True)}, NOW) == 0


@pytest.mark.parametrize("text", ["", "soon", "-3", "1.5", "١٢", "Mon, 99 Foo 2026 00:00:00 GMT", "Mon"])
def test_a_retry_after_that_makes_no_sense_is_none(text: str) -> None:
    assert retry_after_s({"retry-after": text}, NOW) is None
    assert retry_after_s({}, NOW) is None


def test_nobody_sends_us_away_for_longer_than_an_hour() -> None:
    assert retry_after_s({"retry-after": "9" * 400}, NOW) == 3600
    assert retry_after_s({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, NOW) == 3600


def test_http_dates_are_utc_seconds() -> None:
    assert http_date("Thu, 01 Jan 1970 00:00:10 GMT") == 10
    assert http_date("Thu, 01 Jan 1970 00:00:10") is None


def test_each_status_has_its_own_words_and_says_who_can_do_what() -> None:
    assert said(401) == (
        AccessDenied,
        "prom does not let us in (401): the credentials are missing, wrong or expired",
    )
    assert said(403, "no org id") == (
        AccessDenied,
        "prom does not allow it (403): the credentials are not enough: no org id",
    )
    assert said(404, "404 page not found", "is this a Prometheus API?") == (
        QueryRejected,
        "prom has nothing at this address (404); is this a Prometheus API?",
    )
    assert said(400, "bad") == (QueryRejected, "prom refuses the question (400): bad")
    assert said(413)[1] == "prom refuses the question as too large (413)"
    assert said(429, retry_after="7") == (SourceBusy, "prom asks for fewer questions (429); it wants 7 s of rest")
    assert said(503, "Service Unavailable") == (SourceBusy, "prom is busy or starting (503): Service Unavailable")
    assert said(504) == (QueryTimedOut, "prom: a gateway before it gave up waiting (504)")
    assert said(502, "Bad Gateway") == (SourceUnavailable, "prom failed with 502: Bad Gateway")


def test_a_redirect_is_refused_and_its_target_named_without_secrets() -> None:
    location = "https://ops:hunter2@sso.example:8443/login?token=hunter2#x"
    kind, words = said(302, location=location)
    assert kind is InsecureConnection
    assert words == "prom redirects to https://sso.example:8443/login (302); set url to the final address"
    assert said(301, location="/prometheus/graph")[1].startswith("prom redirects to /prometheus/graph (301)")
    assert said(307, location="http://[bad")[1].startswith("prom redirects to an address that is none (307)")
    assert said(307)[1].startswith("prom redirects to nowhere (307)")
    assert "\x1b" not in said(302, location="http://h/\x1b[31m")[1]


@pytest.mark.parametrize("status", [*range(300, 512), 599])
def test_every_status_is_either_to_be_fixed_or_to_be_asked_again(status: int) -> None:
    error = refusal("prom", status, {"retry-after": "3"}, "x\x1b[31m", now_s=NOW)
    assert isinstance(error, NeedsFixing) != isinstance(error, Retryable)
    assert error.message.isprintable()


def test_prometheus_own_error_types_say_more_than_the_status() -> None:
    assert isinstance(api_error("prom", 503, "timeout", "query timed out"), QueryTimedOut)
    assert isinstance(api_error("prom", 422, "execution", "too many samples"), QueryRejected)
    assert isinstance(api_error("prom", 400, "bad_data", "parse error"), QueryRejected)
    assert type(api_error("prom", 500, "internal", "broken chunk")) is Retryable
    assert api_error("prom", 503, "unavailable", "TSDB not ready") is None
    assert api_error("prom", 429, "too_many_requests", "slow down") is None


def test_what_a_server_says_is_shown_without_markup_on_one_clean_line() -> None:
    page = b"<html><head><title>502</title><style>p {}</style></head><body>\n<h1>Bad   Gateway</h1>\x1b]0;x\x07</body>"
    assert first_words(page) == "Bad Gateway ␛]0;x␇"
    assert len(first_words(b"y" * 10_000)) == 80
    assert first_words(b"") == ""
    assert first_words(b"\xff\xfe\x00")
