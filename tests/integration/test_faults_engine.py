"""The engine with the real adapters on a server that does what it should not: which panel pays, and what is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import EsMetric, EsQuery, LogQuery, PromQuery, Query
from opsdash.core.regex import regex_problem
from opsdash.core.sources import SourceSpec, Tls
from opsdash.core.state import initial
from opsdash.core.variables import LabelValues, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.snapshot import Snapshot
from opsdash.engine.options import find_options
from tests.fakes.sine_source import SineSource
from tests.integration.answers import line
from tests.integration.live_engine import running, until
from tests.servers import replies, shop_logs
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.exchange import Reply
from tests.servers.fault_fixtures import MakeFaultServer
from tests.servers.faults import FaultServer
from tests.servers.tls import TlsFiles

MOST_CONNECTIONS = 6
"""Of one source, unless the configuration says otherwise."""
GOOD = line(lambda _t: 1.0, {"service": "orders"})


def board(
    *queries: Query,
    url: str,
    refresh_s: float = 1.0,
    range_s: float = 300.0,
    timeout_s: float = 1.0,
    tls: Tls | None = None,
) -> Board:
    """One panel a query, named after it."""
    panels = tuple(
        PanelSpec(
            id=(name := text_of(query)),
            title=name,
            kind=PanelKind.LOGS if isinstance(query, LogQuery) else PanelKind.TIMESERIES,
            source=query.source,
            queries=(PanelQuery(query=query),),
        )
        for query in queries
    )
    kind = "prometheus" if queries[0].source == "prom" else "elasticsearch"
    return Board(
        dashboards=(Dashboard(title="Main", panels=panels),),
        sources=(
            SourceSpec(
                name=queries[0].source, kind=kind, url=url, timeout_s=timeout_s, index="logs-*", tls=tls or Tls()
            ),
        ),
        refresh_s=refresh_s,
        range_s=range_s,
    )


def text_of(query: Query) -> str:
    return query.expr if isinstance(query, PromQuery) else str(getattr(query, "query", ""))


def prom(*exprs: str) -> list[Query]:
    return [PromQuery(source="prom", expr=expr) for expr in exprs]


def fresh(*names: str) -> Callable[[Snapshot], bool]:
    def holds(snapshot: Snapshot) -> bool:
        panels = [snapshot.panels[name] for name in names]
        return all(panel.state is Freshness.FRESH and not panel.waiting for panel in panels)

    return holds


def said(snapshot: Snapshot, name: str) -> str:
    return snapshot.panels[name].message or ""


# 3, 4: what hangs and what is slow


async def test_when_all_queries_hang_each_is_under_way_once_and_all_values_stay(fault_server: FaultServer) -> None:
    names = [f"hanging_{number}_" for number in range(30)]
    fault_server.always(GOOD)
    async with running(board(*prom(*names), url=fault_server.url)) as engine:
        await until(engine, fresh(*names))
        fault_server.forget()
        before = fault_server.connections
        fault_server.always(replies.hang())
        late = await until(engine, lambda s: all(panel.state is Freshness.LATE for panel in s.panels.values()))
        assert all(not panel.queries[0].window.is_empty for panel in late.panels.values())
        reasons = {said(late, name).split(";")[0] for name in names}
        assert reasons == {"prom did not answer in 1 s", "prom was not asked: its connections were all busy for 1 s"}
        engine.refresh()
        engine.refresh()
        await asyncio.sleep(1.5)
        for name in names:  # the server does not see that we gave up, so it is told from when they came
            times = [asked.at_s for asked in fault_server.asked_for(name)]
            assert all(np.diff(times) > 0.7), "the next one is asked when the last one is given up after 1 s"
        assert fault_server.connections - before <= 10 * MOST_CONNECTIONS, "connections do not pile up"
        fault_server.always(GOOD)
        await until(engine, fresh(*names))


async def test_eight_of_thirty_queries_hang_and_the_others_go_on(fault_server: FaultServer) -> None:
    hanging = [f"hanging_{number}_" for number in range(8)]
    good = [f"good_{number}_" for number in range(22)]
    fault_server.always(GOOD)
    fault_server.on("hanging", replies.hang())
    async with running(board(*prom(*hanging, *good), url=fault_server.url, timeout_s=2.0)) as engine:
        await until(engine, lambda s: all(s.panels[name].state is Freshness.ERROR for name in hanging))
        await until(engine, fresh(*good))
        fault_server.forget()
        await asyncio.sleep(6)
        assert fresh(*good)(engine.snapshot())
        assert min(len(fault_server.asked_for(name)) for name in good) >= 4


async def test_a_query_that_takes_longer_than_the_refresh_is_never_asked_twice_at_once(
    fault_server: FaultServer,
) -> None:
    fault_server.always(GOOD)
    fault_server.on("slow_one", replies.after(1.6, GOOD))
    async with running(board(*prom("slow_one", "quick_one"), url=fault_server.url, timeout_s=4.0)) as engine:
        await until(engine, fresh("slow_one", "quick_one"))
        shown = await until(engine, lambda s: (s.real_period_s or 0) > 1.5)
        assert (shown.real_period_s or 0) < 3.5
        for _ in range(10):
            engine.refresh()
            await asyncio.sleep(0.1)
        assert fault_server.most_at_once("slow_one") == 1
        assert len(fault_server.asked_for("quick_one")) > len(fault_server.asked_for("slow_one"))


# 5, 6, 7, 9: what a server refuses, and what it answers instead


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (replies.prometheus_error(422, "execution", "found duplicate series"), "found duplicate series"),
        (replies.prometheus_error(400, "bad_data", 'unexpected character: "}"'), 'unexpected character: "}"'),
        (replies.unauthorized(), "401"),
        (replies.status(403, "not for you"), "not for you"),
        (replies.status(404, "no such tenant"), "no such tenant"),
        (replies.status(413, "too long"), "too long"),
    ],
    ids=["422", "400", "401", "403", "404", "413"],
)
async def test_what_will_not_heal_is_said_in_the_servers_words_and_not_asked_at_each_refresh(
    fault_server: FaultServer, reply: Reply, words: str
) -> None:
    fault_server.always(GOOD)
    fault_server.on("refused_one", reply)
    async with running(board(*prom("refused_one", "good_one"), url=fault_server.url)) as engine:
        shown = await until(engine, lambda s: s.panels["refused_one"].state is Freshness.ERROR)
        assert words in said(shown, "refused_one")
        await asyncio.sleep(3.2)
        assert len(fault_server.asked_for("refused_one")) == 1
        assert len(fault_server.asked_for("good_one")) >= 3
        assert fresh("good_one")(engine.snapshot())


@pytest.mark.parametrize("code", [429, 503])
async def test_a_source_that_asks_for_patience_gets_it_from_all_of_its_queries(
    fault_server: FaultServer, code: int
) -> None:
    fault_server.always(GOOD)
    async with running(board(*prom("one", "two", "three"), url=fault_server.url)) as engine:
        await until(engine, fresh("one", "two", "three"))
        fault_server.on("query", replies.retry_after(code, "4"))
        busy = await until(engine, lambda s: s.sources[0].message)
        assert str(code) in (busy.sources[0].message or "") or "busy" in (busy.sources[0].message or "")
        await asyncio.sleep(0.5)
        fault_server.forget()
        await asyncio.sleep(2.5)
        assert fault_server.asked == []
        fault_server.on("query", GOOD)
        await until(engine, fresh("one", "two", "three"))


async def test_a_burst_of_500s_is_answered_by_fewer_and_unevenly_spaced_questions(fault_server: FaultServer) -> None:
    names = [f"q{number}_" for number in range(10)]
    fault_server.always(replies.status(500, "boom"))
    async with running(board(*prom(*names), url=fault_server.url, refresh_s=0.5)) as engine:
        await until(engine, lambda s: all(panel.state is Freshness.ERROR for panel in s.panels.values()))
        assert "boom" in said(engine.snapshot(), names[0])
        await asyncio.sleep(5)
        asked = fault_server.asked_for("query")
        assert len(asked) < 60, "ten queries at 0.5 s would have been 110"


@pytest.mark.parametrize(
    "reply",
    [
        replies.html(),
        replies.truncated('{"status":"success","data":{"resultType":"matrix","result":[{"metric', kept=60),
        replies.as_json({"status": "success", "data": {"resultType": "matrix", "result": {"a": 1}}}),
        replies.as_json({"status": "success", "data": 7}),
        replies.as_json([]),
        replies.body(b"\xff\xfe\x00\x1b[31m", content_type="application/json"),
        replies.prometheus_data({"resultType": "matrix", "result": [{"metric": {}, "values": [["x", {}]]}]}),
        replies.reset(),
        replies.not_http(),
    ],
    ids=["html", "half", "object", "number", "list", "binary", "wrong sample", "reset", "ssh"],
)
async def test_an_answer_that_cannot_be_read_costs_its_own_panel(fault_server: FaultServer, reply: Reply) -> None:
    fault_server.always(GOOD)
    fault_server.on("odd_one", reply)
    async with running(board(*prom("odd_one", "good_one"), url=fault_server.url)) as engine:
        shown = await until(engine, lambda s: s.panels["odd_one"].state is Freshness.ERROR)
        assert said(shown, "odd_one")
        assert "\x1b" not in said(shown, "odd_one")
        await until(engine, fresh("good_one"))
        fault_server.on("odd_one", GOOD)
        engine.refresh()
        await until(engine, fresh("odd_one", "good_one"))


async def test_what_is_no_number_is_kept_apart_from_what_is_not_there(fault_server: FaultServer) -> None:
    async def odd(asked: Any, writer: asyncio.StreamWriter) -> bool:
        start = float(asked.param("start", "0")) or float(asked.param("time", "0"))
        values = [(start, "NaN"), (start + 1, "+Inf"), (start + 2, "-Inf")]
        return await replies.matrix(({"a": "b"}, values))(asked, writer)

    fault_server.always(replies.matrix())
    fault_server.on("odd_one", odd)
    async with running(board(*prom("odd_one", "empty_one"), url=fault_server.url, refresh_s=30)) as engine:
        shown = await until(engine, lambda s: not any(panel.waiting for panel in s.panels.values()))
        window = shown.panels["odd_one"].queries[0].window
        values = window.values[0][window.present[0]]
        assert np.isnan(values[0])
        assert values[1:].tolist() == [np.inf, -np.inf]
        assert shown.panels["empty_one"].state is Freshness.NO_DATA


@pytest.mark.parametrize(
    ("tls", "words"), [("expired", "expired"), ("wrong_host", "another address"), ("wrong_ca", "authority")]
)
async def test_a_certificate_that_is_not_right_is_refused_with_the_reason_on_the_panel(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles, tls: Any, words: str
) -> None:
    server = make_fault_server(tls=tls)
    server.always(GOOD)
    async with running(board(*prom("one"), url=server.url, tls=Tls(ca=str(tls_files.ca)))) as engine:
        shown = await until(engine, lambda s: s.panels["one"].state is Freshness.ERROR)
        assert "certificate" in said(shown, "one")
        assert words in said(shown, "one")
        assert server.asked == []


# 8: floods


async def test_a_flood_in_one_panel_is_cut_and_said_and_the_others_go_on(fault_server: FaultServer) -> None:
    fault_server.always(GOOD)
    labels = [{"n": str(number)} for number in range(3000)]
    fault_server.on("many_one", line(lambda t: t % 7, *labels))
    fault_server.on("long_one", replies.long_label(2 << 20))
    async with running(
        board(*prom("many_one", "long_one", "good_one"), url=fault_server.url, timeout_s=10.0, range_s=60.0)
    ) as engine:
        shown = await until(engine, lambda s: not any(panel.waiting for panel in s.panels.values()))
        assert any("1,000 series" in note for note in shown.panels["many_one"].notes)
        assert any("cut to 4,096" in note for note in shown.panels["long_one"].notes)
        assert len(shown.panels["many_one"].queries[0].window.labels) == 1000
        await until(engine, fresh("good_one"))


# 10: clocks


async def test_a_source_whose_clock_is_an_hour_off_is_shown_and_said(fault_server: FaultServer) -> None:
    def off(skew_s: float) -> Reply:
        async def reply(asked: Any, writer: asyncio.StreamWriter) -> bool:
            end = float(asked.param("end", "0")) or float(asked.param("time", "0"))
            content = {"resultType": "matrix", "result": [{"metric": {}, "values": [[end, "1"]]}]}
            made = replies.with_clock_off(skew_s, time.time(), {"status": "success", "data": content})
            return await made(asked, writer)

        return reply

    fault_server.always(off(-3600))
    async with running(board(*prom("one"), url=fault_server.url)) as engine:
        shown = await until(engine, lambda s: s.sources[0].skew_s is not None)
        assert shown.sources[0].skew_s == pytest.approx(-3600, abs=5)
        assert fresh("one")(shown), "a wrong clock of the source ages nothing"


# 12, 13: Elasticsearch


COUNT = EsQuery(source="logs", query="level:error", metric=EsMetric(function="count"), interval_s=10.0)


def es(fault_server: FaultServer, reply: Reply) -> None:
    fault_server.always(replies.es_json({"version": {"number": "8.19.21"}, "tagline": "You Know, for Search"}))
    fault_server.on("_search", reply)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (replies.es_error(503, "search_phase_execution_exception", "all shards failed"), "the index is red (503)"),
        (replies.es_error(404, "index_not_found_exception", "no such index [logs]"), "index"),
        (replies.es_error(400, "illegal_argument_exception", "field [x] is a text"), "field"),
        (replies.es_error(429, "es_rejected_execution_exception", "rejected execution: queue full"), "queue"),
    ],
    ids=["red", "missing", "mapping", "queue"],
)
async def test_what_elasticsearch_refuses_is_said_on_the_panel(
    fault_server: FaultServer, reply: Reply, words: str
) -> None:
    es(fault_server, reply)
    async with running(board(COUNT, url=fault_server.url)) as engine:
        shown = await until(engine, lambda s: s.panels["level:error"].state is Freshness.ERROR)
        assert words in said(shown, "level:error")


async def test_rows_of_which_a_shard_failed_are_drawn_and_said_to_be_partial(fault_server: FaultServer) -> None:
    now_ms = int(time.time() * 1000)
    hit = {"_index": "logs", "_id": "1", "_source": {"message": "it is here"}, "sort": [now_ms, 1]}
    es(fault_server, replies.es_partial([hit]))
    query = LogQuery(source="logs", query="level:error", limit=10)
    async with running(board(query, url=fault_server.url)) as engine:
        shown = await until(engine, lambda s: s.panels["level:error"].notes)
        panel = shown.panels["level:error"]
        assert panel.queries[0].answer is not None
        assert [row.message for row in panel.queries[0].answer.rows] == ["it is here"]
        assert "shard" in panel.notes[0]


@pytest.mark.integration
async def test_documents_that_come_late_are_counted_once_they_are_there(
    elasticsearch_server: ElasticsearchServer,
) -> None:
    index = "logs-late-faults"
    elasticsearch_server.delete_index(index)
    elasticsearch_server.create_index(index)
    now_s = time.time()
    elasticsearch_server.add(index, shop_logs.documents(start_s=now_s - 300, end_s=now_s, count=300))
    query = EsQuery(source="logs", query="*", metric=EsMetric(function="count"), interval_s=10.0)
    the_board = board(query, url=elasticsearch_server.url, timeout_s=4.0)
    spec = SourceSpec(
        name="logs", kind="elasticsearch", url=elasticsearch_server.url, index=index, timeout_s=4.0, ingest_lag_s=60.0
    )
    the_board = Board(
        dashboards=the_board.dashboards, sources=(spec,), refresh_s=the_board.refresh_s, range_s=the_board.range_s
    )

    def counted(snapshot: Snapshot) -> float:
        window = snapshot.panels["*"].queries[0].window
        return float(np.nansum(window.values[window.present])) if not window.is_empty else 0.0

    try:
        async with running(the_board) as engine:
            before = counted(await until(engine, lambda s: counted(s) > 200))
            late_s = time.time() - 40
            elasticsearch_server.add(index, shop_logs.documents(start_s=late_s, end_s=late_s + 5, count=500))
            await until(engine, lambda s: counted(s) >= before + 450)
    finally:
        elasticsearch_server.delete_index(index)


# 18: regular expressions


async def test_a_slow_regex_of_a_variable_is_given_up_and_others_get_their_turn() -> None:
    pattern = ".*.*[xy]"
    assert regex_problem(pattern) is None
    spec = VariableSpec(name="pod", values_from=LabelValues(label="pod"), source="prom", regex=pattern)
    the_board = Board(
        dashboards=(),
        sources=(SourceSpec(name="prom", kind="prometheus", url="http://127.0.0.1:9"),),
        variables=(spec,),
    )
    source = SineSource(takes_s=0.0, options=tuple(f"{number:010}" + "a" * 140 for number in range(10_000)))
    turns, found = 0, False

    async def others() -> None:
        nonlocal turns
        while not found:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.ensure_future(others())
    (event,) = await find_options(initial(the_board), {"prom": source}, time.time())
    found = True
    await waiting
    assert event.options == ()
    assert "too slow" in (event.error or "")
    assert turns > 20
