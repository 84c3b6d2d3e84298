"""A file is one concept, a function fits a screen."""

from __future__ import annotations

from tests.shape.tree import length, modules, nesting

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
DEEPEST = 3

LONGER_FILES: dict[str, str] = {}
"""File → why it is one concept although it is longer."""

LONGER_FUNCTIONS: dict[str, str] = {}
"""File:function → why it is not cut. Tables and flat matches only."""

DEEPER_FUNCTIONS: dict[str, str] = {}
"""File:function → why it nests deeper."""


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {module.name: module.text.count("\n") for module in modules()}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE and name not in LONGER_FILES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    sizes = {f"{m.name}:{name}": length(function) for m in modules() for name, function in m.functions()}
    long = {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION}
    assert {name: size for name, size in long.items() if name not in LONGER_FUNCTIONS} == {}
    assert set(LONGER_FUNCTIONS) <= set(long), "an exception that is no longer needed"


def test_no_function_nests_deeper_than_3() -> None:
    depths = {f"{m.name}:{name}": nesting(function) for m in modules() for name, function in m.functions()}
    deep = {name: depth for name, depth in depths.items() if depth > DEEPEST}
    assert {name: depth for name, depth in deep.items() if name not in DEEPER_FUNCTIONS} == {}
    assert set(DEEPER_FUNCTIONS) <= set(deep), "an exception that is no longer needed"
