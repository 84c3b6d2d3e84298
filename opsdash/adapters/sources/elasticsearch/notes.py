"""What an answer says of itself: shards that failed, clusters that are missing, a search that stopped early. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsdash.adapters.sources.elasticsearch.errors import causes, telling, tidy


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Whether an answer is whole."""

    warnings: tuple[str, ...] = ()
    partial: bool = False
    """Documents are missing in it: every number may be too small."""
    no_index: bool = False
    """The index pattern matches nothing."""


def notes_of(answer: Mapping[str, Any], *, said: tuple[str, ...] = ()) -> Notes:
    """The notes of a search answer; `said` are the Warning headers."""
    shards = _mapping(answer.get("_shards"))
    warnings = [text for text in (_timed_out(answer), _shards(shards), _clusters(answer)) if text]
    partial = bool(warnings) or bool(answer.get("is_partial"))
    if answer.get("is_partial") and not warnings:
        warnings.append("partial: the server left out what failed or took too long")
    return Notes(
        warnings=(*warnings, *(tidy(text) for text in said[:5])),
        partial=partial,
        no_index=shards.get("total") == 0 and "_clusters" not in answer,
    )


def _timed_out(answer: Mapping[str, Any]) -> str | None:
    if answer.get("timed_out") is not True:
        return None
    took = answer.get("took")
    after = f" after {took / 1000:.1f} s" if isinstance(took, int | float) else ""
    return f"partial: the search was stopped{after}; shorten the range or raise the source's timeout"


def _shards(shards: Mapping[str, Any]) -> str | None:
    failed, total = shards.get("failed"), shards.get("total")
    if not isinstance(failed, int) or failed <= 0:
        return None
    failures = shards.get("failures")
    first = failures[0] if isinstance(failures, list) and failures else None
    where, why = "", ""
    if isinstance(first, Mapping):
        index = first.get("index")
        where = f" of {tidy(index)}" if isinstance(index, str) else ""
        chain = list(causes(first.get("reason")))
        why = f": {telling(chain)}" if chain else ""
    return f"partial: {failed} of {total} shards failed{f' (first: one{where})' if where else ''}{why}"


def _clusters(answer: Mapping[str, Any]) -> str | None:
    clusters = _mapping(answer.get("_clusters"))
    missing = [
        name for name in ("skipped", "failed", "partial") if isinstance(clusters.get(name), int) and clusters[name]
    ]
    if not missing:
        return None
    counts = ", ".join(f"{clusters[name]} {name}" for name in missing)
    return f"partial: of {clusters.get('total', '?')} clusters {counts}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
