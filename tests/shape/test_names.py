"""Names say what a thing is, and every public thing says what it gives."""

from __future__ import annotations

import ast
import re

from tests.shape.tree import Function, Module, modules

EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "base", "misc", "common"}

DOCUMENTED_ELSEWHERE = {"opsdash/ui/engine_port.py:EnginePort": "the part of engine.Engine that a screen may use"}
"""Class → where its methods are documented."""

TEXTUAL_METHODS = r"on_|action_|watch_|compose$|render|get_"


def words(name: str) -> set[str]:
    """`HttpPoolManager` and `http_pool_manager` → http, pool, manager."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def is_public(name: str) -> bool:
    return not name.startswith("_")


def test_nothing_is_named_by_an_empty_word() -> None:
    files = {module.name for module in modules() if words(module.path.stem) & EMPTY_WORDS}
    classes = {f"{m.name}:{cls.name}" for m in modules() for cls in m.classes() if words(cls.name) & EMPTY_WORDS}
    assert files | classes == set()


def test_every_module_says_what_it_is() -> None:
    silent = {m.name for m in modules() if m.text.strip() and ast.get_docstring(m.tree) is None}
    assert silent == set()


def test_every_public_class_and_function_has_a_docstring() -> None:
    found = {f"{m.name}:{name}" for m in modules() for name in undocumented(m)}
    assert {name for name in found if name.rpartition(".")[0] not in DOCUMENTED_ELSEWHERE} == set()


def undocumented(module: Module) -> set[str]:
    """Public classes, functions and methods without one; what overrides or is nested is documented elsewhere."""
    found = set()
    scopes: list[tuple[str, ast.Module | ast.ClassDef]] = [("", module.tree)]
    while scopes:
        prefix, scope = scopes.pop()
        for node in scope.body:
            if isinstance(node, ast.ClassDef) and is_public(node.name):
                scopes.append((f"{prefix}{node.name}.", node))
            elif not isinstance(node, Function) or not is_public(node.name) or is_exempt(node, module):
                continue
            if ast.get_docstring(node) is None:
                found.add(f"{prefix}{node.name}")
    return found


def is_exempt(function: Function, module: Module) -> bool:
    """Overloads, property setters, `@override`, and Textual's own method names, whose meaning Textual documents."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    if decorators & {"overload", "override", "setter"}:
        return True
    return module.name.startswith("opsdash/ui/") and bool(
        re.match(r"on_|action_|watch_|compose$|render|get_", function.name)
    )
