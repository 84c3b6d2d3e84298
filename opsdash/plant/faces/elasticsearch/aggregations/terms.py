"""terms: a bucket for each value, the largest first or in another order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch import patterns
from opsdash.plant.faces.elasticsearch.aggregations.tree import Group, Run, Tree, check_all, evaluate, field_name, only
from opsdash.plant.faces.elasticsearch.dates import written
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Json,
    Refused,
    ShardRefused,
    bad_number,
    failed_field,
    illegal,
    not_kept,
    parsing,
)
from opsdash.plant.faces.elasticsearch.field_match import number
from opsdash.plant.log_columns import Ints
from opsdash.plant.log_fields import WORDS, Kind

_OPTIONS = (
    "field",
    "size",
    "shard_size",
    "order",
    "missing",
    "include",
    "exclude",
    "min_doc_count",
    "format",
    "value_type",
    "shard_min_doc_count",
    "show_term_doc_count_error",
    "execution_hint",
    "collect_mode",
)
_MEASURES = ("avg", "sum", "min", "max", "value_count", "cardinality")


@dataclass(frozen=True, slots=True)
class _Order:
    """`_count`, `_key`, or the path to a metric below."""

    path: str
    is_down: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """See the module's text."""

    field: str
    subs: Tree
    size: int = 10
    shard_size: int = 25
    order: tuple[_Order, ...] = (_Order("_count", True),)
    least: int = 1
    missing: Any = None
    include: Any = None
    exclude: Any = None
    form: str | None = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """Texts have no values."""
        docs.keys(self.field)
        check_all(self.subs, docs, parent="terms")

    def results(self, run: Run, group: Group) -> list[Json]:
        """The buckets, and how many documents are in those that are not shown."""
        values, places, owner = self._values(run, group)
        different, codes = np.unique(values, return_inverse=True)
        if self.include is not None or self.exclude is not None:
            chosen = np.array([self._wanted(run, each) for each in different.tolist()], dtype=np.bool_)
            kept = chosen[codes] if different.size else np.zeros(0, dtype=np.bool_)
            places, owner, codes = places[kept], owner[kept], codes[kept]
        width = max(different.size, 1)
        pairs, bucket, counts = np.unique(owner * width + codes, return_inverse=True, return_counts=True)
        owners, terms = pairs // width, pairs % width
        children = self._children_to_order(run, places, bucket, pairs.size)
        ranked = self._ranked(run, different, owners, terms, counts, children)
        shown = self._chosen(ranked, owners, counts)
        run.take(shown.size)
        if children is None:
            children = self._children(run, places, bucket, shown, pairs.size)
        else:
            children = [children[place] for place in shown.tolist()]
        return self._told(run, group, shown, owners, terms, counts, different, children)

    def _values(self, run: Run, group: Group) -> tuple[Any, Ints, Ints]:
        keys, present = run.docs.keys(self.field)
        values, is_there = keys[group.places], present[group.places]
        if self.missing is None:
            return values[is_there], group.places[is_there], group.owner[is_there]
        kind = run.docs.kind(self.field)
        if kind in WORDS:
            column = run.docs.word(self.field)[1]
            code = column.code_of(str(self.missing))
            stand_in: float = code if code >= 0 else len(column.words)
        else:
            stand_in = float(number(self.missing)) if kind is Kind.FLOAT else int(number(self.missing))
        return np.where(is_there, values, stand_in), group.places, group.owner

    # -- order -----------------------------------------------------------------------------------------------------

    def _children_to_order(self, run: Run, places: Ints, bucket: Ints, count: int) -> list[Json] | None:
        """All buckets' metrics, where the order needs them."""
        if all(each.path in ("_count", "_key") for each in self.order):
            return None
        run.take(count)
        run.buckets -= count
        return evaluate(self.subs, run, Group(places, bucket, count))

    def _ranked(  # noqa: PLR0913, PLR0917 - columns of one table
        self, run: Run, different: Any, owners: Ints, terms: Ints, counts: Ints, children: list[Json] | None
    ) -> Ints:
        """Rows by bucket around them and then as the order says; keys decide between equals."""
        key_rank = self._key_ranks(run, different)[terms] if different.size else terms
        levels: list[Any] = []
        for each in self.order:
            values: Any
            if each.path == "_count":
                values = counts
            elif each.path == "_key":
                values = key_rank
            else:
                found = [_at(child, each.path) for child in children or ()]
                values = np.array([np.nan if value is None else value for value in found], dtype=np.float64)
                values = np.where(np.isnan(values), self._nothing(each.path), values)
            levels.append(-values if each.is_down else values)
        return np.lexsort([key_rank, *levels[::-1], owners])

    def _nothing(self, path: str) -> float:
        """Where buckets without a value stand: what Java's aggregators begin with."""
        name, _, part = path.partition(".")
        return -np.inf if "max" in (part, getattr(self.subs[name], "kind", "")) else np.inf

    def _key_ranks(self, run: Run, different: Any) -> Ints:
        if run.docs.kind(self.field) not in WORDS:
            return np.arange(different.size)
        column = run.docs.word(self.field)[1]
        words = [self._word(column.words, code) for code in different.tolist()]
        ranks = np.empty(len(words), dtype=np.int64)
        if run.docs.kind(self.field) is Kind.IP and all(code < len(column.words) for code in different.tolist()):
            ranks[np.argsort(column.ranks()[different], kind="stable")] = np.arange(len(words))
        else:
            ranks[sorted(range(len(words)), key=words.__getitem__)] = np.arange(len(words))
        return ranks

    def _word(self, words: list[str], code: int) -> str:
        return words[code] if code < len(words) else str(self.missing)

    def _chosen(self, ranked: Ints, owners: Ints, counts: Ints) -> Ints:
        """The first `size` rows of each bucket around them, of those with documents enough."""
        rows = ranked[counts[ranked] >= self.least]
        if rows.size == 0:
            return rows
        own = owners[rows]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        nth = np.arange(rows.size) - np.repeat(starts, np.diff(np.append(starts, rows.size)))
        return rows[nth < self.size]

    def _children(self, run: Run, places: Ints, bucket: Ints, shown: Ints, count: int) -> list[Json]:
        if not self.subs:
            return [{}] * shown.size
        again = np.full(count, -1, dtype=np.int64)
        again[shown] = np.arange(shown.size)
        owner = again[bucket]
        kept = owner >= 0
        return evaluate(self.subs, run, Group(places[kept], owner[kept], shown.size))

    # -- words -----------------------------------------------------------------------------------------------------

    def _told(  # noqa: PLR0913, PLR0917 - columns of one table
        self, run: Run, group: Group, shown: Ints, owners: Ints, terms: Ints, counts: Ints, different: Any,
        children: list[Json],
    ) -> list[Json]:  # fmt: skip
        totals = np.bincount(owners, weights=np.where(counts >= self.least, counts, 0), minlength=group.count).astype(
            np.int64
        )
        answers: list[Json] = [
            {"doc_count_error_upper_bound": error, "sum_other_doc_count": total, "buckets": []}
            for total, error in zip(totals.tolist(), self._errors(group, owners), strict=True)
        ]
        rows = zip(
            owners[shown].tolist(), different[terms[shown]].tolist(), counts[shown].tolist(), children, strict=True
        )
        for owner, value, count, child in rows:
            answers[owner]["buckets"].append({**self._key(run, value), "doc_count": count, **child})
            answers[owner]["sum_other_doc_count"] -= count
        return answers

    def _errors(self, group: Group, owners: Ints) -> list[int]:
        """-1 where a shard would have left out values whose place in the order it could not know."""
        first = self.order[0]
        if first.path == "_key" or (first.path == "_count" and first.is_down):
            return [0] * group.count
        values = np.bincount(owners, minlength=group.count)
        return np.where(values > self.shard_size, -1, 0).tolist()  # type: ignore[no-any-return]

    def _key(self, run: Run, value: Any) -> Json:
        kind = run.docs.kind(self.field)
        if kind in WORDS:
            return {"key": self._word(run.docs.word(self.field)[1].words, value)}
        if kind is Kind.DATE:
            return {"key": int(value), "key_as_string": written(int(value), form=self.form)}
        return {"key": float(value) if kind is Kind.FLOAT else int(value)}

    def _wanted(self, run: Run, value: Any) -> bool:
        key = self._key(run, value)["key"]
        return (self.include is None or _listed(key, self.include)) and not (
            self.exclude is not None and _listed(key, self.exclude)
        )


