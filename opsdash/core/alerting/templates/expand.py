"""expand(template, expansion) → text: templates of labels and annotations, in Prometheus's form.

Bounded: so many steps, so much text, so deep. The values are hostile; a template is the team's own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

from opsdash.core.alerting.templates.builtins import BUILTINS, Call
from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.alerting.templates.nodes import (
    Action,
    Branch,
    Command,
    Dot,
    Field,
    Function,
    Invoke,
    Leave,
    Literal,
    Node,
    Operand,
    Pipeline,
    Range,
    Template,
    Text,
    Variable,
)
from opsdash.core.alerting.templates.parse import parsed
from opsdash.core.alerting.templates.prometheus import NAMES, functions_of
from opsdash.core.alerting.templates.quick import quick
from opsdash.core.alerting.templates.values import (
    Data,
    Expansion,
    Instant,
    Sample,
    Value,
    field_of,
    is_true,
    kind_of,
    shown,
)

MOST_STEPS = 100_000
LONGEST_TEXT = 64 * 1024
DEEPEST_CALL = 100

FUNCTIONS = frozenset({*BUILTINS, *NAMES, "and", "or"})
VARIABLES = frozenset({"labels", "value", "externalLabels", "externalURL"})


def check_template(template: str) -> TemplateFailed | None:
    """What is wrong with a template before any value is known; None where nothing is."""
    try:
        parsed(template, FUNCTIONS, VARIABLES)
    except TemplateFailed as failed:
        return failed
    return None


def expand(template: str, given: Expansion) -> str:
    """The text. Raises TemplateFailed with what is wrong, in Go's words where it has some."""
    if "{{" not in template:
        return template
    whole, plain = _ready(template)
    if plain is not None:
        with suppress(TemplateFailed):
            text = plain(given)
            if len(text) <= LONGEST_TEXT:
                return text
    return _Run(whole, given).text()


@lru_cache(maxsize=4096)
def _ready(template: str) -> tuple[Template, Callable[[Expansion], str] | None]:
    whole = parsed(template, FUNCTIONS, VARIABLES)
    return whole, quick(whole)


@lru_cache(maxsize=512)
def _signature(function: Call) -> inspect.Signature:
    """Slow to find out, and the same each time."""
    return inspect.signature(function)


class _Left(Exception):  # no error: the way out of a loop
    def __init__(self, keyword: str) -> None:
        self.keyword = keyword


