"""Who leads tells the Alertmanagers of `send_to` of our alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.sending import HOLDS_S, Sent, after_sending, due_now
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import OpsdashError, Retryable
from opsdash.core.metrics.labels import Labels
from opsdash.engine.alerts.hubs import Hubs
from opsdash.engine.alerts.leading import Leading
from opsdash.ports import Clock

logger = logging.getLogger(__name__)

LOOK_S = 0.5
AGAIN_S = 5.0
"""While no alert changes, so often it is looked whether somebody is to be told again."""
REST_S = 5.0


class Sending:
    """Runs in every process; does something in the one that leads. A new leader tells all anew."""

    def __init__(
        self, leading: Leading, hubs: Hubs, clock: Clock, lines: Callable[[], Sequence[AlertLine]],
        now_s: Callable[[], float],
    ) -> None:  # fmt: skip
        self._leading, self._hubs, self._clock, self._lines, self._now_s = leading, hubs, clock, lines, now_s
        self._spec = AlertingSpec()
        self._sent: dict[str, dict[Labels, Sent]] = {}
        self._rests: dict[str, float] = {}
        self._term = -1
        self._looked_at: Sequence[AlertLine] | None = None
        self._look_again_s = 0.0

    def load(self, spec: AlertingSpec) -> None:
        """Tells those of this configuration from now on; the others take what they were told for over after a while."""
        self._spec, self._looked_at = spec, None
        self._sent = {name: sent for name, sent in self._sent.items() if name in spec.send_to}

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One look; all Alertmanagers at once. Raises nothing."""
        fence = self._leading.fence
        if fence is None or not self._spec.send_to or not self._hubs.is_asked:
            return
        if fence.term != self._term:
            self._term = fence.term
            self._sent.clear()
            self._looked_at = None
        lines, at_s = self._lines(), self._clock.monotonic_s()
        if lines is self._looked_at and at_s < self._look_again_s:
            return
        self._looked_at, self._look_again_s = lines, at_s + AGAIN_S
        async with asyncio.TaskGroup() as tasks:
            for name in self._spec.send_to:
                tasks.create_task(self._tell(name, lines), name=f"alerts: send to {name}")

    async def _tell(self, name: str, lines: Sequence[AlertLine]) -> None:
        if self._rests.get(name, 0.0) > self._clock.monotonic_s():
            return
        line = self._hubs.itself(name)
        if line is None:
            return
        hub, spec, told = line
        now_s, sent = self._now_s(), self._sent.get(name, {})
        known = {alert.labels for alert in told}
        due = due_now(sent, lines, known=known, addresses=dict(self._spec.addresses), now_s=now_s)
        if not due:
            return
        try:
            async with asyncio.timeout(spec.timeout_s + 0.5):
                await hub.post(due, now_s + HOLDS_S)
        except (Retryable, TimeoutError) as error:
            self._rests[name] = self._clock.monotonic_s() + REST_S
            logger.warning("%s was not told of %d alerts: %s", name, len(due), error)
            return
        except OpsdashError as error:  # Alertmanager takes those of a request that it can, and refuses the others
            logger.warning("%s did not take all of %d alerts: %s", name, len(due), error.message)
        self._sent[name] = after_sending(sent, due, now_s)
        self._hubs.ask_soon(name)
