"""The same requests to the real Prometheus 2.42 and to our face, over the same data: the same answers."""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.storage import openmetrics
from tests.plant.faces import shop
from tests.plant.faces.face_server import FaceServer
from tests.servers import prometheus as real
from tests.servers.needs import missing
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

AT = str(shop.START_MS // 1000 + 1800)
SPAN = {"start": AT, "end": str(float(AT) + 600), "step": "30"}
Params = Mapping[str, str | list[str]]


@pytest.fixture(scope="module")
def face() -> Iterator[FaceServer]:
    server = FaceServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    if why := real.what_is_missing():
        missing("prometheus", why)
    started = PrometheusServer(tmp_path_factory.mktemp("contract"))
    started.write_blocks("".join(openmetrics(shop.series())))
    started.start()
    yield started
    started.stop()


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(url: str, method: str, path: str, params: Params, *, form: bool, headers: Mapping[str, str]) -> Got:
    encoded = urlencode(params, doseq=True)
    body = encoded.encode() if form else None
    more = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path if form or not params else f"{path}?{encoded}", body, {**more, **headers})
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request."""

    path: str
    params: Params
    method: str = "GET"
    form: bool = False
    words: bool = True
    """Whether the words of a refusal have to be the same: where a query of no time is when its time is over differs
    from run to run in the real one."""

    def __str__(self) -> str:
        shown = ",".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.method} {self.path} {shown}{' form' if self.form else ''}"


def api(path: str, /, *, words: bool = True, method: str = "GET", form: bool = False, **params: Any) -> Case:
    named = {name.replace("match", "match[]") if name == "match" else name: value for name, value in params.items()}
    return Case(path=f"/api/v1/{path}", params=named, words=words, method=method, form=form)


def query(text: str, **more: Any) -> Case:
    return api("query", **{"query": text, "time": AT, **more})


def ranged(text: str, **more: Any) -> Case:
    return api("query_range", **{"query": text, **SPAN, **more})


GOOD = [
    query("up"),
    query("up", method="POST", form=True),
    query("up", time="2023-11-14T22:43:20Z"),
    query("up", time="2023-11-14T23:43:20.1239+01:00"),
    query("up", time=f"{AT}.5"),
    query("up", time=f"{AT}.1234567"),
    query("up", time="1.7000018e9"),
    query("up", time="0"),
    query("up", time="1_700_001_800"),
    query("up", time="-5"),
    query("up", stats="all", timeout="10s"),
    query("up", timeout="1h30m"),
    query("up", lookback_delta="x"),
    query("hard"),
    query("hard[15s]"),
    query("hard * 3"),
    query("sort_desc(node_load1)"),
    query("topk(2, http_requests_total)"),
    query("1e-7"),
    query("-1e-5"),
    query("1e21"),
    query("2 ^ 1024"),
    query("vector(1e-7)"),
    query("vector(-0)"),
    query("NaN"),
    query('"text with <html> & \\"quotes\\" ü"'),
    query("odd_counter"),
    query("nope"),
    query("nope or vector(1)"),
    query("rate(http_requests_total[5m])"),
    query("http_requests_total[1m] offset 10m"),
    query("rate(http_requests_total[1m])[5m:1m]"),
    query('count_values("v", hard)'),
    query("gone"),
    ranged("up"),
    ranged("up", method="POST", form=True),
    ranged("node_load1", step="1m"),
    ranged("node_load1", step="0.5", end=str(float(AT) + 10)),
    ranged("node_load1", step="500ms", end=str(float(AT) + 10)),
    ranged("node_load1", start=f"{AT}.25"),
    ranged("sum by (code) (rate(http_requests_total[1m]))"),
    ranged("histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))"),
    ranged("gone", start=str(shop.START_MS / 1000), end=str(shop.END_MS / 1000)),
    ranged("hard"),
    ranged("1"),
    ranged("time()"),
    ranged("nope"),
    ranged("node_load1 > 1.2"),
    ranged("up", start=AT, end=AT),
    ranged("up", end=str(float(AT) + 11_000), step="1"),
    ranged('count_values without (job) ("v", up)'),
    api("series", match="up"),
    api("series", match=["up", "gone"], method="POST", form=True),
    api("series", match=["up", '{job="shop",__name__=~"u.*"}']),
    api("series", match="nope"),
    api("series", match='{__name__=~".+"}', start=AT, end=AT),
    api("series", match="up", start="5", end="1"),
    api("series", match="up", start="-292273086-05-16T16:47:06Z", end="292277025-08-18T07:12:54.999999999Z"),
    api("labels"),
    api("labels", method="POST", form=True, match="up"),
    api("labels", match="http_requests_total"),
    api("labels", start="5", end="1"),
    api("labels", start="5", end="6"),
    api("label/code/values"),
    api("label/__name__/values"),
    api("label/nope/values"),
    api("label/le/values", match='http_request_duration_seconds_bucket{instance="10.0.0.1:80"}'),
    api("label/job/values", start=AT),
    api("query_exemplars", query="up", start="1", end="2"),
    api("query_exemplars", query="up", method="POST", form=True),
    api("format_query", query="sum(up)by(job)"),
    api("format_query", query='up{job="a"}/on(instance)group_left up', method="POST", form=True),
    api("rules"),
    api("rules", type="alert"),
    api("alerts"),
    api("alertmanagers"),
    api("targets", state="dropped"),
    api("targets", state="x"),
    api("status/walreplay"),
    Case(path="/-/ready", params={}),
    Case(path="/-/healthy", params={}),
    Case(path="/-/ready", params={}, method="HEAD"),
    Case(path="/federate", params={"match[]": ["nope"]}),
]

BAD = [
    api("query"),
    query("sum("),
    query("up{"),
    query("up[5m] + 1"),
    query("nofunction(up)"),
    query('{job=""}'),
    query('up{job=~"("}'),
    query("absent(up[5m])"),
    query("up", time="x"),
    query("up", time="2023-02-31T00:00:00Z"),
    query("up", time="2023-11-14 22:43:20"),
    query("up", time="1__000"),
    query("up", time='"\x01é'),
    query("up", time="x", timeout="x"),
    query("up", timeout="x"),
    query("up", timeout="1.5h"),
    query("up", timeout="1e20"),
    query("up", timeout="0", words=False),
    query("up + on (job) up"),
    query("up + on (job) group_left () up"),
    query('label_replace(up, "1a", "", "job", "")'),
    query('label_replace(up, "instance", "", "job", "")'),
    api("query_range", query="up"),
    api("query_range", query="up", start="1"),
    api("query_range", query="up", start="1", end="2"),
    ranged("up", start="x"),
    ranged("up", end="x"),
    ranged("up", end="1"),
    ranged("up", step="0"),
    ranged("up", step="-1"),
    ranged("up", step="x"),
    ranged("up", step="1m1h"),
    ranged("up", step="1e20"),
    ranged("up", end=str(float(AT) + 11_001), step="1"),
    ranged("up", timeout="y"),
    ranged("up", timeout="0", words=False),
    ranged("sum("),
    ranged("up[5m]"),
    ranged('"text"'),
    ranged("up + on (job) up"),
    api("series"),
    api("series", match="up", start="x"),
    api("series", match="up", end="x"),
    api("series", match="sum(up)"),
    api("series", match="up offset 5m"),
    api("series", match="up[5m]"),
    api("series", match=["up", '{a=""}']),
    api("labels", match="{"),
    api("labels", match='{job=""}'),
    api("labels", start="x"),
    api("label/a-b/values"),
    api("label/1a/values"),
    api("label/job/values", match="{"),
    api("label/job/values", match='{job=~".*"}'),
    api("label/job/values", end="x"),
    api("query_exemplars"),
    api("query_exemplars", query="up", start="x"),
    api("query_exemplars", query="up", start="5", end="1"),
    api("format_query"),
    api("format_query", query="sum("),
    api("metadata", limit="x"),
    api("targets/metadata", limit="x"),
    api("targets/metadata", match_target="x("),
    api("rules", type="x"),
    api("nope"),
    api("label/job"),
    api("query", method="PUT"),
    api("query", method="HEAD"),
    api("metadata", method="POST", form=True),
    api("label/job/values", method="POST", form=True, match="up"),
    api("query", method="OPTIONS"),
    Case(path="/nope", params={}),
    Case(path="/nope", params={}, method="POST", form=True),
    Case(path="/-/ready", params={}, method="POST", form=True),
    Case(path="/metrics", params={}, method="POST", form=True),
    Case(path="/api/v1/query?query=%zz", params={}),
]


def both(server: PrometheusServer, face: FaceServer, case: Case, **headers: str) -> tuple[Got, Got]:
    theirs, ours = (
        ask(url, case.method, case.path, case.params, form=case.form, headers=headers) for url in (server.url, face.url)
    )
    return theirs, ours


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_a_good_question_gets_the_same_answer(server: PrometheusServer, face: FaceServer, case: Case) -> None:
    theirs, ours = both(server, face, case)
    text = "text/plain; charset=utf-8"
    assert (ours.status, ours.headers.get("Content-Type")) == (200, theirs.headers.get("Content-Type", text))
    if case.path.startswith("/api"):
        assert_same(without_stats(json.loads(ours.body)), without_stats(json.loads(theirs.body)), exact=is_exact(case))
    else:
        assert ours.body == theirs.body
    assert theirs.status == 200


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_bad_question_gets_the_same_refusal(server: PrometheusServer, face: FaceServer, case: Case) -> None:
    theirs, ours = both(server, face, case)
    assert ours.status == theirs.status
    assert ours.headers.get("Content-Type") == theirs.headers.get("Content-Type") or case.method == "OPTIONS"
    assert ours.headers.get("Allow") == theirs.headers.get("Allow") or case.method == "OPTIONS"
    if theirs.headers.get("Content-Type") != "application/json":
        assert ours.body == theirs.body
        return
    mine, real_one = json.loads(ours.body), json.loads(theirs.body)
    if not case.words:
        assert mine.pop("error").partition(":")[0:1] != ("",)
        real_one.pop("error")
    assert mine == real_one


def without_stats(answer: dict[str, Any]) -> dict[str, Any]:
    """How long it took is not ours to repeat."""
    if isinstance(answer.get("data"), dict):
        answer["data"].pop("stats", None)
    return answer


def is_exact(case: Case) -> bool:
    """Whether every digit counts: where values are only handed on, not calculated."""
    return not any(word in str(case) for word in ("rate", "quantile", "sum"))


def assert_same(ours: Any, theirs: Any, *, exact: bool, path: str = "$") -> None:
    """Equal, numbers in texts to 1e-9 where they are calculated."""
    assert type(ours) is type(theirs), path
    match ours:
        case dict():
            assert list(ours) == list(theirs), path
            for name in ours:
                assert_same(ours[name], theirs[name], exact=exact, path=f"{path}.{name}")
        case list():
            assert len(ours) == len(theirs), path
            for n, (mine, real_one) in enumerate(zip(ours, theirs, strict=True)):
                assert_same(mine, real_one, exact=exact, path=f"{path}[{n}]")
        case str() if not exact and number(ours) is not None and number(theirs) is not None:
            assert math.isclose(number(ours) or 0, number(theirs) or 0, rel_tol=1e-9), path
        case _:
            assert ours == theirs, path


def number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@pytest.mark.parametrize("path", ["status/buildinfo", "status/runtimeinfo", "status/config", "status/tsdb"])
def test_what_it_says_of_itself_has_the_same_shape(server: PrometheusServer, face: FaceServer, path: str) -> None:
    theirs, ours = (json.loads(each.body)["data"] for each in both(server, face, api(path)))
    assert shape(ours) == shape(theirs)


def test_its_flags_are_flags_of_the_real_one(server: PrometheusServer, face: FaceServer) -> None:
    theirs, ours = (json.loads(each.body)["data"] for each in both(server, face, api("status/flags")))
    assert set(ours) <= set(theirs)


def shape(value: Any) -> Any:
    """The names of fields and the types of values; lists are not looked into."""
    return {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else type(value).__name__


def test_gzip_is_used_when_it_is_asked_for(server: PrometheusServer, face: FaceServer) -> None:
    for answer in both(server, face, ranged("hard"), **{"Accept-Encoding": "gzip"}):
        assert answer.headers["Content-Encoding"] == "gzip"


def test_there_are_at_least_sixty_questions() -> None:
    assert len(GOOD) + len(BAD) >= 60
    assert len({str(case) for case in GOOD + BAD}) == len(GOOD) + len(BAD)
