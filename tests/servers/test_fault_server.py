"""The scripted servers break what they say, and nothing else."""

from __future__ import annotations

import ssl
import threading
import time

import httpx
import pytest

from tests.servers import replies
from tests.servers.exchange import Reply
from tests.servers.fault_fixtures import MakeFaultServer, MakeProxy
from tests.servers.faults import FaultServer
from tests.servers.prometheus import PrometheusServer
from tests.servers.tls import TlsCase, TlsFiles
from tests.servers.upstream import passing_on


def get(url: str, *, verify: ssl.SSLContext | bool = True, proxy: str | None = None) -> httpx.Response:
    with httpx.Client(verify=verify, proxy=proxy, trust_env=False, timeout=10) as client:
        return client.get(url)


def trusting(files: TlsFiles) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files.ca)


def test_rules_go_before_the_script_and_the_last_reply_stays(fault_server: FaultServer) -> None:
    fault_server.then(replies.status(500), replies.vector(({"a": "b"}, 1.0, "2")))
    fault_server.on("slow_metric", replies.prometheus_error(422, "execution", "too many samples"))
    url = f"{fault_server.url}/api/v1/query"
    assert [get(f"{url}?query=up").status_code for _ in range(3)] == [500, 200, 200]
    refused = get(f"{url}?query=rate(slow_metric[1m])")
    assert (refused.status_code, refused.json()["error"]) == (422, "too many samples")
    assert len(fault_server.asked_for("slow_metric")) == 1
    assert fault_server.asked[0].param("query") == "up"


def test_form_bodies_are_read(fault_server: FaultServer) -> None:
    fault_server.always(replies.matrix_of(lambda t: t * 2, {"a": "x"}, {"a": "y"}))
    form = {"query": "m", "start": "100", "end": "120", "step": "10"}
    result = httpx.post(f"{fault_server.url}/api/v1/query_range", data=form, trust_env=False).json()["data"]["result"]
    assert [series["metric"] for series in result] == [{"a": "x"}, {"a": "y"}]
    assert result[0]["values"] == [[100.0, "200.0"], [110.0, "220.0"], [120.0, "240.0"]]


def test_it_goes_away_and_comes_back_on_its_port(fault_server: FaultServer) -> None:
    assert get(fault_server.url).status_code == 200
    fault_server.stop()
    with pytest.raises(httpx.ConnectError):
        get(fault_server.url)
    fault_server.start()
    assert get(fault_server.url).status_code == 200


def test_a_hanging_one_can_be_stopped_and_counts_the_crowd(fault_server: FaultServer) -> None:
    fault_server.always(replies.hang())
    failed: list[type[BaseException]] = []

    def wait() -> None:
        try:
            get(fault_server.url)
        except httpx.HTTPError as error:
            failed.append(type(error))

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 10
    while fault_server.most_at_once() < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    fault_server.stop()
    for thread in waiting:
        thread.join()
    assert len(failed) == 3


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replies.reset(), httpx.RemoteProtocolError),
        (replies.truncated('{"status":"success"}', kept=7), httpx.RemoteProtocolError),
        (replies.not_http(), httpx.RemoteProtocolError),
    ],
)
def test_broken_answers_break(fault_server: FaultServer, reply: Reply, expected: type[Exception]) -> None:
    fault_server.always(reply)
    with pytest.raises(expected):
        get(fault_server.url)


