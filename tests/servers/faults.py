"""A server that answers as its script says, well or badly, over HTTP or HTTPS.

server.always(replies.hang())                                     every request
server.then(replies.status(500), replies.status(500), good)       one after the other; the last one stays
server.on("slow_metric", replies.hang())                          requests that mention it (path, parameter, body)
server.asked, server.asked_for("up"), server.most_at_once("up")   what arrived
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from dataclasses import dataclass

from tests.servers import replies
from tests.servers.connections import ConnectionServer
from tests.servers.exchange import Asked, Reply, read_request


@dataclass(frozen=True, slots=True)
class _Rule:
    mentioned: str
    script: deque[Reply]

    def next(self) -> Reply:
        return self.script.popleft() if len(self.script) > 1 else self.script[0]


class FaultServer:
    """The scripted server. Until it is told more, every request gets an empty Prometheus vector."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        """`host` is the name in its URL; it listens on 127.0.0.1 whatever that is."""
        self._connections = ConnectionServer(self._serve, tls=tls)
        self._scheme = "https" if tls else "http"
        self._host = host
        self._lock = threading.Lock()
        self._asked: list[Asked] = []
        self._in_flight: list[Asked] = []
        self._crowds: list[tuple[Asked, ...]] = []
        self._rules: list[_Rule] = []
        self._default = _Rule("", deque([replies.vector()]))

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; stays the same over `stop` and `start`."""
        return f"{self._scheme}://{self._host}:{self._connections.port}"

    @property
    def port(self) -> int:
        """Its port."""
        return self._connections.port

    @property
    def connections(self) -> int:
        """How many connections were made (with TLS: whose handshake succeeded)."""
        return self._connections.connections

    def start(self) -> FaultServer:
        """Listens."""
        self._connections.start()
        return self

    def stop(self) -> None:
        """Goes away: refuses connections and drops those it has."""
        self._connections.stop()

    def always(self, reply: Reply) -> None:
        """Answers everything that no `on` is for with this."""
        self.then(reply)

    def then(self, *script: Reply) -> None:
        """Answers the next requests that no `on` is for with these, in order; the last one stays."""
        with self._lock:
            self._default = _Rule("", deque(script))

    def on(self, mentioned: str, *script: Reply) -> None:
        """Answers requests that mention the text in path, parameters or body with these; the last one stays."""
        with self._lock:
            self._rules.insert(0, _Rule(mentioned, deque(script)))

    @property
    def asked(self) -> list[Asked]:
        """Every request so far, oldest first."""
        with self._lock:
            return list(self._asked)

    def asked_for(self, text: str) -> list[Asked]:
        """Those that mention the text."""
        return [asked for asked in self.asked if asked.mentions(text)]

    def most_at_once(self, text: str = "") -> int:
        """The largest number of requests that mention the text and were unanswered at the same time."""
        with self._lock:
            return max((sum(asked.mentions(text) for asked in crowd) for crowd in self._crowds), default=0)

    def forget(self) -> None:
        """Forgets what was asked."""
        with self._lock:
            self._asked.clear()
            self._crowds.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (asked := await read_request(reader, writer)) is not None:
            reply = self._arrived(asked)
            try:
                if not await reply(asked, writer):
                    return
            finally:
                with self._lock:
                    self._in_flight = [each for each in self._in_flight if each is not asked]

    def _arrived(self, asked: Asked) -> Reply:
        with self._lock:
            self._asked.append(asked)
            self._in_flight.append(asked)
            self._crowds.append(tuple(self._in_flight))
            rule = next((rule for rule in self._rules if asked.mentions(rule.mentioned)), self._default)
            return rule.next()
