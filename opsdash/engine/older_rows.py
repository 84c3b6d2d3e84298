"""Log rows beyond the newest page, which the operator asked for by going down: kept while they join the newer ones."""

from __future__ import annotations

from collections.abc import Iterable

from opsdash.core.metrics.answers import LogRow
from opsdash.core.metrics.queries import LogQuery

MOST_ROWS = 5_000
"""Of one query; more is what a search is for."""


class OlderRows:
    """By query, all rows that are shown: so that none is lost between the newest page and the older ones."""

    def __init__(self) -> None:
        self._rows: dict[LogQuery, tuple[LogRow, ...]] = {}

    def join(self, query: LogQuery, newest: tuple[LogRow, ...], page: tuple[LogRow, ...]) -> tuple[LogRow, ...]:
        """All of them with a further page, newest first."""
        self._rows[query] = _newest_first((*newest, *self._rows.get(query, ()), *page))
        return self._rows[query]

    def under(self, query: LogQuery, newest: tuple[LogRow, ...], *, from_s: float) -> tuple[LogRow, ...]:
        """A newly fetched page with the rows below it, none older than `from_s`.

        Where more came since the last poll than a page holds, nothing joins it: rather the newest rows alone than
        a list with a hole that nobody sees.
        """
        if query not in self._rows:
            return newest
        known = {row.id for row in self._rows[query]}
        if len(newest) >= query.limit and not any(row.id in known for row in newest):
            self.forget(query)
            return newest
        self._rows[query] = _newest_first(row for row in (*newest, *self._rows[query]) if row.at_s >= from_s)
        return self._rows[query]

    def forget(self, query: LogQuery) -> None:
        """Only the newest page is shown again."""
        self._rows.pop(query, None)

    def forget_all(self) -> None:
        """Another time is shown: what was older there is not older here."""
        self._rows.clear()


def _newest_first(rows: Iterable[LogRow]) -> tuple[LogRow, ...]:
    each = {row.id: row for row in rows}
    return tuple(sorted(each.values(), key=lambda row: row.at_s, reverse=True)[:MOST_ROWS])
