"""What each path gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from opsdash.plant.faces.elasticsearch.bodies import read_json
from opsdash.plant.faces.elasticsearch.bulk import bulk
from opsdash.plant.faces.elasticsearch.dates import time_value_ms
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Json, Refused, illegal, invalid, no_such_index, parsing
from opsdash.plant.faces.elasticsearch.hits import parse_source, picked
from opsdash.plant.faces.elasticsearch.indices import Catalogue, columns
from opsdash.plant.faces.elasticsearch.points_in_time import PointsInTime
from opsdash.plant.faces.elasticsearch.query import token_of
from opsdash.plant.faces.elasticsearch.search import (
    Search,
    counted,
    from_parameters,
    nothing,
    parse_count,
    parse_search,
    searched,
    shards,
    string_query,
)
from opsdash.plant.log_ring import LogRing

MOST_SEARCHES = 500
"""Of one _msearch."""
_NO_SHARDS = {"total": 0, "successful": 0, "skipped": 0, "failed": 0}
_HEADER = ("index", "indices", "preference", "routing", "search_type", "ignore_unavailable", "allow_no_indices",
           "expand_wildcards", "request_cache", "allow_partial_search_results", "ccs_minimize_roundtrips",
           "ignore_throttled", "type")  # fmt: skip
Told = tuple[Any, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, taken apart."""

    places: Mapping[str, str]
    parameters: Mapping[str, str]
    given: Any
    body: bytes


