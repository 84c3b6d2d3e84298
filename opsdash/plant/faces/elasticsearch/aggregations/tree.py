"""What all aggregations share: the documents of many buckets at once, the tree, and the bound on buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Json,
    illegal,
    shard_illegal,
    too_many_buckets,
    unknown_field,
)
from opsdash.plant.log_columns import Ints
from opsdash.plant.log_fields import NUMBERS, Kind

MOST_BUCKETS = 65_536


@dataclass(frozen=True, slots=True)
class Group:
    """Documents in buckets 0 … count - 1; `owner[i]` is the bucket of document `places[i]`."""

    places: Ints
    owner: Ints
    count: int

    def counts(self) -> Ints:
        """Documents of each bucket."""
        return np.bincount(self.owner, minlength=self.count)


@dataclass(slots=True)
class Run:
    """One evaluation."""

    docs: Docs
    everything: Ints
    """Every document that can be seen, whatever the query."""
    buckets: int = field(default=0)

    def take(self, buckets: int) -> None:
        """Counts buckets. Raises ReduceRefused for too many."""
        self.buckets += buckets
        if self.buckets > MOST_BUCKETS:
            raise too_many_buckets(MOST_BUCKETS)


class Aggregation(Protocol):
    """One node of the tree."""

    def check(self, docs: Docs, *, is_top: bool) -> None:
        """Raises ShardRefused where it does not fit the index."""

    def results(self, run: Run, group: Group) -> list[Json]:
        """The answer for each bucket of the group."""


Tree = Mapping[str, Aggregation]


def check_all(tree: Tree, docs: Docs, *, parent: str | None = None) -> None:
    """Raises ShardRefused for the first that does not fit."""
    for each in tree.values():
        each.check(docs, is_top=parent is None)


def evaluate(tree: Tree, run: Run, group: Group) -> list[Json]:
    """For each bucket of the group the answers of all aggregations in it."""
    answers: list[Json] = [{} for _ in range(group.count)]
    for name, aggregation in tree.items():
        for answer, result in zip(answers, aggregation.results(run, group), strict=True):
            answer[name] = result
    return answers


@dataclass(frozen=True, slots=True)
class WithMeta:
    """An aggregation whose answer carries what the request gave along."""

    inner: Aggregation
    meta: Mapping[str, Any]

    def check(self, docs: Docs, *, is_top: bool) -> None:
        """As the inner one."""
        self.inner.check(docs, is_top=is_top)

    def results(self, run: Run, group: Group) -> list[Json]:
        """With `meta`."""
        return [{"meta": dict(self.meta), **each} for each in self.inner.results(run, group)]


# -- options -----------------------------------------------------------------------------------------------------------


def only(kind: str, body: Mapping[str, Any], *allowed: str) -> None:
    """Raises Refused for an option that the aggregation does not have."""
    for key in body:
        if key not in allowed:
            raise unknown_field(kind, key)


def field_name(body: Mapping[str, Any]) -> str:
    """The field. Raises Refused where there is none."""
    name = body.get("field")
    if name is None:
        raise illegal("Required one of fields [field, script], but none were specified.")
    return str(name)


def check_measurable(docs: Docs, name: str, kind: str) -> None:
    """Raises ShardRefused for a field that is neither number nor date."""
    docs.keys(name)
    found = docs.kind(name)
    if found is not None and found not in NUMBERS and found is not Kind.DATE:
        raise unsupported(name, found, kind)


def unsupported(name: str, found: Kind, kind: str) -> Exception:
    """The field has a type that the aggregation cannot take."""
    return shard_illegal(f"Field [{name}] of type [{found}] is not supported for aggregation [{kind}]")
