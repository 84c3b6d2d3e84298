"""Which secrets a configuration refers to, and where: what they are is read elsewhere, when they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.config.models.source import Source
from opsdash.config.parsing import Parsed
from opsdash.config.problems import Problem
from opsdash.config.report import Place, Report
from opsdash.config.union import Union
from opsdash.core.secret import SecretRef

Reference = tuple[SecretRef, Problem]
"""The reference, and a problem at its place that has no message yet."""


def references(union: Union) -> tuple[Reference, ...]:
    """Those of the sources, in the order of the configuration."""
    return tuple(found for source in union.sources.values() for found in _of_source(source))


def _of_source(source: Parsed[Source]) -> Iterator[Reference]:
    for name, value in source.model.headers.items():
        if isinstance(value, SecretRef):
            yield value, warning_at(source.place / "headers" / name)
    auth, place = source.model.auth, source.place / "auth"
    if auth is None:
        return
    for key, ref in (("bearer", auth.bearer), ("api_key", auth.api_key)):
        if ref is not None:
            yield ref, warning_at(place / key)
    if auth.basic is not None:
        yield auth.basic.password, warning_at(place / "basic" / "password")


def warning_at(place: Place) -> Problem:
    """A warning without a message at this place."""
    report = Report()
    report.warning(place, "")
    return report.problems[0]
