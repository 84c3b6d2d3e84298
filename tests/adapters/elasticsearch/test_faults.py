"""The adapter against servers that behave badly, or say that they are something else."""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.build import build_source
from opsdash.adapters.sources.elasticsearch.source import ElasticsearchSource
from opsdash.core.errors import (
    AccessDenied,
    AnswerTooLarge,
    AnswerUnusable,
    InsecureConnection,
    OpsdashError,
    QueryRejected,
    QueryTimedOut,
    SourceBusy,
    SourceUnavailable,
)
from opsdash.core.limits import Limits
from opsdash.core.metrics.queries import EsMetric, EsqlQuery, EsQuery, LogQuery, Span
from opsdash.core.secret import SecretRef
from opsdash.core.sources import ApiKeyAuth, BasicAuth, SourceSpec, Tls
from tests.servers import replies
from tests.servers.exchange import Reply
from tests.servers.fault_fixtures import MakeFaultServer
from tests.servers.faults import FaultServer
from tests.servers.tls import TlsFiles

SPAN = Span(start_s=1_790_000_000, end_s=1_790_000_060, step_s=10)
COUNT = EsQuery(source="logs", query="", metric=EsMetric(function="count"))
ROWS = LogQuery(source="logs", query="")
EMPTY: dict[str, Any] = {
    "took": 1,
    "timed_out": False,
    "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
    "hits": {"max_score": None, "hits": []},
    "aggregations": {"time": {"buckets": [{"key": 1_790_000_010_000, "doc_count": 3}]}},
}
GOOD = replies.es_json(EMPTY)
FIELDS = replies.es_json({"indices": ["x"], "fields": {"@timestamp": {"date": {"type": "date"}}}})

Make = Callable[..., ElasticsearchSource]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[ElasticsearchSource] = []

    def one(url: str, **changed: Any) -> ElasticsearchSource:
        spec = SourceSpec(**{"name": "logs", "kind": "elasticsearch", "url": url, "index": "logs-*", **changed})
        made.append(ElasticsearchSource(spec, SystemClock()))
        return made[-1]

    yield one
    for each in made:
        await each.aclose()


def answering(server: FaultServer, reply: Reply) -> None:
    """Field lists are always good; searches get the reply."""
    server.always(reply)
    server.on("_field_caps", FIELDS)


async def test_the_client_speaks_version_8_and_asks_once_with_compression(
    fault_server: FaultServer, make: Make
) -> None:
    answering(fault_server, GOOD)
    source = make(f"{fault_server.url}/behind/a/proxy", headers=(("X-Team", "shop"),))
    window = (await source.fetch(COUNT, SPAN)).window
    assert window.values.tolist() == [[0, 3, 0, 0, 0, 0, 0]]
    (asked,) = fault_server.asked
    assert asked.target == "/behind/a/proxy/logs-*/_search"
    assert asked.headers["accept"] == "application/vnd.elasticsearch+json; compatible-with=8"
    assert asked.headers["content-type"] == "application/vnd.elasticsearch+json; compatible-with=8"
    assert "gzip" in asked.headers["accept-encoding"]
    assert asked.headers["x-team"] == "shop"
    assert "x-elastic-client-meta" not in asked.headers
    assert asked.json()["timeout"] == "3600ms"


async def test_a_server_9_is_used_like_a_server_8(fault_server: FaultServer, make: Make) -> None:
    version = {"number": "9.2.1", "build_flavor": "default"}
    content = json.dumps({"name": "n", "version": version, "tagline": "You Know, for Search"})
    kind = "application/vnd.elasticsearch+json;compatible-with=8"
    product = {"x_elastic_product": "Elasticsearch"}
    fault_server.always(replies.body(content, content_type=kind, **product))
    fault_server.on("_search", replies.body(json.dumps(EMPTY), content_type=kind, **product))
    source = make(fault_server.url)
    assert (await source.probe()).version == "9.2.1"
    assert (await source.fetch(COUNT, SPAN)).window.values.sum() == 3