class _Run:
    """One expansion."""

    def __init__(self, template: Template, given: Expansion) -> None:
        self._template = template
        self._defined = dict(template.defined)
        self._functions: Mapping[str, Call] = {**BUILTINS, **functions_of(given), "tmpl": self._called}
        self._data = Data(given)
        self._variables: list[tuple[str, Value]] = [
            ("", self._data),
            ("labels", self._data.field("Labels")),
            ("externalLabels", self._data.field("ExternalLabels")),
            ("externalURL", given.external_url),
            ("value", given.value),
        ]
        self._out: list[str] = []
        self._length = 0
        self._steps = 0
        self._depth = 0

    def text(self) -> str:
        """The text of the whole template."""
        self._walk(self._template.nodes, self._data)
        return "".join(self._out)

    # --- nodes -------------------------------------------------------------------------------------------------

    def _walk(self, nodes: Sequence[Node], dot: Value) -> None:
        known = len(self._variables)
        for node in nodes:
            self._step()
            match node:
                case Text(text=text):
                    self._print(text)
                case Action(pipeline=pipeline):
                    value = self._pipeline(pipeline, dot)
                    if not pipeline.declared:
                        self._print(shown(value))
                case Branch():
                    self._branch(node, dot)
                case Range():
                    self._range(node, dot)
                case Leave(keyword=keyword):
                    raise _Left(keyword)
                case Invoke():
                    self._invoke(node, dot)
        del self._variables[known:]

    def _branch(self, node: Branch, dot: Value) -> None:
        known = len(self._variables)
        value = self._pipeline(node.pipeline, dot)
        holds = is_true(value)
        self._walk(node.then if holds else node.otherwise, value if holds and node.keyword == "with" else dot)
        del self._variables[known:]

    def _range(self, node: Range, dot: Value) -> None:
        known = len(self._variables)
        names = node.pipeline.declared
        value = self._pipeline(Pipeline(node.pipeline.commands, (), assigns=False, at=node.pipeline.at), dot)
        items = list(_items(value, node.pipeline.at))
        if not items:
            self._walk(node.otherwise, dot)
            return
        for key, item in items:
            self._variables.extend(zip(names, (key, item)[-len(names) :], strict=False))
            try:
                self._walk(node.body, item)
            except _Left as left:
                if left.keyword == "break":
                    break
            finally:
                del self._variables[known:]

    def _invoke(self, node: Invoke, dot: Value) -> None:
        value = self._pipeline(node.pipeline, dot) if node.pipeline is not None else None
        self._inside(node.name, value)

    def _inside(self, name: str, value: Value) -> None:
        body = self._defined.get(name)
        if body is None:
            raise TemplateFailed(f'template "{name}" not defined')
        self._depth += 1
        if self._depth > DEEPEST_CALL:
            raise TemplateFailed(f"templates call each other more than {DEEPEST_CALL} deep")
        outer, self._variables = self._variables, [("", value)]
        self._walk(body, value)
        self._variables = outer
        self._depth -= 1

    def _called(self, name: Value, value: Value) -> Value:
        """The function `tmpl`: the text of another template."""
        out, self._out = self._out, []
        self._inside(str(name), value)
        text, self._out = "".join(self._out), out
        return text

    # --- values ------------------------------------------------------------------------------------------------

    def _pipeline(self, pipeline: Pipeline, dot: Value) -> Value:
        value: Value = None
        for place, command in enumerate(pipeline.commands):
            value = self._command(command, dot, (value,) if place else ())
        for name in pipeline.declared:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _assign(self, name: str, value: Value) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return

    def _command(self, command: Command, dot: Value, piped: tuple[Value, ...]) -> Value:
        self._step()
        if not isinstance(command.operand, Function):
            if piped:
                raise TemplateFailed("can't give argument to what is no function", command.at)
            return self._operand(command.operand, dot)
        name = command.operand.name
        if name in ("and", "or"):
            return self._shortcut(name, command, dot, piped)
        given = (*(self._operand(argument, dot) for argument in command.arguments), *piped)
        return self._call(name, given, command.at)

    def _shortcut(self, name: str, command: Command, dot: Value, piped: tuple[Value, ...]) -> Value:
        value: Value = None
        if not command.arguments and not piped:
            raise TemplateFailed(f"wrong number of args for {name}: want at least 1 got 0", command.at)
        for argument in command.arguments:
            value = self._operand(argument, dot)
            if is_true(value) is (name == "or"):
                return value
        return piped[0] if piped else value

    def _call(self, name: str, given: tuple[Value, ...], at: int) -> Value:
        function = self._functions[name]
        try:
            _signature(function).bind(*given)
        except TypeError:
            raise TemplateFailed(f"wrong number of args for {name}: got {len(given)}", at) from None
        try:
            return function(*given)
        except TemplateFailed as failed:
            raise TemplateFailed(f"error calling {name}: {failed.message}", at) from None

    def _operand(self, operand: Operand, dot: Value) -> Value:
        match operand:
            case Literal(value=value):
                return value
            case Dot():
                return dot
            case Variable(name=name):
                return next(value for known, value in reversed(self._variables) if known == name)
            case Field(of=of, name=name, at=at):
                return field_of(self._operand(of, dot), name, at)
            case Function(name=name, at=at):
                return self._call(name, (), at)
            case Pipeline():
                return self._pipeline(operand, dot)

    # --- bounds ------------------------------------------------------------------------------------------------

    def _print(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST_TEXT:
            raise TemplateFailed(f"its text is longer than {LONGEST_TEXT:,} characters")
        self._out.append(text)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TemplateFailed(f"it takes more than {MOST_STEPS:,} steps")


def _items(value: Value, at: int) -> Iterator[tuple[Value, Value]]:
    """What `range` goes through, with its keys."""
    match value:
        case Mapping():
            yield from ((key, value[key]) for key in sorted(value))
        case None:
            return
        case str() | int() | float() | Sample() | Data() | Instant():
            raise TemplateFailed(f"range can't iterate over {shown(value)} ({kind_of(value)})", at)
        case _:
            yield from enumerate(value)
