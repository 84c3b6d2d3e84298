"""The fields of the plant's log documents: ECS where ECS has a name, and the short names that dashboards use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """The mapping types that are kept; the text of each is Elasticsearch's own."""

    DATE = "date"
    KEYWORD = "keyword"
    TEXT = "text"
    FLOAT = "float"
    INTEGER = "integer"
    LONG = "long"
    IP = "ip"


NUMBERS = frozenset({Kind.FLOAT, Kind.INTEGER, Kind.LONG})
WORDS = frozenset({Kind.KEYWORD, Kind.IP})
"""Kept as codes of a dictionary."""

FIELDS: Mapping[str, Kind] = MappingProxyType({
    "@timestamp": Kind.DATE,
    "service": Kind.KEYWORD,
    "level": Kind.KEYWORD,
    "message": Kind.TEXT,
    "status": Kind.INTEGER,
    "latency_ms": Kind.FLOAT,
    "bytes": Kind.LONG,
    "client.ip": Kind.IP,
    "url.path": Kind.KEYWORD,
    "http.request.method": Kind.KEYWORD,
    "user_agent.original": Kind.KEYWORD,
    "user.name": Kind.KEYWORD,
    "trace.id": Kind.KEYWORD,
    "event.dataset": Kind.KEYWORD,
    "event.action": Kind.KEYWORD,
    "event.outcome": Kind.KEYWORD,
    "host.name": Kind.KEYWORD,
    "version": Kind.KEYWORD,
    "upstream": Kind.KEYWORD,
    "db.name": Kind.KEYWORD,
})  # fmt: skip
"""Path in the document → type. Each has one value at most; anything else in a document is kept and not searched."""

MULTI_FIELDS: Mapping[str, str] = MappingProxyType({"service.name": "service"})
"""Sub-field → the field whose values it has."""
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "log.level": "level",
        "http.response.status_code": "status",
        "http.response.bytes": "bytes",
        "source.ip": "client.ip",
    }
)
"""ECS's long names → the fields."""
METADATA = ("_id", "_index", "_seq_no", "_source")
TIME_FIELD = "@timestamp"


def column_of(name: str) -> str | None:
    """The field whose values `name` has: itself, or what it is an alias or a sub-field of; None for an unknown one."""
    if name in FIELDS:
        return name
    return MULTI_FIELDS.get(name) or ALIASES.get(name)


def names() -> tuple[str, ...]:
    """Every name that can be asked for."""
    return (*FIELDS, *MULTI_FIELDS, *ALIASES)


def mappings() -> dict[str, Any]:
    """The mapping of the index, as Elasticsearch takes and gives it."""
    root: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        _place(root, name)[name.rpartition(".")[2]] = {"type": str(kind)}
    for name, of in MULTI_FIELDS.items():
        _place(root, of)[of.rpartition(".")[2]]["fields"] = {name.rpartition(".")[2]: {"type": str(FIELDS[of])}}
    for name, path in ALIASES.items():
        _place(root, name)[name.rpartition(".")[2]] = {"type": "alias", "path": path}
    return {"dynamic": "false", "properties": root}


def _place(root: dict[str, Any], name: str) -> dict[str, Any]:
    at = root
    for step in name.split(".")[:-1]:
        at = at.setdefault(step, {"properties": {}})["properties"]
    return at