async def test_something_else_that_answers_json_is_not_taken_for_an_elasticsearch(
    fault_server: FaultServer, make: Make
) -> None:
    answering(fault_server, replies.as_json(EMPTY))
    with pytest.raises(QueryRejected, match=r"^logs is not an Elasticsearch: it does not say so"):
        await make(fault_server.url).fetch(COUNT, SPAN)


REFUSALS = [
    (replies.html(), AnswerUnusable, r"^logs answered something that is not JSON: .*Sign in"),
    (replies.truncated(json.dumps(EMPTY), kept=100), OpsdashError, r"^logs"),
    (replies.es_json([1, 2]), AnswerUnusable, r"^logs answered with JSON that is no search answer"),
    (replies.es_json({"took": 1}), AnswerUnusable, r"^logs answered without the aggregations"),
    (replies.es_error(429, "es_rejected_execution_exception", "full"), SourceBusy, r"^logs is busy: its search queue"),
    (replies.retry_after(503, "12"), SourceBusy, r"^logs is busy or starting \(503\); it wants 12 s of rest"),
    (replies.status(500, "oops"), SourceUnavailable, r"^logs failed with 500: oops"),
    (replies.status(502, "Bad Gateway"), SourceUnavailable, r"^logs failed with 502"),
    (replies.html(404), QueryRejected, r"^logs has nothing at this address \(404\)(: .*)?; is there an Elasticsearch"),
    (replies.unauthorized(), AccessDenied, r"^logs does not let us in \(401\)"),
    (replies.es_error(403, "security_exception", "no"), AccessDenied, r"^logs does not allow it \(403\).*: no$"),
    (replies.redirect("https://login.example/x?token=1"), InsecureConnection, r"^logs redirects to https://login"),
    (replies.reset(), SourceUnavailable, r"^logs"),
    (replies.not_http(), AnswerUnusable, r"^logs"),
    (replies.big_json(), AnswerTooLarge, r"^logs sent more than 12 MiB: use a longer interval"),
    (replies.compressed_bomb(), AnswerTooLarge, r"^logs sent more than 12 MiB"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), REFUSALS)
async def test_a_bad_answer_has_its_kind_and_its_words_and_is_not_asked_for_twice(
    fault_server: FaultServer, make: Make, reply: Reply, kind: type[OpsdashError], words: str
) -> None:
    answering(fault_server, reply)
    with pytest.raises(kind, match=words) as caught:
        await make(fault_server.url).fetch(COUNT, SPAN)
    assert caught.value.message.isprintable()
    assert len(fault_server.asked_for("_search")) == 1


async def test_rows_of_200_mb_that_are_no_rows_are_given_up_early(fault_server: FaultServer, make: Make) -> None:
    answering(fault_server, replies.big_json())
    with pytest.raises(AnswerUnusable, match=r"^logs answered with JSON that is broken"):
        await make(fault_server.url, limits=Limits(bytes=4_000_000)).fetch_logs(ROWS, SPAN.start_s, SPAN.end_s)


async def test_a_server_that_hangs_is_given_up_at_the_deadline_and_used_again(
    fault_server: FaultServer, make: Make
) -> None:
    fault_server.then(replies.hang(), GOOD)
    source = make(fault_server.url, timeout_s=0.3)
    with pytest.raises(QueryTimedOut, match=r"^logs did not answer in 0\.3 s$"):
        await source.fetch(COUNT, SPAN)
    assert (await source.fetch(COUNT, SPAN)).window.values.sum() == 3


async def test_a_query_can_be_cancelled_while_it_waits(fault_server: FaultServer, make: Make) -> None:
    fault_server.then(replies.hang(), GOOD)
    source = make(fault_server.url)
    waiting = asyncio.ensure_future(source.fetch(COUNT, SPAN))
    while not fault_server.asked:  # noqa: ASYNC110 - the server is in another thread
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await source.fetch(COUNT, SPAN)).window.values.sum() == 3


async def test_nobody_there_is_unavailable(refused_url: str, make: Make) -> None:
    with pytest.raises(SourceUnavailable, match=r"^logs at 127\.0\.0\.1:\d+ refused the connection$"):
        await make(refused_url).fetch(COUNT, SPAN)


