"""Trees into models: every source, variable and panel on its own, so that one mistake hides no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from opsdash.config.documents import Document
from opsdash.config.models.model import Model
from opsdash.config.models.panel import Dashboard, DashboardHead, Panel
from opsdash.config.models.root import LATER, SECTIONS, Root, Top
from opsdash.config.models.scalars import described
from opsdash.config.models.source import Source
from opsdash.config.models.variable import Variable
from opsdash.config.nodes import find, plain
from opsdash.config.problems import KeyPath, shown
from opsdash.config.report import Place, Report
from opsdash.core.suggest import did_you_mean

M = TypeVar("M", bound=Model)
_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Parsed(Generic[M]):
    """A model with its place."""

    model: M
    place: Place
    whole: bool
    """False where parts of it were wrong and left out: then nothing is said about what is missing in it."""
    kind_known: bool = True
    """False where another kind stands in for a wrong one: then nothing is said about what does not suit the kind."""


@dataclass(frozen=True, slots=True, eq=False)
class ParsedDashboard:
    """A tab with its panels."""

    head: Parsed[DashboardHead]
    panels: tuple[Parsed[Panel], ...]
    written: int
    """Panels in the file, also those that could not be understood."""


@dataclass(slots=True, eq=False)
class ParsedFile:
    """Everything of one file that could be understood."""

    root: Parsed[Top]
    sources: dict[str, Parsed[Source]] = field(default_factory=dict)
    variables: dict[str, Parsed[Variable]] = field(default_factory=dict)
    dashboards: list[ParsedDashboard] = field(default_factory=list)
    named_sources: dict[str, Place] = field(default_factory=dict)
    """Also those that are wrong: a reference to one of them is not a mistake of its own."""
    named_variables: dict[str, Place] = field(default_factory=dict)
    sections: dict[str, list[Parsed[Any]]] = field(default_factory=dict)
    """`alerts`, `slos`, `actions`, `store`, `notify`: the models of `SECTION_MODELS`; one, or those of a list."""


def parse_document(document: Document, report: Report) -> ParsedFile | None:
    """The models of one file; None where not even its top could be understood."""
    data = plain(document.root)
    assert isinstance(data, dict)
    top = Place(document)
    whole = {name: value for name, value in data.items() if not name.startswith("x-")}
    parts = {name: whole.pop(name) for name in ("sources", "variables", "dashboards") if name in whole}
    root = parse_model(Top, whole, top, report)
    if root is None:
        return None
    file = ParsedFile(root=root)
    _sections(file, whole, top, report)
    for name, value in _mapping(parts, "sources", top, report).items():
        place = top / "sources" / name
        file.named_sources[name] = place
        if (source := parse_model(Source, value, place, report)) is not None:
            file.sources[name] = source
    for name, value in _mapping(parts, "variables", top, report).items():
        place = top / "variables" / name
        file.named_variables[name] = place
        if (variable := parse_model(Variable, value, place, report)) is not None:
            file.variables[name] = variable
    for index, value in enumerate(_list(parts, "dashboards", top, report)):
        _dashboard(file, value, top / "dashboards" / index, report)
    return file


def _dashboard(file: ParsedFile, value: object, place: Place, report: Report) -> None:
    panels: Sequence[object] = ()
    if isinstance(value, dict) and "panels" in value:
        panels = _list(value, "panels", place, report)
        value = {name: part for name, part in value.items() if name != "panels"}
    head = parse_model(DashboardHead, value, place, report)
    parsed = [parse_model(Panel, panel, place / "panels" / index, report) for index, panel in enumerate(panels)]
    if head is not None:
        understood = tuple(panel for panel in parsed if panel is not None)
        file.dashboards.append(ParsedDashboard(head, understood, len(panels)))


def _sections(file: ParsedFile, whole: Mapping[str, object], top: Place, report: Report) -> None:
    """The parts that a plain dashboard does not have; their models are imported only where they are given."""
    given = [name for name in SECTIONS if name in whole]
    if not given:
        return
    from opsdash.config.models.sections import SECTION_MODELS  # noqa: PLC0415 - 20 ms, for who has these keys

    for name in given:
        model, is_list = SECTION_MODELS[name]
        places = [(whole[name], top / name)]
        if is_list:
            places = [(item, top / name / index) for index, item in enumerate(_list(whole, name, top, report))]
        parsed = [parse_model(model, value, place, report) for value, place in places]
        file.sections[name] = [one for one in parsed if one is not None]
        if name in LATER:
            report.warning(top / name, f"{name} is read but not evaluated by this version", key=True)


def _mapping(data: Mapping[str, object], name: str, place: Place, report: Report) -> dict[str, object]:
    value = data.get(name, {})
    if isinstance(value, dict):
        return value
    report.error(place / name, f"{described(value)}, where a mapping is wanted: lines of `name: …`")
    return {}


def _list(data: Mapping[str, object], name: str, place: Place, report: Report) -> list[object]:
    value = data.get(name, [])
    if isinstance(value, list):
        return value
    report.error(place / name, f"{described(value)}, where a list is wanted: lines that begin with `- `")
    return []


def parse_model(model: type[M], data: object, place: Place, report: Report) -> Parsed[M] | None:
    """The model; where parts are wrong they are reported and left out, so that the rest can be checked as well."""
    kind_known = True
    for attempt in range(_ROUNDS):
        try:
            return Parsed(model.model_validate(data), place, whole=attempt == 0, kind_known=kind_known)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_input=True)
        if attempt == 0:
            for error in errors:
                _report(model, error, place, report)
        for error in errors:
            if error["type"] != "missing" or len(error["loc"]) > 1:  # else there is nothing to leave out
                data = _without(data, tuple(error["loc"]))
        if not isinstance(data, dict):
            return None
        stand_ins = _STAND_INS.get(model, {})
        kind_known = kind_known and ("kind" in data or "kind" not in stand_ins)
        data = {**stand_ins, **data}
    return None


_STAND_INS: Mapping[type[Model], Mapping[str, object]] = {
    Source: {"url": "https://wrong.invalid"},
    Panel: {"title": "?", "kind": "stat"},
    DashboardHead: {"title": "?"},
}
"""What stands for a wrong or missing value while the rest is checked."""


def _without(data: object, path: KeyPath) -> object:
    """A copy of the data without the innermost key on the path that is there; None where that is all of it."""
    part = path[0] if path else None
    if isinstance(data, dict) and part in data:
        inner = _without(data[part], path[1:])
        if inner is None:
            return {name: value for name, value in data.items() if name != part}
        return {**data, part: inner}
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        inner = _without(data[part], path[1:])
        return None if inner is None else [*data[:part], inner, *data[part + 1 :]]
    return None


def _report(model: type[Model], error: ErrorDetails, place: Place, report: Report) -> None:
    context = error.get("ctx", {})
    path = tuple(part for part in error["loc"] if part != "[key]")
    extra = tuple(context.get("at", ()))
    match error["type"]:
        case "extra_forbidden":
            _unknown_key(model, path, place, report)
            return
        case "missing":
            found, _ = find(place.document.root, place.path + path[:-1])
            report.error(Place(place.document, (*found, path[-1])), "missing")
            return
        case "opsdash":
            message = str(context["message"])
        case "model_type" | "model_attributes_type" | "dict_type":
            message = f"{_harmless(error['input'], path)}, where a mapping is wanted: lines of `key: value`"
        case "list_type":
            message = f"{described(error['input'])}, where a list is wanted: lines that begin with `- `"
        case "too_short":
            message = "an empty list"
        case _:
            message = f"{_harmless(error['input'], path)} is not understood here"
    found, _ = find(place.document.root, place.path + path + extra)
    report.error(Place(place.document, found), message, key=error["loc"][-1:] == ("[key]",))


def _harmless(value: object, path: KeyPath) -> str:
    """What a value is, without the value where it may be a secret that was put in the wrong place."""
    return "this" if "auth" in path else described(value)


def _unknown_key(model: type[Model], path: KeyPath, place: Place, report: Report) -> None:
    name = str(path[-1])
    known = fields_at(_AS_WRITTEN.get(model, model), path[:-1])
    hint = did_you_mean(name, known) or (f"; known are {', '.join(known)}" if len(known) <= 12 else "")
    found, _ = find(place.document.root, place.path + path)
    if found[-1:] == (name,):
        report.error(Place(place.document, found), f"unknown key{hint}", key=True)
    else:
        report.error(Place(place.document, found), f'"{shown(name)}" is not known here{hint}')


_AS_WRITTEN: Mapping[type[Model], type[Model]] = {Top: Root, DashboardHead: Dashboard}
"""The model with all of the keys, where what is in some of them is read one by one."""


def fields_at(model: type[Model], path: KeyPath) -> tuple[str, ...]:
    """The keys that a mapping may have which stands at a path below a model's."""
    annotation: Any = model
    for part in path:
        inner = _model_in(annotation)
        if get_origin(annotation) in (list, dict) or inner is None:
            annotation = get_args(annotation)[-1] if get_args(annotation) else annotation
        elif isinstance(part, str) and part in (by_key := _by_key(inner)):
            annotation = by_key[part].annotation
    found = _model_in(annotation)
    return tuple(_by_key(found)) if found is not None else ()


def _by_key(model: type[Model]) -> dict[str, FieldInfo]:
    """The fields by the keys that they have in a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
