"""Numbers as people read them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.view.unit_table import unit_of
from opsdash.core.view.units import KNOWN_UNITS, format_fixed, format_value, is_known_unit

NUMBER_UNITS = sorted(name for name in KNOWN_UNITS if unit_of(name).form == "number")
COMPACT = ["short", "none", "s", "ms", "bytes", "decbytes", "reqps", "percent", "percentunit", "hertz", "bps", "Bps"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "s", "0s"),
        (-0.0, "bytes", "0B"),
        (-0.0, "percent", "0%"),
        (1.21, "s", "1.21s"),
        (0.18, "s", "180ms"),
        (92, "ms", "92ms"),
        (90, "s", "1.5min"),
        (5400, "s", "1.5h"),
        (3, "µs", "3µs"),
        (1180, "reqps", "1.18k/s"),
        (214, "reqps", "214/s"),
        (0.058, "percentunit", "5.8%"),
        (99.95, "percent", "99.95%"),
        (100, "percent", "100%"),
        (1536, "bytes", "1.5KiB"),
        (1500, "decbytes", "1.5kB"),
        (1024, "mbytes", "1GiB"),
        (2_000_000, "bps", "2Mb/s"),
        (71.4, "usd_per_hour", "$71.4/h"),
        (-71.4, "currencyUSD", "-$71.4"),
        (52_100, "currencyUSD", "$52.1k"),
        (50_000, "currencyKRW", "₩50k"),
        (1_234_567, "locale", "1,234,567"),
        (1, "bool_on_off", "On"),
        (0, "bool", "False"),
        (255, "hex0x", "0xff"),
        (1234, "sci", "1.23e3"),
        (9000, "dtdurations", "2h 30m"),
        (1_790_000_000_000, "dateTimeAsIso", "2026-09-21 14:13:20"),
        (21.5, "celsius", "21.5°C"),
        (12, "widgets", "12 widgets"),
        (12, "suffix:/min", "12/min"),
        (12, "prefix:~", "~12"),
        (0.00012, "", "0.00012"),
        (1e-7, "short", "1e-7"),
        (1e20, "short", "1e20"),
        (1.2e300, "bytes", "1.2e300B"),
    ],
)
def test_a_number_is_shown_as_people_write_it(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


@pytest.mark.parametrize("unit", sorted(KNOWN_UNITS))
@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")])
def test_what_is_no_number_says_so_in_every_unit(unit: str, value: float, text: str) -> None:
    assert format_value(value, unit) == text


def test_a_number_that_rounds_up_to_the_next_scale_is_shown_on_it() -> None:
    assert format_value(999.9, "short") == "1k"
    assert format_value(0.9999, "s") == "1s"
    assert format_value(1023.99 * 1024, "bytes") == "1MiB"


def test_nearly_all_is_not_shown_as_all() -> None:
    assert format_value(99.996, "percent") == "99.996%"
    assert format_value(0.99999, "percentunit") == "99.999%"


def test_decimals_are_kept_when_they_are_asked_for() -> None:
    assert format_value(1.5, "s", 3) == "1.500s"
    assert format_value(99.4, "percent", 0) == "99%"
    assert format_value(-0.001, "short", 1) == "0.0"


@given(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([*sorted(KNOWN_UNITS), "", "widgets", "\x1b[31m"])
)
def test_every_double_has_a_text_in_every_unit(value: float, unit: str) -> None:
    assert format_value(value, unit)
    assert format_fixed([value, 1.0], unit)


@given(st.floats(min_value=1e-6, max_value=1e12), st.sampled_from(COMPACT))
def test_a_normal_number_takes_nine_cells_at_most(value: float, unit: str) -> None:
    assert len(format_value(value, unit)) <= 9


@given(st.floats(min_value=-1e12, max_value=1e12), st.sampled_from(NUMBER_UNITS))
def test_only_zero_is_shown_as_zero_and_never_with_a_minus(value: float, unit: str) -> None:
    text = format_value(value, unit)
    digits = re.sub(r"[^1-9]", "", text)
    if value == 0:
        assert not digits or unit == "usd_per_1k"
        assert "-" not in text
    elif abs(value) > 1e-9:
        assert digits


def _read(text: str, unit: str) -> float:
    """The number that a text stands for."""
    found = unit_of(unit)
    for scale in sorted(found.scales, key=lambda scale: -len(scale.suffix)):
        number = text.removesuffix(scale.suffix)
        if text.endswith(scale.suffix) and re.fullmatch(r"-?[\d.]+(e-?\d+)?", number):
            return float(number) * scale.size / found.factor
    raise AssertionError(text)


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=2, max_size=2), st.sampled_from(COMPACT))
def test_a_larger_number_is_never_shown_as_a_smaller_one(pair: list[float], unit: str) -> None:
    low, high = sorted(pair)
    shown = _read(format_value(high, unit), unit)
    assert _read(format_value(low, unit), unit) <= shown + abs(shown) * 1e-12


@given(st.floats(min_value=1e-3, max_value=1e9), st.sampled_from(COMPACT))
def test_what_is_shown_is_within_half_a_percent(value: float, unit: str) -> None:
    assert _read(format_value(value, unit), unit) == pytest.approx(value, rel=0.0051)


def test_a_column_has_one_scale_and_one_number_of_decimals() -> None:
    assert format_fixed([0.5, 1, 1.5], "s") == ["0.5s", "1.0s", "1.5s"]
    assert format_fixed([0, 0.2, 0.4], "s") == ["0s", "200ms", "400ms"]
    assert format_fixed([99.25, 99.5], "percent") == ["99.25%", "99.50%"]
    assert format_fixed([1.2, 1.21], "percent") == ["1.20%", "1.21%"]


def test_a_small_number_in_a_column_of_large_ones_is_not_zero() -> None:
    assert format_fixed([120.0, 0.0003], "s") == ["2min", "300µs"]


def test_a_column_takes_what_is_no_number_as_it_is() -> None:
    assert format_fixed([math.nan, 1.0, math.inf], "s") == ["NaN", "1s", "+Inf"]


def test_units_of_grafana_are_known_and_others_are_not() -> None:
    wanted = (
        "short none percent percentunit s ms µs ns m h d dtdurations bytes decbytes bits decbits Bps binBps bps KBs "
        "reqps rps ops iops wps cps hertz currencyUSD currencyEUR currencyKRW dateTimeAsIso celsius bool bool_on_off "
        "locale sci hex usd_per_hour connections"
    )
    assert set(wanted.split()) <= KNOWN_UNITS
    assert not is_known_unit("secnds")
    assert is_known_unit("suffix:jobs")


def test_different_ticks_are_never_written_alike() -> None:
    assert format_fixed([1.19, 1.195, 1.2], "percent", distinct=True) == ["1.190%", "1.195%", "1.200%"]
