"""Which store a configuration means, and what is said of one that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.adapters.stores.postgres import PostgresStore
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.cli.check import ask_sources, check
from opsdash.cli.store import build_store, store_url
from opsdash.config.loading import load
from opsdash.core.errors import ConfigInvalid, StoreUnavailable, StoreUnusable
from opsdash.core.secret import SecretRef

DASHBOARD = "version: 1\ndashboards: [{title: D, panels: [{title: T, kind: text, text: hi}]}]\n"


def test_each_address_has_its_adapter() -> None:
    clock = SystemClock()
    assert isinstance(build_store("memory://", clock), MemoryStore)
    assert isinstance(build_store("sqlite:///var/x.db", clock), SqliteStore)
    assert isinstance(build_store("postgresql://h/d", clock), PostgresStore)
    assert isinstance(build_store("postgres://h/d", clock), PostgresStore)
    assert isinstance(build_store(SecretRef("env", "X"), clock), PostgresStore)
    for wrong in ("sqlite://", "mysql://h/d", "postgresql://[h/d"):
        with pytest.raises(ConfigInvalid, match=r"store\.url"):
            build_store(wrong, clock)


def test_without_an_address_it_is_a_file_of_the_group_or_of_the_user(tmp_path: Path) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text(DASHBOARD)
    board = load(config).board
    assert board is not None
    assert store_url(board, {"HOME": "/home/mina"}, tmp_path) == f"sqlite:///{tmp_path}/state.db"
    gone = tmp_path / "gone"
    assert store_url(board, {"HOME": "/home/mina"}, gone) == "sqlite:////home/mina/.local/state/opsdash/state.db"
    assert store_url(board, {"XDG_STATE_HOME": "/s"}, gone) == "sqlite:////s/opsdash/state.db"


@pytest.mark.parametrize(
    "url",
    ["postgresql://a:hunter2@h/d", "postgresql://h/d?user=a&password=hunter2", "postgres://h/d?sslpassword=hunter2"],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text(f"{DASHBOARD}store: {{url: '{url}'}}\n")
    (problem,) = load(config).problems
    assert "secrets go by reference" in str(problem)
    assert "hunter2" not in str(problem)


async def test_what_is_shown_of_an_address_has_no_password_in_it() -> None:
    where = "postgresql://ops:hunter2@127.0.0.1:1/state?password=hunter2&sslmode=disable"
    store = PostgresStore(where)
    assert store.url == "postgresql://ops@127.0.0.1:1/state"

    with pytest.raises(StoreUnavailable, match=r"ops@127\.0\.0\.1:1/state refused the connection"):
        await store.open()


@pytest.mark.parametrize("secret", ["hunter2", "https://u:hunter2@h/d", "postgresql://u:hunter2@[h/d"])
async def test_a_secret_that_is_no_address_is_not_told(secret: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    store = build_store(SecretRef("file", str(file)), SystemClock())

    with pytest.raises(StoreUnusable) as refused:
        await store.open()

    assert "hunter2" not in refused.value.message + store.url


async def test_a_secret_that_is_not_there_is_named_and_looked_up_again(tmp_path: Path, postgresql_dsn: str) -> None:
    file = tmp_path / "address"
    store = build_store(SecretRef("file", str(file)), SystemClock())
    with pytest.raises(StoreUnusable, match="address cannot be read"):
        await store.open()

    file.write_text(postgresql_dsn)
    await store.open()

    assert store.url == postgresql_dsn
    await store.aclose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ops@127.0.0.1:1/d", "127.0.0.1:1/d refused the connection"),
        ("sqlite:///dev/null/x.db", "cannot be used: "),
    ],
)
def test_check_live_says_what_is_wrong_with_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text(f"{DASHBOARD}store: {{url: '{url}'}}\n")

    code = check(config, ask=ask_sources, env=os.environ)

    assert code != 0
    (line,) = capsys.readouterr().out.splitlines()
    assert said in line
    assert f"{config}:3:14: store.url: " in line


def test_check_live_has_nothing_to_say_of_a_store_that_works(tmp_path: Path, postgresql_dsn: str) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text(f"{DASHBOARD}store: {{url: '{postgresql_dsn}'}}\n")
    assert check(config, ask=ask_sources, env=os.environ) == 0
