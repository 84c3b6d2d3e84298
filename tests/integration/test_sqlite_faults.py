"""Rows 26 and 27 of the faults: what becomes of a store in a file."""

from __future__ import annotations

import grp
import os
import pwd
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.spool import FileSpool
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.cli.audit import verified
from opsdash.core.audit import Break, first_break
from opsdash.core.documents import Commit, Write
from opsdash.core.errors import StoreUnavailable, StoreUnusable
from opsdash.core.metrics.freshness import Freshness
from tests.integration.stored import commit, deed, ledger_on, texts

USES_A_STORE = """
import asyncio, os, sys
os.umask(0o077)
from pathlib import Path
from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.core.documents import Commit
from opsdash.core.errors import OpsdashError
async def main():
    store = SqliteStore(Path(sys.argv[1]), SystemClock())
    try:
        print(await store.commit(Commit(id=sys.argv[2])))
    except OpsdashError as error:
        print(error.message)
    await store.aclose()
asyncio.run(main())
"""


def store_in(folder: Path, deadline_s: float = 0.2) -> SqliteStore:
    return SqliteStore(folder / "state.db", SystemClock(), deadline_s=deadline_s)


@contextmanager
def no_more_room(most_bytes: int) -> Iterator[None]:
    """No file may grow beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_file_that_is_locked_for_long_is_said_and_what_was_decided_is_written_after_it(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    ledger = ledger_on(store, FileSpool(tmp_path / "unwritten", store.url))
    await ledger.keep_up()
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    assert "not written yet" in await ledger.commit(deed("a"))
    assert "not written yet" in await ledger.commit(deed("b"))
    await ledger.keep_up()
    view = ledger.view()
    assert (view.state, view.unwritten) == (Freshness.ERROR, 2)
    assert "is locked by another process for more than 0.2 s" in view.message
    assert "kept on this host's disk" in view.message

    other.execute("ROLLBACK")
    other.close()
    await ledger.keep_up()
    assert (ledger.view().state, ledger.view().unwritten) == (Freshness.FRESH, 0)
    assert await texts(store) == ["a", "b"]
    await store.aclose()


async def test_while_it_is_locked_it_is_still_read(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.commit(commit("a"))
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert [each.key for each in (await store.changes(0)).documents] == ["a"]
    other.close()
    await store.aclose()


async def test_a_full_disk_is_said_and_nothing_that_was_written_is_lost(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    await store.commit(commit("a"))
    large = Commit(id="large", writes=(Write(kind="x", key="large", body="x" * 300_000),))

    with no_more_room(100_000):
        with pytest.raises(StoreUnavailable, match="cannot be written: the disk is full or fails"):
            await store.commit(large)
        assert [each.key for each in (await store.changes(0)).documents] == ["a"]

    await store.commit(large)
    assert [each.key for each in (await store.changes(0)).documents] == ["a", "large"]
    assert first_break(await store.chain()) is None
    await store.aclose()


async def test_with_the_disk_full_what_is_decided_is_shown_and_written_once_there_is_room(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    ledger = ledger_on(store, FileSpool(tmp_path / "unwritten", store.url))
    await ledger.keep_up()
    with no_more_room(1):
        told = await ledger.commit(deed("a"))
        assert "not written yet" in told
        assert "kept in memory only" in told
        assert ledger.view().unwritten == 1

    await ledger.keep_up()

    assert ledger.view().unwritten == 0
    assert await texts(store) == ["a"]
    await store.aclose()


@pytest.mark.parametrize("place", [0, 50, 4096])
async def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path: Path, place: int) -> None:
    store = store_in(tmp_path)
    await store.commit(commit("a"))
    await store.aclose()
    file = tmp_path / "state.db"
    damaged = bytearray(file.read_bytes())
    damaged[place : place + 2000] = b"\xa5" * 2000
    file.write_bytes(damaged)

    broken = store_in(tmp_path)
    with pytest.raises(StoreUnusable, match="it is left as it is"):
        await broken.changes(0)
    ledger = ledger_on(broken, FileSpool(tmp_path / "unwritten", broken.url))
    assert "not written yet" in await ledger.commit(deed("b"))
    await ledger.keep_up()

    assert ledger.view().state is Freshness.ERROR
    assert file.read_bytes() == bytes(damaged)
    await broken.aclose()


async def test_a_flipped_byte_is_found_by_verify_which_names_the_entry(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for name in ("first", "second-entry", "third"):
        await store.commit(commit(name))
    await store.aclose()
    file = tmp_path / "state.db"
    data = file.read_bytes()
    assert data.count(b"second-entry") >= 1
    file.write_bytes(data.replace(b"second-entry", b"second-entrz"))

    after = store_in(tmp_path)
    assert await verified(after) == Break(seq=2, why="its text is not what was written")
    await after.aclose()


@pytest.mark.parametrize(
    ("pragma", "said"),
    [("user_version = 2", "is of a newer opsdash"), ("application_id = 7", "is a database of another program")],
)
async def test_a_newer_file_and_another_programs_are_refused_and_not_touched(
    tmp_path: Path, pragma: str, said: str
) -> None:
    store = store_in(tmp_path)
    await store.commit(commit("a"))
    await store.aclose()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute(f"PRAGMA {pragma}")
    connection.close()
    before = (tmp_path / "state.db").read_bytes()

    newer = store_in(tmp_path)
    with pytest.raises(StoreUnusable, match=said):
        await newer.commit(commit("b"))
    await newer.aclose()

    assert (tmp_path / "state.db").read_bytes() == before


def test_a_group_shares_a_store_whatever_the_umask_and_outsiders_are_told_why() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root, to be two other users")
    folder = Path(tempfile.mkdtemp(prefix="opsdash-group-"))
    nobody, group = pwd.getpwnam("nobody"), grp.getgrnam("daemon").gr_gid
    try:
        folder.chmod(0o755)
        shared = folder / "shared"
        shared.mkdir()
        os.chown(shared, -1, group)
        shared.chmod(0o2770)
        assert used(shared, "a", uid=0, gid=0, groups="0") == "1"
        assert used(shared, "b", uid=nobody.pw_uid, gid=nobody.pw_gid, groups=str(group)) == "2"
        assert used(shared, "c", uid=1, gid=group, groups=str(group)) == "3"
        assert stat.S_IMODE((shared / "state.db").stat().st_mode) == 0o660
        assert (shared / "state.db").stat().st_gid == group

        said = used(shared, "d", uid=nobody.pw_uid, gid=nobody.pw_gid, groups=str(nobody.pw_gid))
        assert said == f"the store sqlite:///{shared}/state.db cannot be used: permission denied"
        shared.chmod(0o2755)
        said = used(shared, "e", uid=nobody.pw_uid, gid=nobody.pw_gid, groups=str(nobody.pw_gid))
        assert "cannot be written by user 65534: the folder's group has to include it" in said
    finally:
        shutil.rmtree(folder)


def used(folder: Path, name: str, *, uid: int, gid: int, groups: str) -> str:
    """What a process of this user says after one commit."""
    who = ["setpriv", f"--reuid={uid}", f"--regid={gid}", f"--groups={groups}", "--"]
    argv = [*who, sys.executable, "-B", "-c", USES_A_STORE, str(folder / "state.db"), name]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(folder)})
    return done.stdout.strip() or done.stderr


async def test_a_folder_of_ones_own_gives_a_file_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o755)
    store = store_in(folder)
    await store.commit(commit("a"))
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600] * 3
    await store.aclose()
