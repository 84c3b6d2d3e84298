"""The source of opsdash as syntax trees, for tests that look at its shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "opsdash"
Function = ast.FunctionDef | ast.AsyncFunctionDef

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """As a person finds it: opsdash/core/errors.py."""
        return self.path.relative_to(ROOT).as_posix()

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Every function and method with its dotted name inside the file."""
        yield from _functions(self.tree, "")

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            inner = f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix
            yield from _functions(child, inner)


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """Every Python file of the package, in order."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple(Module(path, text := path.read_text(), ast.parse(text)) for path in paths)


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring and decorators."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def nesting(node: ast.AST) -> int:
    """How deep blocks stand in blocks; `elif` is not deeper than its `if`, and an inner function starts anew."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*(Function.__args__), ast.ClassDef, ast.Lambda)):
            continue
        own = 1 if isinstance(child, _BLOCKS) and not _is_elif(node, child) else 0
        deepest = max(deepest, own + nesting(child))
    return deepest


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    return isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]


def imports_inside_functions(module: Module) -> Iterator[tuple[str, str]]:
    """(function, imported module) for every import that is not at the top of the file."""
    for name, function in module.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield name, node.module or "."