def test_a_retry_after_a_redirect_and_a_wrong_clock(fault_server: FaultServer) -> None:
    fault_server.then(replies.retry_after(429, "3"), replies.redirect("/login"), replies.with_clock_off(3600, 0, {}))
    first, second, third = (get(fault_server.url) for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (429, "3")
    assert (second.status_code, second.headers["location"]) == (302, "/login")
    assert third.headers.get_list("date") == ["Thu, 01 Jan 1970 01:00:00 GMT"]


@pytest.mark.parametrize(
    ("reply", "size"),
    [
        (replies.big_json(2 << 20), 1_900_000),
        (replies.many_series(20_000), 1_000_000),
        (replies.long_label(1 << 20), 1_000_000),
        (replies.compressed_bomb(8 << 20), 7_000_000),
    ],
)
def test_large_answers_are_large_and_valid(fault_server: FaultServer, reply: Reply, size: int) -> None:
    fault_server.always(reply)
    answer = get(fault_server.url)
    assert len(answer.content) > size
    assert answer.json()["status"] == "success"


def test_a_slow_one_drips(fault_server: FaultServer) -> None:
    fault_server.always(replies.drip("x" * 100, bytes_per_s=400))
    started = time.monotonic()
    assert len(get(fault_server.url).content) == 100
    assert time.monotonic() - started > 0.15


def test_good_tls_is_good_and_each_bad_one_is_refused(make_fault_server: MakeFaultServer, tls_files: TlsFiles) -> None:
    assert get(make_fault_server(tls="good").url, verify=trusting(tls_files)).status_code == 200
    bad: dict[TlsCase, str] = {"wrong_ca": "issuer", "expired": "expired", "wrong_host": "mismatch"}
    for case, reason in bad.items():
        server = make_fault_server(tls=case)
        with pytest.raises(httpx.ConnectError, match=reason):
            get(server.url, verify=trusting(tls_files))
        assert server.asked == []


def test_a_client_certificate_can_be_wanted(make_fault_server: MakeFaultServer, tls_files: TlsFiles) -> None:
    server = make_fault_server(tls="client_wanted")
    with pytest.raises(httpx.HTTPError):
        get(server.url, verify=trusting(tls_files))
    stranger = trusting(tls_files)
    stranger.load_cert_chain(tls_files.stranger_cert, tls_files.stranger_key)
    with pytest.raises(httpx.HTTPError):
        get(server.url, verify=stranger)
    known = trusting(tls_files)
    known.load_cert_chain(tls_files.client_cert, tls_files.client_key)
    assert get(server.url, verify=known).status_code == 200
    assert [asked.peer for asked in server.asked] == ["opsdash client"]


def test_a_proxy_sees_what_goes_through(
    make_proxy: MakeProxy, make_fault_server: MakeFaultServer, tls_files: TlsFiles
) -> None:
    proxy, plain, secure = make_proxy(), make_fault_server(), make_fault_server(tls="good")
    assert get(f"{plain.url}/api?x=1", proxy=proxy.url).status_code == 200
    assert plain.asked[0].target == "/api?x=1"
    assert get(secure.url, proxy=proxy.url, verify=trusting(tls_files)).status_code == 200
    assert [asked.method for asked in proxy.asked] == ["GET", "CONNECT"]


def test_a_proxy_can_want_credentials(make_proxy: MakeProxy, fault_server: FaultServer) -> None:
    proxy = make_proxy(credentials="ops:secret")
    assert get(fault_server.url, proxy=proxy.url).status_code == 200
    assert get(fault_server.url, proxy=proxy.url.replace("secret", "wrong")).status_code == 407
    assert len(fault_server.asked) == 1


def test_a_refused_and_a_silent_port(refused_url: str, silent_url: str) -> None:
    with pytest.raises(httpx.ConnectError):
        get(refused_url)
    with pytest.raises(httpx.ConnectTimeout), httpx.Client(trust_env=False, timeout=0.5) as client:
        client.get(silent_url)


@pytest.mark.integration
def test_one_query_can_be_broken_in_front_of_a_real_server(
    fault_server: FaultServer, prometheus_server: PrometheusServer
) -> None:
    fault_server.always(passing_on(prometheus_server.url))
    fault_server.on("queue_depth", replies.status(500))
    url = f"{fault_server.url}/api/v1/query"
    assert httpx.post(url, data={"query": "up"}, trust_env=False).json()["data"]["result"] != []
    assert httpx.post(url, data={"query": "queue_depth"}, trust_env=False).status_code == 500
