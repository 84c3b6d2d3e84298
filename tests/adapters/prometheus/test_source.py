"""The Prometheus source on a scripted server: what it asks, what it makes of refusals, what it does with floods."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from opsdash.adapters.sources.build import build_source
from opsdash.core.errors import (
    AccessDenied,
    AnswerTooLarge,
    AnswerUnusable,
    InsecureConnection,
    OpsdashError,
    QueryRejected,
    QueryTimedOut,
    Retryable,
    SourceBusy,
    SourceUnavailable,
)
from opsdash.core.limits import Limits
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery, Span
from opsdash.core.secret import SecretRef
from opsdash.core.sources import BearerAuth, SourceSpec
from opsdash.core.variables import FieldValues, FixedValues, FreeText, LabelValues, QueryResult
from tests.adapters.prometheus.own_source import source
from tests.servers import replies
from tests.servers.faults import FaultServer

START = 1_790_000_000.0
SPAN = Span(start_s=START, end_s=START + 50, step_s=10)


def up(expr: str = "up") -> PromQuery:
    return PromQuery(source="prom", expr=expr)


async def failure(server: FaultServer, **spec: Any) -> OpsdashError:
    async with source(server.url, **spec) as prom:
        with pytest.raises(OpsdashError) as caught:
            await prom.fetch(up(), SPAN)
    assert caught.value.message.isprintable()
    return caught.value


# -- what is asked -----------------------------------------------------------------------------------------------------


async def test_a_range_is_asked_on_the_grid_to_the_millisecond(fault_server: FaultServer) -> None:
    fault_server.always(replies.matrix_of(lambda t: t, {"a": "b"}))
    span = Span(start_s=START + 0.125, end_s=START + 3, step_s=0.25)
    async with source(f"{fault_server.url}/prometheus", timeout_s=2.5) as prom:
        answer = await prom.fetch(up('rate(x{a="+&#"}[1m])'), span)
    (asked,) = fault_server.asked
    assert (asked.method, asked.path) == ("GET", "/prometheus/api/v1/query_range")
    assert asked.params == {
        "query": ['rate(x{a="+&#"}[1m])'],
        "start": ["1790000000.125"],
        "end": ["1790000002.875"],
        "step": ["0.25"],
        "timeout": ["2.5s"],
        "limit": ["1001"],
    }
    assert answer.window.times.tolist() == answer.window.values[0].tolist()
    assert answer.window.times.size == 12
    assert answer.bytes > 100


async def test_an_instant_is_asked_at_its_time(fault_server: FaultServer) -> None:
    fault_server.always(replies.vector(({"a": "b"}, START, "7")))
    async with source(fault_server.url) as prom:
        answer = await prom.fetch_instant(up(), START + 0.5)
    assert fault_server.asked[0].path == "/api/v1/query"
    assert fault_server.asked[0].param("time") == "1790000000.5"
    assert (answer.window.times.tolist(), answer.window.values.tolist()) == ([START + 0.5], [[7.0]])


async def test_a_long_query_goes_as_a_form_and_as_get_where_forms_are_refused(fault_server: FaultServer) -> None:
    long = up(" or ".join(f'm{{service="{n}"}}' for n in range(200)))
    async with source(fault_server.url) as prom:
        await prom.fetch_instant(long, START)
        fault_server.then(replies.status(405), replies.vector())
        await prom.fetch_instant(long, START)
        await prom.fetch_instant(long, START)
    assert [asked.method for asked in fault_server.asked] == ["POST", "POST", "GET", "GET"]
    assert {asked.param("query") for asked in fault_server.asked} == {long.expr}
    assert fault_server.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_too_many_points_are_refused_before_asking_with_a_step_that_would_do(fault_server: FaultServer) -> None:
    async with source(fault_server.url) as prom:
        with pytest.raises(QueryRejected) as caught:
            await prom.fetch(up(), Span(start_s=START, end_s=START + 86400, step_s=1))
        assert caught.value.message == (
            "prom was not asked: 86,401 points a series are more than 11,000; a step of 10s would do"
        )
        await prom.fetch(up(), Span(start_s=START, end_s=START + 10_999, step_s=1))
        for span in (
            Span(start_s=START, end_s=START + 1, step_s=1e-6),
            Span(start_s=START, end_s=START - 99, step_s=1),
        ):
            with pytest.raises(QueryRejected):
                await prom.fetch(up(), span)
        with pytest.raises(QueryRejected, match="the expression is empty"):
            await prom.fetch(up(" \n"), SPAN)
        with pytest.raises(QueryRejected, match="prom is a Prometheus"):
            await prom.fetch(EsQuery(source="prom", query="*", metric=EsMetric(function="count")), SPAN)
    assert len(fault_server.asked) == 1


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 422])
async def test_prometheus_own_words_are_told_clean(fault_server: FaultServer, status: int) -> None:
    said = 'invalid parameter "query": 1:3: parse error: unexpected \x1b[31mright\x07 parenthesis'
    fault_server.always(replies.prometheus_error(status, "bad_data" if status == 400 else "execution", said))
    error = await failure(fault_server)
    assert type(error) is QueryRejected
    assert error.message == 'prom: invalid parameter "query": 1:3: parse error: unexpected ␛[31mright␇ parenthesis'


async def test_endless_words_are_cut(fault_server: FaultServer) -> None:
    fault_server.always(replies.prometheus_error(422, "execution", "x" * 50_000))
    assert len((await failure(fault_server)).message) < 320


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (replies.unauthorized(), AccessDenied, "prom does not let us in (401)"),
        (replies.status(403, "no org id"), AccessDenied, "prom does not allow it (403)"),
        (replies.status(404, "404 page not found"), QueryRejected, "is this a Prometheus API?"),
        (replies.status(413), QueryRejected, "prom refuses the question as too large (413)"),
        (replies.status(500, "boom"), SourceUnavailable, "prom failed with 500: boom"),
        (replies.html(502), SourceUnavailable, "prom failed with 502: ␛[31mSign in"),
        (replies.status(504), QueryTimedOut, "gave up waiting (504)"),
        (replies.prometheus_error(503, "timeout", "query timed out"), QueryTimedOut, "prom gave up on the query"),
        (replies.prometheus_error(503, "unavailable", "starting"), SourceBusy, "prom is busy or starting (503)"),
        (replies.prometheus_error(500, "internal", "corrupt chunk"), Retryable, "prom failed inside: corrupt chunk"),
        (replies.html(), AnswerUnusable, "prom answered HTML instead of JSON: ␛[31mSign in"),
        (
            replies.redirect("http://evil.example/login?t=s"),
            InsecureConnection,
            "redirects to http://evil.example/login",
        ),
        (replies.as_json({"took": 3}), AnswerUnusable, "prom answered JSON that is not Prometheus's"),
        (replies.body(b'{"status":"success","data":{"resul'), AnswerUnusable, "prom answered half of a JSON"),
    ],
)
async def test_each_refusal_has_its_kind_and_its_words(
    fault_server: FaultServer, reply: Any, kind: type[OpsdashError], words: str
) -> None:
    fault_server.always(reply)
    error = await failure(fault_server)
    assert type(error) is kind
    assert words in error.message


async def test_a_redirect_is_never_followed_and_gets_no_credentials(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROM_SECRET", "hunter2")
    fault_server.always(replies.redirect(f"{fault_server.url}/elsewhere"))
    await failure(fault_server, auth=BearerAuth(token=SecretRef("env", "PROM_SECRET")))
    assert [asked.path for asked in fault_server.asked] == ["/api/v1/query_range"]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_source_says_how_long_to_wait(fault_server: FaultServer, status: int) -> None:
    fault_server.then(
        replies.retry_after(status, "17"), replies.retry_after(status, formatdate(time.time() + 60, usegmt=True))
    )
    first, second = await failure(fault_server), await failure(fault_server)
    assert isinstance(first, SourceBusy)
    assert first.retry_after_s == 17
    assert isinstance(second, SourceBusy)
    assert second.retry_after_s == pytest.approx(60, abs=5)


async def test_a_token_that_was_renewed_is_read_again_after_a_401(fault_server: FaultServer, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("old\nnew\n")
    take = f"{sys.executable} -c \"p={str(tokens)!r}; a=open(p).read().split(); open(p,'w').write(a[-1]); print(a[0])\""
    fault_server.then(replies.vector(), replies.unauthorized(), replies.vector())
    async with source(fault_server.url, auth=BearerAuth(token=SecretRef("command", take))) as prom:
        await prom.fetch_instant(up(), START)
        await prom.fetch_instant(up(), START)
    sent = [asked.headers["authorization"] for asked in fault_server.asked]
    assert sent == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_wrong_token_in_a_file_is_sent_once_a_question(fault_server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wrong")
    fault_server.always(replies.unauthorized())
    for _ in range(2):
        await failure(fault_server, auth=BearerAuth(token=SecretRef("file", str(tmp_path / "token"))))
    assert len(fault_server.asked) == 2


async def test_wrong_credentials_are_not_tried_again(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROM_SECRET", "wrong")
    fault_server.always(replies.unauthorized())
    await failure(fault_server, auth=BearerAuth(token=SecretRef("env", "PROM_SECRET")))
    assert len(fault_server.asked) == 1


async def test_thanos_and_victoriametrics_say_when_an_answer_is_partial(fault_server: FaultServer) -> None:
    partial = {"status": "success", "isPartial": True, "data": {"resultType": "matrix", "result": []}}
    fault_server.then(replies.matrix(warnings=["store sg-1 is gone"]), replies.as_json(partial))
    async with source(fault_server.url, headers=(("X-Scope-OrgID", "shop"),)) as prom:
        assert (await prom.fetch(up(), SPAN)).warnings == ("store sg-1 is gone",)
        assert (await prom.fetch(up(), SPAN)).warnings == ("partial answer: a part of the storage did not answer",)
    assert {asked.headers["x-scope-orgid"] for asked in fault_server.asked} == {"shop"}


# -- who it is ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "headers", "product", "version"),
    [
        ({"version": "3.5.0"}, {}, "Prometheus", "3.5.0"),
        ({"version": "2.14.0", "application": "Grafana Mimir"}, {}, "Grafana Mimir", "2.14.0"),
        ({"version": "2.24.0"}, {"x_server_hostname": "vm-1"}, "VictoriaMetrics", "2.24.0"),
        ({"version": "\x1b[31m" + "9" * 500}, {}, "Prometheus", "␛[31m" + "9" * 35),
        ({}, {}, "Prometheus", ""),
    ],
)
async def test_it_says_what_it_is(
    fault_server: FaultServer, data: Any, headers: Any, product: str, version: str
) -> None:
    fault_server.always(replies.as_json({"status": "success", "data": data}, **headers))
    async with source(fault_server.url) as prom:
        probe = await prom.probe()
    assert (probe.product, probe.version) == (product, version)
    assert 0 < probe.rtt_s < 4
    assert probe.skew_s == 0


async def test_a_server_without_build_information_is_probed_by_a_query(fault_server: FaultServer) -> None:
    fault_server.on("buildinfo", replies.status(404))
    async with source(fault_server.url) as prom:
        assert (await prom.probe()).product == "Prometheus API"
    assert [asked.path for asked in fault_server.asked] == ["/api/v1/status/buildinfo", "/api/v1/query"]


async def test_a_clock_that_is_an_hour_off_is_seen(fault_server: FaultServer) -> None:
    content = {"status": "success", "data": {"version": "1"}}
    for skew in (3600.0, -3600.0):
        fault_server.always(replies.with_clock_off(skew, time.time(), content))
        async with source(fault_server.url) as prom:
            assert (await prom.probe()).skew_s == pytest.approx(skew, abs=5)
    fault_server.always(replies.as_json(content, date=""))
    async with source(fault_server.url) as prom:
        assert (await prom.probe()).skew_s is None


# -- values of variables -----------------------------------------------------------------------------------------------


async def test_label_values_are_asked_of_the_metric_and_the_time(fault_server: FaultServer) -> None:
    fault_server.always(replies.as_json({"status": "success", "data": ["orders", "users"]}))
    async with source(fault_server.url) as prom:
        found = await prom.values(LabelValues(label="service", metric='up{a="b"}'), START, START + 60)
        await prom.values(LabelValues(label="a/../../b"), START, START + 60)
    assert found == ("orders", "users")
    first, second = fault_server.asked
    assert first.path == "/api/v1/label/service/values"
    assert (first.param("match[]"), first.param("start"), first.param("end")) == (
        'up{a="b"}',
        "1790000000",
        "1790000060",
    )
    assert second.path == "/api/v1/label/a%2F..%2F..%2Fb/values"
    assert "match[]" not in second.params


async def test_the_labels_of_a_query_result_are_values_too(fault_server: FaultServer) -> None:
    fault_server.always(replies.vector(*(({"s": name, "n": str(n)}, START, "1") for n, name in enumerate("bab"))))
    async with source(fault_server.url) as prom:
        assert await prom.values(QueryResult(expr="up", label="s"), START, START + 60) == ("a", "b")
        assert await prom.values(QueryResult(expr="up", label="none"), START, START + 60) == ()
        assert await prom.values(FixedValues(values=("x", "y")), START, START + 60) == ("x", "y")
        assert await prom.values(FreeText(), START, START + 60) == ()
        with pytest.raises(QueryRejected, match="it has labels, not fields"):
            await prom.values(FieldValues(field="service"), START, START + 60)


async def test_values_that_are_no_list_and_lists_without_end_are_refused(fault_server: FaultServer) -> None:
    fault_server.then(
        replies.as_json({"status": "success", "data": {"a": 1}}),
        replies.body(b'{"status":"success","data":["' + b"x" * (9 << 20) + b'"]}'),
    )
    async with source(fault_server.url) as prom:
        with pytest.raises(AnswerUnusable, match="not Prometheus's"):
            await prom.values(LabelValues(label="a"), START, START + 60)
        with pytest.raises(AnswerTooLarge, match="more names than fit into 8 MiB"):
            await prom.values(LabelValues(label="a"), START, START + 60)


# -- floods ------------------------------------------------------------------------------------------------------------

IN_A_PROCESS = """
import asyncio, re, sys
from opsdash.adapters.sources.build import build_source
from opsdash.core.errors import OpsdashError
from opsdash.core.metrics.queries import PromQuery, Span
from opsdash.core.sources import SourceSpec

