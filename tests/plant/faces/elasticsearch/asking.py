"""Both servers behind one question."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from opsdash.plant.faces.elasticsearch.face import ElasticsearchFace
from opsdash.plant.log_ring import LogRing
from tests.servers.web import ask

NOW_MS = 1_790_000_180_000


class Server(Protocol):
    """Answers."""

    def __call__(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and body, decoded where it is JSON; the body given is text, or is made to JSON."""


class Ours:
    """The face, asked without a network."""

    def __init__(self, *, index: str, capacity: int = 100_000, now_ms: Callable[[], int] = lambda: NOW_MS) -> None:
        self.ring = LogRing(capacity)
        self.face = ElasticsearchFace(self.ring, now_ms=now_ms, index=index)

    def __call__(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """As the protocol."""
        path, _, query = path.partition("?")
        headers: Mapping[str, str] = {} if body is None else {"content-type": content_type}
        told = self.face.answer(method, path, query, headers, encoded(body))
        return told.status, decoded(told.body)


class Real:
    """A server over the network."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """As the protocol."""
        got = ask(
            self.url + path, method=method, body=None if body is None else encoded(body), content_type=content_type
        )
        return got.status, decoded(got.body)


def encoded(body: Any) -> bytes:
    """A body as it is sent."""
    return b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def decoded(body: bytes) -> Any:
    """JSON, or the text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def load(server: Server, index: str, documents: list[dict[str, Any]]) -> None:
    """Puts the documents in, with ids in order."""
    for start in range(0, len(documents), 1_000):
        lines = ""
        for number, document in enumerate(documents[start : start + 1_000], start=start):
            lines += json.dumps({"index": {"_id": f"d{number}"}}) + "\n" + json.dumps(document) + "\n"
        status, told = server("POST", f"/{index}/_bulk?refresh=true", lines, content_type="application/x-ndjson")
        wrong = [item for item in told["items"] if "error" in item["index"]]
        assert status == 200, told
        assert not wrong, wrong[:3]
