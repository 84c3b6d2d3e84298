"""What waits for a store outlives the process that decided it."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest

from opsdash.adapters.stores.spool import FileSpool
from opsdash.adapters.stores.spool_lines import commit_line, commits_of, done_line
from opsdash.core.audit import NewEntry
from opsdash.core.documents import MUST_BE_NEW, Commit, Write
from opsdash.core.errors import StoreUnavailable
from opsdash.core.secret import SecretRef

URL = "postgresql://ops@db/opsdash"


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def commit(name: str) -> Commit:
    entry = NewEntry(
        kind="mark.acknowledged", subject="f1", actor="mina", at_s=1.5, text="on it \u20ac", data={"v": 1.0}
    )
    write = Write(kind="ack", key="f1", body='{"owner": "mina"}', expects=MUST_BE_NEW)
    return Commit(id=name, writes=(write, Write(kind="note", key="f1", body=None)), entries=(entry,))


async def test_what_is_kept_is_found_by_the_next_in_its_order_and_once(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, URL)
    for name in "abc":
        await spool.keep(commit(name))
    await spool.drop("b")
    await spool.aclose()

    after, other = FileSpool(tmp_path, URL), FileSpool(tmp_path, URL)

    assert await after.left() == (commit("a"), commit("c"))
    assert await other.left() == ()
    await after.aclose()


async def test_what_is_written_leaves_no_file(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, URL)
    await spool.keep(commit("a"))
    await spool.drop("a")
    assert files(tmp_path) == []
    await spool.keep(commit("b"))
    await spool.aclose()

    after = FileSpool(tmp_path, URL)
    assert await after.left() == (commit("b"),)
    await after.drop("b")

    assert files(tmp_path) == []
    await after.aclose()


async def test_what_waits_in_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    lives = FileSpool(tmp_path, URL)
    await lives.keep(commit("a"))

    assert await FileSpool(tmp_path, URL).left() == ()
    await lives.aclose()


async def test_what_waits_for_one_store_is_not_written_to_another(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, URL)
    await spool.keep(commit("a"))
    await spool.aclose()

    assert await FileSpool(tmp_path, SecretRef("file", "/run/db")).left() == ()


async def test_its_file_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        spool = FileSpool(tmp_path / "new" / "unwritten", URL)
        await spool.keep(commit("a"))
    finally:
        os.umask(before)
    (file,) = (tmp_path / "new" / "unwritten").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    await spool.aclose()


async def test_after_kill_9_at_any_byte_what_was_told_to_be_kept_is_there(tmp_path: Path) -> None:
    text = commit_line(commit("a")) + commit_line(commit("b"))
    first = len(commit_line(commit("a")).rstrip("\n"))
    for length in range(len(text)):
        found = [each.id for each in commits_of(text[:length])]
        assert found == (["a"] if length >= first else []) or length >= len(text) - 1


async def test_a_process_that_is_killed_leaves_what_it_decided(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from opsdash.adapters.stores.spool import FileSpool\n"
        "from opsdash.core.documents import Commit, Write\n"
        "async def main():\n"
        "    spool = FileSpool(Path(sys.argv[1]), sys.argv[2])\n"
        "    await spool.keep(Commit(id='a', writes=(Write(kind='ack', key='f', body='{}'),)))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path), URL)
    assert await ended.wait() == -signal.SIGKILL

    spool = FileSpool(tmp_path, URL)
    assert [each.id for each in await spool.left()] == ["a"]
    await spool.aclose()


async def test_where_the_disk_is_full_it_says_so_and_what_was_kept_stays(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, URL)
    await spool.keep(commit("a"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        (file,) = files(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 20, hard))
        with pytest.raises(StoreUnavailable, match="cannot be written: file too large"):
            await spool.keep(commit("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    await spool.keep(commit("c"))
    await spool.aclose()

    after = FileSpool(tmp_path, URL)
    assert [each.id for each in await after.left()] == ["a", "c"]
    await after.aclose()


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file/unwritten cannot be written: not a directory"):
        await FileSpool(tmp_path / "file" / "unwritten", URL).keep(commit("a"))


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "3", '"x"', "{}", '{"commit": 3, "writes": [], "entries": []}', '{"done": []}', "\ud800",
     '{"commit": "x", "writes": [["a", "b", 3, null]], "entries": []}', "[" * 100_000,
     '{"commit": "x", "writes": [], "entries": [["k", "s", "a", "now", "t", {}]]}'],
)  # fmt: skip
def test_a_line_that_is_none_is_passed_over(line: str) -> None:
    assert commits_of(f"{commit_line(commit('a'))}{line}\n{commit_line(commit('b'))}{done_line('a')}") == (commit("b"),)
