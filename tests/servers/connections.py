"""A TCP server in a thread of its own: synchronous tests, asynchronous tests and child processes can all talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_LINE_LIMIT = 1 << 20


class ConnectionServer:
    """Runs `serve` for each connection to a loopback port. `stop` and `start` again keep the port."""

    def __init__(self, serve: Serve, *, tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._halt: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        """The port, once it was started."""
        self.connections = 0
        """How many connections were accepted (after the TLS handshake)."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Its event loop, for `call_soon_threadsafe`."""
        assert self._loop is not None, "not started"
        return self._loop

    def start(self) -> None:
        """Listens; connections are accepted when this returns."""
        listening = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = listening.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening, ready), name="test server", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Closes the port and every connection at once, as a dying process does."""
        if self._thread is None or self._halt is None:
            return
        self.loop.call_soon_threadsafe(self._halt.set)
        self._thread.join()
        self._thread = None

    def _run(self, listening: socket.socket, ready: threading.Event) -> None:
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(lambda _loop, _context: None)  # failed handshakes are wanted here
            runner.run(self._listen(listening, ready))

    async def _listen(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop, self._halt = asyncio.get_running_loop(), asyncio.Event()
        running: set[asyncio.Task[None]] = set()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            running.add(task)
            self.connections += 1
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await self._serve(reader, writer)
            finally:
                running.discard(task)
                writer.transport.abort() if self._halt and self._halt.is_set() else writer.close()

        server = await asyncio.start_server(one, sock=listening, ssl=self._tls, limit=_LINE_LIMIT)
        ready.set()
        await self._halt.wait()
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)  # lets the aborted transports close their sockets


class RefusedPort:
    """A loopback port that refuses connections and that nobody else can take. Use as a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # bound but not listening

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> RefusedPort:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


class SilentPort:
    """A loopback port whose connections are never established: a firewall that drops. Use as a context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(0)
        self._waiting = [self._fill() for _ in range(8)]

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _fill(self) -> socket.socket:
        """Takes a place in the accept queue; once it is full, the kernel ignores whoever comes."""
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(self._socket.getsockname())
        return waiting

    def __enter__(self) -> SilentPort:
        return self

    def __exit__(self, *_: object) -> None:
        for waiting in self._waiting:
            waiting.close()
        self._socket.close()
