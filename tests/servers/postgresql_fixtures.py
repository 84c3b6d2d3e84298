"""Fixtures of PostgreSQL: one server a session, a fresh database each test, and own servers for who stops them.

postgresql_dsn      the address of an empty database of this test, on the shared server: do not stop that
make_postgresql     a factory of own, empty ones
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.servers import postgresql
from tests.servers.needs import missing
from tests.servers.postgresql import PostgresServer

MakePostgresql = Callable[[], PostgresServer]
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """The shared one."""
    if why := postgresql.what_is_missing():
        missing("postgresql", why)
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture
def postgresql_dsn(postgresql_server: PostgresServer) -> str:
    """An empty database."""
    name = f"test{next(_NUMBERS)}"
    postgresql_server.sql(f"CREATE DATABASE {name}")
    return postgresql_server.dsn(name)


@pytest.fixture
def make_postgresql() -> Iterator[MakePostgresql]:
    """Servers that belong to this test; each takes about half a second to start."""
    if why := postgresql.what_is_missing():
        missing("postgresql", why)
    made: list[PostgresServer] = []

    def make() -> PostgresServer:
        made.append(PostgresServer())
        return made[-1].start()

    yield make
    for server in made:
        server.remove()
