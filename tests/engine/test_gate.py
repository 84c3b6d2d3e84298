"""The gate of a source."""

import random

from opsdash.core.backoff import backoff_s
from opsdash.core.errors import SourceBusy, SourceUnavailable
from opsdash.engine.gate import Gate


class Hand:
    """A clock moved by hand."""

    at_s = 100.0

    def now_s(self) -> float:
        return self.at_s

    def monotonic_s(self) -> float:
        return self.at_s


def make() -> tuple[Gate, Hand]:
    clock = Hand()
    return Gate(clock, random.Random(1)), clock


def test_an_open_gate_lets_everybody_through() -> None:
    gate, _ = make()
    assert [gate.wait_s() for _ in range(3)] == [0, 0, 0]


def test_after_a_failure_all_wait_and_then_one_tries() -> None:
    gate, clock = make()
    gate.failed(SourceUnavailable("prom refused the connection"))
    assert gate.wait_s() == 1.0
    clock.at_s += 1.0
    assert gate.wait_s() == 0.0
    assert gate.wait_s() > 0, "a second query goes through only when the first one was answered"
    gate.passed()
    assert gate.wait_s() == 0.0


def test_failures_that_were_under_way_together_count_once() -> None:
    gate, _ = make()
    first = gate.failed(SourceUnavailable("down"))
    assert [gate.failed(SourceUnavailable("down")) for _ in range(5)] == [first] * 5


def test_each_failed_trial_waits_longer_but_never_long() -> None:
    gate, clock = make()
    waits = []
    for _ in range(8):
        opens = gate.failed(SourceUnavailable("down"))
        waits.append(opens - clock.at_s)
        clock.at_s = opens
        assert gate.wait_s() == 0.0
    assert waits[0] == 1.0
    assert max(waits) <= 10.0
    assert waits[-1] >= 5.0


def test_retry_after_is_kept() -> None:
    gate, clock = make()
    assert gate.failed(SourceBusy("prom is busy", retry_after_s=42)) == clock.at_s + 42


def test_a_cancelled_trial_does_not_shut_the_others_out() -> None:
    gate, clock = make()
    gate.failed(SourceUnavailable("down"))
    clock.at_s += 1.0
    assert gate.wait_s() == 0.0
    gate.cancelled()
    assert gate.wait_s() == 0.0


def test_backoff_doubles_and_stays_bounded() -> None:
    assert [backoff_s(n, first_s=5, jitter=1.0) for n in (1, 2, 3, 4, 5, 50)] == [5, 10, 20, 40, 60, 60]
    assert backoff_s(3, first_s=5, jitter=0.0) == 10