class Handlers:
    """Each method takes what is asked and gives the answer with its status; all raise Refused."""

    def __init__(self, ring: LogRing, *, now_ms: Callable[[], int], index: str, version: str) -> None:
        self._ring = ring
        self._now_ms = now_ms
        self._index = index
        self._version = version
        self._catalogue = Catalogue(index, "opsdash-demo", ring)
        self._points = PointsInTime()

    def _docs(self, before: int | None = None) -> Docs:
        return Docs(self._ring, self._index, self._now_ms(), before)

    # -- searches --------------------------------------------------------------------------------------------------

    def search(self, asked: Asked) -> Told:
        """_search."""
        if not isinstance(asked.given, dict):
            raise parsing(f"Expected [START_OBJECT] but found [{token_of(asked.given)}]")
        body = from_parameters(asked.given, asked.parameters)
        answer = self._searched(parse_search(body), asked.places.get("index"), asked.parameters)
        if asked.parameters.get("rest_total_hits_as_int") in ("", "true") and "total" in answer["hits"]:
            answer["hits"]["total"] = answer["hits"]["total"]["value"]
        return answer, 200

    def _searched(self, search: Search, index: str | None, parameters: Mapping[str, str]) -> Json:
        began = perf_counter()
        point = search.point_in_time
        if point is not None and index is not None:
            raise invalid("[indices] cannot be used with point in time. Do not specify any index with point in time.")
        before = None
        head: Json = {}
        if point is not None:
            before = self._points.use(point.id, keep_alive_ms=point.keep_alive_ms, now_ms=self._now_ms())
            head = {"pit_id": point.id}
        elif not self._catalogue.resolves(index, parameters):
            return {"took": 0, **nothing()}
        answer = searched(self._docs(before), search)
        return {**head, "took": round((perf_counter() - began) * 1000), **answer}

    def count(self, asked: Asked) -> Told:
        """_count."""
        body = asked.given
        if "q" in asked.parameters:
            body = {"query": {"query_string": string_query(asked.parameters)}}
        query = parse_count(body)
        if not self._catalogue.resolves(asked.places.get("index"), asked.parameters):
            return {"count": 0, "_shards": _NO_SHARDS}, 200
        return counted(self._docs(), query), 200

    def msearch(self, asked: Asked) -> Told:
        """_msearch: all are read before one is answered; each is refused by itself where the index does."""
        began = perf_counter()
        lines = asked.body.split(b"\n")
        if not asked.body.strip():
            raise Refused("parse_exception", "request body or source parameter is required")
        if not asked.body.endswith(b"\n"):
            raise illegal("The msearch request must be terminated by a newline [\\n]")
        pairs = list(zip(lines[:-1:2], lines[1:-1:2], strict=False))
        if len(lines) % 2 == 0 or len(pairs) > MOST_SEARCHES:
            raise invalid(
                "no requests added" if len(lines) < 3 else f"between 1 and {MOST_SEARCHES} searches can be asked"
            )
        headers = [self._header(head) for head, _ in pairs]
        bodies = [read_json(body) if body.strip() else {} for _, body in pairs]
        searches = [parse_search(body) for body in bodies]
        answers = [self._one(head, search, asked) for head, search in zip(headers, searches, strict=True)]
        return {"took": round((perf_counter() - began) * 1000), "responses": answers}, 200

    def _header(self, line: bytes) -> Json:
        header = read_json(line) if line.strip() else {}
        if not isinstance(header, dict):
            raise parsing(f"Expected [START_OBJECT] but found [{token_of(header)}]")
        for key in header:
            if key not in _HEADER:
                raise illegal(f"key [{key}] is not supported in the metadata section")
        return header

    def _one(self, header: Json, search: Search, asked: Asked) -> Json:
        named = header.get("index", header.get("indices", asked.places.get("index")))
        index = ",".join(map(str, named)) if isinstance(named, list) else named
        parameters = {**asked.parameters, **{key: str(value).lower() for key, value in header.items()}}
        try:
            return {**self._searched(search, index, parameters), "status": 200}
        except Refused as error:
            return error.body(self._index)

    # -- points in time --------------------------------------------------------------------------------------------

    def open_point(self, asked: Asked) -> Told:
        """Opens one."""
        if "keep_alive" not in asked.parameters:
            raise invalid("[keep_alive] is not specified")
        alive_ms = time_value_ms(asked.parameters["keep_alive"], "keep_alive")
        self._catalogue.resolves(asked.places["index"], asked.parameters)
        name = self._points.open(self._ring.next_number, keep_alive_ms=alive_ms, now_ms=self._now_ms())
        return {"id": name, "_shards": shards()}, 200

    def close_point(self, asked: Asked) -> Told:
        """Closes one."""
        name = asked.given.get("id") if isinstance(asked.given, dict) else None
        if name is None:
            raise illegal("search context id is is not provided")
        freed = self._points.close(str(name))
        return {"succeeded": True, "num_freed": int(freed)}, 200 if freed else 404

    # -- about the index -------------------------------------------------------------------------------------------

    def welcome(self, _asked: Asked) -> Told:
        """Product and version."""
        return self._catalogue.welcome(self._version), 200

    def field_caps(self, asked: Asked) -> Told:
        """_field_caps."""
        fields = asked.parameters.get("fields", "")
        if isinstance(asked.given, dict) and "fields" in asked.given:
            named = asked.given["fields"]
            fields = ",".join(map(str, named)) if isinstance(named, list) else str(named)
        filters, types = asked.parameters.get("filters", ""), asked.parameters.get("types", "")
        told = self._catalogue.field_caps(fields, filters, types)
        if not self._catalogue.resolves(asked.places.get("index"), asked.parameters):
            return {"indices": [], "fields": {}}, 200
        return told, 200

    def mapping(self, asked: Asked) -> Told:
        """_mapping."""
        is_found = self._catalogue.resolves(asked.places.get("index"), asked.parameters)
        return self._catalogue.mapping() if is_found else {}, 200

    def field_mapping(self, asked: Asked) -> Told:
        """_mapping/field."""
        is_found = self._catalogue.resolves(asked.places.get("index"), asked.parameters)
        return self._catalogue.field_mapping(asked.places["fields"]) if is_found else {}, 200

    def resolve(self, asked: Asked) -> Told:
        """_resolve/index."""
        return self._catalogue.resolved(asked.places["index"], asked.parameters), 200

    def data_streams(self, asked: Asked) -> Told:
        """There are none."""
        name = asked.places.get("index", "*")
        if "*" not in name and name != "_all":
            raise no_such_index(name)
        return {"data_streams": []}, 200

    def cat_indices(self, asked: Asked) -> Told:
        """_cat/indices: a table as text, unless JSON is asked for."""
        is_found = self._catalogue.resolves(asked.places.get("index"), asked.parameters)
        rows = columns(self._catalogue.rows() if is_found else [], asked.parameters.get("h", ""))
        if asked.parameters.get("format") == "json":
            return rows, 200
        lines = [" ".join(row.values()) for row in rows]
        if asked.parameters.get("v") in ("", "true") and rows:
            lines.insert(0, " ".join(rows[0]))
        return "".join(f"{line}\n" for line in lines), 200

    def health(self, asked: Asked) -> Told:
        """_cluster/health."""
        self._catalogue.resolves(asked.places.get("index"), {"ignore_unavailable": "true"})
        return self._catalogue.health(), 200

    def described(self, asked: Asked) -> Told:
        """GET of an index."""
        is_found = self._catalogue.resolves(asked.places["index"], asked.parameters)
        return self._catalogue.described() if is_found else {}, 200

    def document(self, asked: Asked) -> Told:
        """One document by its id."""
        self._catalogue.resolves(asked.places["index"], asked.parameters)
        name = asked.places["id"]
        place = self._ring.place_of(name)
        if place is None or not self._ring.is_alive(place):
            return {"_index": self._index, "_id": name, "found": False}, 404
        told: Json = {
            "_index": self._index,
            "_id": name,
            "_version": self._ring.version_of(place),
            "_seq_no": self._ring.first + place,
            "_primary_term": 1,
            "found": True,
        }
        source, includes, excludes = parse_source(asked.parameters.get("_source"))
        if source:
            told["_source"] = picked(self._ring.source(place), includes, excludes)
        return told, 200

    # -- change ----------------------------------------------------------------------------------------------------

    def bulk(self, asked: Asked) -> Told:
        """_bulk."""
        began = perf_counter()
        default = asked.places.get("index")
        told = bulk(self._ring, asked.body, index=self._index, default=default, now_ms=self._now_ms())
        return {"took": round((perf_counter() - began) * 1000), **told}, 200

    def refresh(self, asked: Asked) -> Told:
        """Everything can be found at once anyway."""
        is_found = self._catalogue.resolves(asked.places.get("index"), asked.parameters)
        count = 1 if is_found else 0
        return {"_shards": {"total": count, "successful": count, "failed": 0}}, 200
