"""Numbers and times as other programs read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta


def plain_number(value: float) -> float | int | str:
    """A JSON number, whole where it is; `"NaN"`, `"+Inf"` and `"-Inf"` for what JSON has no number for."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def iso_time(at_s: float) -> str:
    """UTC as `2026-11-23T18:00:00Z`, with milliseconds where there are some; Unix seconds for what no calendar has."""
    if not -6e10 < at_s < 2.5e11:
        return f"{at_s:.0f}"
    thousandths = round(at_s * 1000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=thousandths)
    return f"{moment.isoformat(timespec='milliseconds' if thousandths % 1000 else 'seconds')[:-6]}Z"
