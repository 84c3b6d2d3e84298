"""The client on scripted servers: how we are let in, what goes wrong on the way, and in which words."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.tls import tls_context
from opsdash.core.errors import (
    AccessDenied,
    AnswerUnusable,
    ConfigInvalid,
    InsecureConnection,
    OpsdashError,
    QueryTimedOut,
    SecretMissing,
    SourceUnavailable,
)
from opsdash.core.secret import SecretRef
from opsdash.core.sources import ApiKeyAuth, BasicAuth, BearerAuth, SourceSpec, Tls
from tests.servers import replies
from tests.servers.fault_fixtures import MakeFaultServer, MakeProxy
from tests.servers.faults import FaultServer
from tests.servers.tls import TlsFiles


@contextlib.asynccontextmanager
async def client(url: str, **spec: Any) -> AsyncIterator[HttpClient]:
    made = HttpClient(SourceSpec(name="prom", kind="prometheus", url=url, **spec), SystemClock())
    try:
        yield made
    finally:
        await made.aclose()


@contextlib.asynccontextmanager
async def listening(says: bytes) -> AsyncIterator[int]:
    """A port that says this to whoever says something, or nothing; closed cleanly."""
    done = asyncio.Queue[None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.read(10) if says else reader.read())
        writer.write(says)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        done.put_nowait(None)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    await done.get()
    server.close()


async def get(http: HttpClient, path: str = "/x", **named: Any) -> bytes:
    async with http.request("GET", path, **named) as response:
        return await response.read(1 << 20)


async def failure(url: str, path: str = "/x", **spec: Any) -> OpsdashError:
    async with client(url, **spec) as http:
        with pytest.raises(OpsdashError) as caught:
            await get(http, path)
    assert caught.value.message.isprintable()
    return caught.value


# -- what is sent ------------------------------------------------------------------------------------------------------


async def test_the_path_and_query_of_the_url_are_kept_before_ours(fault_server: FaultServer) -> None:
    async with client(f"{fault_server.url}/prometheus/?tenant=a%20b") as http:
        await get(http, "/api/v1/query", params=[("query", 'up{a=~"x+y"}&z#'), ("time", "1.5")])
    (asked,) = fault_server.asked
    assert asked.path == "/prometheus/api/v1/query"
    assert asked.params == {"tenant": ["a b"], "query": ['up{a=~"x+y"}&z#'], "time": ["1.5"]}
    assert asked.headers["host"] == f"127.0.0.1:{fault_server.port}"
    assert asked.headers["accept-encoding"] == "gzip"


async def test_bearer_basic_and_api_key_and_headers_let_us_in(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROM_SECRET", "s3cret")
    ref = SecretRef("env", "PROM_SECRET")
    for auth in (BearerAuth(token=ref), BasicAuth(username="öps", password=ref), ApiKeyAuth(key=ref)):
        async with client(fault_server.url, auth=auth, headers=(("X-Scope-OrgID", "shop"), ("X-Key", ref))) as http:
            await get(http)
    basic = base64.b64encode("öps:s3cret".encode()).decode()
    expected = ["Bearer s3cret", f"Basic {basic}", "ApiKey s3cret"]
    assert [asked.headers["authorization"] for asked in fault_server.asked] == expected
    assert {(asked.headers["x-scope-orgid"], asked.headers["x-key"]) for asked in fault_server.asked} == {
        ("shop", "s3cret")
    }


async def test_user_and_password_of_the_url_let_us_in_and_are_never_shown(fault_server: FaultServer) -> None:
    url = fault_server.url.replace("http://", "http://ops:hunter%402@")
    async with client(url) as http:
        await get(http)
    expected = base64.b64encode(b"ops:hunter@2").decode()
    assert fault_server.asked[0].headers["authorization"] == f"Basic {expected}"
    fault_server.stop()
    assert "hunter" not in (await failure(url)).message


async def test_a_missing_secret_is_named_and_nothing_is_sent(fault_server: FaultServer) -> None:
    auth = BearerAuth(token=SecretRef("env", "NOT_SET_ANYWHERE"))
    error = await failure(fault_server.url, auth=auth)
    assert isinstance(error, SecretMissing)
    assert error.message == "prom: the environment variable NOT_SET_ANYWHERE is not set"
    assert fault_server.asked == []


async def test_a_secret_command_that_hangs_is_not_called_a_slow_server(fault_server: FaultServer) -> None:
    auth = BearerAuth(token=SecretRef("command", "sleep 60"))
    error = await failure(fault_server.url, auth=auth, timeout_s=0.3)
    assert error.message == "prom was not asked: its secrets could not be read in 0.3 s"


async def test_a_secret_with_a_line_break_is_no_second_header_and_is_never_shown(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROM_SECRET", "hunter2\r\nX-Admin: yes")
    error = await failure(fault_server.url, auth=BearerAuth(token=SecretRef("env", "PROM_SECRET")))
    assert isinstance(error, ConfigInvalid)
    chain: BaseException | None = error
    while chain is not None:
        assert "hunter2" not in repr(chain)
        chain = chain.__cause__ or chain.__context__
    assert "not a header name" in (await failure(fault_server.url, headers=(("Bad Name", "x"),))).message
    assert fault_server.asked == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://h/", "has to begin with http:// or https://"),
        ("127.0.0.1:9090", "has to begin with http:// or https://"),
        ("http:///api", "names no host"),
        ("http://h:99999", "up to 65535"),
        ("http://h:x", "up to 65535"),
        ("http://[::1", "not a URL"),
        ("http://h/a b", "a space or a control character"),
        ("http://h/\r\nX: y", "a space or a control character"),
        ("http://" + "ä" * 80 + ".example", "is not a host name"),
    ],
)
def test_a_url_that_is_none_is_refused_with_the_reason(url: str, words: str) -> None:
    with pytest.raises(ConfigInvalid, match="prom: url: ") as caught:
        HttpClient(SourceSpec(name="prom", kind="prometheus", url=url), SystemClock())
    assert words in caught.value.message


async def test_the_environment_gives_no_proxy(fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with client(fault_server.url) as http:
        await get(http)
    assert len(fault_server.asked) == 1


# -- connections -------------------------------------------------------------------------------------------------------


async def test_connections_are_kept_and_few(fault_server: FaultServer) -> None:
    async with client(fault_server.url) as http:
        for _ in range(5):
            await asyncio.gather(*(get(http) for _ in range(20)))
    assert len(fault_server.asked) == 100
    assert fault_server.connections <= 6
    assert fault_server.most_at_once() <= 6


async def test_queries_that_hang_do_not_hold_up_the_others(fault_server: FaultServer) -> None:
    fault_server.on("slow", replies.hang())
    async with client(fault_server.url, timeout_s=30) as http:
        hanging = [asyncio.ensure_future(get(http, "/slow")) for _ in range(12)]
        async with asyncio.timeout(10):
            await asyncio.gather(*(get(http, "/quick") for _ in range(50)))
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_who_finds_no_free_connection_is_told_so(fault_server: FaultServer) -> None:
    fault_server.always(replies.hang())
    async with client(fault_server.url, timeout_s=1.0, max_connections=1) as http:
        found = await asyncio.gather(*(get(http) for _ in range(12)), return_exceptions=True)
    words = {str(error) for error in found}
    assert words == {"prom did not answer in 1 s", "prom was not asked: its connections were all busy for 1 s"}


async def test_a_kept_connection_that_the_server_closed_is_replaced_in_silence(fault_server: FaultServer) -> None:
    async with client(fault_server.url) as http:
        assert await get(http)
        fault_server.then(replies.reset(), replies.status(200, "again"))
        assert await get(http) == b"again"
        port = fault_server.port
        fault_server.stop()
        fault_server.start()
        assert fault_server.port == port
        assert await get(http) == b"again"


async def test_what_must_not_be_repeated_is_not_repeated(fault_server: FaultServer) -> None:
    async with client(fault_server.url) as http:
        await get(http)
        fault_server.then(replies.reset(), replies.status(200, "again"))
        with pytest.raises(SourceUnavailable, match="not known"):
            await get(http, repeatable=False)
    assert len(fault_server.asked) == 2


async def test_a_cancelled_request_gives_its_place_back(fault_server: FaultServer) -> None:
    fault_server.on("slow", replies.hang())
    async with client(fault_server.url, max_connections=1) as http:
        for _ in range(10):
            task = asyncio.ensure_future(get(http, "/slow"))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await get(http)


async def test_a_client_that_is_closed_while_it_connects_leaves_no_connection(fault_server: FaultServer) -> None:
    async with client(fault_server.url) as http:
        asked = asyncio.create_task(get(http))
        await asyncio.sleep(0)
        await http.aclose()
        with pytest.raises(SourceUnavailable, match="prom is closed"):
            await asked
    assert fault_server.asked == []


async def test_a_closed_client_says_so_and_ends_what_is_under_way(fault_server: FaultServer) -> None:
    fault_server.always(replies.hang())
    async with client(fault_server.url) as http:
        task = asyncio.ensure_future(get(http))
        await asyncio.sleep(0.1)
        await http.aclose()
        with pytest.raises((SourceUnavailable, AnswerUnusable)):
            await task
        with pytest.raises(SourceUnavailable, match="prom is closed"):
            await get(http)


# -- what goes wrong ---------------------------------------------------------------------------------------------------


async def test_nobody_listening_is_told_with_host_and_port(refused_url: str) -> None:
    error = await failure(refused_url)
    assert isinstance(error, SourceUnavailable)
    assert error.message == f"prom at {refused_url.removeprefix('http://')} refused the connection"


async def test_a_name_with_several_addresses_is_reached_at_the_one_that_answers() -> None:
    server = FaultServer(host="localhost").start()  # on 127.0.0.1 only, while the name may also mean ::1
    try:
        async with client(server.url) as http:
            assert await get(http)
    finally:
        server.stop()
    assert (await failure(server.url)).message == f"prom at localhost:{server.port} refused the connection"


async def test_a_name_that_does_not_exist_is_told() -> None:
    error = await failure("http://does-not-exist.invalid:9090")
    assert isinstance(error, SourceUnavailable)
    assert error.message == "prom: the name of does-not-exist.invalid:9090 cannot be resolved"


async def test_a_connection_that_is_never_established_is_not_called_a_slow_answer(silent_url: str) -> None:
    error = await failure(silent_url, timeout_s=0.4)
    assert isinstance(error, SourceUnavailable)
    assert error.message.startswith("prom could not be connected to in 0.4 s (127.0.0.1:")


async def test_an_answer_that_does_not_come_or_does_not_end_is_a_time_out_of_this_query(
    fault_server: FaultServer,
) -> None:
    fault_server.on("hang", replies.hang())
    fault_server.on("half", replies.hang_in_the_body("x" * 5000, said=2000))
    fault_server.on("drip", replies.drip("x" * 100_000, bytes_per_s=1000))
    never = await failure(fault_server.url, "/hang", timeout_s=0.3)
    assert (type(never), never.message) == (QueryTimedOut, "prom did not answer in 0.3 s")
    half = await failure(fault_server.url, "/half", timeout_s=0.3)
    assert (type(half), half.message) == (QueryTimedOut, "prom did not finish its answer in 0.3 s (2 KiB read)")
    drip = await failure(fault_server.url, "/drip", timeout_s=0.5)
    assert isinstance(drip, QueryTimedOut)


async def test_a_connection_cut_in_the_middle_is_told_from_one_cut_at_once(fault_server: FaultServer) -> None:
    fault_server.on("middle", replies.truncated("x" * 90_000, kept=50_000))
    fault_server.on("reset", replies.reset())
    fault_server.on("ssh", replies.not_http())
    middle = await failure(fault_server.url, "/middle")
    assert type(middle) is AnswerUnusable
    assert middle.message == "prom closed the connection in the middle of its answer (49 KiB read)"
    where = f"127.0.0.1:{fault_server.port}"
    assert (await failure(fault_server.url, "/reset")).message == f"prom at {where} cut the connection"
    assert (await failure(fault_server.url, "/ssh")).message == f"prom at {where} answered something that is not HTTP"


async def test_headers_without_end_are_given_up(fault_server: FaultServer) -> None:
    fault_server.always(replies.body("x", x_long="y" * 2_000_000))
    assert (await failure(fault_server.url)).message.endswith("answered something that is not HTTP")


async def test_gzip_is_unpacked_in_small_pieces_and_broken_gzip_is_told(fault_server: FaultServer) -> None:
    packed = gzip.compress(b"[" + b"1," * 500_000 + b"1]")
    fault_server.on("good", replies.body(packed, content_encoding="gzip"))
    fault_server.on("half", replies.body(packed[:-20], content_encoding="gzip"))
    fault_server.on("noise", replies.body(b"not gzip at all", content_encoding="gzip"))
    fault_server.on("brotli", replies.body(b"x", content_encoding="br\x1b[31m"))
    async with client(fault_server.url) as http, http.request("GET", "/good") as response:
        pieces = [piece async for piece in response.pieces()]
        assert response.wire_bytes < 10_000
    assert sum(map(len, pieces)) == 1_000_003
    assert max(map(len, pieces)) <= 64 * 1024
    assert (await failure(fault_server.url, "/half")).message == "prom answered with half of its gzip data"
    assert (await failure(fault_server.url, "/noise")).message == "prom answered with broken gzip data"


# -- TLS ---------------------------------------------------------------------------------------------------------------


async def test_a_private_authority_is_trusted_when_it_is_named(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles
) -> None:
    server = make_fault_server(tls="good")
    server.always(replies.body(b"x" * 3_000_000))
    async with client(server.url, tls=Tls(ca=str(tls_files.ca))) as http:
        async with http.request("GET", "/x") as response:
            assert len(await response.read(4_000_000)) == 3_000_000
        await get(http)
    error = await failure(server.url)
    assert isinstance(error, InsecureConnection)
    assert "authority" in error.message
    assert "tls.ca" in error.message


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("wrong_ca", "its certificate comes from an authority that this host does not know; set tls.ca"),
        ("expired", "its certificate has expired"),
        ("wrong_host", "its certificate is for another"),
    ],
)
async def test_a_bad_certificate_is_refused_with_the_reason(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles, case: Any, words: str
) -> None:
    server = make_fault_server(tls=case)
    error = await failure(server.url, tls=Tls(ca=str(tls_files.ca)))
    assert isinstance(error, InsecureConnection)
    assert error.message.startswith(f"prom at 127.0.0.1:{server.port} is not trusted: {words}")
    assert server.asked == []


async def test_the_expected_name_can_be_given_and_is_then_the_only_one(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles
) -> None:
    elsewhere, here = make_fault_server(tls="wrong_host"), make_fault_server(tls="good")
    tls = Tls(ca=str(tls_files.ca), server_name="elsewhere.example")
    async with client(elsewhere.url, tls=tls) as http:
        assert await get(http)
    assert isinstance(await failure(here.url, tls=tls), InsecureConnection)


async def test_verification_is_only_skipped_when_it_is_written(make_fault_server: MakeFaultServer) -> None:
    server = make_fault_server(tls="expired")
    assert isinstance(await failure(server.url), InsecureConnection)
    async with client(server.url, tls=Tls(insecure_skip_verify=True)) as http:
        assert await get(http)


async def test_a_client_certificate_is_presented_and_its_absence_explained(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles
) -> None:
    server = make_fault_server(tls="client_wanted")
    ca = str(tls_files.ca)
    async with client(
        server.url, tls=Tls(ca=ca, cert=str(tls_files.client_cert), key=str(tls_files.client_key))
    ) as http:
        await get(http)
    assert server.asked[0].peer == "opsdash client"
    stranger = Tls(ca=ca, cert=str(tls_files.stranger_cert), key=str(tls_files.stranger_key))
    for tls in (Tls(ca=ca), stranger):
        assert (await failure(server.url, tls=tls)).message.endswith(
            "cut the connection after the TLS handshake; it may want a (different) client certificate"
        )


async def test_a_server_that_says_why_it_refuses_the_client_certificate_is_quoted(tls_files: TlsFiles) -> None:
    def serve(listening: socket.socket) -> None:
        """OpenSSL's own sockets send the alert; asyncio's do not get round to it."""
        context = tls_files.context("client_wanted")
        for _ in range(2):
            accepted, _ = listening.accept()
            with accepted.dup() as kept:
                with contextlib.suppress(OSError):
                    context.wrap_socket(accepted, server_side=True)
                while kept.recv(4096):  # closing with unread bytes would reset the connection, and the alert be lost
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        without = await failure(url, tls=Tls(ca=str(tls_files.ca)))
        stranger = Tls(ca=str(tls_files.ca), cert=str(tls_files.stranger_cert), key=str(tls_files.stranger_key))
        refused = await failure(url, tls=stranger)
        thread.join()
    assert isinstance(without, InsecureConnection)
    assert without.message.endswith("asks for a client certificate; set tls.cert and tls.key")
    assert isinstance(refused, InsecureConnection)
    assert refused.message.endswith("does not trust the authority of our client certificate")


async def test_https_to_a_plain_server_and_http_to_a_secure_one_are_explained(
    make_fault_server: MakeFaultServer,
) -> None:
    async with listening(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as port:
        error = await failure(f"https://127.0.0.1:{port}")
    assert isinstance(error, InsecureConnection)
    assert error.message.endswith("does not speak TLS there; is it http:// and not https://?")
    secure = make_fault_server(tls="good")
    assert isinstance(await failure(secure.url.replace("https://", "http://")), SourceUnavailable | AnswerUnusable)
    assert secure.asked == []


async def test_a_handshake_that_never_ends_is_told_from_a_slow_answer() -> None:
    async with listening(b"") as port:
        error = await failure(f"https://127.0.0.1:{port}", timeout_s=0.4)
    assert error.message == f"prom did not finish the TLS handshake in 0.4 s (127.0.0.1:{port})"


def test_certificate_files_that_cannot_be_used_are_named(tmp_path: Path, tls_files: TlsFiles) -> None:
    def words(tls: Tls) -> str:
        with pytest.raises(ConfigInvalid) as caught:
            tls_context("prom", tls)
        return caught.value.message

    noise = tmp_path / "noise.pem"
    noise.write_text("nothing")
    cert, key = str(tls_files.client_cert), str(tls_files.client_key)
    assert words(Tls(ca="/no/ca.pem")) == "prom: tls.ca: /no/ca.pem cannot be read: No such file or directory"
    assert words(Tls(ca=str(noise))) == f"prom: tls.ca: {noise} holds no PEM certificate"
    assert words(Tls(cert="/no/c.pem")) == "prom: tls.cert or tls.key cannot be read: No such file or directory"
    assert words(Tls(cert=cert)) == f"prom: tls.cert: {cert} holds no key beside it; set tls.key"
    assert words(Tls(cert=cert, key=str(tls_files.stranger_key))) == f"prom: tls.key does not belong to {cert}"
    assert words(Tls(cert=cert, key=str(noise))).startswith("prom: tls.cert and tls.key are not a PEM")
    assert tls_context("prom", Tls(cert=cert, key=key)).verify_mode == ssl.CERT_REQUIRED


def test_a_key_with_a_pass_phrase_is_refused_and_never_asks_on_the_terminal(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    path = tmp_path / "k.pem"
    path.write_bytes(key)
    with pytest.raises(ConfigInvalid, match="pass phrase"):
        tls_context("prom", Tls(cert=str(path), key=str(path)))


async def test_a_renewed_certificate_is_used_by_the_next_connection(
    make_fault_server: MakeFaultServer, tls_files: TlsFiles, tmp_path: Path
) -> None:
    server = make_fault_server(tls="client_wanted")
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    cert.write_bytes(tls_files.stranger_cert.read_bytes())
    key.write_bytes(tls_files.stranger_key.read_bytes())
    async with client(server.url, tls=Tls(ca=str(tls_files.ca), cert=str(cert), key=str(key))) as http:
        with pytest.raises(SourceUnavailable):
            await get(http)
        cert.write_bytes(tls_files.client_cert.read_bytes())
        key.write_bytes(tls_files.client_key.read_bytes())
        assert await get(http)


# -- proxies -----------------------------------------------------------------------------------------------------------


async def test_a_proxy_is_used_for_plain_and_for_secure_servers(
    fault_server: FaultServer, make_fault_server: MakeFaultServer, make_proxy: MakeProxy, tls_files: TlsFiles
) -> None:
    proxy, secure = make_proxy(credentials="ops:s3cret"), make_fault_server(tls="good")
    for server in (fault_server, secure):
        async with client(server.url, proxy=proxy.url, tls=Tls(ca=str(tls_files.ca))) as http:
            await get(http, "/api/v1/query")
        (asked,) = server.asked
        assert asked.target == "/api/v1/query"
        assert "proxy-authorization" not in asked.headers
    assert proxy.asked[0].target == f"{fault_server.url}/api/v1/query"
    assert (proxy.asked[1].method, proxy.asked[1].target) == ("CONNECT", f"127.0.0.1:{secure.port}")


async def test_a_certificate_is_checked_through_a_proxy_too(
    make_fault_server: MakeFaultServer, make_proxy: MakeProxy, tls_files: TlsFiles
) -> None:
    server = make_fault_server(tls="wrong_host")
    error = await failure(server.url, proxy=make_proxy().url, tls=Tls(ca=str(tls_files.ca)))
    assert isinstance(error, InsecureConnection)
    assert "its certificate is for another" in error.message


async def test_a_proxy_may_itself_be_secure(make_fault_server: MakeFaultServer, tls_files: TlsFiles) -> None:
    """TLS inside of TLS: the certificates of both are checked."""
    servers = [make_fault_server(tls="good"), make_fault_server()]
    asked: list[bytes] = []
    done = asyncio.Queue[None]()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
            writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        secure = head.startswith(b"CONNECT")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", servers[0 if secure else 1].port)
        if secure:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            far_writer.write(head)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        for each in (writer, far_writer):
            with contextlib.suppress(OSError):
                await each.wait_closed()
        done.put_nowait(None)

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0, ssl=tls_files.context("good"))
    url = f"https://ops:s3cret@127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    for server in servers:
        server.always(replies.body(b"x" * 2_000_000))
        tls = Tls(ca=str(tls_files.ca))
        async with client(server.url, proxy=url, tls=tls) as http, http.request("GET", "/x") as response:
            assert len(await response.read(3_000_000)) == 2_000_000
        await done.get()
    assert all(b"Proxy-Authorization: Basic b3BzOnMzY3JldA==" in head for head in asked)
    untrusted = await failure(servers[0].url, proxy=url)
    assert isinstance(untrusted, InsecureConnection)
    assert untrusted.message.startswith("the proxy of prom at 127.0.0.1:")
    listening.close()


async def test_kept_connections_are_given_up_after_one_that_fell_silent(fault_server: FaultServer) -> None:
    async with client(fault_server.url, timeout_s=0.4) as http:
        await asyncio.gather(*(get(http) for _ in range(4)))
        before = fault_server.connections
        fault_server.on("silent", replies.hang())
        with pytest.raises(QueryTimedOut):
            await get(http, "/silent")
        await asyncio.gather(*(get(http) for _ in range(2)))
        assert fault_server.connections > before


async def test_a_proxy_that_refuses_or_is_gone_is_told_from_the_server(
    make_fault_server: MakeFaultServer, make_proxy: MakeProxy, refused_url: str, fault_server: FaultServer
) -> None:
    secure, proxy = make_fault_server(tls="good"), make_proxy(credentials="ops:s3cret")
    bare = proxy.url.replace("ops:s3cret@", "")
    denied = await failure(secure.url, proxy=bare)
    assert isinstance(denied, AccessDenied)
    assert denied.message == "the proxy of prom asks for a user name and password (407); put them into its URL"
    gone = await failure(secure.url, proxy=refused_url)
    assert gone.message == f"the proxy of prom at {refused_url.removeprefix('http://')} refused the connection"
    fault_server.then(replies.status(403), replies.status(502))
    assert (await failure(secure.url, proxy=fault_server.url)).message == (
        f"the proxy of prom does not let us through to 127.0.0.1:{secure.port} (403)"
    )
    assert (await failure(secure.url, proxy=fault_server.url)).message == (
        f"the proxy of prom found no way to 127.0.0.1:{secure.port} (502)"
    )
    assert secure.asked == []


async def test_other_kinds_of_proxy_are_refused_by_name() -> None:
    spec = SourceSpec(name="prom", kind="prometheus", url="http://h", proxy="socks5://127.0.0.1:1080")
    with pytest.raises(ConfigInvalid, match="prom: proxy: it has to begin with http:// or https://"):
        HttpClient(spec, SystemClock())


# -- properties of all of it -------------------------------------------------------------------------------------------

BREAKS: list[Callable[[], Any]] = [
    replies.reset,
    replies.not_http,
    lambda: replies.truncated("x" * 100, kept=10),
    lambda: replies.body(b"x", content_encoding="gzip"),
    lambda: replies.body(b"x", content_length="99999"),
    lambda: replies.body(b"x", content_length="-1"),
    lambda: replies.body(b"x", transfer_encoding="gzip, chunked"),
]


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_broken_exchange_never_spoils_the_next_one(
    fault_server: FaultServer, broken: Callable[[], Any]
) -> None:
    fault_server.on("broken", broken())
    async with client(fault_server.url, timeout_s=0.5) as http:
        good = await get(http, "/good")
        for _ in range(3):
            with pytest.raises(OpsdashError):
                await get(http, "/broken")
            assert await get(http, "/good") == good
