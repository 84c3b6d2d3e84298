"""One TaskGroup owns every task: nothing runs on after what started it is gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.shape.tree import Module, modules

LOOSE = {"opsdash/adapters/sources/prometheus/discovery.py": "a synchronous client in a thread asks on the event loop"}
"""File → why a task there is nobody's child."""


def loose_tasks(module: Module) -> Iterator[int]:
    """Lines that start a task outside of a task group."""
    groups = set(task_groups(module.tree))
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="create_task" | "ensure_future"):
                yield node.lineno
            case ast.Attribute(attr="ensure_future" | "run_coroutine_threadsafe"):
                yield node.lineno
            case ast.Attribute(attr="create_task", value=owner) if ast.unparse(owner) not in groups:
                yield node.lineno


def task_groups(tree: ast.AST) -> Iterator[str]:
    """What is bound to a TaskGroup or annotated as one: `group`, `self._tasks`."""
    for node in ast.walk(tree):
        match node:
            case ast.withitem(context_expr=expr, optional_vars=ast.expr() as bound) if names_a_group(expr):
                yield ast.unparse(bound)
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if names_a_group(annotation):
                yield name
            case ast.AnnAssign(target=target, annotation=annotation) if names_a_group(annotation):
                yield ast.unparse(target)
                yield f"self.{ast.unparse(target)}"
            case ast.Assign(targets=[target], value=value) if names_a_group(value):
                yield ast.unparse(target)


def names_a_group(node: ast.AST) -> bool:
    return "TaskGroup" in ast.unparse(node)


def test_no_task_is_started_outside_of_a_task_group() -> None:
    found = {f"{m.name}:{line}" for m in modules() if m.name not in LOOSE for line in loose_tasks(m)}
    assert found == set()


def test_a_loose_task_would_be_seen() -> None:
    code = "import asyncio\nasync def f(g: asyncio.TaskGroup):\n    g.create_task(x())\n    asyncio.create_task(x())\n"
    module = Module(modules()[0].path, code, ast.parse(code))
    assert list(loose_tasks(module)) == [4]