async def test_a_search_that_stopped_early_is_drawn_as_partial(fault_server: FaultServer, make: Make) -> None:
    answering(fault_server, replies.es_json(EMPTY | {"timed_out": True, "took": 3600}))
    answer = await make(fault_server.url).fetch(COUNT, SPAN)
    assert answer.partial_from_s == SPAN.start_s
    assert answer.warnings[0].startswith("partial: the search was stopped after 3.6 s")


async def test_deprecations_are_said_on_the_panel_and_never_printed(fault_server: FaultServer, make: Make) -> None:
    header = '299 Elasticsearch-9 "the [x] field is \\"old\\"", 299 Elasticsearch-9 "two"'
    answering(fault_server, replies.as_json(EMPTY, warning=header, x_elastic_product="Elasticsearch"))
    with warnings.catch_warnings(record=True) as printed:
        warnings.simplefilter("always")
        answer = await make(fault_server.url).fetch(COUNT, SPAN)
    assert [str(each.message) for each in printed if "Elasticsearch" in type(each.message).__name__] == []
    assert answer.warnings == ('the [x] field is "old"', "two")


async def test_an_index_without_sequence_numbers_still_turns_its_pages(fault_server: FaultServer, make: Make) -> None:
    def hits(*names: str) -> Reply:
        found = [{"_index": "i", "_id": name, "_source": {}, "sort": [1_790_000_000_000]} for name in names]
        return replies.es_json(EMPTY | {"hits": {"hits": found}})

    fault_server.on("_field_caps", FIELDS)
    fault_server.on('"sort":[{"@timestamp":{"order":"desc","unmapped_type":"date"}}]', hits("a", "b"))
    refused = replies.es_error(400, "query_shard_exception", "No mapping found for [_seq_no] in order to sort on")
    fault_server.on("_seq_no", refused)
    source = make(fault_server.url)
    first = await source.fetch_logs(LogQuery(source="logs", query="", limit=2), SPAN.start_s, SPAN.end_s)
    assert [row.id for row in first.rows] == ["i/a", "i/b"]
    fault_server.on('"search_after":[1790000000001]', hits("a", "b", "c"))
    second = await source.fetch_logs(
        LogQuery(source="logs", query="", limit=2), SPAN.start_s, SPAN.end_s, after=first.rows[-1].sort
    )
    assert [row.id for row in second.rows] == ["i/c"]
    assert len(fault_server.asked_for("_seq_no")) == 1


async def test_a_server_without_esql_says_so(fault_server: FaultServer, make: Make) -> None:
    refusal = {"error": "Incorrect HTTP method for uri [/_query] and method [POST], allowed: [GET]", "status": 405}
    fault_server.always(replies.es_json(refusal, status=405))
    with pytest.raises(QueryRejected, match=r"^logs has no ES\|QL"):
        await make(fault_server.url).fetch(EsqlQuery(source="logs", esql="FROM x"), SPAN)


async def test_without_the_right_to_ask_for_the_version_a_search_proves_access(
    fault_server: FaultServer, make: Make
) -> None:
    fault_server.always(replies.es_error(403, "security_exception", "cluster:monitor/main is unauthorized"))
    fault_server.on("_search", GOOD)
    probe = await make(fault_server.url).probe()
    assert (probe.product, probe.version) == ("Elasticsearch", "")


async def test_the_clock_of_a_server_that_tells_it_is_compared(fault_server: FaultServer, make: Make) -> None:
    content = {"version": {"number": "8.19.21"}}
    now_s = SystemClock().now_s()
    good = replies.with_clock_off(3600, now_s, content)

    async def named(asked: Any, writer: Any) -> bool:
        """`with_clock_off` knows nothing of Elasticsearch's own header."""
        writer.write = _with_product(writer.write)
        return await good(asked, writer)

    fault_server.always(named)
    probe = await make(fault_server.url).probe()
    assert probe.skew_s == pytest.approx(3600, abs=5)


