"""Fixtures of the scripted servers.

fault_server         a FaultServer over HTTP
make_fault_server    a factory: make_fault_server(tls="expired"), make_fault_server(tls="client_wanted"), …
tls_files            the PEM files that belong to it
make_proxy           a factory: make_proxy(), make_proxy(credentials="ops:secret")
refused_url          nobody listens there
silent_url           connections there are never established
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from tests.servers.connections import RefusedPort, SilentPort
from tests.servers.faults import FaultServer
from tests.servers.proxy import ProxyServer
from tests.servers.tls import TlsCase, TlsFiles, make_tls_files


class MakeFaultServer(Protocol):
    """Starts a scripted server for one test."""

    def __call__(self, *, tls: TlsCase | None = None) -> FaultServer:
        """Over HTTPS with that certificate where one is named."""


class MakeProxy(Protocol):
    """Starts a proxy for one test."""

    def __call__(self, *, credentials: str = "") -> ProxyServer:
        """Wants the credentials where they are given."""


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """An authority, a client it knows and a stranger."""
    return make_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def make_fault_server(request: pytest.FixtureRequest) -> Iterator[MakeFaultServer]:
    """A factory of scripted servers; they stop with the test."""
    made: list[FaultServer] = []

    def make(*, tls: TlsCase | None = None) -> FaultServer:
        files: TlsFiles | None = request.getfixturevalue("tls_files") if tls else None
        server = FaultServer(tls=files.context(tls) if files and tls else None)
        made.append(server.start())
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def fault_server(make_fault_server: MakeFaultServer) -> FaultServer:
    """A scripted server over HTTP."""
    return make_fault_server()


@pytest.fixture
def make_proxy() -> Iterator[MakeProxy]:
    """A factory of proxies; they stop with the test."""
    made: list[ProxyServer] = []

    def make(*, credentials: str = "") -> ProxyServer:
        made.append(ProxyServer(credentials=credentials).start())
        return made[-1]

    yield make
    for proxy in made:
        proxy.stop()


@pytest.fixture
def refused_url() -> Iterator[str]:
    """A URL whose port refuses connections."""
    with RefusedPort() as port:
        yield port.url


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A URL whose port never answers, not even the connection."""
    with SilentPort() as port:
        yield port.url
