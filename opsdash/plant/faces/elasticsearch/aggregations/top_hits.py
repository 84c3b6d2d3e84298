"""top_hits: the first documents of each bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch import sort
from opsdash.plant.faces.elasticsearch.aggregations.tree import Group, Run, only
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Json, illegal, shard_illegal
from opsdash.plant.faces.elasticsearch.field_match import number
from opsdash.plant.faces.elasticsearch.hits import Shown, hit, parse_fields, parse_source

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TopHits:
    """See the module's text."""

    name: str
    size: int
    skip: int
    keys: tuple[sort.SortKey, ...]
    shown: Shown

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """The window is small and the order fits."""
        if self.size + self.skip > MOST:
            raise shard_illegal(
                f"Top hits result window is too large, the top hits aggregator [{self.name}]'s from + size must be"
                f" less than or equal to: [{MOST}] but was [{self.size + self.skip}]. This limit can be set by changing"
                " the [index.max_inner_result_window] index level setting."
            )
        sort.check(docs, self.keys)

    def results(self, run: Run, group: Group) -> list[Json]:
        """`hits`."""
        if group.count == 0:
            return []
        order = np.argsort(group.owner, kind="stable")
        places = np.split(group.places[order], np.cumsum(group.counts())[:-1])
        return [{"hits": self._hits(run.docs, each)} for each in places]

    def _hits(self, docs: Docs, places: Any) -> Json:
        first = sort.in_order(docs, self.keys, places, self.size + self.skip)[self.skip :]
        by_score = not self.keys
        score = 1.0 if by_score else None
        return {
            "total": {"value": int(places.size), "relation": "eq"},
            "max_score": score if first.size else None,
            "hits": [hit(docs, place, self.shown, score=score, keys=self.keys) for place in first.tolist()],
        }


def read_top_hits(name: str, body: Mapping[str, Any]) -> TopHits:
    """top_hits. Raises Refused."""
    only("top_hits", body, "size", "from", "sort", "_source", "fields", "docvalue_fields", "version",
         "seq_no_primary_term", "track_scores", "explain")  # fmt: skip
    size, skip = int(number(body.get("size", 3))), int(number(body.get("from", 0)))
    for key, value in (("size", size), ("from", skip)):
        if value < 0:
            raise illegal(f"[{key}] must be greater than or equal to 0. Found [{value}] in [{name}]")
    source, includes, excludes = parse_source(body.get("_source"))
    shown = Shown(
        source=source,
        includes=includes,
        excludes=excludes,
        fields=parse_fields(body.get("fields"), "fields"),
        docvalues=parse_fields(body.get("docvalue_fields"), "docvalue_fields"),
        version=body.get("version") is True,
        seq_no=body.get("seq_no_primary_term") is True,
    )
    return TopHits(name=name, size=size, skip=skip, keys=sort.parse_sort(body.get("sort")), shown=shown)
