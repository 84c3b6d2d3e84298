"""The one index, and what can be asked about it: names, mappings, fields, health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from opsdash.plant.faces.elasticsearch.errors import INDEX_UUID, Json, invalid, no_such_index
from opsdash.plant.log_fields import FIELDS, Kind, column_of, mappings, names
from opsdash.plant.log_ring import LogRing

METADATA = ("_id", "_index", "_seq_no", "_source", "_version", "_routing", "_doc_count", "_ignored", "_field_names",
            "_data_stream_timestamp", "_nested_path", "_tier", "_feature", "_index_mode")  # fmt: skip
_SEARCHABLE = (
    "_id",
    "_index",
    "_ignored",
    "_field_names",
    "_nested_path",
    "_routing",
    "_tier",
    "_index_mode",
    "_doc_count",
    "_seq_no",
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known of the index without reading documents."""

    index: str
    cluster: str
    ring: LogRing

    def resolves(self, asked: str | None, parameters: Mapping[str, str]) -> bool:
        """Whether the names lead to the index. Raises Refused for a name that is not there."""
        if asked in (None, "", "_all"):
            return True
        is_found = False
        for name in str(asked).split(","):
            if name.startswith("-"):
                is_found = is_found and not fnmatchcase(self.index, name[1:])
            elif "*" in name or name == "_all":
                matches = name == "_all" or fnmatchcase(self.index, name)
                if not matches and parameters.get("allow_no_indices") == "false":
                    raise no_such_index(name)
                is_found = is_found or matches
            elif name == self.index:
                is_found = True
            elif parameters.get("ignore_unavailable") not in ("true", ""):
                raise no_such_index(name)
        return is_found

    # -- fields ----------------------------------------------------------------------------------------------------

    def mapping(self) -> Json:
        """_mapping."""
        return {self.index: {"mappings": mappings()}}

    def field_mapping(self, patterns: str) -> Json:
        """_mapping/field."""
        made: Json = {}
        for name in names():
            if any(fnmatchcase(name, each) for each in patterns.split(",")):
                kind = FIELDS[column_of(name) or name]
                made[name] = {"full_name": name, "mapping": {name.rpartition(".")[2]: {"type": str(kind)}}}
        return {self.index: {"mappings": made}}

    def field_caps(self, asked: str, filters: str, types: str) -> Json:
        """_field_caps: types and abilities. Raises Refused."""
        if not asked:
            raise invalid("no fields specified")
        wanted = asked.split(",")
        filtered = {each.strip() for each in filters.split(",") if each.strip()}
        only = {each.strip() for each in types.split(",") if each.strip()}
        found: Json = {}
        for name in names():
            kind = FIELDS[column_of(name) or name]
            if _is_wanted(name, wanted) and (not only or str(kind) in only):
                found[name] = _caps(str(kind), searchable=True, aggregatable=kind is not Kind.TEXT)
        if not only and "-parent" not in filtered:
            parents = {name.rpartition(".")[0] for name in FIELDS if "." in name} | {"http"}
            for name in sorted(parents):
                if _is_wanted(name, wanted):
                    found[name] = _caps("object", searchable=False, aggregatable=False)
        if not only and "-metadata" not in filtered:
            for name in METADATA:
                if _is_wanted(name, wanted):
                    aggregatable = name in ("_index", "_tier", "_seq_no", "_index_mode")
                    found[name] = _caps(name, searchable=name in _SEARCHABLE, aggregatable=aggregatable, metadata=True)
        return {"indices": [self.index], "fields": found}

    # -- names and health ------------------------------------------------------------------------------------------

    def described(self) -> Json:
        """GET of the index."""
        settings = {"index": {"number_of_shards": "1", "number_of_replicas": "0", "uuid": INDEX_UUID,
                              "provided_name": self.index}}  # fmt: skip
        return {self.index: {"aliases": {}, "mappings": mappings(), "settings": settings}}

    def resolved(self, asked: str, parameters: Mapping[str, str]) -> Json:
        """_resolve/index."""
        found = [{"name": self.index, "attributes": ["open"]}] if self.resolves(asked, parameters) else []
        return {"indices": found, "aliases": [], "data_streams": []}

    def rows(self) -> list[dict[str, str]]:
        """_cat/indices."""
        size = f"{max(len(self.ring) * 300 // 1024, 1)}kb"
        return [{
            "health": "green", "status": "open", "index": self.index, "uuid": INDEX_UUID, "pri": "1", "rep": "0",
            "docs.count": str(self.ring.count), "docs.deleted": str(len(self.ring) - self.ring.count),
            "store.size": size, "pri.store.size": size, "dataset.size": size,
        }]  # fmt: skip

    def health(self) -> Json:
        """_cluster/health."""
        return {
            "cluster_name": self.cluster, "status": "green", "timed_out": False, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
            "initializing_shards": 0, "unassigned_shards": 0, "unassigned_primary_shards": 0,
            "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
            "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
        }  # fmt: skip

    def welcome(self, version: str) -> Json:
        """GET /."""
        return {
            "name": "opsdash-plant",
            "cluster_name": self.cluster,
            "cluster_uuid": "b3BzZGFzaC1wbGFudC0wMQ",
            "version": {
                "number": version, "build_flavor": "default", "build_type": "unknown", "build_hash": "opsdash-plant",
                "build_date": "2026-08-26T22:10:47.574903747Z", "build_snapshot": False, "lucene_version": "9.12.2",
                "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
            },
            "tagline": "You Know, for Search",
        }  # fmt: skip


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return any(fnmatchcase(name, each) for each in wanted)


def _caps(kind: str, *, searchable: bool, aggregatable: bool, metadata: bool = False) -> dict[str, Any]:
    told = {"type": kind, "metadata_field": metadata, "searchable": searchable, "aggregatable": aggregatable}
    return {kind: told}


def columns(rows: list[dict[str, str]], wanted: str) -> list[dict[str, str]]:
    """The columns of a _cat table that `h` names."""
    if not wanted:
        return rows
    return [{name: row[name] for name in wanted.split(",") if name in row} for row in rows]
