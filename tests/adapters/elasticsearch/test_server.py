"""The adapter against a real Elasticsearch: its values against plain questions to the server, and against Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.elasticsearch.source import ElasticsearchSource
from opsdash.core.errors import QueryRejected, QueryTimedOut, Retryable, SourceBusy, SourceUnavailable
from opsdash.core.limits import Limits
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.labels import label
from opsdash.core.metrics.queries import EsFunction, EsMetric, EsqlQuery, EsQuery, LogQuery, PromQuery, Span
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import FieldValues, FixedValues, FreeText, LabelValues
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import MakeElasticsearch
from tests.servers.shop_logs import HOSTILE_LINES

pytestmark = pytest.mark.integration

INDEX = "es-adapter"
START_S = 1_790_000_000.0
STEP_S = 30.0
BUCKETS = 40
SPAN = Span(start_s=START_S, end_s=START_S + (BUCKETS - 1) * STEP_S, step_s=STEP_S)
GAP = (10, 13)
"""Buckets without a document."""
KEYWORD = {"type": "keyword"}
MAPPINGS = {
    "properties": {
        "@timestamp": {"type": "date"},
        "service": KEYWORD,
        "zone": KEYWORD,
        "status": {"type": "integer"},
        "latency_ms": {"type": "double"},
        "message": {"type": "text", "fields": {"keyword": KEYWORD}},
        "note": {"type": "text"},
        "ok": {"type": "boolean"},
    }
}


class FixedClock(SystemClock):
    """A wall clock that stands where the test puts it."""

    def __init__(self, now_s: float) -> None:
        self.at_s = now_s

    def now_s(self) -> float:
        return self.at_s


def iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def documents() -> list[dict[str, Any]]:
    """2,000 documents over the span, none in the gap; services by weight, one field missing now and then."""
    chance = random.Random(11)
    made = []
    while len(made) < 2_000:
        offset_s = chance.randrange(0, int(BUCKETS * STEP_S * 1000)) / 1000
        if GAP[0] <= offset_s // STEP_S < GAP[1]:
            continue
        at_s = round(START_S + offset_s, 3)
        service = chance.choices(["gateway", "orders", "users", "search"], weights=[8, 3, 2, 1])[0]
        document = {
            "@timestamp": iso(at_s),
            "at_s": at_s,
            "service": service,
            "zone": chance.choice(["a", "b"]),
            "status": chance.choices([200, 404, 500], weights=[90, 6, 4])[0],
            "message": f"Request {len(made)} Done",
            "note": "some words",
            "ok": chance.random() < 0.9,
        }
        if chance.random() < 0.97:
            document["latency_ms"] = round(chance.lognormvariate(3.5, 0.8), 2)
        made.append(document)
    return made


DOCUMENTS = documents()


@pytest.fixture(scope="module")
def server(elasticsearch_server: ElasticsearchServer) -> Iterator[ElasticsearchServer]:
    elasticsearch_server.create_index(INDEX, MAPPINGS)
    elasticsearch_server.add(INDEX, ({k: v for k, v in each.items() if k != "at_s"} for each in DOCUMENTS))
    yield elasticsearch_server
    elasticsearch_server.delete_index(f"{INDEX}*")


def spec(server: ElasticsearchServer, **changed: Any) -> SourceSpec:
    return SourceSpec(**{"name": "logs", "kind": "elasticsearch", "url": server.url, "index": INDEX, **changed})


@pytest.fixture
async def source(server: ElasticsearchServer) -> AsyncIterator[ElasticsearchSource]:
    made = ElasticsearchSource(spec(server), SystemClock())
    yield made
    await made.aclose()


def query(function: EsFunction = "count", field: str = "", **more: Any) -> EsQuery:
    percents, per_s = more.pop("percents", ()), more.pop("per_s", 1.0)
    metric = EsMetric(function=function, field=field, percents=percents, per_s=per_s)
    return EsQuery(**{"source": "logs", "query": "", "metric": metric, **more})


def buckets(wanted: str | None = None) -> dict[int, list[dict[str, Any]]]:
    found = defaultdict(list)
    for each in DOCUMENTS:
        if wanted is None or each["service"] == wanted:
            found[int((each["at_s"] - START_S) // STEP_S)].append(each)
    return found


def expected(function: str, documents: list[dict[str, Any]]) -> float | None:
    values = [each["latency_ms"] for each in documents if "latency_ms" in each]
    match function:
        case "count":
            return float(len(values))
        case "sum":
            return float(sum(values))
        case "cardinality":
            return float(len(set(values)))
        case "avg":
            return sum(values) / len(values) if values else None
        case "min":
            return min(values, default=None)
        case _:
            return max(values, default=None)


@pytest.mark.parametrize("function", ["count", "sum", "avg", "min", "max", "cardinality"])
async def test_a_metric_is_what_python_computes_from_the_documents(
    source: ElasticsearchSource, function: EsFunction
) -> None:
    window = (await source.fetch(query(function, "latency_ms"), SPAN)).window
    assert window.labels == ((),)
    assert window.times.tolist() == [START_S + place * STEP_S for place in range(BUCKETS)]
    grouped = buckets()
    for place in range(BUCKETS):
        value = expected(function, grouped[place])
        assert bool(window.present[0, place]) is (value is not None)
        if value is not None:
            tolerance = 0.05 if function == "cardinality" else 1e-9
            assert window.values[0, place] == pytest.approx(value, rel=tolerance)


async def test_a_bucket_without_documents_is_zero_for_a_count_and_a_gap_for_an_average(
    source: ElasticsearchSource,
) -> None:
    counted = (await source.fetch(query(), SPAN)).window
    averaged = (await source.fetch(query("avg", "latency_ms"), SPAN)).window
    rated = (await source.fetch(query("rate", per_s=60.0), SPAN)).window
    for place in range(*GAP):
        assert counted.present[0, place]
        assert counted.values[0, place] == 0
        assert rated.values[0, place] == 0
        assert not averaged.present[0, place]
    assert counted.values.sum() == len(DOCUMENTS)
    assert rated.values == pytest.approx(counted.values * 2)


async def test_the_rate_of_a_field_is_its_sum_over_the_width_of_the_bucket(source: ElasticsearchSource) -> None:
    rated = (await source.fetch(query("rate", "latency_ms", per_s=1.0), SPAN)).window
    summed = (await source.fetch(query("sum", "latency_ms"), SPAN)).window
    assert rated.values == pytest.approx(summed.values / STEP_S)


async def test_each_percentile_is_a_series_near_what_numpy_says_and_equal_to_what_the_server_says(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    window = (await source.fetch(query("percentiles", "latency_ms", percents=(99.9, 50, 95)), SPAN)).window
    assert [label(labels, "percentile") for labels in window.labels] == ["99.9", "50", "95"]
    plain = server.search(
        INDEX,
        {
            "size": 0,
            "aggs": {
                "t": {
                    "date_histogram": {"field": "@timestamp", "fixed_interval": "30s", "offset": "20s"},
                    "aggs": {"p": {"percentiles": {"field": "latency_ms", "percents": [50, 95, 99.9]}}},
                }
            },
        },
    )
    said = {each["key"] / 1000: each["p"]["values"] for each in plain["aggregations"]["t"]["buckets"]}
    for row, percent in enumerate(("99.9", "50.0", "95.0")):
        for column, at_s in enumerate(window.times):
            value = said.get(float(at_s), {}).get(percent)
            assert bool(window.present[row, column]) is (value is not None)
            if value is not None:
                assert window.values[row, column] == pytest.approx(value)
    for place, found in buckets().items():
        values = [each["latency_ms"] for each in found if "latency_ms" in each]
        assert window.values[1, place] == pytest.approx(np.percentile(values, 50), rel=0.1)


async def test_groups_come_largest_first_and_what_is_left_out_is_said(source: ElasticsearchSource) -> None:
    sizes = Counter(each["service"] for each in DOCUMENTS)
    answer = await source.fetch(query(group_by=("service",), groups=2), SPAN)
    largest = [name for name, _ in sizes.most_common(2)]
    assert [label(labels, "service") for labels in answer.window.labels] == largest
    left_out = len(DOCUMENTS) - sum(sizes[name] for name in largest)
    assert answer.cut == (f"the 2 largest groups by service; {left_out:,} documents are in others",)
    for row, name in enumerate(largest):
        grouped = buckets(name)
        assert answer.window.values[row].tolist() == [len(grouped[place]) for place in range(BUCKETS)]
    everything = await source.fetch(query(group_by=("service",)), SPAN)
    assert everything.cut == ()


async def test_groups_of_several_shards_say_how_uncertain_they_are(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    index = f"{INDEX}-shards"
    server.api("PUT", f"/{index}", {"settings": {"number_of_shards": 3, "number_of_replicas": 0}, "mappings": MAPPINGS})
    chance = random.Random(5)
    names = [f"s{int(chance.paretovariate(0.5)) % 400}" for _ in range(3_000)]
    server.add(index, [{"@timestamp": iso(START_S), "service": name} for name in names])
    answer = await source.fetch(query(group_by=("service",), groups=2, index=index), SPAN)
    sizes = Counter(names)
    shown = {
        label(labels, "service"): answer.window.values[row].sum() for row, labels in enumerate(answer.window.labels)
    }
    assert shown == dict(sizes.most_common(2))
    assert any("a group may lack up to" in each for each in answer.cut)


async def test_several_fields_make_a_series_of_each_combination(source: ElasticsearchSource) -> None:
    window = (await source.fetch(query(group_by=("zone", "status", "ok")), SPAN)).window
    sizes = Counter((each["zone"], str(each["status"]), str(each["ok"]).lower()) for each in DOCUMENTS)
    found = {
        (label(labels, "zone"), label(labels, "status"), label(labels, "ok")): window.values[row].sum()
        for row, labels in enumerate(window.labels)
    }
    assert found == sizes


async def test_the_tail_of_a_range_shows_the_groups_of_the_range_and_lets_newcomers_in(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    index = f"{INDEX}-tail"
    server.create_index(index, MAPPINGS)
    asked = query(group_by=("service",), groups=2, index=index)
    old = [{"@timestamp": iso(START_S + place), "service": name} for place in range(100) for name in ("big", "small")]
    late = START_S + 39 * STEP_S
    new = [{"@timestamp": iso(late), "service": "loud"} for _ in range(50)]
    new += [{"@timestamp": iso(late), "service": "quiet"}, {"@timestamp": iso(late), "service": "small"}]
    server.add(index, [*old, *new[-1:]])
    whole = await source.fetch(asked, SPAN)
    assert {label(labels, "service") for labels in whole.window.labels} == {"big", "small"}
    server.add(index, new[:-1])
    tail = Span(start_s=START_S + 38 * STEP_S, end_s=late, step_s=STEP_S)
    window = (await source.fetch(asked, tail)).window
    found = {label(labels, "service"): window.values[row].tolist() for row, labels in enumerate(window.labels)}
    assert found == {"big": [0, 0], "small": [0, 1], "loud": [0, 50]}
    again = (await source.fetch(asked, tail)).window
    assert {label(labels, "service") for labels in again.labels} == {"big", "small", "loud"}


async def test_an_instant_query_is_one_bucket_over_the_whole_range(source: ElasticsearchSource) -> None:
    span = Span(start_s=START_S, end_s=START_S + BUCKETS * STEP_S, step_s=BUCKETS * STEP_S)
    window = (await source.fetch(query(instant=True), span)).window
    assert window.times.tolist() == [span.end_s]
    assert window.values.tolist() == [[len(DOCUMENTS)]]
    rated = (await source.fetch(query("rate", instant=True, per_s=1.0), span)).window
    assert rated.values[0, 0] == pytest.approx(len(DOCUMENTS) / (BUCKETS * STEP_S))
    quantiles = await source.fetch(query("percentiles", "latency_ms", percents=(50,), instant=True), span)
    values = [each["latency_ms"] for each in DOCUMENTS if "latency_ms" in each]
    assert quantiles.window.values[0, 0] == pytest.approx(np.percentile(values, 50), rel=0.02)
    one = await source.fetch_instant(query(interval_s=STEP_S), START_S + STEP_S)
    assert one.window.times.tolist() == [START_S + STEP_S]
    assert one.window.values[0, 0] == len(buckets()[0])


async def test_query_string_filters_and_text_fields_with_a_keyword_below(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    text = "status:>=400 AND service:(orders OR users) AND message:req*"
    window = (await source.fetch(query(query=text), SPAN)).window
    wanted = [each for each in DOCUMENTS if each["status"] >= 400 and each["service"] in ("orders", "users")]
    assert window.values.sum() == len(wanted)
    exact = await source.fetch(
        query(filters=(("message", "Request 7 Done"), ("service", DOCUMENTS[7]["service"]))), SPAN
    )
    assert exact.window.values.sum() == 1


async def test_indices_may_be_listed_matched_and_left_out(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    for name in ("one", "two", "three"):
        server.create_index(f"{INDEX}-many-{name}", MAPPINGS)
        server.add(f"{INDEX}-many-{name}", [{"@timestamp": iso(START_S)}])
    many = f"{INDEX}-many-"
    for index, documents in ((f"{many}*", 3), (f"{many}*,-{many}two", 2), (f"{many}one,{many}two", 2)):
        assert (await source.fetch(query(index=index), SPAN)).window.values.sum() == documents
    with pytest.raises(QueryRejected, match=rf"no index {many}four"):
        await source.fetch(query(index=f"{many}one,{many}four"), SPAN)


async def test_the_bucket_that_contains_now_is_partial_and_the_others_are_not(server: ElasticsearchServer) -> None:
    for now_s, partial in (
        (SPAN.end_s + 12.5, SPAN.end_s),
        (SPAN.end_s + STEP_S, None),
        (START_S + 1, START_S),
    ):
        source = ElasticsearchSource(spec(server), FixedClock(now_s))
        assert (await source.fetch(query(), SPAN)).partial_from_s == partial
        await source.aclose()


async def test_a_span_that_does_not_begin_on_a_multiple_of_its_step_keeps_its_own_grid(
    source: ElasticsearchSource,
) -> None:
    span = Span(start_s=START_S + 7, end_s=START_S + 607.9, step_s=20)
    window = (await source.fetch(query(), span)).window
    assert window.times.tolist() == [START_S + 7 + 20 * place for place in range(31)]
    inside = [each for each in DOCUMENTS if START_S + 7 <= each["at_s"] < START_S + 7 + 31 * 20]
    assert window.values.sum() == len(inside)


async def test_late_documents_are_in_the_answer_once_they_are_there(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    index = f"{INDEX}-late"
    server.create_index(index, MAPPINGS)
    asked = query(index=index)
    assert (await source.fetch(asked, SPAN)).window.values.sum() == 0
    server.add(index, [{"@timestamp": iso(START_S + 65)}])
    window = (await source.fetch(asked, SPAN)).window
    assert window.values[0, :4].tolist() == [0, 0, 1, 0]


# -- rows --------------------------------------------------------------------------------------------------------------


async def pages(source: ElasticsearchSource, asked: LogQuery, start_s: float, end_s: float) -> list[Answer]:
    found = [await source.fetch_logs(asked, start_s, end_s)]
    while found[-1].rows:
        found.append(await source.fetch_logs(asked, start_s, end_s, after=found[-1].rows[-1].sort))
    return found


async def test_pages_of_rows_are_every_document_once_and_newest_first(source: ElasticsearchSource) -> None:
    end_s = START_S + BUCKETS * STEP_S
    rows = [
        row
        for page in await pages(source, LogQuery(source="logs", query="", limit=300), START_S, end_s)
        for row in page.rows
    ]
    assert len(rows) == len({row.id for row in rows}) == len(DOCUMENTS)
    assert [row.at_s for row in rows] == sorted((each["at_s"] for each in DOCUMENTS), reverse=True)
    newest = max(DOCUMENTS, key=lambda each: each["at_s"])
    assert rows[0].message == newest["message"]
    assert rows[0].fields["service"] == newest["service"]


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_rows_of_one_instant_in_several_shards_are_neither_lost_nor_repeated(
    source: ElasticsearchSource, server: ElasticsearchServer, limit: int
) -> None:
    for name in "xyz":
        index = f"{INDEX}-ties-{limit}-{name}"
        server.create_index(index, MAPPINGS)
        server.add(index, [{"@timestamp": iso(START_S), "message": f"{name}{place}"} for place in range(9)])
    asked = LogQuery(source="logs", query="", limit=limit, index=f"{INDEX}-ties-{limit}-*")
    rows = [row for page in await pages(source, asked, START_S, START_S + 1) for row in page.rows]
    assert sorted(row.message for row in rows) == sorted(f"{name}{place}" for name in "xyz" for place in range(9))


async def test_milliseconds_nanoseconds_and_epoch_numbers_sort_together(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    pattern = f"{INDEX}-dates"
    server.create_index(f"{pattern}-ms", {"properties": {"@timestamp": {"type": "date"}}})
    server.create_index(f"{pattern}-ns", {"properties": {"@timestamp": {"type": "date_nanos"}}})
    server.add(f"{pattern}-ms", [{"@timestamp": START_S * 1000 + 2, "message": "2 ms"}, {"message": "no time"}])
    server.add(f"{pattern}-ms", [{"@timestamp": "1950-01-01T00:00:00Z", "message": "before the epoch"}])
    at = iso(START_S)[:-4]
    server.add(f"{pattern}-ns", [{"@timestamp": f"{at}001000500Z", "message": "1.0005 ms"}])
    server.add(f"{pattern}-ns", [{"@timestamp": f"{at}003Z", "message": "3 ms"}])
    asked = LogQuery(source="logs", query="", index=f"{pattern}*", limit=1)
    rows = [row for page in await pages(source, asked, START_S, START_S + 1) for row in page.rows]
    assert [row.message for row in rows] == ["3 ms", "2 ms", "1.0005 ms"]
    assert [row.at_s for row in rows] == pytest.approx(
        [START_S + 0.003, START_S + 0.002, START_S + 0.0010005], abs=1e-6
    )
    nanos = LogQuery(source="logs", query="", index=f"{pattern}-ns", limit=1)
    assert len([row for page in await pages(source, nanos, START_S, START_S + 1) for row in page.rows]) == 2


async def test_hostile_lines_arrive_as_they_are_and_a_huge_one_is_cut(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    index = f"{INDEX}-hostile"
    server.create_index(index, {"properties": {"@timestamp": {"type": "date"}}, "dynamic": False})
    lines = [*HOSTILE_LINES[:-1], "x" * 10_000_000]
    rows = [{"@timestamp": iso(START_S + place / 1000), "message": line} for place, line in enumerate(lines)]
    rows[3]["deep"] = {"a": [{"b": {"c": line}} for line in HOSTILE_LINES]}
    rows[4] |= {f"field{place}": place for place in range(500)}
    server.add(index, rows)
    answer = await source.fetch_logs(LogQuery(source="logs", query="", index=index), START_S, START_S + 10)
    found = list(reversed(answer.rows))
    assert [row.message for row in found[:-1]] == lines[:-1]
    assert len(found[-1].message) == 16_384
    assert len(str(found[3].fields["deep.a.b.c"])) <= 4_096
    assert len(found[4].fields) <= 200


async def test_rows_over_the_size_limit_are_cut_and_it_is_said(server: ElasticsearchServer) -> None:
    index = f"{INDEX}-large"
    server.create_index(index, {"properties": {"@timestamp": {"type": "date"}}, "dynamic": False})
    rows = [{"@timestamp": iso(START_S + place / 1000), "message": "y" * 400_000} for place in range(10)]
    server.add(index, rows)
    source = ElasticsearchSource(spec(server, limits=Limits(bytes=2 * 1024 * 1024)), SystemClock())
    answer = await source.fetch_logs(LogQuery(source="logs", query="", index=index), START_S, START_S + 10)
    assert 3 <= len(answer.rows) <= 5
    assert answer.cut == (f"cut at 2 MiB: {len(answer.rows)} rows read",)
    await source.aclose()


# -- ES|QL -------------------------------------------------------------------------------------------------------------


async def test_esql_with_a_date_column_is_a_window_as_well_as_a_table(source: ElasticsearchSource) -> None:
    esql = f"FROM {INDEX} | STATS n = COUNT(*) BY bucket = BUCKET(@timestamp, 30 seconds), service | LIMIT 1000"
    span = Span(start_s=START_S - 20, end_s=START_S + BUCKETS * STEP_S, step_s=STEP_S)
    answer = await source.fetch(EsqlQuery(source="logs", esql=esql), span)
    assert answer.table is not None
    assert answer.table.columns == ("n", "bucket", "service")
    assert answer.warnings == ()
    found = {
        label(labels, "service"): np.nansum(answer.window.values[row])
        for row, labels in enumerate(answer.window.labels)
    }
    assert found == Counter(each["service"] for each in DOCUMENTS)
    assert np.all(np.diff(answer.window.times) > 0)


async def test_esql_reads_only_the_range_and_says_that_it_was_limited(source: ElasticsearchSource) -> None:
    esql = f"FROM {INDEX} | KEEP service, status"
    answer = await source.fetch(
        EsqlQuery(source="logs", esql=esql), Span(start_s=START_S, end_s=START_S + 60, step_s=30)
    )
    assert answer.table is not None
    assert len(answer.table.rows) == sum(START_S <= each["at_s"] <= START_S + 60 for each in DOCUMENTS)
    assert answer.window.is_empty
    assert answer.warnings == ("No limit defined, adding default limit of [1000]",)


async def test_esql_that_is_wrong_is_refused_in_the_servers_own_words(source: ElasticsearchSource) -> None:
    with pytest.raises(
        QueryRejected, match=r"^logs: line 1:\d+: Unknown column \[latncy\], did you mean|Unknown column"
    ):
        await source.fetch(EsqlQuery(source="logs", esql=f"FROM {INDEX} | KEEP latncy"), SPAN)
    with pytest.raises(QueryRejected, match=r"^logs: .*Unknown index \[nope\]"):
        await source.fetch(EsqlQuery(source="logs", esql="FROM nope"), SPAN)


async def test_esql_that_never_ends_is_given_up_at_the_deadline(server: ElasticsearchServer) -> None:
    source = ElasticsearchSource(spec(server, timeout_s=1.0), SystemClock())
    esql = f"FROM {INDEX} | STATS n = COUNT(*) BY kind = CATEGORIZE(message)"
    with pytest.raises(QueryTimedOut, match="did not answer in 1 s"):
        await source.fetch(EsqlQuery(source="logs", esql=esql), Span(start_s=START_S, end_s=START_S + 1200, step_s=30))
    await source.aclose()


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (query(index="es-adaptor"), r"^logs: no index es-adaptor; did you mean es-adapter"),
        (query("avg", "service"), r"^logs: service is of type keyword: avg does not work on it$"),
        (query(group_by=("message",)), r"^logs: message is a text field: use message\.keyword$"),
        (query(group_by=("note",)), r"^logs: note is a text field.*map it as keyword$"),
        (
            query(query="service:(a AND"),
            r'^logs: the query cannot be read: Encountered "<EOF>" at line 1, column 14\.$',
        ),
        (query("avg"), r"^logs: avg needs a field$"),
        (query("percentiles", "latency_ms"), r"^logs: percentiles needs at least one percent$"),
        (query("percentiles", "latency_ms", percents=(101,)), r"^logs: .*percent"),
        (PromQuery(source="logs", expr="up"), r"^logs is an Elasticsearch: it takes `query` and `metric`"),
    ],
)
async def test_what_is_refused_is_said_in_words_that_help(
    source: ElasticsearchSource, asked: EsQuery | PromQuery, words: str
) -> None:
    with pytest.raises(QueryRejected, match=words):
        await source.fetch(asked, SPAN)


async def test_a_field_or_an_index_that_is_not_there_is_named_with_the_one_that_was_meant(
    source: ElasticsearchSource,
) -> None:
    answer = await source.fetch(query("avg", "latencyms"), SPAN)
    assert answer.warnings == ("no field latencyms in es-adapter; did you mean latency_ms?",)
    assert answer.window.is_empty
    grouped = await source.fetch(query(group_by=("servce",)), SPAN)
    assert grouped.warnings == ("no field servce in es-adapter; did you mean service?",)
    nothing = await source.fetch(query(index="es-adaptr*"), SPAN)
    assert nothing.window.is_empty
    assert nothing.warnings[0].startswith("no index matches es-adaptr*; did you mean es-adapter")
    rows = await source.fetch_logs(LogQuery(source="logs", query="", index="es-adaptr*"), START_S, START_S + 9)
    assert rows.warnings[0].startswith("no index matches es-adaptr*")


async def test_a_time_field_that_is_none_is_an_error_and_not_an_empty_panel(server: ElasticsearchServer) -> None:
    for wrong, words in (
        ("timestamp", r"^logs: time_field: no field timestamp in es-adapter; its dates are @timestamp$"),
        ("service", r"^logs: time_field: service is of type keyword[;,] .*a date"),
    ):
        source = ElasticsearchSource(spec(server, time_field=wrong), SystemClock())
        with pytest.raises(QueryRejected, match=words):
            await source.fetch(query(), SPAN)
        with pytest.raises(QueryRejected, match=words):
            await source.fetch_logs(LogQuery(source="logs", query=""), START_S, START_S + 60)
        await source.aclose()


async def test_too_many_buckets_and_too_many_points_say_what_would_do(server: ElasticsearchServer) -> None:
    source = ElasticsearchSource(spec(server), SystemClock())
    server.api("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": 20}})
    try:
        with pytest.raises(QueryRejected, match=r"^logs: too many buckets \(20 are allowed\): use a longer interval"):
            await source.fetch(query(), SPAN)
    finally:
        server.api("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": None}})
        await source.aclose()
    usual = ElasticsearchSource(spec(server), SystemClock())
    with pytest.raises(QueryRejected, match=r"12,001 points a series are more than 11,000; an interval of 2s would do"):
        await usual.fetch(query(), Span(start_s=START_S, end_s=START_S + 12_000, step_s=1))
    await usual.aclose()


async def test_a_mapping_conflict_is_partial_and_says_which_index_is_why(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    pattern = f"{INDEX}-conflict"
    for name, kind in (("good", "double"), ("bad", "keyword")):
        server.create_index(f"{pattern}-{name}", {"properties": {"@timestamp": {"type": "date"}, "n": {"type": kind}}})
        server.add(f"{pattern}-{name}", [{"@timestamp": iso(START_S), "n": 5}])
    answer = await source.fetch(query("avg", "n", index=f"{pattern}*"), SPAN)
    assert answer.window.values[0, 0] == 5
    assert answer.partial_from_s == START_S
    expected_words = (
        f"partial: 1 of 2 shards failed (first: one of {pattern}-bad): n is of type keyword: avg does not work on it"
    )
    assert answer.warnings == (expected_words,)


async def test_a_red_index_heals_and_a_closed_one_does_not(
    source: ElasticsearchSource, server: ElasticsearchServer
) -> None:
    red, closed = f"{INDEX}-red", f"{INDEX}-closed"
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "index.routing.allocation.include._name": "nobody"}
    server.api("PUT", f"/{red}?wait_for_active_shards=0&timeout=1s", {"settings": settings, "mappings": MAPPINGS})
    with pytest.raises(Retryable, match=r"^logs: no copy of a shard is available: the index is red \(503\)$") as caught:
        await source.fetch(query(index=red), SPAN)
    assert not isinstance(caught.value, SourceBusy | SourceUnavailable)
    server.delete_index(red)
    server.create_index(closed, MAPPINGS)
    server.api("POST", f"/{closed}/_close")
    with pytest.raises(QueryRejected, match=rf"^logs: index {closed} is closed: open it, or use a pattern"):
        await source.fetch(query(index=closed), SPAN)


# -- variables, probe --------------------------------------------------------------------------------------------------


async def test_the_values_of_a_field_are_the_most_frequent_first(source: ElasticsearchSource) -> None:
    end_s = START_S + BUCKETS * STEP_S
    sizes = Counter(each["service"] for each in DOCUMENTS)
    assert await source.values(FieldValues(field="service"), START_S, end_s) == tuple(n for n, _ in sizes.most_common())
    assert set(await source.values(FieldValues(field="status", query="service:orders"), START_S, end_s)) <= {
        "200",
        "404",
        "500",
    }
    assert await source.values(FieldValues(field="message", query='message:"request 7 done"'), START_S, end_s) == (
        "Request 7 Done",
    )
    assert set(await source.values(FieldValues(field="ok"), START_S, end_s)) == {"true", "false"}
    assert await source.values(FixedValues(values=("a", "b")), START_S, end_s) == ("a", "b")
    assert await source.values(FreeText(), START_S, end_s) == ()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (FieldValues(field="note"), "note is a text field"),
        (FieldValues(field="srvice"), r"no field srvice in es-adapter; did you mean service\?"),
        (LabelValues(label="job"), "has fields, not labels"),
    ],
)
async def test_values_that_cannot_be_had_say_why(
    source: ElasticsearchSource, wanted: FieldValues | LabelValues, words: str
) -> None:
    with pytest.raises(QueryRejected, match=words):
        await source.values(wanted, START_S, START_S + 60)


async def test_the_probe_tells_product_and_version(source: ElasticsearchSource) -> None:
    probe = await source.probe()
    assert (probe.product, probe.version) == ("Elasticsearch", "8.19.21")
    assert 0 < probe.rtt_s < 4


async def test_a_server_that_stops_and_comes_back_is_used_again(make_elasticsearch: MakeElasticsearch) -> None:
    server = make_elasticsearch()
    server.create_index(INDEX, MAPPINGS)
    source = ElasticsearchSource(spec(server), SystemClock())
    assert (await source.fetch(query(), SPAN)).window.values.sum() == 0
    server.kill()
    with pytest.raises(SourceUnavailable, match=r"refused the connection|cut the connection"):
        await source.fetch(query(), SPAN)
    server.start()
    assert (await source.fetch(query(), SPAN)).window.values.sum() == 0
    await source.aclose()
