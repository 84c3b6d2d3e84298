"""Refusals in the words and shapes of Elasticsearch. Positions in the request (`line`, `col`) are not given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
NODE = "opsdash-plant"
INDEX_UUID = "opsdash-plant-logs-0001"


class Refused(Exception):
    """The request is refused before any document is looked at."""

    def __init__(  # noqa: PLR0913 - what Elasticsearch tells of a failure
        self,
        kind: str,
        reason: str,
        *,
        status: int = 400,
        cause: Refused | None = None,
        root: Refused | None = None,
        more: Mapping[str, Any] = _NOTHING,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.status = status
        self.cause = cause
        self.root = root
        """What is told as the root cause, where that is not this one."""
        self.more = more

    def told(self) -> Json:
        """Type, reason and the causes."""
        told: Json = {"type": self.kind, "reason": self.reason, **self.more}
        if self.cause is not None:
            told["caused_by"] = self.cause.told()
        return told

    def body(self, index: str) -> Json:  # noqa: ARG002 - shards tell it
        """The whole answer."""
        root = self.root or self
        alone = {key: value for key, value in root.told().items() if key != "caused_by"}
        return {"error": {"root_cause": [alone], **self.told()}, "status": self.status}


class ShardRefused(Refused):
    """The shard refuses the request: its query or its aggregations do not fit the index."""

    def body(self, index: str) -> Json:
        """The whole answer: every shard of the only index failed."""
        told = self.told()
        if self.kind == "query_shard_exception":
            told |= {"index_uuid": INDEX_UUID, "index": index}
        alone = {key: value for key, value in told.items() if key != "caused_by"}
        error: Json = {
            "root_cause": [alone],
            "type": "search_phase_execution_exception",
            "reason": "all shards failed",
            "phase": "query",
            "grouped": True,
            "failed_shards": [{"shard": 0, "index": index, "node": NODE, "reason": told}],
        }
        if self.kind == "illegal_argument_exception":
            error["caused_by"] = {**alone, "caused_by": told}
        return {"error": error, "status": self.status}


class ReduceRefused(Refused):
    """The answer could not be put together."""

    def body(self, index: str) -> Json:  # noqa: ARG002 - as above
        """The whole answer."""
        error = {
            "root_cause": [],
            "type": "search_phase_execution_exception",
            "reason": "",
            "phase": "fetch",
            "grouped": True,
            "failed_shards": [],
            "caused_by": self.told(),
        }
        return {"error": error, "status": self.status}


class PlainRefused(Refused):
    """The old form: one sentence."""

    def body(self, index: str) -> Json:  # noqa: ARG002 - as above
        """The whole answer."""
        return {"error": self.reason, "status": self.status}


def parsing(reason: str, *, cause: Refused | None = None) -> Refused:
    """The request is not understood."""
    return Refused("parsing_exception", reason, cause=cause)


def illegal(reason: str, *, cause: Refused | None = None) -> Refused:
    """An argument makes no sense."""
    return Refused("illegal_argument_exception", reason, cause=cause)


def shard_illegal(reason: str, *, cause: Refused | None = None) -> ShardRefused:
    """An argument makes no sense for this index."""
    return ShardRefused("illegal_argument_exception", reason, cause=cause)


def shard_query(reason: str, *, cause: Refused | None = None) -> ShardRefused:
    """The query does not fit the index."""
    return ShardRefused("query_shard_exception", reason, cause=cause)


def not_created(cause: Refused) -> ShardRefused:
    """A query of a value that the field cannot have."""
    return shard_query(f"failed to create query: {cause.reason}", cause=cause)


def bad_number(text: object) -> Refused:
    """Java's words for what is no number."""
    shown = str(text).lower() if isinstance(text, bool) else text
    return Refused("number_format_exception", "empty String" if shown == "" else f'For input string: "{shown}"')


def content(reason: str, *, cause: Refused | None = None, root: Refused | None = None) -> Refused:
    """A parser of one kind of object says what is wrong; a real server puts the position before it."""
    return Refused("x_content_parse_exception", reason, cause=cause, root=root)


def unknown_field(parser: str, field: str) -> Refused:
    """A key that the object cannot have."""
    return content(f"[{parser}] unknown field [{field}]")


def failed_field(parser: str, field: str, cause: Refused) -> Refused:
    """What stands under a key is refused; the root is the refusal of Elasticsearch's own that is innermost."""
    root = cause.root or cause
    reason = f"[{parser}] failed to parse field [{field}]"
    return content(reason, cause=cause, root=root if root.kind == "parsing_exception" else None)


def no_such_index(name: str) -> Refused:
    """There is no index of that name."""
    more = {"resource.type": "index_or_alias", "resource.id": name, "index_uuid": "_na_", "index": name}
    return Refused("index_not_found_exception", f"no such index [{name}]", status=404, more=more)


def invalid(*problems: str) -> Refused:
    """A request that does not hold together."""
    told = "".join(f"{number}: {problem};" for number, problem in enumerate(problems, start=1))
    return Refused("action_request_validation_exception", f"Validation Failed: {told}")


def too_many_buckets(most: int) -> ReduceRefused:
    """More buckets than an answer may have."""
    reason = (
        f"Trying to create too many buckets. Must be less than or equal to: [{most}] but this number of buckets was"
        " exceeded. This limit can be set by changing the [search.max_buckets] cluster level setting."
    )
    return ReduceRefused("too_many_buckets_exception", reason, more={"max_buckets": most})


def no_fielddata(field: str, index: str) -> ShardRefused:
    """A text field was grouped, sorted or measured."""
    return shard_illegal(
        f"Fielddata is disabled on [{field}] in [{index}]. Text fields are not optimised for operations that require"
        " per-document field data like aggregations and sorting, so these operations are disabled by default. Please"
        f" use a keyword field instead. Alternatively, set fielddata=true on [{field}] in order to load field data by"
        " uninverting the inverted index. Note that this can use significant memory."
    )


class NotKept(Refused):
    """What Elasticsearch has and the plant has not."""


def not_kept(what: str) -> NotKept:
    """What Elasticsearch has and the plant has not: said aloud, also where a query is lenient."""
    return NotKept("illegal_argument_exception", f"{what} is not part of the demo's Elasticsearch")
