"""A real server's life: it can be stopped, killed, frozen, and started again on the port it had."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from tests.servers.process import ServerProcess


class RestartableServer(ABC):
    """One server on loopback. The first start takes a free port; every later one takes the same."""

    READY_WITHIN_S = 30.0
    """How long a start may take."""

    def __init__(self) -> None:
        self._process: ServerProcess | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; stays the same over restarts."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Its HTTP port; 0 before the first start."""
        return self._port

    def start(self) -> Self:
        """Starts it and waits until it answers. Raises ServerNotStarted with the end of its log."""
        self.launch()
        return self.wait_until_ready()

    def launch(self) -> None:
        """Starts it; `wait_until_ready` is the other half, so that other work can be done meanwhile."""
        self._process = self._launched()

    def wait_until_ready(self) -> Self:
        """Waits until it answers. Raises ServerNotStarted with the end of its log."""
        assert self._process is not None, "not launched"
        self._port = self._port_when_ready(self._process)
        return self

    def stop(self) -> None:
        """Stops it; the port refuses connections, the data stays."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Stops and starts it on the same port with the same data."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Keeps the port open and answers nothing, until `thaw`."""
        if self._process is not None:
            self._process.freeze()

    def thaw(self) -> None:
        """Goes on after `freeze`."""
        if self._process is not None:
            self._process.thaw()

    @abstractmethod
    def _launched(self) -> ServerProcess:
        """Its process, listening on `port`, or on a free one while that is 0."""

    @abstractmethod
    def _port_when_ready(self, process: ServerProcess) -> int:
        """Waits until it answers, at most READY_WITHIN_S, and gives the port that it took."""
