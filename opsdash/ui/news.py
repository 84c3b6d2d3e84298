"""What is worth a line when one snapshot follows another: told on the edge, once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.snapshot import Snapshot, SourceView

_LOST = frozenset({Freshness.ERROR, Freshness.STALE})
_RATE_OVER_S = 10.0


def news_of(before: Snapshot, after: Snapshot) -> list[tuple[str, str]]:
    """(text, level) of each thing that changed: a source lost or back, a configuration read.

    A configuration that is refused is not news: the footer says it for as long as it is so.
    """
    news: list[tuple[str, str]] = []
    known = {source.name: source for source in before.sources}
    for source in after.sources:
        earlier = known.get(source.name)
        if earlier is not None:
            news += _source_news(earlier, source)
    if after.revision != before.revision:
        news.append(("the changed configuration is in use", "good"))
    return news


def _source_news(before: SourceView, after: SourceView) -> list[tuple[str, str]]:
    if after.state in _LOST and before.state not in _LOST and before.age_s is not None:
        return [(after.message or f"{after.name} does not answer; showing the last values", "bad")]
    if before.state in _LOST and after.state not in _LOST and before.age_s is not None:
        return [(f"{after.name} answers again", "good")]
    return []


@dataclass(slots=True)
class Rates:
    """Bytes a second from the sources and to the terminal, over the last ten seconds."""

    down_bytes_s: float | None = None
    up_bytes_s: float | None = None
    _seen: deque[tuple[float, int, int]] = field(default_factory=deque)

    def note(self, monotonic_s: float, snapshot: Snapshot, written_bytes: int) -> None:
        """Looks at the totals; the figures change at most every five seconds, to cost few bytes."""
        total = sum(source.bytes for source in snapshot.sources)
        if self._seen and monotonic_s - self._seen[-1][0] < _RATE_OVER_S / 2:
            return
        self._seen.append((monotonic_s, total, written_bytes))
        while len(self._seen) > 2 and monotonic_s - self._seen[1][0] >= _RATE_OVER_S:
            self._seen.popleft()
        since, total_before, written_before = self._seen[0]
        if monotonic_s - since >= 1:
            self.down_bytes_s = max(total - total_before, 0) / (monotonic_s - since)
            self.up_bytes_s = max(written_bytes - written_before, 0) / (monotonic_s - since)
