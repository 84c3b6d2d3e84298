"""Checks `variables:`: where their values come from, what they refer to, circles."""

from __future__ import annotations

import re

from opsdash.config.build import ALL_WORDS
from opsdash.config.models.variable import Variable
from opsdash.config.parsing import Parsed
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.texts import variable_texts
from opsdash.config.union import Union, depends_on, in_order
from opsdash.core.regex import regex_problem
from opsdash.core.substitution.formats import FORMAT_NAMES, is_format
from opsdash.core.substitution.substitute import BUILTINS
from opsdash.core.substitution.template import formats, references
from opsdash.core.suggest import did_you_mean

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WAYS = {"label_values": "prometheus", "field_values": "elasticsearch", "query_result": "prometheus"}


def check_variables(union: Union, report: Report) -> None:
    """Reports what is wrong with them."""
    for name, place in union.named_variables.items():
        if not _NAME.fullmatch(name):
            report.error(place, "the name of a variable is made of letters, digits and _", key=True)
        elif name.startswith("__"):
            report.error(place, "names that begin with __ are Grafana's built-ins", key=True)
    for name, variable in union.variables.items():
        _values(variable, union, report)
        _choices(variable, report)
        for path, text in variable_texts(variable.model):
            check_references(text, variable.place.at(path), union, report, itself=name)
    _circles(union, report)


def _values(variable: Parsed[Variable], union: Union, report: Report) -> None:
    model, place = variable.model, variable.place
    ways = [way for way in (*_WAYS, "values") if getattr(model, way) is not None] + ["free_text"] * model.free_text
    if variable.whole and len(ways) != 1:
        given = "none of them is given" if not ways else f"{' and '.join(ways)} are given"
        report.error(place, f"takes one of {', '.join(_WAYS)}, values and free_text; {given}", key=True)
    kinds = [_WAYS[way] for way in ways if way in _WAYS]
    if model.values is not None and not model.values:
        report.error(place / "values", "an empty list")
    if model.source is None:
        if kinds and variable.whole:
            report.error(place, f"source is missing: where {ways[0]} are asked for", key=True)
    elif not kinds and variable.whole:
        report.warning(place / "source", "has no effect: the values are not asked for", key=True)
    elif (source := find_source(model.source, place / "source", union, report)) is not None:
        for kind in kinds[:1]:
            if source != kind:
                report.error(place / ways[0], f"needs a source of kind {kind}; {model.source} is {source}", key=True)


def find_source(name: str, place: Place, union: Union, report: Report) -> str | None:
    """The kind of a source; None where there is none or it is wrong itself."""
    if name in union.sources:
        return union.sources[name].model.kind
    if name not in union.named_sources:
        known = ", ".join(union.named_sources) or "none"
        hint = did_you_mean(name, union.named_sources) or f"; known are {shown(known, 200)}"
        report.error(place, f'there is no source "{shown(name, 60)}"{hint}')
    return None


def _choices(variable: Parsed[Variable], report: Report) -> None:
    model, place = variable.model, variable.place
    default = model.default or ()
    if len(default) > 1 and not model.multi:
        report.error(place / "default", f"{len(default)} values; only a variable with multi: true has several")
    if not model.include_all and any(value in ALL_WORDS for value in default) and model.values is None:
        report.error(place / "default", '"All" can only be chosen with include_all: true')
    if model.values is not None:
        allowed = {*model.values, *(ALL_WORDS if model.include_all else ())}
        for value in default:
            if value not in allowed:
                hint = did_you_mean(value, model.values)
                report.error(place / "default", f'"{shown(value, 60)}" is not one of its values{hint}')
    if model.all_value and not model.include_all:
        report.warning(place / "all_value", "has no effect without include_all: true", key=True)
    problem = regex_problem(model.regex) if model.regex else None
    if problem is not None:
        report.error(place / "regex", problem)


def check_references(text: str, place: Place, union: Union, report: Report, *, itself: str = "") -> None:
    """Reports names that are no variables, and formats that are not known."""
    for name in references(text):
        if name == itself:
            report.error(place, f"${name} is used in its own values")
        elif name not in union.named_variables and name not in BUILTINS:
            hint = did_you_mean(name, (*union.named_variables, *BUILTINS))
            hint = hint.replace("did you mean ", "did you mean $")
            report.error(place, f"there is no variable ${shown(name, 60)}{hint}")
    for name, wanted in formats(text):
        if not is_format(wanted) and name in union.named_variables:
            hint = did_you_mean(wanted, FORMAT_NAMES)
            report.warning(place, f'"{shown(wanted, 40)}" in ${{{shown(name, 40)}:…}} is not a format{hint}')


def _circles(union: Union, report: Report) -> None:
    ordered = set(in_order(union))
    for name, variable in union.variables.items():
        if name in ordered:
            continue
        needs = sorted((depends_on(variable.model) & union.variables.keys()) - ordered - {name})
        if needs:
            report.error(variable.place, f"waits for ${', $'.join(needs)}, which waits for ${name}", key=True)
