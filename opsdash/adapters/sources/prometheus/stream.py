"""A large answer, read series by series while it arrives: bounded memory, and never long away from the event loop."""

from __future__ import annotations

import json
import re

from opsdash.adapters.http.status import first_words
from opsdash.adapters.sources.prometheus.decode import MALFORMED, Rows, answer_of, envelope_of, not_ours, parse
from opsdash.core.duration import format_size
from opsdash.core.errors import AnswerTooLarge, AnswerUnusable
from opsdash.core.limits import Limits
from opsdash.core.metrics.answers import Answer

LONGEST_HEAD_BYTES = 64 * 1024
WHOLE_SERIES_BYTES = 1024 * 1024
LARGEST_METRIC_BYTES = 16 * 1024 * 1024
BYTES_PER_SAMPLE = 64
MOST_STRINGS = 20_000
KEPT_STRING_BYTES = 64 * 1024
"""Still more than a label may have when each of its characters is a pair of escapes."""
LONGEST_ESCAPE_RUN = 64
_HEAD = re.compile(rb'"result"\s*:\s*\[')
_SERIES = re.compile(rb'\{\s*"metric"\s*:')
_SAMPLES = re.compile(rb'\}\s*,\s*"(?:values?|histograms?)"\s*:')
_OVERLAP_BYTES = 64
_DECODER = json.JSONDecoder()


