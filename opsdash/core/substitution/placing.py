"""Which text a variable becomes in one place of a query: inside and outside of the literals of each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from re import compile as pattern

from opsdash.core.substitution import escaping, formats
from opsdash.core.substitution.template import Part, Quoted, Token
from opsdash.core.variables import ALL, Binding, Bindings, Dialect, FixedValues, FreeText

_PROMQL_WORD = pattern(r"[A-Za-z_:][A-Za-z0-9_:]*|[+-]?[0-9][A-Za-z0-9_.]*")
_LUCENE_WORD = pattern(r"(?!(?:AND|OR|NOT|TO)\Z)[A-Za-z0-9_]+")
_LUCENE_GLUE = pattern(r"[^\s:()]")
_MOST_PHRASES = 1_000
EVERYTHING: Mapping[Dialect, str] = {"promql": ".*", "lucene": "*", "esql": "*", "plain": "All"}
"""What "All" becomes while the options are not known."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a token stands for."""

    values: tuple[str, ...]
    verbatim: str | None = None
    """`all_value`, or what matches everything while the options are not known: a regex in PromQL."""
    regex: bool = False
    """Its values are regexes already, written by the configuration or the operator."""
    trusted: bool = False
    """Its values were written in the configuration."""

    @property
    def many(self) -> bool:
        """Whether it can only be matched, not compared with."""
        return self.verbatim is not None or len(self.values) != 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the names in one text stand for."""

    bindings: Bindings
    builtins: Mapping[str, str]
    dialect: Dialect

    def builtin(self, token: Token) -> str | None:
        """A built-in's text; None where it is none."""
        text = self.builtins.get(token.name)
        if text is None or not token.format:
            return text
        return formats.formatted(token.name, (text,), token.format)

    def has(self, token: Token) -> bool:
        """Whether anything is known by this name."""
        return token.name in self.bindings or token.name in self.builtins

    def chosen(self, token: Token) -> Chosen | None:
        """A variable's choice; None where there is no such variable."""
        binding = self.bindings.get(token.name)
        return None if binding is None else chosen_of(binding, self.dialect)


def chosen_of(binding: Binding, dialect: Dialect) -> Chosen:
    """What a variable stands for now."""
    spec = binding.spec
    written = isinstance(spec.values_from, FixedValues | FreeText)
    trusted = isinstance(spec.values_from, FixedValues)
    if ALL not in binding.selected:
        values = tuple(map(escaping.well_formed, binding.selected)) or ("",)
        return Chosen(values, regex=written and not spec.multi and not spec.include_all, trusted=trusted)
    if spec.all_value:
        return Chosen((spec.all_value,), verbatim=spec.all_value, trusted=True)
    if not binding.options:
        return Chosen((EVERYTHING[dialect],), verbatim=EVERYTHING[dialect], trusted=True)
    return Chosen(_well_formed(binding.options), trusted=trusted)


@lru_cache(maxsize=256)
def _well_formed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(escaping.well_formed, values))


def bare(token: Token, known: Scope, *, glued: bool) -> str:
    """A token that stands outside of any string; `glued` says that it is only a part of a Lucene term."""
    text = known.builtin(token)
    if text is not None:
        return text
    chosen = known.chosen(token)
    if chosen is None:
        return token.source
    if token.format:
        return formats.formatted(token.name, chosen.values, token.format)
    if chosen.verbatim is not None:
        return chosen.verbatim
    return lucene_bare(chosen, glued=glued) if known.dialect == "lucene" else _list(chosen, known.dialect)


def _list(chosen: Chosen, dialect: Dialect) -> str:
    if dialect == "promql":
        return ",".join(value if chosen.trusted else _promql_word(value) for value in chosen.values)
    if dialect == "esql":
        return ", ".join(f'"{escaping.esql_text(value)}"' for value in chosen.values)
    return ", ".join(chosen.values)


def _promql_word(value: str) -> str:
    return value if not value or _PROMQL_WORD.fullmatch(value) else f'"{escaping.promql_text(value)}"'


def lucene_bare(chosen: Chosen, *, glued: bool) -> str:
    """A term, a phrase, or several phrases in parentheses."""
    if chosen.verbatim is not None:
        return chosen.verbatim
    if len(chosen.values) > 1:
        return "(" + " OR ".join(f'"{escaping.lucene_text(value)}"' for value in chosen.values) + ")"
    value = chosen.values[0]
    if _LUCENE_WORD.fullmatch(value):
        return value
    return escaping.lucene_term(value) if glued else f'"{escaping.lucene_text(value)}"'


def glued(pieces: tuple[Part, ...], index: int) -> bool:
    """Whether a token touches other characters of the same term, as in `api-$zone*`."""
    before = pieces[index - 1] if index else ""
    after = pieces[index + 1] if index + 1 < len(pieces) else ""
    return _touches(before, -1) or _touches(after, 0)


def _touches(part: Part, end: int) -> bool:
    return isinstance(part, Token) or (isinstance(part, str) and bool(part) and bool(_LUCENE_GLUE.match(part[end])))


