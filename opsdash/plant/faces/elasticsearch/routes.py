"""The paths that are answered, with their methods and the parameters that each takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

COMMON = frozenset({"pretty", "human", "error_trace", "filter_path", "format"})
_INDICES = frozenset({"ignore_unavailable", "allow_no_indices", "expand_wildcards", "ignore_throttled"})
_SEARCH = _INDICES | frozenset({
    "q", "df", "default_operator", "analyze_wildcard", "analyzer", "lenient", "size", "from", "sort", "timeout",
    "track_total_hits", "terminate_after", "_source", "_source_includes", "_source_excludes", "version",
    "seq_no_primary_term", "docvalue_fields", "stored_fields", "rest_total_hits_as_int", "typed_keys", "preference",
    "routing", "search_type", "batched_reduce_size", "ccs_minimize_roundtrips", "allow_partial_search_results",
    "max_concurrent_shard_requests", "pre_filter_shard_size", "request_cache", "explain", "track_scores", "stats",
    "include_named_queries_score", "force_synthetic_source",
})  # fmt: skip
_COUNT = _INDICES | frozenset({
    "q", "df", "default_operator", "analyze_wildcard", "analyzer", "lenient", "min_score", "preference", "routing",
    "terminate_after",
})  # fmt: skip
_BULK = frozenset(
    {
        "refresh",
        "routing",
        "timeout",
        "pipeline",
        "wait_for_active_shards",
        "require_alias",
        "_source",
        "_source_includes",
        "_source_excludes",
        "type",
        "require_data_stream",
        "list_executed_pipelines",
        "include_source_on_error",
    }
)
_CAPS = _INDICES | frozenset({"fields", "filters", "types", "include_unmapped", "include_empty_fields"})
_HEALTH = frozenset({
    "wait_for_status", "timeout", "level", "local", "master_timeout", "wait_for_nodes", "wait_for_active_shards",
    "wait_for_no_relocating_shards", "wait_for_no_initializing_shards", "wait_for_events", "expand_wildcards",
})  # fmt: skip
_CAT = _INDICES | frozenset({"h", "s", "v", "help", "bytes", "time", "health", "pri", "local", "master_timeout",
                             "include_unloaded_segments"})  # fmt: skip
_INFO = _INDICES | frozenset(
    {"local", "master_timeout", "include_defaults", "flat_settings", "features", "include_type_name", "verbose"}
)
_DOC = frozenset({"preference", "realtime", "refresh", "routing", "stored_fields", "_source", "_source_includes",
                  "_source_excludes", "version", "version_type", "force_synthetic_source"})  # fmt: skip
_MSEARCH = _INDICES | frozenset({"typed_keys", "rest_total_hits_as_int", "max_concurrent_searches", "search_type",
                                 "pre_filter_shard_size", "max_concurrent_shard_requests", "ccs_minimize_roundtrips",
                                 "include_named_queries_score", "routing", "index"})  # fmt: skip
_PIT = _INDICES | frozenset({"keep_alive", "preference", "routing", "allow_partial_search_results",
                             "max_concurrent_shard_requests"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """`{index}` and `{id}` stand for any text that does not begin with an underscore."""

    methods: tuple[str, ...]
    path: str
    handler: str
    """A method of `Handlers`."""
    parameters: frozenset[str] = field(default_factory=frozenset)
    takes_lines: bool = False
    """The body is lines of JSON."""

    def matches(self, path: str) -> Mapping[str, str] | None:
        """The texts at the places; None where the path is another one."""
        own, given = self.path.strip("/").split("/"), path.strip("/").split("/")
        if len(own) != len(given):
            return None
        places = {}
        for step, text in zip(own, given, strict=True):
            if not step.startswith("{"):
                if step != text:
                    return None
                continue
            value = unquote(text, errors="replace")
            if not value or (step == "{index}" and value.startswith("_") and value != "_all"):
                return None
            places[step[1:-1]] = value
        return places


def _both(
    methods: str, path: str, handler: str, parameters: frozenset[str], *, lines: bool = False
) -> tuple[Route, ...]:
    """With and without an index."""
    listed = tuple(methods.split())
    return tuple(Route(listed, prefix + path, handler, parameters, lines) for prefix in ("", "/{index}"))


ROUTES = (
    Route(("GET", "HEAD"), "/", "welcome"),
    *_both("GET POST", "/_search", "search", _SEARCH),
    *_both("GET POST", "/_count", "count", _COUNT),
    *_both("GET POST", "/_msearch", "msearch", _MSEARCH, lines=True),
    Route(("POST",), "/{index}/_pit", "open_point", _PIT),
    Route(("DELETE",), "/_pit", "close_point"),
    *_both("GET POST", "/_field_caps", "field_caps", _CAPS),
    *_both("GET", "/_mapping", "mapping", _INFO),
    *_both("GET", "/_mappings", "mapping", _INFO),
    *_both("GET", "/_mapping/field/{fields}", "field_mapping", _INFO),
    *_both("POST PUT", "/_bulk", "bulk", _BULK, lines=True),
    *_both("GET POST", "/_refresh", "refresh", _INDICES),
    Route(("GET",), "/_cat/indices", "cat_indices", _CAT),
    Route(("GET",), "/_cat/indices/{index}", "cat_indices", _CAT),
    Route(("GET",), "/_resolve/index/{index}", "resolve", _INDICES),
    Route(("GET",), "/_data_stream", "data_streams", _INFO),
    Route(("GET",), "/_data_stream/{index}", "data_streams", _INFO),
    Route(("GET",), "/_cluster/health", "health", _HEALTH),
    Route(("GET",), "/_cluster/health/{index}", "health", _HEALTH),
    Route(("GET", "HEAD"), "/{index}/_doc/{id}", "document", _DOC),
    Route(("GET", "HEAD"), "/{index}", "described", _INFO),
)
