"""Points in time: what a search saw first stays all that it sees, as long as the documents are in the ring."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from opsdash.plant.faces.elasticsearch.errors import Refused, ShardRefused, illegal

MOST = 500
LONGEST_ALIVE_MS = 86_400_000


@dataclass(slots=True)
class _Point:
    before: int
    until_ms: int


class PointsInTime:
    """Those that are open; of too many the oldest ones are closed."""

    def __init__(self) -> None:
        self._points: dict[int, _Point] = {}
        self._next = 1

    def open(self, before: int, *, keep_alive_ms: int, now_ms: int) -> str:
        """Its id. Raises Refused for one that should live too long."""
        self._check(keep_alive_ms)
        number, self._next = self._next, self._next + 1
        self._points[number] = _Point(before, now_ms + keep_alive_ms)
        self._forget(now_ms)
        return base64.urlsafe_b64encode(json.dumps({"pit": number, "opsdash": "plant"}).encode()).decode()

    def use(self, name: str, *, keep_alive_ms: int | None, now_ms: int) -> int:
        """The number before which documents are seen. Raises Refused where it is not open."""
        self._forget(now_ms)
        number = _number(name)
        point = self._points.get(number)
        if point is None:
            reason = f"No search context found for id [{number}]"
            raise ShardRefused("search_context_missing_exception", reason, status=404)
        if keep_alive_ms is not None:
            self._check(keep_alive_ms)
            point.until_ms = max(point.until_ms, now_ms + keep_alive_ms)
        return point.before

    def close(self, name: str) -> bool:
        """Whether it was open. Raises Refused for what is no id."""
        return self._points.pop(_number(name), None) is not None

    def _check(self, keep_alive_ms: int) -> None:
        if keep_alive_ms > LONGEST_ALIVE_MS:
            raise illegal(
                f"Keep alive for request ({keep_alive_ms // 1000}s) is too large. It must be less than (1d). This"
                " limit can be set by changing the [search.max_keep_alive] cluster level setting."
            )

    def _forget(self, now_ms: int) -> None:
        for number in [number for number, point in self._points.items() if point.until_ms < now_ms]:
            del self._points[number]
        while len(self._points) > MOST:
            del self._points[next(iter(self._points))]


def _number(name: str) -> int:
    try:
        told = json.loads(base64.urlsafe_b64decode(name.encode()))
        return int(told["pit"])
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        raise illegal("java.io.EOFException", cause=Refused("e_o_f_exception", "")) from None
