"""Joining a newly fetched piece onto what is known of a query."""

from __future__ import annotations

import numpy as np

from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.window import Bools, Floats, Window


def merge(
    known: Window, piece: Window, *, piece_from_s: float, keep_from_s: float, absent_is_zero: bool = False
) -> Window:
    """What is known before `piece_from_s`, then the piece; nothing older than `keep_from_s`.

    The piece is the whole truth from `piece_from_s` on: a series that is missing in it has a gap there, or zeros
    where `absent_is_zero` (a log count of a group without documents). Series keep their order, new ones follow;
    a series without a sample left is dropped.
    """
    before = known.crop(keep_from_s, float(np.nextafter(piece_from_s, -np.inf)))
    piece = piece.crop(max(piece_from_s, keep_from_s), np.inf)
    if piece.labels == before.labels:
        joined = Window(
            times=np.concatenate((before.times, piece.times)),
            labels=before.labels,
            values=np.concatenate((before.values, piece.values), axis=1),
            present=np.concatenate((before.present, piece.present), axis=1),
        )
        return without_empty_series(joined)
    labels = (*before.labels, *(found for found in piece.labels if found not in set(before.labels)))
    left = _rows(before, labels, absent=np.nan)
    right = _rows(piece, labels, absent=0.0 if absent_is_zero else np.nan)
    joined = Window(
        times=np.concatenate((before.times, piece.times)),
        labels=labels,
        values=np.concatenate((left[0], right[0]), axis=1),
        present=np.concatenate((left[1], right[1]), axis=1),
    )
    return without_empty_series(joined)


def without_empty_series(window: Window) -> Window:
    """The window without the series that have no sample in it."""
    has = window.present.any(axis=1)
    if bool(has.all()):
        return window
    rows = np.flatnonzero(has)
    return Window(
        times=window.times,
        labels=tuple(window.labels[row] for row in rows),
        values=window.values[rows],
        present=window.present[rows],
    )


def agree(known: Window, piece: Window, *, from_s: float, to_s: float) -> bool:
    """Whether both say the same of [from_s, to_s]: the same series, gaps and values (to 1 part in 10⁹)."""
    left, right = (without_empty_series(window.crop(from_s, to_s)) for window in (known, piece))
    if left.times.size != right.times.size or not np.array_equal(left.times, right.times):
        return left.is_empty and right.is_empty
    if set(left.labels) != set(right.labels):
        return False
    values, present = _rows(right, left.labels, absent=np.nan)
    same_gaps = np.array_equal(left.present, present)
    return same_gaps and bool(np.allclose(left.values, values, rtol=1e-9, atol=0.0, equal_nan=True))


def _rows(window: Window, labels: tuple[Labels, ...], *, absent: float) -> tuple[Floats, Bools]:
    """Values and presence of these label sets, in this order."""
    place = {found: row for row, found in enumerate(window.labels)}
    values = np.full((len(labels), window.times.size), absent)
    present = np.full((len(labels), window.times.size), not np.isnan(absent))
    for row, wanted in enumerate(labels):
        if wanted in place:
            values[row] = window.values[place[wanted]]
            present[row] = window.present[place[wanted]]
    return values, present
