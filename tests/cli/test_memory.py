"""Too little memory is known by whatever it becomes, and the threads that there are never leave the loop waiting."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading

import pytest

from opsdash.cli.crew import Crew, CrewLoop
from opsdash.cli.memory import is_out_of_memory
from opsdash.ui.worker import Worker

WAIT_S = 10.0


def caused(error: Exception, by: BaseException) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ExceptionGroup("", [ValueError("x"), ExceptionGroup("", [MemoryError()])]),
        caused(ValueError("no answer"), MemoryError()),
        RuntimeError("can't start new thread"),
        ImportError("libx.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_it_is_known(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error", [ValueError("memory"), RuntimeError("x"), OSError(errno.ENOSPC, "full"), caused(KeyError(1), OSError(2))]
)
def test_it_is_not_seen_where_it_is_not(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_an_error_that_is_its_own_reason_is_looked_at_once() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert not is_out_of_memory(first)


def test_a_thread_says_that_it_has_ended_whatever_ended_it(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("of its own")

    def starved() -> None:
        raise MemoryError

    with caplog.at_level(logging.ERROR):
        for work in (broken, starved, lambda: None):
            worker = Worker(work)
            assert worker.join(WAIT_S)
            assert not worker.is_alive
    assert [record.message for record in caplog.records] == ["a thread ended in an error"]


def test_a_thread_that_works_is_waited_for_no_longer_than_is_said() -> None:
    go_on = threading.Event()
    worker = Worker(lambda: bool(go_on.wait(WAIT_S)) and None)
    assert not worker.join(0.01)
    assert worker.is_alive
    go_on.set()
    assert worker.join(WAIT_S)


def test_a_crew_carries_out_what_it_is_given_and_gives_back_errors() -> None:
    crew = Crew(2)
    assert [crew.submit(pow, 2, n).result(WAIT_S) for n in range(20)] == [2**n for n in range(20)]
    with pytest.raises(ZeroDivisionError):
        crew.submit(lambda: 1 // 0).result(WAIT_S)
    with pytest.raises(MemoryError):
        crew.submit(bytearray, 1 << 62).result(WAIT_S)
    assert crew.submit(pow, 2, 3).result(WAIT_S) == 8
    crew.shutdown()


def test_a_crew_of_which_nobody_is_left_says_so_and_takes_nothing() -> None:
    crew = Crew(2)
    crew.shutdown()
    with pytest.raises(MemoryError):
        crew.submit(pow, 2, 3)


def test_what_hangs_in_a_crew_does_not_keep_its_loop_from_ending() -> None:
    go_on = threading.Event()

    async def main() -> int:
        asyncio.get_running_loop().run_in_executor(None, go_on.wait, 60.0)
        return await asyncio.to_thread(pow, 2, 3)

    with asyncio.Runner(loop_factory=CrewLoop) as runner:
        assert runner.run(main()) == 8
    assert not go_on.is_set()
    go_on.set()