def _promql_literal(part: Quoted, known: Scope) -> str:
    chosen = [_tokens_choice(piece, known) for piece in part.pieces]
    operator = part.operator
    widened = operator in ("=", "!=") and any(one is not None and one.many for one in chosen)
    if widened:
        operator = "=~" if operator == "=" else "!~"
    # A raw string cannot hold its own quote, so one with variables is written as a double-quoted one.
    is_raw = part.quoting == "`" and any(isinstance(piece, Token) and known.has(piece) for piece in part.pieces)
    quoting = '"' if is_raw else part.quoting
    inside = []
    for piece, one in zip(part.pieces, chosen, strict=True):
        if isinstance(piece, Token):
            inside.append(_promql_inside(piece, one, known, quoting, regex=operator in ("=~", "!~")))
        else:
            source = escaping.promql_text(piece) if is_raw else piece
            inside.append(escaping.regex_source(source) if widened else source)
    return f"{operator}{part.space}{quoting}{''.join(inside)}{quoting if part.closed else ''}"


def _tokens_choice(piece: str | Token, known: Scope) -> Chosen | None:
    if isinstance(piece, str) or piece.format or piece.name in known.builtins:
        return None
    return known.chosen(piece)


def _promql_inside(token: Token, chosen: Chosen | None, known: Scope, quoting: str, *, regex: bool) -> str:
    if chosen is None:
        return _formatted_inside(token, known, lambda text: escaping.promql_text(text, quoting))
    if chosen.verbatim is not None:
        return escaping.promql_text(chosen.verbatim, quoting)
    if len(chosen.values) == 1 and (chosen.regex or not regex):
        return escaping.promql_text(chosen.values[0], quoting)
    return _promql_alternation(chosen.values, quoting)


@lru_cache(maxsize=256)
def _promql_alternation(values: tuple[str, ...], quoting: str) -> str:
    """Kept from poll to poll: "All" of a thousand pods is a long text."""
    return escaping.promql_text(formats.formatted("", values, "regex"), quoting)


def _formatted_inside(token: Token, known: Scope, escape: Callable[[str], str]) -> str:
    """A built-in, a formatted or an unknown variable inside a string."""
    text = known.builtin(token)
    if text is not None:
        return text
    chosen = known.chosen(token)
    if chosen is None:
        return token.source
    given = formats.formatted(token.name, chosen.values, token.format)
    return escape(given)


def _lucene_literal(part: Quoted, known: Scope) -> str:
    if part.quoting == "/":
        return "/" + "".join(_lucene_regex_piece(piece, known) for piece in part.pieces) + ("/" if part.closed else "")
    choices = [_lucene_phrase_choices(piece, known) for piece in part.pieces]
    phrases = ["".join(combination) for combination, _ in zip(product(*choices), range(_MOST_PHRASES), strict=False)]
    if len(phrases) == 1:
        return f'"{phrases[0]}"' if part.closed else f'"{phrases[0]}'
    return "(" + " OR ".join(f'"{phrase}"' for phrase in phrases) + ")"


def _lucene_phrase_choices(piece: str | Token, known: Scope) -> list[str]:
    if isinstance(piece, str):
        return [piece]
    chosen = _tokens_choice(piece, known)
    if chosen is None:
        return [_formatted_inside(piece, known, escaping.lucene_text)]
    return [escaping.lucene_text(value) for value in chosen.values]


def _lucene_regex_piece(piece: str | Token, known: Scope) -> str:
    if isinstance(piece, str):
        return piece
    chosen = _tokens_choice(piece, known)
    if chosen is None:
        return _formatted_inside(piece, known, lambda text: text.replace("/", "\\/"))
    if chosen.verbatim is not None:
        return (".*" if chosen.verbatim == "*" else chosen.verbatim).replace("/", "\\/")
    escaped = [escaping.lucene_regex(value) for value in chosen.values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _esql_literal(part: Quoted, known: Scope) -> str:
    escape = _ESQL_ESCAPES[part.quoting]
    inside = []
    for piece in part.pieces:
        chosen = _tokens_choice(piece, known)
        if isinstance(piece, str):
            inside.append(piece)
        elif chosen is None:
            inside.append(_formatted_inside(piece, known, escape))
        else:
            inside.append(escape(",".join(chosen.values)))
    return f"{part.quoting}{''.join(inside)}{part.quoting if part.closed else ''}"


def _triple_text(value: str) -> str:
    """Nothing escapes inside three quotes; a quote that could end them is left out."""
    return value.replace('"', "")


_ESQL_ESCAPES: Mapping[str, Callable[[str], str]] = {
    '"': escaping.esql_text,
    "`": escaping.esql_name,
    '"""': _triple_text,
}


def _plain_literal(part: Quoted, known: Scope) -> str:
    raise AssertionError("plain text has no literals", part, known)


LITERALS: Mapping[Dialect, Callable[[Quoted, Scope], str]] = {
    "plain": _plain_literal,
    "promql": _promql_literal,
    "lucene": _lucene_literal,
    "esql": _esql_literal,
}
