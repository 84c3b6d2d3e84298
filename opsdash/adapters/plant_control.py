"""The demo's control API, as far as the dashboard uses it: incidents, their remedies, and the end of them all."""

from __future__ import annotations

import json
from urllib.parse import quote

from opsdash.adapters.http.client import HttpClient
from opsdash.core.errors import AnswerUnusable, QueryRejected
from opsdash.core.sources import SourceSpec
from opsdash.core.text import clean
from opsdash.ports import Clock, Drill

TIMEOUT_S = 8.0
_LARGEST = 256 * 1024
_LONGEST_WORDS = 400


class PlantControl:
    """`Drills` over HTTP. What is sent is sent once: an answer that is lost is said, not asked for again."""

    def __init__(self, url: str, scenarios: tuple[Drill, ...], clock: Clock) -> None:
        """Asks nothing yet. Raises ConfigInvalid for an address that is none."""
        spec = SourceSpec(name="the demo", kind="prometheus", url=url, timeout_s=TIMEOUT_S, max_connections=2)
        self._client = HttpClient(spec, clock)
        self._scenarios = scenarios

    def scenarios(self) -> tuple[Drill, ...]:
        """Those that it was made with."""
        return self._scenarios

    async def start(self, name: str) -> str:
        """Begins an incident. Raises OpsdashError, with the plant's own words where it refuses."""
        return await self._told("POST", f"/v1/scenarios/{quote(name, safe='')}")

    async def cure(self, name: str) -> str:
        """Carries out its remedy. Raises OpsdashError."""
        return await self._told("POST", f"/v1/scenarios/{quote(name, safe='')}/cure")

    async def clear(self) -> str:
        """Ends every incident. Raises OpsdashError."""
        return await self._told("DELETE", "/v1/scenarios")

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def _told(self, method: str, path: str) -> str:
        async with self._client.request(method, path, repeatable=False) as response:
            body = await response.read(_LARGEST)
            status = response.status
        try:
            answer = json.loads(body)
            words = answer["told"] if status == 200 else answer["error"]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise AnswerUnusable(f"the demo answered {method} {path} with {status} and no words") from error
        if status != 200:
            raise QueryRejected(clean(str(words), longest=_LONGEST_WORDS))
        return clean(str(words), longest=_LONGEST_WORDS)
