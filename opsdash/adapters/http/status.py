"""What a status code means to the caller: wait, fix something, or tell the operator; with the server's own words."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping
from urllib.parse import urlsplit

from opsdash.core.errors import (
    AccessDenied,
    InsecureConnection,
    OpsdashError,
    QueryRejected,
    QueryTimedOut,
    Retryable,
    SourceBusy,
    SourceUnavailable,
)
from opsdash.core.text import clean

SHOWN_CHARACTERS = 80
LONGEST_WAIT_S = 3600.0
_MONTHS = {
    name: n
    for n, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}
_HTTP_DATE = re.compile(r"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", re.ASCII)
_MARKUP = re.compile(r"<(?:script|style|title)\b.*?</(?:script|style|title)>|<[^>]*>|\s+", re.DOTALL | re.IGNORECASE)


def http_date(text: str) -> float | None:
    """UTC seconds of an HTTP date; None where it is not one."""
    match = _HTTP_DATE.fullmatch(text.strip())
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    return float(timegm((int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second))))


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds to wait, from Retry-After as seconds or as a date; an hour at most. None where it is not said."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT_S)
    date = http_date(text)
    return None if date is None else min(max(date - now_s, 0.0), LONGEST_WAIT_S)


def first_words(body: bytes, *, longest: int = SHOWN_CHARACTERS) -> str:
    """The start of an answer that is not what it should be, as text: no markup, one line, harmless."""
    text = body[:8192].decode(errors="replace")
    bare = " ".join(_MARKUP.sub(" ", text).split()) if "<" in text else " ".join(text.split())
    return clean(bare, longest=longest)


def refusal(  # noqa: PLR0913 - all of them are the answer
    source: str, status: int, headers: Mapping[str, str], said: str, *, now_s: float, hint: str = ""
) -> OpsdashError:
    """The error for a status that is no success. `said` is the server's own message, `hint` ours for a 404."""
    said = clean(said, longest=300)
    own = f": {said}" if said else ""
    if 300 <= status < 400:
        return InsecureConnection(
            f"{source} redirects to {_location(headers)} ({status}); set url to the final address"
        )
    if status in (401, 403):
        return _denied(source, status, own)
    if status in (429, 503):
        wait = retry_after_s(headers, now_s)
        words = "asks for fewer questions" if status == 429 else "is busy or starting"
        pause = f"; it wants {wait:.0f} s of rest" if wait else ""
        return SourceBusy(f"{source} {words} ({status}){pause}{own}", retry_after_s=wait)
    if status in (408, 504):
        return QueryTimedOut(f"{source}: a gateway before it gave up waiting ({status})")
    if status >= 500:
        return SourceUnavailable(f"{source} failed with {status}{own}", retry_after_s=retry_after_s(headers, now_s))
    return _rejected(source, status, said, hint)


def api_error(source: str, status: int, error_type: str, said: str) -> OpsdashError | None:
    """The error for an answer in Prometheus's own form, where its type says more than the status; else None."""
    said = clean(said, longest=300)
    if error_type in ("timeout", "canceled"):
        return QueryTimedOut(f"{source} gave up on the query: {said}")
    if status == 500 or error_type == "internal":
        return Retryable(f"{source} failed inside: {said}")
    if error_type in ("bad_data", "execution") and status not in (401, 403, 413, 429, 503):
        return QueryRejected(f"{source}: {said}")
    return None


def _denied(source: str, status: int, own: str) -> AccessDenied:
    if status == 401:
        return AccessDenied(f"{source} does not let us in (401): the credentials are missing, wrong or expired{own}")
    return AccessDenied(f"{source} does not allow it (403): the credentials are not enough{own}")


def _rejected(source: str, status: int, said: str, hint: str) -> QueryRejected:
    own = "" if _only_repeats(status, said) else f": {said}"
    if status == 404:
        return QueryRejected(f"{source} has nothing at this address (404){own}{f'; {hint}' if hint else ''}")
    if status in (413, 414):
        return QueryRejected(f"{source} refuses the question as too large ({status}){own}")
    return QueryRejected(f"{source} refuses the question ({status}){own}")


def _only_repeats(status: int, said: str) -> bool:
    """Whether the server's words say nothing more than its status does."""
    usual = {404: {"404", "page", "not", "found", "file"}, 413: {"413", "request", "entity", "content", "too", "large"}}
    return set(re.findall(r"\w+", said.lower())) <= usual.get(status, set())


def _location(headers: Mapping[str, str]) -> str:
    """Where it would send us, without anything that could be secret."""
    text = headers.get("location", "")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that is none"
    origin = f"{parts.scheme}://{host}{port}" if host else ""
    return clean(f"{origin}{parts.path}", longest=120) or "nowhere"
