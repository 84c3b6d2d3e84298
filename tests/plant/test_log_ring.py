"""The ring of log documents: what it keeps, what falls out, and how little it needs."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from opsdash.plant.log_columns import Measured
from opsdash.plant.log_ring import MOST_SENT_BYTES, Batch, LogRing
from opsdash.plant.logs import LogWriter
from tests.plant.summaries import summary


def lines(first: int, count: int) -> Batch:
    times = np.arange(first, first + count) * 1000
    texts = [f"line {number} of many" for number in range(first, first + count)]
    return Batch(count, {"@timestamp": Measured(times), "service": ["a", None] * (count // 2), "message": texts})


def test_the_oldest_fall_out_and_numbers_go_on() -> None:
    ring = LogRing(100)
    for block in range(50):
        ring.append(lines(block * 10, 10))
        assert len(ring) == min((block + 1) * 10, 100)
        assert ring.next_number == (block + 1) * 10
        assert ring.first == ring.next_number - len(ring)
    assert [ring.source(place)["message"] for place in (0, 99)] == ["line 400 of many", "line 499 of many"]
    assert ring.source(1) == {"@timestamp": "1970-01-01T00:06:41.000Z", "message": "line 401 of many"}


def test_more_than_it_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="101 documents do not fit"):
        LogRing(100).append(Batch(101, {}))


def test_words_are_found_only_in_documents_that_are_still_there() -> None:
    ring = LogRing(100)
    for block in range(30):
        ring.append(lines(block * 10, 10))
        mask = ring.index("message").documents([str(block * 10 + 3)], ring.first, len(ring))
        assert np.flatnonzero(mask).tolist() == [len(ring) - 7]
    assert not ring.index("message").documents(["5"], ring.first, len(ring)).any()
    assert ring.index("message").documents(["many"], ring.first, len(ring)).all()
    assert len(ring.index("message").vocabulary) < 200, "words that nobody has are forgotten"


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_range_of_time_is_found_whatever_the_order_of_arrival(is_in_order: bool) -> None:
    ring = LogRing(1_000)
    times = np.arange(500) * 10
    shuffled = times if is_in_order else np.random.default_rng(1).permutation(times)
    ring.append(Batch(500, {"@timestamp": Measured(shuffled)}))
    found = ring.number("@timestamp")[0][ring.between(100, 200)]
    assert sorted(found.tolist()) == list(range(100, 201, 10))


def test_documents_by_id_are_replaced_and_versions_counted() -> None:
    ring = LogRing(100)
    ring.append(Batch(1, {"service": ["old"]}, ids=["x"], sources=[b'{"service":"old"}']))
    assert ring.replaced("x") == 2
    ring.append(Batch(1, {"service": ["new"]}, ids=["x"], sources=[b'{"service":"new"}']))
    place = ring.place_of("x")
    assert place is not None
    assert (ring.count, len(ring), ring.source(place), ring.version_of(place)) == (1, 2, {"service": "new"}, 2)
    assert ring.replaced("nobody") == 1


def test_what_somebody_sends_has_a_bound_in_bytes_too() -> None:
    ring = LogRing(100_000)
    for number in range(60):
        ring.append(
            Batch(10, {"service": ["x"] * 10}, ids=[f"{number}-{k}" for k in range(10)], sources=[b"x" * 60_000] * 10)
        )
    assert len(ring) * 60_000 <= MOST_SENT_BYTES
    assert ring.place_of("59-9") == len(ring) - 1
    assert ring.place_of("0-0") is None


def test_two_hours_and_much_more_need_less_than_60_megabytes() -> None:
    tracemalloc.start()
    ring = LogRing()
    writer = LogWriter(ring, seed=1)
    for block in range(180):
        writer.write(summary(1_790_000_000 + 60 * block, 60))
        if block % 20 == 0:
            ring.index("message")
    ring.index("message")
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ring) == 100_000
    assert used < 60e6
