"""What a face is asked and what it answers, without the wire."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_plus

Pairs = tuple[tuple[str, str], ...]
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, whole. Everything in it is hostile."""

    method: str
    path: str
    """As it was sent, still percent-encoded, without the query; starts with a slash."""
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Names in lower case; of a header that came more than once the last one."""
    body: bytes = b""
    """Decompressed."""
    in_path: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """What the router found at the places of its pattern, percent-decoded."""
    is_abandoned: Callable[[], bool] = _never
    """Whether the client has hung up meanwhile; may be called from any thread."""

    def url_parameters(self) -> Pairs:
        """The parameters of the URL, in order; a pair that is not encoded rightly is dropped, as Go drops it."""
        return parse_pairs(self.raw_query)

    def parameters(self) -> Pairs:
        """Those of a form in the body first, then those of the URL: Go's `FormValue` takes the first."""
        is_form = self.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
        if not is_form or self.method not in ("POST", "PUT", "PATCH"):
            return self.url_parameters()
        return parse_pairs(self.body.decode("utf-8", "replace")) + self.url_parameters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, whole."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Pairs = ()


Handler = Callable[[Request], Awaitable[Response]]
"""Answers a request. What it raises becomes a 500; only cancellation passes."""
Refusal = Callable[[int, str], Response]
"""Makes the answer of a refusal from its status and a sentence for a person."""


def text_response(status: int, text: str, *, headers: Pairs = ()) -> Response:
    """Plain text, as Go's servers refuse: with a line feed at its end."""
    return Response(status=status, body=f"{text}\n".encode(), content_type=TEXT, headers=headers)


def json_response(value: object, status: int = 200, *, headers: Pairs = ()) -> Response:
    """Compact JSON. Raises ValueError for NaN and infinities, which JSON does not have."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Response(status=status, body=body.encode("utf-8", "replace"), headers=headers)


def refuse_in_text(status: int, words: str) -> Response:
    """A refusal as text."""
    return text_response(status, words)


def refuse_in_json(status: int, words: str) -> Response:
    """A refusal as `{"error": …, "status": …}`."""
    return json_response({"error": words, "status": status}, status)


def parse_pairs(text: str) -> Pairs:
    """`a=1&b=x+y` as pairs; what has a wrong percent escape or a semicolon is dropped, as in Go."""
    pairs = (piece.partition("=") for piece in text.split("&") if piece and ";" not in piece)
    return tuple(
        (unquote_plus(name), unquote_plus(value)) for name, _, value in pairs if _escapes(name) and _escapes(value)
    )


def _escapes(text: str) -> bool:
    """Whether every `%` begins an escape."""
    return all(len(after) >= 2 and _is_hex(after[:2]) for after in text.split("%")[1:])


def _is_hex(two: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in two)