def _with_product(write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def changed(data: bytes) -> None:
        write(data.replace(b"\r\n", b"\r\nX-Elastic-Product: Elasticsearch\r\n", 1))

    return changed


async def test_fields_that_may_not_be_listed_are_no_error(fault_server: FaultServer, make: Make) -> None:
    fault_server.always(GOOD)
    fault_server.on("_field_caps", replies.es_error(403, "security_exception", "unauthorized"))
    source = make(fault_server.url)
    asked = EsQuery(source="logs", query="", metric=EsMetric(function="count"), filters=(("service", "orders"),))
    assert (await source.fetch(asked, SPAN)).window.values.sum() == 3
    assert (await source.fetch(asked, SPAN)).window.values.sum() == 3
    assert (await source.fetch_logs(ROWS, SPAN.start_s, SPAN.end_s)).rows == ()
    assert {"term": {"service": {"value": "orders"}}} in fault_server.asked_for("_search")[0].json()["query"]["bool"][
        "filter"
    ]


async def test_a_field_list_that_does_not_come_holds_the_rows_up_once(fault_server: FaultServer, make: Make) -> None:
    fault_server.always(GOOD)
    fault_server.on("_field_caps", replies.hang())
    source = make(fault_server.url, timeout_s=0.3)
    for _ in range(2):
        assert (await source.fetch_logs(ROWS, SPAN.start_s, SPAN.end_s)).rows == ()
    asked = fault_server.asked_for("_field_caps")
    assert sorted(each.params.get("fields", []) or each.json()["fields"] for each in asked) == [
        ["*"],
        ["@timestamp", "@timestamp.*"],
    ]


async def test_a_key_that_is_refused_is_asked_for_again_and_the_new_one_is_used(
    fault_server: FaultServer, make: Make, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("one\n")
    answering(fault_server, GOOD)
    source = make(fault_server.url, auth=ApiKeyAuth(key=SecretRef("command", f"cat {key}")))
    await source.fetch(COUNT, SPAN)
    fault_server.then(replies.es_error(401, "security_exception", "expired"), GOOD)
    key.write_text("two, longer\n")
    await source.fetch(COUNT, SPAN)
    sent = [asked.headers["authorization"] for asked in fault_server.asked_for("_search")]
    assert sent == ["ApiKey one", "ApiKey one", "ApiKey two, longer"]


async def test_a_password_is_in_no_message(
    fault_server: FaultServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ES_PASSWORD", "hunter2")
    answering(fault_server, replies.es_error(401, "security_exception", "unable to authenticate user [ops]"))
    source = make(fault_server.url, auth=BasicAuth(username="ops", password=SecretRef("env", "ES_PASSWORD")))
    with pytest.raises(AccessDenied) as caught:
        await source.fetch(COUNT, SPAN)
    assert "hunter2" not in caught.value.message
    assert fault_server.asked[0].headers["authorization"].startswith("Basic ")


async def test_a_certificate_that_is_not_trusted_is_refused_and_a_private_authority_can_be_named(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles, make: Make
) -> None:
    server = make_fault_server(tls="good")
    answering(server, GOOD)
    with pytest.raises(InsecureConnection, match=r"^logs at .* is not trusted: "):
        await make(server.url).fetch(COUNT, SPAN)
    trusted = make(server.url, tls=Tls(ca=str(tls_files.ca)))
    assert (await trusted.fetch(COUNT, SPAN)).window.values.sum() == 3


async def test_the_client_is_imported_when_the_first_question_is_asked() -> None:
    code = (
        "import sys; from opsdash.adapters.sources.build import build_source;"
        " from opsdash.core.sources import SourceSpec;"
        " build_source(SourceSpec(name='x', kind='elasticsearch', url='http://127.0.0.1:1'));"
        " heavy = {'elasticsearch', 'elastic_transport', 'httpx'}; print(sorted(heavy & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"


async def test_a_source_is_built_from_its_entry_in_the_configuration(fault_server: FaultServer) -> None:
    answering(fault_server, GOOD)
    source = build_source(SourceSpec(name="logs", kind="elasticsearch", url=fault_server.url))
    assert isinstance(source, ElasticsearchSource)
    assert (await source.fetch(COUNT, SPAN)).window.values.sum() == 3
    await source.aclose()
