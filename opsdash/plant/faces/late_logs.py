"""The plant's Elasticsearch, which is there a moment after its Prometheus.

Writing two hours of logs takes a third of a second, importing what answers a search a tenth: the dashboard's first
picture needs neither. Until then it is only kept what the logs will be written from; then they are written in pieces,
between the questions to the other faces, as soon as somebody asks for a log, or when the first picture is surely there.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from opsdash.plant.faces.exchange import Request, Response
from opsdash.plant.faces.worker import Worker

if TYPE_CHECKING:
    from opsdash.plant.faces.elasticsearch.face import ElasticsearchFace
    from opsdash.plant.logs import LogWriter
    from opsdash.plant.summary import TickSummary

BEGIN_AFTER_S = 0.6
"""This host's seconds from the faces' first answer to the first line where nobody asks for a log."""
OTHERS_FIRST_S = 0.2
"""From the first question for a log to the first line: those for metrics, which came with it, are answered before."""
LONGEST_ANSWER_S = 30.0


class LateLogs:
    """Hears what happens, writes it down when there is time, and answers about it when all is written."""

    def __init__(self, worker: Worker, *, seed: int, now_ms: Callable[[], int]) -> None:
        """`worker` is the plant's thread: `hear` is called there. `now_ms`: UTC, in milliseconds."""
        self._worker = worker
        self._seed = seed
        self._now_ms = now_ms
        self._heard: deque[TickSummary] = deque()
        self._writer: LogWriter | None = None
        self._face: ElasticsearchFace | None = None
        self._is_written = asyncio.Event()
        self._is_asked = asyncio.Event()

    def hear(self, summary: TickSummary) -> None:
        """Called by the plant after every block of seconds."""
        if self._writer is not None and not self._heard:
            self._writer.write(summary)
        else:
            self._heard.append(summary)

    async def write(self) -> None:
        """Writes all that was heard, piece by piece; afterwards what is heard is written at once."""
        try:
            async with asyncio.timeout(BEGIN_AFTER_S):
                await self._is_asked.wait()
                await asyncio.sleep(OTHERS_FIRST_S)
        except TimeoutError:
            pass
        await self._on_the_thread(self._open)
        while self._heard:
            await self._on_the_thread(self._write_one)
        self._is_written.set()

    async def answer(self, request: Request) -> Response:
        """The answer of the Elasticsearch; waits until all logs are written. Raises TimedOut, TimeoutError."""
        self._is_asked.set()
        async with asyncio.timeout(LONGEST_ANSWER_S):
            await self._is_written.wait()
        return await self._worker.run(
            lambda _: self._answered(request), timeout_s=LONGEST_ANSWER_S, is_abandoned=request.is_abandoned
        )

    async def _on_the_thread(self, work: Callable[[], None]) -> None:
        await self._worker.run(lambda _: work(), timeout_s=math.inf, is_abandoned=lambda: False)

    def _open(self) -> None:
        from opsdash.plant.faces.elasticsearch.face import ElasticsearchFace  # noqa: PLC0415 - 60 ms, see the module
        from opsdash.plant.log_ring import LogRing  # noqa: PLC0415
        from opsdash.plant.logs import LogWriter  # noqa: PLC0415

        ring = LogRing()
        self._face = ElasticsearchFace(ring, now_ms=self._now_ms)
        self._writer = LogWriter(ring, seed=self._seed)

    def _write_one(self) -> None:
        if self._writer is None:
            raise RuntimeError("there is nobody to write it yet")
        self._writer.write(self._heard[0])
        self._heard.popleft()  # only now: what is heard meanwhile comes after it

    def _answered(self, request: Request) -> Response:
        if self._face is None:
            raise RuntimeError("there is nobody to answer yet")
        return self._face.answer(request.method, request.path, request.raw_query, request.headers, request.body)
