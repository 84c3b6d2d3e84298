"""Documents made into rows, and large answers read row by row."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.adapters.sources.elasticsearch.bounded_json import AT_ONCE_BYTES, ROWS_CUT, rows_json, whole_json
from opsdash.adapters.sources.elasticsearch.logs import (
    LONGEST_MESSAGE,
    LONGEST_VALUE,
    MOST_FIELDS,
    Place,
    RowFields,
    flattened,
    place_of,
    rows_after,
    rows_of,
)
from opsdash.core.errors import AnswerTooLarge, AnswerUnusable
from opsdash.core.metrics.answers import LogRow

FIELDS = RowFields(time="@timestamp", message="message", level="level")


def hit(source: Any, *, sort: list[Any] | None = None, name: str = "1") -> dict[str, Any]:
    return {"_index": "logs", "_id": name, "_score": None, "_source": source, "sort": sort or [1_790_000_000_123, 7]}


def answer(*hits: dict[str, Any]) -> dict[str, Any]:
    return {
        "took": 1,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"max_score": None, "hits": list(hits)},
    }


def row(source: Any, **more: Any) -> LogRow:
    return rows_of(answer(hit(source, **more)), FIELDS)[0]


def test_a_row_has_its_time_to_the_millisecond_or_nanosecond_and_a_unique_id() -> None:
    assert row({}) == LogRow(
        id="logs/1", at_s=1_790_000_000.123, message="", sort=(1_790_000_000_123, 7, "logs/1"), fields={}
    )
    assert row({}, sort=[1_790_000_000_123_456_789, 7]).at_s == pytest.approx(1_790_000_000.123456789, abs=1e-6)


def test_objects_have_dotted_names_and_arrays_are_joined() -> None:
    source = {
        "log": {"level": "warn"},
        "log.logger": "db",
        "tags": ["a", 2, True, None, 1.5],
        "list": [{"k": 1}, {"k": 2, "other": "x"}],
        "nothing": None,
        "": "no name",
    }
    assert flattened(source) == {
        "log.level": "warn",
        "log.logger": "db",
        "tags": "a, 2, true, 1.5",
        "list.k": "1, 2",
        "list.other": "x",
        "": "no name",
    }


@pytest.mark.parametrize(
    ("source", "message", "level"),
    [
        ({"message": "m", "level": "error"}, "m", "error"),
        ({"msg": "m", "severity": 3}, "m", "3"),
        ({"event": {"original": "m"}, "log": {"level": "warn"}}, "m", "warn"),
        ({"message": {"text": "inside"}}, "", ""),
        ({"body": ["a", "b"], "severity_text": "INFO"}, "a, b", "INFO"),
        ({"service": "only"}, "", ""),
    ],
)
def test_message_and_level_are_found_where_people_put_them(source: Any, message: str, level: str) -> None:
    found = row(source)
    assert (found.message, found.level) == (message, level)


def test_the_time_and_the_message_are_not_repeated_among_the_fields() -> None:
    assert row({"@timestamp": "x", "message": "m", "a": 1}).fields == {"a": 1}


def test_sizes_are_bounded_whatever_a_document_holds() -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = {"d": deep}
    source = {
        "message": "m" * 10_000_000,
        "long": "v" * 100_000,
        "many": {f"k{place}": place for place in range(1000)},
        "list": list(range(10_000)),
        "deep": deep,
        "big": 10**5000,
    }
    found = row(source)
    assert len(found.message) == LONGEST_MESSAGE
    assert found.message.endswith("…")
    assert len(found.fields) <= MOST_FIELDS
    assert all(not isinstance(value, str) or len(value) <= LONGEST_VALUE for value in found.fields.values())
    assert row({"deep": deep, "list": list(range(10_000)), "big": 10**5000}).fields["list"].endswith("49, …")  # type: ignore[union-attr]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(json_values)
def test_any_document_becomes_a_row_and_flat_names_stay_what_they_are(source: Any) -> None:
    flat = flattened(source)
    assert len(flat) <= MOST_FIELDS
    assert flattened(flat) == flat
    assert row(source).id == "logs/1"


_BROKEN_HITS: list[Any] = [[{}], 3, [hit({}) | {"sort": []}], [hit({}) | {"sort": ["x"]}]]


@pytest.mark.parametrize("broken", [{}, *({"hits": {"hits": each}} for each in _BROKEN_HITS)])
def test_a_broken_answer_is_unusable(broken: Any) -> None:
    with pytest.raises(AnswerUnusable):
        rows_of(broken, FIELDS)


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_place_survives_the_way_through_a_row() -> None:
    place = place_of(row({}).sort)
    assert place == Place(1_790_000_000_123, 7, "logs/1")
    assert place.search_after() == (1_790_000_000_123, 8)
    assert Place(5, None, "x").search_after() == (6,)
    assert place_of(None) is None
    assert place_of(()) is None


@pytest.mark.parametrize("foreign", [(1,), ("a", "b", "c"), (1, 2, 3), (1, 2, "x", 4)])
def test_a_place_of_somewhere_else_is_refused(foreign: tuple[object, ...]) -> None:
    with pytest.raises(AnswerUnusable):
        place_of(foreign)


def rows(*places: tuple[int, int, str]) -> list[LogRow]:
    return [LogRow(id=name, at_s=0.0, message="", sort=(time, order, name)) for time, order, name in places]


def test_a_page_begins_after_the_row_it_continues_and_not_after_its_equals() -> None:
    again = rows((5, 1, "a"), (5, 1, "b"), (5, 1, "c"), (4, 9, "d"))
    assert [each.id for each in rows_after(again, Place(5, 1, "b"), 10)] == ["c", "d"]
    assert [each.id for each in rows_after(again, Place(5, 1, "b"), 1)] == ["c"]
    assert [each.id for each in rows_after(again, Place(5, 1, "gone"), 10)] == ["d"]
    assert [each.id for each in rows_after(again, Place(6, 1, "gone"), 10)] == ["a", "b", "c", "d"]


# -- answers read in pieces --------------------------------------------------------------------------------------------


async def pieces(content: bytes, size: int) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def trap() -> dict[str, Any]:
    """A document that looks like the end of a row and the start of another."""
    return {
        "message": '"hits":[ },{"_index":"x"',
        "objects": [{"a": {}}, {"_index": "fake"}, {"_index": 2}],
        "u": "é😀",
    }


@pytest.mark.parametrize("size", [1_000, 65_536])
async def test_a_large_answer_read_in_pieces_is_the_same_as_at_once(size: int) -> None:
    hits = [hit(trap() | {"pad": "x" * 3_000, "n": place}, name=str(place)) for place in range(150)]
    whole = answer(*hits)
    content = json.dumps(whole, indent=None).encode()
    assert len(content) > AT_ONCE_BYTES
    read = await rows_json("logs", pieces(content, size), 10**8)
    assert rows_of(read, FIELDS) == rows_of(whole, FIELDS)
    assert {name: value for name, value in read.items() if name != "hits"} == {
        name: value for name, value in whole.items() if name != "hits"
    }


async def test_no_rows_and_one_huge_row_can_be_read_in_pieces() -> None:
    empty = json.dumps(answer() | {"_shards": {"why": "z" * AT_ONCE_BYTES}} | {"hits": {"hits": []}}).encode()
    assert (await rows_json("logs", pieces(empty, 4096), 10**8))["hits"]["hits"] == []
    huge = json.dumps(answer(hit({"message": "h" * 10_000_000}))).encode()
    read = await rows_json("logs", pieces(huge, 65_536), 10**8)
    assert len(read["hits"]["hits"][0]["_source"]["message"]) == LONGEST_MESSAGE + 1


async def test_rows_are_cut_at_the_limit_and_those_before_it_are_kept() -> None:
    content = json.dumps(answer(*(hit({"message": "m" * 50_000}, name=str(place)) for place in range(40)))).encode()
    read = await rows_json("logs", pieces(content, 4096), 1_000_000)
    assert read[ROWS_CUT] == 1_000_000
    assert 18 <= len(read["hits"]["hits"]) <= 20
    with pytest.raises(AnswerTooLarge, match=r"^logs sent more than \d+ KiB and no row fits into that$"):
        await rows_json("logs", pieces(json.dumps(answer(hit({"message": "m" * 900_000}))).encode(), 4096), 500_000)


@pytest.mark.parametrize("kept", [0, 1, 300_000, -1, -2, -40])
async def test_half_of_an_answer_is_unusable(kept: int) -> None:
    content = json.dumps(answer(*(hit({"message": "m" * 5_000}, name=str(place)) for place in range(100)))).encode()
    with pytest.raises(AnswerUnusable):
        await rows_json("logs", pieces(content[:kept], 4096), 10**8)
    with pytest.raises(AnswerUnusable):
        await whole_json("logs", pieces(content[:kept], 4096), 10**8)


async def test_something_else_than_json_is_shown_by_its_first_words() -> None:
    page = b"<html><title>x</title><body>Please \x1b[31msign in</body></html>"
    with pytest.raises(AnswerUnusable, match=r"^logs answered something that is not JSON: Please ␛\[31msign in$"):
        await whole_json("logs", pieces(page, 10), 10**6)
    with pytest.raises(AnswerUnusable):
        await rows_json("logs", pieces(page + b" " * 3_000_000, 65_536), 10**8)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 5_000, b"\xff\xfe\xff", b"{} {}"])
async def test_nothing_that_is_sent_breaks_the_parser(content: bytes) -> None:
    for read in (whole_json, rows_json):
        with pytest.raises(AnswerUnusable):
            await read("logs", pieces(content, 4096), 10**8)


async def test_aggregations_over_the_limit_are_refused_with_what_would_help() -> None:
    with pytest.raises(AnswerTooLarge, match=r"^logs sent more than 1 MiB: use a longer interval"):
        await whole_json("logs", pieces(b"[" + b"0," * 2**20, 65_536), 2**20)


async def test_a_large_answer_is_parsed_beside_the_event_loop() -> None:
    content = json.dumps([{"n": place} for place in range(50_000)]).encode()
    assert (await whole_json("logs", pieces(content, 65_536), 10**8))[-1] == {"n": 49_999}