class AnswerStream:
    """Fed with pieces of a body. Series begin with `{"metric":`, which no JSON string can hold unescaped."""

    def __init__(self, rows: Rows, limits: Limits) -> None:
        self._rows = rows
        self._limits = limits
        self._head: bytes | None = None
        self._buffer = bytearray()
        self._searched = 0
        self._inside = False
        self._skipping = False
        self._cut: tuple[str, ...] = ()
        self._start = b""
        self._total = 0
        points = max(rows.grid.points, WHOLE_SERIES_BYTES // BYTES_PER_SAMPLE)
        self._largest_samples = points * BYTES_PER_SAMPLE

    def feed(self, piece: bytes) -> bool:
        """Takes the next piece; False when nothing more is wanted."""
        if len(self._start) < 1024:
            self._start += piece[:1024]
        left = self._limits.bytes - self._total
        self._total += len(piece)
        self._buffer += piece[:left]
        if self._head is None and not self._take_head():
            return self._within()
        self._take_series()
        if self._rows.is_full and self._inside:
            self._cut = (f"{self._rows.count:,} series shown; the source sent more",)
            return False
        return self._within()

    def finish(self) -> Answer:
        """The answer: of the whole body, or of what was read before nothing more was wanted."""
        if self._head is None:
            raise self._headless()
        envelope = {} if self._cut else self._envelope(self._last())
        try:
            return answer_of(self._rows, envelope, self._cut)
        except MALFORMED as error:
            raise self._broken(self._start) from error

    def _within(self) -> bool:
        if self._total < self._limits.bytes:
            return True
        size = format_size(self._limits.bytes)
        if not self._rows.count:
            raise AnswerTooLarge(f"{self._rows.source} sent more than {size} and no series fits into that")
        self._cut = (f"cut at {size}: {self._rows.count:,} series read",)
        return False

    def _take_head(self) -> bool:
        match = _HEAD.search(self._buffer)
        if match is None:
            if len(self._buffer) > LONGEST_HEAD_BYTES:
                raise self._headless()
            return False
        self._head = bytes(self._buffer[: match.end()])
        del self._buffer[: match.end()]
        return True

    def _take_series(self) -> None:
        """Reads every series that is complete: the one before each further beginning."""
        while not (self._rows.is_full and self._inside):
            match = _SERIES.search(self._buffer, self._searched)
            if match is None:
                self._searched = max(1 if self._inside else 0, len(self._buffer) - _OVERLAP_BYTES)
                self._bound_buffer()
                return
            if self._inside:
                self._take_one(bytes(self._buffer[: match.start()]))
            elif not self._skipping and self._buffer[: match.start()].strip():
                raise self._broken(bytes(self._buffer[:200]))
            del self._buffer[: match.start()]
            self._inside, self._skipping, self._searched = True, False, 1

    def _bound_buffer(self) -> None:
        """A series that is larger than any honest one is passed over."""
        if self._inside and len(self._buffer) > LARGEST_METRIC_BYTES + self._largest_samples:
            self._rows.leave_out()
            self._inside, self._skipping = False, True
        if self._skipping or (not self._inside and len(self._buffer) > LONGEST_HEAD_BYTES):
            self._skipping = True
            del self._buffer[:-_OVERLAP_BYTES]
            self._searched = 0

    def _take_one(self, segment: bytes) -> None:
        rest = self._entry(segment)
        if rest is not None and rest.strip() not in (b",", b""):
            raise self._broken(segment)

    def _last(self) -> bytes:
        """Reads the last series; gives what follows it."""
        rest = bytes(self._buffer)
        if self._inside and not self._skipping:
            after = self._entry(rest)
            if after is not None:
                return after
        elif not self._skipping:
            return rest
        return b"]}}" if rest.rstrip().endswith(b"}") else b""

    def _entry(self, segment: bytes) -> bytes | None:
        """Keeps the series that the segment begins with; gives what follows it. None where it had to be left out."""
        fitting = segment if len(segment) <= WHOLE_SERIES_BYTES else self._fitting(segment)
        if fitting is None:
            self._rows.leave_out()
            return None
        try:
            text = fitting.decode()
            entry, end = _DECODER.raw_decode(text)
            self._rows.add(entry)
        except MALFORMED as error:
            raise self._broken(segment) from error
        return text[end:].encode()

    def _fitting(self, segment: bytes) -> bytes | None:
        """A large series with its labels cut; None where it is its samples that are too many, or its labels."""
        match = _SAMPLES.search(segment)
        if match is None or len(segment) - match.start() > self._largest_samples:
            return None
        metric = _with_short_strings(segment[: match.start()])
        return None if metric is None else metric + segment[match.start() :]

    def _envelope(self, tail: bytes) -> dict[str, dict[str, object]]:
        assert self._head is not None
        body = self._head + tail
        if len(tail) > LONGEST_HEAD_BYTES:
            body = self._head + b"]}}"
        try:
            return envelope_of(self._rows.source, body)
        except AnswerUnusable as error:
            words = first_words(self._start)
            raise AnswerUnusable(f"{self._rows.source} answered half of a JSON: {words}") from error

    def _headless(self) -> AnswerUnusable:
        parse_start = self._start
        if parse_start.lstrip()[:1] in (b"{", b"["):
            return not_ours(self._rows.source, parse_start)
        try:
            parse(self._rows.source, parse_start)
        except AnswerUnusable as error:
            return error
        return not_ours(self._rows.source, parse_start)

    def _broken(self, segment: bytes) -> AnswerUnusable:
        return AnswerUnusable(f"{self._rows.source} answered series of a wrong form: {first_words(segment)}")


def _with_short_strings(text: bytes) -> bytes | None:
    """JSON with long strings cut, without decoding them; None where that would take long."""
    out, copied, position = [], 0, 0
    for _ in range(MOST_STRINGS):
        start = text.find(b'"', position)
        if start < 0:
            out.append(text[copied:])
            return b"".join(out)
        end = _string_end(text, start + 1)
        if end is None:
            return None
        if end - start > KEPT_STRING_BYTES:
            out.append(text[copied:start] + _cut_string(text[start:end]))
            copied = end
        position = end + 1
    return None


def _string_end(text: bytes, position: int) -> int | None:
    """Where the quote is that ends the string; None where that would take long to find."""
    for _ in range(MOST_STRINGS):
        end = text.find(b'"', position)
        if end < 0:
            return None
        before = text[max(0, end - LONGEST_ESCAPE_RUN) : end]
        escapes = len(before) - len(before.rstrip(b"\\"))
        if escapes == LONGEST_ESCAPE_RUN:
            return None
        if escapes % 2 == 0:
            return end
        position = end + 1
    return None


def _cut_string(string: bytes) -> bytes:
    """The start of a JSON string (with its opening quote), cut where no escape or character is cut in two."""
    kept = string[:KEPT_STRING_BYTES].decode("utf-8", "ignore").encode()
    escape = kept.rfind(b"\\", len(kept) - 6)
    return kept if escape < 0 else kept[:escape].rstrip(b"\\")
