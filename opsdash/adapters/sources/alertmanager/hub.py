"""An Alertmanager, or the members of a cluster, as `opsdash.ports.AlertHub`."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.http.status import first_words, refusal
from opsdash.adapters.secrets import Secrets
from opsdash.adapters.sources.alertmanager.decode import (
    alerts_in,
    as_alert,
    as_silence,
    once_each,
    silences_in,
    standing_in,
)
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.hubs import Told
from opsdash.core.alerting.marks import Silence
from opsdash.core.errors import AnswerTooLarge, AnswerUnusable, QueryRejected
from opsdash.core.sources import SourceSpec
from opsdash.core.text import clean
from opsdash.ports import Clock, Probe

LARGEST_BYTES = 32 * 1024 * 1024
LARGE_BYTES = 256 * 1024
LARGEST_WORDS = 64 * 1024
POST_AT_ONCE = 500
"""Alerts a request; Alertmanager takes more, proxies before it may not."""
_HINT = "is this an Alertmanager with API v2?"


class Alertmanager:
    """One address. Silences are gossiped: what one member has, all have soon."""

    def __init__(self, spec: SourceSpec, clock: Clock, secrets: Secrets | None = None) -> None:
        self.name = spec.name
        self._clock = clock
        self._alerts: tuple[bytes, tuple[Alert, ...]] | None = None
        """What was answered last, by its digest: mostly nothing has changed."""
        self._http = HttpClient(spec, clock, secrets)

    async def told(self) -> Told:
        """All of it. Asked last is since when it runs: alerts of before a restart are not taken for those after it."""
        alerts, silences = await self.alerts(), await self.silences()
        started_at_s, peers = standing_in(self.name, await self._asked("GET", "/api/v2/status"))
        return Told(alerts=alerts, silences=silences, started_at_s=started_at_s, peers=peers)

    async def alerts(self) -> tuple[Alert, ...]:
        """Those that it holds for firing: silenced and inhibited ones, too, since they are shown as such."""
        body = await self._asked("GET", "/api/v2/alerts", {"active": "true", "silenced": "true", "inhibited": "true"})
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if self._alerts is None or self._alerts[0] != digest:
            in_thread = len(body) > LARGE_BYTES  # thousands of alerts take a fifth of a second
            read = partial(alerts_in, self.name, body)
            self._alerts = (digest, once_each(await asyncio.to_thread(read) if in_thread else read()))
        return self._alerts[1]

    async def silences(self) -> tuple[Silence, ...]:
        """Active, to come and expired ones; it forgets the last after some days."""
        return silences_in(self.name, await self._asked("GET", "/api/v2/silences"))

    async def put_silence(self, silence: Silence) -> str:
        """Makes it, or replaces the one of its id; the id, which is another one where matchers or the start changed."""
        body = await self._asked("POST", "/api/v2/silences", content=as_silence(silence))
        try:
            return str(json.loads(body)["silenceID"])
        except (ValueError, KeyError, TypeError) as error:
            raise AnswerUnusable(f"{self.name} did not say which silence it made") from error

    async def expire_silence(self, silence_id: str) -> None:
        """Ends it. One that is over already, or is not known, is where it should be."""
        try:
            await self._asked("DELETE", f"/api/v2/silence/{quote(silence_id, safe='')}")
        except QueryRejected as refused:
            if "already expired" not in refused.message and "(404)" not in refused.message:
                raise

    async def post(self, alerts: Sequence[Alert], ends_at_s: float) -> None:
        """Tells it of ours, some hundred at a time."""
        for start in range(0, len(alerts), POST_AT_ONCE):
            part = [as_alert(alert, ends_at_s) for alert in alerts[start : start + POST_AT_ONCE]]
            await self._asked("POST", "/api/v2/alerts", content=part)

    async def probe(self) -> Probe:
        """Its version, and whether we are let in."""
        started = self._clock.monotonic_s()
        body = await self._asked("GET", "/api/v2/status")
        try:
            version = str(json.loads(body)["versionInfo"]["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise AnswerUnusable(f"{self.name} did not say its version; {_HINT}") from error
        rtt_s = self._clock.monotonic_s() - started
        return Probe(product="Alertmanager", version=clean(version, longest=40), rtt_s=rtt_s)

    async def aclose(self) -> None:
        """Closes connections."""
        await self._http.aclose()

    async def _asked(
        self, method: str, path: str, params: dict[str, str] | None = None, *, content: object = None
    ) -> bytes:
        """One request; the body of its answer. What changes something is sent once."""
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        headers = [("Content-Type", "application/json")] if body else []
        async with self._http.request(
            method, path, params=tuple((params or {}).items()), body=body, headers=headers, repeatable=method == "GET"
        ) as response:
            if response.status == 200:
                whole = await response.read(LARGEST_BYTES + 1)
                if len(whole) > LARGEST_BYTES:
                    raise AnswerTooLarge(f"{self.name} holds more than {LARGEST_BYTES >> 20} MiB of alerts")
                return whole
            said = first_words(await response.read(LARGEST_WORDS), longest=300)
            raise refusal(self.name, response.status, response.headers, said, now_s=self._clock.now_s(), hint=_HINT)
