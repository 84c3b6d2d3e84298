"""The server under the faces: what clients may do to it, well-behaved and not."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable

import pytest

from opsdash.plant.faces.connection import WebLimits
from opsdash.plant.faces.exchange import Handler, Request, Response, json_response, parse_pairs, refuse_in_json
from opsdash.plant.faces.router import Router
from opsdash.plant.faces.web import Face, PortTaken, WebServer

NOW_S = 1_790_000_000.0
SMALL = WebLimits(header_bytes=4096, body_bytes=10_000, connections=3, idle_s=5.0, read_s=0.3, write_s=0.3)


async def tell(request: Request) -> Response:
    """Says what arrived."""
    if request.path == "/breaks":
        raise RuntimeError("a secret of the plant")
    if request.path == "/large":
        return Response(body=b"x" * int(dict(request.url_parameters())["bytes"]))
    return json_response(
        {"method": request.method, "path": request.path, "sent": request.parameters(), "bytes": len(request.body)}
    )


def server(handler: Handler = tell, *, limits: WebLimits = SMALL, port: int = 0) -> WebServer:
    face = Face(name="the test", handler=handler, refuse=refuse_in_json)
    return WebServer(face, now_s=lambda: NOW_S, limits=limits, port=port)


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with server() as running:
        yield running


async def talk(web: WebServer, sent: bytes, *, ends: bool = True) -> bytes:
    """Everything that comes back on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(sent)
    if ends:
        writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def nobody_is_left(web: WebServer) -> None:
    """Waits until the server has let go of every connection."""
    async with asyncio.timeout(10):
        while web.connections:  # noqa: ASYNC110 (it is a number that the server keeps)
            await asyncio.sleep(0.01)


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    return get(path, f"Content-Length: {len(body)}", *headers, method="POST") + body


def statuses(answer: bytes) -> list[int]:
    return [int(piece[:3]) for piece in answer.split(b"HTTP/1.1 ")[1:]]


def body(answer: bytes) -> bytes:
    return answer.rpartition(b"\r\n\r\n")[2]


async def test_requests_on_one_connection_are_answered_one_after_the_other(web: WebServer) -> None:
    answer = await talk(web, get("/a") + get("/b") + get("/c"))
    assert statuses(answer) == [200, 200, 200]
    assert [answer.index(path) for path in (b'"/a"', b'"/b"', b'"/c"')] == sorted(
        answer.index(path) for path in (b'"/a"', b'"/b"', b'"/c"')
    )


async def test_a_request_that_was_sent_ahead_with_a_body_is_not_mixed_up_with_the_next() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.02 if request.path == "/first" else 0)
        return await tell(request)

    async with server(slow) as web:
        answer = await talk(web, post("/first", b"GET /no HTTP/1.1\r\n\r\n") + post("/second", b"12345"))
    assert statuses(answer) == [200, 200]
    assert answer.index(b'"/first","sent":[],"bytes":20') < answer.index(b'"/second","sent":[],"bytes":5')


async def test_the_date_is_that_of_the_plant(web: WebServer) -> None:
    assert b"\r\nDate: Mon, 21 Sep 2026 14:13:20 GMT\r\n" in await talk(web, get("/"))


async def test_close_ends_the_connection_and_is_said(web: WebServer) -> None:
    answer = await talk(web, get("/", "Connection: close") + get("/again"), ends=False)
    assert statuses(answer) == [200]
    assert b"Connection: close" in answer


async def test_http_1_0_is_answered_once(web: WebServer) -> None:
    assert statuses(await talk(web, b"GET / HTTP/1.0\r\n\r\n", ends=False)) == [200]


async def test_a_form_comes_before_the_parameters_of_the_url(web: WebServer) -> None:
    sent = post("/q?a=url&b=%zz&c=x%2By", b"a=form+one", "Content-Type: application/x-www-form-urlencoded; charset=u")
    assert json.loads(body(await talk(web, sent)))["sent"] == [["a", "form one"], ["a", "url"], ["c", "x+y"]]


