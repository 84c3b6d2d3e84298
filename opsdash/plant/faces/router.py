"""Which handler answers which path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from opsdash.plant.faces.exchange import Handler, Refusal, Request, Response, refuse_in_text


@dataclass(slots=True)
class _Place:
    """One step of a path: what may follow, by its text or as a place for any text."""

    literal: dict[str, _Place] = field(default_factory=dict)
    any_text: dict[str, _Place] = field(default_factory=dict)
    """Name of the place → what follows; a later name is tried where an earlier one leads nowhere."""
    handlers: dict[str, Handler] = field(default_factory=dict)


class Router:
    """A handler that hands on: 404 where no path fits, 405 with `Allow` where one fits but not the method.

    Patterns are `/a/{name}/b`; a literal step wins over a place, and a place never matches an empty text. Who adds GET
    gets no HEAD with it: Prometheus refuses HEAD, Elasticsearch answers it, so each face says what it takes.
    """

    def __init__(self, *, refuse: Refusal = refuse_in_text, not_found: str = "404 page not found") -> None:
        self._root = _Place()
        self._refuse = refuse
        self._not_found = not_found

    def add(self, methods: str, pattern: str, handler: Handler) -> None:
        """`methods` are separated by spaces. Raises ValueError where method and pattern are taken."""
        place = self._root
        for step in _steps(pattern):
            named = step.startswith("{") and step.endswith("}")
            follows = place.any_text if named else place.literal
            place = follows.setdefault(step[1:-1] if named else step, _Place())
        for method in methods.split():
            if method in place.handlers:
                raise ValueError(f"{method} {pattern} is there twice")
            place.handlers[method] = handler

    async def __call__(self, request: Request) -> Response:
        """Answers, or refuses."""
        found = [each for each in _matches(self._root, _steps(request.path), {}) if each[0].handlers]
        for place, names in found:
            if handler := place.handlers.get(request.method):
                return await handler(replace(request, in_path=names))
        if not found:
            return self._refuse(404, self._not_found)
        allowed = sorted({method for place, _ in found for method in place.handlers} | {"OPTIONS"})
        allow = ("Allow", ", ".join(allowed))
        if request.method == "OPTIONS":
            return Response(status=204, headers=(allow,))
        refused = self._refuse(405, "Method Not Allowed")
        return replace(refused, headers=(*refused.headers, allow))


def _steps(path: str) -> list[str]:
    return path.split("/")[1:]


def _matches(place: _Place, steps: list[str], names: Mapping[str, str]) -> list[tuple[_Place, Mapping[str, str]]]:
    """Every place that the steps lead to, the most literal one first."""
    if not steps:
        return [(place, names)]
    first, rest = steps[0], steps[1:]
    found: list[tuple[_Place, Mapping[str, str]]] = []
    if literal := place.literal.get(first):
        found += _matches(literal, rest, names)
    for name, follows in place.any_text.items() if first else ():
        found += _matches(follows, rest, {**names, name: unquote(first, errors="replace")})
    return found
