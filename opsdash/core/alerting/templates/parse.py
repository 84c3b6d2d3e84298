"""Tokens to nodes. The grammar of Go's text/template, without methods that take arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache

from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.alerting.templates.nodes import (
    Action,
    Branch,
    Command,
    Constant,
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
from opsdash.core.alerting.templates.tokens import Token, tokens_of

DEEPEST = 50
"""Blocks and parentheses inside of each other."""
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.S
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@lru_cache(maxsize=4096)
def parsed(template: str, functions: frozenset[str], variables: frozenset[str]) -> Template:
    """The template. Raises TemplateFailed for what it is not, and for a function or a variable that there is not."""
    return _Parser(list(tokens_of(template)), functions, variables).template()


class _Parser:
    def __init__(self, tokens: list[Token], functions: Collection[str], variables: Collection[str]) -> None:
        self._tokens = tokens
        self._next = 0
        self._functions = functions
        self._variables = ["", *variables]
        self._defined: dict[str, tuple[Node, ...]] = {}
        self._depth = 0
        self._loops = 0

    def template(self) -> Template:
        nodes, keyword = self._block(until=())
        if keyword is not None:
            raise TemplateFailed(f"unexpected {{{{{keyword.text}}}}}", keyword.at)
        return Template(nodes, tuple(self._defined.items()))

    # --- blocks ------------------------------------------------------------------------------------------------

    def _block(self, until: Collection[str]) -> tuple[tuple[Node, ...], Token | None]:
        """The nodes up to the keyword that ends them; its action is open still."""
        nodes: list[Node] = []
        while self._next < len(self._tokens):
            token = self._take()
            if token.kind == "text":
                nodes.append(Text(token.text))
                continue
            self._skip_space()
            ahead = self._peek()
            if ahead.kind == "keyword" and ahead.text in ("end", "else"):
                if ahead.text not in until:
                    raise TemplateFailed(f"unexpected {{{{{ahead.text}}}}}", ahead.at)
                return tuple(nodes), self._take()
            node = self._statement(ahead) if ahead.kind == "keyword" and ahead.text != "nil" else self._action()
            if node is not None:
                nodes.append(node)
        if until:
            raise TemplateFailed("unexpected EOF: an {{end}} is missing", None)
        return tuple(nodes), None

    def _statement(self, keyword: Token) -> Node | None:
        self._take()
        match keyword.text:
            case "if" | "with" | "range":
                return self._control(keyword)
            case "break" | "continue":
                if not self._loops:
                    raise TemplateFailed(f"{{{{{keyword.text}}}}} outside {{{{range}}}}", keyword.at)
                self._close(keyword.text)
                return Leave(keyword.text)
            case "define":
                self._define(keyword)
                return None
            case "template":
                name = self._name(keyword)
                self._skip_space()
                pipeline = None if self._peek().kind == "close" else self._pipeline("template", end="close")
                if pipeline is None:
                    self._close("template")
                return Invoke(name, pipeline, keyword.at)
            case "block":
                name = self._name(keyword)
                pipeline = self._pipeline("block", end="close")
                self._defined[name] = self._inner_body()
                return Invoke(name, pipeline, keyword.at)
            case _:
                raise TemplateFailed(f"unexpected {{{{{keyword.text}}}}}", keyword.at)

    def _control(self, keyword: Token) -> Node:
        self._deeper(keyword)
        known = len(self._variables)
        pipeline = self._pipeline(keyword.text, end="close")
        self._loops += keyword.text == "range"
        then, ended = self._block(until=("end", "else"))
        self._loops -= keyword.text == "range"
        otherwise = self._otherwise(ended, keyword)
        del self._variables[known:]
        self._depth -= 1
        if keyword.text == "range":
            return Range(pipeline, then, otherwise)
        return Branch(keyword.text, pipeline, then, otherwise)

    def _otherwise(self, ended: Token | None, keyword: Token) -> tuple[Node, ...]:
        if ended is None or ended.text == "end":
            self._close("end")
            return ()
        self._skip_space()
        ahead = self._peek()
        if ahead.kind == "keyword" and ahead.text == keyword.text and keyword.text in ("if", "with"):
            return (self._control(self._take()),)
        self._close("else")
        nodes, _ = self._block(until=("end",))
        self._close("end")
        return nodes

    def _define(self, keyword: Token) -> None:
        name = self._name(keyword)
        self._close("define")
        self._defined[name] = self._inner_body()

    def _inner_body(self) -> tuple[Node, ...]:
        """The body of a template inside of this one: it has no variable but `$`."""
        outer, self._variables = self._variables, [""]
        loops, self._loops = self._loops, 0
        nodes, _ = self._block(until=("end",))
        self._close("end")
        self._variables, self._loops = outer, loops
        return nodes

    def _name(self, keyword: Token) -> str:
        self._skip_space()
        token = self._take()
        if token.kind not in ("string", "raw"):
            raise TemplateFailed(f"unexpected {token.text!r} in {keyword.text} clause", token.at)
        return str(_text_of(token))

    def _action(self) -> Action:
        return Action(self._pipeline("command", end="close"))

    # --- pipelines ---------------------------------------------------------------------------------------------

    def _pipeline(self, context: str, *, end: str) -> Pipeline:
        self._skip_space()
        at = self._peek().at
        declared, assigns = self._declaration(context)
        commands: list[Command] = []
        while True:
            self._skip_space()
            token = self._peek()
            if token.kind == end or (end == "paren" and token.text == ")"):
                self._take()
                break
            if token.text == "|" and commands:
                self._take()
                self._skip_space()
                if self._peek().kind == "close":
                    raise TemplateFailed("missing value for command", token.at)
            elif commands:
                raise TemplateFailed(f"unexpected {token.text!r} in {context}", token.at)
            commands.append(self._command(context))
        if not commands:
            raise TemplateFailed(f"missing value for {context}", at)
        for late in commands[1:]:
            if isinstance(late.operand, Literal | Dot):
                raise TemplateFailed("a later stage of a pipeline has to be a function", late.at)
        if not assigns:
            self._variables.extend(declared)
        return Pipeline(tuple(commands), declared, assigns, at)

    def _declaration(self, context: str) -> tuple[tuple[str, ...], bool]:
        """`$x :=`, `$x =` or, for range, `$i, $x :=`."""
        start = self._next
        names: list[str] = []
        while self._peek().kind == "variable":
            names.append(self._take().text[1:])
            self._skip_space()
            token = self._peek()
            if token.kind == "declare" or token.text == "=":
                self._take()
                if token.text == "=" and any(name not in self._variables for name in names):
                    raise TemplateFailed(f'undefined variable "${names[0]}"', token.at)
                return tuple(names), token.text == "="
            if token.text != "," or context != "range" or len(names) > 1:
                break
            self._take()
            self._skip_space()
        self._next = start
        return (), False

    def _command(self, context: str) -> Command:
        at = self._peek().at
        operands: list[Operand] = []
        while True:
            token = self._peek()
            if token.kind == "space":
                self._take()
            elif token.kind == "close" or token.text in ("|", ")"):
                break
            else:
                operands.append(self._operand(context))
                ahead = self._peek()
                if ahead.kind not in ("space", "close") and ahead.text not in ("|", ")"):
                    raise TemplateFailed(f"unexpected {ahead.text!r} in operand", ahead.at)
        if not operands:
            raise TemplateFailed(f"empty {context}", at)
        first = operands[0]
        if len(operands) > 1 and not isinstance(first, Function):
            raise TemplateFailed("can't give argument to what is no function", at)
        return Command(first, tuple(operands[1:]), at)

    def _operand(self, context: str) -> Operand:
        token = self._take()
        operand = self._term(token, context)
        while self._peek().kind == "field":
            field = self._take()
            if isinstance(operand, Literal):
                raise TemplateFailed(f"unexpected . after term {token.text!r}", field.at)
            operand = Field(operand, field.text[1:], field.at)
        return operand

    def _term(self, token: Token, context: str) -> Operand:
        match token.kind:
            case "string" | "raw" | "char" | "number":
                return Literal(_text_of(token) if token.kind in ("string", "raw") else _number_of(token), token.at)
            case "variable":
                if token.text[1:] not in self._variables:
                    raise TemplateFailed(f'undefined variable "{token.text}"', token.at)
                return Variable(token.text[1:], token.at)
            case "field":
                return Field(Dot(token.at), token.text[1:], token.at)
            case "word":
                return self._word(token)
            case "keyword" if token.text == "nil":
                raise TemplateFailed("nil is not a command", token.at)
            case "sign" if token.text == "(":
                self._deeper(token)
                inner = self._pipeline("parenthesized pipeline", end="paren")
                self._depth -= 1
                return inner
            case "sign" if token.text == ".":
                return Dot(token.at)
            case _:
                raise TemplateFailed(f"unexpected {token.text!r} in {context}", token.at)

    def _word(self, token: Token) -> Operand:
        if token.text in ("true", "false"):
            return Literal(token.text == "true", token.at)
        if token.text not in self._functions:
            raise TemplateFailed(f'function "{token.text}" not defined', token.at)
        return Function(token.text, token.at)

    # --- tokens ------------------------------------------------------------------------------------------------

    def _peek(self) -> Token:
        if self._next >= len(self._tokens):
            raise TemplateFailed("unclosed action", None)
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def _skip_space(self) -> None:
        while self._peek().kind == "space":
            self._next += 1

    def _close(self, context: str) -> None:
        self._skip_space()
        token = self._take()
        if token.kind != "close":
            raise TemplateFailed(f"unexpected {token.text!r} in {context}", token.at)

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise TemplateFailed(f"more than {DEEPEST} blocks inside of each other", token.at)


def _text_of(token: Token) -> Constant:
    if token.kind == "raw":
        return token.text[1:-1].replace("\r", "")
    return _ESCAPE.sub(lambda found: _unescaped(found, token), token.text[1:-1])


def _unescaped(found: re.Match[str], token: Token) -> str:
    plain, hexa, four, eight, octal, other = found.groups()
    if other is not None:
        raise TemplateFailed("invalid syntax in a quoted string", token.at)
    if plain is not None:
        return _PLAIN.get(plain, plain)
    code = int(octal, 8) if octal else int(hexa or four or eight, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise TemplateFailed("invalid character in a quoted string", token.at)
    return chr(code)


def _number_of(token: Token) -> Constant:
    if token.kind == "char":
        text = str(_text_of(Token("string", token.text, token.at)))
        if len(text) != 1:
            raise TemplateFailed(f"malformed character constant: {json.dumps(token.text)}", token.at)
        return ord(text)
    digits = token.text.replace("_", "")
    try:
        return int(digits, 0)
    except ValueError:
        pass
    sign, body = (-1, digits[1:]) if digits.startswith("-") else (1, digits.lstrip("+"))
    try:
        return sign * int(body, 8) if body.isdigit() and body.startswith("0") else sign * float(body)
    except ValueError:
        raise TemplateFailed(f"bad number syntax: {json.dumps(token.text)}", token.at) from None