def _listed(key: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return key in wanted or str(key) in {str(each) for each in wanted}
    return patterns.regexp(str(wanted))(str(key))


def _at(child: Json, path: str) -> Any:
    """The number that a path leads to."""
    name, _, part = path.partition(".")
    told = child[name]
    if not part:
        return told["value"]
    if part in told:
        return told[part]
    return told["values"][str(float(part))]


# -- reading -----------------------------------------------------------------------------------------------------------


def read_terms(name: str, body: Mapping[str, Any], subs: Tree) -> Terms:
    """terms. Raises Refused."""
    only("terms", body, *_OPTIONS)
    size = _whole(body, "size", 10)
    if size <= 0:
        raise failed_field("terms", "size", illegal(f"[size] must be greater than 0. Found [{size}] in [{name}]"))
    if isinstance(body.get("include"), dict):
        raise not_kept("partitions of terms")
    least = _whole(body, "min_doc_count", 1)
    if least < 1:
        raise not_kept("[min_doc_count] 0 of terms")
    order = _orders(body.get("order", {"_count": "desc"}), subs)
    return Terms(
        field=field_name(body),
        subs=subs,
        size=size,
        shard_size=max(size, _whole(body, "shard_size", int(size * 1.5 + 10))),
        order=order,
        least=least,
        missing=body.get("missing"),
        include=body.get("include"),
        exclude=body.get("exclude"),
        form=body.get("format"),
    )


def _whole(body: Mapping[str, Any], key: str, default: int) -> int:
    try:
        return int(number(body.get(key, default)))
    except (Refused, OverflowError) as error:
        cause = error if isinstance(error, Refused) else bad_number(body.get(key))
        raise failed_field("terms", key, cause) from error


def _orders(given: Any, subs: Tree) -> tuple[_Order, ...]:
    made = []
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, dict) or len(each) != 1:
            raise failed_field("terms", "order", parsing("Must specify at least one field for [order]"))
        path, direction = next(iter(each.items()))
        if str(direction).lower() not in ("asc", "desc"):
            raise failed_field("terms", "order", parsing(f"Unknown order direction [{direction}]"))
        _check_path(path, subs)
        made.append(_Order(path, str(direction).lower() == "desc"))
    return tuple(made)


def _check_path(path: str, subs: Tree) -> None:
    """Raises ShardRefused where the path leads to no number."""
    if path in ("_count", "_key"):
        return
    name, _, part = path.partition(".")
    below = subs.get(name)
    problem = None
    if below is None:
        problem = (
            f"The provided aggregation [{name}] either does not exist, or is a pipeline aggregation and cannot be used"
            " to sort the buckets."
        )
    elif not part and getattr(below, "kind", None) not in _MEASURES:
        problem = "Missing value key in [null] which refers to a multi-value metric aggregation"
    elif part and not hasattr(below, "percents") and getattr(below, "kind", None) not in ("stats", "extended_stats"):
        problem = f"Cannot order by [{path}]"
    elif hasattr(below, "percents") and not _is_percent(part, below.percents):
        problem = f"Unknown value key [{part}] for percentiles aggregation [{name}]"
    if problem is not None:
        reason = f"Invalid aggregation order path [{path}]. {problem}"
        raise ShardRefused("invalid_path", reason, cause=illegal(problem))


def _is_percent(text: str, percents: tuple[float, ...]) -> bool:
    try:
        return float(text) in percents
    except ValueError:
        return False