async def test_head_has_the_length_and_no_body(web: WebServer) -> None:
    answer = await talk(web, get("/large?bytes=5000", method="HEAD") + get("/large?bytes=3"))
    assert statuses(answer) == [200, 200]
    assert b"Content-Length: 5000" in answer
    assert len(answer) < 1000


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("br", False),
        ("", False),
    ],
)
async def test_gzip_is_for_those_who_ask(web: WebServer, accepted: str, packed: bool) -> None:
    answer = await talk(web, get("/large?bytes=200000", f"Accept-Encoding: {accepted}", "Connection: close"))
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert (b"Content-Encoding: gzip" in head) is packed
    assert (gzip.decompress(rest) if packed else rest) == b"x" * 200_000


async def test_what_is_small_is_not_compressed(web: WebServer) -> None:
    assert b"Content-Encoding" not in await talk(web, get("/", "Accept-Encoding: gzip"))


async def test_a_compressed_body_is_unpacked(web: WebServer) -> None:
    answer = await talk(web, post("/", gzip.compress(b"y" * 9000), "Content-Encoding: gzip"))
    assert json.loads(body(answer))["bytes"] == 9000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 90, 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (get("/", "X: " + "y" * 9000), 431),
        (get("/?" + "y" * 9000), 431),
        (get("http://evil.example/"), 400),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: 127.evil.example:80\r\n\r\n", 403),
        (post("/", b"z" * 10_001), 413),
        (post("/", gzip.compress(b"z" * 1_000_000), "Content-Encoding: gzip"), 413),
        (post("/", b"not gzip", "Content-Encoding: gzip"), 400),
        (post("/", gzip.compress(b"z" * 100)[:-9], "Content-Encoding: gzip"), 400),
        (post("/", b"z", "Content-Encoding: br"), 415),
        (get("/", "Content-Length: -1", method="POST"), 400),
        (get("/", "Transfer-Encoding: snail", method="POST"), 501),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_the_server_goes_on(
    web: WebServer, sent: bytes, status: int
) -> None:
    answer = await talk(web, sent)
    assert statuses(answer) == [status]
    assert json.loads(body(answer))["status"] == status
    assert statuses(await talk(web, get("/"))) == [200]


async def test_a_chunked_body_without_an_end_is_cut_off(web: WebServer) -> None:
    piece = b"1000\r\n" + b"z" * 4096 + b"\r\n"
    answer = await talk(web, get("/", "Transfer-Encoding: chunked", method="POST") + piece * 20, ends=False)
    assert statuses(answer) == [413]
    assert b"Connection: close" in answer


async def test_who_waits_for_100_continue_gets_it(web: WebServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(get("/", "Content-Length: 5", "Expect: 100-continue", method="POST"))
    assert (await reader.readline()).startswith(b"HTTP/1.1 100")
    assert await reader.readline() == b"\r\n"
    writer.write(b"12345")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_broken_handler_is_a_500_that_tells_nothing(web: WebServer, caplog: pytest.LogCaptureFixture) -> None:
    answer = await talk(web, get("/breaks") + get("/"))
    assert statuses(answer) == [500, 200]
    assert b"secret" not in answer
    assert "a secret of the plant" in caplog.text


@pytest.mark.parametrize("part", [b"GET / HT", get("/", "Content-Length: 9", method="POST") + b"123"])
async def test_a_request_that_never_ends_is_given_up(web: WebServer, part: bytes) -> None:
    assert statuses(await talk(web, part, ends=False)) == [408]


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with server(limits=WebLimits(idle_s=0.05)) as web:
        assert await talk(web, b"", ends=False) == b""


async def test_a_client_that_takes_nothing_is_cut_off(web: WebServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port, limit=1024)
    writer.write(get("/large?bytes=50000000"))
    await nobody_is_left(web)
    writer.close()
    assert not reader.at_eof()


async def test_one_client_too_many_is_told_so_and_the_others_go_on(web: WebServer) -> None:
    kept = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(SMALL.connections)]
    assert statuses(await talk(web, get("/"), ends=False)) == [503]
    reader, writer = kept[0]
    writer.write(get("/"))
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    for _, each in kept:
        each.close()
    await nobody_is_left(web)
    assert statuses(await talk(web, get("/"))) == [200]


