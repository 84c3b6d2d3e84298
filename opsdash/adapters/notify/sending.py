"""One POST of JSON, and what its answer means: a temporary failure is tried again, a permanent one is not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.status import first_words, refusal
from opsdash.adapters.secrets import Secrets
from opsdash.core.errors import ConfigInvalid
from opsdash.core.secret import SecretRef
from opsdash.core.sources import SourceSpec
from opsdash.ports import Clock

LARGEST_ANSWER = 64 * 1024
_CONNECTIONS = 2


class Poster:
    """Posts to one address, which may be a secret: a hook's URL lets in whoever knows it, so it is never shown."""

    def __init__(self, name: str, url: str | SecretRef, *, timeout_s: float, clock: Clock, secrets: Secrets) -> None:
        self._name = name
        self._url = url
        self._timeout_s = timeout_s
        self._clock = clock
        self._secrets = secrets
        self._client: HttpClient | None = None
        self._address = ""

    async def post(
        self,
        content: Mapping[str, object] | Sequence[object],
        *,
        path: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Sends it; the first words of the answer. Raises Retryable or NeedsFixing, as `refusal` tells them apart.

        A request whose answer is lost is raised as retryable: the other side tells by the notice's key that it has it.
        """
        client = await self._opened()
        body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        own = (("Content-Type", "application/json"), *headers)
        async with client.request("POST", path, body=body, headers=own, repeatable=False) as response:
            said = first_words(await response.read(LARGEST_ANSWER))
            if not 200 <= response.status < 300:
                raise refusal(self._name, response.status, response.headers, said, now_s=self._clock.now_s())
            return f"{response.status} {said}".strip()

    async def aclose(self) -> None:
        """Closes connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _opened(self) -> HttpClient:
        """The client of the address as it is now: a secret may have been changed."""
        url = await self._secrets.resolve(self._url) if isinstance(self._url, SecretRef) else self._url
        if self._client is None or url != self._address:
            if not url.startswith(("http://", "https://")):
                raise ConfigInvalid(f"{self._name}: url: it has to begin with http:// or https://")
            await self.aclose()
            spec = SourceSpec(
                name=self._name, kind="prometheus", url=url, timeout_s=self._timeout_s, max_connections=_CONNECTIONS
            )
            self._client, self._address = HttpClient(spec, self._clock, self._secrets), url
        return self._client
