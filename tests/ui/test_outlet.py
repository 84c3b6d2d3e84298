"""The way to the terminal, on a pty that reads when the test says so."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from opsdash.ui.outlet import CANCEL, CONGESTED_BYTES, MOST_WRITES, Outlet

WAIT_S = 10.0


@dataclass
class Line:
    """Both ends of a terminal line."""

    master: int
    slave: int
    caught_up: threading.Event = field(default_factory=threading.Event)

    def read(self, count: int, wait_s: float = WAIT_S) -> bytes:
        """Up to so many bytes, as they come."""
        data = b""
        while len(data) < count and select.select([self.master], [], [], wait_s)[0]:
            data += os.read(self.master, count - len(data))
        return data

    def drain(self) -> bytes:
        """All that comes until it is quiet."""
        return self.read(1 << 24, 0.5)


@pytest.fixture
def line() -> Iterator[Line]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield Line(master, slave)
    os.close(master)
    os.close(slave)


def test_what_is_written_arrives_in_order(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    parts = [f"{number:>6} ".encode() * 20 for number in range(100)]
    for part in parts:
        assert outlet.write(part)
    assert line.read(sum(map(len, parts))) == b"".join(parts)
    outlet.close(b"bye", 1)
    assert line.drain() == b"bye"


def test_a_line_that_does_not_read_never_makes_a_writer_wait_and_frames_are_dropped_whole(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    frames = [(b"<%06d" % number).ljust(1000, b".") + b">" for number in range(2000)]
    kept = [frame for frame in frames if outlet.write(frame)]
    assert outlet.waiting_bytes <= CONGESTED_BYTES + len(frames[0])
    assert outlet.is_congested
    assert len(kept) < 50
    assert line.read(sum(map(len, kept))) == b"".join(kept)
    assert line.caught_up.wait(WAIT_S)
    assert not outlet.is_congested
    outlet.close(b"", 1)


def test_one_frame_of_any_size_is_taken_when_nothing_waits(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    frame = b"x" * 3_000_000
    assert outlet.write(frame)
    assert not outlet.write(b"y" * 100)
    assert outlet.write(b"\x1b[?2026l")
    assert line.read(len(frame) + 8) == frame + b"\x1b[?2026l"
    outlet.close(b"", 1)


def test_control_sequences_are_bounded_too(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    written = sum(outlet.write(b"\x07" * 64) for _ in range(2 * MOST_WRITES))
    assert outlet.waiting_bytes <= MOST_WRITES * 64
    assert written < 2 * MOST_WRITES
    outlet.abandon()


def test_who_saw_congestion_is_told_when_it_is_over(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    outlet.write(b"x" * (CONGESTED_BYTES + 65536))
    assert outlet.is_congested
    assert not line.caught_up.is_set()
    line.read(CONGESTED_BYTES + 65536)
    assert line.caught_up.wait(WAIT_S)
    outlet.close(b"", 1)


def test_last_words_reach_a_line_that_does_not_read_and_end_a_cut_sequence(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    outlet.write(b"x" * 1_000_000)
    outlet.close(b"\x1b[?1049l", 0.05)
    assert line.drain().endswith(CANCEL + b"\x1b[?1049l")


def test_an_abandoned_line_gets_nothing_more(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    outlet.write(b"x" * 1_000_000)
    outlet.abandon()
    line.drain()
    assert not outlet.write(b"more")
    assert line.drain() == b""


def test_a_line_that_is_gone_is_no_error() -> None:
    master, slave = os.openpty()
    outlet = Outlet(slave, lambda: None)
    os.close(master)
    outlet.write(b"x" * 100_000)
    outlet.close(b"bye", 0.05)
    os.close(slave)


def test_the_descriptor_that_was_given_stays_as_it_was(line: Line) -> None:
    outlet = Outlet(line.slave, line.caught_up.set)
    outlet.write(b"x")
    assert os.get_blocking(line.slave)
    outlet.close(b"", 1)
    os.fstat(line.slave)


def test_nothing_is_taken_for_a_line_that_nobody_writes_to_any_more(line: Line) -> None:
    started = threading.Event()

    def without_memory() -> None:
        started.set()
        raise MemoryError

    outlet = Outlet(line.slave, without_memory)
    while outlet.write(b"x" * 4000):  # until frames are dropped, so that there is something to tell
        pass
    line.drain()
    assert started.wait(WAIT_S)
    while outlet._thread.is_alive:
        time.sleep(0.01)
    with pytest.raises(MemoryError):
        outlet.write(b"y")
    with pytest.raises(MemoryError):
        _ = outlet.is_congested
    outlet.close(b"bye", 1)
    assert line.drain().endswith(b"bye")
