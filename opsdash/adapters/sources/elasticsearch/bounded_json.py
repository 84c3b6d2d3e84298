"""JSON read within bounds: small answers at once, large ones where keys still answer, log rows one by one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from opsdash.adapters.http.status import first_words
from opsdash.adapters.sources.elasticsearch.logs import flattened
from opsdash.core.duration import format_size
from opsdash.core.errors import AnswerTooLarge, AnswerUnusable

DecodeJson = Callable[[str, AsyncGenerator[bytes, None], int], Awaitable[Any]]
"""(source, pieces of the body, most bytes) → the decoded answer."""

AT_ONCE_BYTES = 256 * 1024
"""Up to this an answer is decoded in one go, in some four milliseconds."""
MOST_ATTEMPTS = 1_000
"""Ends of a row that turned out to be none."""
ROWS_CUT = "rows_cut_at_bytes"
"""A key of ours in an answer whose rows were cut: the limit."""

_ROWS = re.compile(rb'"hits"\s*:\s*\[')
_NEXT_ROW = re.compile(rb'\}\s*,\s*(?=\{\s*"_index"\s*:)')
_OVERLAP = 32


async def whole_json(source: str, pieces: AsyncGenerator[bytes, None], most: int) -> Any:
    """The answer; raises AnswerTooLarge, or AnswerUnusable with its first words."""
    content = bytearray()
    async with aclosing(pieces):
        async for piece in pieces:
            content += piece
            if len(content) > most:
                advice = "use a longer interval, a shorter range or fewer groups"
                raise AnswerTooLarge(f"{source} sent more than {format_size(most)}: {advice}")
    return await _parsed(source, content)


async def rows_json(source: str, pieces: AsyncGenerator[bytes, None], most: int) -> Any:
    """A search answer whose rows are made small (flat names, cut values) as they come, and cut at `most` bytes."""
    start, stream = bytearray(), _RowStream(source, most)
    async with aclosing(pieces):
        async for piece in pieces:
            start += piece
            if not stream.has_begun and len(start) <= min(AT_ONCE_BYTES, most):
                continue
            wanted = stream.feed(bytes(start))  # at first all that came so far
            start.clear()
            await asyncio.sleep(0)
            if not wanted:
                break
    return stream.finish() if stream.has_begun else await _parsed(source, start)


async def _parsed(source: str, content: bytearray) -> Any:
    try:
        if len(content) <= AT_ONCE_BYTES:
            return json.loads(content)
        return await asyncio.to_thread(json.loads, content, object_pairs_hook=_yielding_object)
    except (ValueError, RecursionError) as error:
        raise not_json(source, bytes(content[:1024]), len(content)) from error


def _yielding_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. That this is Python code lets the other threads go on: the C parser alone would hold them up."""
    return dict(pairs)


def not_json(source: str, start: bytes, size: int) -> AnswerUnusable:
    """The error for an answer that is not JSON, or only the beginning of it."""
    if start.lstrip()[:1] in (b"{", b"["):
        return AnswerUnusable(f"{source} answered with JSON that is broken or ends too early ({size:,} bytes)")
    words = first_words(start)
    return AnswerUnusable(
        f"{source} answered something that is not JSON: {words}" if words else f"{source} answered nothing"
    )


class _RowStream:
    """Fed with pieces; keeps at most one whole row beside those that were made small."""

    def __init__(self, source: str, most: int) -> None:
        self._source = source
        self._most = most
        self._buffer = bytearray()
        self._head: bytes | None = None
        self._rows: list[Any] = []
        self._searched = 0
        self._total = 0
        self._attempts = 0
        self._is_cut = False

    @property
    def has_begun(self) -> bool:
        """Whether it was fed."""
        return self._total > 0

    def feed(self, piece: bytes) -> bool:
        """Takes the next piece; False when nothing more is wanted."""
        self._buffer += piece[: self._most - self._total]
        self._total += len(piece)
        if self._head is None:
            self._take_head()
        if self._head is not None:
            self._take_rows()
        if self._total < self._most:
            return True
        if not self._rows:
            raise AnswerTooLarge(f"{self._source} sent more than {format_size(self._most)} and no row fits into that")
        self._is_cut = True
        return False

    def finish(self) -> Any:
        """The answer with its rows."""
        if self._head is None:
            raise not_json(self._source, bytes(self._buffer[:1024]), self._total)
        rest = b"]}}" if self._is_cut else self._last_row()
        try:
            answer = json.loads(self._head + rest)
            answer["hits"]["hits"] = self._rows
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise not_json(self._source, self._head, self._total) from error
        if self._is_cut:
            answer[ROWS_CUT] = self._most
        return answer

    def _take_head(self) -> None:
        found = _ROWS.search(self._buffer)
        if found is not None:
            self._head = bytes(self._buffer[: found.end()])
            del self._buffer[: found.end()]
        elif len(self._buffer) > AT_ONCE_BYTES * 4:
            raise not_json(self._source, bytes(self._buffer[:1024]), self._total)

    def _take_rows(self) -> None:
        taken = 0
        for found in _NEXT_ROW.finditer(self._buffer, self._searched):
            row = self._row(self._buffer[taken : found.start() + 1])
            if row is not None:
                self._rows.append(row)
                taken = found.end()
        del self._buffer[:taken]
        self._searched = max(0, len(self._buffer) - _OVERLAP)

    def _row(self, content: bytearray) -> Any:
        """One row made small; None where what looked like its end is inside of it."""
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:
            self._attempts += 1
            if self._attempts > MOST_ATTEMPTS:
                raise not_json(self._source, bytes(content[:1024]), self._total) from error
            return None
        return _small(row)

    def _last_row(self) -> bytes:
        """Takes the last row; gives what stands after it."""
        text = self._buffer.decode(errors="replace").lstrip()
        if text.startswith("]"):
            return text.encode()
        try:
            row, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise not_json(self._source, self._head or b"", self._total) from error
        self._rows.append(_small(row))
        return text[end:].encode()


def _small(row: Any) -> Any:
    if isinstance(row, dict) and "_source" in row:
        row["_source"] = flattened(row["_source"])
    return row