async def test_who_hangs_up_is_seen_by_the_handler() -> None:
    abandoned = asyncio.Event()

    async def wait(request: Request) -> Response:
        while not request.is_abandoned():  # noqa: ASYNC110 (asked from threads: it is a function, not an event)
            await asyncio.sleep(0.01)
        abandoned.set()
        return Response()

    async with server(wait) as web:
        _, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(get("/"))
        await asyncio.sleep(0.05)
        assert not abandoned.is_set()
        writer.close()
        async with asyncio.timeout(10):
            await abandoned.wait()


async def test_a_taken_port_is_said_with_what_to_do(web: WebServer) -> None:
    with pytest.raises(PortTaken) as caught:
        async with server(port=web.port):
            pass
    assert caught.value.message == (
        f"the test cannot listen on port {web.port} of 127.0.0.1: another program has it; "
        "choose another one, or 0 for any that is free"
    )


async def test_a_port_that_does_not_exist_is_said() -> None:
    with pytest.raises(PortTaken, match="ports go from 0 to 65535"):
        async with server(port=70_000):
            pass


async def test_at_its_end_it_hangs_up_and_the_port_is_free_again() -> None:
    async with server() as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(get("/"))
        await reader.readline()
        port = web.port
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    async with server(port=port) as again:
        assert statuses(await talk(again, get("/"))) == [200]


async def test_what_its_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with server():
            raise KeyError("mine")


# -- the router ----------------------------------------------------------------------------------------------------


def named(name: str) -> Callable[[Request], object]:
    async def handler(request: Request) -> Response:
        return json_response([name, dict(request.in_path)])

    return handler


@pytest.fixture
def router() -> Router:
    made = Router()
    made.add("GET POST", "/{index}/_search", named("search"))
    made.add("GET", "/_cat/{what}", named("cat"))
    made.add("POST", "/{index}/{verb}", named("verb"))
    made.add("GET", "/", named("root"))
    return made


@pytest.mark.parametrize(
    ("method", "path", "status", "found"),
    [
        ("GET", "/logs/_search", 200, ["search", {"index": "logs"}]),
        ("GET", "/lo%2Fgs%20a/_search", 200, ["search", {"index": "lo/gs a"}]),
        ("GET", "/_cat/_search", 200, ["cat", {"what": "_search"}]),
        ("POST", "/_cat/_search", 200, ["search", {"index": "_cat"}]),
        ("POST", "/logs/_other", 200, ["verb", {"index": "logs", "verb": "_other"}]),
        ("GET", "/", 200, ["root", {}]),
        ("GET", "//_search", 404, None),
        ("GET", "/logs/_search/", 404, None),
        ("GET", "/logs", 404, None),
        ("DELETE", "/logs/_search", 405, "GET, OPTIONS, POST"),
        ("OPTIONS", "/logs/_search", 204, "GET, OPTIONS, POST"),
        ("OPTIONS", "/nowhere", 404, None),
    ],
)
async def test_a_path_finds_its_handler(router: Router, method: str, path: str, status: int, found: object) -> None:
    response = await router(Request(method=method, path=path))
    assert response.status == status
    if status == 200:
        assert json.loads(response.body) == found
    else:
        assert dict(response.headers).get("Allow") == found


def test_a_path_has_one_handler_for_a_method(router: Router) -> None:
    with pytest.raises(ValueError, match="twice"):
        router.add("POST", "/{index}/_search", named("again"))


def test_pairs_are_read_as_go_reads_them() -> None:
    assert parse_pairs("a=1&b&=c&d=%41+&e=%4&f=1;g&&h=a=b") == (
        ("a", "1"),
        ("b", ""),
        ("", "c"),
        ("d", "A "),
        ("h", "a=b"),
    )
