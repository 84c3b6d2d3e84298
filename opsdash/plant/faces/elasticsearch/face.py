"""The face: HTTP requests of Elasticsearch's clients, answered from the ring."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opsdash.plant.faces.elasticsearch.bodies import LONGEST_BODY, LONGEST_BULK, read_json
from opsdash.plant.faces.elasticsearch.errors import PlainRefused, Refused, illegal
from opsdash.plant.faces.elasticsearch.handlers import Asked, Handlers
from opsdash.plant.faces.elasticsearch.hits import filtered
from opsdash.plant.faces.elasticsearch.routes import COMMON, ROUTES, Route
from opsdash.plant.faces.exchange import Request, Response, parse_pairs
from opsdash.plant.log_ring import LogRing

VERSION = "8.19.21"
_TYPES = re.compile(
    r"\s*application/(?P<vendor>vnd\.elasticsearch\+)?(?P<kind>json|x-ndjson)\s*"
    r"(?:;\s*(?:compatible-with\s*=\s*(?P<version>\d+)|charset\s*=\s*\"?utf-8\"?)\s*)*",
    re.IGNORECASE,
)
_VERSIONS = ("8", "9")
"""Of the API, as clients ask for them."""
_PRODUCT = ("X-elastic-product", "Elasticsearch")


@dataclass(frozen=True, slots=True)
class _Media:
    """What is sent and what is wanted."""

    version: str | None
    text: bool


class ElasticsearchFace:
    """An Elasticsearch with one index; call it as a handler of the web server, or ask `answer` directly.

    It answers at once, in the caller's turn: a search takes some milliseconds, so nothing changes under it.
    """

    def __init__(self, ring: LogRing, *, now_ms: Callable[[], int], index: str = "logs-shop") -> None:
        """`now_ms` is what `now` means in date maths, in milliseconds since the epoch."""
        self._handlers = Handlers(ring, now_ms=now_ms, index=index, version=VERSION)
        self._index = index

    async def __call__(self, request: Request) -> Response:
        """Answers a request."""
        return self.answer(request.method, request.path, request.raw_query, request.headers, request.body)

    def answer(
        self, method: str, path: str, raw_query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """The answer; `headers` have names in lower case."""
        media = _Media(None, text=False)
        try:
            media = _media(headers or {}, has_body=bool(body))
            told, status, parameters = self._told(method, path, raw_query, body)
        except Refused as error:
            told, status, parameters = error.body(self._index), error.status, dict(parse_pairs(raw_query))
        return _response(method, told, status, parameters, media)

    def _told(self, method: str, path: str, raw_query: str, body: bytes) -> tuple[Any, int, Mapping[str, str]]:
        route, places = _route(method, path, raw_query)
        parameters = dict(parse_pairs(raw_query))
        _check_parameters(path, parameters, route)
        most = LONGEST_BULK if route.takes_lines else LONGEST_BODY
        if len(body) > most:
            raise PlainRefused("too_large", f"the body has more than {most} bytes", status=413)
        given = None
        if not route.takes_lines:
            given = read_json(body) if body.strip() else {}
        handler: Callable[[Asked], tuple[Any, int]] = getattr(self._handlers, route.handler)
        told, status = handler(Asked(places, parameters, given, body))
        if "filter_path" in parameters:
            told = filtered(told, parameters["filter_path"].split(","))
        return told, status, parameters


def _route(method: str, path: str, raw_query: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a path. Raises Refused in the words of a server that does not know it."""
    shown = path + (f"?{raw_query}" if raw_query else "")
    allowed: set[str] = set()
    for route in ROUTES:
        places = route.matches(path)
        if places is None:
            continue
        if method in route.methods:
            return route, places
        allowed |= {each for each in route.methods if each != "HEAD" or method == "HEAD"}
    if not allowed:
        raise PlainRefused("no_handler", f"no handler found for uri [{shown}] and method [{method}]")
    listed = ", ".join(sorted(allowed))
    reason = f"Incorrect HTTP method for uri [{shown}] and method [{method}], allowed: [{listed}]"
    raise PlainRefused("method", reason, status=405)


def _check_parameters(path: str, parameters: Mapping[str, str], route: Route) -> None:
    unknown = sorted(name for name in parameters if name not in COMMON and name not in route.parameters)
    if not unknown:
        return
    listed = ", ".join(f"[{name}]" for name in unknown)
    many = "s" if len(unknown) > 1 else ""
    raise illegal(f"request [{path}] contains unrecognized parameter{many}: {listed}")


def _media(headers: Mapping[str, str], *, has_body: bool) -> _Media:
    """The version of the API that is spoken. Raises Refused for types that are not taken."""
    sent, wanted = headers.get("content-type"), headers.get("accept", "*/*")
    if has_body:
        if sent is None:
            raise PlainRefused("media", "Content-Type header is missing", status=406)
        match = _TYPES.fullmatch(sent)
        if match is None or (match["version"] and match["version"] not in _VERSIONS):
            raise PlainRefused("media", f"Content-Type header [{sent}] is not supported", status=406)
    text = False
    version = None
    for each in wanted.split(","):
        match = _TYPES.fullmatch(each.partition(";q=")[0])
        if match is not None and match["vendor"] and match["version"]:
            version = match["version"]
            if version not in _VERSIONS:
                cause = Refused(
                    "status_exception",
                    f"Accept version must be either version 9 or 8, but found {version}. Accept={wanted}",
                )
                raise Refused(
                    "media_type_header_exception", "Invalid media-type value on headers [Accept]", cause=cause
                )
        text = text or each.strip().startswith("text/plain")
    return _Media(version, text)


def _response(method: str, told: Any, status: int, parameters: Mapping[str, str], media: _Media) -> Response:
    kind = "application/json" if media.version is None else (
        f"application/vnd.elasticsearch+json;compatible-with={media.version}")  # fmt: skip
    if isinstance(told, str):
        kind, body = "text/plain; charset=UTF-8", told.encode()
    else:
        spaced = parameters.get("pretty", "false") in ("", "true")
        body = _written(told, spaced=spaced)
    return Response(status=status, body=b"" if method == "HEAD" else body, content_type=kind, headers=(_PRODUCT,))


def _written(told: Any, *, spaced: bool) -> bytes:
    if spaced:
        text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")
