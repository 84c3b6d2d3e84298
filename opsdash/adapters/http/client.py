"""The HTTP client of a source: who we are, how we are let in, deadlines, and answers that may be read in part.

httpx is not used for polling: it costs four times the CPU and a tenth of a second at every start (docs/adr/0004). h11,
which httpx itself speaks HTTP/1.1 with, does the protocol here too.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import urlencode

from opsdash.adapters.http.address import Params, address_of
from opsdash.adapters.http.connection import Connection, Phase, Progress, Route, Stale, open_connection, proxy_headers
from opsdash.adapters.http.pool import Pool
from opsdash.adapters.http.response import Response
from opsdash.adapters.http.tls import Stamp, files_stamp, tls_context
from opsdash.adapters.secrets import Secrets
from opsdash.core.duration import format_size
from opsdash.core.errors import ConfigInvalid, QueryTimedOut, SecretMissing, SourceUnavailable
from opsdash.core.secret import SecretRef
from opsdash.core.sources import ApiKeyAuth, BasicAuth, BearerAuth, SourceSpec, Tls
from opsdash.core.text import clean
from opsdash.ports import Clock

USER_AGENT = "opsdash"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """A request as it is put on the wire."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    repeatable: bool


class HttpClient:
    """One source's client. Follows no redirect, takes nothing from the environment, gives up at its deadline."""

    def __init__(self, spec: SourceSpec, clock: Clock, secrets: Secrets | None = None) -> None:
        self.name = spec.name
        self.timeout_s = spec.timeout_s
        self.address = address_of(spec.name, spec.url)
        self._proxy = None if spec.proxy is None else address_of(spec.name, spec.proxy, what="proxy")
        self._tls = spec.tls
        self._auth = spec.auth
        self._headers = spec.headers
        self._clock = clock
        self._secrets = secrets or Secrets(clock.monotonic_s)
        self._contexts: tuple[Stamp, ssl.SSLContext | None, ssl.SSLContext | None] | None = None
        self._pool = Pool(self._open, clock.monotonic_s, size=spec.max_connections)

    @asynccontextmanager
    async def request(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        form: Params = (),
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        repeatable: bool = True,
    ) -> AsyncIterator[Response]:
        """Asks, and gives the answer while the block lasts; the deadline holds for both together.

        `repeatable` says that a request may be sent again when a kept connection turns out to be closed.
        Raises only `opsdash.core.errors`. A body that is not read to its end costs the connection.
        """
        content = urlencode(form).encode() if form else body
        progress = Progress()
        try:
            async with asyncio.timeout(self.timeout_s) as deadline, self._pool.turn():
                deadline.reschedule(asyncio.get_running_loop().time() + self.timeout_s)
                progress.phase = Phase.PREPARING
                head = await self._head(content, form=bool(form), extra=headers)
                target = self.address.target(path, params).encode("ascii")
                asked = _Ask(
                    method=method.encode("ascii"),
                    target=self._target(target),
                    headers=head,
                    body=content,
                    repeatable=repeatable,
                )
                async with self._answered(asked, progress) as response:
                    yield response
        except TimeoutError as error:
            if progress.phase is Phase.WAITING:
                self._pool.distrust()
            raise self._late(progress) from error

    async def aclose(self) -> None:
        """Closes the connections; what is under way fails."""
        await self._pool.aclose()

    async def renew_secrets(self) -> bool:
        """After a 401: whether a secret is another one by now, so that asking once more makes sense."""
        refs = [value for _, value in self._headers if isinstance(value, SecretRef)]
        match self._auth:
            case BearerAuth(token=ref) | BasicAuth(password=ref) | ApiKeyAuth(key=ref):
                refs.append(ref)
            case None:
                pass
            case _:
                assert_never(self._auth)
        return any([await self._secrets.renewed(ref) for ref in refs])

    @asynccontextmanager
    async def _answered(self, asked: _Ask, progress: Progress) -> AsyncIterator[Response]:
        connection = await self._pool.take(progress)
        try:
            started = self._clock.monotonic_s()
            try:
                head = await connection.ask(asked.method, asked.target, asked.headers, asked.body, progress)
            except Stale as stale:
                self._pool.give_back(connection)
                if not asked.repeatable:
                    raise SourceUnavailable(
                        f"{self.name} cut the connection; it is not known if it heard us"
                    ) from stale
                connection = await self._pool.take(progress, fresh=True)
                started = self._clock.monotonic_s()
                head = await connection.ask(asked.method, asked.target, asked.headers, asked.body, progress)
            yield Response(self.name, connection, head, progress, self._clock.monotonic_s() - started)
        finally:
            self._pool.give_back(connection)

    def _target(self, target: bytes) -> bytes:
        """Through a proxy, an http:// target is asked for by its whole URL."""
        if self._proxy is None or self.address.secure:
            return target or b"/"
        return self.address.origin.encode("ascii") + target

    async def _head(self, content: bytes, *, form: bool, extra: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        head = [
            (b"Host", self.address.host_header.encode("ascii")),
            (b"User-Agent", USER_AGENT.encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
        ]
        if form:
            head.append((b"Content-Type", b"application/x-www-form-urlencoded"))
        if content:
            head.append((b"Content-Length", b"%d" % len(content)))
        if self._proxy is not None and not self.address.secure:
            head.extend(proxy_headers(self._proxy))
        try:
            own = [(name, await self._value(value)) for name, value in self._headers]
            authorization = await self._authorization()
        except SecretMissing as error:
            raise SecretMissing(f"{self.name}: {error.message}") from error
        if authorization:
            own.append(("Authorization", authorization))
        replaced = {name.lower() for name, _ in (*own, *extra)}
        head = [pair for pair in head if pair[0].decode().lower() not in replaced]
        return head + [self._field(name, value) for name, value in (*own, *extra)]

    async def _value(self, value: str | SecretRef) -> str:
        return await self._secrets.resolve(value) if isinstance(value, SecretRef) else value

    async def _authorization(self) -> str:
        match self._auth:
            case BearerAuth(token=token):
                return f"Bearer {await self._secrets.resolve(token)}"
            case BasicAuth(username=username, password=password):
                pair = f"{username}:{await self._secrets.resolve(password)}"
                return f"Basic {base64.b64encode(pair.encode()).decode()}"
            case ApiKeyAuth(key=key):
                return f"ApiKey {await self._secrets.resolve(key)}"
            case None:
                return f"Basic {self.address.credentials}" if self.address.credentials else ""
            case _:
                assert_never(self._auth)

    def _field(self, name: str, value: str) -> tuple[bytes, bytes]:
        """Checked here, since a protocol library would put the value into its error."""
        if not _NAME.fullmatch(name):
            raise ConfigInvalid(f"{self.name}: headers: {clean(name, longest=40)!r} is not a header name")
        if _BAD_VALUE.search(value):
            raise ConfigInvalid(f"{self.name}: headers: the value of {name} has a line break or control character")
        return name.encode("ascii"), value.strip().encode()

    async def _open(self, progress: Progress) -> Connection:
        self._check_open()
        context, proxy_context = await self._tls_contexts()
        route = Route(
            source=self.name,
            address=self.address,
            context=context,
            server_name=self._tls.server_name or self.address.host,
            proxy=self._proxy,
            proxy_context=proxy_context,
        )
        connection = await open_connection(route, progress)
        try:
            self._check_open()
        except SourceUnavailable:
            connection.abort()
            raise
        return connection

    def _check_open(self) -> None:
        if self._pool.is_closed:
            raise SourceUnavailable(f"{self.name} is closed")

    async def _tls_contexts(self) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
        """For the server and for the proxy; made when first needed, and anew when a certificate file changed."""
        proxy_secure = self._proxy is not None and self._proxy.secure
        if not self.address.secure and not proxy_secure:
            return None, None
        stamp = files_stamp(self._tls)
        if self._contexts is None or self._contexts[0] != stamp:
            own = await asyncio.to_thread(tls_context, self.name, self._tls) if self.address.secure else None
            for_proxy = Tls(ca=self._tls.ca)
            proxy = await asyncio.to_thread(tls_context, self.name, for_proxy) if proxy_secure else None
            self._contexts = (stamp, own, proxy)
        return self._contexts[1], self._contexts[2]

    def _late(self, progress: Progress) -> QueryTimedOut | SourceUnavailable:
        """What a missed deadline is called depends on how far the request came."""
        name, limit = self.name, f"{self.timeout_s:g} s"
        where = self._proxy.shown if self._proxy else self.address.shown
        match progress.phase:
            case Phase.QUEUED:
                return QueryTimedOut(f"{name} was not asked: its connections were all busy for {limit}")
            case Phase.PREPARING:
                return SourceUnavailable(f"{name} was not asked: its secrets could not be read in {limit}")
            case Phase.CONNECTING:
                return SourceUnavailable(f"{name} could not be connected to in {limit} ({where})")
            case Phase.SECURING:
                return SourceUnavailable(f"{name} did not finish the TLS handshake in {limit} ({where})")
            case Phase.WAITING:
                return QueryTimedOut(f"{name} did not answer in {limit}")
            case Phase.READING:
                return QueryTimedOut(
                    f"{name} did not finish its answer in {limit} ({format_size(progress.bytes)} read)"
                )
            case _:
                assert_never(progress.phase)
