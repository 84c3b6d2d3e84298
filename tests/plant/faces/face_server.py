"""The Prometheus face over the small shop, on a port of its own, in a thread."""

from __future__ import annotations

import asyncio
import threading

from opsdash.core.promql import Storage
from opsdash.plant.faces.prometheus import PrometheusFace
from opsdash.plant.faces.web import Face, WebServer
from tests.plant.faces import shop


class FaceServer:
    """`start` waits until it listens; `stop` until its thread has ended."""

    def __init__(self, storage: Storage | None = None) -> None:
        self.url = ""
        self._storage = storage or shop.storage()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    @property
    def address(self) -> str:
        """host:port."""
        return self.url.removeprefix("http://")

    def start(self) -> FaceServer:
        """Begins to listen."""
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        """Hangs up."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        face = PrometheusFace(self._storage, shop.catalogue(), now_s=lambda: shop.NOW_S)
        try:
            async with WebServer(Face(name="face", handler=face.handler()), now_s=lambda: shop.NOW_S) as server:
                self.url = server.url
                self._ready.set()
                await self._end.wait()
        finally:
            face.close()
