"""Hot reload, on real files."""

# ruff: noqa: ASYNC110, ASYNC240 - the files of these tests are small and local, and waiting for them is the test

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from opsdash.cli.reload import ConfigWatcher, Receivers
from opsdash.core.errors import ConfigInvalid
from opsdash.core.view.board import Board

NOBODY = 65534


def read(path: Path) -> Board:
    """The simplest configuration format: the title is the text; `broken` lines are problems."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    text = "".join(file.read_text() for file in files)
    problems = [line for line in text.splitlines() if line.startswith("broken")]
    if problems:
        raise ConfigInvalid("\n".join(problems))
    if text == "bug":
        raise ZeroDivisionError
    return Board(dashboards=(), title=text, files=tuple(str(file) for file in files))


class Seen:
    """What the receivers were told."""

    def __init__(self) -> None:
        self.boards: list[str] = []
        self.problems: list[tuple[str, int]] = []
        self.refuse: str | None = None

    def board(self, board: Board) -> None:
        if self.refuse is not None:
            raise ConfigInvalid(self.refuse)
        self.boards.append(board.title)

    def problem(self, text: str, count: int) -> None:
        self.problems.append((text, count))


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def watching(path: Path, seen: Seen) -> AsyncIterator[ConfigWatcher]:
    receivers = Receivers(on_board=seen.board, on_problem=seen.problem)
    watcher = ConfigWatcher(path, read(path), read, receivers, poll_s=0.02)
    task = asyncio.create_task(watcher.run())
    await asyncio.sleep(0.1)
    yield watcher
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "opsdash.yaml"
    path.write_text("one")
    return path


async def test_a_saved_file_is_run(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        file.write_text("two")
        await until(lambda: seen.boards)
    assert seen.boards == ["two"]


async def test_a_file_put_in_its_place_by_an_editor_is_run(file: Path, tmp_path: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        other = tmp_path / "4913~"
        other.write_text("two")
        stat = file.stat()
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(file)
        await until(lambda: seen.boards)
    assert seen.boards == ["two"]


async def test_a_broken_file_is_told_with_its_first_problem_and_their_number(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        file.write_text("broken:1: first\nbroken:2: second\n")
        await until(lambda: seen.problems)
    assert seen.problems == [("broken:1: first", 2)]
    assert not seen.boards


async def test_the_old_text_after_a_broken_one_runs_again(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        file.write_text("broken\n")
        await until(lambda: seen.problems)
        file.write_text("one")
        await until(lambda: seen.boards)
    assert seen.boards == ["one"]


async def test_a_deleted_file_is_said_and_its_return_is_seen(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        file.unlink()
        await until(lambda: seen.problems)
        file.write_text("back")
        await until(lambda: seen.boards)
    assert "no such file" in seen.problems[0][0]
    assert seen.boards == ["back"]


async def test_touching_a_file_changes_nothing(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        os.utime(file)
        await asyncio.sleep(0.6)
    assert not seen.boards
    assert not seen.problems


async def test_half_a_file_is_not_read_while_it_is_being_written(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        with file.open("w") as half:
            half.write("broken\n")
            half.flush()
            await asyncio.sleep(0.1)
            half.seek(0)
            half.truncate()
            half.write("whole")
        await until(lambda: seen.boards)
    assert seen.problems == []


async def test_a_file_that_is_never_left_alone_is_read_all_the_same(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        for number in range(40):
            file.write_text(f"title {number}")
            await asyncio.sleep(0.05)
            if seen.boards:
                break
    assert seen.boards


async def test_a_new_file_in_the_folder_is_run_and_its_end_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a")
    seen = Seen()
    async with watching(tmp_path, seen):
        (tmp_path / "b.yaml").write_text("b")
        await until(lambda: seen.boards == ["ab"])
        (tmp_path / "notes.txt").write_text("not ours")
        (tmp_path / "b.yaml").unlink()
        await until(lambda: seen.boards == ["ab", "a"])


async def test_a_board_that_cannot_be_wired_is_a_problem_and_the_old_one_goes_on(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        seen.refuse = "sources.prom.auth: the secret is not there"
        file.write_text("two")
        await until(lambda: seen.problems)
        seen.refuse = None
        file.write_text("three")
        await until(lambda: seen.boards)
    assert seen.problems == [("sources.prom.auth: the secret is not there", 1)]
    assert seen.boards == ["three"]


async def test_a_fault_of_our_own_while_reading_leaves_the_old_one_running(file: Path) -> None:
    seen = Seen()
    async with watching(file, seen):
        file.write_text("bug")
        await until(lambda: seen.problems)
        file.write_text("two")
        await until(lambda: seen.boards)
    assert "see the log" in seen.problems[0][0]


async def test_a_poke_reads_at_once(file: Path) -> None:
    seen = Seen()
    receivers = Receivers(on_board=seen.board, on_problem=seen.problem)
    watcher = ConfigWatcher(file, read(file), read, receivers, poll_s=1000)
    task = asyncio.create_task(watcher.run())
    await asyncio.sleep(0.05)
    file.write_text("two")
    watcher.poke()
    await until(lambda: seen.boards)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """For root, who may read everything: another user for a while, to whom the folder then belongs."""
    if os.geteuid() != 0:
        yield
        return
    for parent in folder.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_lost_rights_are_said(file: Path) -> None:
    seen = Seen()
    with as_nobody(file.parent):
        async with watching(file, seen):
            file.chmod(0)
            await until(lambda: seen.problems)
            file.chmod(0o600)
            await until(lambda: seen.boards)
    assert "permission denied" in seen.problems[0][0]
