"""Every fault has its row, and every test that a row names is there."""

from __future__ import annotations

import ast
import re

from tests.shape.tree import ROOT

ROWS = re.findall(r"^\| (\d+) \|.*", (PAGE := (ROOT / "docs" / "faults.md").read_text()), re.MULTILINE)
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def names_in(file: str) -> set[str]:
    path = ROOT / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_fault_that_concerns_what_exists_has_a_row() -> None:
    assert [int(row) for row in ROWS] == [*range(1, 32), 38, 39]


def test_every_row_names_a_test() -> None:
    assert [line for line in re.findall(r"^\| \d+ \|.*", PAGE, re.MULTILINE) if "::test_" not in line] == []


def test_every_test_that_is_named_exists() -> None:
    assert [f"{file}::{name}" for file, name in NAMED if name not in names_in(file)] == []
