"""What Elasticsearch says when it refuses, in words: pure. Its own reason is kept, its Java names are not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opsdash.adapters.http.status import refusal, retry_after_s
from opsdash.core.errors import OpsdashError, QueryRejected, QueryTimedOut, Retryable, SourceBusy
from opsdash.core.text import clean

LONGEST_REASON = 240
"""Characters of the server's own words that are shown."""

_FIELDDATA = re.compile(r"Fielddata is disabled on \[(?P<field>[^\]]+)\]")
_UNSUPPORTED = re.compile(
    r"Field \[(?P<field>[^\]]+)\] of type \[(?P<kind>[^\]]+)\] is not supported for aggregation \[(?P<agg>\w+)\]"
)
_NO_FORMAT = re.compile(r"Field \[(?P<field>[^\]]+)\] of type \[(?P<kind>[^\]]+)\] does not support custom formats")
_NO_HISTOGRAM = re.compile(
    r"Field \[(?P<field>[^\]]+)\] of type \[(?P<kind>[^\]]+)\] is not supported for aggregation \[date_histogram\]"
)
_REASONS = (
    (_NO_HISTOGRAM, "time_field: {field} is of type {kind}; it has to be a date"),
    (_UNSUPPORTED, "{field} is of type {kind}: {agg} does not work on it"),
    (_FIELDDATA, "{field} is a text field, which cannot be grouped or measured"),
    (_NO_FORMAT, "time_field: {field} is of type {kind}; it has to be a date"),
)
_WORDS = {
    "index_not_found_exception": "no index {index}",
    "index_closed_exception": "index {index} is closed: open it, or use a pattern, which leaves it out",
    "too_many_buckets_exception": "too many buckets{most}: use a longer interval, a shorter range or fewer groups",
    "no_shard_available_action_exception": "no copy of a shard is available: the index is red",
    "circuit_breaking_exception": "the server is short of memory for this query",
    "media_type_header_exception": "the server does not take this client (compatible-with=8); servers 8 and 9 do",
}
_LIMIT = re.compile(r"less than or equal to: \[(?P<most>\d+)\]")
_LUCENE_CHOICES = re.compile(r"\s*Was expecting( one of)?:.*", re.DOTALL)
_PARSE = re.compile(r"^(?:Cannot parse '.*?': )?(?P<said>(?:Encountered|Lexical error|too many|'\*' or).*)", re.DOTALL)
_ESQL_COUNT = re.compile(r"^Found \d+ problems?\s*")
_EXCEPTION = re.compile(r"\b(?:[a-z_]+\.)+[A-Z]\w*Exception:?\s*|\b\w+(?:Exception|Error):\s+")


class IndexMissing(QueryRejected):
    """The index that was asked for does not exist."""

    def __init__(self, message: str, index: str) -> None:
        super().__init__(message)
        self.index = index


class TextFieldUsed(QueryRejected):
    """A text field was to be grouped, sorted or measured."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One link of the chain of causes in an error answer."""

    type: str
    reason: str
    index: str = ""


def causes(error: Any) -> Iterator[Cause]:
    """Every cause of an error object, the outermost first; bounded, whatever was sent."""
    waiting, seen = [error], 0
    while waiting and seen < 40:
        node = waiting.pop(0)
        seen += 1
        if not isinstance(node, Mapping):
            continue
        if isinstance(node.get("type"), str):
            yield Cause(type=node["type"], reason=str(node.get("reason") or ""), index=str(node.get("index") or ""))
        for name in ("failed_shards", "root_cause"):
            inner = node.get(name)
            if isinstance(inner, list):
                waiting += [each.get("reason", each) if isinstance(each, Mapping) else each for each in inner[:3]]
        waiting.append(node.get("caused_by"))


