"""A small HTTP/1.1 server for the faces of the plant: loopback only, with bounds on everything a client can take."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from opsdash.core.errors import NeedsFixing
from opsdash.plant.faces.connection import ClientConnection, WebLimits
from opsdash.plant.faces.exchange import Handler, Refusal, refuse_in_text

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128


class PortTaken(NeedsFixing):
    """The port that was asked for cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a server shows."""

    name: str
    """For the words of its failures: `the demo's Prometheus`."""
    handler: Handler
    refuse: Refusal = refuse_in_text
    """How the server itself refuses, where the handler is not even asked."""


class WebServer:
    """`async with WebServer(face, port=0, now_s=…) as server:` listens from there to the end of the block."""

    def __init__(
        self,
        face: Face,
        *,
        now_s: Callable[[], float],
        port: int = 0,
        listening: socket.socket | None = None,
        limits: WebLimits | None = None,
    ) -> None:
        """`port` 0 takes a free one; `listening` is a socket that has one.

        `now_s` is the time of the Date headers, in UTC seconds.
        """
        self._face = face
        self._now_s = now_s
        self._port = port
        self._listening = listening
        self._limits = limits or WebLimits()
        self._clients: set[asyncio.Task[None]] = set()
        self._tasks: asyncio.TaskGroup = asyncio.TaskGroup()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    async def __aenter__(self) -> Self:
        """Listens. Raises PortTaken."""
        try:
            self._server = await self._listen()
        except (OSError, OverflowError) as error:
            raise _port_taken(self._face.name, self._port, error) from error
        self._port = self._server.sockets[0].getsockname()[1]
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops listening and hangs up on everybody."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await self._tasks.__aexit__(None, None, None)  # what the block raised goes on by itself, not in a group

    async def _listen(self) -> asyncio.Server:
        if self._listening is not None:
            return await asyncio.start_server(self._connected, sock=self._listening, backlog=_BACKLOG)
        return await asyncio.start_server(self._connected, _LOOPBACK, self._port, backlog=_BACKLOG)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = ClientConnection((reader, writer), self._face.handler, self._face.refuse, self._limits, self._now_s)
        full = len(self._clients) >= self._limits.connections
        if len(self._clients) >= 2 * self._limits.connections:
            writer.transport.abort()  # so many that even saying no would cost too much
            return
        words = "too many connections; close one or try again later"
        task = self._tasks.create_task(client.turn_away(503, words) if full else client.serve())
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)


def _port_taken(name: str, port: int, error: Exception) -> PortTaken:
    match error:
        case OSError(errno=errno.EADDRINUSE):
            why = "another program has it; choose another one, or 0 for any that is free"
        case OSError(errno=errno.EACCES):
            why = "only root may have it; choose one above 1023, or 0 for any that is free"
        case OverflowError():
            why = "ports go from 0 to 65535"
        case _:
            why = str(error)
    return PortTaken(f"{name} cannot listen on port {port} of {_LOOPBACK}: {why}")
