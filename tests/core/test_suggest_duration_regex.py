"""Small readers of what people write: durations, sizes, near misses, regular expressions."""

# ruff: noqa: E501 - a table reads better with one case a line

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.duration import format_duration, format_size, parse_duration, parse_size
from opsdash.core.regex import longest_value, pick, regex_problem
from opsdash.core.suggest import closest, did_you_mean


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("1h30m", 5400.0), ("250ms", 0.25), ("7d", 604_800.0), ("1w", 604_800.0), ("1y", 31_536_000.0),
     ("1.5h", 5400.0), ("1m500ms", 60.5), ("0", 0.0), ("0s", 0.0)],
)  # fmt: skip
def test_a_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "5sec", "30m1h", "5s5s", "-5s", "1h30", "٥s", "1e3s", " 5s"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(1, 10**10))
def test_a_duration_reads_as_it_was_written(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 67_108_864), ("500kB", 500_000), ("1K", 1000), ("1Ki", 1024), ("10", 10), ("10B", 10), ("1.5 GiB", 1_610_612_736)],
)  # fmt: skip
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "1XB", "-1", "1e3", "1 2"])
def test_what_is_no_size_is_none(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("timeserie", ["stat", "timeseries"], "timeseries"), ("titel", ["title"], "title"),
        ("group-by", ["group_by"], "group_by"), ("Stat", ["stat"], "stat"), ("fro", ["for", "from_"], "for"),
        ("thresh", ["thresholds"], "thresholds"), ("zzz", ["stat"], None), ("", ["a"], None), ("a" * 100, ["a"], None),
    ],
)  # fmt: skip
def test_a_slip_finds_its_word(word: str, known: list[str], found: str | None) -> None:
    assert closest(word, known) == found
    assert did_you_mean(word, known) == (f"; did you mean {found}?" if found else "")


@given(st.text(max_size=70), st.lists(st.text(max_size=20), max_size=5))
def test_a_suggestion_is_always_one_of_the_known_words(word: str, known: list[str]) -> None:
    assert closest(word, known) in {None, *known}


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a*)*b", "(a|aa)*c", "(?:x+x+)+y", "((a{1,99}))+", "(a)\\1", ".*a.*b.*c.*d", "(", "[z-a]", "a" * 1001, "(?P<x>a)(?(x)b|c)", "a?" * 30 + "a" * 30, "(a?){60}a{60}", "(a|bc)+?x", "[[", ".*.*.*x"],
)  # fmt: skip
def test_a_regex_that_is_wrong_or_slow_is_refused(pattern: str) -> None:
    assert regex_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        ".*",
        "^api-(.*)$",
        "(a|b|c)",
        "^(?!kube-).*$",
        "[a-z]+-[0-9]+",
        "a{2,5}",
        "(ab)+",
        "",
        ".*foo.*",
        "^(prod|dev)-(eu|us)-.*-[0-9]+$",
        r"^[0-9]{1,3}\.[0-9]{1,3}$",
    ],
)
def test_a_usual_regex_is_taken(pattern: str) -> None:
    assert regex_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("^api-(.*)$", "api-orders", "orders"), ("or", "orders", "or"), ("^x", "orders", None), ("(a)|b", "b", None),
        (".*", "a" * 1025, None), (".*", "a" * 1024, "a" * 1024),
    ],
)  # fmt: skip
def test_what_a_regex_picks_is_its_first_group_or_its_match(pattern: str, value: str, found: str | None) -> None:
    assert pick(pattern, value) == found


HOSTILE = ["a" * 1024, "ab" * 512, "-" * 1024, "1" * 1024, "a" * 150 + "!"]


@given(st.text("aab()[]{}*+?|$^.12,", max_size=16))
@pytest.mark.timeout(60)
def test_whatever_is_taken_matches_quickly(pattern: str) -> None:
    if regex_problem(pattern) is None:
        for value in HOSTILE:
            pick(pattern, value)
        assert longest_value(pattern) >= 64


@given(st.text("ab()[]{}*+?|\\^$.,1<>P!=:", max_size=20))
def test_no_pattern_makes_it_raise_and_what_it_takes_compiles(pattern: str) -> None:
    if regex_problem(pattern) is None:
        re.compile(pattern)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (50_000, "49 KiB"),
        (1_048_575, "1 MiB"),
        (1_572_864, "1.5 MiB"),
        (64 << 20, "64 MiB"),
    ],
)
def test_a_size_is_written_as_short_as_it_is_true(count: int, text: str) -> None:
    assert format_size(count) == text


@given(st.integers(0, 1 << 45))
def test_a_written_size_is_read_as_nearly_the_same(count: int) -> None:
    read = parse_size(format_size(count))
    assert read is not None
    assert abs(read - count) <= max(512, 0.05 * count)
