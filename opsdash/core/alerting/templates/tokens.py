"""A template cut into text and the tokens of its actions. Go's text/template, whose form Prometheus uses."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from opsdash.core.alerting.templates.failure import TemplateFailed

LONGEST = 64 * 1024
"""A longer template is refused."""

_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<raw>`[^`]*`)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<char>'(?:[^'\\\n]|\\.)+')
      | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
                         |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))
      | (?P<variable>\$[A-Za-z0-9_]*)
      | (?P<field>\.[A-Za-z_][A-Za-z0-9_]*)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<declare>:=)
      | (?P<sign>[=|(),.])""",
    re.VERBOSE | re.ASCII,
)
_KEYWORDS = frozenset({"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "nil"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` outside of actions; inside, a kind of `_TOKEN`, `keyword`, `open` or `close`."""

    kind: str
    text: str
    at: int


def tokens_of(template: str) -> Iterator[Token]:
    """All tokens, comments left out and spaces trimmed where `{{-` and `-}}` say so. Raises TemplateFailed."""
    if len(template) > LONGEST:
        raise TemplateFailed(f"longer than {LONGEST:,} characters")
    at, trims = 0, False
    while at < len(template):
        start = template.find("{{", at)
        text = template[at:] if start < 0 else template[at:start]
        if trims:
            text = text.lstrip(_SPACE)
        trims = False
        if start >= 0 and _trims_left(template, start):
            text = text.rstrip(_SPACE)
        if text:
            yield Token("text", text, at)
        if start < 0:
            return
        inside = start + (3 if _trims_left(template, start) else 2)
        comment = _comment(template, inside)
        if comment is not None:
            at, trims = comment
            continue
        yield Token("open", "{{", start)
        at, trims = yield from _action(template, inside)


def _trims_left(template: str, start: int) -> bool:
    return template[start + 2 : start + 3] == "-" and template[start + 3 : start + 4] in tuple(_SPACE)


def _comment(template: str, inside: int) -> tuple[int, bool] | None:
    """The end of a comment and whether it trims what follows; None where there is no comment."""
    begin = inside + 1 if template[inside : inside + 1] in tuple(_SPACE) else inside
    if not template.startswith("/*", begin):
        return None
    end = template.find("*/", begin + 2)
    if end < 0:
        raise TemplateFailed("unclosed comment", inside)
    if template.startswith("}}", end + 2):
        return end + 4, False
    if template.startswith(" -}}", end + 2):
        return end + 6, True
    raise TemplateFailed("comment ends before closing delimiter", end)


def _action(template: str, at: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of one action; returns its end and whether it trims what follows."""
    while True:
        if template.startswith("}}", at):
            yield Token("close", "}}", at)
            return at + 2, False
        if at and template[at - 1] in _SPACE and template.startswith("-}}", at):
            yield Token("close", "-}}", at)
            return at + 3, True
        found = _TOKEN.match(template, at)
        if found is None:
            raise _unreadable(template, at)
        kind = found.lastgroup or ""
        text = found[0]
        yield Token("keyword" if kind == "word" and text in _KEYWORDS else kind, text, at)
        at = found.end()


def _unreadable(template: str, at: int) -> TemplateFailed:
    if at >= len(template) or template[at] == "\n":
        return TemplateFailed("unclosed action", at)
    if template[at] == '"':
        return TemplateFailed("unterminated quoted string", at)
    if template[at] == "`":
        return TemplateFailed("unterminated raw quoted string", at)
    if template[at] == "'":
        return TemplateFailed("unterminated character constant", at)
    character = template[at]
    shown = f"'{character}'" if character.isprintable() else "unprintable"
    return TemplateFailed(f"unexpected {f'U+{ord(character):04X} {shown}'} in action", at)