def failure(  # noqa: PLR0913 - everything that was answered counts
    source: str,
    status: int,
    headers: Mapping[str, str],
    body: Any,
    said: str,
    *,
    now_s: float,
    asked_esql: bool = False,
) -> OpsdashError:
    """The error for an answer that is no success; `body` is its JSON (or None), `said` the start of any other text."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return _without_cause(source, status, headers, error, now_s=now_s, asked_esql=asked_esql)
    chain = list(causes(error))
    if not chain:
        return refusal(source, status, headers, said, now_s=now_s, hint="is there an Elasticsearch at this url?")
    known = _by_type(source, status, headers, chain, now_s)
    if known is not None:
        return known
    if status >= 500:
        return Retryable(f"{source} failed inside ({status}): {telling(chain)}")
    return _refused(source, status, headers, chain, now_s)


def _refused(source: str, status: int, headers: Mapping[str, str], chain: list[Cause], now_s: float) -> OpsdashError:
    reason = telling(chain)
    index, field = missing_index(chain), text_field(chain)
    if index is not None:
        return IndexMissing(f"{source}: {reason}", index)
    if field is not None:
        return TextFieldUsed(f"{source}: {reason}", field)
    if status in (400, 404, 405, 406, 410, 422):
        return QueryRejected(f"{source}: {reason}")
    return refusal(source, status, headers, reason, now_s=now_s)


def telling(chain: list[Cause]) -> str:
    """The one cause that tells a person most, in plain words."""
    for cause in chain:
        words = _known_words(cause)
        if words:
            return words
    deepest = [cause for cause in chain if cause.reason.strip()]
    for cause in reversed(deepest):
        match = _PARSE.match(cause.reason)
        if match:
            return f"the query cannot be read: {tidy(match['said'])}"
    for cause in deepest:
        if cause.type not in ("search_phase_execution_exception", "exception", "runtime_exception"):
            return tidy(cause.reason)
    return tidy(deepest[0].reason) if deepest else tidy(chain[0].type.replace("_", " "))


def tidy(reason: str) -> str:
    """One clean line without Java class names and without Lucene's list of all that it would have liked better."""
    bare = _ESQL_COUNT.sub("", _EXCEPTION.sub("", _LUCENE_CHOICES.sub("", reason[:4000])))
    line = clean(" ".join(bare.split()), longest=4000)
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def text_field(chain: list[Cause]) -> str | None:
    """The text field that was grouped, sorted or measured, if that is what went wrong."""
    for cause in chain:
        match = _FIELDDATA.search(cause.reason)
        if match:
            return match["field"]
    return None


def missing_index(chain: list[Cause]) -> str | None:
    """The index that does not exist, if that is what went wrong."""
    for cause in chain:
        if cause.type == "index_not_found_exception":
            named = re.search(r"no such index \[([^\]]*)\]", cause.reason)
            return named[1] if named else cause.index
    return None


def _known_words(cause: Cause) -> str | None:
    words = _WORDS.get(cause.type)
    if words is not None:
        most = _LIMIT.search(cause.reason)
        index = missing_index([cause]) or cause.index
        return words.format(
            index=clean(index.replace("{", "").replace("}", ""), longest=120),
            most=f" ({int(most['most']):,} are allowed)" if most else "",
        )
    for pattern, told in _REASONS:
        found = pattern.search(cause.reason)
        if found is not None:
            parts = {name: clean(part or "", longest=120) for name, part in found.groupdict().items()}
            return told.format(**parts)
    return None


def _by_type(
    source: str, status: int, headers: Mapping[str, str], chain: list[Cause], now_s: float
) -> OpsdashError | None:
    """The kinds that the status alone does not tell apart."""
    types = {cause.type for cause in chain}
    if types & {"security_exception"} or status in (401, 403):
        return refusal(source, status, headers, telling(chain), now_s=now_s)
    if types & {"task_cancelled_exception", "timeout_exception", "receive_timeout_transport_exception"}:
        return QueryTimedOut(f"{source} gave up on the query: {telling(chain)}")
    return _busy(source, status, types, chain, retry_after_s(headers, now_s))


def _busy(source: str, status: int, types: set[str], chain: list[Cause], wait: float | None) -> OpsdashError | None:
    """What heals: a full queue, a lack of memory, a cluster that starts, an index whose shards are away."""
    if "circuit_breaking_exception" in types:
        return SourceBusy(f"{source} is short of memory and refuses queries for now ({status})", retry_after_s=wait)
    if "es_rejected_execution_exception" in types or status == 429:
        return SourceBusy(f"{source} is busy: its search queue is full ({status})", retry_after_s=wait)
    if "cluster_block_exception" in types and status == 503:
        return SourceBusy(f"{source} has no master or is starting (503): {telling(chain)}", retry_after_s=wait)
    if status != 503:
        return None
    words = telling(chain)
    if words == "all shards failed":
        words = _WORDS["no_shard_available_action_exception"]
    return Retryable(f"{source}: {words} (503)", retry_after_s=wait)


def _without_cause(  # noqa: PLR0913 - as `failure`
    source: str, status: int, headers: Mapping[str, str], error: str, *, now_s: float, asked_esql: bool
) -> OpsdashError:
    """An old form of error, which also a server gives that does not know the API that was asked."""
    unknown = status == 405 or "no handler found" in error or "Incorrect HTTP method" in error
    if asked_esql and (unknown or status == 404):
        return QueryRejected(f"{source} has no ES|QL: the server does not know /_query; use query and metric instead")
    if status in (400, 404, 405) and not unknown:
        return QueryRejected(f"{source}: {tidy(error)}")
    hint = "is there an Elasticsearch at this url?"
    return refusal(source, status, headers, tidy(error), now_s=now_s, hint=hint)
