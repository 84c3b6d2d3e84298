"""Large answers, read while they arrive: the same result as at once, in pieces of any size, within the limits."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.prometheus.decode import Rows, decode, grid_of
from opsdash.adapters.sources.prometheus.stream import AnswerStream
from opsdash.core.errors import AnswerTooLarge, AnswerUnusable
from opsdash.core.limits import Limits
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import Span

START = 1_790_000_000
SPAN = Span(start_s=START, end_s=START + 50, step_s=10)
MIB = 1024 * 1024
OPENING = b'{"status":"success","data":{"resultType":"matrix","result":['


def streamed(pieces: Iterable[bytes], limits: Limits | None = None, span: Span = SPAN) -> Answer:
    limits = limits or Limits()
    stream = AnswerStream(Rows("prom", grid_of(span), limits), limits)
    for piece in pieces:
        if not stream.feed(piece):
            break
    return stream.finish()


def cut_up(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def series(labels: dict[str, str], *samples: tuple[float, str]) -> dict[str, Any]:
    return {"metric": labels, "values": [[START + at, text] for at, text in samples]}


def body(result: list[Any], **beside: Any) -> bytes:
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data} | beside, separators=(",", ":")).encode()


TRICKY = [
    series({"a": '{"metric":{}'}, (0, "1")),
    series({"a": '},{"metric":{"b":"c"},"values":['}, (10, "NaN"), (20, "+Inf")),
    series({"a": "\\", "b": '\\"{"metric":', "ü": "\N{SNOWMAN}\U0001f600"}, (50, "-Inf")),
    series({}, *((k * 10, "0.5") for k in range(6))),
]


@given(size=st.integers(1, 700), spaced=st.booleans())
def test_any_cutting_gives_what_reading_at_once_gives(size: int, spaced: bool) -> None:
    content = body(TRICKY, warnings=["careful"])
    if spaced:
        content = json.dumps(json.loads(content), indent=1).encode()
    whole = decode(content, Rows("prom", grid_of(SPAN), Limits()))
    pieces = streamed(cut_up(content, size))
    assert pieces.window.labels == whole.window.labels
    assert np.array_equal(pieces.window.values, whole.window.values, equal_nan=True)
    assert np.array_equal(pieces.window.present, whole.window.present)
    assert (pieces.warnings, pieces.cut) == (whole.warnings, whole.cut) == (("careful",), ())


@given(kept=st.integers(0, len(body(TRICKY)) - 2), size=st.integers(1, 400))
def test_an_answer_that_ends_too_early_is_never_taken_for_a_whole_one(kept: int, size: int) -> None:
    with pytest.raises(AnswerUnusable, match=r"^prom answered "):
        streamed(cut_up(body(TRICKY)[:kept], size))


def test_an_empty_result_and_an_error_are_read_too() -> None:
    assert streamed([body([])]).window.is_empty
    with pytest.raises(AnswerUnusable, match="HTML instead of JSON: Sign in"):
        streamed([b"<html><body>Sign in", b"</body>" * 100_000])
    with pytest.raises(AnswerUnusable, match="JSON that is not Prometheus's"):
        streamed(cut_up(b'{"hits":[' + b'{"_id":1},' * 20_000, 1000))
    with pytest.raises(AnswerUnusable, match="series of a wrong form"):
        streamed(cut_up(OPENING + b'{"metric":{"a":1},"values":[]},{"metric":{}}]}}', 9))
    with pytest.raises(AnswerUnusable, match="series of a wrong form"):
        streamed([OPENING + b'{"metric":{},"values":[]} garbage {"metric":{},"values":[]}]}}'])
    with pytest.raises(AnswerUnusable, match="series of a wrong form"):
        streamed([OPENING + b'garbage {"metric":{},"values":[]}]}}'])


def test_reading_stops_at_the_limit_of_series_and_says_so() -> None:
    fed = 0

    def endless() -> Iterator[bytes]:
        nonlocal fed
        yield OPENING
        while True:
            fed += 1
            yield json.dumps(series({"n": str(fed)}, (0, "1"))).encode() + b","

    answer = streamed(endless())
    assert len(answer.window.labels) == 1_000
    assert answer.cut == ("1,000 series shown; the source sent more",)
    assert fed < 1_010


def test_exactly_as_many_series_as_are_allowed_are_all_of_them() -> None:
    content = body([series({"n": str(n)}, (0, "1")) for n in range(1_000)], warnings=["w"])
    answer = streamed(cut_up(content, 5_000))
    assert (len(answer.window.labels), answer.cut, answer.warnings) == (1_000, (), ("w",))


def test_reading_stops_at_the_limit_of_bytes_and_keeps_whole_series() -> None:
    content = body([series({"n": str(n)}, *((k * 10, "1") for k in range(6))) for n in range(5_000)])
    limits = Limits(bytes=100_000, series=100_000)
    answer = streamed(cut_up(content, 4_096), limits)
    assert answer.cut[0].startswith("cut at 98 KiB: ")
    assert 100 < len(answer.window.labels) < 5_000
    assert answer.window.present.all()


def test_an_answer_of_which_nothing_fits_is_too_large() -> None:
    point = b'[1790000000,"0.123456789"],' * 2_000

    def pieces() -> Iterator[bytes]:
        yield OPENING + b'{"metric":{"__name__":"big"},"values":['
        while True:
            yield point

    with pytest.raises(AnswerTooLarge, match="prom sent more than 64 MiB and no series fits into that"):
        streamed(pieces())


def test_a_series_that_is_too_large_is_left_out_and_the_next_one_is_read() -> None:
    point = b'[1790000000,"0.123456789"],' * 2_000

    def pieces() -> Iterator[bytes]:
        yield OPENING + json.dumps(series({"a": "before"}, (0, "1"))).encode() + b","
        yield b'{"metric":{"__name__":"big"},"values":['
        for _ in range(500):
            yield point
        yield point[:-1] + b"]}," + json.dumps(series({"a": "after"}, (0, "2"))).encode() + b"]}}"

    answer = streamed(pieces())
    assert answer.window.labels == ((("a", "before"),), (("a", "after"),))
    assert answer.cut == ("1 series left out: too large to read",)


@pytest.mark.parametrize(
    "piece", [b"x" * 1000, b"\\u001b[31mx" * 100, "\N{SNOWMAN}".encode() * 300, b"\\ud83d\\ude00" * 50, b"\\\\" * 500]
)
def test_a_label_of_ten_megabytes_is_cut_and_its_series_kept(piece: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        yield OPENING + b'{"metric":{"__name__":"m","long":"'
        for _ in range(10 * MIB // len(piece)):
            yield piece
        yield b'"},"values":[[1790000000,"1"]]}]},"warnings":["w"]}'

    tracemalloc.start()
    answer = streamed(pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if piece != b"\\\\" * 500:  # a run of escapes is not followed to its end: that series is left out
        assert len(dict(answer.window.labels[0])["long"]) == 4096
        assert answer.cut == ("1 series with labels cut to 4,096 characters",)
        assert answer.window.values[0, 0] == 1
    else:
        assert answer.cut == ("1 series left out: too large to read",)
    assert peak < 60 * MIB


def test_a_million_labels_on_one_series_do_not_take_the_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield OPENING + b'{"metric":{"a":"b"'
        for n in range(1_000):
            yield b"".join(b',"l%d":"v"' % (n * 1000 + k) for k in range(1000))
        yield b'},"values":[[1790000000,"1"]]}]}}'

    tracemalloc.start()
    answer = streamed(pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.cut == ("1 series left out: too large to read",)
    assert peak < 60 * MIB


def test_a_body_without_end_before_its_result_is_given_up_early() -> None:
    fed = 0

    def endless() -> Iterator[bytes]:
        nonlocal fed
        while True:
            fed += 1
            yield b'{"status":"success","warnings":[' if fed == 1 else b'"w",' * 1000

    with pytest.raises(AnswerUnusable, match="not Prometheus's"):
        streamed(endless())
    assert fed < 30