async def main():
    source = build_source(SourceSpec(name="prom", kind="prometheus", url=sys.argv[1], timeout_s=60))
    span = Span(start_s=1790000000, end_s=1790003600, step_s=10)
    try:
        answer = await source.fetch(PromQuery(source="prom", expr="m"), span)
        print(len(answer.window.labels), *answer.cut, sep="|")
    except OpsdashError as error:
        print(type(error).__name__, error.message, sep="|")
    await source.aclose()
    # Not getrusage: its maximum is inherited from whoever started this process.
    print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)

asyncio.run(main())
"""


async def flooded(server: FaultServer) -> tuple[str, int]:
    """What a process of its own makes of the flood, and its largest resident memory in MiB."""
    argv = [sys.executable, "-c", IN_A_PROCESS, server.url]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=True, timeout=100)
    words, memory_mib = done.stdout.splitlines()
    return words, int(memory_mib)


@pytest.mark.parametrize(
    ("flood", "words"),
    [
        (replies.big_json(), "AnswerTooLarge|prom sent more than 64 MiB and no series fits into that"),
        (replies.compressed_bomb(), "AnswerTooLarge|prom sent more than 64 MiB and no series fits into that"),
        (replies.many_series(), "1000|1,000 series shown; the source sent more"),
        (replies.many_series(200_000, points=300), "1000|1,000 series shown; the source sent more"),
        (replies.long_label(), "1|1 series with labels cut to 4,096 characters"),
    ],
    ids=["200 MB", "bomb", "a million series", "many long series", "10 MB label"],
)
async def test_a_flood_is_cut_while_it_is_read_in_less_than_150_mib(
    fault_server: FaultServer, flood: Any, words: str
) -> None:
    fault_server.always(flood)
    said, memory_mib = await flooded(fault_server)
    assert said == words
    assert memory_mib < 150


async def test_others_get_their_turn_while_a_large_answer_is_read(fault_server: FaultServer) -> None:
    fault_server.always(replies.many_series(999, points=300))
    turns, read = 0, False

    async def others() -> None:
        nonlocal turns
        while not read:
            turns += 1
            await asyncio.sleep(0)

    async with source(fault_server.url) as prom:
        waiting = asyncio.ensure_future(others())
        answer = await prom.fetch(up(), SPAN)
        read = True
        await waiting
    assert len(answer.window.labels) == 999
    assert turns > answer.bytes / 65_536


async def test_the_limits_of_a_source_are_its_own(fault_server: FaultServer) -> None:
    fault_server.always(replies.many_series(50))
    async with source(fault_server.url, limits=Limits(series=7)) as prom:
        answer = await prom.fetch(up(), SPAN)
    assert len(answer.window.labels) == 7
    assert answer.cut == ("7 of 50 series",)
    assert fault_server.asked[0].param("limit") == "8"


async def test_after_a_cut_answer_the_next_one_is_whole(fault_server: FaultServer) -> None:
    fault_server.then(replies.many_series(), replies.vector(({}, START, "1")))
    async with source(fault_server.url) as prom:
        await prom.fetch(up(), SPAN)
        assert (await prom.fetch_instant(up(), START)).window.values.tolist() == [[1.0]]


# -- how it is made ----------------------------------------------------------------------------------------------------


async def test_it_is_built_from_its_entry_without_importing_what_it_does_not_use() -> None:
    heavy = ("httpx", "httpcore", "elasticsearch", "prometheus_api_client", "requests", "rich", "certifi", "email")
    code = (
        "import sys\n"
        "from opsdash.adapters.sources.build import build_source\n"
        "from opsdash.core.sources import SourceSpec\n"
        "build_source(SourceSpec(name='p', kind='prometheus', url='http://h'))\n"
        f"print(*sorted(set({heavy!r}) & set(sys.modules)))\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
    built = build_source(SourceSpec(name="p", kind="prometheus", url="http://h"))
    assert built.name == "p"
    await built.aclose()
